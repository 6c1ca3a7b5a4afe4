"""Driving an awaitable to its end from code that cannot await: the sync fallback's last resort.

A second event loop inside a running one is what kernels cope with least: on ipykernel 7.1 and later the cells that are
queued meanwhile are lost, and from Python 3.14 on a patched asyncio breaks every timeout in the process. So a loop is
nested only on older ones; elsewhere, code that really waits is told to do so in a cell of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Generator
from contextlib import suppress
from typing import Any, TypeVar

from aether_nb.errors import RepairableToolError

__all__ = ["drive", "may_nest"]

T = TypeVar("T")


def drive(awaitable: Awaitable[T]) -> T:
    """The result of ``awaitable``, on the user's own loop.

    Raises:
        RepairableToolError: It waits for something, and no loop may be nested here.
        Exception: Whatever it raised.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        from IPython.core.async_helpers import get_asyncio_loop

        return _to_the_end(get_asyncio_loop(), awaitable)
    if may_nest():
        import nest_asyncio

        nest_asyncio.apply(loop)
        return _to_the_end(loop, awaitable)
    return _without_waiting(awaitable)


def may_nest() -> bool:
    """Whether a second event loop does no harm here: Python before 3.14, and no ipykernel from 7.1 on."""
    kernel = sys.modules.get("ipykernel")
    version = tuple(getattr(kernel, "version_info", ()))[:2]
    return sys.version_info < (3, 14) and version < (7, 1)


def _to_the_end(loop: asyncio.AbstractEventLoop, awaitable: Awaitable[T]) -> T:
    async def main() -> T:
        return await awaitable

    task = loop.create_task(main())
    try:
        return loop.run_until_complete(task)
    except KeyboardInterrupt:
        # It was raised in the loop. Without this, the task would live on and work behind the user's back.
        task.cancel()
        with suppress(asyncio.CancelledError, KeyboardInterrupt):
            loop.run_until_complete(asyncio.wait({task}, timeout=1.0))
        raise


def _without_waiting(awaitable: Awaitable[T]) -> T:
    """Step through a coroutine that only looks as if it would wait."""
    steps: Generator[Any, Any, T] = awaitable.__await__()
    try:
        steps.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # typed as the awaitable's result
    with suppress(StopIteration, asyncio.CancelledError, RuntimeError):
        steps.throw(asyncio.CancelledError())
        steps.close()
    raise RepairableToolError(
        "This code has to await something, which cannot be done inside %%capture, %%time or another magic.",
        "The kernel's event loop already runs, and nesting a second one would lose queued cells.",
        "Write it without await, or ask again in a cell whose first line is %%aether.",
    )
