"""Whose turn it is to call a server: so many calls run side by side, and so many begin in any minute.

A turn that comes to nothing before the call is sent uses up nothing, however it ends. This module knows no connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import TypeVar

from aether_nb.errors import RepairableToolError
from aether_nb.models.sending.pace import Pace

__all__ = ["Turns"]

T = TypeVar("T")

AT_ONCE = 8
"""Calls of one server that run side by side."""


class Turns:
    """The turns of one server.

    Args:
        server: What it is called.
        per_minute: The most calls in a minute; None for any number.
    """

    def __init__(self, server: str, per_minute: float | None) -> None:
        self.server = server
        self.pace = Pace(per_minute) if per_minute else None
        self._room = asyncio.Semaphore(AT_ONCE)
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def turn(self, patience: float, ready: Callable[[], Awaitable[T]]) -> AsyncIterator[T]:
        """A turn, for as long as the call takes; gives what ``ready`` gives.

        Args:
            patience: Seconds that are waited for it at most. A rate that is known to need longer is not waited for.
            ready: Gets the server ready when it is this call's turn; what it raises is raised.

        Raises:
            RepairableToolError: It is not this call's turn by then: nothing was sent.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._room = loop, asyncio.Semaphore(AT_ONCE)
        room, until = self._room, loop.time() + patience
        try:
            async with asyncio.timeout_at(until):
                await room.acquire()
        except TimeoutError:
            raise self._full(f"{AT_ONCE} calls of it are under way.") from None
        try:
            with self.pace.place() if self.pace else nullcontext() as moment:
                if self.pace and moment is not None:
                    await self._wait(self.pace, moment, until - loop.time())
                there = await ready()
            yield there
        finally:
            room.release()

    async def _wait(self, pace: Pace, moment: float, patience: float) -> None:
        """Wait for the place that the rate has for a call.

        Raises:
            RepairableToolError: It is too far ahead.
        """
        seconds = moment - pace.clock()
        if seconds > patience:
            why = f"It is asked at most {pace.per_minute:g} times a minute."
            raise self._full(why, f"It can be asked again in {seconds:.0f} s.")
        await asyncio.sleep(max(0.0, seconds))

    def _full(self, why: str, hint: str = "") -> RepairableToolError:
        return RepairableToolError(f"The server {self.server} has no room: nothing was sent.", why, hint)
