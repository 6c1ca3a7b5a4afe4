"""Threads for the plain functions that a program hands over as tools.

An executor would do, at three times the price of a call, and it waits at the end of the program for a function that
never returns. This module knows no tools.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, NamedTuple, TypeVar

__all__ = ["Threads"]

T = TypeVar("T")


class _Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    context: Context
    function: Callable[[], Any]


class Threads:
    """Daemon threads, started as they are needed and kept.

    Args:
        most: How many functions run at once; others wait for their turn.
        name: What the threads are called.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._lock, self._jobs = Lock(), SimpleQueue[_Job]()
        self._wanted = self._threads = 0

    async def run(self, function: Callable[[], T]) -> T:
        """Run a function on one of the threads, with the caller's context variables.

        Raises:
            BaseException: What the function raises.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._lock:
            self._wanted += 1
            if self._threads < min(self._wanted, self._most):
                self._threads += 1
                Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
        self._jobs.put(_Job(loop, future, copy_context(), function))
        return await future

    def _work(self) -> None:
        while True:
            loop, future, context, function = self._jobs.get()
            value, error = None, None
            try:
                value = context.run(function)
            except BaseException as raised:  # noqa: BLE001  # it is raised where the function was asked for
                error = raised
            with self._lock:
                self._wanted -= 1
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
