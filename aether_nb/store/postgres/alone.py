"""A store on a server that nobody else has open, and one in which nothing is left of what was overwritten.

Each connection of ours holds a shared lock as long as it lasts, so whoever gets it alone is alone.
"""

from __future__ import annotations

from aether_nb.store.guards import open_elsewhere
from aether_nb.store.postgres.database import ServerTables
from aether_nb.store.postgres.session import OPENED
from aether_nb.store.rows import Connection

__all__ = ["be_alone", "written_anew"]

_ALONE = f"SELECT pg_try_advisory_xact_lock({OPENED})"
_TABLES = ("events", "runs", "signals", "calls", "keys", "blobs")


def be_alone(db: Connection) -> None:
    """Be alone until the end of the transaction: who wants to open the store waits for it.

    Raises:
        StoreError: Somebody has it open.
    """
    if not db.execute(_ALONE).fetchone()[0]:
        raise open_elsewhere()


def written_anew(tables: ServerTables) -> None:
    """Write the tables anew, without what was overwritten in them. The server's own log and copies are not ours."""
    for table in _TABLES:
        tables.ask(lambda db, table=table: db.execute(f"VACUUM FULL {table}"))  # type: ignore[misc]
