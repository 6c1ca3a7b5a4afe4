"""What a program takes back of a run of its own."""

from __future__ import annotations

import pytest

from aether_nb.errors import UndoRefused, UsageFault
from aether_nb.events.messages import ToolCall
from aether_nb.tools.files import write_file
from harness.client import scripted


def client(*replies):
    """A client whose model writes files."""
    return scripted(*replies, "Done.", tools=[write_file], approve=lambda *_: True)[0]


def write(path: str, text: str) -> ToolCall:
    """A call that writes a file."""
    return ToolCall("", "write_file", {"path": path, "content": text})


async def test_files_of_a_run_are_taken_back_and_that_too(tmp_path, monkeypatch):
    """A look first; then every file is as it was; the log says so, and the undo can be undone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.txt").write_text("before")
    handle = client(write("old.txt", "after"), write("new.txt", "made")).run("write")
    with pytest.raises(UsageFault, match="being worked on"):
        handle.undo()
    await handle
    looked = handle.preview_undo()
    assert [change.path for change in looked.files] == [str(tmp_path / "new.txt"), str(tmp_path / "old.txt")]
    assert (tmp_path / "new.txt").read_text() == "made"
    done = handle.undo()
    assert ((tmp_path / "old.txt").read_text(), (tmp_path / "new.txt").exists()) == ("before", False)
    assert (done.id, done.by, done.left, len(done.call_ids)) == ("u1", "the program", (), 2)
    assert all(call.undone for call in handle.state.calls.values())
    assert [entry.event async for entry in handle][-1] == done
    with pytest.raises(UndoRefused, match="nothing to undo"):
        handle.undo()
    assert handle.undo("u1").undoes == "u1"
    assert ((tmp_path / "old.txt").read_text(), (tmp_path / "new.txt").read_text()) == ("after", "made")
    assert handle.undo("u2").undoes == ""
    assert not (tmp_path / "new.txt").exists()


async def test_one_call_and_what_came_after_one(tmp_path, monkeypatch):
    """A call is named by its number or its id; what is no name is refused with what there is."""
    monkeypatch.chdir(tmp_path)
    handle = client(write("a.txt", "1"), write("b.txt", "2"), write("c.txt", "3")).run("write")
    await handle
    ids = list(handle.state.calls)
    handle.undo(ids[2])
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.txt", "b.txt"]
    handle.undo(to="1")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.txt"]
    with pytest.raises(UndoRefused, match=r"No call of run .* goes by 'x'") as caught:
        handle.undo("x")
    assert "1 (write_file), 2 (write_file), 3 (write_file)" in caught.value.why
    (tmp_path / "a.txt").write_text("mine")
    assert handle.preview_undo("1").conflicts == {str(tmp_path / "a.txt"): "it was changed since"}
