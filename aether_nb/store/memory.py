"""A log that lives as long as its process: for tests, and for runs that nobody wants to keep.

With its ledger and its chain. What signals and leases are in memory is in ``memory_parts``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TypeAlias

from aether_nb.events import kinds as k
from aether_nb.events.codec import encode, recorded
from aether_nb.store.chain import Link, Verdict, link, root, verify
from aether_nb.store.ledger import CallRow
from aether_nb.store.log import JOURNAL, RunSummary, Times, begun_at, check_head, check_stored, choose_run, times_of
from aether_nb.store.memory_parts import MemoryLeases, MemorySignals
from aether_nb.store.rules import OPEN, lease_lost, move, not_begun

__all__ = ["MemoryLog"]

Attempts: TypeAlias = dict[int, CallRow]
"""The attempts of a call, by number."""

_entry = partial(tuple.__new__, k.Entry)  # half the price of ``Entry(…)``


class MemoryLog:
    """A ``Log``, a ``Ledger`` and a ``Chain`` in memory. What a log on disk would refuse, it refuses.

    Args:
        checked: Whether all of that is looked at. A program's own runs, which nobody keeps, do without: it costs a
            tenth of a turn. No attempt of a call begins twice even then.
        signals: The letter box, in which the signals that were heard are marked.
        leases: Who may append.
        own: Whether a user's key stands behind it: then all is his own, since nobody else can write here.
    """

    def __init__(
        self,
        checked: bool = True,
        signals: MemorySignals | None = None,
        leases: MemoryLeases | None = None,
        own: bool = False,
    ) -> None:
        self._checked, self._own = checked, own
        if checked:
            self._signals = signals or MemorySignals()
            self._leases = leases or MemoryLeases()
        self._lock = Lock()
        self._entries: dict[str, list[k.Entry]] = {}
        self._calls: dict[str, dict[str, Attempts]] = {}
        self._begun: set[tuple[str, str, int]] = set()

    def append(
        self, run: str, expected_head: int, events: Sequence[k.Event], time: Times, epoch: int = 0
    ) -> tuple[k.Entry, ...]:
        """See ``Log.append``."""
        check_stored(events)
        if self._checked:
            events = [recorded(event)[0] for event in events]
        moments = zip(times_of(time, len(events)), events, strict=True)
        entries = tuple([_entry((run, n, *at)) for n, at in enumerate(moments, expected_head + 1)])
        with self._lock:
            kept = self._entries.get(run)
            if self._checked:
                self._check_lease(run, epoch)
            check_head(run, expected_head, len(kept or ()))
            if entries:
                if self._checked:
                    self._derive(run, entries, epoch)
                elif begun := [event for event in events if isinstance(event, k.CallBegun)]:
                    self._begin_once(run, begun)
                if kept is None:
                    kept = self._entries[run] = []
                kept.extend(entries)
        return entries

    def read(self, run: str, after: int = 0) -> Iterator[k.Entry]:
        """See ``Log.read``."""
        with self._lock:
            return iter(self._entries.get(run, [])[after:])

    def runs(self, limit: int = 50) -> list[RunSummary]:
        """See ``Log.runs``."""
        with self._lock:
            return self._newest()[:limit]

    def of_kinds(self, kinds: Collection[str], since: float = 0.0) -> Iterator[k.Entry]:
        """See ``Across.of_kinds``."""
        with self._lock:
            entries = [entry for run in sorted(self._entries) for entry in self._entries[run]]
        return (entry for entry in entries if entry.time >= since and entry.event.kind in kinds)

    def resolve(self, prefix: str) -> str:
        """See ``Log.resolve``."""
        with self._lock:
            ids = [summary.id for summary in self._newest()]
        return choose_run(prefix, [run for run in ids if run.startswith(prefix)], ids)

    def close(self) -> None:
        """Nothing is held open; what was appended stays until the object is gone."""

    def calls(self, run: str) -> list[CallRow]:
        """See ``Ledger.calls``."""
        with self._lock:
            calls = self._calls.get(run, {})
            return [attempts[number] for attempts in calls.values() for number in sorted(attempts)]

    def begun(self, run: str) -> list[CallRow]:
        """See ``Ledger.begun``."""
        return [row for row in self.calls(run) if row.state == "begun"]

    def head(self, run: str) -> str:
        """See ``Chain.head``."""
        return self.verify(run).head

    def hashes(self, run: str) -> list[str]:
        """See ``Chain.hashes``."""
        return [link.hash.hex() for link in self._links(run)]

    def verify(self, run: str, noted: str = "") -> Verdict:
        """See ``Chain.verify``. What lies in memory is linked when it is asked for."""
        links = self._links(run)
        verdict = verify(run, links, len(links), links[-1].hash if links else root(run), noted)
        return replace(verdict, own=self._own and verdict.ok and bool(links))

    def whole(self, run: str) -> tuple[list[k.Entry], Verdict]:
        """See ``Chain.whole``."""
        return list(self.read(run)), self.verify(run)

    def _links(self, run: str) -> list[Link]:
        links, prev = [], root(run)
        for _, seq, time, event in self.read(run):
            row = (seq, float(time), event.kind, event.version, encode(event))
            links.append(Link(*row, prev, hash := link(prev, run, *row)))
            prev = hash
        return links

    def _newest(self) -> list[RunSummary]:
        summaries = (
            RunSummary(run, begun_at(entries)).after([entry.event for entry in entries])
            for run, entries in self._entries.items()
            if run != JOURNAL
        )
        return sorted(summaries, key=lambda summary: (-summary.started, summary.id))

    def _check_lease(self, run: str, epoch: int) -> None:
        holder = self._leases.holder(run)
        if epoch != (holder.epoch if holder else 0):
            raise lease_lost(run, epoch, *((holder.epoch, holder.name, holder.since) if holder else (0, "", 0.0)))

    def _begin_once(self, run: str, events: Sequence[k.CallBegun]) -> None:
        fresh: set[tuple[str, str, int]] = set()
        for event in events:
            attempt = (run, event.call_id, event.attempt)
            if attempt in self._begun or attempt in fresh:
                raise not_begun(*attempt, "begun")
            fresh.add(attempt)
        self._begun |= fresh

    def _derive(self, run: str, entries: Sequence[k.Entry], epoch: int) -> None:
        """What follows for the ledger and the signals: all of it or, when one of the events is refused, nothing."""
        kept, changed = self._calls.get(run, {}), dict[str, Attempts]()
        heard = [event for _, _, _, event in entries if isinstance(event, k.SignalReceived)]
        for entry in entries:
            call = (
                entry.event.call.id if isinstance(entry.event, k.CallProposed) else getattr(entry.event, "call_id", "")
            )
            attempts = changed.get(call) or kept.get(call, {})
            if row := _derived(attempts, entry, epoch):
                changed[call] = {**attempts, row.attempt: row}
        self._signals.hear(run, heard)
        if changed:
            self._calls.setdefault(run, {}).update(changed)


def _derived(attempts: Attempts, entry: k.Entry, epoch: int) -> CallRow | None:
    """The attempt of its call that an event changes, as it is then. The same rules as those of ``derived``."""
    match event := entry.event:
        case k.CallProposed(call=call):
            row = attempts.get(1)
            if row is None or row.state in OPEN:
                return CallRow(entry.run, call.id, 1, call.name, "proposed", event.effect, event.hash)
        case k.CallBegun(call_id=id, attempt=attempt):
            row = attempts.get(attempt)
            first = attempts.get(1) or CallRow(entry.run, id, 1, "", "proposed", "external", "")
            before = attempts.get(attempt - 1)
            due = row.state in OPEN if row else attempt == 1 or (before is not None and before.state == "failed")
            if not due:
                raise not_begun(entry.run, id, attempt, row.state if row else None)
            return replace(row or first, attempt=attempt, state="begun", hash=event.hash, epoch=epoch, begun=entry.seq)
        case _ if change := move(event):
            row = attempts.get(change.attempt or max(attempts, default=0))
            if row and (not change.hash or (row.state == "proposed" and row.hash == change.hash)):
                return replace(row, state=change.to)
    return None
