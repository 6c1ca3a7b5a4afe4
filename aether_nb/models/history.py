"""A history that every provider accepts, made from any history: pure functions, the same answer every time.

Providers refuse a tool call without a result, a result without its call, and an assistant that says nothing. An
interrupt leaves exactly these behind. What is repaired is only what is sent; the record stays as it was. This module
knows no wire format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from aether_nb.events.messages import Image, Message, Text

__all__ = ["INTERRUPTED", "merged", "pictures_apart", "repair"]

INTERRUPTED = "interrupted: this call did not finish, nobody knows how far it came"
"""What a model is told of a call that has no result."""

PICTURES = "Pictures from the tool results above:"


def repair(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The history with every call answered right behind it, no stray results, nothing empty, and speakers in turn."""
    return merged(message for message in _answered(messages) if _says_something(message))


def merged(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The history with neighbours of one role made one; each result of a tool stays a message of its own."""
    turns: list[Message] = []
    for message in messages:
        before = turns[-1] if turns else None
        if before is None or message.role == "tool" or before.role != message.role:
            turns.append(message)
            continue
        thinking = "\n\n".join(filter(None, (before.thinking, message.thinking)))
        turns[-1] = Message(
            message.role, before.parts + message.parts, before.calls + message.calls, before.call_id, thinking
        )
    return tuple(turns)


def pictures_apart(messages: Iterable[Message]) -> Iterator[Message]:
    """The history with the pictures of tool results in the user's turn behind: for formats whose results are text."""
    pictures: list[Image] = []
    for message in messages:
        if message.role == "tool":
            pictures += [part for part in message.parts if isinstance(part, Image)]
            yield replace(message, parts=tuple(part for part in message.parts if isinstance(part, Text)))
            continue
        if pictures:
            yield Message("user", (Text(PICTURES), *pictures))
            pictures = []
        yield message
    if pictures:
        yield Message("user", (Text(PICTURES), *pictures))


def _answered(messages: Sequence[Message]) -> Iterator[Message]:
    """The history with each call's first result right behind it; a missing one is said to be missing."""
    callers: dict[str, int] = {}
    results: dict[tuple[int, str], Message] = {}
    for position, message in enumerate(messages):
        for call in message.calls:
            callers[call.id] = position
        caller = callers.get(message.call_id) if message.role == "tool" else None
        if caller is not None:
            results.setdefault((caller, message.call_id), message)
    for position, message in enumerate(messages):
        if message.role == "tool":
            continue
        yield message
        for call in message.calls:
            yield results.get((position, call.id)) or Message.of("tool", INTERRUPTED, call_id=call.id)


def _says_something(message: Message) -> bool:
    """Whether a message is worth sending. A result is, even an empty one: its call needs it."""
    if message.role == "tool" or message.calls:
        return True
    return any(isinstance(part, Image) or part.text for part in message.parts)
