"""Answers that were given before, for whoever asks the same again: off unless it is put around a model.

The same means the same model at the same address, the same messages, tools and options, to the letter. Whole answers
only are kept, and what was asked only as a hash. An answer from here costs nothing and says where it is from. A cache
that cannot be read or written is done without. This module knows no provider and no settings.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import finalize

from aether_nb.errors import StoreError
from aether_nb.events.codec import decode, encode
from aether_nb.events.kinds import ContextComposed, ModelAnswered
from aether_nb.events.messages import Usage
from aether_nb.models.base import Delta, FinishReason, Model, Reply, Request, Wrapper, closing
from aether_nb.models.endpoints.profile import Profile

__all__ = ["FROM_CACHE", "Cached", "ReplyStore", "key_of"]

FROM_CACHE = "from the cache"
"""The note of a reply that was not asked for again."""

KEPT: dict[str, FinishReason] = {"stop": "stop", "tool_calls": "tool_calls"}
"""The ends of answers that are whole."""

BUSY_SECONDS = 1.0
"""How long another process is waited for; a cache is not worth more."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, time REAL NOT NULL, version INTEGER NOT NULL, payload BLOB NOT NULL
) WITHOUT ROWID
"""
_PUT = "INSERT OR REPLACE INTO replies (key, time, version, payload) VALUES (?, ?, ?, ?)"
_GET = "SELECT version, payload FROM replies WHERE key = ? AND time > ?"
_DROP = "DELETE FROM replies WHERE key = ?"
_EXPIRE = "DELETE FROM replies WHERE time <= ?"
_FIT = """
DELETE FROM replies WHERE key IN (
    SELECT key FROM (SELECT key, SUM(LENGTH(payload)) OVER (ORDER BY time DESC, key) AS size FROM replies)
    WHERE size > ?
)
"""


class ReplyStore:
    """Replies by key, in one SQLite file that only its owner may read.

    One connection serves all threads, one at a time.

    Args:
        file: Where; its folder is made when it is missing. ``:memory:`` keeps them as long as the store lives.
        max_bytes: How much is kept; the oldest go first.
        max_seconds: How long a reply is kept.
    """

    def __init__(
        self, file: Path | str = ":memory:", max_bytes: int = 100_000_000, max_seconds: float = 30 * 86400.0
    ) -> None:
        self.file, self.max_bytes, self.max_seconds = str(file), max_bytes, max_seconds
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None

    def get(self, key: str) -> Reply | None:
        """The reply that was kept under this key, unless it is too old.

        Raises:
            StoreError: The file cannot be used.
        """
        with self._open() as db:
            row = db.execute(_GET, (key, time.time() - self.max_seconds)).fetchone()
            if row is None:
                return None
            try:
                event = decode(ModelAnswered.kind, row[0], bytes(row[1]))
            except StoreError:  # another version wrote it, or somebody else: as good as none
                db.execute(_DROP, (key,))
                return None
        if not isinstance(event, ModelAnswered) or event.finish not in KEPT:
            return None
        return Reply(
            event.message,
            event.usage,
            KEPT[event.finish],
            event.model,
            event.provider,
            event.repairs,
            event.notes,
        )

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply; what is too old or too much goes.

        Raises:
            StoreError: The file cannot be used, or the reply holds what is no JSON value.
        """
        event = ModelAnswered(
            reply.model,
            reply.message,
            reply.usage,
            reply.finish,
            0.0,
            reply.provider,
            reply.repairs,
            reply.notes,
        )
        payload, now = encode(event), time.time()
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(_EXPIRE, (now - self.max_seconds,))
            db.execute(_PUT, (key, now, ModelAnswered.version, payload))
            db.execute(_FIT, (self.max_bytes,))
            db.execute("COMMIT")

    def clear(self) -> int:
        """Forget all replies; how many there were.

        Raises:
            StoreError: The file cannot be used.
        """
        with self._open() as db:
            return db.execute("DELETE FROM replies").rowcount

    def close(self) -> None:
        """Let go of the file. The store may be used again; what was kept in memory is gone."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None
                self._detach()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._db is None:
                    self._db = _connected(self.file)
                    self._detach = finalize(self, self._db.close).detach  # who is forgotten lets go of the file
                yield self._db
            except (sqlite3.Error, OSError) as error:
                if self._db is not None and self._db.in_transaction:
                    self._db.rollback()
                raise StoreError(
                    f"The cache of answers {self.file} cannot be used.",
                    f"{error}.",
                    "Delete the file, or go on without it: every question is asked again then.",
                ) from error


def _connected(file: str) -> sqlite3.Connection:
    if file != ":memory:":
        path = Path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    db = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.execute(_SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db


class Cached(Wrapper):
    """Answers from a store what was answered before, and keeps what is answered now.

    An answer from the store comes as one delta of text, and a reply that costs 0.0 with no tokens, because nobody was
    asked. Answers that were cut, refused or broken off are not kept.

    Args:
        inner: Who is asked when nothing is kept.
        store: What is kept.
    """

    def __init__(self, inner: Model, store: ReplyStore) -> None:
        super().__init__(inner)
        self.store = store

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """See ``Model.stream``."""
        key = key_of(self.name, self.profile, request)
        kept = None
        try:
            kept = self.store.get(key)
        except StoreError as error:
            yield Delta(note=f"{error.what} {error.why}")
        if kept is not None:
            if kept.message.text or kept.message.thinking:
                yield Delta(kept.message.text, kept.message.thinking)
            yield Delta(reply=replace(kept, usage=Usage(cost=0.0), notes=(FROM_CACHE,)))
            return
        async with closing(self.inner.stream(request)) as deltas:
            async for delta in deltas:
                if delta.reply is not None and (problem := self._keep(key, delta.reply)):
                    yield Delta(note=problem)
                yield delta

    def _keep(self, key: str, reply: Reply) -> str:
        """Keep a reply that is whole; what to say when that fails."""
        if reply.finish in KEPT:
            try:
                self.store.put(key, reply)
            except StoreError as error:
                return f"{error.what} {error.why}"
        return ""


def key_of(name: str, profile: Profile | None, request: Request) -> str:
    """What makes two questions the same, as SHA-256 in hex; whether the answer streams does not matter.

    Args:
        name: The model's name.
        profile: How it is spoken with: its address and what is added to every request.
        request: The question.
    """
    where = (profile.base_url, profile.tools, profile.extra) if profile is not None else None
    rest = json.dumps([name, where, request.tools, request.options], sort_keys=True, default=_plain)
    return sha256(encode(ContextComposed(request.messages)) + b"\n" + rest.encode()).hexdigest()


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__qualname__} is no JSON value")
