"""A run in the hand: its log, its folded state, and whoever watches.

The order is the promise: events are written, then folded, then shown. What watchers do with it can never break a run.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from aether_nb.events import folds
from aether_nb.events.kinds import Entry, Event, State, StateChanged
from aether_nb.events.state import RunState
from aether_nb.store.log import Log

__all__ = ["Run", "Watcher", "new_id"]

Watcher: TypeAlias = Callable[[Entry], None]
"""Called with every entry, stored or transient, on the agent's thread; must not block."""

logger = logging.getLogger(__name__)


def new_id() -> str:
    """A name for a run: eight hexadecimal digits, short enough to type."""
    return secrets.token_hex(4)


class Run:
    """One task from prompt to answer.

    Args:
        log: Where its events are kept.
        id: Its name; a new one when left out.
        watchers: Who is told of every entry.
        clock: Seconds since the epoch; tests hand in their own.
        epoch: The number of the lease under which it is written; 0 for a run that nobody leases.
    """

    def __init__(
        self,
        log: Log,
        id: str = "",
        watchers: Iterable[Watcher] = (),
        clock: Callable[[], float] = time.time,
        epoch: int = 0,
    ) -> None:
        self.log, self.id, self.clock, self.epoch = log, id or new_id(), clock, epoch
        self.watchers = list(watchers)
        self.state = RunState()
        self.phase: State = "IDLE"

    def catch_up(self) -> None:
        """Take in what its log has and this has not seen, and show it to who watches."""
        for entry in self.log.read(self.id, self.state.head):
            self.state = folds.step(self.state, entry)
            self._tell(entry)

    def append(self, *events: Event) -> None:
        """Record events, all of them or none; one that is transient is only shown, and comes alone.

        Raises:
            StoreError: They could not be recorded; then they did not happen, and nobody was told.
        """
        now = self.clock()
        if events[0].stored:
            for entry in self.log.append(self.id, self.state.head, events, now, self.epoch):
                self.state = folds.step(self.state, entry)
                self._tell(entry)
        else:
            self._tell(Entry(self.id, self.state.head, now, events[0]))

    def _tell(self, entry: Entry) -> None:
        """Show an entry, and the state's new word when it changed."""
        self._show(entry)
        word = folds.phase(self.phase, self.state, entry)
        if word != self.phase:
            self.phase = word
            self._show(Entry(self.id, self.state.head, entry.time, StateChanged(word)))

    def _show(self, entry: Entry) -> None:
        for watcher in self.watchers:
            try:
                watcher(entry)
            except Exception:  # a watcher is a guest: whatever it does, the run goes on
                logger.exception("a watcher of run %s failed on %s", self.id, entry.event.kind)
