"""Kills a process at a point: the hook that a crash test puts into ``aether_nb.store.points``.

Every point that is passed is written down first, one line each, in a file that all processes of a story share. So the
points of a story have numbers, and a test says by number where its process is to die. Places inside tools are points as
well, and so is whatever else a test calls ``pass_by`` for.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from pathlib import Path
from threading import Lock

from aether_nb.store import points

FILE = "points.txt"


class Points:
    """Writes down the points that this process passes, and ends it at one of the targets.

    Args:
        folder: Where the file lies.
        targets: The numbers, from 0, at which the process is killed.
    """

    def __init__(self, folder: Path, targets: Collection[int] = ()) -> None:
        self._file = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._next = len(passed(folder))
        self._targets = frozenset(targets)
        self._holds: dict[str, Path] = {}
        self._lock = Lock()

    def pass_by(self, name: str) -> None:
        """A point was reached."""
        with self._lock:
            os.write(self._file, f"{name}\n".encode())
            number, self._next = self._next, self._next + 1
        if number in self._targets:
            os.kill(os.getpid(), signal.SIGKILL)
        if file := self._holds.pop(name, None):
            held(file).touch()
            wait_for(file)

    def hold(self, name: str, file: Path) -> None:
        """From now on this process stays where it first passes a point of that name, until the file is there.

        It says by a file of its own that it has come there: see ``held``.
        """
        self._holds[name] = file

    def install(self) -> None:
        """Listen to the store."""
        points.reached = self.pass_by


def passed(folder: Path) -> list[str]:
    """The names of the points that were passed in a story so far, in order."""
    file = folder / FILE
    return file.read_text().splitlines() if file.exists() else []


def held(file: Path) -> Path:
    """What a process makes when it has come to where it is held until ``file`` is there."""
    return file.with_name(f"{file.name}.held")


def wait_for(file: Path, seconds: float = 50.0) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} never came"
        time.sleep(0.005)
