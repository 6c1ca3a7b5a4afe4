"""Editing and searching files: exactly one place is changed, and nothing outside, hidden or secret is found."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from aether_nb import RepairableToolError
from aether_nb.errors import WorkspaceError
from aether_nb.tools import editing
from aether_nb.tools.editing import edit_file, edited, search_files
from harness.tools import ToolContext, assessed, told, use


@pytest.fixture
def place(tmp_path: Path) -> ToolContext:
    """A workspace with a text file, beside a file that is not part of it."""
    (tmp_path / "outside.txt").write_text("needle outside\n")
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"one\r\ntwo\r\ntwo\r\n")
    return ToolContext(Path(os.path.realpath(folder)))


def test_one_place_is_changed_and_line_ends_stay(place: ToolContext) -> None:
    """The rest of the file is as it was, byte by byte; the card shows the difference."""
    result = use(edit_file, place, path="a.txt", old="one", new="ONE")
    assert (place.workspace / "a.txt").read_bytes() == b"ONE\r\ntwo\r\ntwo\r\n"
    assert "-one" in result.outputs[0]["text/plain"]
    assert "+ONE" in result.outputs[0]["text/plain"]


def test_an_edit_is_high_risk_and_shows_what_it_would_do(place: ToolContext) -> None:
    """Who is asked sees the lines that go and come; what may be executed later is named."""
    found = assessed(edit_file, place, path="a.txt", old="one", new="1")
    assert (found.risk, found.effect, found.path) == ("high", "external", str(place.workspace / "a.txt"))
    assert "-one\n+1" in found.effect_text
    (place.workspace / "run.py").write_text("x = 1\n")
    assert "executed later" in assessed(edit_file, place, path="run.py", old="x", new="y").reasons[-1]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"path": "a.txt", "old": "three", "new": "x"}, "does not stand in a.txt"),
        ({"path": "a.txt", "old": "two", "new": "x"}, "stands in a.txt 2 times"),
        ({"path": "a.txt", "old": "one", "new": "one"}, "change nothing"),
        ({"path": "a.txt", "old": "", "new": "one"}, "change nothing"),
        ({"path": "none.txt", "old": "a", "new": "b"}, "no file none.txt"),
        ({"path": "b.bin", "old": "a", "new": "b"}, "no text in UTF-8"),
        ({"path": "big.txt", "old": "a", "new": "b"}, "larger than"),
    ],
)
def test_an_edit_that_has_not_its_one_place_changes_nothing(
    place: ToolContext, arguments: dict[str, str], what: str
) -> None:
    """It is refused when it is judged, before anybody is asked, and says what to do."""
    (place.workspace / "b.bin").write_bytes(b"\xff\xfe\x00a")
    (place.workspace / "big.txt").write_text("a" * (editing.MOST_BYTES + 1))
    with pytest.raises(RepairableToolError, match=what):
        assessed(edit_file, place, **arguments)
    assert (place.workspace / "a.txt").read_bytes() == b"one\r\ntwo\r\ntwo\r\n"


def test_everywhere_means_every_place(place: ToolContext) -> None:
    """When it is said, all places are changed, and how many is told."""
    assert told(edit_file, place, path="a.txt", old="two", new="2", everywhere=True) == "changed a.txt in 2 places"
    assert (place.workspace / "a.txt").read_bytes() == b"one\r\n2\r\n2\r\n"


def test_no_edit_leaves_the_workspace(place: ToolContext) -> None:
    """Neither by its path nor by a link."""
    (place.workspace / "link.txt").symlink_to(place.workspace.parent / "outside.txt")
    for path in ("../outside.txt", "link.txt"):
        with pytest.raises(WorkspaceError):
            assessed(edit_file, place, path=path, old="needle", new="x")


@pytest.mark.parametrize(
    ("text", "old", "new", "happened"),
    [
        ("a B c", "b", "B", True),  # the new text is there, the old one is gone
        ("a b c", "b", "B", False),  # as it was
        ("x", "b", "B", None),  # neither: somebody else was here
        ("a b c", "b", "", False),
        ("a c", "b", "", None),
        ("ab", "a", "ab", True),  # what was put in holds what was looked for
        ("a", "a", "ab", False),
    ],
)
def test_whether_an_interrupted_edit_happened_is_looked_up(
    place: ToolContext, text: str, old: str, new: str, happened: bool | None
) -> None:
    """The file tells; where it cannot, a person is asked."""
    (place.workspace / "a.txt").write_text(text)
    assert asyncio.run(edited({"path": "a.txt", "old": old, "new": new}, place)) is happened


def test_of_a_file_that_is_gone_nobody_can_tell(place: ToolContext) -> None:
    """A missing file says neither yes nor no."""
    assert asyncio.run(edited({"path": "none", "old": "a", "new": "b"}, place)) is None


def test_a_search_names_file_line_and_text(place: ToolContext) -> None:
    """Every hit is one line that can be found again, folder by folder in the order of their names."""
    (place.workspace / "sub").mkdir()
    (place.workspace / "sub" / "b.txt").write_text("a\n  two needles\n")
    assert told(search_files, place, pattern="tw.") == "a.txt:2: two\na.txt:3: two\nsub/b.txt:2: two needles"
    assert told(search_files, place, pattern="NEEDLES", ignore_case=True, names="*.txt") == "sub/b.txt:2: two needles"
    assert told(search_files, place, pattern="needle", path="sub/b.txt") == "sub/b.txt:2: two needles"
    assert told(search_files, place, pattern="nothing") == "(nothing found)"


def test_a_search_passes_over_what_is_private(place: ToolContext) -> None:
    """Hidden files, keys, binaries, and links that lead outside are not searched."""
    (place.workspace / ".env").write_text("needle")
    (place.workspace / ".hidden").mkdir()
    (place.workspace / ".hidden" / "a.txt").write_text("needle")
    (place.workspace / "api.key").write_text("needle")
    (place.workspace / "b.bin").write_bytes(b"needle\0")
    (place.workspace / "link.txt").symlink_to(place.workspace.parent / "outside.txt")
    (place.workspace / "large.txt").write_bytes(b"needle\n" * 300_000)
    for path in (".", "api.key", "large.txt"):
        assert told(search_files, place, pattern="needle", path=path) == "(nothing found)"


def test_hits_and_time_are_bounded(place: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither many hits nor a pattern that never ends keeps anybody waiting."""
    (place.workspace / "many.txt").write_text("hit\n" * 500)
    lines = told(search_files, place, pattern="hit").splitlines()
    assert (len(lines), lines[-1]) == (101, "… more than 100; give a narrower pattern")
    monkeypatch.setattr(editing, "SECONDS", 0.2)
    (place.workspace / "many.txt").write_text("a" * 60 + "b")
    assert "stopped after 0.2 seconds" in told(search_files, place, pattern="(a|aa)+$")


def test_bad_patterns_and_folders_are_refused(place: ToolContext) -> None:
    """What cannot be searched for, or in, is said."""
    for arguments in ({"pattern": "("}, {"pattern": "a", "path": "none"}):
        with pytest.raises(RepairableToolError):
            use(search_files, place, **arguments)
