"""One conversation with a PostgreSQL server: statements are said in its words, rows come back as they were kept.

psycopg is imported when a server is first spoken to. This module does not know what is asked.
"""

from __future__ import annotations

import os
import re
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from aether_nb.config.address import Address, masked
from aether_nb.errors import StoreError
from aether_nb.store.postgres.faults import not_installed
from aether_nb.store.rows import Row

if TYPE_CHECKING:
    import psycopg

__all__ = ["OPENED", "SCHEMA", "Session", "connect", "key_of", "spoken"]

SCHEMA = "aether"
"""Where in the database our tables are."""

SILENCE, BETWEEN, UNANSWERED = 15, 5, 4
"""Seconds after which the other host is asked whether it is there, seconds between two questions, and how many it may
leave without an answer: 35 s after its last sign of life a host counts as dead."""

WAIT_SECONDS = 5
"""How long a writer waits for another one."""

IDLE_SECONDS = 30
"""How long a transaction may wait for its client. One that was suspended in the middle must not shut others out."""

OLDEST = 14
"""The oldest version of PostgreSQL that can do what is asked of it."""

_SAID = re.compile(r"CAST\((\?|\w+) AS (?:TEXT|BLOB)\)|\?(\d*)")


def key_of(words: str) -> int:
    """The number under which a server locks something that has these words for a name."""
    return int.from_bytes(sha256(words.encode(errors="surrogatepass")).digest()[:8], "big", signed=True)


@cache
def spoken(query: str) -> bytes:
    """A statement as PostgreSQL reads it. What is bytes in a store of ours is bytes there, and needs no cast."""
    places = iter(range(1, 100))

    def said(found: re.Match[str]) -> str:
        return found[1] if found[1] not in (None, "?") else f"${found[2] or next(places)}"

    return _SAID.sub(said, query).encode()


OPENED = key_of("aether record opened")
"""What every connection of ours locks, together with all others; see ``alone``."""


class Session:
    """A connection as the rest of the store uses one.

    Args:
        db: A connection in autocommit mode, whose placeholders are those of PostgreSQL.
    """

    def __init__(self, db: psycopg.Connection[Row]) -> None:
        self._db = db

    @property
    def is_gone(self) -> bool:
        """Whether the server, or the way to it, was found to be gone."""
        return self._db.closed

    @property
    def in_transaction(self) -> bool:
        """See ``Connection``."""
        return not self.is_gone and self._db.info.transaction_status.value != 0

    def execute(self, query: str, arguments: Row = (), /) -> psycopg.Cursor[Row]:
        """See ``Connection``. Rows come in binary form, in which numbers are exact; without arguments as text.

        A text without arguments may hold several statements, which go to the server together.
        """
        if not arguments:
            return self._db.execute(query.encode(), prepare=False)
        return self._db.execute(spoken(query), arguments, binary=True)

    def leave(self) -> None:
        """In a forked child: say nothing to the server, which speaks with the parent; let go of the child's copy.

        With a copy left open the server would not hear of the parent's death.
        """
        if not self.is_gone:
            os.close(self._db.fileno())

    def close(self) -> None:
        """End the conversation."""
        self._db.close()


def connect(address: Address) -> Session:
    """Speak to a server.

    Both hosts ask whether the other one is still there: a server must not keep the locks of a host that is not.

    Raises:
        StoreError: psycopg is not installed, or the address cannot be read.
        psycopg.Error: The server does not answer, or refuses.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict, make_conninfo
    except ImportError as error:  # also when it finds no library of PostgreSQL's
        raise not_installed(error) from error
    usual: dict[str, Any] = {
        "application_name": "aether-nb",
        "connect_timeout": "10",
        "keepalives_idle": str(SILENCE),
        "keepalives_interval": str(BETWEEN),
        "keepalives_count": str(UNANSWERED),
    }
    try:
        said = conninfo_to_dict(address.plain)
    except psycopg.ProgrammingError:
        raise _unreadable(address) from None  # what it says repeats pieces of the address
    ports = str(said.get("port", "0")).split(",")
    if ("***" in masked(address.plain) and "password" not in said) or not all(port.isdigit() for port in ports):
        raise _unreadable(address)
    info = make_conninfo(**usual | said | {"client_encoding": "utf8"})
    db = psycopg.connect(info, autocommit=True, cursor_factory=psycopg.RawCursor[Row])
    session = Session(db)
    try:
        if db.info.server_version < OLDEST * 10_000:
            raise _too_old(address, db.info.server_version // 10_000)
        session.execute(
            f"SET search_path = {SCHEMA};"
            f"SELECT pg_advisory_lock_shared({OPENED});"
            f"SET lock_timeout = '{WAIT_SECONDS}s';"
            f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s';"
            f"SET tcp_keepalives_idle = {SILENCE};"
            f"SET tcp_keepalives_interval = {BETWEEN};"
            f"SET tcp_keepalives_count = {UNANSWERED};"
            # A commit that has returned is on the disk, whatever the server does otherwise.
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    except BaseException:
        session.close()
        raise
    return session


def _too_old(address: Address, version: int) -> StoreError:
    return StoreError(
        f"The server {address} is too old to keep runs.",
        f"It is PostgreSQL {version}; {OLDEST} or later is needed.",
        "Name another server, or a folder: AETHER_STORE=<folder>",
    )


def _unreadable(address: Address) -> StoreError:
    return StoreError(
        f"The address {address} cannot be read.",
        "It is no address of a PostgreSQL server, or a letter in it must be written with a percent sign.",
        "It looks like this: AETHER_STORE=postgresql://NAME@HOST:5432/DATABASE · in a password / is %2F, @ is %40",
    )
