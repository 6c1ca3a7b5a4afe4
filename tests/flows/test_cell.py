"""Whole cells in a real kernel without a front end: magic in, outputs and record out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.kernel import Kernel, interpreter, shown

LOAD = """
%load_ext aether_nb
import pandas as pd
df = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0]})
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def script(*replies, **more):
    register("model", "script", lambda: ScriptedModel(replies, name="script", **more))
def code(text):
    return ToolCall("", "run_python", {"code": text})
"""


@pytest.fixture(params=["now", "six"], scope="module")
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreters whose kernels are tested: this one's, and that of an environment with ipykernel 6."""
    return interpreter(request)


@pytest.fixture(scope="module")
def shared(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for the tests of this file that leave it as they found it."""
    with Kernel(python, {"AETHER_MAX_STEPS": "6"}, tmp_path_factory.mktemp("work")) as kernel:
        assert kernel.run(LOAD).status == "ok"
        yield kernel


@pytest.fixture
def kernel(shared: Kernel) -> Kernel:
    """The shared kernel, with no memory of earlier questions."""
    shared.run("%aether new")
    return shared


def test_loading_says_in_one_line_which_model_serves(kernel: Kernel) -> None:
    """A second %load_ext changes nothing; the first one's line names the model and how to change it."""
    cell = kernel.run("%reload_ext aether_nb")
    assert cell.text() == (
        "aether: aether:analyst serves (offline, no language model). For a language model: %aether setup\n"
    )


def test_a_question_is_answered_from_the_live_variables(kernel: Kernel) -> None:
    """The analyst's answer holds the number, below a transcript that needs no widget."""
    cell = kernel.run("%%aether\nWhat is the mean of sales by city?")
    assert cell.status == "ok", cell.error
    assert "20" in shown(cell, "text/markdown") and "Rome" in shown(cell, "text/markdown")
    assert "run_python" in shown(cell)
    last = [m for m in cell.messages if m["msg_type"] == "update_display_data"][-1]["content"]["data"]
    assert set(last) == {"text/html", "text/markdown", "text/plain"}


def test_a_question_on_one_line_reaches_the_magic_in_spite_of_its_mark(kernel: Kernel) -> None:
    """%aether how many rows? is no request for help, alone or among other lines."""
    alone = kernel.run("%aether how many rows does df have?")
    among = kernel.run("x = 1\n%aether how many rows does df have?\nx += 1")
    for cell in (alone, among):
        assert cell.status == "ok", (cell.error, cell.of("error"))
        assert "3" in shown(cell, "text/markdown")
    assert kernel.run("print(x)").text() == "2\n"


@pytest.mark.parametrize("before", ["", "x = 1\n", "if True:\n    "])
def test_options_before_a_question_on_one_line_hold(kernel: Kernel, before: str) -> None:
    """They are read as in the cell form, alone or among other lines, and are no words of the question."""
    cell = kernel.run(f"{before}%aether --data schema -o told How many rows does df have?")
    assert cell.status == "ok", cell.error
    assert "3" in kernel.run("print(told)").text()
    assert "asked: How many rows does df have?" in kernel.run("%aether trace").text()
    run = json.loads(kernel.run("%aether runs --json").text())[0]["run"]
    assert "--data schema" in kernel.run(f"%aether egress {run}").text()


@pytest.mark.parametrize("line", ["--bogus how many rows?", "-o", "--mode never how many?", "--data schema"])
def test_a_wrong_option_on_one_line_asks_nothing(kernel: Kernel, line: str) -> None:
    """It is said calmly, as in the cell form; and options without a question go on with no other run."""
    cell = kernel.run(f"%aether {line}")
    assert cell.error == "OptionError"


def test_a_text_that_looks_like_the_magic_stays_as_it_is(kernel: Kernel) -> None:
    """A line of a string that reads like a question to us is not touched."""
    assert kernel.run('print("""\n%aether how many?\n""")').text() == "\n%aether how many?\n\n"


def test_nobody_there_means_no_and_the_transcript_says_so(kernel: Kernel, tmp_path: Path) -> None:
    """Without anybody to ask a write is denied; the run goes on to its answer."""
    cell = kernel.run("%%aether\nWhat is the mean of sales by city? Write it to out.csv")
    assert cell.status == "ok", cell.error
    assert "nobody was there to approve it" in shown(cell)
    assert kernel.run("from pathlib import Path; print(Path('out.csv').exists())").text() == "False\n"


@pytest.mark.parametrize("magic", ["%%capture out", "%%time"])
def test_it_works_inside_other_cell_magics(kernel: Kernel, magic: str) -> None:
    """Where no cell can be awaited the synchronous magic serves."""
    cell = kernel.run(f"{magic}\n%%aether -o answer\nHow many rows does df have?")
    assert cell.status == "ok", cell.of("error")
    assert "3" in kernel.run("print(answer)").text()


def test_queued_cells_wait_and_are_all_answered(kernel: Kernel) -> None:
    """Run All: what stands below a question runs after it, in order."""
    cells = [kernel.send(source) for source in ("%%aether -o a\nHow many rows does df have?", "b = a", "print(len(b))")]
    kernel.finish(*cells)
    assert [cell.status for cell in cells] == ["ok"] * 3
    assert int(cells[2].text()) > 0


def test_out_binds_the_answer(kernel: Kernel) -> None:
    """-o NAME gives the answer to a variable, as Markdown."""
    kernel.run("script('**42**')")
    kernel.run("%%aether -o it --model script\nWhat?")
    assert kernel.run("print(it)").text() == "**42**\n"


def test_code_runs_in_the_namespace_with_await_output_and_changes(kernel: Kernel) -> None:
    """run_python sees and makes the user's variables, awaits at the top level, and reports what changed."""
    kernel.run("script(code('import asyncio\\nawait asyncio.sleep(0)\\ntotal = df.sales.sum()\\nprint(total)'), 'ok')")
    cell = kernel.run("%%aether --model script\nSum it")
    assert cell.status == "ok", cell.of("error")
    assert cell.text() == ""  # what agent code prints stands on its card, not in the cell's own output
    assert "45.0" in shown(cell) and "total" in shown(cell)
    assert kernel.run("print(total)").text() == "45.0\n"


def test_a_figure_is_an_ordinary_output(kernel: Kernel) -> None:
    """A figure that agent code draws stands in the cell as a picture."""
    kernel.run("script(code('df.plot()'), 'ok')")
    cell = kernel.run("%%aether --model script\nPlot")
    assert len([data for data in cell.of("display_data") if "image/png" in data["data"]]) == 1


def test_exit_ends_nothing(kernel: Kernel) -> None:
    """exit() in agent code leaves the kernel alive, and the run goes on."""
    kernel.run("script(code('exit()'), 'ok')")
    kernel.run("%%aether --model script --mode auto\nLeave")
    assert kernel.run("print(1)").text() == "1\n"


def test_an_error_in_agent_code_is_no_error_of_the_cell(kernel: Kernel) -> None:
    """The model reads the traceback's user lines; the cell stays ok."""
    kernel.run("script(code('def f():\\n    return df.nope\\nf()'), lambda r: r.messages[-1].text)")
    cell = kernel.run("%%aether -o told --model script\nFail")
    assert (cell.status, cell.of("error")) == ("ok", [])
    told = kernel.run("print(told)").text()
    assert "\nerror: AttributeError:" in told and "return df.nope" in told and "IPython" not in told


def test_a_failed_run_is_one_calm_card(kernel: Kernel) -> None:
    """A model that fails makes the cell fail with what, why and next, and no framework's traceback."""
    kernel.run("from aether_nb.errors import ModelUnavailable")
    kernel.run("script(ModelUnavailable('No answer.', 'Off.', 'Start.'))")
    cell = kernel.run("%%aether --model script\nHello")
    assert (cell.status, cell.error) == ("error", "RunFailed")
    assert cell.of("error")[0]["traceback"] == ["aether: No answer.", "  why:  Off.", "  next: Start."]


def test_half_a_character_in_an_answer_is_shown_as_a_mark(kernel: Kernel) -> None:
    """A model can write one as JSON does; a kernel cannot send it, and the answer is there all the same."""
    kernel.run(r"script('Half \ud83d of it.')")
    cell = kernel.run("%%aether --model script\nHello")
    assert cell.status == "ok", cell.of("error")
    assert "Half � of it." in shown(cell)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("%%aether\n", "aether: There is no question in this cell."),
        ("%%aether --colour red\nHow many?", "aether: %%aether: unrecognized arguments: --colour red."),
        ("%%aether --mode fast\nHow many?", "aether: %%aether: argument --mode: invalid choice: 'fast'"),
        ("%%aether -o 1x\nHow many?", "aether: '1x' is no name for a variable."),
        ("%%aether --model gpt\nHow many?", "aether: "),
        ("%aether rnus", "aether: There is no verb 'rnus'."),
        ("%aether trace zzz", "aether: There is no run 'zzz'."),
        ("%aether 'open", "aether: The line cannot be read."),
    ],
)
def test_what_cannot_be_read_is_refused_calmly(kernel: Kernel, source: str, said: str) -> None:
    """Bad options, unknown verbs, empty cells: one card with what to type next, and nothing is run."""
    before = kernel.run("%aether runs --json").text()
    cell = kernel.run(source)
    assert cell.status == "error"
    traceback = cell.of("error")[0]["traceback"]
    assert traceback[0].startswith(said)
    assert any(line.startswith("  next: ") for line in traceback)
    assert not any("Traceback" in line or ".py" in line for line in traceback)
    assert kernel.run("%aether runs --json").text() == before


