"""The guard over what code runs in a context of its own, and over what it leaves behind to run later."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aether_nb.live.guard import Agreement, Guard, armed
from aether_nb.live.reading import read


class Watched:
    """Code under a guard in a folder, and a person who says the same each time."""

    def __init__(self, folder: Path, said: str | None, code: str = "0") -> None:
        self.said, self.asked = said, list[str]()
        announced = read(code, {}).announced
        agreement = Agreement(announced, str(folder), lambda risk, path: False, lambda path, host: "")
        self.guard = Guard(agreement, self.ask, {})

    def ask(self, text: str, options: tuple[str, ...]) -> str | None:
        """What the person says."""
        self.asked.append(text)
        return self.said


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str) -> int:
    """Write a file."""
    return Path(path).write_text("written")


@pytest.mark.parametrize("context", [contextvars.Context, contextvars.copy_context], ids=["empty", "copied"])
def test_a_context_of_its_own_is_no_way_out(folder: Path, context: Callable[[], contextvars.Context]) -> None:
    """Code that runs in another context, an empty one too, is watched: it is called from the code of the call."""
    watched = Watched(folder, "no")
    with armed(watched.guard), pytest.raises(PermissionError, match="the user refused it"):
        context().run(write, "a.txt")
    assert len(watched.asked) == 1 and not (folder / "a.txt").exists()


async def test_the_users_own_tasks_are_not_watched(folder: Path) -> None:
    """A task that the user began, and one in an empty context, write while the agent's code awaits."""
    watched, done = Watched(folder, None), asyncio.Event()

    async def users() -> None:
        await asyncio.sleep(0.01)
        write("mine.txt")
        contextvars.Context().run(write, "mine too.txt")
        done.set()

    task = asyncio.ensure_future(users())
    with armed(watched.guard):
        await done.wait()
        with pytest.raises(PermissionError):
            contextvars.Context().run(write, "a.txt")
    await task
    assert set(os.listdir(folder)) == {"mine.txt", "mine too.txt"}  # noqa: PTH208


async def test_what_is_left_behind_may_do_what_was_agreed_to_and_nothing_else(folder: Path) -> None:
    """When the call is over a callback writes what the card said; for the rest nobody is asked, and it is no."""
    watched, came = Watched(folder, "yes", code="open('agreed.txt', 'w')"), asyncio.Queue[Any]()

    def later(path: str) -> None:
        try:
            came.put_nowait(write(path))
        except PermissionError as error:
            came.put_nowait(str(error))

    with armed(watched.guard):
        for path in ("agreed.txt", "other.txt"):
            asyncio.get_running_loop().call_later(0.01, later, path)
    assert await came.get() == len("written")
    assert "the call that left this behind is over, and nobody can be asked" in await came.get()
    assert watched.asked == [] and not (folder / "other.txt").exists()
    write("mine.txt")  # the user's own code goes on as it likes


async def test_a_call_that_comes_later_does_not_speak_for_an_earlier_one(folder: Path) -> None:
    """A callback of a call that is over is refused also while another call runs; only that one is asked about."""
    first, second, refused = Watched(folder, "yes"), Watched(folder, "yes"), asyncio.Event()

    def later() -> None:
        with pytest.raises(PermissionError, match="is over"):
            write("first.txt")
        refused.set()

    with armed(first.guard):
        asyncio.get_running_loop().call_later(0.01, later)
    with armed(second.guard):
        await refused.wait()
        write("second.txt")
    assert (len(first.asked), len(second.asked)) == (0, 1)


def test_other_threads_of_the_user_are_left_alone(folder: Path) -> None:
    """A thread that runs beside the code is not the code."""
    watched = Watched(folder, None)
    with armed(watched.guard):
        thread = threading.Thread(target=write, args=("mine.txt",))
        thread.start()
        thread.join()
    assert (folder / "mine.txt").exists() and watched.asked == []
