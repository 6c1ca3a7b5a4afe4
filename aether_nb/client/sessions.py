"""Where conversations are kept: the contract, one store in memory, and one in a SQLite file.

A conversation is its messages, oldest first. Stores know neither clients nor models.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, runtime_checkable

from aether_nb.client.checks import plainly
from aether_nb.errors import OptionError, StoreError
from aether_nb.events.codec import decode, encode
from aether_nb.events.kinds import ContextComposed
from aether_nb.events.messages import Message

if TYPE_CHECKING:
    import sqlite3

__all__ = ["MemorySessions", "SessionStore", "SharedStore", "SqliteSessions"]

T = TypeVar("T")
Messages: TypeAlias = tuple[Message, ...]
Row: TypeAlias = tuple[str, int, bytes]
"""Kind, version and bytes."""

BUSY_SECONDS = 5.0
"""How long a writer waits for another process."""

TABLE = """CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, saved REAL NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, payload BLOB NOT NULL
) WITHOUT ROWID"""
KEPT = "SELECT kind, version, payload FROM sessions WHERE id = ?"
PUT = "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)"


@runtime_checkable
class SessionStore(Protocol):
    """Keeps conversations by their ids. May be used from several event loops and threads."""

    async def load(self, id: str) -> Messages:
        """The messages of a conversation; none when there is no such one.

        Raises:
            StoreError: They cannot be read.
        """

    async def save(self, id: str, messages: Sequence[Message]) -> None:
        """Keep these messages as the conversation, in place of what was kept.

        Raises:
            StoreError: They cannot be written; then what was kept stays.
        """

    async def delete(self, id: str) -> None:
        """Forget a conversation; not an error when there is none."""

    async def exists(self, id: str) -> bool:
        """Whether there is such a conversation."""


@runtime_checkable
class SharedStore(Protocol):
    """A store that several processes write to; it also adds to what is there at that moment, whoever wrote it."""

    async def append(self, id: str, messages: Sequence[Message]) -> None:
        """Keep these messages behind those of the conversation, in one step that nobody comes between.

        Raises:
            StoreError: They cannot be written; then what was kept stays.
        """


class MemorySessions:
    """Conversations that live as long as this object."""

    def __init__(self) -> None:
        self._kept: dict[str, Messages] = {}

    async def load(self, id: str) -> Messages:
        """See ``SessionStore.load``."""
        return self._kept.get(id, ())

    async def save(self, id: str, messages: Sequence[Message]) -> None:
        """See ``SessionStore.save``."""
        encode(ContextComposed(tuple(messages)))  # refuses what no store on disk could keep
        self._kept[id] = tuple(messages)

    async def delete(self, id: str) -> None:
        """See ``SessionStore.delete``."""
        self._kept.pop(id, None)

    async def exists(self, id: str) -> bool:
        """See ``SessionStore.exists``."""
        return id in self._kept


class SqliteSessions:
    """Conversations in a SQLite file, which several processes may share.

    Args:
        file: Where they are kept; made with its folder when the first one is saved.

    Raises:
        OptionError: No file can have this name.
    """

    def __init__(self, file: str | Path) -> None:
        try:
            self.file = Path(file).absolute()
            if b"\0" in os.fsencode(self.file):
                raise ValueError
        except (TypeError, ValueError) as error:
            what = f"Conversations cannot be kept in {plainly(file)}."
            raise OptionError(what, "No file can have this name.", 'SqliteSessions("talks.db")') from error
        self._last: tuple[Row, Messages] = ("", 0, b""), ()
        """What was read or written last, and its messages: for the next turn it is not taken apart once more."""

    def __repr__(self) -> str:
        return f"SqliteSessions({str(self.file)!r})"

    async def load(self, id: str) -> Messages:
        """See ``SessionStore.load``."""
        return self._messages(id, await self._read(KEPT, id))

    async def save(self, id: str, messages: Sequence[Message]) -> None:
        """See ``SessionStore.save``."""
        row = _row(tuple(messages))

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.execute(PUT, (id, time.time(), *row))

        await asyncio.to_thread(self._with, write)

    async def append(self, id: str, messages: Sequence[Message]) -> None:
        """See ``SharedStore.append``."""

        def write(db: sqlite3.Connection) -> None:
            said = self._decoded(id, _row(tuple(messages)))  # as somebody finds them who reads the file
            with db:
                db.execute("BEGIN IMMEDIATE")  # nobody else writes between what is read and what is written
                whole = (*self._messages(id, db.execute(KEPT, (id,)).fetchall()), *said)
                row = _row(whole)
                db.execute(PUT, (id, time.time(), *row))
            self._last = row, whole

        await asyncio.to_thread(self._with, write)

    async def delete(self, id: str) -> None:
        """See ``SessionStore.delete``."""

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.execute("DELETE FROM sessions WHERE id = ?", (id,))

        if self.file.exists():
            await asyncio.to_thread(self._with, write)

    async def exists(self, id: str) -> bool:
        """See ``SessionStore.exists``."""
        return bool(await self._read("SELECT 1 FROM sessions WHERE id = ?", id))

    def _messages(self, id: str, rows: Sequence[Row]) -> Messages:
        if not rows:
            return ()
        row, messages = self._last
        if rows[0] != row:
            messages = self._decoded(id, rows[0])
            self._last = rows[0], messages
        return messages

    def _decoded(self, id: str, row: Row) -> Messages:
        event = decode(*row)
        if not isinstance(event, ContextComposed):
            raise StoreError(f"The conversation {id!r} in {self.file} cannot be read.", f"It is a {event.kind}.")
        return event.messages

    async def _read(self, query: str, id: str) -> list[Row]:
        if not self.file.exists():
            return []
        return await asyncio.to_thread(self._with, lambda db: db.execute(query, (id,)).fetchall())

    def _with(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Work with a connection of its own: nothing is held open between two turns of a conversation."""
        import sqlite3

        from aether_nb.store.database import journal_mode

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.file, timeout=BUSY_SECONDS)) as db:
                journal_mode(db, "WAL")
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute(TABLE)
                return work(db)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"The conversations in {self.file} cannot be used.", f"{error}.", "Name another file: SqliteSessions(…)"
            ) from error


def _row(messages: Messages) -> Row:
    kept = ContextComposed(messages)
    return kept.kind, kept.version, encode(kept)
