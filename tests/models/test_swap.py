"""A conversation that one format began is gone on with in any other: between two turns, and between two tool turns.

The first model is asked over HTTP and answers with thinking, text and two calls; one of them has a result with a
picture, the other was interrupted. The second model is sent that history, over HTTP too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from aether_nb.events.messages import Image, Message, Text
from aether_nb.models.base import Model, Reply, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.anthropic import AnthropicFormat
from aether_nb.models.formats.history import INTERRUPTED, PICTURES
from aether_nb.models.formats.openai import OpenAIFormat
from aether_nb.models.sending.http import HttpModel
from aether_nb.models.words.native import NativeTools
from aether_nb.models.words.text import TextTools
from aether_nb.models.words.toolprompt import rules
from harness import anthropic as wire
from harness.loopback import Play, events, loopback, says
from harness.worded import LOOK, SEND, block, got

TOOLS = (LOOK, SEND)
PICTURE, PLOT = Image("image/png", "aGk="), Image("image/png", "cGxvdA==")
BEGIN = (Message.of("system", "Be brief."), Message("user", (Text("What is this?"), PICTURE)))
ARGUMENTS = {"what": "sales"}
THINKING, SIGNATURE = "Two things to do.", "c2lnbmVk"
NEXT = Message.of("user", "And now?")


@dataclass(frozen=True)
class Speaker:
    """A model of one format: how it is made, and how it says what the conversation needs."""

    model: Callable[[str], Model]
    calls: Callable[[], Play]
    words: Callable[[], Play]


def openai_calls() -> Play:
    first = {"index": 0, "id": "call_1", "function": {"name": "look", "arguments": '{"what": '}}
    more = {"index": 0, "function": {"arguments": '"sales"}'}}
    second = {"index": 1, "id": "call_2", "function": {"name": "send", "arguments": "{}"}}
    pieces = [{"reasoning_content": THINKING}, {"content": "Let me look."}]
    pieces += [{"tool_calls": [first]}, {"tool_calls": [more]}, {"tool_calls": [second]}]
    return Play([events(*(says(**piece) for piece in pieces), says(finish="tool_calls"))])


def anthropic_calls() -> Play:
    signed = [{"type": "thinking_delta", "thinking": THINKING}, {"type": "signature_delta", "signature": SIGNATURE}]
    return wire.stream(
        wire.start(),
        *wire.block(0, {"type": "thinking", "thinking": "", "signature": ""}, *signed),
        *wire.text(1, "Let me ", "look."),
        *wire.tool(2, '{"what": ', '"sales"}', id="toolu_1", name="look"),
        *wire.tool(3, id="toolu_2", name="send"),
        *wire.stop("tool_use"),
    )


def text_calls() -> Play:
    said = f"Let me look.\n\n{block()}\n{block('send', '{}')}"
    return Play([events(*(says(content=sign) for sign in said), says(finish="stop"))])


def in_words() -> Play:
    return Play([events(says(content="There are "), says(content="3."), says(finish="stop"))])


def openai_model(url: str, **more: Any) -> Model:
    profile = Profile("kimi", "m", url, thinking_field="reasoning_content", **more)
    return NativeTools(HttpModel(profile, OpenAIFormat()))


def anthropic_model(url: str, **more: Any) -> Model:
    return NativeTools(HttpModel(wire.profile(url, cache_points=False, **more), AnthropicFormat()))


def text_model(url: str) -> Model:
    return TextTools(HttpModel(Profile("perplexity", "m", url, tools="text"), OpenAIFormat()))


SPEAKERS = {
    "openai": Speaker(openai_model, openai_calls, in_words),
    "anthropic": Speaker(
        anthropic_model,
        anthropic_calls,
        lambda: wire.stream(wire.start(), *wire.text(0, "There are ", "3."), *wire.stop("end_turn")),
    ),
    "text": Speaker(text_model, text_calls, in_words),
}


# ---- what each format needs, written by hand

DATA = {"aGk=": "data:image/png;base64,aGk=", "cGxvdA==": "data:image/png;base64,cGxvdA=="}


def shown(image: Image) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": DATA[image.base64]}}


def source(image: Image) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": image.base64}}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def for_openai(ids: list[str], own: bool, later: bool) -> list[dict[str, Any]]:
    calls = [
        {"id": ids[0], "type": "function", "function": {"name": "look", "arguments": '{"what":"sales"}'}},
        {"id": ids[1], "type": "function", "function": {"name": "send", "arguments": "{}"}},
    ]
    thought = {"reasoning_content": THINKING} if own else {}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [words("What is this?"), shown(PICTURE)]},
        {"role": "assistant", "content": "Let me look.", **thought, "tool_calls": calls},
        {"role": "tool", "tool_call_id": ids[0], "content": "rows: 3"},
        {"role": "tool", "tool_call_id": ids[1], "content": INTERRUPTED},
        {"role": "user", "content": [words(PICTURES), shown(PLOT)]},
    ]
    answer = [{"role": "assistant", "content": "There are 3."}, {"role": "user", "content": "And now?"}]
    return messages + (answer if later else [])


def for_anthropic(ids: list[str], own: bool, later: bool) -> list[dict[str, Any]]:
    thought = [{"type": "thinking", "thinking": THINKING, "signature": SIGNATURE}] if own else []
    uses = [
        {"type": "tool_use", "id": ids[0], "name": "look", "input": ARGUMENTS},
        {"type": "tool_use", "id": ids[1], "name": "send", "input": {}},
    ]
    results = [
        {"type": "tool_result", "tool_use_id": ids[0], "content": [words("rows: 3"), source(PLOT)]},
        {"type": "tool_result", "tool_use_id": ids[1], "content": INTERRUPTED},
    ]
    messages = [
        {"role": "user", "content": [words("What is this?"), source(PICTURE)]},
        {"role": "assistant", "content": [*thought, words("Let me look."), *uses]},
        {"role": "user", "content": results},
    ]
    answer = [{"role": "assistant", "content": "There are 3."}, {"role": "user", "content": "And now?"}]
    return messages + (answer if later else [])


def for_text(ids: list[str], own: bool, later: bool) -> list[dict[str, Any]]:
    results = [
        words(f'<tool_result id="{ids[0]}" name="look">\nrows: 3\n</tool_result>'),
        shown(PLOT),
        words(f'<tool_result id="{ids[1]}" name="send">\n{INTERRUPTED}\n</tool_result>'),
    ]
    messages = [
        {"role": "system", "content": f"Be brief.\n\n{rules(TOOLS).text}"},
        {"role": "user", "content": [words("What is this?"), shown(PICTURE)]},
        {"role": "assistant", "content": f"Let me look.\n\n{block()}\n{block('send', '{}')}"},
        {"role": "user", "content": results},
    ]
    answer = [{"role": "assistant", "content": "There are 3."}, {"role": "user", "content": "And now?"}]
    return messages + (answer if later else [])


NEEDS = {"openai": for_openai, "anthropic": for_anthropic, "text": for_text}

FIELDS: dict[str, set[str]] = {
    "openai": {"model", "stream", "stream_options", "tools", "messages"},
    "anthropic": {"model", "stream", "max_tokens", "system", "tools", "messages"},
    "text": {"model", "stream", "stream_options", "messages"},
}

DIRECTIONS = [(first, second) for first in SPEAKERS for second in SPEAKERS]


async def answers(speaker: Speaker, plays: Iterable[Play], *requests: Request) -> tuple[list[Reply], list[Any]]:
    """The replies of a new model to these requests, and what it sent."""
    async with loopback(*plays) as server:
        model = speaker.model(server.url)
        replies = [(await got(model, request)).reply for request in requests]
        await model.aclose()  # type: ignore[attr-defined]
    return replies, [asked.json for asked in server.asked]


async def begun(name: str) -> tuple[tuple[Message, ...], list[str]]:
    """The history that a model of this format makes, up to the results of its calls, and the ids of these calls."""
    speaker = SPEAKERS[name]
    ((reply,), _) = await answers(speaker, [speaker.calls()], Request(BEGIN, TOOLS))
    assert (reply.message.text, reply.finish) == ("Let me look.", "tool_calls")
    assert [(call.name, call.arguments) for call in reply.message.calls] == [("look", ARGUMENTS), ("send", {})]
    assert reply.message.thinking == ("" if name == "text" else THINKING)
    ids = [call.id for call in reply.message.calls]
    return (*BEGIN, reply.message, Message("tool", (Text("rows: 3"), PLOT), call_id=ids[0])), ids


@pytest.mark.parametrize(("first", "second"), DIRECTIONS)
async def test_a_swap_between_two_tool_turns(first: str, second: str) -> None:
    """The second model gets the calls and results of the first in its own form, and answers them."""
    history, ids = await begun(first)
    speaker = SPEAKERS[second]
    (reply,), (body,) = await answers(speaker, [speaker.words()], Request(history, TOOLS))
    assert body["messages"] == NEEDS[second](ids, first == second, later=False)
    assert body.keys() == FIELDS[second]
    assert (reply.message.text, reply.finish) == ("There are 3.", "stop")


@pytest.mark.parametrize(("first", "second"), DIRECTIONS)
async def test_a_swap_between_two_turns(first: str, second: str) -> None:
    """After an answer the second model gets the whole turn, and calls tools itself."""
    history, ids = await begun(first)
    one, other = SPEAKERS[first], SPEAKERS[second]
    (answer,), _ = await answers(one, [one.words()], Request(history, TOOLS))
    (reply,), (body,) = await answers(other, [other.calls()], Request((*history, answer.message, NEXT), TOOLS))
    assert body["messages"] == NEEDS[second](ids, first == second, later=True)
    assert [call.name for call in reply.message.calls] == ["look", "send"]
    if second == "anthropic":
        assert (body["system"], wire.faults(body)) == ("Be brief.", [])


@pytest.mark.parametrize(("first", "second"), DIRECTIONS)
async def test_there_and_back(first: str, second: str) -> None:
    """A model that is swapped away and back finds its history as if nobody else had spoken in between."""
    history, _ = await begun(first)
    one, other = SPEAKERS[first], SPEAKERS[second]
    alone = Request(history, TOOLS)
    async with loopback(one.words(), one.calls()) as here, loopback(other.words()) as there:
        model, between = one.model(here.url), other.model(there.url)
        await got(model, alone)
        answer = (await got(between, alone)).reply.message
        await got(model, Request((*history, answer, NEXT), TOOLS))
        for each in (model, between):
            await each.aclose()  # type: ignore[attr-defined]
    before, after = [asked.json["messages"] for asked in here.asked]
    assert after == [*before, {"role": "assistant", "content": "There are 3."}, {"role": "user", "content": "And now?"}]


STRANGERS: dict[str, Callable[[str], Model]] = {
    "openai": lambda url: NativeTools(
        HttpModel(Profile("deepseek", "m", url, thinking_field="reasoning_content"), OpenAIFormat())
    ),
    "anthropic": lambda url: NativeTools(
        HttpModel(Profile("minimax", "m", url, wire="anthropic", auth="x-api-key"), AnthropicFormat())
    ),
}


@pytest.mark.parametrize("name", STRANGERS)
async def test_thinking_goes_to_nobody_else(name: str) -> None:
    """Another provider of the same format gets neither thinking nor signatures."""
    history, ids = await begun(name)
    stranger = Speaker(STRANGERS[name], SPEAKERS[name].calls, SPEAKERS[name].words)
    _, (body,) = await answers(stranger, [stranger.words()], Request(history, TOOLS))
    assert body["messages"] == NEEDS[name](ids, own=False, later=False)
    assert THINKING not in json.dumps(body) and SIGNATURE not in json.dumps(body)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_text_tools_over_either_wire(name: str) -> None:
    """Tools as text do not care what travels: no tools, no calls, no thinking of calls, in either wire format."""
    history, _ = await begun(name)
    build = {"openai": openai_model, "anthropic": anthropic_model}[name]

    def worded(url: str) -> Model:
        native = build(url)
        assert isinstance(native, NativeTools)
        return TextTools(native.inner)

    speaker = Speaker(worded, SPEAKERS[name].calls, SPEAKERS[name].words)
    _, (body,) = await answers(speaker, [speaker.words()], Request(history, TOOLS))
    told = json.dumps(body)
    assert "tools" not in body and '"tool_use"' not in told and '"tool_calls"' not in told
    assert [message["role"] for message in body["messages"] if message["role"] != "system"] == [
        *("user", "assistant", "user"),
    ]
    assert (told.count("```tool_call"), told.count("</tool_result>"), told.count("cGxvdA==")) == (3, 2, 1)
