"""Call ids that are unique within a run, whatever a model gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aether_nb.events.messages import Message, ToolCall
from aether_nb.events.state import Call

__all__ = ["unique"]


def unique(message: Message, taken: Mapping[str, Call]) -> Message:
    """The message with call ids that are new to this run; some models count from zero in every reply."""
    if not any(call.id in taken or not call.id for call in message.calls) and _differ(message.calls):
        return message
    used = set(taken)
    calls = []
    for call in message.calls:
        id, n = call.id or "call", 1
        while id in used:
            n += 1
            id = f"{call.id or 'call'}-{n}"
        used.add(id)
        calls.append(ToolCall(id, call.name, call.arguments))
    return replace(message, calls=tuple(calls))


def _differ(calls: Sequence[ToolCall]) -> bool:
    return len({call.id for call in calls}) == len(calls)
