"""What goes with a question: pictures as pictures, other files in the working folder, and what is no such thing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image as Pictures

from aether_nb.errors import OptionError, WorkspaceError
from aether_nb.events.messages import Image, Part, Text
from aether_nb.session import attaching
from aether_nb.session.attaching import attached, picture_in


def png(size: int = 2) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Pictures.new("RGB", (size, size), "red").save(out, format="PNG")
    return out.getvalue()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A working folder with a picture and a table in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "sketch.png").write_bytes(png())
    (folder / "a.csv").write_text("a\n1\n")
    return folder


def told(parts: tuple[Part, ...]) -> list[str]:
    """The words, and the types of the pictures."""
    return [part.text.strip() if isinstance(part, Text) else part.mime for part in parts]


@pytest.mark.parametrize("value", [Figure(), Figure().add_subplot(), Pictures.new("RGB", (2, 2)), png()])
def test_a_variable_that_holds_a_picture_goes_as_one(work: Path, value: Any) -> None:
    """A figure, a part of one, a picture of PIL, or the bytes of one."""
    assert told(attached("fig", {"fig": value}, work)) == ["Attached picture: fig", "image/png"]


def test_files_are_pictures_or_lie_in_the_working_folder(work: Path, tmp_path: Path) -> None:
    """Several have commas between them; one from elsewhere is copied, under a name that is free."""
    (tmp_path / "a.csv").write_text("b\n22\n")
    parts = attached(f"sketch.png, a.csv,,{tmp_path / 'a.csv'}", {}, work)
    assert told(parts) == [
        "Attached picture: sketch.png",
        "image/png",
        "Attached file, in the working folder: a.csv (4 bytes)",
        "Attached file, in the working folder: a-2.csv (5 bytes)",
    ]
    assert isinstance(parts[1], Image) and (work / "a-2.csv").read_text() == "b\n22\n"


@pytest.mark.parametrize("typed", ["missing.png", "df", "raw", "big.bin", "."])
def test_what_cannot_be_attached_is_said(work: Path, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for nothing, a variable without a picture, a file that is too large, a folder."""
    monkeypatch.setattr(attaching, "LARGEST_FILE", 100)
    (work / "big.bin").write_bytes(b"x" * 101)
    with pytest.raises(OptionError, match=typed.replace(".", r"\.")):
        attached(typed, {"df": [1], "raw": b"no picture"}, work)


def test_hidden_files_are_not_attached(work: Path) -> None:
    """They hold keys, histories and settings."""
    (work / ".env").write_text("KEY=1")
    with pytest.raises(WorkspaceError):
        attached(".env", {}, work)


def test_running_a_cell_again_copies_nothing_again(work: Path, tmp_path: Path) -> None:
    """A file with the same bytes is there already, under either name; another one of that name is left alone."""
    typed = tmp_path / "a.csv"
    typed.write_text("b\n22\n")
    names = {told(attached(str(typed), {}, work))[0].split()[6] for _ in range(3)}
    assert names == {"a-2.csv"}
    assert sorted(file.name for file in work.glob("a*")) == ["a-2.csv", "a.csv"]


@pytest.mark.parametrize("wrong", ["missing.csv", "df", ".env"])
def test_a_wrong_name_leaves_no_copy_of_the_others(work: Path, tmp_path: Path, wrong: str) -> None:
    """All names are looked at before any file is copied."""
    for name in ("b.csv", ".env"):
        (tmp_path / name).write_text("b\n")
    with pytest.raises((OptionError, WorkspaceError)):
        attached(f"{tmp_path / 'b.csv'}, {tmp_path / wrong if '.' in wrong else wrong}", {"df": [1]}, work)
    assert not (work / "b.csv").exists()


def test_a_large_picture_is_a_file_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers take no larger ones."""
    assert picture_in(png()) is not None
    monkeypatch.setattr(attaching, "LARGEST_PICTURE", 10)
    assert picture_in(png()) is None
