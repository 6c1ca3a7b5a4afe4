"""The log on disk: the tables of a record's file. What is the same in every database is in ``tables``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aether_nb.events.kinds import Entry, Event, RunEnded
from aether_nb.store.database import Database
from aether_nb.store.log import Times
from aether_nb.store.seal import Sealer
from aether_nb.store.tables import TableLog

__all__ = ["SqliteLog"]


class SqliteLog(TableLog):
    """A ``Log`` and its ``Chain`` in a folder, or in a file that signals and leases share.

    Args:
        place: The folder in which ``runs.db`` lies, or the file that is open already.
        sealer: As for ``TableLog``.
    """

    def __init__(self, place: Path | Database, sealer: Sealer | None = None) -> None:
        self.database = place if isinstance(place, Database) else Database(place)
        self.folder, self.file = self.database.folder, self.database.file
        super().__init__(self.database, sealer)

    def append(
        self, run: str, expected_head: int, events: Sequence[Event], time: Times, epoch: int = 0
    ) -> tuple[Entry, ...]:
        """See ``Log.append``."""
        entries = super().append(run, expected_head, events, time, epoch)
        if events and isinstance(events[-1], RunEnded):
            self.database.writing.discard(run)
        return entries
