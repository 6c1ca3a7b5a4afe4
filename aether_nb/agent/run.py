"""A run in the hand: its log, its folded state, and whoever watches.

The order is the promise: events are written, then shown, and nothing acts outside on the word of one that is not
written. A commit costs as much as all the rest of a step, so what nobody outside this process can tell from its not
having happened (a reply has come, a call is looked at, a call that only reads begins and ends, one that changes
variables ends: they die with the process) is written together with what follows, a moment later at the most. What
watchers do never breaks a run.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from aether_nb.errors import StoreError
from aether_nb.events import folds, phases
from aether_nb.events.codec import recorded
from aether_nb.events.coded import CallCoded
from aether_nb.events.kinds import (
    AgentSaid,
    CallBegun,
    CallFinished,
    CallProposed,
    Entry,
    Event,
    ItemFinished,
    ItemStarted,
    ModelAnswered,
    NamespaceChanged,
    NamespaceKept,
    State,
    StateChanged,
)
from aether_nb.events.state import RunState
from aether_nb.store.log import Log

__all__ = ["Run", "Watcher", "new_id"]

Watcher: TypeAlias = Callable[[Entry], None]
"""Called with every entry, stored or transient, on the agent's thread; must not block."""

logger = logging.getLogger(__name__)

AT_ONCE = 0.005
"""Seconds. What has not been followed by then is written by itself: somebody may be looking."""

_SAID = (AgentSaid, ModelAnswered)
_QUIET = (*_SAID, CallProposed, ItemStarted, ItemFinished)
_QUIET_ENDS = (CallFinished, NamespaceChanged, NamespaceKept, CallCoded)
"""What leaves no trace outside of this process; the latter when its call only reads, or only changes variables."""


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
        self._held: list[tuple[Entry, RunState]] = []
        self._owed = False
        """Whether a reply that was paid for is among what is held."""
        self._quick: set[str] = set()
        """The tools whose last call was over in a moment."""
        self._written = self.state
        self._since = 0.0
        """When the first of what is held was taken in, by the loop's clock."""
        self._timed: asyncio.AbstractEventLoop | None = None
        """The loop in which a timer runs."""
        self._failure: StoreError | None = None

    def catch_up(self, known: Iterable[Entry] = ()) -> None:
        """Take in what its log has and this has not seen, and show it to who watches.

        Args:
            known: The beginning of its log, where that was read already.
        """
        entries = list(known)
        entries += self.log.read(self.id, entries[-1].seq if entries else self.state.head)
        self.state, word = folds.fold(entries, self.state), self.phase
        for entry in entries:
            self._show(entry)
            word = phases.phase(word, self.state, entry)
        self._say(word, self.state.last_time)

    def append(self, *events: Event) -> None:
        """Record events, all of them or none; one that is transient is only shown, and comes alone.

        What leaves no trace but in this process is taken in, and recorded with what follows.

        Raises:
            StoreError: They could not be recorded; then they did not happen, and nobody was told.
        """
        if self._failure is not None:
            raise self._failure
        if not events[0].stored:
            self.flush()
            self._tell(Entry(self.id, self.state.head, self.clock(), events[0]))
        elif self.epoch and self._announces(events):
            self._hold(events)
        else:
            self._write(events)

    def flush(self) -> None:
        """Record what was taken in and is not recorded yet.

        Raises:
            StoreError: It could not be recorded.
        """
        if self._held:
            self._write(())

    def _announces(self, events: tuple[Event, ...]) -> bool:
        """Whether nothing outside this process, and no variable, can be touched before something else is recorded.

        A reply waits for no call that may take long: who has paid for it would pay again.
        """
        for event in events:
            if isinstance(event, _QUIET):
                continue
            known = self.state.calls.get(getattr(event, "call_id", ""))
            effect = known.proposed.effect if known else "external"
            if isinstance(event, CallBegun):
                if effect != "pure" or (self._owed and known and known.name not in self._quick):
                    return False
            elif not isinstance(event, _QUIET_ENDS) or effect not in ("pure", "namespace"):
                return False
        return True

    def _hold(self, events: tuple[Event, ...]) -> None:
        if not self._held:
            loop = asyncio.get_running_loop()
            self._written, self._since = self.state, loop.time()
            if self._timed is not loop:  # one timer for several turns: to make one costs more than to fold an event
                loop.call_later(AT_ONCE, self._flush_by_itself, loop)
                self._timed = loop
        now = self.clock()
        for event in events:
            if isinstance(event, _SAID):  # what it calls for is judged, and done, as the record will have it
                event = recorded(event)[0]
            entry = Entry(self.id, self.state.head + 1, now, event)
            self.state = folds.step(self.state, entry)
            self._held.append((entry, self.state))
            if isinstance(event, ModelAnswered):
                self._owed = True
            elif isinstance(event, CallFinished):
                name = self.state.calls[event.call_id].name
                (self._quick.add if event.seconds < AT_ONCE else self._quick.discard)(name)

    def _flush_by_itself(self, loop: asyncio.AbstractEventLoop) -> None:
        later = self._since + AT_ONCE
        if self._held and later > loop.time():
            loop.call_at(later, self._flush_by_itself, loop)
            return
        self._timed = None
        try:
            self.flush()
        except StoreError:  # nobody waits for this: whoever appends next is told
            pass

    def _write(self, events: tuple[Event, ...]) -> None:
        if not self._held:
            for entry in self.log.append(self.id, self.state.head, events, self.clock(), self.epoch):
                self._take_in(entry)
            return
        held, self._held, self._owed = self._held, [], False
        times = [entry.time for entry, _ in held] + [self.clock()] * len(events)
        self.state, events = self._written, (*[entry.event for entry, _ in held], *events)
        try:
            entries = self.log.append(self.id, self.state.head, events, times, self.epoch)
        except StoreError as error:
            self._failure = error  # somebody goes by what was taken in, and may not go on
            raise
        mended = False
        for entry, (was, state) in zip(entries, held, strict=False):
            mended = mended or entry.event is not was.event
            self.state = folds.step(self.state, entry) if mended else state
            self._tell(entry)
        for entry in entries[len(held) :]:
            self._take_in(entry)

    def _take_in(self, entry: Entry) -> None:
        self.state = folds.step(self.state, entry)
        self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        """Show an entry, and the state's new word when it changed."""
        self._show(entry)
        self._say(phases.phase(self.phase, self.state, entry), entry.time)

    def _say(self, word: State, time: float) -> None:
        if word != self.phase:
            self.phase = word
            self._show(Entry(self.id, self.state.head, time, StateChanged(word)))

    def _show(self, entry: Entry) -> None:
        for watcher in self.watchers:
            try:
                watcher(entry)
            except Exception:  # a watcher is a guest: whatever it does, the run goes on
                logger.exception("a watcher of run %s failed on %s", self.id, entry.event.kind)
