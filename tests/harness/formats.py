"""The wire formats as tests of faults need them: sample answers, an event a piece, and what becomes of a model that
gets a bad one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message
from aether_nb.models.base import Model, Reply, Request
from aether_nb.models.endpoints.profile import Profile, WireFormat
from aether_nb.models.formats.anthropic import AnthropicFormat
from aether_nb.models.formats.openai import OpenAIFormat
from aether_nb.models.formats.wire import Format
from aether_nb.models.sending.http import HttpModel
from harness.faults import Raw, answer, hostile
from harness.loopback import events, says

KEY = "sk-secret-0123456789"
HELLO = Request((Message.of("user", "hi ünï ✓"),))


def sse(*chunks: dict[str, Any]) -> list[bytes]:
    """Events of the messages format, one piece each."""
    return [f"event: {chunk['type']}\ndata: {json.dumps(chunk)}\n\n".encode() for chunk in chunks]


def _start() -> dict[str, Any]:
    usage = {"input_tokens": 7, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    return {"type": "message_start", "message": message}


def _block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    start = {"type": "content_block_start", "index": index, "content_block": block}
    middle = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [start, *middle, {"type": "content_block_stop", "index": index}]


def _stop(reason: str) -> list[dict[str, Any]]:
    usage = {"output_tokens": 9}
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]


def _text(index: int, *pieces: str) -> list[dict[str, Any]]:
    return _block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def _tool(index: int, id: str, *pieces: str) -> list[dict[str, Any]]:
    block = {"type": "tool_use", "id": id, "name": "look", "input": {}}
    return _block(index, block, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def _call(index: int, arguments: str, **more: Any) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments, **({"name": "look"} if more else {})}, **more}


USAGE = {"prompt_tokens": 7, "completion_tokens": 9}


@dataclass(frozen=True)
class Spoken:
    """A wire format: who speaks it, sample streams, the answer "hi", and the same in one piece.

    ``rich`` is a stream with the fields that only some servers send. ``tail`` counts the last events, from the one
    that says why the message ended: without those behind it the message is whole all the same.
    """

    name: WireFormat
    wire: Callable[[], Format]
    samples: Mapping[str, list[bytes]]
    hi: list[bytes]
    plain: bytes
    rich: list[bytes]
    tail: int

    def model(self, url: str, timeout: float = 4.0) -> HttpModel:
        """A model of this format behind an address."""
        profile = Profile("test", "m", url, self.name, auth="x-api-key" if self.name == "anthropic" else "bearer")
        return HttpModel(profile, self.wire(), KEY, timeout=timeout)


def _openai(*chunks: dict[str, Any]) -> list[bytes]:
    return [*(events(chunk, done=False) for chunk in chunks), b"data: [DONE]\n\n"]


OPENAI = Spoken(
    "openai",
    OpenAIFormat,
    {
        "text": _openai(
            says(role="assistant", content=""),
            says(content="Good "),
            says(content="mörning ✓"),
            says(finish="stop"),
            {"model": "m", "choices": [], "usage": USAGE},
        ),
        "thinking": _openai(
            says(reasoning_content="Let me "),
            says(reasoning_content="see."),
            says(content="42"),
            says(finish="stop"),
            {"model": "m", "choices": [], "usage": USAGE},
        ),
        "calls": _openai(
            says(content="I look."),
            says(tool_calls=[_call(0, "", id="a", type="function")]),
            says(tool_calls=[_call(0, '{"na')]),
            says(tool_calls=[_call(0, 'me": "df"}')]),
            says(tool_calls=[_call(1, "{}", id="b", type="function")]),
            says(finish="tool_calls"),
            {"model": "m", "choices": [], "usage": USAGE},
        ),
    },
    _openai(says(content="hi", finish="stop")),
    json.dumps({"choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}).encode(),
    _openai(
        says(
            content=[{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]}, {"type": "text", "text": "b"}]
        ),
        says(reasoning="c", reasoning_details=[{"type": "reasoning.text", "index": 0, "text": "c", "signature": "s"}]),
        says(reasoning_details=[{"type": "reasoning.encrypted", "index": 1, "data": "d", "id": "e"}]),
        says(refusal="No."),
        says(tool_calls=[_call(0, "{}", id="a", extra_content={"google": {"thought_signature": "s"}})]),
        says(content="<think>x</think>y", annotations=[{"url": "u"}]),
        {"x_groq": {"usage": USAGE}, "citations": ["u"], "choices": [{"index": 0, "delta": {}, "message": {}}]},
        {
            "usage": {
                **USAGE,
                "cost": 0.1,
                "prompt_tokens_details": {"cached_tokens": 1, "image_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 3},
                "prompt_cache_hit_tokens": 1,
                "num_search_queries": 1,
            },
            "choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter", "error": None}],
            "error": None,
        },
    ),
    3,
)

ANTHROPIC = Spoken(
    "anthropic",
    AnthropicFormat,
    {
        "text": sse(_start(), {"type": "ping"}, *_text(0, "Good ", "mörning ✓"), *_stop("end_turn")),
        "thinking": sse(
            _start(),
            *_block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": "Let me "},
                {"type": "thinking_delta", "thinking": "see."},
                {"type": "signature_delta", "signature": "c2lnbmVk"},
            ),
            *_text(1, "42"),
            *_stop("end_turn"),
        ),
        "calls": sse(
            _start(),
            *_text(0, "I look."),
            *_tool(1, "a", "", '{"na', 'me": "df"}'),
            *_tool(2, "b", "{}"),
            *_stop("tool_use"),
        ),
    },
    sse(_start(), *_text(0, "hi"), *_stop("end_turn")),
    json.dumps(
        {
            **_start()["message"],
            "content": [{"type": "text", "text": "hi"}],
            "stop_reason": "end_turn",
        }
    ).encode(),
    sse(
        _start(),
        *_block(0, {"type": "redacted_thinking", "data": "x"}),
        *_block(
            1,
            {"type": "text", "text": "a", "citations": [{"url": "u"}]},
            {"type": "citations_delta", "citation": {"type": "web_search_result_location", "url": "u"}},
        ),
        *_block(
            2,
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"query": "q"}'},
        ),
        *_block(3, {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"title": "t"}]}),
        *_block(4, {"type": "tool_use", "id": "a", "name": "look", "input": {"whole": 1}}),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "refusal", "stop_details": {"explanation": "no", "category": "c"}},
            "usage": {
                "input_tokens": 1,
                "cache_read_input_tokens": 2,
                "cache_creation_input_tokens": 3,
                "output_tokens": 4,
                "output_tokens_details": {"thinking_tokens": 1},
                "server_tool_use": {"web_search_requests": 1},
            },
        },
        {"type": "message_stop"},
    ),
    2,
)

FORMATS = (OPENAI, ANTHROPIC)


async def answered(model: Model, request: Request = HELLO) -> Reply:
    """The whole reply: it is the last thing that comes, and what came before it adds up to it."""
    *before, last = [delta async for delta in model.stream(request)]
    assert last.reply is not None
    assert [delta for delta in before if delta.reply is not None] == []
    said = "".join(delta.text for delta in before)
    assert said == last.reply.message.text or last.reply.message.calls
    return last.reply


async def suffered(
    spoken: Spoken, raw: Raw, silence: float = 4.0, request: Request = HELLO, guard: float = 5.0
) -> ModelUnavailable:
    """The error that a bad answer ends in.

    It ends at all, no reply comes with it, the key is not in it, and the same model answers the next request.
    """
    async with hostile(raw, answer(spoken.hi)) as server:
        model = spoken.model(server.url, silence)
        async with asyncio.timeout(guard):  # against hanging
            with pytest.raises(ModelUnavailable) as caught:
                await no_reply(model, request)
        assert (await answered(model)).message == Message.of("assistant", "hi")
        await model.aclose()
    error = caught.value
    assert KEY not in repr(error) + str(error) + repr(error.__cause__) + str(error.__cause__)
    return error


async def no_reply(model: Model, request: Request) -> None:
    """Ask, and see no reply."""
    async for delta in model.stream(request):
        assert delta.reply is None


def shape(error: ModelUnavailable) -> tuple[str, int, bool]:
    """What happened, the status, and whether it may pass."""
    return error.what, error.status, error.retryable