def test_help_is_shown_and_is_no_error(kernel: Kernel) -> None:
    """--help and %aether help tell what can be typed."""
    assert "--mode {plan,ask,auto}" in kernel.run("%%aether --help\n").text()
    assert "--json" in kernel.run("%aether help trace").text()
    assert "%aether trace" in kernel.run("%aether --help").text()
    status = kernel.run("%aether").text()
    assert "aether:analyst" in status and "%aether trace" in status


def test_every_verb_works_on_a_real_record(kernel: Kernel) -> None:
    """After a run each verb answers; runs and trace speak JSON too."""
    kernel.run("%%aether\nHow many rows does df have?")
    rows = json.loads(kernel.run("%aether runs --json").text())
    assert rows[0]["outcome"] == "done" and rows[0]["prompt"] == "How many rows does df have?"
    assert "ended: done" in kernel.run("%aether trace").text()
    assert (
        json.loads(kernel.run(f"%aether trace {rows[0]['run'][:5]} --json").text())["events"][0]["kind"]
        == "run.started"
    )
    assert "How many rows" in shown(kernel.run("%aether show"))
    assert "No yes lasts" in kernel.run("%aether grants").text()
    assert "ok" in kernel.run("%aether doctor").text()
    assert kernel.run("%aether version").text().strip().startswith("0.")
    assert kernel.run("%aether model").text().startswith("aether:analyst serves")


