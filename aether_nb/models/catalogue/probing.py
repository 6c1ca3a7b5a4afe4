"""Trying an endpoint out: does it answer, take the key, stream, take tools, see pictures?

Three tiny requests, a fraction of a cent where a provider bills. It is given a bare model, without retries, so that
what it finds is what is there. It changes nothing and knows no settings.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from aether_nb.errors import ModelError, ModelUnavailable, ToolsRefused, ToolUseFailed
from aether_nb.events.messages import Image, Message, Text, ToolSpec
from aether_nb.models.base import Model, Options, Reply, Request
from aether_nb.models.endpoints.profile import Profile

__all__ = ["Check", "probe", "tried"]

COUNTING = "Count from 1 to 40, one number after the other, separated by spaces."

BUFFERED_SECONDS = 1.0
"""A long answer that takes this long and then comes whole has been held back on its way."""

IN_PROMPT = "they are described in the prompt instead; nothing needs to be done"

NUMBER = ToolSpec(
    "report",
    "Report a number.",
    {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
)

RED = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/"
    "tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC"
)
"""A red square, 32 by 32, as PNG."""


@dataclass(frozen=True)
class Check:
    """One thing that was tried. ``hint`` is what to do, empty when all is well."""

    what: str
    state: Literal["ok", "warn", "blocked"]
    found: str
    hint: str = ""


async def probe(model: Model) -> AsyncIterator[Check]:
    """Try an endpoint out, one thing after the other; after the first blocked one nothing more can be tried."""
    first = None
    async for check in _streams(model):
        first = first or check
        yield check
        if check.state == "blocked":
            return
    profile: Profile | None = getattr(model, "profile", None)
    if profile is None:
        return  # there is no endpoint: it runs here
    if profile.tools == "text":
        yield Check("tools", "ok", IN_PROMPT)
    else:
        yield await _tools(model)
    if profile.vision is False:
        yield Check("vision", "warn", "it sees no pictures", "For pictures: AETHER_VISION_MODEL=PROVIDER:MODEL")
    else:
        yield await _vision(model)


async def tried(model: Model) -> list[Check]:
    """All that ``probe`` finds; the model's connections are closed behind it."""
    try:
        return [check async for check in probe(model)]
    finally:
        if (aclose := getattr(model, "aclose", None)) is not None:
            await aclose()


async def _streams(model: Model) -> AsyncIterator[Check]:
    """Whether it can be reached, takes the key, and answers piece by piece."""
    begun, pieces, first = time.monotonic(), 0, 0.0
    reply: Reply | None = None
    request = Request((Message.of("user", COUNTING),), options=Options(max_tokens=400))
    try:
        async for delta in model.stream(request):
            if delta.text or delta.thinking:
                pieces += 1
                first = first or time.monotonic()
            reply = delta.reply or reply
    except ModelUnavailable as error:
        what = "key" if error.status in (401, 403) else "endpoint"
        yield Check(what, "blocked", f"{error.what} {error.why}".strip(), error.hint)
        return
    except ModelError as error:
        yield Check("endpoint", "blocked", f"{error.what} {error.why}".strip(), error.hint)
        return
    if reply is None:
        yield Check("endpoint", "blocked", f"{model.name} ended its answer before it was whole.", "Try again later.")
        return
    seconds = time.monotonic() - begun
    yield Check(
        "endpoint",
        "ok",
        f"{reply.model or model.name} answered in {seconds:.1f} s, the first words after {first - begun:.1f} s",
    )
    if pieces > 1:
        yield Check("streaming", "ok", f"the answer came in {pieces} pieces")
    elif seconds < BUFFERED_SECONDS:
        yield Check("streaming", "ok", "the answer came at once; it was too quick to tell whether it streams")
    else:
        hint = "A proxy or gateway on the way may hold answers back; switch its buffering off."
        yield Check("streaming", "warn", f"the answer came whole after {seconds:.1f} s", hint)


async def _tools(model: Model) -> Check:
    """Whether tools can be offered in the format's own way."""
    request = Request((Message.of("user", "Report the number 7 with the tool."),), (NUMBER,), Options(max_tokens=400))
    try:
        reply = await _reply(model, request)
    except ToolsRefused as error:
        return Check("tools", "ok", f"it takes no tools of its own ({error.why}); {IN_PROMPT}")
    except ToolUseFailed:
        return Check(
            "tools", "warn", "it wrote a call that its provider could not read", "A larger model may do better."
        )
    except ModelError as error:
        return Check("tools", "warn", f"{error.what} {error.why}".strip(), error.hint)
    if any(call.name == "report" for call in reply.message.calls):
        return Check("tools", "ok", "it calls tools")
    return Check("tools", "warn", "it was offered a tool and did not call it", "A larger model may do better.")


async def _vision(model: Model) -> Check:
    """Whether pictures are accepted. What it sees in this one is shown, not judged."""
    parts = (Text("Which colour is this square? One word."), Image("image/png", RED))
    try:
        reply = await _reply(model, Request((Message("user", parts),), options=Options(max_tokens=400)))
    except ModelError as error:
        hint = "For pictures, name a model that sees them: AETHER_VISION_MODEL=PROVIDER:MODEL"
        return Check("vision", "warn", f"pictures are refused: {error.why or error.what}", hint)
    said = " ".join(reply.message.text.split())[:40]
    return Check("vision", "ok", f"pictures are accepted; of a red square it says: {said or 'nothing'}")


async def _reply(model: Model, request: Request) -> Reply:
    """The whole reply.

    Raises:
        ModelError: There was none.
    """
    reply: Reply | None = None
    async for delta in model.stream(request):
        reply = delta.reply or reply
    if reply is None:
        raise ModelUnavailable(f"{model.name} ended its answer before it was whole.")
    return reply
