"""Our formats against servers that others wrote: what they send is read, what they refuse is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message, ToolCall, ToolSpec
from aether_nb.models.base import Delta, Options, Reply, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.anthropic import AnthropicFormat
from aether_nb.models.formats.openai import OpenAIFormat
from aether_nb.models.sending.http import HttpModel

pytestmark = [pytest.mark.full, pytest.mark.slow]

KEY = "sk-local-0123456789abcdef0123456789abcdef"
HELLO = (Message.of("system", "Be brief."), Message.of("user", "Hello ünï ✓"))
ADD = ToolSpec(
    "add",
    "Add.",
    {
        "type": "object",
        "properties": {"a": {"type": "integer", "enum": [1, 2]}, "b": {"type": "string", "enum": ["x"]}},
        "required": ["a", "b"],
    },
)
FORCED = Options(tool_choice="add", max_tokens=300)


def chat(address: str, model: str = "tiny", key: str = KEY) -> HttpModel:
    return HttpModel(Profile("acme", model, address), OpenAIFormat(), key)


def messages(address: str, model: str = "tiny", key: str = KEY) -> HttpModel:
    profile = Profile("acme", model, address, wire="anthropic", auth="x-api-key")
    return HttpModel(profile, AnthropicFormat(), key)


async def ask(model: HttpModel, request: Request) -> tuple[list[Delta], Reply]:
    """All deltas but the last, and the reply that it carried."""
    try:
        deltas = [delta async for delta in model.stream(request)]
    finally:
        await model.aclose()
    reply = deltas[-1].reply
    assert reply is not None
    return deltas[:-1], reply


async def test_llama_streams_text_to_its_limit(llama: str) -> None:
    """Tokens of a real tokenizer arrive in pieces, make the text, and the limit is named."""
    deltas, reply = await ask(chat(llama), Request(HELLO, options=Options(max_tokens=40)))
    assert len(deltas) > 3
    assert "".join(delta.text for delta in deltas) == reply.message.text
    assert (reply.finish, reply.model, reply.message.calls) == ("length", "tiny", ())


async def test_llama_writes_a_forced_call_in_pieces(llama: str) -> None:
    """A call under a grammar, with id and name repeated in every piece, is one call with valid arguments."""
    deltas, reply = await ask(chat(llama), Request(HELLO, (ADD,), FORCED))
    (call,) = reply.message.calls
    assert (call.name, call.arguments["b"], reply.finish) == ("add", "x", "tool_calls")
    assert call.arguments["a"] in (1, 2)
    assert any(delta.call for delta in deltas)


async def test_llama_answers_in_one_piece_when_asked_so(llama: str) -> None:
    """Without streaming the same server gives the same reply."""
    options = Options(max_tokens=24, temperature=0.0)
    _, streamed = await ask(chat(llama), Request(HELLO, options=options))
    _, whole = await ask(chat(llama), Request(HELLO, options=options, stream=False))
    assert whole.message == streamed.message
    assert whole.usage.output_tokens == 24


async def test_llama_takes_a_history_with_calls(llama: str) -> None:
    """A conversation with a call and its result is accepted and gone on with."""
    history = (
        *HELLO,
        Message("assistant", calls=(ToolCall("c1", "add", {"a": 1, "b": "x"}),)),
        Message.of("tool", "1x", call_id="c1"),
    )
    profile = Profile("llamacpp", "tiny", llama, null_content=False)
    _, reply = await ask(HttpModel(profile, OpenAIFormat()), Request(history, options=Options(max_tokens=8)))
    assert reply.finish == "length"


async def test_llama_refuses_what_is_too_long(llama: str) -> None:
    """A conversation beyond the context window is refused in words that say what to do."""
    long = (Message.of("user", "word " * 4000),)
    with pytest.raises(ModelUnavailable) as caught:
        await ask(chat(llama), Request(long, stream=False))
    assert caught.value.what == "The conversation is too long for acme:tiny."
    assert not caught.value.retryable


@pytest.mark.parametrize("format", [chat, messages], ids=["openai", "anthropic"])
async def test_the_proxy_speaks_both_formats(proxy: str, format: Callable[..., HttpModel]) -> None:
    """A LiteLLM proxy over a real model is asked in either format and streams its text."""
    address = f"{proxy}/v1" if format is chat else proxy
    deltas, reply = await ask(format(address), Request(HELLO, options=Options(max_tokens=30)))
    assert "".join(delta.text for delta in deltas) == reply.message.text != ""
    assert reply.finish == "length"
    assert reply.usage.output_tokens > 0


async def test_the_proxy_passes_a_forced_call_on(proxy: str) -> None:
    """A forced call comes through the proxy with its arguments."""
    _, reply = await ask(chat(f"{proxy}/v1"), Request(HELLO, (ADD,), FORCED))
    (call,) = reply.message.calls
    assert (call.name, call.arguments["b"], reply.finish) == ("add", "x", "tool_calls")


async def test_a_call_that_the_proxy_tears_apart_is_refused(proxy: str) -> None:
    """Where the proxy makes a call of its own of each of llama.cpp's pieces, no call is guessed."""
    with pytest.raises(ModelUnavailable) as caught:
        await ask(messages(proxy), Request(HELLO, (ADD,), FORCED))
    assert caught.value.what == "The answer of acme:tiny makes no sense."


async def test_the_proxy_falls_back(proxy: str) -> None:
    """A model behind the proxy that cannot be reached is answered by another, and nothing of it is an error here."""
    _, reply = await ask(chat(f"{proxy}/v1", "flaky"), Request(HELLO, options=Options(max_tokens=8)))
    assert reply.finish == "length"


@pytest.mark.parametrize(
    ("format", "model", "key", "expected"),
    [
        (chat, "busy", KEY, {"status": 429, "retryable": True}),
        (messages, "busy", KEY, {"status": 429, "retryable": True}),
        # Without a database the proxy says 400 to a key that it does not know.
        (chat, "tiny", "sk-wrong-0000000000000000", {"status": 400, "retryable": False}),
        (messages, "tiny", "sk-wrong-0000000000000000", {"status": 400, "retryable": False}),
    ],
)
async def test_the_proxys_refusals_are_told(
    proxy: str, format: Callable[..., HttpModel], model: str, key: str, expected: dict[str, Any]
) -> None:
    """A refusal by the proxy is a typed error with its status, in either format."""
    address = f"{proxy}/v1" if format is chat else proxy
    with pytest.raises(ModelUnavailable) as caught:
        await ask(format(address, model, key), Request(HELLO))
    assert {name: getattr(caught.value, name) for name in expected} == expected
    assert key not in str(caught.value)


async def test_a_mocked_answer_of_the_proxy(proxy: str) -> None:
    """An answer that the proxy itself makes up is read like any other."""
    _, reply = await ask(chat(f"{proxy}/v1", "says"), Request(HELLO))
    assert (reply.message.text, reply.finish) == ("Hello from the proxy.", "stop")
