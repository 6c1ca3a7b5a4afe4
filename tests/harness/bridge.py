"""What tests of the bridge share: an agent's thread that must be left empty, both ways of waiting, pressing Stop."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from aether_nb.live.bridge import AgentThread, Jobs, run_blocking, run_in_cell

HANG = 20.0
"""Seconds after which something that should have happened long ago never will."""

Work = Callable[[Jobs], Coroutine[Any, Any, Any]]


@contextmanager
def agent_thread() -> Iterator[AgentThread]:
    """An agent's thread, on which nothing may be left at the end."""
    thread = AgentThread("test-agent")
    try:
        yield thread
        assert thread.submit(others()).result(HANG) == []
    finally:
        thread.close()


async def others() -> list[asyncio.Task[Any]]:
    """The tasks beside this one; a task that has just done its last step is given a moment to end."""
    await asyncio.sleep(0)
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def awaiting(thread: AgentThread, work: Work) -> Any:
    """Run the work as an async cell would."""
    return asyncio.run(run_in_cell(thread, work))


WAYS = {"awaiting": awaiting, "blocking": run_blocking}
"""Both ways in which a cell waits for its run."""


def press_stop(after: float = 0.0) -> None:
    """What the kernel's Stop button does."""
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGINT)
