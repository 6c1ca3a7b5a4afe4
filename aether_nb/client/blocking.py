"""Waiting for an answer without ``await``: in a plain script, and in a cell whose event loop is running.

The work is done on a daemon thread with an event loop of its own, one for the whole process. Ctrl-C, or Stop in a
notebook, stops the work and not only the waiting.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Coroutine, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import aclosing, suppress
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Any, Generic, TypeVar

from aether_nb.errors import RunStopped
from aether_nb.live.thread import AgentThread, in_forked_process

__all__ = ["iterate", "started", "wait"]

T = TypeVar("T")

LOOK = 0.5
"""Seconds between two looks, where a wait without end could not be interrupted (Windows)."""

CLEANUP = 1.0
"""Seconds that stopped work has for closing what it opened."""

_depth: ContextVar[int] = ContextVar("_depth", default=0)
"""How many blocking calls the code that runs now stands inside of."""

_threads: list[AgentThread] = []
_lock = Lock()


def wait(work: Coroutine[Any, Any, T]) -> T:
    """Do the work on the thread, and wait for it.

    Raises:
        RunStopped: It was interrupted; the work has been stopped.
    """
    running = _submit(work)
    try:
        _awaited(running.future)
    except KeyboardInterrupt as interrupt:
        running.stop()
        raise RunStopped from interrupt
    return running.future.result()


def iterate(pieces: AsyncGenerator[T, None]) -> Iterator[T]:
    """The pieces as they come. Leaving early stops the work.

    Raises:
        RunStopped: It was interrupted while waiting for a piece; the work has been stopped.
    """
    queue: SimpleQueue[tuple[T] | None] = SimpleQueue()

    async def pump() -> None:
        async with aclosing(pieces):
            async for piece in pieces:
                queue.put((piece,))

    running = _submit(pump())
    running.future.add_done_callback(lambda _: queue.put(None))
    try:
        while (taken := _taken(queue)) is not None:
            yield from taken
        running.future.result()
    except KeyboardInterrupt as interrupt:
        raise RunStopped from interrupt
    finally:
        running.stop()


def _awaited(future: Future[Any]) -> None:
    """Wait until it is done. A function of its own, for the same reason as ``_taken``."""
    while not wait_for((future,), LOOK).done:
        pass


def _taken(queue: SimpleQueue[T]) -> T:
    """The next thing. A function of its own: an interrupt is raised out of the call, inside the caller's ``try``."""
    while True:
        with suppress(Empty):
            return queue.get(timeout=LOOK)


def started() -> tuple[AgentThread, ...]:
    """The threads on which work has been done so far."""
    return tuple(_threads)


class _Running(Generic[T]):
    """Work on a thread."""

    def __init__(self, thread: AgentThread, work: Coroutine[Any, Any, T]) -> None:
        self._begun, self._ended = False, Event()
        self.future: Future[T] = thread.submit(self._follow(work))

    def stop(self) -> None:
        """Cancel the work, and give it a while for its cleanup; does nothing when it has ended."""
        if sys.is_finalizing():  # the thread is gone already
            return
        self.future.cancel()
        if self._begun:
            self._ended.wait(CLEANUP)

    async def _follow(self, work: Coroutine[Any, Any, T]) -> T:
        self._begun = True
        try:
            return await work
        finally:
            self._ended.set()


def _submit(work: Coroutine[Any, Any, T]) -> _Running[T]:
    """Begin the work. Inside of other such work it gets the next thread: who waits never waits for itself."""
    depth = _depth.get()
    with _lock:
        while len(_threads) <= depth:
            _threads.append(AgentThread(f"aether-client-{len(_threads)}"))
    token = _depth.set(depth + 1)  # the work runs in a copy of this context
    try:
        return _Running(_threads[depth], work)
    finally:
        _depth.reset(token)


def _forget() -> None:
    global _lock
    _lock = Lock()
    _threads.clear()


in_forked_process(_forget)
