"""The whole stack, breaker around retry around pace, on a real server: what it repairs, and what it leaves open."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.models.base import Delta, Model
from aether_nb.models.sending.pace import Paced
from aether_nb.models.sending.resilience import Breaker, BreakerState, Retry
from harness.faults import JSON, Hostile, Raw, answer, hostile
from harness.formats import FORMATS, HELLO, Spoken, answered, no_reply

every_format = pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])


def stack(spoken: Spoken, server: Hostile, failures: int = 5, silence: float = 4.0) -> Breaker:
    """A model as a session opens it, that waits hardly at all."""
    inner = Paced(spoken.model(server.url, silence), 1000)
    return Breaker(Retry(inner, chance=lambda: 0.001, host="HOST"), BreakerState(failures))


async def heard(model: Model) -> list[Delta]:
    async with asyncio.timeout(5):  # a guard against hanging
        return [delta async for delta in model.stream(HELLO)]


@every_format
async def test_asked_until_it_answers(spoken: Spoken) -> None:
    """A refusal, a broken connection: the third try answers, and what was waited for is told."""
    busy = answer(b"{}", 429, JSON, {"retry-after": "0"})
    async with hostile(busy, Raw([], "reset"), answer(spoken.hi)) as server:
        model = stack(spoken, server)
        *notes, _, last = await heard(model)
        await model.aclose()
    assert [delta.note for delta in notes] == [
        "waiting 0.001 s: HOST answered 429 (try 2 of 3)",
        "waiting 0.002 s: The answer of test:m broke off (try 3 of 3)",
    ]
    assert last.reply is not None
    assert (last.reply.message.text, len(server.lines)) == ("hi", 3)


@every_format
async def test_no_text_twice(spoken: Spoken) -> None:
    """A stream that breaks after its first words is not asked again."""
    body = b"".join(spoken.samples["text"][:-3])
    async with hostile(Raw(answer(body, end="close").pieces, "reset"), answer(spoken.hi)) as server:
        model = stack(spoken, server)
        with pytest.raises(ModelUnavailable) as caught:
            await no_reply(model, HELLO)
        assert (caught.value.what, len(server.lines)) == ("The answer of test:m broke off.", 1)
        assert (await answered(model)).message.text == "hi"
        await model.aclose()


@every_format
async def test_broken_before_the_first_words(spoken: Spoken) -> None:
    """A stream that breaks after events without words is asked again, and nothing of it is kept."""
    silent = {"openai": 1, "anthropic": 3}[spoken.name]
    broken = Raw(answer(spoken.samples["text"][:silent], end="close").pieces, "close")
    async with hostile(broken, answer(spoken.hi)) as server:
        model = stack(spoken, server)
        assert (await answered(model)).message.text == "hi"
        await model.aclose()


@every_format
async def test_given_up_and_left_alone(spoken: Spoken) -> None:
    """Two calls that fail three times each are two failures; the third call does not reach the server."""
    async with hostile(*[answer(b"", 503, JSON) for _ in range(6)]) as server:
        model = stack(spoken, server, failures=2)
        said = []
        for _ in range(3):
            with pytest.raises(ModelUnavailable) as caught:
                await heard(model)
            said.append((caught.value.what, caught.value.status))
        await model.aclose()
    fault = ("test:m has a fault on its side.", 503)
    assert said == [fault, fault, ("test:m was not asked.", 0)]
    assert len(server.lines) == 6


STOPPED: dict[str, Any] = {
    "before the head": lambda _: Raw([], "stall"),
    "in the body": lambda spoken: Raw(answer(spoken.samples["text"][:-3], end="stall").pieces, "stall"),
    "in a refusal": lambda _: Raw(answer(b'{"err', 503, JSON, end="stall").pieces, "stall"),
}


@every_format
@pytest.mark.parametrize("stopped", STOPPED.values(), ids=STOPPED.keys())
async def test_cancelling_hangs_up(spoken: Spoken, stopped: Any) -> None:
    """Whoever is cancelled inside the stack closes the connection at once, and the next request is answered."""
    async with hostile(stopped(spoken), answer(spoken.hi)) as server:
        model = stack(spoken, server)
        task = asyncio.create_task(heard(model))
        async with asyncio.timeout(5):
            await server.asked.wait()
            await asyncio.sleep(0.02)  # let what there is of the answer arrive
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.left.wait()
        assert (await answered(model)).message.text == "hi"
        await model.aclose()


@every_format
async def test_leaving_hangs_up(spoken: Spoken) -> None:
    """Whoever closes the outer stream closes the connection, before the close has returned."""
    stalled = Raw(answer(spoken.samples["text"][:-3], end="stall").pieces, "stall")
    async with hostile(stalled, answer(spoken.hi)) as server:
        model = stack(spoken, server)
        async with asyncio.timeout(5):
            async with aclosing(model.stream(HELLO)) as stream:  # type: ignore[type-var]
                assert await anext(stream) == Delta("Good ")
            await server.left.wait()
        assert (await answered(model)).message.text == "hi"
        await model.aclose()


LEFT: dict[str, Any] = {
    "left early": lambda spoken: answer(spoken.samples["text"][:-3], end="stall"),
    "no answer": lambda _: answer([b"data: [1]\n\n"], end="stall"),
    "a refusal without end": lambda _: answer([b"x" * 70_000, b"x"], 503, end="stall"),
}


@every_format
@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT.keys())
async def test_many_times(spoken: Spoken, left: Any) -> None:
    """More answers are left unread than there may be connections: none of them is kept."""
    times = 110
    async with hostile(*[left(spoken) for _ in range(times)], answer(spoken.hi)) as server:
        model = spoken.model(server.url)
        async with asyncio.timeout(20):  # a guard against hanging
            for _ in range(times):
                async with aclosing(model.stream(HELLO)) as stream:  # type: ignore[type-var]
                    try:
                        assert await anext(stream) == Delta("Good ")
                    except ModelUnavailable:
                        pass
            assert (await answered(model)).message.text == "hi"
        await model.aclose()


@every_format
async def test_nothing_stays_open(spoken: Spoken) -> None:
    """After each kind of end no task and no generator of the stack is left behind."""
    before = asyncio.all_tasks()
    answers = [answer(spoken.hi), Raw([], "reset"), Raw([], "reset"), Raw([], "reset"), answer(b"{}", 400, JSON)]
    async with hostile(*answers) as server:
        model = stack(spoken, server)
        for _ in range(3):
            try:
                await heard(model)
            except ModelUnavailable:
                pass
        await model.aclose()
    assert asyncio.all_tasks() == before
    assert model.state.failed == 0
