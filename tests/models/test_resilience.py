"""Trying again and leaving alone: when, how often, how long, and what is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import pytest

from aether_nb.errors import ModelError, ModelUnavailable
from aether_nb.events.messages import Message
from aether_nb.models.base import Delta, Model, Reply, Request
from aether_nb.models.endpoints.endpoint import Endpoint, nonsense, silent
from aether_nb.models.sending.resilience import Breaker, BreakerState, Retry

HELLO = Request((Message.of("user", "hi"),))
DONE = Delta(reply=Reply(Message.of("assistant", "hi")))
OTHER = "choose another model: %aether model NAME"


class Played:
    """A model that plays a line for each request: deltas, and errors that it raises; it counts what is still open."""

    name = "test:m"

    def __init__(self, *lines: Sequence[Delta | BaseException]) -> None:
        self.lines, self.asked, self.open, self.closed = list(lines), 0, 0, False

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        assert request is HELLO
        self.asked, self.open = self.asked + 1, self.open + 1
        try:
            for piece in self.lines.pop(0):
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            self.open -= 1

    async def aclose(self) -> None:
        self.closed = True


def down(status: int = 503, **more: Any) -> ModelUnavailable:
    more = {"retryable": True, "code": "busy", **more}
    return ModelUnavailable("test:m has a fault.", "HOST said so.", "Run it again", status=status, **more)


async def heard(model: Model) -> list[Delta]:
    return [delta async for delta in model.stream(HELLO)]


class Sleeps:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now = 1000.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def retry(inner: Model, chance: float = 0.5, **more: Any) -> tuple[Retry, Sleeps]:
    sleeps = Sleeps()
    return Retry(inner, chance=lambda: chance, sleep=sleeps.sleep, host="HOST", **more), sleeps


def parts(error: ModelUnavailable) -> tuple[Any, ...]:
    return error.what, error.why, error.hint, error.status, error.code, error.retry_after, error.retryable


async def test_asked_again() -> None:
    """A failure that may pass, before anything was said, is followed by another try, and the wait is told."""
    model, sleeps = retry(Played([down(429)], [ModelUnavailable("It broke off.", retryable=True)], [Delta("hi"), DONE]))
    assert await heard(model) == [
        Delta(note="waiting 0.5 s: HOST answered 429 (try 2 of 3)"),
        Delta(note="waiting 1 s: It broke off (try 3 of 3)"),
        Delta("hi"),
        DONE,
    ]
    assert sleeps.slept == [0.5, 1.0]


async def test_given_up() -> None:
    """The last error is raised as it was, with how often was tried, and with its cause."""
    played = Played([down()], [down()], [last := down(529, retry_after=3.0)])
    model, _ = retry(played)
    with pytest.raises(ModelUnavailable) as caught:
        await heard(model)
    assert parts(caught.value) == (
        "test:m has a fault.", "HOST said so. It was asked 3 times.", "Run it again", 529, "busy", 3.0, True,
    )  # fmt: skip
    assert str(caught.value) == "test:m has a fault. HOST said so. It was asked 3 times. Run it again"
    assert caught.value.__cause__ is last
    assert (played.asked, played.open) == (3, 0)


@pytest.mark.parametrize(
    "piece", [Delta("a"), Delta(thinking="a"), Delta(call="a"), DONE], ids=["text", "thinking", "call", "reply"]
)
async def test_never_after_the_first_chunk(piece: Delta) -> None:
    """Once something was said a failure is final: no text comes twice."""
    played = Played([piece, failure := down()], [DONE])
    stream = retry(played)[0].stream(HELLO)
    assert await anext(stream) == piece
    with pytest.raises(ModelUnavailable) as caught:
        await anext(stream)
    assert (played.asked, caught.value is failure) == (1, True)


async def test_a_note_is_not_a_chunk() -> None:
    """What goes on meanwhile is no part of the reply: after a note it may be asked again."""
    model, _ = retry(Played([Delta(note="pace"), down()], [DONE]))
    note = Delta(note="waiting 0.5 s: HOST answered 503 (try 2 of 3)")
    assert await heard(model) == [Delta(note="pace"), note, DONE]


@pytest.mark.parametrize("error", [down(401, retryable=False), ModelError("nonsense"), ValueError("a fault of ours")])
async def test_what_does_not_pass(error: Exception) -> None:
    """An error that asking again would not mend is raised at once, untouched."""
    played = Played([error], [DONE])
    with pytest.raises(type(error)) as caught:
        await heard(retry(played)[0])
    assert (caught.value is error, played.asked) == (True, 1)


@pytest.mark.parametrize(
    ("retry_after", "chance", "slept"),
    [(7.0, 0.5, 7.0), (0.0, 0.5, 0.5), (None, 1.0, 1.0), (None, 0.0, 0.0), (60.0, 1.0, 60.0), (-5.0, 0.25, 0.25)],
)
async def test_how_long(retry_after: float | None, chance: float, slept: float) -> None:
    """The wait is what the provider asks for, and at least a random part of our own backoff."""
    model, sleeps = retry(Played([down(retry_after=retry_after)], [DONE]), chance)
    await heard(model)
    assert sleeps.slept == [slept]


async def test_backoff_doubles_up_to_a_limit() -> None:
    """Without a word from the provider the longest wait doubles with each try, up to 20 seconds."""
    model, sleeps = retry(Played(*[[down()]] * 7, [DONE]), 1.0, attempts=8)
    await heard(model)
    assert sleeps.slept == [1, 2, 4, 8, 16, 20, 20]


@pytest.mark.parametrize(
    ("seconds", "wait"), [(61.0, "61 s"), (119.2, "120 s"), (150.0, "3 min"), (7200.5, "3 h"), (7200.0, "120 min")]
)
async def test_a_long_wait_is_the_users_choice(seconds: float, wait: str) -> None:
    """A provider that wants more than a minute is not waited for: the error says how long it would be."""
    played = Played([down(429, retry_after=seconds)], [DONE])
    model, sleeps = retry(played)
    with pytest.raises(ModelUnavailable) as caught:
        await heard(model)
    assert parts(caught.value) == (
        "test:m has a fault.", "HOST said so.", f"Run the cell again in {wait}, or {OTHER}", 429, "busy", seconds, True,
    )  # fmt: skip
    assert (played.asked, sleeps.slept) == (1, [])


async def test_leaving_while_it_waits() -> None:
    """A wait can be cancelled, and then nobody is asked again."""
    played = Played([down(retry_after=50.0)], [DONE])
    noted = asyncio.Event()

    async def listen() -> None:
        async for _ in Retry(played).stream(HELLO):
            noted.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(noted.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (played.asked, played.open) == (1, 0)


@pytest.mark.parametrize("wrapper", [lambda inner: retry(inner)[0], Breaker], ids=["retry", "breaker"])
async def test_leaving_closes_the_inner_stream(wrapper: Callable[[Model], Model]) -> None:
    """A stream that is closed early closes the inner one, at once and without another try."""
    played = Played([Delta("hi"), DONE], [DONE])
    async with aclosing(wrapper(played).stream(HELLO)) as stream:  # type: ignore[type-var]
        assert await anext(stream) == Delta("hi")
        assert played.open == 1
    assert (played.open, played.asked) == (0, 1)


async def test_the_face_of_the_inner_model() -> None:
    """Wrappers bear the inner model's name and close it."""
    played = Played()
    model = Breaker(Retry(played))
    await model.aclose()
    assert (model.name, played.closed) == ("test:m", True)


