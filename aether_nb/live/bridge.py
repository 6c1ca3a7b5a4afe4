"""The bridge between the user's main thread and the agent's thread.

The agent lives on a daemon thread with an event loop of its own. What touches the user's objects comes back as a
*job*: the waiting cell runs it on the main thread, in its own context, and the agent awaits what it returned. A cell
waits either as a coroutine on the kernel's loop (``run_in_cell``) or, where it cannot await, by blocking
(``run_blocking``). Stop is one path, whoever pressed it: the agent's task is cancelled, the running job is interrupted,
and the cell ends with ``RunStopped``.

This module does not know what the agent does, or what a job is for.
"""

from __future__ import annotations

import asyncio
import inspect
import queue
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from aether_nb.errors import RunStopped
from aether_nb.live.interrupt import Interrupts, Job, Mark, Where
from aether_nb.live.jobs import POLL_SECONDS, Item, Jobs
from aether_nb.live.nested import drive
from aether_nb.live.thread import AgentThread

__all__ = ["CLEANUP_SECONDS", "AgentThread", "Jobs", "run_blocking", "run_in_cell"]

T = TypeVar("T")

CLEANUP_SECONDS = 10.0
"""How long a stopped run may tidy up before its cell ends without it."""


async def run_in_cell(thread: AgentThread, work: Callable[[Jobs], Coroutine[Any, Any, T]]) -> T:
    """Run the agent's work while this cell waits for it: the body of a native async cell.

    Args:
        thread: Where the work runs.
        work: Given the jobs of this cell; what it returns or raises is what the cell returns or raises.

    Raises:
        RunStopped: The user stopped the run. Its cleanup is over, or took longer than ``CLEANUP_SECONDS``.
    """
    pump = _AwaitingPump()
    with pump.interrupts:
        running = pump.start(thread, work)
        try:
            while not pump.over:
                item = await pump.next()
                if isinstance(item, Mark):
                    pump.heed(item)
                else:
                    await pump.perform(item)
        finally:
            pump.close()
    if pump.cancelled:
        raise asyncio.CancelledError
    return pump.outcome(running)


def run_blocking(thread: AgentThread, work: Callable[[Jobs], Coroutine[Any, Any, T]]) -> T:
    """Run the agent's work while this thread waits for it: for ``%%capture``, plain ``run_cell`` and scripts.

    A job that has to await something needs a loop that is free, or one that can be nested (``nested.drive``).

    Args:
        thread: Where the work runs.
        work: As for ``run_in_cell``.

    Raises:
        RunStopped: The user stopped the run.
    """
    pump = _BlockingPump()
    with pump.interrupts:
        running = pump.start(thread, work)
        try:
            while not pump.over:
                item = pump.next()
                if isinstance(item, Mark):
                    pump.heed(item)
                else:
                    pump.perform(item)
        finally:
            pump.close()
    return pump.outcome(running)


class _Pump(ABC):
    """What both ways of waiting share: how a run starts, is stopped, and ends."""

    def __init__(self) -> None:
        self.interrupts = Interrupts(self.post, self.where, self.cancel_awaited)
        self.jobs = Jobs(self.post, self.interrupts)
        self.over = False
        self.stopped = False

    @abstractmethod
    def post(self, item: Item) -> None:
        """Put an item where the cell waits; from any thread, and from a signal handler."""

    @abstractmethod
    def where(self) -> Where:
        """What the main thread is busy with."""

    @abstractmethod
    def cancel_awaited(self, job: Job) -> None:
        """Cancel what the job awaits, if it does; from any thread."""

    @abstractmethod
    def set_deadline(self) -> None:
        """See to it that ``Mark.DEADLINE`` comes when the cleanup takes too long."""

    def start(self, thread: AgentThread, work: Callable[[Jobs], Coroutine[Any, Any, T]]) -> Future[T]:
        """Start the work on the agent's loop."""
        running = thread.submit(self.jobs.follow(work))
        running.add_done_callback(lambda _: self.jobs.done())
        return running

    def heed(self, mark: Mark) -> None:
        """Act on a mark."""
        if mark is not Mark.DONE:
            self.stop()
        self.over = mark is not Mark.INTERRUPT

    def stop(self) -> None:
        """Cancel the agent's task, and give it a while for its cleanup."""
        if not self.stopped:
            self.stopped = self.interrupts.stopping = True
            self.set_deadline()
        self.jobs.cancel()

    def settle(self, job: Job, error: BaseException | None) -> None:
        """A job is over. When it was interrupted, so is the run, whatever the job made of it."""
        self.interrupts.weigh(job, error)
        if job.interrupted and not job.abandoned:
            self.stop()
        self.jobs.end(job, error)

    def close(self) -> None:
        """Tell everybody that the cell ends."""
        self.jobs.close()

    def outcome(self, running: Future[T]) -> T:
        """What the cell returns or raises."""
        if self.stopped or running.cancelled():
            finished = running.done() and not running.cancelled()
            raise RunStopped from (running.exception() if finished else None)
        return running.result()


