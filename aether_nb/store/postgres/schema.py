"""The tables of a store on a PostgreSQL server, and how each version of them becomes the next.

They lie in a schema of their own, with their version in ``about``. Texts are compared byte by byte, whatever the
language of the database, and payloads are kept as the bytes that were hashed.
"""

from __future__ import annotations

from aether_nb.config.address import Address
from aether_nb.errors import StoreCorrupt, StoreNewer
from aether_nb.store.commit import committed
from aether_nb.store.postgres.session import SCHEMA, Session, key_of

__all__ = ["MIGRATIONS", "begin", "migrate", "version"]

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 1. As in SQLite's version 2, and bytes in pieces.
    (
        """CREATE TABLE runs (
            id TEXT COLLATE "C" PRIMARY KEY, started DOUBLE PRECISION NOT NULL, prompt TEXT NOT NULL,
            model TEXT NOT NULL, head BIGINT NOT NULL, outcome TEXT, notebook TEXT NOT NULL, cell TEXT NOT NULL,
            parked INTEGER NOT NULL, chain BYTEA NOT NULL
        )""",
        "CREATE INDEX runs_started ON runs (started)",
        """CREATE TABLE events (
            run TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL,
            time DOUBLE PRECISION NOT NULL CHECK (time <> 'NaN'), kind TEXT NOT NULL, version BIGINT NOT NULL,
            payload BYTEA NOT NULL, prev BYTEA NOT NULL, hash BYTEA NOT NULL,
            PRIMARY KEY (run, seq)
        )""",
        """CREATE TABLE calls (
            run TEXT COLLATE "C" NOT NULL, call TEXT COLLATE "C" NOT NULL, attempt BIGINT NOT NULL,
            tool TEXT NOT NULL, state TEXT NOT NULL, effect TEXT NOT NULL, hash TEXT NOT NULL, epoch BIGINT NOT NULL,
            begun BIGINT NOT NULL, proposed BIGINT NOT NULL,
            PRIMARY KEY (run, call, attempt)
        )""",
        """CREATE TABLE signals (
            place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run TEXT COLLATE "C" NOT NULL,
            id TEXT COLLATE "C" NOT NULL, time DOUBLE PRECISION NOT NULL, type TEXT NOT NULL, by TEXT NOT NULL,
            body TEXT NOT NULL, seal TEXT NOT NULL, applied BIGINT NOT NULL,
            UNIQUE (run, id)
        )""",
        """CREATE TABLE leases (
            run TEXT COLLATE "C" PRIMARY KEY, epoch BIGINT NOT NULL, holder TEXT NOT NULL, process TEXT NOT NULL,
            since DOUBLE PRECISION NOT NULL
        )""",
        """CREATE TABLE blobs (
            hash TEXT COLLATE "C" NOT NULL, part INTEGER NOT NULL, data BYTEA NOT NULL,
            PRIMARY KEY (hash, part)
        )""",
        # Arrays are packed where that helps; the server need not try again.
        "ALTER TABLE blobs ALTER COLUMN data SET STORAGE EXTERNAL",
    ),
    # 2. As SQLite's version 3: the head of a run is sealed with its user's key. Bytes say when they were last put in.
    (
        "ALTER TABLE runs ADD COLUMN seal TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE blobs ADD COLUMN since DOUBLE PRECISION NOT NULL DEFAULT extract(epoch FROM now())",
    ),
    # 3. As SQLite's version 4: the wrapped key of a record whose contents are encrypted.
    (
        """CREATE TABLE keys (
            id TEXT COLLATE "C" PRIMARY KEY, state TEXT NOT NULL, source TEXT NOT NULL, salt BYTEA NOT NULL,
            cost BIGINT NOT NULL, wrapped BYTEA NOT NULL, since DOUBLE PRECISION NOT NULL
        )""",
    ),
)
"""What makes version n out of version n - 1."""

# Asked of the table of tables: the server's shorter ways remember for a moment what another process has just changed.
_TABLES = f"SELECT relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname = '{SCHEMA}'"


def begin(alone: str = "") -> str:
    """How a transaction begins that is alone with what has this name.

    The lock is a statement of its own: what is read after it was written by whoever had it before.
    """
    lock = f"; SELECT pg_advisory_xact_lock({key_of(alone)})" if alone else ""
    return f"BEGIN ISOLATION LEVEL READ COMMITTED{lock}"


def migrate(session: Session, address: Address) -> None:
    """Bring a store to today's version; where there is none, one is made.

    Raises:
        StoreCorrupt: There are tables of somebody else.
        StoreNewer: A newer aether-nb wrote it.
    """
    if version(session, address) < len(MIGRATIONS):
        committed(session, ("schema",), lambda db: _lift(db, address), begin(SCHEMA))


def version(session: Session, address: Address) -> int:
    """The version of the store; 0 when there is none.

    Raises:
        StoreCorrupt: There are tables of somebody else.
        StoreNewer: A newer aether-nb wrote it.
    """
    tables = {name for (name,) in session.execute(_TABLES).fetchall()}
    if "about" not in tables:
        if tables:
            raise StoreCorrupt(
                f"The schema {SCHEMA} in {address} belongs to another program.",
                "It lies where the record of runs should be.",
                "Name another database: AETHER_STORE=postgresql://NAME@HOST/DATABASE",
            )
        return 0
    ((found,),) = session.execute(f"SELECT max(version) FROM {SCHEMA}.about").fetchall()
    if found > len(MIGRATIONS):
        raise StoreNewer(
            f"The record in {address} has version {found}; this aether-nb reads up to {len(MIGRATIONS)}.",
            "A newer version of aether-nb wrote it.",
            "Update it: %pip install -U aether-nb",
        )
    return int(found)


def _lift(session: Session, address: Address) -> None:
    # Asked again: another process may have done it meanwhile.
    done = version(session, address)
    if not done:
        session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        session.execute(f"CREATE TABLE {SCHEMA}.about (version INTEGER PRIMARY KEY, since TIMESTAMPTZ NOT NULL)")
    for number, acts in enumerate(MIGRATIONS[done:], done + 1):
        for act in acts:
            session.execute(act)
        session.execute("INSERT INTO about VALUES (?, now())", (number,))
