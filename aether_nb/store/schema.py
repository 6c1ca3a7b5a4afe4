"""The tables of ``runs.db`` and how each version of them became the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from aether_nb.errors import StoreCorrupt, StoreError, StoreNewer
from aether_nb.events.codec import decode
from aether_nb.events.kinds import Entry
from aether_nb.store.chain import link_of, root
from aether_nb.store.commit import committed
from aether_nb.store.derived import derive

__all__ = ["APPLICATION_ID", "MIGRATIONS", "TABLES", "Rows", "is_old", "migrate", "put_rows", "rows_of"]

APPLICATION_ID = 0x41457468
"""Marks a SQLite file as ours."""

TABLES = {
    "runs": "SELECT * FROM runs WHERE id = ?",
    "events": "SELECT * FROM events WHERE run = ?",
    "calls": "SELECT * FROM calls WHERE run = ?",
    "signals": "SELECT NULL, run, id, time, type, by, body, seal, applied FROM signals WHERE run = ? ORDER BY place",
    "leases": "SELECT * FROM leases WHERE run = ?",
}
"""The tables, and how the rows of one run are found, so that they can be put into another file."""

Rows: TypeAlias = dict[str, list[tuple[Any, ...]]]
"""All that is known of one run, by table."""

Act: TypeAlias = str | Callable[[sqlite3.Connection], None]


def _forge(db: sqlite3.Connection) -> None:
    """Give the events of old runs their hashes. One that is none gets a hash that no event has."""
    events = "SELECT seq, time, kind, version, CAST(payload AS BLOB) FROM events WHERE run = ? ORDER BY seq"
    put = "INSERT INTO chained VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?)"
    for (run,) in db.execute("SELECT DISTINCT run FROM events").fetchall():
        prev = root(run)
        for row in db.execute(events, (run,)).fetchall():
            hash = link_of(run, (*row, prev, b""), row[0]) or bytes(32)
            db.execute(put, (run, *row, prev, hash))
            prev = hash
        db.execute("UPDATE runs SET chain = ? WHERE id = ?", (prev, run))


def _list_calls(db: sqlite3.Connection) -> None:
    """Fill the ledger from the events of old runs; what cannot be read says nothing of calls."""
    query = """
        SELECT run, seq, time, kind, version, CAST(payload AS BLOB) FROM events
        WHERE kind GLOB 'call.*' OR kind = 'gate.answered' ORDER BY run, seq
    """
    for run, seq, time, kind, version, payload in db.execute(query).fetchall():
        try:
            derive(db, [Entry(run, seq, time, decode(kind, version, payload))], 0)
        except StoreError:
            continue


MIGRATIONS: tuple[tuple[Act, ...], ...] = (
    # 1. Runs and their events. A run's row repeats what a list of runs shows, so that a list decodes no event; its
    #    head, compared in the transaction that appends, is what keeps two writers apart.
    (
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, started REAL NOT NULL, prompt TEXT NOT NULL, model TEXT NOT NULL,
            head INTEGER NOT NULL, outcome TEXT, notebook TEXT NOT NULL, cell TEXT NOT NULL
        )""",
        "CREATE INDEX runs_started ON runs (started)",
        """CREATE TABLE events (
            run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL,
            kind TEXT NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL,
            PRIMARY KEY (run, seq)
        ) WITHOUT ROWID""",
    ),
    # 2. Events form a chain, whose last hash the run's row repeats; calls, signals and leases have their rows.
    (
        "ALTER TABLE runs ADD COLUMN parked INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN chain BLOB NOT NULL DEFAULT x''",
        """CREATE TABLE chained (
            run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL,
            kind TEXT NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL,
            prev BLOB NOT NULL, hash BLOB NOT NULL,
            PRIMARY KEY (run, seq)
        ) WITHOUT ROWID""",
        _forge,
        "DROP TABLE events",
        "ALTER TABLE chained RENAME TO events",
        """CREATE TABLE calls (
            run TEXT NOT NULL, call TEXT NOT NULL, attempt INTEGER NOT NULL, tool TEXT NOT NULL, state TEXT NOT NULL,
            effect TEXT NOT NULL, hash TEXT NOT NULL, epoch INTEGER NOT NULL, begun INTEGER NOT NULL,
            proposed INTEGER NOT NULL,
            PRIMARY KEY (run, call, attempt)
        ) WITHOUT ROWID""",
        """CREATE TABLE signals (
            place INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, id TEXT NOT NULL, time REAL NOT NULL,
            type TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL, applied INTEGER NOT NULL,
            UNIQUE (run, id)
        )""",
        """CREATE TABLE leases (
            run TEXT PRIMARY KEY, epoch INTEGER NOT NULL, holder TEXT NOT NULL, process TEXT NOT NULL,
            since REAL NOT NULL
        ) WITHOUT ROWID""",
        _list_calls,
    ),
    # 3. Events lie in the order in which they came: a new one goes behind all others, and fills the pages it needs. The
    #    head of a run is sealed with its user's key; what was written before is nobody's own.
    (
        """CREATE TABLE ordered (
            run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL,
            kind TEXT NOT NULL, version INTEGER NOT NULL, payload TEXT NOT NULL,
            prev BLOB NOT NULL, hash BLOB NOT NULL,
            PRIMARY KEY (run, seq)
        )""",
        "INSERT INTO ordered SELECT * FROM events ORDER BY run, seq",
        "DROP TABLE events",
        "ALTER TABLE ordered RENAME TO events",
        "ALTER TABLE runs ADD COLUMN seal TEXT NOT NULL DEFAULT ''",
    ),
    # 4. The wrapped key of a record whose contents are encrypted; without a row, they are not.
    (
        """CREATE TABLE keys (
            id TEXT PRIMARY KEY, state TEXT NOT NULL, source TEXT NOT NULL, salt BLOB NOT NULL, cost INTEGER NOT NULL,
            wrapped BLOB NOT NULL, since REAL NOT NULL
        )""",
    ),
)
"""What makes version n out of version n - 1; the file's ``user_version`` says how many have been done."""


