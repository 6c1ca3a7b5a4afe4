"""A log that lives as long as its process: for tests, and for runs that nobody wants to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock

from aether_nb.events.codec import encode
from aether_nb.events.kinds import Entry, Event
from aether_nb.store.log import RunSummary, check_head, check_stored, choose_run

__all__ = ["MemoryLog"]


class MemoryLog:
    """A ``Log`` in memory. It refuses what a log on disk would refuse, so that nothing works only here.

    Args:
        checked: Whether events are encoded to see that they could be kept. A program's own runs, which nobody keeps, do
            without: it costs a tenth of a turn.
    """

    def __init__(self, checked: bool = True) -> None:
        self._checked = checked
        self._lock = Lock()
        self._entries: dict[str, list[Entry]] = {}

    def append(
        self, run: str, expected_head: int, events: Sequence[Event], time: float, epoch: int = 0
    ) -> tuple[Entry, ...]:
        """See ``Log.append``."""
        check_stored(events)
        if self._checked:
            for event in events:
                encode(event)
        with self._lock:
            check_head(run, expected_head, len(self._entries.get(run, ())))
            entries = tuple(Entry(run, expected_head + n, time, event) for n, event in enumerate(events, 1))
            if entries:
                self._entries.setdefault(run, []).extend(entries)
        return entries

    def read(self, run: str, after: int = 0) -> Iterator[Entry]:
        """See ``Log.read``."""
        with self._lock:
            return iter(self._entries.get(run, [])[after:])

    def runs(self, limit: int = 50) -> list[RunSummary]:
        """See ``Log.runs``."""
        with self._lock:
            return self._newest()[:limit]

    def resolve(self, prefix: str) -> str:
        """See ``Log.resolve``."""
        with self._lock:
            ids = [summary.id for summary in self._newest()]
        return choose_run(prefix, [run for run in ids if run.startswith(prefix)], ids)

    def close(self) -> None:
        """Nothing is held open; what was appended stays until the object is gone."""

    def _newest(self) -> list[RunSummary]:
        summaries = (
            RunSummary(run, entries[0].time).after([entry.event for entry in entries])
            for run, entries in self._entries.items()
        )
        return sorted(summaries, key=lambda summary: (-summary.started, summary.id))
