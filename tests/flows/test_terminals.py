"""The same run in a terminal's IPython and in the Jupyter console: what is read there, and typed at its gates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.golden import check
from harness.home import bare
from harness.terminal import Typed, environment

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed"),
]

GOLDEN = Path(__file__).parent / "golden"
GATE, WHY, JSON = "[n]o? ", "why not (Enter for no reason)? ", "arguments as JSON: "
ASK = "%aether how much is it?"

SCRIPT = """\
from pathlib import Path
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall

def model():
    code = {"code": "print('six times seven')\\n6 * 7", "purpose": "Multiply the two numbers of the question"}
    write = {"path": f"note{len([*Path().glob('*.txt')])}.txt", "content": "hello " * 9}
    replies = [ToolCall("", "run_python", code), ToolCall("", "write_file", write), "The answer is **42**."]
    return ScriptedModel(replies, name="script")

register("model", "script", model)
"""


@pytest.fixture(scope="module", params=["ipython", "console"])
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Typed]]:
    """A shell with a scripted model that computes, wants to write a file, and answers."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    with Typed(request.param, folder, environment(bare(folder / "home"), "xterm")) as typed:
        typed.run("%load_ext aether_nb")
        typed.run("import script")
        typed.run("%aether model script")
        yield request.param, typed


def test_every_answer_at_a_gate_is_what_it_says(shell: tuple[str, Typed]) -> None:
    """Yes, no with a reason, an edit, the end of input, nonsense and Ctrl-C: each is read, told, and done or not."""
    name, typed = shell
    parts = {
        "yes": [(GATE, "y")],
        "no, with a reason": [(GATE, "n"), (WHY, "not now")],
        "edit": [(GATE, "e"), (JSON, '{"path": "other.txt", "content": "bye"}')],
        "the end of input": [(GATE, "^D")],
        "nonsense": [(GATE, "maybe"), (GATE, "{}"), (GATE, "")],
        "Ctrl-C": [(GATE, "^C")],
    }
    told = [f"==== {part}\n{typed.run(ASK, *answers).strip()}\n" for part, answers in parts.items()]
    check(GOLDEN / f"{name}.txt", "\n".join(told))
    files = typed.run("print(sorted(file.name for file in script.Path().glob('*.txt')), 6 * 7 + 1)")
    assert "['note0.txt', 'other.txt'] 43" in files


def test_a_run_is_brought_back_as_text(shell: tuple[str, Typed]) -> None:
    """%aether show last prints the transcript once, with the answer."""
    shown = shell[1].run("%aether show last")
    assert shown.count("aether · ") == 1 and "✓ run_python · Multiply" in shown


def test_a_narrow_terminal_breaks_prose_and_no_code(shell: tuple[str, Typed]) -> None:
    """In 48 columns no line of prose is longer, and what is approved stands as it is."""
    name, typed = shell
    typed.child.setwinsize(60, 48)
    lines = typed.run(ASK, (GATE, "n"), (WHY, "")).split("\n")
    typed.child.setwinsize(60, 120)
    shown = lines[next(n for n, line in enumerate(lines) if line.startswith("▸ run_python")) :]
    long = [line for line in shown if len(line) > 47 and "for this note[b]ook" not in line]
    if name == "ipython":
        assert "▸ run_python · Multiply the two numbers of the" in shown and "  question" in shown
        assert [line for line in long if not line.startswith("  | ")] == []
    assert any(line.startswith("  |") and "hello " * 9 in line for line in long)


def test_colours_are_for_terminals_that_want_them(shell: tuple[str, Typed]) -> None:
    """Signs are coloured at a terminal, not with NO_COLOR, and never in a kernel, whose output goes anywhere."""
    name, typed = shell
    typed.run("%aether new")
    coloured = typed.run(ASK, (GATE, "n"), (WHY, ""), clean=False)
    typed.run("import os; os.environ['NO_COLOR'] = '1'")
    plain = typed.run(ASK, (GATE, "n"), (WHY, ""), clean=False)
    typed.run("del os.environ['NO_COLOR']")
    green = re.compile(r"\x1b\[32m✓\x1b\[0m 0 s")
    assert bool(green.search(coloured)) is (name == "ipython")
    assert "✓ 0 s" in plain and not green.search(plain)
