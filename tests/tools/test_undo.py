"""What the tools say and keep, so that their calls can be taken back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aether_nb.events.kinds import FileWritten, NamespaceChanged, UndoLimited
from aether_nb.live.undo import Budget, Points, RunPoints
from aether_nb.store.memory_parts import MemoryBlobs
from aether_nb.tools.code import run_python
from aether_nb.tools.editing import edit_file
from aether_nb.tools.files import write_file
from aether_nb.tools.query import query
from harness.keeping import new_shell
from harness.tools import ToolContext


class Notebook(ToolContext):
    """A context with a real shell, in which 16 MB can be kept for a call."""

    def __init__(self, workspace: Path, **variables: object) -> None:
        super().__init__(workspace)
        self.real = new_shell()
        self.real.user_ns.update(variables)
        self.points = Points()
        self.undo = RunPoints(self.points, "run1", MemoryBlobs(), Budget(bytes=16_000_000))

    @property
    def shell(self) -> object:
        return self.real


@pytest.fixture
def context(tmp_path: Path) -> Notebook:
    """A notebook with an array that is too large to be kept."""
    return Notebook(tmp_path, big=np.zeros(3_000_000), small=[1])


REASON = "cannot be undone: big (24.0 MB) is too large to keep"


@pytest.mark.parametrize(
    ("code", "said"),
    [("big[:] = 1", True), ("big.sum()", False), ("small.append(2); n = big.sum()", False), ("big = 1", False)],
)
def test_the_gate_says_what_could_not_be_undone_and_of_what_is_only_read_nothing(context, code, said):
    """The reason stands beside the others; the risk is what it was."""
    found = run_python.assess({"code": code}, context)
    assert (REASON in found.reasons) is said
    context.undo = None
    assert run_python.assess({"code": code}, context).risk == found.risk


async def test_a_call_is_undone_and_what_could_not_be_kept_is_recorded(context):
    """After the call its point has what it changed; the event speaks of the rest."""
    result = await run_python.run({"code": "big[:] = 1; small.append(2); made = 1"}, context)
    assert [type(event) for event in result.events] == [NamespaceChanged, UndoLimited]
    assert result.events[-1].why == ("big (24.0 MB) is too large to keep",)
    done = context.points.get("run1", "c1")
    done.undo(context.real.user_ns)
    assert context.real.user_ns["small"] == [1]
    assert "made" not in context.real.user_ns


async def test_a_call_that_fails_or_only_reads_has_a_point_too(context):
    """What it changed before it failed can be taken back; of low risk only what the run made is kept in full."""
    with pytest.raises(Exception, match="division by zero"):
        await run_python.run({"code": "small.append(2)\n1 / 0"}, context)
    context.points.get("run1", "c1").undo(context.real.user_ns)
    assert context.real.user_ns["small"] == [1]
    context.call_id, context.risk, context.made = "c2", "low", ("small",)
    result = await run_python.run({"code": "small.append(big.sum())"}, context)
    assert [type(event) for event in result.events] == [NamespaceChanged]
    context.points.get("run1", "c2").undo(context.real.user_ns)
    assert context.real.user_ns["small"] == [1]


async def test_the_variable_that_a_query_replaces_is_put_back(context):
    """A result under a name that was taken is undone as code is: the earlier object is there again."""
    earlier = context.real.user_ns["kept"] = [1]
    await query.run({"sql": "select 1 as a", "into": "kept"}, context)
    context.call_id = "c2"
    await query.run({"sql": "select 1 as a", "into": "made"}, context)
    for call in ("c2", "c1"):
        context.points.get("run1", call).undo(context.real.user_ns)
    assert context.real.user_ns["kept"] is earlier
    assert "made" not in context.real.user_ns


async def test_files_are_kept_before_they_are_written(context, tmp_path):
    """Writing and editing record what was there, in bytes beside the record."""
    wrote = await write_file.run({"path": "a.txt", "content": "one\n", "variable": None}, context)
    edited = await edit_file.run({"path": "a.txt", "old": "one", "new": "two", "everywhere": False}, context)
    first, second = wrote.events[0], edited.events[0]
    assert isinstance(first, FileWritten)
    assert (first.change.before, second.change.before) == ("", first.change.after)
    assert context.undo.blobs.get(second.change.before) == b"one\n"
    assert (tmp_path / "a.txt").read_text() == "two\n"
