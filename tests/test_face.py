"""The faces: what can be imported, what can be typed, what loading costs, and that no two places disagree about it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aether_nb
from aether_nb import cli, verbs
from aether_nb.cell import rewriting
from aether_nb.doing import notebook as notebook_verbs
from aether_nb.errors import OptionError, UnknownVerb

HEAVY = ("pydantic", "httpx", "lancedb", "pandas", "pyarrow", "ipywidgets", "anywidget", "mcp", "jsonschema", "numpy")


def test_every_public_name_is_there() -> None:
    """Each name that the front door lists can be imported, and no other is promised."""
    for name in aether_nb.__all__:
        assert getattr(aether_nb, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        aether_nb.nonsense  # noqa: B018


def test_loading_the_extension_imports_only_the_standard_library_and_ipython() -> None:
    """%load_ext brings none of the heavy packages, and nothing else from outside but where settings may be."""
    code = f"""
import sys, json
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell.instance()
before = set(sys.modules)
shell.run_line_magic("load_ext", "aether_nb")
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
outside = sorted(new - set(sys.stdlib_module_names) - {{"aether_nb", "IPython", "platformdirs"}})
print(json.dumps([outside, [name for name in {HEAVY!r} if name in sys.modules and name not in before]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1]) == [[], []]


def test_every_verb_has_a_handler_in_each_of_its_faces_and_no_handler_lacks_a_verb() -> None:
    """Neither face can lack or contradict the other: both are the table."""
    notebook = {verb.name for verb in verbs.VERBS if "notebook" in verb.faces}
    terminal = {verb.name for verb in verbs.VERBS if "terminal" in verb.faces}
    handled = {*notebook_verbs.HANDLERS, *notebook_verbs.WITHOUT_SESSION, *verbs.WORKING}
    assert handled == notebook
    assert set(cli.HANDLERS) == terminal


def test_the_readme_names_every_verb() -> None:
    """A verb that is not documented does not exist for users."""
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    (row,) = re.findall(r"where things stand, and every verb: `([^`]+)`", readme)
    assert set(row.split()) == {verb.name for verb in verbs.VERBS if "notebook" in verb.faces}
    (others,) = re.findall(r"the same from a terminal, and (.+)", readme)
    only = {verb.name for verb in verbs.VERBS if "notebook" not in verb.faces}
    assert only <= {name.split()[0] for name in re.findall(r"`([^`]+)`", others)}


@pytest.mark.parametrize("verb", verbs.VERBS, ids=lambda verb: verb.name)
def test_every_verb_is_told_by_examples_that_can_be_typed(verb: verbs.Verb) -> None:
    """Help shows lines to copy, as each face types them, and each of them is read as that verb."""
    for face in verb.faces:
        program = "%aether" if face == "notebook" else "aether"
        shown = verbs.help_text(verb, face)
        assert verb.examples
        for example in verb.examples:
            assert f"  {program} {example}\n" in shown
            name, *words = verbs.words(example)
            assert name == verb.name
            verbs.parse(verb, words, face)


def test_text_behind_a_verb_stays_as_it_was_typed() -> None:
    """In a word to a run quotes and dashes mean nothing; options may stand before it; other verbs read quotes."""
    line = "tell --json don't say 'mean' --fast -- it's \"odd"
    options = verbs.parse(verbs.find("tell", "notebook"), verbs.words(line)[1:], "notebook")
    assert (options.json, options.text) == (True, ["don't", "say", "'mean'", "--fast", "--", "it's", '"odd'])
    assert verbs.words('deny 7f3a --reason "not now"') == ["deny", "7f3a", "--reason", "not now"]
    with pytest.raises(OptionError):
        verbs.words("deny 7f3a --reason 'not now")


def test_options_of_the_terminal_are_unknown_in_a_notebook() -> None:
    """What only makes sense where somebody types at a shell is refused, and not proposed, in a cell."""
    assert verbs.parse(verbs.find("approve", "terminal"), ["--yes"], "terminal").yes
    with pytest.raises(OptionError):
        verbs.parse(verbs.find("approve", "notebook"), ["--yes"], "notebook")


def test_hints_name_commands_as_the_terminal_has_them() -> None:
    """In a terminal a verb that it has loses its mark, others keep it, and a remark about terminals goes."""
    text = "%aether approve 7f (in a terminal: aether approve 7f), or %aether new"
    assert verbs.in_terminal(text) == "aether approve 7f, or %aether new"


def test_an_unknown_verb_suggests_the_nearest() -> None:
    """A slip of the keys is answered with the verb that was meant."""
    with pytest.raises(UnknownVerb) as caught:
        verbs.find("rnus", "notebook")
    assert (caught.value.why, caught.value.hint) == ("Did you mean 'runs'?", "%aether runs, or ask: %%aether")


def test_a_verb_of_the_other_face_is_said_to_be_typed_there() -> None:
    """Whoever types it in the wrong place is told the right one, and no other verb is guessed."""
    for face, name, hint in (
        ("terminal", "fork", "%aether fork, in a notebook"),
        ("terminal", "undo", "%aether undo, in a notebook"),
        ("notebook", "batch", "aether batch, in a terminal"),
    ):
        with pytest.raises(UnknownVerb) as caught:
            verbs.find(name, face)
        assert caught.value.hint == hint
        assert "Did you mean" not in caught.value.why


@pytest.mark.parametrize("name", ["nope", "frget", "stpo", "unod", "aprove", "decript"])
def test_no_guess_ends_drops_or_agrees_to_anything(name: str) -> None:
    """A slip of the keys is never answered with a command that could not be taken back."""
    for face in ("notebook", "terminal"):
        with pytest.raises(UnknownVerb) as caught:
            verbs.find(name, face)
        assert not {*caught.value.hint.replace(",", "").split()} & {*verbs.FINAL}


@pytest.mark.parametrize("columns", [60, 100])
def test_help_is_as_wide_as_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """No line of the overview is longer than a narrow terminal, and what is wrapped stands below what it is about."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.main(["help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert [line for line in lines if line.startswith("  aether verify-code")]


def test_a_model_is_named_as_the_terminal_names_it() -> None:
    """A hint of the notebook to take another model becomes the option of the terminal."""
    assert verbs.in_terminal("Type %aether model openai:x") == "Type --model openai:x"
    assert verbs.in_terminal("%aether model NAME --role vision") == "%aether model NAME --role vision"


def test_a_key_on_the_line_is_refused_and_not_repeated() -> None:
    """Whoever types a key behind the verb is told that it counts as shown; it does not appear in what is said."""
    for face, program in (("notebook", "%aether"), ("terminal", "aether")):
        with pytest.raises(OptionError) as caught:
            verbs.parse(verbs.find("key", face), ["openai", "sk-secret-123"], face)
        assert caught.value.what == "A key is not typed on the line."
        assert caught.value.hint.endswith(f"then type only {program} key PROVIDER")
        assert "sk-secret" not in repr(caught.value) + str(caught.value)


def test_options_are_read_and_refused() -> None:
    """The cell's options come out as they were typed; a wrong one is an error that names the help."""
    typed, rest = verbs.leading_options(verbs.CELL, '-o x --mode=plan --new what\'s it -- "NA" --plan?')
    read = verbs.parse(verbs.CELL, typed, "notebook")
    assert (read.out, read.mode, read.new, read.plan) == ("x", "plan", True, False)
    assert rest == 'what\'s it -- "NA" --plan?'
    with pytest.raises(OptionError) as caught:
        verbs.parse(verbs.CELL, ["--plna"], "notebook")
    assert caught.value.hint == "%%aether --help"


@pytest.mark.parametrize("line", ["how many rows? --data schema", "How many --data=schema rows are there"])
def test_an_option_behind_the_question_is_refused(line: str) -> None:
    """A limit on the data that would only be a word of the question is no limit: it is said, and nothing is asked."""
    with pytest.raises(OptionError) as caught:
        verbs.leading_options(verbs.CELL, line)
    assert caught.value.hint.startswith("%%aether --data")
    assert verbs.leading_options(verbs.CELL, f"--raw {line}") == (["--raw"], line)
    assert verbs.leading_options(verbs.CELL, "What does `--data` do?")[0] == []


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("how many rows?", True),
        ("which city sells most", True),
        ("show me the missing values?", True),
        ("show me the missing values", False),
        ("grants revoke zzz", False),
        ("runs", False),
        ("runs --json", False),
        ("trace 1a2b", False),
        ("rnus", False),
        ("", False),
        ("grants --revoke g1", False),
        ("tell 7f3a why is it slow?", False),
        ("answer which one do you mean?", False),
        ("fork 7f3a what is the mean by year?", False),
        ("know search how are refunds booked?", False),
        ("memory edit 3fa9 Are prices gross?", False),
        ("know what is in the papers?", True),
        ("resume 7f3a", False),
        ("--data schema how many rows?", True),
        ("--bogus rows", True),
        ("-o", True),
        ("--help", False),
        ("-h", False),
        ("-", False),
    ],
)
def test_what_follows_the_magic_is_a_question_or_a_verb(line: str, question: bool) -> None:
    """Verbs stay verbs, sentences are questions, and a single unknown word is neither."""
    assert rewriting.is_question(line) is question


