"""Neutral messages as the chat-completions format writes them, each as the bytes that are sent.

What a provider gets back of its own (thinking, signatures of calls) is taken from a message's origin, and only when the
origin names that provider. This module knows the format's messages and nothing of the request around them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from aether_nb.events.messages import Image, Message, Part, Text, ToolCall
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.encoding import encoded
from aether_nb.models.formats.history import Block, merged, pictures_apart

__all__ = ["written_block"]

UNSIGNED = {"google": {"thought_signature": "skip_thought_signature_validator"}}
"""What Google accepts in place of the signature of a call that it did not make."""

LONGEST_ID = 40
"""OpenAI refuses ids of calls that are longer."""

SHORT_ID = 9


def written_block(block: Block, profile: Profile) -> list[bytes]:
    """A repaired block, a piece for each message."""
    messages: Iterable[Message] = block
    if profile.vision is False:
        messages = map(_without_pictures, messages)
    return [encoded(_message(message, profile)) for message in _turns(merged(pictures_apart(messages)), profile)]


def _turns(messages: Iterable[Message], profile: Profile) -> Iterable[Message]:
    """The messages, with a word of the assistant where a user may not follow a tool."""
    before = ""
    for message in messages:
        if before == "tool" and message.role == "user" and not profile.user_after_tool:
            yield Message.of("assistant", "OK")
        before = message.role
        yield message


def _message(message: Message, profile: Profile) -> dict[str, Any]:
    text = "\n\n".join([part.text for part in message.parts if isinstance(part, Text) and part.text])
    match message.role:
        case "tool":
            shown = text or "(nothing to show as text)"
            return {"role": "tool", "tool_call_id": _sent_id(message.call_id, profile), "content": shown}
        case "assistant":
            return _assistant(message, text, profile)
        case "user" if any(isinstance(part, Image) for part in message.parts):
            return {"role": "user", "content": [_part(part) for part in message.parts if part != Text("")]}
    return {"role": message.role, "content": text}


def _assistant(message: Message, text: str, profile: Profile) -> dict[str, Any]:
    origin = _own(message, profile)
    written: dict[str, Any] = {"role": "assistant"}
    if text or not message.calls or profile.null_content:
        written["content"] = text or (None if message.calls else "")
    if profile.thinking_field:
        written |= origin.get("thinking") or {}
        if message.calls and profile.thinking_needed:
            written.setdefault(profile.thinking_field, " ")
    if extra := origin.get("extra_content"):
        written["extra_content"] = extra
    if message.calls:
        kept = origin.get("calls") or {}
        signed = any(call.id in kept for call in message.calls)  # of several calls one may carry it for all
        written["tool_calls"] = [_call(call, kept.get(call.id), signed, profile) for call in message.calls]
    return written


def _own(message: Message, profile: Profile) -> Mapping[str, Any]:
    """What this very model wants back with its message; a signature of one model is none for another."""
    origin = message.origin
    if origin is None or origin.provider != profile.provider or origin.data.get("model") != profile.model:
        return {}
    return origin.data


def _call(call: ToolCall, kept: object, signed: bool, profile: Profile) -> dict[str, Any]:
    """A call; ``kept`` is what came with it, ``signed`` tells that one of its message carries a signature."""
    written: dict[str, Any] = {
        "id": _sent_id(call.id, profile),
        "type": "function",
        "function": {"name": call.name, "arguments": encoded(dict(call.arguments)).decode()},
    }
    if kept:
        written["extra_content"] = kept
    elif profile.signed_calls and not signed:
        written["extra_content"] = UNSIGNED
    return written


def _sent_id(id: str, profile: Profile) -> str:
    """The id, or the one that always stands for it where its form is refused."""
    if profile.short_ids:
        if len(id) == SHORT_ID and id.isascii() and id.isalnum():
            return id
        return hashlib.sha256(id.encode(errors="surrogatepass")).hexdigest()[:SHORT_ID]
    if len(id) > LONGEST_ID:
        return "call_" + hashlib.sha256(id.encode(errors="surrogatepass")).hexdigest()[:32]
    return id


def _without_pictures(message: Message) -> Message:
    """The message with each picture named instead of shown."""
    if not any(isinstance(part, Image) for part in message.parts):
        return message
    parts = [
        Text(f"(a picture, {part.mime}, that this model cannot see)") if isinstance(part, Image) else part
        for part in message.parts
    ]
    return replace(message, parts=tuple(parts))


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": f"data:{part.mime};base64,{part.base64}"}}
