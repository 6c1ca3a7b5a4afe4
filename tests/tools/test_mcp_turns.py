"""Whose turn it is to call a server: what a rate counts, and what it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from aether_nb.errors import RepairableToolError
from aether_nb.tools.mcp.turns import AT_ONCE, Turns


class Clock:
    """Seconds that pass only when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def paced(per_minute: float) -> tuple[Turns, Clock]:
    """Turns by such a rate, and its clock."""
    turns, clock = Turns("far", per_minute), Clock()
    assert turns.pace is not None
    turns.pace.clock = clock
    return turns, clock


async def ready() -> str:
    """A server that is there."""
    return "client"


async def called(turns: Turns, patience: float = 0.3, ready: Callable[[], Any] = ready) -> str:
    """A call that is sent as soon as it is its turn."""
    async with turns.turn(patience, ready) as client:
        return str(client)


async def test_a_call_that_is_refused_for_the_rate_does_not_count() -> None:
    """Refused at once, with when to ask again; however often that is, a server may be asked when the minute is over."""
    turns, clock = paced(1)
    assert await called(turns) == "client"
    for clock.now in (0, 10, 20, 30, 40):
        async with asyncio.timeout(0.2):  # well within the patience of a call
            with pytest.raises(RepairableToolError, match=r"nothing was sent.*1 times a minute") as refused:
                await called(turns, patience=5)
        assert refused.value.hint == f"It can be asked again in {60 - clock.now} s."
    clock.now = 61
    assert await called(turns) == "client"


async def test_a_call_that_is_cancelled_or_finds_no_server_does_not_count() -> None:
    """Nothing was sent, so the place is free for the next one, and so is the room."""
    turns, clock = paced(1)

    async def gone() -> str:
        raise RepairableToolError("The server far is not running: nothing was sent.")

    for _ in range(2 * AT_ONCE):
        with pytest.raises(RepairableToolError, match="not running"):
            await called(turns, ready=gone)
    assert await called(turns) == "client"
    clock.now = 1
    waiting = asyncio.create_task(called(turns, patience=100))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    clock.now = 61
    assert await called(turns) == "client"


async def test_a_call_that_was_sent_counts_however_it_ends() -> None:
    """What a server has heard is part of its rate, also when it has failed."""
    turns, _ = paced(1)
    with pytest.raises(ValueError, match="sent"):
        async with turns.turn(0.3, ready):
            raise ValueError("sent")
    with pytest.raises(RepairableToolError, match="1 times a minute"):
        await called(turns)


async def test_a_turn_that_is_near_is_waited_for() -> None:
    """Within the patience of a call."""
    turns, _ = paced(1)
    assert turns.pace is not None
    turns.pace._span = 0.05
    assert [await called(turns), await called(turns)] == ["client", "client"]


async def test_so_many_run_side_by_side_and_no_more() -> None:
    """One more waits, and is refused when nobody has ended in time; then there is room again."""
    turns, over = Turns("far", None), asyncio.Event()

    async def long() -> None:
        async with turns.turn(1, ready):
            await over.wait()

    running = [asyncio.create_task(long()) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(RepairableToolError, match=f"{AT_ONCE} calls of it are under way"):
        await called(turns, patience=0.02)
    over.set()
    await asyncio.gather(*running)
    assert await called(turns) == "client"


def test_each_event_loop_has_its_own_room() -> None:
    """A kernel's loop that is gone takes no room with it."""
    turns = Turns("far", None)
    assert [asyncio.run(called(turns)) for _ in range(2)] == ["client", "client"]