def test_verbs_and_options_are_completed(kernel: Kernel) -> None:
    """The kernel completes verbs after %aether, options after %%aether, and the values of --mode."""

    def completions(code: str) -> list[str]:
        reply = kernel.client.complete(code, len(code), reply=True, timeout=20)
        matches: list[str] = reply["content"]["matches"]
        return matches

    assert "trace" in completions("%aether tr")
    assert "--mode" in completions("%%aether --m")
    assert "auto" in completions("%%aether --mode a")
    assert "--data" in completions("%aether --da")
    assert completions("%aether --data sch") == ["schema"]


def test_a_limit_without_anybody_to_ask_ends_the_run_calmly(kernel: Kernel) -> None:
    """At its limit the run asks; nobody there is a no, and the cell says how to raise it."""
    kernel.run("script(*[code('1') for _ in range(9)])")
    cell = kernel.run("%%aether --model script\nGo on")
    assert cell.status == "ok"
    assert "limit of 6 steps" in shown(cell)


def test_my_own_tool_is_there_for_the_next_run_and_is_replaced_by_running_its_cell_again(kernel: Kernel) -> None:
    """A function under @tool in a cell can be called by the model at once."""
    define = "@tool(risk='low', effect='pure')\ndef mine() -> str:\n    'Mine.'\n    return {!r}"
    kernel.run("from aether_nb import tool")
    for said in ("first", "second"):
        kernel.run(define.format(said))
        kernel.run("script(ToolCall('', 'mine', {}), lambda r: r.messages[-1].text)")
        kernel.run("%%aether -o told --model script\nUse it")
        assert f"\n{said}\n" in kernel.run("print(told)").text()


