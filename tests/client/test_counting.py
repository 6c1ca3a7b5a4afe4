"""What a client counts of requests that came to no proper end, and how long one request may take."""

from __future__ import annotations

import asyncio

import pytest

from aether_nb.client.face import Aether
from aether_nb.client.responses import Totals
from aether_nb.errors import ModelUnavailable
from aether_nb.events.kinds import Limits
from aether_nb.events.messages import Message, Usage
from aether_nb.models.base import Delta, Reply
from aether_nb.models.scripted import Say
from harness.client import ADD, add, scripted
from harness.loopback import Play, events, loopback, says

QUESTION = "x" * 400
CHAT = "aether:scripted"


class Endless:
    """A model that says something and then nothing more; or whose connection breaks then."""

    name = CHAT

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.lines = error, []

    async def stream(self, request):
        """See ``Model``."""
        if self.lines:
            yield self.lines.pop(0)
            return
        yield Delta(text="y" * 40)
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()


GUESSED = Totals(100, 10, estimated=True, requests=1, by_model={CHAT: Totals(100, 10, estimated=True, requests=1)})
"""The totals of one request whose tokens nobody counted."""


async def test_a_stream_that_is_left_is_counted():
    """What was sent and what had come is billed by most: a guess, and a cost that nobody knows."""
    ai = Aether(Endless())
    stream = ai.stream_text(QUESTION)
    assert await anext(stream) == "y" * 40
    await stream.aclose()
    assert ai.usage == GUESSED


async def test_a_request_that_is_cancelled_is_counted():
    """Also when the answer was wanted as a whole."""
    ai = Aether(Endless())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ai.complete(QUESTION)
    assert ai.usage == GUESSED


async def test_an_answer_that_is_cut_is_counted():
    """Its error is the model's own."""
    ai = Aether(Endless(ModelUnavailable("It was cut.")))
    with pytest.raises(ModelUnavailable, match=r"^It was cut\.$"):
        await ai.ask(QUESTION)
    assert ai.usage == GUESSED


async def test_over_the_wire_too():
    """A connection that is cut in the middle of an answer."""
    play = Play([events(says(content="y" * 40), done=False)], end="cut")
    async with loopback(play) as server, Aether("m", base_url=server.url, wrappers=False) as ai:
        with pytest.raises(ModelUnavailable):
            await ai.complete(QUESTION)
    assert (ai.usage.requests, ai.usage.tokens, ai.usage.cost) == (1, 110, None)


async def test_tools_are_counted_as_sent():
    """Their descriptions and schemas are read by the model like any words."""
    ai = Aether(Endless(ModelUnavailable("It was cut.")), tools=[add])
    with pytest.raises(ModelUnavailable):
        await ai.complete(QUESTION)
    assert ai.usage.input_tokens > 100


async def test_what_comes_from_the_cache_is_no_request():
    """It costs no tokens and nobody was asked."""
    async with loopback(Play([events(says(content="hi", finish="stop"))])) as server:
        for requests in (1, 0):
            async with Aether("m", base_url=server.url, cache=True) as ai:
                assert (await ai.complete("x")).text == "hi"
                assert ai.usage.requests == requests
        assert ai.usage == Totals(cost=0.0)


async def test_complete_has_the_runs_longest_time(monkeypatch):
    """A server that sends a little for ever does not keep a program for ever."""
    monkeypatch.setenv("AETHER_MAX_SECONDS", "1")
    with pytest.raises(ModelUnavailable) as caught:
        await Aether(Endless()).complete("x")
    assert (caught.value.what, caught.value.retryable) == (
        f"The answer of {CHAT} was not whole after 1 seconds.",
        True,
    )


async def test_a_repair_has_the_runs_longest_time():
    """The second request of ``as_=`` as well."""
    model = Endless()
    model.lines.append(Delta(reply=Reply(Message.of("assistant", "no number\nat all"))))
    with pytest.raises(ModelUnavailable, match=r"was not whole after 0\.2 seconds"):
        await Aether(model).ask("x", as_=int, limits=Limits(seconds=0.2))


async def test_a_whole_loop_is_counted_once():
    """Requests that were answered are as the provider counted them."""
    ai, _ = scripted(Say("", ADD, usage=Usage(1, 1, 0.5)), Say("3", usage=Usage(1, 1, 0.5)), tools=[add])
    await ai.ask("x")
    assert (ai.usage.requests, ai.usage.tokens, ai.usage.cost, ai.usage.estimated) == (2, 4, 1.0, False)
