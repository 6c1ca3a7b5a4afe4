"""Covering texts: the same message, or the same values, with ``***`` where one of some texts stood.

So a hook can take something away, and put nothing in its place. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aether_nb.events.messages import Message, Part, Text

__all__ = ["COVER", "cover", "cover_parts", "cover_text", "cover_values", "coverable"]

COVER = "***"


def cover_text(text: str, masks: Sequence[str]) -> str:
    """A text without these; of one that is part of another, the longer one is looked for first."""
    for mask in sorted(masks, key=len, reverse=True):
        text = text.replace(mask, COVER)
    return text


def cover_parts(parts: Sequence[Part], masks: Sequence[str]) -> tuple[Part, ...]:
    """Parts of a message whose texts are without these."""
    return tuple(replace(one, text=cover_text(one.text, masks)) if isinstance(one, Text) else one for one in parts)


def cover_values(value: Any, masks: Sequence[str]) -> Any:
    """A JSON value whose texts are without these."""
    if isinstance(value, str):
        return cover_text(value, masks)
    if isinstance(value, Mapping):
        return {name: cover_values(inner, masks) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(cover_values(inner, masks) for inner in value)
    return value


def cover(message: Message, masks: Sequence[str]) -> Message | None:
    """The message without these texts, also in what it calls and thinks; None when none of them is in it.

    What a provider wants back with it is let go then: it may hold them, too.
    """
    parts = cover_parts(message.parts, masks)
    calls = tuple(replace(call, arguments=cover_values(dict(call.arguments), masks)) for call in message.calls)
    thinking = cover_text(message.thinking, masks)
    if (parts, calls, thinking) == (message.parts, message.calls, message.thinking):
        return None
    return replace(message, parts=parts, calls=calls, thinking=thinking, origin=None)


def coverable(message: Message) -> str:
    """All the texts of a message in which something can be covered: what is not in these is in none of them."""
    told = [part.text for part in message.parts if isinstance(part, Text)]
    return "\n".join([*told, *_texts([call.arguments for call in message.calls]), message.thinking])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from _texts(inner)
