"""Whether a server can keep a record: asked by the doctor, without writing anything."""

from __future__ import annotations

from aether_nb.config.address import Address
from aether_nb.errors import StoreReadOnly
from aether_nb.store.postgres import schema
from aether_nb.store.postgres.database import server_tables
from aether_nb.store.postgres.session import SCHEMA, Session

__all__ = ["look_at"]

_SERVER = "SELECT current_setting('server_version'), current_setting('transaction_read_only')"
_MAY_MAKE = "SELECT has_database_privilege(current_database(), 'CREATE')"
_MAY_WRITE = f"SELECT has_table_privilege('{SCHEMA}.events', 'INSERT')"


def look_at(address: Address) -> str:
    """What kind of server it is, and what it holds of ours.

    Raises:
        StoreReadOnly: Nothing can be written there.
        StoreError: It cannot be used.
    """

    def act(session: Session) -> tuple[str, int, bool]:
        ((version, read_only),) = session.execute(_SERVER).fetchall()
        found = schema.version(session, address)
        ((may,),) = session.execute(_MAY_WRITE if found else _MAY_MAKE).fetchall()
        return version.split()[0], found, may and read_only == "off"

    tables = server_tables(address)
    try:
        version, found, may = tables.ask(act)
    finally:
        tables.close()
    if not may:
        raise StoreReadOnly(
            f"The record of runs cannot be written in {address}.",
            "The server, or this name on it, may only read.",
            "Ask its owner for: GRANT CREATE ON DATABASE … TO …",
        )
    return f"PostgreSQL {version}, {f'with a record of version {found}' if found else 'nothing is recorded there yet'}"
