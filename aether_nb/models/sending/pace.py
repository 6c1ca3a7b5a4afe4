"""Not faster than a provider allows: at most so many requests in any minute, whoever in this process asks.

The state is shared between models, threads and event loops. The rate limiters that exist for asyncio belong to one
loop (their waiters are futures of it), and a notebook has two; so a place in time is taken under a lock here, and each
caller sleeps until its own. This module knows no provider.
"""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import insort
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aether_nb.models.base import Delta, Model, Request, Wrapper, closing

__all__ = ["Pace", "Paced"]

WORTH_SAYING = 0.5
"""Seconds. A shorter wait is not mentioned."""


@dataclass
class Pace:
    """At most ``per_minute`` requests in any minute; a rate below one is one request in a longer time.

    Args:
        per_minute: The rate, above 0.
        clock: Seconds that only grow.

    Raises:
        ValueError: The rate is not above 0.
    """

    per_minute: float
    clock: Callable[[], float] = time.monotonic
    _taken: list[float] = field(default_factory=list, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.per_minute > 0:
            raise ValueError(f"a rate has to be above 0 requests a minute, not {self.per_minute}")
        self._most = max(1, int(self.per_minute))
        self._span = 60.0 * self._most / self.per_minute

    def take(self) -> float:
        """Take the next free place; the moment of it, by the clock, which may lie ahead."""
        with self._lock:
            now = self.clock()
            self._taken = [moment for moment in self._taken if moment > now - self._span]
            full = len(self._taken) >= self._most
            moment = self._taken[-self._most] + self._span if full else now
            insort(self._taken, moment)
            return moment

    def give_back(self, moment: float) -> None:
        """Return a place that was not used."""
        with self._lock:
            if moment in self._taken:
                self._taken.remove(moment)

    @contextmanager
    def place(self) -> Iterator[float]:
        """The next free place, for who waits for it and then uses it; gives its moment, as ``take``.

        Who fails, or is cancelled, before he has used it gives it back.
        """
        moment = self.take()
        try:
            yield moment
        except BaseException:
            self.give_back(moment)
            raise


class Paced(Wrapper):
    """Waits until the provider's rate allows the request. A wait that can be noticed yields a ``note`` first.

    Args:
        inner: Who is asked.
        pace: The rate, shared by everybody whom the provider counts together; or the requests a minute, for a rate of
            this model alone.
        sleep: Waits for some seconds.
    """

    def __init__(
        self, inner: Model, pace: Pace | float, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        super().__init__(inner)
        self.pace = pace if isinstance(pace, Pace) else Pace(pace)
        self._sleep = sleep

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """See ``Model.stream``."""
        with self.pace.place() as moment:  # cancelled or closed while waiting, it asks nobody
            if (seconds := moment - self.pace.clock()) > 0:
                if seconds > WORTH_SAYING:
                    rate = f"{self.pace.per_minute:g} requests a minute"
                    yield Delta(note=f"waiting {seconds:.2g} s: {self.name} is asked at most {rate}")
                await self._sleep(seconds)
        async with closing(self.inner.stream(request)) as deltas:
            async for delta in deltas:
                yield delta