def breaker(*lines: Sequence[Delta | BaseException], failures: int = 2) -> tuple[Breaker, Played, Sleeps]:
    sleeps, played = Sleeps(), Played(*lines)
    return Breaker(played, BreakerState(failures, 30.0, clock=lambda: sleeps.now)), played, sleeps


async def outcome(model: Model) -> str:
    """The first word of how it went: answered, or what the error says."""
    try:
        return "answered" if (await heard(model))[-1] == DONE else "cut"
    except ModelUnavailable as error:
        return "left alone" if error.what == "test:m was not asked." else "failed"


async def test_a_server_that_keeps_failing_is_left_alone() -> None:
    """After so many failures in a row nobody is asked; then one call tries, and its success opens the way."""
    model, played, sleeps = breaker([down()], [down()], [DONE], [down()], [DONE])
    said = [await outcome(model) for _ in range(3)]
    sleeps.now += 29.9
    said.append(await outcome(model))
    sleeps.now += 0.2
    said += [await outcome(model) for _ in range(3)]
    assert said == ["failed", "failed", "left alone", "left alone", "answered", "failed", "answered"]
    assert played.asked == 5


async def test_a_trial_that_fails() -> None:
    """One failed trial is enough to leave the server alone again, for the whole time."""
    model, played, sleeps = breaker([down()], [down()], [down()])
    said = [await outcome(model) for _ in range(2)]
    sleeps.now += 30
    said.append(await outcome(model))
    sleeps.now += 29
    said.append(await outcome(model))
    assert (said, played.asked) == (["failed"] * 3 + ["left alone"], 3)


