"""Trying again, and leaving a server alone that does not answer: wrappers around a model.

``Retry`` stands inside, ``Breaker`` outside, so that one call that was tried to its end is one failure. Both go by what
a ``ModelUnavailable`` says of itself: whether the same request may succeed later. They know no provider and no HTTP.

Both are plain loops. Tenacity's attempts are context managers that take every exception for the outcome of an attempt,
so inside an asynchronous generator they would swallow the GeneratorExit and the CancelledError with which somebody
leaves it; and what may be tried again hangs on what has been yielded, which they do not see.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aether_nb.errors import ModelUnavailable
from aether_nb.models.base import Delta, Model, Request, Wrapper, closing
from aether_nb.models.endpoints.endpoint import NONSENSE, OTHER_MODEL, SILENCE

__all__ = ["Breaker", "BreakerState", "Retry"]

LONGEST_WAIT = 60.0
"""Seconds. Who is asked to wait longer is told, and decides."""

FIRST_WAIT = 1.0
LONGEST_BACKOFF = 20.0


class Retry(Wrapper):
    """Asks again when nothing was said yet and the failure may pass; what was shown is never said a second time.

    It waits as long as the provider wishes, else a random part of a time that doubles with each try. While it waits it
    yields a ``Delta`` with a ``note``.

    Args:
        inner: Who is asked.
        attempts: How often in all, at least once.
        host: Who answers, for the note; the model's name unless given.
        chance: A number from 0 to 1, for the random part.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        inner: Model,
        attempts: int = 3,
        *,
        host: str = "",
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(inner)
        self.attempts, self._host = attempts, host
        self._chance, self._sleep = chance, sleep

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """See ``Model.stream``.

        Raises:
            ModelUnavailable: It failed for good, in the middle of the answer, or as often as was tried.
        """
        tried = 0
        while True:
            tried, begun = tried + 1, False
            try:
                async with closing(self.inner.stream(request)) as deltas:
                    async for delta in deltas:
                        begun = begun or delta != Delta(note=delta.note)
                        yield delta
                return
            except ModelUnavailable as error:
                if begun or not error.retryable:
                    raise
                seconds = self._wait(error, tried)
                if tried >= self.attempts or seconds > LONGEST_WAIT:
                    raise _given_up(error, tried, seconds) from error
                reason = self._reason(error)
            yield Delta(note=f"waiting {seconds:.2g} s: {reason} (try {tried + 1} of {self.attempts})")
            await self._sleep(seconds)

    def _wait(self, error: ModelUnavailable, tried: int) -> float:
        """Seconds until the next try: what the provider asked for, and never less than our own turn."""
        ours = self._chance() * min(LONGEST_BACKOFF, FIRST_WAIT * 2.0 ** (tried - 1))
        return max(ours, error.retry_after or 0.0)

    def _reason(self, error: ModelUnavailable) -> str:
        if error.status:
            return f"{self._host or self.name} answered {error.status}"
        return error.what.rstrip(".")


def _given_up(error: ModelUnavailable, tried: int, seconds: float) -> ModelUnavailable:
    """The same error, with how often was tried, and with the time to wait when that is long."""
    why, hint = error.why, error.hint
    if tried > 1:
        why = " ".join(filter(None, (why and why.rstrip(".") + ".", f"It was asked {tried} times.")))
    if seconds > LONGEST_WAIT:
        hint = f"Run the cell again in {_duration(seconds)}, or {OTHER_MODEL}"
    return type(error)(
        error.what,
        why,
        hint,
        status=error.status,
        code=error.code,
        retry_after=error.retry_after,
        retryable=error.retryable,
    )


def _duration(seconds: float) -> str:
    """A time to wait in whole units, rounded up."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds > 2 * size:
            return f"{-int(-seconds // size)} {unit}"
    return f"{-int(-seconds // 1)} s"


@dataclass
class BreakerState:
    """What is known of one server's health; every model of that server in this process shares it.

    It may be used from several threads and event loops.

    Args:
        failures: After so many in a row the server is left alone.
        seconds: For so long; then one call may try.
        clock: Seconds that only grow.
    """

    failures: int = 5
    seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    failed: int = field(default=0, init=False)
    _until: float | None = field(default=None, init=False)
    _trial: object = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def enter(self, call: object) -> float:
        """Ask whether a call may go ahead; ``call`` is anything that tells it from the others.

        Returns:
            0 when it may: then ``leave`` has to follow. Else the seconds for which none may; while another call tries
            the server out, nobody knows how long that takes, and it is one second.
        """
        with self._lock:
            if self._until is None:
                return 0.0
            if (rest := self._until - self.clock()) > 0:
                return rest
            if self._trial is not None:
                return 1.0
            self._trial = call
            return 0.0

    def leave(self, call: object, healthy: bool | None) -> None:
        """Say what came of a call: the server is well, or it is not, or (None) nobody knows, as the call was left."""
        with self._lock:
            if trial := self._trial is call:
                self._trial = None
            if healthy:
                self.failed, self._until = 0, None
            elif healthy is False:
                self.failed += 1
                # A call from before, that fails while the server is left alone already, tells nothing new.
                if trial or (self._until is None and self.failed >= self.failures):
                    self._until = self.clock() + self.seconds


class Breaker(Wrapper):
    """Leaves a server alone that failed several times in a row, so that nobody waits for what will not come.

    What counts is the server's health: faults, broken connections, silence. A refused key, a refused request, a spent
    rate limit and a model that writes nonsense come from a server that is well.

    Args:
        inner: Who is asked; a ``Retry``, as a rule.
        state: What is known of the server; its own unless given.
    """

    def __init__(self, inner: Model, state: BreakerState | None = None) -> None:
        super().__init__(inner)
        self.state = state or BreakerState()

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """See ``Model.stream``.

        Raises:
            ModelUnavailable: The server is left alone for now; or what the inner model raises.
        """
        call = object()
        if (rest := self.state.enter(call)) > 0:
            raise self._open(rest)
        healthy: bool | None = None
        try:
            async with closing(self.inner.stream(request)) as deltas:
                async for delta in deltas:
                    if delta.reply is not None:
                        healthy = True
                    yield delta
        except ModelUnavailable as error:
            healthy = _is_well(error)
            raise
        finally:
            self.state.leave(call, healthy)

    def _open(self, rest: float) -> ModelUnavailable:
        until = time.strftime("%H:%M:%S", time.localtime(time.time() + rest))
        return ModelUnavailable(
            f"{self.name} was not asked.",
            f"Its server failed {self.state.failed} times in a row and is left alone until {until}.",
            f"Run the cell again after that, or {OTHER_MODEL}",
            retry_after=rest,
            retryable=True,
        )


def _is_well(error: ModelUnavailable) -> bool:
    """Whether a failure comes from a server that is well."""
    if error.code == SILENCE:
        return False
    return not error.retryable or error.status == 429 or error.code == NONSENSE
