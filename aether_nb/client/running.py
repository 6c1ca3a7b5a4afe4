"""A run in a program's hand: its events as they come, its result, and Stop.

It follows the run's log. It does not drive anything: that is done by the coroutine it is given.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb.agent.run import Run
from aether_nb.client.responses import Response
from aether_nb.errors import RunFailed, UsageFault
from aether_nb.events.kinds import Entry, UndoDone
from aether_nb.events.state import RunState

if TYPE_CHECKING:
    from aether_nb.live.undo import RunPoints
    from aether_nb.session.undoing import Undo

__all__ = ["Feed", "RunHandle"]


class Feed:
    """The entries of a run as they happen, for one reader; one wake-up brings all that has gathered."""

    def __init__(self) -> None:
        self._gathered: list[Entry] = []
        self._closed = False
        self._waiting: asyncio.Future[None] | None = None

    def put(self, entry: Entry) -> None:
        """Take an entry; a watcher of the run."""
        self._gathered.append(entry)
        if self._waiting is not None:
            self._wake()

    def close(self, _: object = None) -> None:
        """Nothing more will come."""
        self._closed = True
        if self._waiting is not None:
            self._wake()

    async def entries(self) -> AsyncIterator[list[Entry]]:
        """What has gathered, each time something has."""
        while True:
            if self._gathered:
                entries, self._gathered = self._gathered, []
                yield entries
            elif self._closed:
                return
            else:
                self._waiting = asyncio.get_running_loop().create_future()
                await self._waiting

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


class RunHandle:
    """A run that has been started: ``async for entry in handle`` follows its events, ``await handle`` gives its answer.

    Both may be done, in any order and several times; who comes late gets the stored events from the beginning. What a
    run came to is raised where it is awaited, and nowhere else.

    Args:
        run: The run.
        work: Drives it to its end and returns the answer.
        kept: What its tools have changed.

    Raises:
        UsageFault: No event loop runs here.
    """

    def __init__(self, run: Run, work: Callable[[], Coroutine[Any, Any, Response]], kept: RunPoints) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError as error:
            why = "It is worked on in an event loop, and none runs here."
            raise UsageFault("The run was not started.", why, "Use run_sync(task).") from error
        self._run, self._kept = run, kept
        self._task = self._loop.create_task(work())
        self._task.add_done_callback(_seen)
        self._stopped = False

    def __repr__(self) -> str:
        return f"<RunHandle {self.id} {self._run.phase}>"

    @property
    def id(self) -> str:
        """The run's name."""
        return self._run.id

    @property
    def state(self) -> RunState:
        """The run as it stands."""
        return self._run.state

    @property
    def code(self) -> str:
        """What the run has done to the notebook so far, as code; empty when it has run none."""
        from aether_nb.events.coding import code_of

        return code_of(self._run.log.read(self._run.id)).text

    def stop(self) -> None:
        """Stop the run; its log says so. May be called from any thread; does nothing when it has ended."""
        self._stopped = True
        self._loop.call_soon_threadsafe(self._task.cancel)

    def preview_undo(self, call: str = "", *, to: str = "") -> Undo:
        """What taking the run back would do; nothing is done. Arguments and errors are those of ``undo``."""
        from aether_nb.session.undoing import prepare

        if self.state.ended is None:
            raise UsageFault(f"Run {self.id} is being worked on.", "What it does is not over.", "Await it, or stop it.")
        entries = list(self._run.log.read(self.id))
        return prepare(entries, self._kept.points, {}, Path(os.path.realpath(Path.cwd())), call=call, to=to)

    def undo(self, call: str = "", *, to: str = "") -> UndoDone:
        """Take back what the tools of the run have changed: files, and what else they keep before they change it.

        Args:
            call: One call, by its number or id, or the name of an earlier undo, which is taken back itself; empty for
                all of the run.
            to: The last call that stays; all after it are taken back.

        Returns:
            What was done; ``left`` says what stays as it is. It stands in the run's log, too.

        Raises:
            UsageFault: The run has not ended.
            UndoRefused: There is no such call, or nothing to take back.
        """
        from aether_nb.session.undoing import perform

        undo = self.preview_undo(call, to=to)
        return perform(undo, self._run, self._kept.points, {}, self._kept.blobs, "the program")

    def __await__(self) -> Generator[Any, None, Response]:
        return self._answer().__await__()

    def __aiter__(self) -> AsyncIterator[Entry]:
        return self._entries()

    async def _answer(self) -> Response:
        """The run's answer.

        Raises:
            RunFailed: It was stopped, or came to another bad end.
            ModelError: The model did not answer.
        """
        try:
            return await self._task
        except asyncio.CancelledError:
            if not self._stopped:
                raise
        raise RunFailed("The run was stopped.", hint="Start it again: run(task)")

    async def _entries(self) -> AsyncIterator[Entry]:
        feed = Feed()
        known = list(self._run.log.read(self._run.id))
        self._run.watchers.append(feed.put)
        self._task.add_done_callback(feed.close)
        try:
            for entry in known:
                yield entry
            async for entries in feed.entries():
                for entry in entries:
                    yield entry
        finally:
            self._run.watchers.remove(feed.put)
            self._task.remove_done_callback(feed.close)


def _seen(task: asyncio.Task[Response]) -> None:
    """The run's log tells of its end; asyncio need not complain when nobody awaits it."""
    if not task.cancelled():
        task.exception()