def test_an_apostrophe_within_a_word_opens_no_quote() -> None:
    """English is typed after verbs too; what stands in quotes is one word as ever, and a quote left open is told."""
    assert verbs.words("fork 7f3a don't group") == ["fork", "7f3a", "don't", "group"]
    assert verbs.words("know search it's Bob's plan") == ["know", "search", "it's", "Bob's", "plan"]
    assert verbs.words("""mcp add one 'python -c "it"' --tag="isn't it" x""")[3:] == [
        'python -c "it"',
        "--tag=isn't it",
        "x",
    ]
    with pytest.raises(OptionError, match="No closing quotation"):
        verbs.words("know search 'open")


@pytest.mark.parametrize(
    ("cell", "made"),
    [
        (
            "%%aether -o x\nHow many?\nReally?\n",
            "await get_ipython().aether_cell('-o x', 'How many?\\nReally?\\n')\n",
        ),
        ("%%aether\n", "await get_ipython().aether_cell('', '')\n"),
        ("%%aetherial\nx\n", "%%aetherial\nx\n"),
        ("%aether how many rows?\n", "await get_ipython().aether_cell('how many rows?', '')\n"),
        ("%aether --data schema rows?\n", "await get_ipython().aether_cell('--data schema rows?', '')\n"),
        ("%aether -o\n", "await get_ipython().aether_cell('-o', '')\n"),
        ("%aether runs\n", "%aether runs\n"),
        ("x = 1\n%aether how many rows?\n", "x = 1\nget_ipython().run_line_magic('aether', 'how many rows?')\n"),
        (
            "for n in (1,):\n    %aether how many rows?\n",
            "for n in (1,):\n    get_ipython().run_line_magic('aether', 'how many rows?')\n",
        ),
        ('"""\n%aether how many rows?\n"""\nx\n', '"""\n%aether how many rows?\n"""\nx\n'),
        ("print(1)\n", "print(1)\n"),
        ("", ""),
    ],
)
def test_what_the_transformer_makes_of_a_cell(cell: str, made: str) -> None:
    """Questions become async cells, question marks survive, and everything else stays to the letter."""
    assert "".join(rewriting.transform(cell.splitlines(keepends=True))) == made


