"""Recorded messages played over HTTP: what is made of them, whole or cut, is what the official client makes of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Usage
from aether_nb.models.base import Reply
from aether_nb.models.endpoints.endpoint import Endpoint
from aether_nb.models.formats.anthropic import AnthropicFormat
from harness import recorded
from harness.anthropic import KEY, messages_model, official, play, profile, recordings
from harness.chat import asking
from harness.loopback import cut, loopback

needs_recordings = pytest.mark.skipif(not recorded.FILE.is_file(), reason=recorded.MISSING)

FINISHES = {"end_turn": "stop", "tool_use": "tool_calls"}


def ours(reply: Reply) -> dict[str, Any]:
    message = reply.message
    return {
        "text": message.text,
        "thinking": message.thinking,
        "calls": [(call.id, call.name, dict(call.arguments)) for call in message.calls],
        "finish": reply.finish,
        "model": reply.model,
        "usage": reply.usage,
        "kept": None if message.origin is None else message.origin.data["content"],
    }


def theirs(message: dict[str, Any]) -> dict[str, Any]:
    """The message of the official client in our terms."""
    content = [{name: value for name, value in block.items() if value is not None} for block in message["content"]]
    usage = message["usage"]
    read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    special = any(block["type"] not in ("text", "tool_use") for block in content)
    uses = [block for block in content if block["type"] == "tool_use"]
    kept = [_without_input(block) for block in content]
    thinking = [block["thinking"] for block in content if block["type"] == "thinking"]
    return {
        "text": "".join(block["text"] for block in content if block["type"] == "text"),
        "thinking": "\n\n".join(thinking),
        "calls": [(block["id"], block["name"], block["input"]) for block in uses],
        "finish": FINISHES[message["stop_reason"]],
        "model": message["model"],
        "usage": Usage(
            usage["input_tokens"] + read + written,
            usage["output_tokens"],
            cached_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=(usage.get("output_tokens_details") or {}).get("thinking_tokens", 0),
        ),
        "kept": kept if special else None,
    }


def _without_input(block: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if (block["type"], name) != ("tool_use", "input")}


async def played(rows: list[dict[str, Any]], pieces: Callable[[bytes], Iterable[bytes]]) -> tuple[Any, Any]:
    """What our model and the official client assemble from recordings over HTTP."""
    plays = [play(row, list(pieces(row["body"].encode()))) for row in rows]
    got, expected = {}, {}
    async with loopback(*plays, *map(play, rows)) as server:
        model = messages_model(server.url)
        for row in rows:
            got[row["id"]] = _plain(ours(await asking(model)))
        await model.aclose()
        for row, message in zip(rows, await official(server, rows), strict=True):
            expected[row["id"]] = theirs(message)
    return got, expected


def _plain(reply: dict[str, Any]) -> dict[str, Any]:
    """Without the fields of kept blocks that are null: the official client leaves them out when it writes."""
    kept = [{name: value for name, value in block.items() if value is not None} for block in reply["kept"] or ()]
    return reply | {"kept": kept or None}


@needs_recordings
async def test_recordings_as_they_came() -> None:
    """Every recorded message, streamed or not, is assembled as the official client does it, kept blocks included."""
    got, expected = await played(recordings(), lambda body: [body])
    assert got == expected


@needs_recordings
async def test_recordings_cut_by_the_network() -> None:
    """Every recorded stream is assembled the same when the network cuts it at random."""
    chance = random.Random(7)
    rows = [row for row in recordings() if row["stream"]]
    got, expected = await played(rows, lambda body: cut(body, chance.sample(range(len(body)), k=25)))
    assert got == expected


def decoded(*pieces: bytes) -> tuple[str, Reply]:
    """What a decoder shows of a body in these pieces, and its reply."""
    decoder = AnthropicFormat().decoder(Endpoint("m", "http://m"), profile())
    shown = [decoder.feed(piece) for piece in pieces] + [decoder.close()]
    return "".join(delta.text + delta.thinking + delta.call for delta in shown), decoder.reply()


@needs_recordings
def test_recordings_byte_by_byte() -> None:
    """Every recorded stream is the same when each byte comes alone."""
    bodies = [row["body"].encode() for row in recordings() if row["stream"]]
    alone = [decoded(*(body[place : place + 1] for place in range(len(body))))[1] for body in bodies]
    assert alone == [decoded(body)[1] for body in bodies]


@pytest.mark.full
@needs_recordings
def test_recordings_cut_at_every_byte() -> None:
    """Every recorded stream, cut once, is the same wherever the cut lies."""
    for row in recordings():
        if row["stream"]:
            body = row["body"].encode()
            _, whole = decoded(body)
            wrong = [place for place in range(len(body)) if decoded(body[:place], body[place:])[1] != whole]
            assert wrong == [], row["id"]


@needs_recordings
def test_recordings_broken_off_at_every_event() -> None:
    """A stream that ends before the server said why is an error wherever it ends, and half of it is never a reply."""
    for row in recordings():
        if not row["stream"]:
            continue
        body = row["body"].encode()
        whole = body.index(b"event: message_delta")
        for end in range(0, whole, 97):
            decoder = AnthropicFormat().decoder(Endpoint("m", "http://m"), profile())
            decoder.feed(body[:end])
            assert not decoder.finished
            with pytest.raises(ModelUnavailable):
                decoder.close()
        assert decoded(body[: body.index(b"event: message_stop")])[1] == decoded(body)[1]


@needs_recordings
async def test_recorded_refusals() -> None:
    """Every recorded error names the model, the status and the provider's own reason, and never the key."""
    for row in recordings(status=400):
        async with loopback(play(row)) as server:
            model = messages_model(server.url)
            with pytest.raises(ModelUnavailable) as caught:
                await asking(model)
            await model.aclose()
        error, said = caught.value, json.loads(row["body"])["error"]
        assert error.what == "anthropic:claude-x refused the request."
        assert said["message"].rstrip(".") in error.why
        assert (error.status, error.code, error.retryable) == (400, said["type"], False)
        assert KEY not in str(error)