async def test_what_is_told_of_a_server_that_is_left_alone() -> None:
    """The error says how often it failed, until when it is left alone, and what to type."""
    model, _, sleeps = breaker([down()], [down()])
    for _ in range(2):
        await outcome(model)
    sleeps.now += 10
    before = datetime.now()
    with pytest.raises(ModelUnavailable) as caught:
        await heard(model)
    moments = {before + timedelta(seconds=20 + late) for late in range(6)}
    whys = {f"Its server failed 2 times in a row and is left alone until {moment:%H:%M:%S}." for moment in moments}
    what, why, *rest = parts(caught.value)
    assert (what, rest) == ("test:m was not asked.", [f"Run the cell again after that, or {OTHER}", 0, "", 20.0, True])
    assert why in whys


@pytest.mark.parametrize("error", [down(400, retryable=False), down(401, retryable=False), down(429)])
async def test_a_server_that_answers_is_well(error: ModelUnavailable) -> None:
    """A refused request, a refused key and a spent rate limit say nothing against the server, and end a bad row."""
    model, played, _ = breaker([down()], [error], [down()], [DONE])
    assert [await outcome(model) for _ in range(4)] == ["failed", "failed", "failed", "answered"]
    assert played.asked == 4


async def test_silence_counts_against_a_server_and_nonsense_does_not() -> None:
    """A silent server is not asked again, and is ill; what a model writes badly is not its server's fault."""
    quiet, bad = silent(Endpoint("test:m", "http://h"), 300), nonsense(Endpoint("test:m", "http://h"), "It is none")
    model, *_ = breaker([bad], [bad], [bad], [quiet], [quiet], [DONE])
    assert [await outcome(model) for _ in range(6)] == ["failed"] * 5 + ["left alone"]
    again, sleeps = retry(Played([quiet], [DONE]))
    assert (await outcome(again), sleeps.slept) == ("failed", [])


async def test_an_exhausted_call_is_one_failure() -> None:
    """The breaker stands outside the retries: a call that was tried three times counts once."""
    played = Played(*[[down()]] * 6)
    model = Breaker(retry(played)[0], BreakerState(2))
    assert [await outcome(model) for _ in range(3)] == ["failed", "failed", "left alone"]
    assert played.asked == 6


async def test_only_one_call_tries() -> None:
    """While one call tries the server out the others are told to wait; a trial that is left lets another try."""
    model, played, sleeps = breaker([down()], [down()], [Delta("h"), DONE], [DONE])
    for _ in range(2):
        await outcome(model)
    sleeps.now += 30
    async with aclosing(model.stream(HELLO)) as trial:  # type: ignore[type-var]
        await anext(trial)
        assert await outcome(model) == "left alone"
    assert await outcome(model) == "answered"
    assert played.asked == 4


async def test_a_late_failure_is_no_news() -> None:
    """A call from before that fails while the server is left alone, or tried out, does not lengthen the time."""
    model, _, sleeps = breaker([Delta("h"), down()], [Delta("h"), down()], [down()], [down()], [Delta("h"), DONE])
    first, second = model.stream(HELLO), model.stream(HELLO)
    await anext(first)
    await anext(second)
    assert [await outcome(model) for _ in range(2)] == ["failed", "failed"]
    sleeps.now += 29
    with pytest.raises(ModelUnavailable):
        await anext(first)
    sleeps.now += 1
    trial = model.stream(HELLO)
    await anext(trial)
    with pytest.raises(ModelUnavailable):
        await anext(second)
    with pytest.raises(ModelUnavailable) as caught:
        await heard(model)
    assert caught.value.retry_after == 1.0  # because of the trial, which still goes on
    assert await anext(trial) == DONE
    assert [delta async for delta in trial] == []
    assert model.state.failed == 0


async def test_models_of_one_server_share_what_is_known() -> None:
    """Two models of one server, in two event loops and threads, count their failures together."""
    state = BreakerState(2)
    models = [Breaker(Played([down()], [DONE]), state) for _ in range(2)]
    said = []
    for model in models:
        thread = threading.Thread(target=lambda model=model: said.append(asyncio.run(outcome(model))))
        thread.start()
        thread.join()
    assert [*said, await outcome(models[0])] == ["failed", "failed", "left alone"]
