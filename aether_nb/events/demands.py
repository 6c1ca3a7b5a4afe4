"""What a hosted agent has wanted so far, in order: that from which it is answered when it is run again from its start.

Reducers of ``folds``, and the hashes by which two demands are told to be the same. Pure functions that know nobody but
the values of events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.events.growing import Growing
from aether_nb.events.messages import Message, Part, Text, ToolCall, arguments_hash
from aether_nb.events.state import Demand, RunState

__all__ = ["calls_hash", "replied", "request_hash", "said"]


def replied(state: RunState, event: k.ModelAnswered) -> dict[str, Any]:
    """A model has answered what the agent asked."""
    demand = Demand(state.demanding, event, near=state.near)
    return {"usage": state.usage.plus(event.usage), "demanding": "", "demands": Growing.of(state.demands).plus(demand)}


def said(state: RunState, event: k.AgentSaid) -> dict[str, Any]:
    """The agent calls tools, or answers."""
    calls = event.message.calls
    demand = Demand(calls_hash(calls, event.message.text), calls=calls)
    open = tuple(call.id for call in calls)
    return {"steps": event.step, "open": open, "answered": not calls, "demands": Growing.of(state.demands).plus(demand)}


def calls_hash(calls: Iterable[ToolCall], answer: str = "") -> str:
    """The identity of what an agent does: its calls, whatever their ids, or its answer."""
    return arguments_hash("agent.said", {"calls": [[call.name, call.arguments] for call in calls], "answer": answer})


def request_hash(messages: Iterable[Message], tools: Iterable[str], options: Mapping[str, Any]) -> str:
    """The identity of what an agent asks a model.

    Args:
        messages: What it says, in full.
        tools: The names of the tools that the model may call.
        options: How it is to answer.
    """
    plain = [
        [message.role, [_plain(part) for part in message.parts], [[c.name, c.arguments] for c in message.calls]]
        for message in messages
    ]
    return arguments_hash("model.asked", {"messages": plain, "tools": list(tools), "options": dict(options)})


def _plain(part: Part) -> list[str]:
    return ["text", part.text, part.data] if isinstance(part, Text) else ["image", part.mime, part.base64]
