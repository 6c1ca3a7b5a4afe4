"""What a running call shows on its way, and what it is told of itself."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from pathlib import Path

import pytest

from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.run import Run
from aether_nb.errors import StoreFull
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.live.undo import Points, RunPoints
from aether_nb.store.memory import MemoryLog
from aether_nb.store.memory_parts import MemoryBlobs
from harness.agent import here

CAPTURED: ContextVar[bool] = ContextVar("CAPTURED", default=False)


def test_what_is_shown_of_a_call_is_not_taken_for_its_output() -> None:
    """Watchers are told outside of the context in which the call's output is captured: they may print."""
    seen: list[bool] = []
    run = Run(MemoryLog(), "run1", (lambda entry: seen.append(CAPTURED.get()),))
    calls = Calls(run, {}, Host(None, Path("/nowhere"), here), Asking(()))

    async def emitting() -> None:
        context = calls._context("c1", asyncio.get_running_loop())
        CAPTURED.set(True)
        context.emit(k.OutputDelta("c1", "text"))
        await asyncio.sleep(0.01)

    asyncio.run(emitting())
    assert seen == [False]


def test_what_cannot_be_shown_because_the_disk_is_full_is_told_to_whoever_appends_next() -> None:
    """The callback that shows it has nobody to tell: it raises nothing into the loop."""
    faults: list[object] = []

    class Full(MemoryLog):
        def append(self, *args: object, **more: object) -> tuple[k.Entry, ...]:
            raise StoreFull("The disk is full.")

    run = Run(Full(), "run1")
    calls = Calls(run, {}, Host(None, Path("/nowhere"), here), Asking(()))

    async def emitting() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, fault: faults.append(fault))
        run._hold((k.ItemStarted(0),))
        calls._context("c1", loop).emit(k.OutputDelta("c1", "text"))
        await asyncio.sleep(0.01)
        with pytest.raises(StoreFull):
            run.append(k.RunEnded("done"))

    asyncio.run(emitting())
    assert faults == []


def test_a_tool_is_told_how_risky_its_call_is_and_who_keeps_what_it_changes() -> None:
    """A call that nobody has judged is high; what keeps changes is the host's."""
    run, undo = Run(MemoryLog(checked=False), "run1"), RunPoints(Points(), "run1", MemoryBlobs())
    calls = Calls(run, {}, Host(None, Path("/nowhere"), here, undo=undo), Asking(()))
    run.append(k.RunStarted("x", "script"), k.CallProposed(ToolCall("c1", "t", {}), "h", "medium", "namespace"))
    assert (calls._context("c1").risk, calls._context("c2").risk) == ("medium", "high")
    assert calls._context("c1").undo is undo
