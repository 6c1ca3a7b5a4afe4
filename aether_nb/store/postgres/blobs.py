"""Bytes as rows: each under the hash of what is in it, in pieces, so that no statement is too large for a server.

All pieces come with one transaction, so bytes are whole or not there. This module does not know what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from aether_nb.errors import StoreCorrupt
from aether_nb.store.blobs import HASH, NAME, blob_missing
from aether_nb.store.rows import Connection, Row, Tables

__all__ = ["PIECE", "ServerBlobs"]

PIECE = 8 * 1024 * 1024
"""How many bytes a row holds. PostgreSQL takes up to a gigabyte, and needs several times as much memory for it."""

_SIZE = "SELECT sum(octet_length(data))::bigint FROM blobs WHERE hash = ?"
_PUT = "INSERT INTO blobs (hash, part, data) VALUES (?, ?, ?)"
_GET = "SELECT data FROM blobs WHERE hash = ? ORDER BY part"
_DROP = "DELETE FROM blobs WHERE hash = ?"
_FRESH = "SELECT min(since) > extract(epoch FROM now()) - 600 FROM blobs WHERE hash = ?"
_TOUCH = "UPDATE blobs SET since = extract(epoch FROM now()) WHERE hash = ?"
_UNTOUCHED = "SELECT hash FROM blobs GROUP BY hash HAVING max(since) < ? ORDER BY hash"
_ALL = "SELECT hash, sum(octet_length(data))::bigint FROM blobs GROUP BY hash ORDER BY hash"


class ServerBlobs:
    """``Blobs`` in a table.

    Args:
        tables: The store's tables.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def put(self, data: bytes | memoryview) -> str:
        """See ``Blobs.put``."""
        hash = sha256(data).hexdigest()
        self.keep(hash, memoryview(data).nbytes, lambda: data)
        return hash

    def keep(self, name: str, size: int, make: Callable[[], bytes | memoryview]) -> None:
        """See ``Shelf.keep``."""

        def act(db: Connection) -> None:
            if _size(db.execute(_SIZE, (name,)).fetchall()) == size:
                db.execute(_TOUCH, (name,))  # they are wanted again, whatever wanted them before
                return
            db.execute(_DROP, (name,))
            view = memoryview(make()).cast("B")
            for part, start in enumerate(range(0, max(1, size), PIECE)):
                db.execute(_PUT, (name, part, bytes(view[start : start + PIECE])))

        whole = _size(self._tables.select(_SIZE, (name,))) == size
        if not whole or self._tables.select(_FRESH, (name,)) != [(True,)]:
            self._tables.write(("blob",), act, f"blob {name}")

    def fetch(self, name: str) -> bytes:
        """See ``Shelf.fetch``."""
        pieces = self._tables.select(_GET, (name,)) if NAME.fullmatch(name) else []
        if not pieces:
            raise blob_missing(name)
        return b"".join(piece for (piece,) in pieces)

    def get(self, hash: str) -> bytes:
        """See ``Blobs.get``."""
        data = self.fetch(hash)
        if sha256(data).hexdigest() != hash:
            raise StoreCorrupt(
                f"The bytes {hash[:16]}… on the server are not those that were kept.",
                "They have another hash: the table was changed or damaged.",
                f"Remove them, and make what they held again: DELETE FROM aether.blobs WHERE hash = '{hash}'",
            )
        return data

    def has(self, hash: str) -> bool:
        """See ``Blobs.has``."""
        return bool(NAME.fullmatch(hash)) and _size(self._tables.select(_SIZE, (hash,))) is not None

    def drop(self, hash: str) -> int:
        """See ``Blobs.drop``."""
        if not self.has(hash):
            return 0

        def act(db: Connection) -> int:
            size = _size(db.execute(_SIZE, (hash,)).fetchall()) or 0
            db.execute(_DROP, (hash,))
            return size

        return self._tables.write(("drop",), act, f"blob {hash}")

    def hashes(self) -> Iterator[tuple[str, int]]:
        """See ``Blobs.hashes``."""
        return ((name, size) for name, size in self.names() if HASH.fullmatch(name))

    def names(self) -> Iterator[tuple[str, int]]:
        """See ``Shelf.names``."""
        return iter([(name, size) for name, size in self._tables.select(_ALL)])

    def untouched(self, before: float) -> Iterator[str]:
        """The names of what was last put in before a time, by the server's clock."""
        return iter([hash for (hash,) in self._tables.select(_UNTOUCHED, (before,))])


def _size(rows: list[Row]) -> int | None:
    """How many bytes there are; None when there are none, which an empty blob is not."""
    return rows[0][0] if rows else None
