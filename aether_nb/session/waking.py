"""Waking parked runs: while this kernel lives, what a parked run waits for lets it go on by itself.

One look a second into the letter boxes of the runs that were parked here, on the agent's loop, and only while there are
any. What is said elsewhere, from a terminal or another notebook, is heard; a run that somebody else has taken up is let
go. One run is awake at a time, and the watch does not wait for it: when its loop hangs, another one takes over. How a
run is shown and worked on is handed in: this module knows neither the session nor a widget.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aether_nb.errors import AetherError
from aether_nb.events.state import RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store

__all__ = ["Sleepers", "Wake"]

LOOK = 1.0
"""Seconds between two looks."""

Wake: TypeAlias = Callable[[], Coroutine[Any, Any, RunState | None]]
"""Goes on with a run, to its end or to where it is parked again; on the agent's loop."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Sleeper:
    """A parked run as it lay down: its state, the end of its chain, and how it goes on."""

    state: RunState
    head: str
    wake: Wake


@dataclass
class Sleepers:
    """The parked runs of one kernel.

    Args:
        store: Where they are recorded.
        sealer: What is not sealed with this key wakes nobody.
        busy: Whether a run is being worked on; then nobody is woken.
        submit: Runs a coroutine on the agent's loop.
    """

    store: Store
    sealer: Sealer
    busy: Callable[[], bool]
    submit: Callable[[Coroutine[Any, Any, None]], Future[None]]
    _asleep: dict[str, _Sleeper] = field(default_factory=dict)
    _watch: asyncio.Task[None] | None = None
    _awake: asyncio.Task[None] | None = None

    def __contains__(self, run: str) -> bool:
        """Whether a run is watched over."""
        return run in self._asleep

    def add(self, state: RunState, wake: Wake) -> None:
        """Watch over a run that was parked here; from any thread."""
        self._put(state, wake)
        self.watch()

    def watch(self) -> None:
        """Watch on the loop that turns now: the one before may hang. From any thread."""
        if self._asleep:
            self.submit(self._begin())

    def _put(self, state: RunState, wake: Wake) -> None:
        self._asleep[state.run] = _Sleeper(state, self.store.chain.head(state.run), wake)

    def renew(self, state: RunState) -> None:
        """Something was appended to a run without going on with it: watch over it as it is now, if it was."""
        if (sleeper := self._asleep.get(state.run)) is not None:
            self._put(state, sleeper.wake)

    def drop(self, run: str) -> None:
        """Watch over it no longer: somebody goes on with it."""
        self._asleep.pop(run, None)

    async def _begin(self) -> None:
        """Have one watcher on the loop that turns now."""
        loop = asyncio.get_running_loop()
        if self._watch is None or self._watch.done() or self._watch.get_loop() is not loop:
            if self._awake is not None and self._awake.get_loop() is not loop:
                self._awake = None  # it hangs with its loop
            self._watch = asyncio.ensure_future(self._watch_over())

    async def _watch_over(self) -> None:
        while self._asleep and self._watch is asyncio.current_task():
            await asyncio.sleep(LOOK)
            for run in tuple(self._asleep):
                self._look(run)

    def _look(self, run: str) -> None:
        from aether_nb.session.signalling import wakes  # only where a run is asleep

        sleeper = self._asleep.get(run)
        if sleeper is None or self.busy() or (self._awake is not None and not self._awake.done()):
            return
        try:
            if self.store.chain.head(run) != sleeper.head:
                self.drop(run)
            elif any(wakes(sleeper.state, signal, self.sealer) for signal in self.store.signals.pending(run)):
                self.drop(run)
                self._awake = asyncio.ensure_future(self._go_on(run, sleeper))
        except AetherError as error:
            logger.warning("run %s could not be woken: %s", run, error)

    async def _go_on(self, run: str, sleeper: _Sleeper) -> None:
        try:
            after = await sleeper.wake()
            if after is not None and after.parked is not None:
                self._put(after, sleeper.wake)
                await self._begin()
        except AetherError as error:
            logger.warning("run %s could not be woken: %s", run, error)
        except Exception:  # one that cannot be woken must not keep the others asleep
            logger.exception("run %s could not be woken", run)
