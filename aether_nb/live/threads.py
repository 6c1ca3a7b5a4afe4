"""Threads for plain functions of anybody's: tools that a program hands over, hooks.

An executor would do, at three times the price of a call, and it waits at the end of the program for a function that
never returns. This module knows no tools.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple, TypeVar

from aether_nb.live.thread import in_forked_process

__all__ = ["Threads"]

T = TypeVar("T")


_depth: ContextVar[int] = ContextVar("_depth", default=0)
"""How many such functions the code that runs now stands inside of."""


class _Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    context: Context
    function: Callable[[], Any]


class _Level:
    """The threads of one level, and what they have to do."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self.wanted = self.threads = 0


class Threads:
    """Daemon threads, started as they are needed and kept.

    A function that waits for another one holds its thread meanwhile. So functions that are called from inside others
    have threads of their own, level by level: however many wait, whoever they wait for finds a thread.

    Args:
        most: How many functions run at once on each level; others wait for their turn.
        name: What the threads are called.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._afresh()
        in_forked_process(self._afresh)

    def _afresh(self) -> None:
        self._lock = Lock()
        self._levels: list[_Level] = []

    async def run(self, function: Callable[[], T]) -> T:
        """Run a function on one of the threads, with the caller's context variables.

        Raises:
            BaseException: What the function raises.
        """
        loop, depth = asyncio.get_running_loop(), _depth.get()
        future: asyncio.Future[T] = loop.create_future()
        context = copy_context()
        context.run(_depth.set, depth + 1)
        with self._lock:
            while len(self._levels) <= depth:
                self._levels.append(_Level())
            level = self._levels[depth]
            level.wanted += 1
            if level.threads < min(level.wanted, self._most):
                level.threads += 1
                name = f"{self._name}-{depth}-{level.threads}"
                Thread(target=self._work, args=(level,), name=name, daemon=True).start()
        level.jobs.put(_Job(loop, future, context, function))
        return await future

    def _work(self, level: _Level) -> None:
        while True:
            loop, future, context, function = level.jobs.get()
            value, error = None, None
            try:
                value = context.run(function)
            except BaseException as raised:  # noqa: BLE001  # it is raised where the function was asked for
                error = raised
            with self._lock:
                level.wanted -= 1
            try:
                loop.call_soon_threadsafe(_settle, future, value, error)
            except RuntimeError:
                pass  # the loop is closed: nobody waits any more
            del loop, future, context, function, value, error  # nothing is kept alive between two jobs


def _settle(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    """Hand over what came of it, on the loop's own thread."""
    if future.done():
        return
    if isinstance(error, StopIteration):  # no future can carry one
        future.set_exception(RuntimeError(f"the function raised StopIteration({error.value!r})"))
    elif error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)
