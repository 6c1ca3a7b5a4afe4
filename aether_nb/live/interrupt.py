"""Stop: what SIGINT means while a cell of ours runs, and how another thread interrupts the job on the main thread.

One handler stands for the whole of a run. While a job runs, an interrupt is raised in the job's own code, as in any
cell. While the cell only waits, it is a message to the pump; the second one ends the cell at once. This module knows
what a job is, but neither the queue nor the agent.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from types import FrameType
from typing import Any

__all__ = [
    "Interrupts",
    "Job",
    "Mark",
    "Where",
    "interrupt_main_thread",
    "interruptible",
    "on_main_thread",
    "own_interrupt",
    "uninterrupted",
]


class Mark(Enum):
    """What may lie in a pump's queue besides jobs."""

    DONE = auto()
    """The agent's task has ended."""
    INTERRUPT = auto()
    """Stop was pressed: cancel the agent's task and wait for its cleanup."""
    FORCE = auto()
    """Stop was pressed again: wait no longer."""
    DEADLINE = auto()
    """The cleanup took too long."""


class Where(Enum):
    """What the main thread is busy with when a signal arrives."""

    JOB = auto()
    """A step of the cell that waits, or of the job that runs in it."""
    TASK = auto()
    """Another task of the same loop."""
    ELSEWHERE = auto()
    """The event loop itself, or nothing."""


@dataclass(eq=False, slots=True)
class Job:
    """A function for the main thread, and what became of it.

    ``interrupted``: somebody asked for its end. ``struck``: the interrupt has been raised in its code. ``abandoned``:
    only its caller gave up; the run itself goes on. ``cancellations``: how often its cell was cancelled for its sake.
    """

    function: Callable[[], Any | Awaitable[Any]]
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    interrupted: bool = False
    struck: bool = False
    abandoned: bool = False
    cancellations: int = 0


def on_main_thread() -> bool:
    """Whether the caller runs on the main thread, the only one that signals reach."""
    return threading.current_thread() is threading.main_thread()


def interrupt_main_thread() -> None:
    """Raise SIGINT at the main thread, from any thread."""
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main()
    else:
        ident = threading.main_thread().ident
        assert ident is not None, "the main thread has been started"
        signal.pthread_kill(ident, signal.SIGINT)


def uninterrupted(steps: Callable[[], None]) -> None:
    """Do something to its end even when SIGINT comes meanwhile; the signal is handed on afterwards."""
    before = signal.getsignal(signal.SIGINT)
    if not on_main_thread() or before is None:
        steps()
        return
    pending: list[int] = []
    try:
        signal.signal(signal.SIGINT, lambda number, _: pending.append(number))
        steps()
    finally:
        signal.signal(signal.SIGINT, before)
    if pending:
        signal.raise_signal(signal.SIGINT)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt here, as in a plain cell: that of a kernel's async cells only waits."""
    before = signal.getsignal(signal.SIGINT)
    if not on_main_thread() or before is None:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def own_interrupt() -> bool:
    """Whether a KeyboardInterrupt that came out of code in a job was raised by that code, and nobody pressed Stop."""
    handler = signal.getsignal(signal.SIGINT) if on_main_thread() else None
    return isinstance(handler, Interrupts) and handler.job is not None and not handler.job.interrupted


class Interrupts:
    """The SIGINT handler of one run, as a context: installed on entry, taken away on exit.

    Args:
        post: Puts a mark where the pump waits. Called inside a signal handler, so it must take no lock.
        where: What the main thread is busy with.
        cancel: Cancels what the job awaits, on the job's own loop.
    """

    def __init__(self, post: Callable[[Mark], None], where: Callable[[], Where], cancel: Callable[[Job], None]) -> None:
        self._post, self._where, self._cancel = post, where, cancel
        self._previous: Any = None
        self._installed = False
        self._aimed: Job | None = None  # the signal on its way was sent by ``strike``, at this job
        self._frame: FrameType | None = None
        self.stopping = False
        self.job: Job | None = None
        """The job that runs now. While it is set, a signal may raise KeyboardInterrupt on the main thread."""

    def __enter__(self) -> Interrupts:
        if on_main_thread():
            # None: somebody's C code handles it; then Python's own handler is the nearest that can be put back.
            self._previous = signal.getsignal(signal.SIGINT) or signal.default_int_handler
            self._installed = True
            signal.signal(signal.SIGINT, self)
        return self

    def __exit__(self, *_: object) -> None:
        # Somebody may have put a handler on top of ours; theirs stays, and ours then only hands on.
        self.job = None
        installed, self._installed = self._installed, False
        previous = self._previous
        if installed and signal.getsignal(signal.SIGINT) is self:
            signal.signal(signal.SIGINT, previous)

    def begin(self, job: Job) -> None:
        """A job is about to run, called by the caller of this: from here on an interrupt is raised in it."""
        self._frame, self.job = sys._getframe(1), job

    def end(self) -> None:
        """It runs no more, and no interrupt is raised."""
        self.job = self._frame = None

    def weigh(self, job: Job, error: BaseException | None) -> None:
        """See whether the KeyboardInterrupt that a job ended with was a Stop; else it is an error of the job's code.

        Where SIGINT does not come to us (the code has put a handler of its own there), it is taken for one.
        """
        if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is not self:
            job.interrupted = True

    def strike(self, job: Job) -> None:
        """Interrupt a running job, from any thread. The caller makes sure that the job has not ended."""
        self._cancel(job)
        if self._installed:
            self._aimed = job
            interrupt_main_thread()

    @contextmanager
    def during(self, job: Job) -> Iterator[None]:
        """Let a job run inside another one: meanwhile it is the one that is interrupted."""
        outer, self.job = self.job, job
        try:
            yield
        finally:
            self.job = outer

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT."""
        if not self._installed:
            if callable(self._previous):
                self._previous(number, frame)
            return
        aimed, self._aimed = self._aimed, None
        ours = aimed is not None
        job, where = self.job, self._where()
        if not ours:
            impatient, self.stopping = self.stopping, True
            self._post(Mark.FORCE if impatient and job is None else Mark.INTERRUPT)
            if impatient and where is Where.TASK:
                # A task of the user's holds the loop. A KeyboardInterrupt would end the loop, and with it the kernel.
                raise asyncio.CancelledError
        if job is None or (ours and job is not aimed):
            return  # what it was aimed at has just ended
        if where is Where.JOB and self._is_in_job(frame) and not (ours and job.struck):
            job.interrupted = job.struck = True
            signal.default_int_handler(number, frame)
        elif not ours:
            job.struck = False
            self._cancel(job)

    def _is_in_job(self, frame: FrameType | None) -> bool:
        """Whether that frame was called by the job.

        A step of a task ends in code of the loop (``call_soon`` is written in Python): a KeyboardInterrupt there would
        end the loop, and with it the kernel.
        """
        while frame is not None and frame is not self._frame:
            frame = frame.f_back
        return frame is not None
