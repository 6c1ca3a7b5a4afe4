"""What the guard costs code that makes many files: their number, and not its square. Instructions are counted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from aether_nb.live.guard import Agreement, Guard
from aether_nb.live.reading import read
from harness.instructions import instructions

FEW, MANY = 20, 100
MOST = 1.1
"""Times the growth of what is made by which the cost of watching it may grow."""


def writes(guard: Guard, folder: Path, number: int) -> None:
    """A file is written, and deleted again."""
    file = str(folder / f"part-{number}.csv")
    guard.sees("open", (file, "w", os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    guard.sees("os.remove", (file, -1))


def tidies(guard: Guard, folder: Path, number: int) -> None:
    """A folder for temporary files is made and taken away with what is in it, as ``TemporaryDirectory`` does it."""
    made = str(folder / f"tmp{number}")
    guard.sees("os.mkdir", (made, 0o700, -1))
    guard.sees("tempfile.mkdtemp", (made,))
    guard.sees("shutil.rmtree", (made, None))
    guard.sees("os.rmdir", (made, -1))


@pytest.mark.parametrize("act", [writes, tidies])
def test_many_files_are_watched_in_the_time_of_their_number(
    act: Callable[[Guard, Path, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five times the files cost about five times as much, and nothing is asked about them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked: list[str] = []

    def cost(files: int) -> int:
        agreement = Agreement(read("0", {}).announced, os.path.realpath(tmp_path), lambda risk, path: risk == "medium")
        guard = Guard(agreement, lambda text, options: asked.append(text), {})
        return instructions(lambda: [act(guard, tmp_path, number) for number in range(files)])

    cost(FEW)  # what is made once, is made
    few, many = cost(FEW), cost(MANY)
    assert not asked
    assert many / few <= MOST * MANY / FEW, (few, many)


def test_what_only_begins_like_a_folder_of_its_own_is_not_its_own(tmp_path: Path) -> None:
    """A call may change what lies below a folder that it made, and not what lies beside it."""
    asked: list[str] = []
    agreement = Agreement(read("0", {}).announced, os.path.realpath(tmp_path), lambda risk, path: risk == "medium")
    guard = Guard(agreement, lambda text, options: asked.append(text), {})
    guard.sees("os.mkdir", (str(tmp_path / "out"), 0o700, -1))
    guard.sees("os.remove", (str(tmp_path / "out" / "deep" / "a.csv"), -1))
    assert not asked
    for beside in ("outer.csv", "out.csv", ""):
        with pytest.raises(PermissionError):
            guard.sees("os.remove", (str(tmp_path / beside), -1))
    assert len(asked) == 3