def test_loading_twice_registers_once_and_unloading_takes_everything_back(capsys: Any) -> None:
    """A second %load_ext adds nothing; after %unload_ext the shell is as it was."""
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    before = list(shell.input_transformers_cleanup)
    for _ in range(2):
        aether_nb.load_ipython_extension(shell)
    assert shell.input_transformers_cleanup == [*before, rewriting.transform]
    aether_nb.unload_ipython_extension(shell)
    assert shell.input_transformers_cleanup == before
    assert "aether" not in shell.magics_manager.magics["cell"]
    assert not hasattr(shell, "aether_cell")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 0, "aether demo"),
        (["--help"], 0, "aether demo"),
        (["help", "trace"], 0, "usage: aether trace"),
        (["trace", "--help"], 0, "usage: aether trace"),
        (["version"], 0, "0."),
        (["runs"], 0, "No runs are recorded here yet."),
        (["runs", "--json"], 0, "[]"),
        (["rnus"], 2, "Did you mean 'runs'?"),
        (["runs", "--colour"], 2, "unrecognized arguments"),
        (["trace", "abc"], 1, "There is no run 'abc'."),
        (["show", "abc"], 1, "There is no run 'abc'."),
        (["doctor"], 0, "python"),
        (["doctor", "--json"], 0, '"state": "ok"'),
    ],
)
def test_the_command_line_says_what_it_does_and_ends_with_a_code(
    words: list[str], code: int, said: str, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each verb prints its answer and ends with 0, 1 for a failure, 2 for what cannot be read; nothing is created."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
    assert list(tmp_path.iterdir()) == []
