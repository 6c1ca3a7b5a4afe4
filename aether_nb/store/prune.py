"""Cleaning a store: ended runs that nobody wants any more, and bytes that no run speaks of.

What was dropped stays known: the store's journal, a run with a chain of its own, says of each dropped run how many
events it had and what the hash of the last one was. A run that has not ended, or that somebody holds, is never touched.
This module does not know when to clean.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from aether_nb.errors import StoreFull
from aether_nb.events.kinds import RunsPruned
from aether_nb.store.database import Database
from aether_nb.store.folder_blobs import FolderBlobs
from aether_nb.store.log import JOURNAL
from aether_nb.store.sqlite_log import SqliteLog
from aether_nb.store.table_leases import TableLeases

__all__ = ["GRACE", "Pruned", "prune"]

GRACE = 3600.0
"""How many seconds bytes are left alone after they were put in: the event that speaks of them may be on its way."""

_RUNS = """
    SELECT id, outcome, (SELECT max(time) FROM events WHERE run = id),
        (SELECT sum(length(payload) + 200) FROM events WHERE run = id)
    FROM runs WHERE id <> ? ORDER BY started, id
"""
_GET = "SELECT outcome, head, chain FROM runs WHERE id = ?"
_DROP = (
    "DELETE FROM events WHERE run = ?",
    "DELETE FROM calls WHERE run = ?",
    "DELETE FROM signals WHERE run = ?",
    "DELETE FROM leases WHERE run = ?",
    "DELETE FROM runs WHERE id = ?",
)
_KEPT = "SELECT CAST(payload AS BLOB) FROM events WHERE kind = 'namespace.kept'"
_HASH = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What came of cleaning.

    Args:
        runs: The runs that were dropped.
        spared: Those that were named and are still there, with the reason.
        blobs: How many files of bytes were removed.
        freed: How much smaller the store is on the disk, in bytes.
    """

    runs: tuple[str, ...] = ()
    spared: dict[str, str] = field(default_factory=dict)
    blobs: int = 0
    freed: int = 0


def prune(
    folder: Path,
    time: float,
    runs: Sequence[str] = (),
    before: float | None = None,
    largest: int | None = None,
    why: str = "asked for",
) -> Pruned:
    """Drop ended runs: those named, those that ended before a time, and the oldest until the rest is small enough.

    Args:
        folder: The record's folder.
        time: Now, in seconds since the epoch.
        runs: Whole ids.
        before: A time in seconds since the epoch.
        largest: How many bytes the events of all runs may have together.
        why: What the journal says of it.

    Raises:
        StoreError: The store cannot be read or written; then no run was dropped.
    """
    database = Database(folder)
    blobs = FolderBlobs(folder)
    with closing(database):
        size = _size(folder)
        spared: dict[str, str] = {}
        wanted = _wanted(database, runs, before, largest)
        dropped = tuple(run for run in wanted if _dropped(database, run, time, why, spared))
        unused = _unused(database, blobs, time)
        for hash in unused:
            blobs.drop(hash)
        if dropped:
            _shrink(database)
    return Pruned(
        dropped, {run: spared[run] for run in runs if run in spared}, len(unused), max(0, size - _size(folder))
    )


def _wanted(database: Database, runs: Sequence[str], before: float | None, largest: int | None) -> list[str]:
    """The runs to drop, the oldest first; that they may be is looked at again when they are."""
    rows = database.select(_RUNS, (JOURNAL,))
    total = sum(size or 0 for *_, size in rows)
    wanted = []
    for run, outcome, last, size in rows:
        old = outcome is not None and before is not None and (last or 0.0) < before
        large = outcome is not None and largest is not None and total > largest
        if run in runs or old or large:
            wanted.append(run)
            total -= (size or 0) if outcome is not None else 0
    return wanted


def _dropped(database: Database, run: str, time: float, why: str, spared: dict[str, str]) -> bool:
    """Drop a run and write it down, in one transaction; False, with a reason, when it may not be dropped."""
    leases, log = TableLeases(database), SqliteLog(database)

    def act(db: sqlite3.Connection) -> bool:
        outcome, head, chain = db.execute(_GET, (run,)).fetchone() or (None, 0, b"")
        holder = leases.holder(run)
        if outcome is None or (holder is not None and holder.alive):
            spared[run] = "it has not ended" if outcome is None else f"{holder and holder.name} holds it"
            return False
        for statement in _DROP:
            db.execute(statement, (run,))
        log.put(db, JOURNAL, RunsPruned(run, head, chain.hex(), why), float(time))
        return True

    return database.write(("prune",), act)


def _unused(database: Database, blobs: FolderBlobs, time: float) -> list[str]:
    """Bytes that were put in some time ago and that no event speaks of; what is damaged counts as speaking."""
    spoken = {hash.decode() for (payload,) in database.select(_KEPT) for hash in _HASH.findall(payload)}
    return [hash for hash in blobs.untouched(time - GRACE) if hash not in spoken]


def _shrink(database: Database) -> None:
    try:
        database.shrink()
    except StoreFull:
        pass  # there is no room for the smaller copy; the file's empty pages are used before it grows again


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
