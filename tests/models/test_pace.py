"""Rate limits: never more requests in a minute than allowed, whoever asks and whoever leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.events.messages import Message
from aether_nb.models.base import Delta, Reply, Request
from aether_nb.models.sending.pace import Pace, Paced

HELLO = Request((Message.of("user", "hi"),))
DONE = Delta(reply=Reply(Message.of("assistant", "hi")))


class Counted:
    """A model that says one word and keeps when it was asked."""

    name = "test:m"

    def __init__(self, clock: Clock) -> None:
        self.clock, self.asked, self.open = clock, list[float](), 0

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        self.asked.append(self.clock.now)
        self.open += 1
        try:
            yield Delta("hi")
            yield DONE
        finally:
            self.open -= 1


class Clock:
    """Time that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced(per_minute: float) -> tuple[Paced, Counted, Clock]:
    clock = Clock()
    inner = Counted(clock)
    return Paced(inner, Pace(per_minute, clock), sleep=clock.sleep), inner, clock


@pytest.mark.parametrize(
    ("per_minute", "moments"),
    [(2, [0, 0, 60, 60, 120]), (1, [0, 60, 120, 180, 240]), (0.5, [0, 120, 240, 360, 480]), (2.5, [0, 0, 48, 48, 96])],
)
async def test_the_rate(per_minute: float, moments: list[float]) -> None:
    """As many as are allowed go at once; the next one goes a minute after the first of them."""
    model, inner, _ = paced(per_minute)
    for _ in range(5):
        async for _ in model.stream(HELLO):
            pass
    assert inner.asked == moments


async def test_a_wait_is_told() -> None:
    """A wait of more than half a second is announced before it; a shorter one is not."""
    model, _, clock = paced(1)
    first = [delta async for delta in model.stream(HELLO)]
    clock.now = 18.0
    second = [delta async for delta in model.stream(HELLO)]
    clock.now = 119.6
    third = [delta async for delta in model.stream(HELLO)]
    note = Delta(note="waiting 42 s: test:m is asked at most 1 requests a minute")
    assert (first, second, third) == ([Delta("hi"), DONE], [note, Delta("hi"), DONE], [Delta("hi"), DONE])
    assert clock.now == 120.0


async def test_leaving_while_it_waits() -> None:
    """Who is cancelled or closed while waiting asks nobody, and gives the place back."""
    clock = Clock()
    inner = Counted(clock)
    model = Paced(inner, Pace(1, clock))
    [delta async for delta in model.stream(HELLO)]
    noted = asyncio.Event()

    async def listen() -> None:
        async for _ in model.stream(HELLO):
            noted.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(noted.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with aclosing(model.stream(HELLO)) as stream:  # type: ignore[type-var]
        assert (await anext(stream)).note
    assert (len(inner.asked), model.pace.take()) == (1, 60.0)


async def test_leaving_closes_the_inner_stream() -> None:
    """A stream that is closed early closes the inner one at once."""
    model, inner, _ = paced(1)
    async with aclosing(model.stream(HELLO)) as stream:  # type: ignore[type-var]
        await anext(stream)
        assert inner.open == 1
    assert inner.open == 0


async def test_one_rate_for_all() -> None:
    """Models that share a pace share its places, also when each is asked in a loop and a thread of its own."""
    clock = Clock()
    pace = Pace(3, clock)
    models = [Counted(clock) for _ in range(4)]

    async def ask(inner: Counted) -> None:
        async for _ in Paced(inner, pace, sleep=clock.sleep).stream(HELLO):
            pass

    for inner in models:
        await asyncio.to_thread(lambda inner=inner: asyncio.run(ask(inner)))
    assert [inner.asked for inner in models] == [[0.0], [0.0], [0.0], [60.0]]


def test_places_that_were_given_back() -> None:
    """Whoever comes next gets an early place that was given back, and the one after it stands in the right order."""
    pace = Pace(2, Clock())
    assert [pace.take() for _ in range(6)] == [0, 0, 60, 60, 120, 120]
    for moment in (60.0, 60.0, 120.0):
        pace.give_back(moment)
    assert [pace.take() for _ in range(3)] == [60, 120, 180]


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_that_is_none(rate: float) -> None:
    """A rate has to be above zero."""
    with pytest.raises(ValueError, match="above 0"):
        Pace(rate)


@given(st.integers(1, 4), st.lists(st.tuples(st.floats(0, 40), st.integers(0, 9)), max_size=60))
def test_never_more_than_allowed(most: int, visits: list[tuple[float, int]]) -> None:
    """In no minute are there more places than allowed, whenever callers come and whoever gives a place back."""
    clock = Clock()
    pace = Pace(most, clock)
    kept: list[float] = []
    for wait, leaving in visits:
        clock.now += wait
        kept.append(pace.take())
        assert kept[-1] >= clock.now
        waiting = [moment for moment in kept if moment > clock.now]
        if leaving < len(waiting):
            pace.give_back(waiting[leaving])
            kept.remove(waiting[leaving])
    kept.sort()
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(kept, kept[most:], strict=False))
