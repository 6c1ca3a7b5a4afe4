"""Who stands in line for a place in the background; what a terminal makes of --bg, edit, fix and doc."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aether_nb
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
from aether_nb.live.background import Background
from aether_nb.session.background import Launched, Line
from harness.home import bare

# ---- the line


async def test_the_first_in_line_are_at_work_and_the_next_begins_when_one_is_over() -> None:
    """As many as may be at once hold a place; the order is that of the launch; numbers are never used twice."""
    line, begun, go = Line(lambda: 2), list[int](), asyncio.Event()

    async def works(one: Launched) -> None:
        async with line.place(one):
            begun.append(one.number)
            await go.wait()

    ones = [line.add(f"run{n}", "?", lambda: None) for n in range(4)]
    tasks = [asyncio.ensure_future(works(one)) for one in ones]
    await asyncio.sleep(0)
    assert begun == [1, 2] and [line.waits(one) for one in ones] == [False, False, True, True]
    tasks[2].cancel()  # it is dropped while it waits
    tasks[0].cancel()
    await asyncio.wait([tasks[0], tasks[2]])
    await asyncio.sleep(0)
    assert begun == [1, 2, 4] and [one.number for one in line.standing] == [2, 4]
    go.set()
    await asyncio.gather(tasks[1], tasks[3])
    assert line.standing == [] and line.add("run9", "?", lambda: None).number == 5


async def test_more_places_let_those_begin_that_wait() -> None:
    """The limit counts as it is at this moment."""
    limit = [1]
    line = Line(lambda: limit[0])
    first, second = line.add("a", "?", lambda: None), line.add("b", "?", lambda: None)
    async with line.place(first):
        waiting = asyncio.ensure_future(line.place(second).__aenter__())
        await asyncio.sleep(0)
        assert not waiting.done()
        limit[0] = 2
        line.move()
        await waiting


def test_a_run_is_found_by_its_number_also_when_it_is_over() -> None:
    """A number that nobody has is a text like any other: the beginning of a run's name."""
    line = Line(lambda: 1)
    one = line.add("7f3a", "?", lambda: None)
    assert (line.named("1"), line.named("2"), line.named("7f"), line.find("7f3a")) == ("7f3a", "2", "7f", one)
    line.clear()
    assert (line.named("1"), line.find("7f3a")) == ("7f3a", None)


# ---- in a terminal

Run = Callable[[str], str]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell without a kernel, at which somebody types yes to everything."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr("os.environ", bare(tmp_path / "home"))
    monkeypatch.setattr("aether_nb.cell.still_faces.can_type", lambda shell: True)
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    aether_nb.load_ipython_extension(shell)
    yield shell
    aether_nb.unload_ipython_extension(shell)


@pytest.fixture
def run(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a cell, and gives what it prints and raises."""

    def cell(source: str) -> str:
        result = shell.run_cell(source, store_history=True)
        said = capsys.readouterr().out
        error = result.error_before_exec or result.error_in_exec
        return said + (f"\n{error}" if error else "")

    capsys.readouterr()
    return cell


def serve(*replies: Any) -> None:
    """Let a script serve as the model ``script``."""
    register("model", "script", lambda: ScriptedModel(replies, name="script"))


def test_a_terminal_waits_for_the_answer_and_says_so(run: Run, shell: InteractiveShell) -> None:
    """There is no panel that could go on, so the cell does what it would do without --bg."""
    serve("here it is")
    said = run("%%aether --bg -o got --model script\nWhere?")
    assert "--bg is left out: there is no panel here that could go on after the cell." in said
    assert "here it is" in said and shell.user_ns["got"] == "here it is"


def test_a_cell_is_changed_at_a_terminal(run: Run, shell: InteractiveShell) -> None:
    """The difference is shown, a yes is typed, and the next line is filled in; the same code is no change."""
    run("total = 1")
    serve(*[ToolCall("", "change_cell", {"code": code}) for code in ("total = 1", "", "total = 2")], "It is two.")
    said = run("%aether edit --model script In[1] two, please")
    assert "-total = 1" in said and "+total = 2" in said and "It is two." in said
    assert "This would change nothing." in said and "There is no code to put there." in said
    assert shell.rl_next_input == "total = 2"
    serve(ToolCall("", "change_cell", {"code": "total = 3"}), "three")
    assert "three" in run("%aether edit --model script three")  # the last cell of one's own
    assert shell.rl_next_input == "total = 3" and shell.user_ns["total"] == 1


def test_between_the_cells_no_cell_is_changed(
    run: Run, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose cell has ended would change the next one: it is told to answer with the code instead."""
    calls = [ToolCall("", "change_cell", {"code": "x = 2"}), ToolCall("", "propose_cell", {"code": "x = 2"})]
    serve(*calls, "as you like")
    put: list[str] = []
    monkeypatch.setattr(shell, "set_next_input", lambda text, replace=False: put.append(text))
    monkeypatch.setattr(ScriptedModel, "stream", _between(ScriptedModel.stream, monkeypatch))
    said = run("%aether edit --model script two\nx = 1")
    assert said.count("Give the code in your answer.") == 2 and put == []


def _between(stream: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The model's stream; from its first word on the run goes on between cells."""

    def streamed(self: ScriptedModel, request: Any) -> Any:
        monkeypatch.setattr(Background, "working", 1)
        return stream(self, request)

    return streamed


def test_an_error_is_mended_and_a_name_documented_at_a_terminal(run: Run, shell: InteractiveShell) -> None:
    """What is proposed fills in the next line; without a model the error and the description are shown."""
    assert "No cell has failed" in run("%aether fix")
    run("ratio = 1 / 0")
    serve(ToolCall("", "propose_cell", {"code": "ratio = 1"}), "Not by zero.")
    assert "Not by zero." in run("%aether fix --model script") and shell.rl_next_input == "ratio = 1"
    assert "ZeroDivisionError" in run("%aether fix") and "no error of in[1]" not in run("%aether fix In[2]").lower()
    serve("It counts.")
    assert "It counts." in run("%aether doc len --model script")
    assert "There is no 'nobody' in this notebook." in run("%aether doc nobody")
    assert "The offline analyst writes no docstrings." in run("%aether doc len")


def test_an_empty_cell_says_what_it_would_go_on_with(run: Run) -> None:
    """Where nothing was left, the last run is named."""
    assert "nothing was asked yet" in run("%%aether")
    serve("yes")
    run("%%aether --model script\nWell?")
    assert "is done" in run("%%aether")
