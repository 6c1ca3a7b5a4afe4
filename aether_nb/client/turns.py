"""One turn after the other: who asks in a conversation waits until the turn before is over.

The order is that of asking. It holds between clients, event loops and threads of one process that share a store.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias
from weakref import WeakKeyDictionary

from aether_nb.client.sessions import SessionStore, SqliteSessions
from aether_nb.errors import UsageFault
from aether_nb.live.thread import in_forked_process

__all__ = ["turn"]

PATIENCE = 1.0
"""Seconds that a turn waits for one that it seems to be part of: a stream that was left is closed within that time."""

Place: TypeAlias = "tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]"


@dataclass(eq=False)
class _Queue:
    """Who waits for a conversation that somebody holds."""

    waiting: deque[Place] = field(default_factory=deque)


_lock = Lock()
_of_files: dict[str, dict[str, _Queue]] = {}
_of_stores: WeakKeyDictionary[SessionStore, dict[str, _Queue]] = WeakKeyDictionary()
_held: ContextVar[tuple[_Queue, ...]] = ContextVar("_held", default=())
"""What the code that runs now holds."""


@asynccontextmanager
async def turn(store: SessionStore, id: str) -> AsyncIterator[None]:
    """Hold a conversation while its turn is worked on.

    Raises:
        UsageFault: Whoever asks is part of the turn that would have to end first: its tool, or the reader of a stream
            that was left open.
    """
    queue = await _enter(store, id)
    _held.set((*_held.get(), queue))
    try:
        yield
    finally:
        _held.set(tuple(held for held in _held.get() if held is not queue))
        _leave(store, id)


async def _enter(store: SessionStore, id: str) -> _Queue:
    with _lock:
        queues = _queues(store)
        queue = queues.get(id)
        if queue is None:
            queues[id] = queue = _Queue()
            return queue
        own = queue in _held.get()
        loop = asyncio.get_running_loop()
        place = loop, loop.create_future()
        queue.waiting.append(place)
    try:
        async with asyncio.timeout(PATIENCE if own else None):
            await place[1]
    except (asyncio.CancelledError, TimeoutError) as error:
        with _lock:
            waits = place in queue.waiting
            if waits:
                queue.waiting.remove(place)
        if not waits:  # it was this one's turn already
            _leave(store, id)
        if isinstance(error, TimeoutError):
            why = f"It is asked from inside a turn of the conversation {id!r}, or while a stream of it is open."
            hint = "Use another session there, or none; close a stream that is left early: await stream.aclose()"
            raise UsageFault("A conversation would wait for itself.", why, hint) from None
        raise
    return queue


def _leave(store: SessionStore, id: str) -> None:
    """Let the next one in."""
    with _lock:
        queues = _queues(store)
        if id not in queues:  # it was held in the process that this one was forked from
            return
        waiting = queues[id].waiting
        while waiting:
            loop, place = waiting.popleft()
            try:
                loop.call_soon_threadsafe(_let_in, place)
            except RuntimeError:  # its event loop was closed meanwhile
                continue
            return
        del queues[id]


def _let_in(place: asyncio.Future[None]) -> None:
    if not place.done():
        place.set_result(None)


def _queues(store: SessionStore) -> dict[str, _Queue]:
    """The queues of a store; two stores on one file have the same ones."""
    if isinstance(store, SqliteSessions):
        return _of_files.setdefault(str(store.file), {})
    return _of_stores.setdefault(store, {})


def _forget() -> None:
    global _lock
    _lock = Lock()
    _of_files.clear()
    _of_stores.clear()


in_forked_process(_forget)
