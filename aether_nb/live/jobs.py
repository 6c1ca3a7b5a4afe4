"""The main-thread jobs of one running cell: how the agent asks, and how the cell answers.

The agent awaits ``main``; the cell's pump takes each job up (``begin``) and reports what became of it (``end``). This
module knows neither how the cell waits nor what a job is for.
"""

from __future__ import annotations

import asyncio
import inspect
import queue
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeAlias, TypeVar

from aether_nb.errors import FatalToolError
from aether_nb.live.interrupt import Interrupts, Job, Mark

__all__ = ["POLL_SECONDS", "Item", "Jobs", "waited"]

T = TypeVar("T")

Item: TypeAlias = Job | Mark
"""What lies in a pump's queue."""


POLL_SECONDS = 0.2
"""How long a blocked main thread sleeps at most before it lets signals in."""


class Jobs:
    """The main-thread jobs of one running cell: the agent's side of the bridge. ``stop`` may be called by anybody."""

    def __init__(self, post: Callable[[Item], None], interrupts: Interrupts) -> None:
        self._post, self._interrupts = post, interrupts
        self._lock = threading.Lock()
        self._waiting: set[Job] = set()
        self._current: Job | None = None
        self._task: asyncio.Task[Any] | None = None
        self._agent_loop: asyncio.AbstractEventLoop | None = None
        self._cancelled = False
        self._closed = False
        self._held: queue.SimpleQueue[Job | None] | None = None

    async def main(self, function: Callable[[], T | Awaitable[T]]) -> T:
        """Run ``function`` on the main thread, in the cell that waits; to be awaited on the agent's loop.

        When it returns an awaitable, that is awaited on the user's loop. Jobs run one after the other. When the caller
        is cancelled meanwhile, the job is interrupted, and the cancellation arrives when the job has really ended.

        Raises:
            FatalToolError: The cell has ended, or the job tried to end the kernel.
            Exception: Whatever the job raised.
        """
        job = Job(function)
        with self._lock:
            if self._closed:
                raise FatalToolError("The cell that this run belongs to has ended.", "Nobody runs code in it now.")
            self._waiting.add(job)
            if self._held is None:
                self._post(job)
            else:
                self._held.put(job)
        ended = asyncio.wrap_future(job.future)
        # Who has gone takes no exception any more: asyncio must not say so, into what some later job prints.
        ended.add_done_callback(lambda future: future.cancelled() or future.exception())
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            if not job.future.cancel():
                self._interrupt(job, abandon=not self._cancelled)
                await asyncio.wait({ended})
            raise

    @property
    def held(self) -> bool:
        """Whether the main thread waits inside a job, so that no event loop of the kernel's goes on."""
        return self._held is not None

    def hold(self, begin: Callable[[], Future[T]]) -> T:
        """Wait, on the main thread and inside a job, for what another thread finds out; jobs posted meanwhile run here.

        Args:
            begin: Lets the other thread begin; called when jobs would already run here.

        Raises:
            KeyboardInterrupt: Stop was pressed.
            Exception: Whatever was found out so.
        """
        held: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        with self._lock:
            outer, self._held = self._current, held
        coming: Future[T] | None = None
        try:
            coming = begin()
            coming.add_done_callback(lambda _: held.put(None))
            while (job := _next(held)) is not None:
                try:
                    self._perform(job)
                except KeyboardInterrupt:
                    if outer is not None:
                        outer.interrupted = True  # Stop means what waits for the inner job as well
                    raise
                finally:
                    with self._lock:
                        self._current = outer
            return coming.result()
        finally:
            with self._lock:
                self._held, self._current = None, outer
            if coming is not None:
                coming.cancel()
            while not held.empty():
                if (late := held.get_nowait()) is not None:
                    late.future.cancel()

    def _perform(self, job: Job) -> None:
        """Run a job inside another one; it cannot await."""
        if not self.begin(job):
            return
        error: BaseException | None = None
        try:
            with self._interrupts.during(job):
                job.result = job.function()
            if inspect.iscoroutine(job.result):
                job.result.close()
                raise FatalToolError("This cannot be awaited now.", "The main thread waits for an answer.")
        except BaseException as raised:  # noqa: BLE001  # it travels to the agent, whatever it is
            error = raised
        self._interrupts.weigh(job, error)
        self.end(job, error)
        if isinstance(error, KeyboardInterrupt) and job.interrupted and not job.abandoned:
            raise error

    def stop(self) -> None:
        """Stop the run, from any thread: cancel the agent's task and interrupt the running job."""
        with self._lock:
            if self._closed:
                return
            self._post(Mark.INTERRUPT)
            job = self._current
        # The job first: its caller, once cancelled, interrupts it too, but only when nobody has.
        if job is not None:
            self._interrupt(job, again=True)
        self.cancel()

    def cancel(self) -> None:
        """Cancel the agent's task, once: a second cancellation would break its cleanup."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            task, loop = self._task, self._agent_loop
        if task is not None and loop is not None:
            loop.call_soon_threadsafe(task.cancel)

    async def follow(self, work: Callable[[Jobs], Coroutine[Any, Any, T]]) -> T:
        """Be the agent's task: remember it, and do the work."""
        with self._lock:
            self._task, self._agent_loop = asyncio.current_task(), asyncio.get_running_loop()
            cancelled = self._cancelled
        if cancelled:
            raise asyncio.CancelledError
        try:
            return await work(self)
        except KeyboardInterrupt:
            raise asyncio.CancelledError from None
        except SystemExit as error:
            raise _no_exit(error) from error

    def begin(self, job: Job) -> bool:
        """The pump takes up a job; False when nobody waits for it any more."""
        with self._lock:
            self._waiting.discard(job)
            if not job.future.set_running_or_notify_cancel():
                return False
            self._current = job
            return True

    def end(self, job: Job, error: BaseException | None) -> None:
        """The job is over: tell who waits for it."""
        with self._lock:
            self._current = None
        if isinstance(error, asyncio.CancelledError) or (isinstance(error, KeyboardInterrupt) and job.interrupted):
            error = asyncio.CancelledError()
        elif isinstance(error, SystemExit):
            error = _no_exit(error)
        elif isinstance(error, (KeyboardInterrupt, StopIteration, StopAsyncIteration)):
            # A future cannot carry some of these: whoever awaits it would wait for ever. And an interrupt that nobody
            # has asked for is an error like any other: on the agent's thread it would end the run.
            error = RuntimeError(f"the job raised {type(error).__name__}")
        if error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(error)

    def done(self) -> None:
        """The agent's task has ended: let the cell know, if it still waits."""
        with self._lock:
            if not self._closed:
                self._post(Mark.DONE)

    def close(self) -> None:
        """The cell ends: no job will run any more, and whoever waits for one is told."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, set()
            current, self._current = self._current, None
        for job in waiting:
            job.future.cancel()
        if current is not None:
            current.future.set_exception(asyncio.CancelledError())

    def _interrupt(self, job: Job, *, abandon: bool = False, again: bool = False) -> None:
        # Under the lock, so that the signal cannot hit what comes after the job.
        with self._lock:
            if self._current is job and (again or not job.interrupted):
                job.abandoned = abandon and not job.interrupted
                job.interrupted = True
                job.struck = job.struck and not again
                self._interrupts.strike(job)


def waited(begin: Callable[[], Future[T]]) -> T:
    """Wait for what another thread finds out, where no jobs are run."""
    return begin().result()


def _next(held: queue.SimpleQueue[Job | None]) -> Job | None:
    """What comes next; in short sleeps, which let signals in."""
    while True:
        try:
            return held.get(timeout=POLL_SECONDS)
        except queue.Empty:
            continue


def _no_exit(error: SystemExit) -> FatalToolError:
    return FatalToolError(
        "Something in the run tried to end the kernel.", f"SystemExit: {error.code}", "The kernel goes on."
    )
