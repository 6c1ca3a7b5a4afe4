"""Recorded completions played over HTTP: what is made of them, whole, cut at random, or refused."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from harness import recorded
from harness.chat import asking, chat, failure
from harness.loopback import Play, cut, loopback

needs_recordings = pytest.mark.skipif(not recorded.FILE.is_file(), reason=recorded.MISSING)


async def played(rows: Sequence[dict[str, Any]], pieces: Any) -> tuple[Any, Any]:
    """What a model assembles from recordings over HTTP, and what they say."""
    plays = [
        Play(list(pieces(row["body"].encode())), content_type="text/event-stream" if row["stream"] else "text/json")
        for row in rows
    ]
    got, expected = {}, {}
    async with loopback(*plays) as server:
        model = chat(server.url)
        for row in rows:
            reply, said = await asking(model), recorded.said(row)
            calls = [(call.id, call.name, call.arguments) for call in reply.message.calls]
            if "" in [id for id, _, _ in said["calls"]]:
                calls, said["calls"] = [call[1:] for call in calls], [call[1:] for call in said["calls"]]
            usage = (reply.usage.input_tokens, reply.usage.output_tokens)
            message = {"text": reply.message.text, "thinking": reply.message.thinking, "calls": calls}
            got[row["id"]] = message | {"finish": reply.finish, "usage": usage}
            expected[row["id"]] = said
        await model.aclose()
    return got, expected


@needs_recordings
async def test_recordings_as_they_came() -> None:
    """Every recorded completion, streamed or not, is assembled from the network as its text says."""
    got, expected = await played(recorded.chats(), lambda body: [body])
    assert got == expected


@needs_recordings
async def test_recordings_cut_by_the_network() -> None:
    """Every recorded stream is assembled the same when the network cuts it at random."""
    chance = random.Random(11)
    rows = recorded.chats(stream=True)
    got, expected = await played(rows, lambda body: cut(body, chance.sample(range(len(body)), k=25)))
    assert got == expected


@needs_recordings
async def test_recorded_refusals() -> None:
    """Every recorded error names the model, the status and the provider's own reason."""
    rows = recorded.refusals()
    got = [await failure(Play([row["body"].encode()], row["status"], "application/json")) for row in rows]
    whats = {404: "openai:m was not found.", 429: "openai:m takes no more requests for now."}
    assert [what for what, _, _ in got] == [whats[row["status"]] for row in rows]
    reasons = [json.loads(row["body"])["error"]["message"] for row in rows]
    assert [reason.rstrip(".") in why for reason, (_, why, _) in zip(reasons, got, strict=True)] == [True] * len(rows)
