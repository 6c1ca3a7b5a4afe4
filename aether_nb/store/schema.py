"""The tables of ``runs.db`` and how each version of them became the next."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from aether_nb.errors import StoreCorrupt, StoreNewer

__all__ = ["APPLICATION_ID", "MIGRATIONS", "migrate"]

APPLICATION_ID = 0x41457468
"""Marks a SQLite file as ours."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
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
    if _version(db, file) == len(MIGRATIONS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        # Asked again inside the transaction: another process may have done it meanwhile.
        for statements in MIGRATIONS[_version(db, file) :]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # pragma: no branch  # SQLite may have rolled it back by itself
            db.execute("ROLLBACK")
        raise


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
