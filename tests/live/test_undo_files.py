"""Files that tools write, taken back from bytes beside the record; and the points of a kernel."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from aether_nb.errors import AetherError
from aether_nb.events import kinds as k
from aether_nb.live.undo import Budget, Done, Earlier, Points, RunPoints, differs, files, put_back
from harness.keeping import MemoryBlobs


def written(file: Path, text: str, blobs: MemoryBlobs) -> k.FileChange:
    """A file that a tool writes."""
    earlier = Earlier(file, blobs)
    file.write_text(text)
    return earlier.now()


def test_a_file_that_was_there_has_its_bytes_and_its_mode_again(tmp_path):
    """Its earlier bytes come from beside the record, its mode stays; and the way back is known."""
    blobs, file = MemoryBlobs(), tmp_path / "a.sh"
    file.write_text("before")
    file.chmod(0o750)
    change = written(file, "after", blobs)
    assert change == k.FileChange(str(file), _sha("before"), _sha("after"))
    back = put_back(change, blobs)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("before", 0o750)
    assert back == k.FileChange(str(file), _sha("after"), _sha("before"))
    put_back(back, blobs)
    assert file.read_text() == "after"


def test_a_file_that_was_not_there_goes(tmp_path):
    """And comes again when that is taken back, its folder too."""
    blobs, file = MemoryBlobs(), tmp_path / "new" / "a.txt"
    file.parent.mkdir()
    change = written(file, "made", blobs)
    assert change.before == ""
    back = put_back(change, blobs)
    assert not file.exists()
    file.parent.rmdir()
    put_back(back, blobs)
    assert file.read_text() == "made"


@pytest.mark.parametrize(
    ("then", "how"), [("after", ""), ("other", "it was changed since"), (None, "it was deleted since")]
)
def test_a_file_that_was_changed_since_is_a_conflict(tmp_path, then, how):
    """What it holds now is compared with what the tool had written."""
    change = written(tmp_path / "a.txt", "after", MemoryBlobs())
    (tmp_path / "a.txt").write_text(then) if then else (tmp_path / "a.txt").unlink()
    assert differs(change) == how


def test_a_file_that_was_taken_away_and_made_again_is_a_conflict(tmp_path):
    """Where nothing was left, something is there now."""
    (tmp_path / "a.txt").write_text("mine")
    assert differs(k.FileChange(str(tmp_path / "a.txt"), "", "")) == "it was made again since"


def test_what_cannot_be_kept_is_said_and_not_put_back(tmp_path, monkeypatch):
    """A file that is too large, or whose bytes find no room, is never replaced by nothing."""
    file = tmp_path / "a.txt"
    file.write_text("before")
    full = written(file, "after", MemoryBlobs(full=True))
    assert "no room" in full.lost
    monkeypatch.setattr(files, "LARGEST", 3)
    large = written(file, "later", MemoryBlobs())
    assert "too large to keep" in large.lost
    for change in (full, large):
        with pytest.raises(AetherError, match="cannot be put back"):
            put_back(change, MemoryBlobs())
    assert file.read_text() == "later"


def test_bytes_that_are_gone_and_places_that_refuse_are_said(tmp_path):
    """The file stays as it is."""
    blobs, file = MemoryBlobs(), tmp_path / "a.txt"
    file.write_text("before")
    change = written(file, "after", blobs)
    blobs.kept.clear()
    with pytest.raises(AetherError, match="not here"):
        put_back(change, blobs)
    file.unlink()
    file.mkdir()
    with pytest.raises(AetherError, match="could not be put back"):
        put_back(k.FileChange(str(file), "", "x"), blobs)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# ---- the points of a kernel


def call(points: RunPoints, id: str, namespace: dict, code: str, **more) -> tuple[k.Event, ...]:
    """A call of the agent's."""
    points.before(id, namespace, code, **more)
    exec(code, namespace)
    return points.after(id, [k.Change(name, "changed") for name in namespace])


def test_a_call_that_was_broken_off_is_undone_as_far_as_it_came():
    """A point that was never closed is closed when it is asked for."""
    points, namespace = Points(), {"__name__": "__main__", "x": [1]}
    RunPoints(points, "r", MemoryBlobs()).before("c1", namespace, "x.append(2)")
    namespace["x"].append(2)
    done = points.get("r", "c1")
    assert isinstance(done, Done)
    done.undo(namespace)
    assert namespace["x"] == [1]
    assert points.get("r", "c2") is None


def test_the_oldest_points_go_first_and_the_newest_stays():
    """When all of them take too much, the oldest are given up; of that a run can speak."""
    points = Points(total=3000)
    run = RunPoints(points, "r", MemoryBlobs())
    namespace = {"__name__": "__main__", "a": np.zeros(100), "b": np.zeros(100), "c": np.zeros(1000)}
    for id, name in (("c1", "a"), ("c2", "b"), ("c3", "c")):
        call(run, id, namespace, f"{name}[:] = 1")
    assert [points.get("r", id) is None for id in ("c1", "c2", "c3")] == [True, True, False]
    assert points.dropped == {("r", "c1"), ("r", "c2")}


def test_what_a_point_takes_is_added_up_once(monkeypatch):
    """However many follow it; one that takes the place of another of its name counts alone."""
    looked: list[Done] = []
    size = Done.size.fget
    monkeypatch.setattr(Done, "size", property(lambda done: looked.append(done) or size(done)))
    points = Points(total=3000)
    run = RunPoints(points, "r", MemoryBlobs())
    namespace = {"__name__": "__main__", "a": np.zeros(100)}
    for id in ("c1", *["c2"] * 20):
        call(run, id, namespace, "a[:] = 1")
    assert len(looked) == 21 and points.dropped == set()


def test_what_could_not_be_kept_is_recorded_only_when_it_was_changed():
    """The card says so; a variable that was only read, or bound to something else, needs no word."""
    run = RunPoints(Points(), "r", MemoryBlobs(), Budget(bytes=16_000_000))
    namespace = {"__name__": "__main__", "big": np.zeros(3_000_000), "other": np.zeros(3_000_000), "x": 1}
    said = run.cannot(namespace, "big[:] = 1; other.sum()", ("changes your variable big",))
    assert said == ("cannot be undone: big (24.0 MB) is too large to keep",)
    assert len(run.cannot(namespace, "big[:] = 1; other.sum()", None)) == 2
    run.before("c1", namespace, "big[:] = 1; other.sum()")
    changes = [k.Change("big", "changed"), k.Change("x", "changed")]
    assert run.after("c1", changes) == (k.UndoLimited("c1", ("big (24.0 MB) is too large to keep",)),)
    run.before("c2", namespace, "other = None")
    namespace["other"] = None
    assert run.after("c2", [k.Change("other", "changed")]) == ()
