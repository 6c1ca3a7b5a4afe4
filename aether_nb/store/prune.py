"""Cleaning a store: ended runs that nobody wants any more, and bytes that no run speaks of.

What was dropped stays known: the store's journal, a run with a chain of its own, says of each dropped run how many
events it had and what the hash of the last one was. A run that has not ended, or that somebody holds, is never touched.
On a server, which others share, what somebody else's key has sealed stays. This module does not know when to clean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from aether_nb.config.address import POSTGRES, Address
from aether_nb.errors import StoreCorrupt, StoreError, StoreFull
from aether_nb.events.children import above
from aether_nb.events.kinds import RunsPruned
from aether_nb.store.contents import PAYLOAD, opened_row
from aether_nb.store.database import Database
from aether_nb.store.folder_blobs import FolderBlobs
from aether_nb.store.log import JOURNAL
from aether_nb.store.rows import Connection, Row, Tables
from aether_nb.store.seal import Sealer
from aether_nb.store.sealed_blobs import name_of
from aether_nb.store.table_leases import TableLeases
from aether_nb.store.tables import TableLog, head_fields
from aether_nb.store.vault import Vault
from aether_nb.store.wrapping import Unlock

__all__ = ["GRACE", "Pruned", "prune"]

GRACE = 3600.0
"""How many seconds bytes are left alone after they were put in: the event that speaks of them may be on its way."""

_RUNS = """
    SELECT id, outcome, (SELECT max(time) FROM events WHERE run = id),
        (SELECT CAST(sum(length(CAST(payload AS BLOB)) + 200) AS BIGINT) FROM events WHERE run = id), head, chain, seal
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
_HELD = "SELECT run, epoch, since FROM leases"
_ALL_RUNS = "SELECT DISTINCT run FROM events"
_PAYLOADS = """
    SELECT seq, time, kind, version, CAST(payload AS BLOB) FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT 500
"""
_SERVER_SIZE = """
    SELECT CAST(sum(pg_total_relation_size(oid)) AS BIGINT) FROM pg_class
    WHERE relkind = ? AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
"""
_HASH = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What came of cleaning.

    Args:
        runs: The runs that were dropped.
        spared: Those that were named and are still there, with the reason.
        blobs: How many files of bytes were removed.
        freed: How much smaller the store is on the disk, in bytes.
        unshrunk: Whether the file was left as large as it was, because a run is at work.
    """

    runs: tuple[str, ...] = ()
    spared: dict[str, str] = field(default_factory=dict)
    blobs: int = 0
    freed: int = 0
    unshrunk: bool = False


def prune(
    place: Path | Address,
    time: float,
    runs: Sequence[str] = (),
    before: float | None = None,
    largest: int | None = None,
    why: str = "asked for",
    sealer: Sealer | None = None,
    unlock: Unlock | None = None,
) -> Pruned:
    """Drop ended runs: those named, those that ended before a time, and the oldest until the rest is small enough.

    Args:
        place: The record's folder, or its server.
        time: Now, in seconds since the epoch.
        runs: Whole ids.
        before: A time in seconds since the epoch.
        largest: How many bytes the events of all runs may have together.
        why: What the journal says of it.
        sealer: This user's key: whose runs on a server are his.
        unlock: Finds the key of a record that is encrypted: which bytes it speaks of stands in it.

    Raises:
        StoreError: The store cannot be read or written; then no run was dropped.
    """
    tables, blobs, measure, shrink = _server(place) if isinstance(place, Address) else _folder(place)
    if unlock is not None:
        tables.bring_key(unlock)
    try:
        size = measure()
        spared: dict[str, str] = {}
        rows = tables.select(_RUNS, (JOURNAL,))
        if isinstance(place, Address):
            spared = {row[0]: "another user's key has sealed it" for row in rows if _is_others(row, sealer)}
        wanted = _wanted([row[:4] for row in rows if row[0] not in spared], runs, before, largest)
        dropped = tuple(run for run in wanted if _dropped(tables, run, time, why, spared))
        unused = _unused(tables, blobs, time)
        for hash in unused:
            blobs.drop(hash)
        busy = bool(dropped and shrink and _held_since(tables))
        if dropped and shrink and not busy:  # nobody can write meanwhile, and that may take long
            shrink()
        freed = max(0, size - measure())
    finally:
        tables.close()
    return Pruned(dropped, {run: spared[run] for run in runs if run in spared}, len(unused), freed, busy)


class _Bytes(Protocol):
    """Bytes that can be cleaned."""

    def drop(self, hash: str) -> int:
        """See ``Blobs.drop``."""

    def untouched(self, before: float) -> Iterator[str]:
        """The names of what was last put in before a time."""


class _Place(NamedTuple):
    """What is cleaned: rows and bytes, how large they are, and how room is given back if not by itself."""

    tables: Tables
    blobs: _Bytes
    measure: Callable[[], int]
    shrink: Callable[[], None] | None


def _folder(folder: Path) -> _Place:
    database = Database(folder)
    return _Place(database, FolderBlobs(folder), lambda: _size(folder), lambda: _shrink(database))


def _server(address: Address) -> _Place:
    if address.scheme not in POSTGRES:
        raise StoreError(f"Runs in {address} cannot be dropped from here.", "Whoever made this store knows how.")
    from aether_nb.store.postgres.blobs import ServerBlobs
    from aether_nb.store.postgres.database import server_tables

    tables = server_tables(address)

    def measure() -> int:
        rows = tables.select(_SERVER_SIZE, ("r",))
        return rows[0][0] if rows else 0

    return _Place(tables, ServerBlobs(tables), measure, None)  # a server gives room back by itself


def _is_others(row: Row, sealer: Sealer | None) -> bool:
    """Whether a run is sealed, and not with this key; one of which nobody says that it is his may be dropped."""
    run, *_, head, chain, seal = row
    return bool(seal) and not (sealer is not None and sealer.verifies(head_fields(run, head, chain), seal))


def _wanted(rows: Sequence[Row], runs: Sequence[str], before: float | None, largest: int | None) -> list[str]:
    """The runs to drop, the oldest first; that they may be is looked at again when they are."""
    total = sum(size or 0 for *_, size in rows)
    named, wanted = set(runs), []
    for run, outcome, last, size in rows:
        old = outcome is not None and before is not None and (last or 0.0) < before
        large = outcome is not None and largest is not None and total > largest
        if run in named or old or large:
            wanted.append(run)
            total -= (size or 0) if outcome is not None else 0
    return wanted


def _dropped(tables: Tables, run: str, time: float, why: str, spared: dict[str, str]) -> bool:
    """Drop a run and write it down, in one transaction; False, with a reason, when it may not be dropped."""
    leases, log = TableLeases(tables), TableLog(tables)

    def act(db: Connection) -> bool:
        outcome, head, chain = db.execute(_GET, (run,)).fetchone() or (None, 0, b"")
        holder = leases.holder(run)
        served = [name for name in above(run) if (row := db.execute(_GET, (name,)).fetchone()) and row[0] is None]
        if outcome is None or (holder is not None and holder.alive):
            spared[run] = "it has not ended" if outcome is None else f"{holder and holder.name} holds it"
            return False
        if served:  # which goes on with what this one has found, and would have it done again
            spared[run] = f"the run that it works for, {served[0]}, has not ended"
            return False
        for statement in _DROP:
            db.execute(statement, (run,))
        log.put(db, JOURNAL, RunsPruned(run, head, chain.hex(), why), float(time))
        return True

    return tables.write(("prune",), act, JOURNAL)


def _unused(tables: Tables, blobs: _Bytes, time: float) -> list[str]:
    """Bytes that were put in some time ago and that no event speaks of; what is damaged counts as speaking.

    What was put in since the oldest of the runs began that are held now stays: a call speaks of it when it is over.
    Where an event does not open, nobody knows which bytes it speaks of: then all of them stay.
    """
    before = min([time - GRACE, *_held_since(tables)])
    if next(blobs.untouched(before), None) is None:
        return []
    vault = tables.vault
    try:
        spoken = {hash.decode() for payload in _payloads(tables, vault) for hash in _HASH.findall(payload)}
    except StoreCorrupt:
        return []
    if vault:
        spoken |= {name_of(vault, hash) for hash in spoken}
    return [name for name in blobs.untouched(before) if name not in spoken]


def _payloads(tables: Tables, vault: Vault | None) -> Iterator[bytes]:
    """What every event says, of whatever kind: one that is new, or a newer aether-nb's, speaks of bytes as well.

    Raises:
        StoreCorrupt: One of them does not open.
    """
    for (run,) in tables.select(_ALL_RUNS):
        last = 0
        while rows := tables.select(_PAYLOADS, (run, last)):
            for row in rows:
                yield (opened_row(vault, run, tuple(row)) if vault else row)[PAYLOAD]
            last = rows[-1][0]


def _held_since(tables: Tables) -> list[float]:
    """Since when each run is held that somebody who is alive holds."""
    return [since for run, epoch, since in tables.select(_HELD) if tables.locks.is_held(run, epoch)]


def _shrink(database: Database) -> None:
    try:
        database.shrink()
    except StoreFull:
        pass  # there is no room for the smaller copy; the file's empty pages are used before it grows again


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
