"""Guards of a record that was encrypted, or is not any more: they refuse rows of a process that has not noticed.

Such a process opens the record anew and writes its rows once more, as they have to be now. A record that was never
encrypted has no guards, and pays for none. This module knows the tables and their databases, and no contents.
"""

from __future__ import annotations

from aether_nb.errors import StoreError
from aether_nb.store.rows import Connection, Row
from aether_nb.store.wrapping import GET_WRAPPED, PUT_WRAPPED

__all__ = ["GUARD", "carry", "guard_file", "guard_server", "keys_of", "open_elsewhere"]

GUARD = "aether_sealing"
"""The name of the guards, by which their refusal is known."""

_PAYLOAD = "substr(CAST(NEW.payload AS BLOB), 1, 1) {} x'01'"
_ROWS = "SELECT 1 FROM runs UNION ALL SELECT 1 FROM signals LIMIT 1"
_BODY = "NEW.body <> '{{}}' AND substr(NEW.body, 1, 1) {} char(1)"
"""A signal that was heard before it was written has an empty body, in which there is nothing to seal."""


def guard_file(db: Connection, sealed: bool | None) -> None:
    """Let a file take only rows that are sealed, or only such that are not; None: whatever comes."""
    differs = "<>" if sealed else "="
    for table, refused in (("events", _PAYLOAD), ("signals", _BODY)):
        db.execute(f"DROP TRIGGER IF EXISTS {GUARD}_{table}")
        if sealed is not None:
            db.execute(
                f"CREATE TRIGGER {GUARD}_{table} BEFORE INSERT ON {table} WHEN {refused.format(differs)} "
                f"BEGIN SELECT RAISE(ABORT, '{GUARD}'); END"
            )


def guard_server(db: Connection, sealed: bool | None) -> None:
    """The same on a server."""
    same = "" if sealed else "NOT "
    checks = {"events": "substring(payload FROM 1 FOR 1) = '\\x01'", "signals": "left(body, 1) = chr(1)"}
    for table, check in checks.items():
        empty = " OR body = '{}'" if table == "signals" else ""
        db.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {GUARD}")
        if sealed is not None:
            db.execute(f"ALTER TABLE {table} ADD CONSTRAINT {GUARD} CHECK ({same}({check}){empty}) NOT VALID")


def open_elsewhere() -> StoreError:
    """Why a record is not rewritten now."""
    return StoreError(
        "The record is open elsewhere.",
        "Another kernel or command has it open, or a run waits in this one, and would not notice the change.",
        "Shut the other notebooks down and type it in a terminal, as aether encrypt or aether decrypt.",
    )


def keys_of(db: Connection) -> list[Row]:
    """The wrapped key of an encrypted file; nothing of another one."""
    return db.execute(GET_WRAPPED).fetchall()


def carry(db: Connection, keys: list[Row]) -> None:
    """Make a new file an encrypted one, as the one was that is lost; one that has the same key stays as it is.

    Raises:
        StoreError: The new file is somebody's record already, and has another key or none.
    """
    there = keys_of(db)
    if keys and not there and not db.execute(_ROWS).fetchall():
        for key in keys:
            db.execute(PUT_WRAPPED, key)
        guard_file(db, sealed=True)
    elif [id for id, *_ in keys] != [id for id, *_ in there]:
        raise StoreError(
            "Another record lies in the place of the one that was open.",
            f"Its file was removed, and the new one {'has another key' if there else 'is not encrypted'}.",
            "Go on in the new one: restart the kernel. Or move its runs.db away: then the one before goes on.",
        )
