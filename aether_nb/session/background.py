"""The runs that go on in the background of one kernel: their numbers, how many at once, and who waits for a place.

The first ones in line have a place each; whoever stands behind them begins when one of those is over. This module knows
neither what a run does nor how it is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["Launched", "Line"]


@dataclass(eq=False)
class Launched:
    """A run that was launched into the background.

    Args:
        number: Its number in this kernel.
        run: Its name.
        prompt: What was asked.
        stop: Ends it, from any thread, whether it has begun or not.
    """

    number: int
    run: str
    prompt: str
    stop: Callable[[], None]
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody before it has left the line."""


@dataclass
class Line:
    """The background runs of one kernel, in the order in which they were launched.

    Args:
        limit: How many may be at work at once, at this moment.
    """

    limit: Callable[[], int]
    standing: list[Launched] = field(default_factory=list)
    """Those that are not over."""
    _runs: dict[int, str] = field(default_factory=dict)

    def add(self, run: str, prompt: str, stop: Callable[[], None]) -> Launched:
        """Put a run at the end of the line, and number it."""
        one = Launched(len(self._runs) + 1, run, prompt, stop)
        self._runs[one.number] = run
        self.standing.append(one)
        return one

    def named(self, text: str) -> str:
        """The name of the run with this number; any other text as it stands."""
        return self._runs.get(int(text), text) if text.isdecimal() else text

    def number(self, run: str) -> int:
        """The number of a run that was launched here; 0 for any other."""
        return next((number for number, known in self._runs.items() if known == run), 0)

    def find(self, run: str) -> Launched | None:
        """The one of that name, while it is not over."""
        return next((one for one in self.standing if one.run == run), None)

    def waits(self, one: Launched) -> bool:
        """Whether it has not got a place yet."""
        return one not in self.standing[: self.limit()]

    def move(self) -> None:
        """Let those begin that have got a place. On the agent's loop."""
        for one in self.standing[: self.limit()]:
            one.turn.set()

    def clear(self) -> None:
        """Give up those that stand in line: the loop that they live on hangs."""
        self.standing.clear()

    @asynccontextmanager
    async def place(self, one: Launched) -> AsyncIterator[None]:
        """Wait for a place and hold it; it is free again when the block is left."""
        try:
            while self.waits(one):
                one.turn.clear()
                await one.turn.wait()
            yield
        finally:
            if one in self.standing:
                self.standing.remove(one)
            self.move()
