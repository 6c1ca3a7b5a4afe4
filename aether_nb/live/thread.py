"""The thread that the agent lives on: a daemon thread with an event loop of its own.

It never prints and never displays; it knows nothing of cells, jobs or the agent.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakSet

__all__ = ["AgentThread", "in_forked_process"]

T = TypeVar("T")

_made: WeakSet[AgentThread] = WeakSet()
_inherited: list[object] = []
"""What belongs to the process that this one was forked from: never used here, and never taken down from here."""


def in_forked_process(forget: Callable[[], object]) -> None:
    """Have this called in every process that is forked from this one, before anything else happens there.

    Threads do not come along with a fork, and a lock that one of them held is never let go of. Does nothing where
    processes are not forked.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)


class AgentThread:
    """One daemon thread with an event loop of its own, started when it is first needed."""

    def __init__(self, name: str = "aether-agent") -> None:
        self._name = name
        self._afresh()
        _made.add(self)

    def _afresh(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The agent's event loop; asking for it starts the thread."""
        return self.start()

    def start(self) -> asyncio.AbstractEventLoop:
        """Start the thread unless it runs.

        Returns:
            Its event loop.
        """
        with self._lock:
            if self._loop is None:
                self._closing = False
                self._loop = asyncio.new_event_loop()
                # An empty context: what runs here by itself belongs to no cell.
                arguments = (self._serve, self._loop)
                run = contextvars.Context().run
                self._thread = threading.Thread(target=run, args=arguments, name=self._name, daemon=True)
                self._thread.start()
            return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the agent's loop, in a copy of the caller's context."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.start())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the agent's loop and wait for it; an interrupt cancels it."""
        future = self.submit(coroutine)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def responds(self, seconds: float = 1.0) -> bool:
        """Whether its loop turns; one that a tool blocks does not."""
        turned = self.submit(asyncio.sleep(0))
        try:
            turned.result(timeout=seconds)
        except TimeoutError:
            turned.cancel()
            return False
        return True

    def close(self) -> None:
        """Cancel what still runs, end the thread and close its loop. Does nothing when it was never started."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
            self._closing = True
        if loop is None or thread is None:
            return
        with suppress(TimeoutError):  # a tool that blocks the loop keeps its daemon thread; nobody waits for it
            asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(timeout=5)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        while not self._closing:
            # A task that dies of one of these takes the loop's turn with it, not the agent.
            with suppress(KeyboardInterrupt, SystemExit):
                loop.run_forever()


def _forget() -> None:
    for thread in list(_made):
        _inherited.append(thread._loop)
        thread._afresh()


in_forked_process(_forget)


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