def migrate(db: sqlite3.Connection, file: Path) -> None:
    """Bring a file to today's version; an empty one gets all of it.

    Args:
        db: An open connection in autocommit mode.
        file: Where it lies, for messages.

    Raises:
        StoreCorrupt: It is a database of somebody else.
        StoreNewer: A newer aether-nb wrote it.
    """
    if is_old(db, file):
        committed(db, ("schema",), lambda db: _lift(db, file))


def is_old(db: sqlite3.Connection, file: Path) -> bool:
    """Whether a file is ours and of an older version, or empty.

    Raises:
        StoreCorrupt: It is a database of somebody else.
        StoreNewer: A newer aether-nb wrote it.
    """
    # Within one transaction: between two looks another process may make the store.
    db.execute("BEGIN")
    try:
        return _version(db, file) < len(MIGRATIONS)
    finally:
        db.execute("ROLLBACK")


def _lift(db: sqlite3.Connection, file: Path) -> None:
    # Asked again: another process may have done it meanwhile.
    for acts in MIGRATIONS[_version(db, file) :]:
        for act in acts:
            db.execute(act) if isinstance(act, str) else act(db)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _version(db: sqlite3.Connection, file: Path) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    owner = int(db.execute("PRAGMA application_id").fetchone()[0])
    tables = int(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if owner != APPLICATION_ID and (tables or version or owner):
        raise StoreCorrupt(
            f"{file} is a database of another program.",
            "It lies where the record of runs should be.",
            "Move it away, or name another folder: AETHER_STORE=<folder>",
        )
    if version > len(MIGRATIONS):
        raise StoreNewer(
            f"The record in {file} has version {version}; this aether-nb reads up to {len(MIGRATIONS)}.",
            "A newer version of aether-nb wrote it.",
            "Update it: %pip install -U aether-nb",
        )
    return version


# ---- all rows of a run


def rows_of(db: sqlite3.Connection, run: str) -> Rows:
    """All that a file holds of a run."""
    return {table: db.execute(query, (run,)).fetchall() for table, query in TABLES.items()}


def put_rows(db: sqlite3.Connection, saved: list[Rows]) -> None:
    """Put runs into a file; one that it knows already stays as it is."""
    for rows in saved:
        known = any(db.execute("SELECT 1 FROM runs WHERE id = ?", row[:1]).fetchone() for row in rows["runs"])
        for table, values in () if known else rows.items():
            for row in values:
                db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(row))})", row)
