"""Streams and observers: one logical stream, ten events, and observers that can break nothing."""

from __future__ import annotations

import asyncio

import pytest

from aether_nb.client.bus import EVENTS, Bus
from aether_nb.client.face import Aether
from aether_nb.client.responses import Chunk, ToolResult
from aether_nb.errors import ModelError, OptionError
from aether_nb.events.messages import ToolCall
from aether_nb.models.scripted import Say, ScriptedModel
from harness.client import ADD, add, heard, scripted

CALL = ToolCall("call_1", "add", {"a": 1, "b": 2})


async def test_tools_in_a_stream_make_one_stream():
    """Text, thinking, the call, its result and more text come in order; the last chunk has the whole answer."""
    ai, _ = scripted(Say("Let me add.", ADD, "hm"), "It is 3.", tools=[add])
    *chunks, last = [chunk async for chunk in ai.stream("1+2?")]
    assert chunks == [
        Chunk(thinking="hm"),
        Chunk(text="Let "),
        Chunk(text="me "),
        Chunk(text="add."),
        Chunk(call=CALL),
        Chunk(result=ToolResult("call_1", "add", "3")),
        Chunk(text="\n\nIt "),
        Chunk(text="is "),
        Chunk(text="3."),
    ]
    assert (last.response.text, last.response.tool_calls) == ("It is 3.", (CALL,))


async def test_stream_text_is_the_text_alone():
    """Without words before the tools it is exactly the answer."""
    ai, model = scripted(ADD, "It is 3.", tools=[add])
    assert [text async for text in ai.stream_text("x")] == ["It ", "is ", "3."]
    assert [request.stream for request in model.requests] == [True, True]


async def test_leaving_a_stream_stops_the_run():
    """The model is not asked further, and observers hear of it."""
    left = asyncio.Event()

    class Endless(ScriptedModel):
        async def stream(self, request):
            try:
                async for delta in super().stream(request):
                    yield delta
            finally:
                left.set()

    ai = Aether(Endless(["word " * 1000]))
    events = heard(ai)
    stream = ai.stream_text("x")
    assert await anext(stream) == "word "
    await stream.aclose()
    assert left.is_set()
    names = ["stream.start", "request.start", "stream.chunk", "request.error", "stream.error"]
    assert [event.event for event in events] == names


async def test_a_stream_that_fails_raises_after_what_was_said():
    """What came is not taken back, the error is the model's own, and no last chunk pretends that all is well."""
    ai, _ = scripted(Say("Let me add.", ADD), ModelError("No."), tools=[add])
    chunks = []

    async def read():
        async for chunk in ai.stream("x"):
            chunks.append(chunk)

    with pytest.raises(ModelError, match=r"^No\.$"):
        await read()
    assert ("".join(chunk.text for chunk in chunks), [chunk for chunk in chunks if chunk.response]) == (
        "Let me add.",
        [],
    )


async def test_the_events_of_a_stream_with_a_tool():
    """Each request, the one stream and the tool have their start and their end, and share an id."""
    ai, _ = scripted(Say("Well.", ADD), "3", tools=[add])
    events = heard(ai)
    async for _ in ai.stream("x"):
        pass
    assert [event.event for event in events if event.event != "stream.chunk"] == [
        "stream.start",
        "request.start",
        "request.complete",
        "tool.start",
        "tool.complete",
        "request.start",
        "request.complete",
        "stream.complete",
    ]
    ids = {
        kind: {event.id for event in events if event.event.startswith(kind)} for kind in ("request", "stream", "tool")
    }
    assert (len(ids["request"]), len(ids["stream"]), ids["tool"]) == (2, 1, {"call_1"})
    assert "".join(event.text for event in events if event.event == "stream.chunk") == "Well.\n\n3"
    told = {event.event: event for event in events}
    assert (told["tool.start"].tool, told["tool.start"].arguments) == ("add", {"a": 1, "b": 2})
    assert (told["tool.complete"].text, told["stream.complete"].response.text) == ("3", "3")
    assert (told["request.start"].model, len(told["request.start"].request.messages)) == ("aether:scripted", 3)


async def test_the_events_of_failures():
    """A request and a stream that fail say with what."""
    error = ModelError("No.")
    ai, _ = scripted(error, error)
    events = heard(ai)
    with pytest.raises(ModelError):
        await ai.complete("x")
    with pytest.raises(ModelError):
        async for _ in ai.stream("x"):
            pass
    names = ["request.start", "request.error", "stream.start", "request.start", "request.error", "stream.error"]
    assert [event.event for event in events] == names
    assert [event.error for event in events if event.event.endswith("error")] == [error] * 3


async def test_observers_break_nothing(caplog):
    """A plain one and an async one that raise are logged, and the others still hear of it."""
    ai, _ = scripted("x")
    heard_too = []

    def bad(_):
        raise ValueError("plain")

    @ai.on("request.complete")
    async def worse(_):
        await asyncio.sleep(0)
        raise ValueError("async")

    ai.on("request.complete", bad)
    ai.on("request.complete", heard_too.append)
    assert str(await ai.ask("x")) == "x"
    assert sorted(str(record.exc_info[1]) for record in caplog.records) == ["async", "plain"]
    assert {record.message for record in caplog.records} == {"an observer of request.complete failed"}
    assert len(heard_too) == 1


async def test_async_observers_are_done_when_the_answer_is_there():
    """What they await happens before whoever asked goes on."""
    ai, _ = scripted("x", "y")
    done = []

    async def slow(event):
        await asyncio.sleep(0.01)
        done.append(event.event)

    ai.on("request.complete", slow)
    await ai.ask("x")
    assert done == ["request.complete"]
    async for _ in ai.stream_text("y"):
        pass
    assert done == ["request.complete"] * 2


async def test_an_observer_can_be_taken_off():
    """The function that ``on`` returns does it, and may be called twice."""
    ai, _ = scripted("x", "y")
    told = []
    off = ai.on("request.start", told.append)
    await ai.ask("x")
    off()
    off()
    await ai.ask("y")
    assert len(told) == 1


async def test_clients_can_share_a_bus():
    """One observer hears of both."""
    bus, told = Bus(), []
    bus.on("request.complete", told.append)
    for name in ("a", "b"):
        await Aether(ScriptedModel(["x"], name=name), bus=bus).ask("x")
    assert [event.model for event in told] == ["a", "b"]


@pytest.mark.parametrize(
    ("event", "hint"), [("request.begin", "request."), ("tool.end", "tool."), ("zzz", ", ".join(EVENTS))]
)
def test_an_unknown_event_is_an_error_with_near_names(event, hint):
    """Nobody waits for an event that never comes."""
    with pytest.raises(OptionError) as caught:
        scripted()[0].on(event, print)
    assert caught.value.what == f"There is no event {event!r}."
    assert hint in caught.value.hint
