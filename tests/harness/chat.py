"""A model that speaks to a loopback server: how tests ask it, and what they are told when it has no answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aether_nb.errors import AetherError, ModelUnavailable
from aether_nb.events.messages import Message
from aether_nb.models.base import Delta, Model, Reply, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.openai import OpenAIFormat
from aether_nb.models.sending.http import HttpModel
from harness.loopback import Loopback, Play, events, loopback, says

KEY = "sk-secret-0123456789"
HELLO = Request((Message.of("user", "hi ünï ✓"),))
HI = Play([events(says(content="hi", finish="stop"))])


def chat(url: str, key: str = KEY, timeout: float = 300.0, profile: Profile | None = None, **quirks: Any) -> HttpModel:
    """A model that speaks chat completions to this address; ``quirks`` are fields of its profile."""
    if profile is None:
        profile = Profile("openai", "m", url, key_variables=("OPENAI_API_KEY",))
    return HttpModel(replace(profile, base_url=url, **quirks), OpenAIFormat(), key, timeout=timeout)


async def ask(model: HttpModel, request: Request = HELLO) -> Reply:
    """The whole reply, once; nothing comes after it."""
    try:
        return await asking(model, request)
    finally:
        await model.aclose()


async def asking(model: Model, request: Request = HELLO) -> Reply:
    *before, last = [delta async for delta in model.stream(request)]
    assert [delta for delta in before if delta.reply] == []
    assert last == Delta(reply=last.reply)
    assert last.reply is not None
    return last.reply


async def failure(*plays: Play, **more: Any) -> tuple[str, str, str]:
    """What is told of an answer that is none, with the server's address taken out."""
    async with loopback(*plays) as server:
        with pytest.raises(ModelUnavailable) as caught:
            await ask(chat(server.url, **more))
    return told(caught.value, server)


def told(error: AetherError, server: Loopback) -> tuple[str, str, str]:
    assert KEY not in repr(error) + str(error) + repr(error.__cause__) + str(error.__cause__)
    host = server.url.removeprefix("http://").removesuffix("/v1")
    what, why, hint = (part.replace(host, "HOST") for part in (error.what, error.why, error.hint))
    return what, why, hint