class _AwaitingPump(_Pump):
    """Waits as a coroutine, so that the kernel's loop goes on meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        cell = asyncio.current_task()
        assert cell is not None, "a cell's coroutine runs in a task"
        self._cell, self._loop = cell, asyncio.get_running_loop()
        self._queue: asyncio.Queue[Item] = asyncio.Queue()
        self._deadline: asyncio.TimerHandle | None = None
        self._tick()
        self._cancellations = cell.cancelling()  # those that are none of our business
        self.cancelled = False

    def _tick(self) -> None:
        """Wake the loop now and then: a signal that comes just as it goes to sleep is not noticed before it wakes."""
        self._ticking = self._loop.call_later(POLL_SECONDS, self._tick)

    def post(self, item: Item) -> None:
        self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    def where(self) -> Where:
        task = asyncio.current_task(self._loop)
        return Where.ELSEWHERE if task is None else Where.JOB if task is self._cell else Where.TASK

    def cancel_awaited(self, job: Job) -> None:
        self._loop.call_soon_threadsafe(self._cancel_awaited, job)

    def _cancel_awaited(self, job: Job) -> None:
        if self.interrupts.job is job and not job.struck:
            job.interrupted = True
            job.cancellations += 1
            self._cell.cancel()

    def set_deadline(self) -> None:
        self._deadline = self._loop.call_later(CLEANUP_SECONDS, self._queue.put_nowait, Mark.DEADLINE)

    async def next(self) -> Item:
        """The next item. Somebody who cancels the cell itself means the run."""
        try:
            return await self._queue.get()
        except asyncio.CancelledError:
            self.cancelled = True
            return Mark.INTERRUPT

    async def perform(self, job: Job) -> None:
        """Run a job, and await what it returns."""
        if not self.jobs.begin(job):
            return
        error: BaseException | None = None
        try:
            try:
                self.interrupts.begin(job)
                value = job.function()
                job.result = await value if inspect.isawaitable(value) else value
            finally:
                self.interrupts.end()
        except BaseException as raised:  # noqa: BLE001  # it travels to the agent, whatever it is
            error = raised
        self.settle(job, error)
        for _ in range(job.cancellations):
            self._cell.uncancel()
        if self._cell.cancelling() > self._cancellations and not self.cancelled:
            self.cancelled = True
            self.stop()

    def close(self) -> None:
        super().close()
        self._ticking.cancel()
        if self._deadline is not None:
            self._deadline.cancel()


class _BlockingPump(_Pump):
    """Waits by blocking its thread, in short sleeps."""

    def __init__(self) -> None:
        super().__init__()
        # A SimpleQueue: its put may interrupt its own get, as a signal handler does.
        self._queue: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._deadline = float("inf")

    def post(self, item: Item) -> None:
        self._queue.put(item)

    def where(self) -> Where:
        return Where.JOB

    def cancel_awaited(self, job: Job) -> None:
        """Nothing: a job that awaits blocks this thread, and is interrupted like any other."""

    def set_deadline(self) -> None:
        self._deadline = time.monotonic() + CLEANUP_SECONDS

    def next(self) -> Item:
        """The next item."""
        while time.monotonic() < self._deadline:
            try:
                return self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
        return Mark.DEADLINE

    def perform(self, job: Job) -> None:
        """Run a job, and drive what it returns to its end."""
        if not self.jobs.begin(job):
            return
        error: BaseException | None = None
        try:
            try:
                self.interrupts.begin(job)
                value = job.function()
                job.result = drive(value) if inspect.isawaitable(value) else value
            finally:
                self.interrupts.end()
        except BaseException as raised:  # noqa: BLE001  # it travels to the agent, whatever it is
            error = raised
        self.settle(job, error)
