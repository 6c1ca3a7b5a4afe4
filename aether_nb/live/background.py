"""Main-thread jobs of a run that goes on between the user's cells, in the name of the cell that launched it.

No cell waits for such a run, so the kernel's own loop takes its jobs up: each one waits until the running cell is over,
has the main thread for itself, and what it publishes goes to the launching cell. Stop interrupts the job as it would in
a cell. This module knows how the kernel hands out the main thread; it knows neither the agent nor what a job is for.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from aether_nb.live.interrupt import Interrupts, Job, Where
from aether_nb.live.jobs import Item, Jobs

__all__ = ["Background", "Origin"]

logger = logging.getLogger(__name__)


class Origin:
    """The cell that is running, remembered so that later jobs can speak in its name. Made in that cell.

    Args:
        kernel: An ipykernel kernel; anything else has no place for jobs between cells.
    """

    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel
        self.context = contextvars.copy_context()
        self.parent, self.ident = _place(kernel)

    @property
    def available(self) -> bool:
        """Whether this kernel can run jobs between cells at all."""
        ways = ("_main_asyncio_lock", "schedule_dispatch")
        return getattr(self.kernel, "io_loop", None) is not None and any(hasattr(self.kernel, way) for way in ways)


def _place(kernel: Any) -> tuple[Any, Any]:
    """The message that the kernel works on now, and who sent it."""
    try:
        return kernel.get_parent("shell"), kernel._parent_ident["shell"]
    except (AttributeError, KeyError, TypeError, LookupError):  # another kernel, or one that has had no message yet
        return {}, b""


def _last(kernel: Any) -> tuple[Any, Any]:
    """The message that the kernel worked on last: where things go that threads of the user's publish."""
    try:
        context = kernel._shell_context
        return context[kernel._shell_parent], context[kernel._shell_parent_ident]
    except (AttributeError, KeyError):  # ipykernel 6 keeps no contexts
        return _place(kernel)


class Background:
    """One run in the background: the agent's side is ``jobs``, as it is in a cell.

    Args:
        origin: The cell that launched it.
    """

    working: ClassVar[int] = 0
    """How many jobs of such runs are at work: one has the main thread, or none."""

    def __init__(self, origin: Origin) -> None:
        self.origin, self.kernel = origin, origin.kernel
        self.interrupts = Interrupts(self._post, self._where, self._cancel_awaited)
        self.jobs = Jobs(self._post, self.interrupts)
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def _post(self, item: Item) -> None:
        """Take up what the agent's side has posted; from any thread. A mark is for a cell that waits: there is none."""
        if isinstance(item, Job):
            self._schedule(item)

    def _schedule(self, job: Job) -> None:
        kernel = self.kernel
        if hasattr(kernel, "_main_asyncio_lock"):
            kernel.io_loop.add_callback(lambda: self._begin(self._alone(job)))
        else:
            kernel.io_loop.add_callback(kernel.schedule_dispatch, lambda: self._begin(self._perform(job)))

    def _begin(self, work: Any) -> asyncio.Task[None]:
        """Start it on the main loop, in the launching cell's context; the kernel keeps the order."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(work, context=self.origin.context.copy())
        return self._task

    async def _alone(self, job: Job) -> None:
        async with self.kernel._main_asyncio_lock:
            await self._perform(job)

    async def _perform(self, job: Job) -> None:
        """Run a job, await what it returns, and tell who waits for it."""
        if not self.jobs.begin(job):
            return
        error: BaseException | None = None
        with self._in_its_name(), self.interrupts:
            try:
                try:
                    self.interrupts.begin(job)
                    value = job.function()
                    job.result = await value if inspect.isawaitable(value) else value
                finally:
                    self.interrupts.end()
            except BaseException as raised:  # noqa: BLE001  # it travels to the agent, whatever it is
                error = raised
            self.interrupts.weigh(job, error)
        if job.interrupted and not job.abandoned:
            self.jobs.cancel()
        self.jobs.end(job, error)

    @contextmanager
    def _in_its_name(self) -> Iterator[None]:
        """What is published now belongs to the launching cell, and the kernel says that it is busy with it."""
        parent, ident = _last(self.kernel)
        Background.working += 1
        self.kernel.set_parent(self.origin.ident, self.origin.parent)
        self._publish("busy")
        try:
            yield
        finally:
            Background.working -= 1
            self._publish("idle")
            self.kernel.set_parent(ident, parent)

    def _publish(self, status: str) -> None:
        try:
            self.kernel._publish_status(status, "shell", self.origin.parent)
        except Exception:  # a light in the front end; the job does not depend on it
            logger.debug("the kernel's status could not be published", exc_info=True)

    def _where(self) -> Where:
        task = asyncio.current_task(self._loop) if self._loop is not None else None
        return Where.ELSEWHERE if task is None else Where.JOB if task is self._task else Where.TASK

    def _cancel_awaited(self, job: Job) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel_task, job)

    def _cancel_task(self, job: Job) -> None:
        if self.interrupts.job is job and not job.struck and self._task is not None:
            job.interrupted = True
            self._task.cancel()