def test_users_asyncio_goes_on_while_a_question_is_worked_on(kernel: Kernel) -> None:
    """A task of the user's runs on while the cell waits, as it does in any cell that awaits."""
    kernel.run(
        "import asyncio\nticks = 0\nasync def tick():\n    global ticks\n    while True:\n"
        "        ticks += 1\n        await asyncio.sleep(0.01)\ntask = asyncio.create_task(tick())"
    )
    kernel.run("script('a b c d e f g h i j', delay=0.05)")
    before = int(kernel.run("print(ticks)").text())
    kernel.run("%%aether --model script\nSlowly")
    after = int(kernel.run("print(ticks); task.cancel()").text().split()[0])
    assert after - before > 5


def test_the_question_is_incomplete_until_a_blank_line(kernel: Kernel) -> None:
    """A terminal waits for the text of the question."""
    kernel.client.is_complete("%%aether")
    while True:
        message = kernel.client.get_shell_msg(timeout=20)
        if message["msg_type"] == "is_complete_reply":
            break
    assert message["content"]["status"] == "incomplete"


@pytest.mark.parametrize(("policy", "written"), [("deny", False), ("low", False), ("auto", True)])
def test_the_policy_decides_when_nobody_is_there(policy: str, written: bool, tmp_path: Path) -> None:
    """AETHER_APPROVE=auto lets a medium write through, deny and low do not; the transcript names the policy."""
    with Kernel(Path(sys.executable), {"AETHER_APPROVE": policy}, tmp_path) as kernel:
        kernel.run(LOAD)
        cell = kernel.run("%%aether\nWhat is the mean of sales by city? Write it to out.csv")
        assert cell.status == "ok", cell.error
        assert policy in shown(cell)
    assert (tmp_path / "out.csv").exists() is written


def test_a_folder_that_cannot_be_written_is_a_calm_error(tmp_path: Path) -> None:
    """Where no record can be made no run starts, and the card says what to set."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    with Kernel(Path(sys.executable), {"AETHER_STORE": str(blocked / "store")}, tmp_path) as kernel:
        kernel.run(LOAD)
        cell = kernel.run("%%aether\nHow many rows does df have?")
        assert cell.status == "error"
        assert any("AETHER_STORE" in line for line in cell.of("error")[0]["traceback"])
        assert kernel.run("print(len(df))").text() == "3\n"


def test_a_corrupt_record_is_a_calm_error_and_is_left_alone(tmp_path: Path) -> None:
    """A file that is no record is not overwritten; the card says what to do."""
    (tmp_path / ".aether").mkdir()
    (tmp_path / ".aether" / "runs.db").write_bytes(b"this is no database, whatever its name says" * 100)
    with Kernel(Path(sys.executable), {}, tmp_path) as kernel:
        kernel.run(LOAD)
        cell = kernel.run("%%aether\nHow many rows does df have?")
        assert (cell.status, cell.error) == ("error", "StoreCorrupt")
    assert (tmp_path / ".aether" / "runs.db").read_bytes().startswith(b"this is no database")


def test_the_record_lies_beside_the_notebook_and_is_ignored_by_git(tmp_path: Path) -> None:
    """A notebook's runs go to .aether/ in its folder, wherever the kernel was started."""
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "a.ipynb").write_text("{}")
    with Kernel(Path(sys.executable), {"JPY_SESSION_NAME": str(folder / "a.ipynb")}, tmp_path) as kernel:
        kernel.run(LOAD)
        kernel.run("%%aether\nHow many rows does df have?")
    assert (folder / ".aether" / ".gitignore").read_text().startswith("*")
    assert not (tmp_path / ".aether").exists()
