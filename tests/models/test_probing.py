"""Trying an endpoint out: what is found is what is there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from aether_nb.errors import ModelError
from aether_nb.events.messages import Message, Usage
from aether_nb.models.base import Delta, Reply, Request
from aether_nb.models.catalogue import probing
from aether_nb.models.catalogue.probing import Check, tried
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.scripted import ScriptedModel
from harness.chat import chat
from harness.loopback import Play, events, loopback, says

COUNT = [events(says(content=f"{n} "), done=False) for n in range(1, 9)] + [events(says(finish="stop"))]
CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "report", "arguments": '{"number": 7}'}}
CALLS = Play([events(says(tool_calls=[CALL]), says(finish="tool_calls"))])
RED = Play([events(says(content="Red."), says(finish="stop"))])


def refusal(status: int, message: str) -> Play:
    body = json.dumps({"error": {"message": message}}).encode()
    return Play([body], status=status, content_type="application/json")


def states(checks: list[Check]) -> list[tuple[str, str]]:
    return [(check.what, check.state) for check in checks]


async def test_an_endpoint_with_everything() -> None:
    """Reached, streaming, calling tools and seeing pictures: four times ok, and the picture really went out."""
    async with loopback(Play(COUNT), CALLS, RED) as server:
        checks = await tried(chat(server.url))
    assert states(checks) == [("endpoint", "ok"), ("streaming", "ok"), ("tools", "ok"), ("vision", "ok")]
    assert checks[1].found.startswith("the answer came in ")
    assert checks[3].found == "pictures are accepted; of a red square it says: Red."
    assert "image_url" in server.asked[2].body.decode()


@pytest.mark.parametrize(("status", "what"), [(401, "key"), (500, "endpoint")])
async def test_what_blocks_is_named_and_nothing_more_is_tried(status: int, what: str) -> None:
    """A refused key and a broken server end the trial, each under its own name, with what to do."""
    async with loopback(refusal(status, "no")) as server:
        checks = await tried(chat(server.url))
        assert len(server.asked) == 1
    assert states(checks) == [(what, "blocked")]
    assert checks[0].hint


async def test_a_model_that_breaks_off_is_blocked() -> None:
    """A model that is not reached over a network, and has no answer, is told in its own words."""
    checks = await tried(ScriptedModel([]))
    assert states(checks) == [("endpoint", "blocked")]


async def test_an_endpoint_that_can_do_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that comes whole, tools that are refused and pictures that are: said, with what to do, and no end."""
    monkeypatch.setattr(probing, "BUFFERED_SECONDS", 0.0)
    whole = Play([b"".join(COUNT)])
    tools = refusal(400, "registry.ollama.ai/library/tiny does not support tools")
    async with loopback(whole, tools, refusal(400, "image input is not supported")) as server:
        checks = await tried(chat(server.url))
    assert states(checks) == [("endpoint", "ok"), ("streaming", "warn"), ("tools", "ok"), ("vision", "warn")]
    assert "they are described in the prompt instead" in checks[2].found
    assert checks[1].hint
    assert checks[3].hint == "For pictures, name a model that sees them: AETHER_VISION_MODEL=PROVIDER:MODEL"


async def test_a_tool_that_is_not_called_and_a_blind_model() -> None:
    """A model that talks instead of calling is warned about; one that is known to be blind is not sent a picture."""
    async with loopback(Play([b"".join(COUNT)]), RED) as server:
        model = chat(server.url)
        model.profile = replace(model.profile, vision=False)
        checks = await tried(model)
        assert len(server.asked) == 2
    assert states(checks) == [("endpoint", "ok"), ("streaming", "ok"), ("tools", "warn"), ("vision", "warn")]


async def test_tools_that_fail() -> None:
    """Calls that a provider cannot read, and any other trouble with tools, are warnings with their reasons."""
    failed = {"error": {"code": "tool_use_failed", "message": "Failed to call a function.", "failed_generation": "<f>"}}
    unreadable = Play([json.dumps(failed).encode()], status=400, content_type="application/json")
    async with loopback(Play(COUNT), unreadable, RED) as server:
        checks = await tried(chat(server.url))
    assert checks[2] == Check(
        "tools", "warn", "it wrote a call that its provider could not read", "A larger model may do better."
    )
    async with loopback(Play(COUNT), refusal(503, "busy"), RED) as server:
        checks = await tried(chat(server.url))
    assert states(checks)[2] == ("tools", "warn")


class Fading:
    """A model that gives so many whole answers, and then ends without one, or with an error."""

    name = "acme:fading"

    def __init__(self, answers: int, error: ModelError | None = None) -> None:
        self.profile = Profile("acme", "fading", "http://acme.test/v1")
        self.answers, self.error = answers, error

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """One answer, or none."""
        self.answers -= 1
        if self.answers >= 0:
            yield Delta(reply=Reply(Message.of("assistant", "1 2"), Usage(), "stop"))
        elif self.error is not None:
            raise self.error


async def test_an_answer_that_is_none() -> None:
    """A model that ends without an answer is blocked at once, and a warning later; so is one that fails."""
    whole = "acme:fading ended its answer before it was whole."
    assert await tried(Fading(0)) == [Check("endpoint", "blocked", whole, "Try again later.")]
    assert (await tried(Fading(1)))[2:] == [
        Check("tools", "warn", whole),
        Check(
            "vision",
            "warn",
            f"pictures are refused: {whole}",
            "For pictures, name a model that sees them: AETHER_VISION_MODEL=PROVIDER:MODEL",
        ),
    ]
    failed = Fading(0, ModelError("It speaks in tongues.", "Nobody knows why.", "Ask another."))
    assert await tried(failed) == [
        Check("endpoint", "blocked", "It speaks in tongues. Nobody knows why.", "Ask another.")
    ]
