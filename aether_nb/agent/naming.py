"""Calls as a run can hold them: with ids that are unique within it, and arguments that JSON can say, from any model."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from aether_nb.events.messages import Message, ToolCall
from aether_nb.events.state import Call

__all__ = ["unique"]


def unique(message: Message, taken: Mapping[str, Call]) -> Message:
    """The message with call ids that are new to this run; some models count from zero in every reply.

    A number that is none (NaN, infinity) is null in a record, so it is null from here on.
    """
    new = not any(call.id in taken or not call.id for call in message.calls) and _differ(message.calls)
    if new and all(_finite(call.arguments) for call in message.calls):
        return message
    fresh: set[str] = set()
    calls = []
    for call in message.calls:
        id = _free(call.id or "call", lambda id: id not in taken and id not in fresh)
        fresh.add(id)
        calls.append(ToolCall(id, call.name, call.arguments if _finite(call.arguments) else _mended(call.arguments)))
    return replace(message, calls=tuple(calls))


def _free(id: str, free: Callable[[str], bool]) -> str:
    """The id, or else the id with the next number: numbers are given in their order, so it is looked for by halves."""
    if free(id):
        return id
    most = 2
    while not free(f"{id}-{most}"):
        most *= 2
    return f"{id}-{bisect_left(range(most), True, most // 2 + 1, key=lambda n: free(f'{id}-{n}'))}"


def _finite(value: object) -> bool:
    """Whether all numbers in a JSON value are some."""
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_finite, value))
    return not isinstance(value, float) or isfinite(value)


def _mended(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _mended(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(inner) for inner in value]
    return value if _finite(value) else None


def _differ(calls: Sequence[ToolCall]) -> bool:
    return len({call.id for call in calls}) == len(calls)
