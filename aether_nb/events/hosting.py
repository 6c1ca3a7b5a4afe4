"""What a run records of who works on it: a hosted agent's own word, and as which profile a task was routed.

A hosted agent is a function of somebody's. What it asks a model stands in ``model.asked`` and ``model.answered``, which
carry the hash of that request; what it does itself stands here. This module knows ``messages`` and ``values`` only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from aether_nb.events.messages import Message, Usage
from aether_nb.events.values import Event

__all__ = ["AgentSaid", "ProfileRouted"]


@dataclass(frozen=True, slots=True)
class AgentSaid(Event):
    """A hosted agent has said what comes next: calls of tools, or its answer. ``step`` counts on as that of requests.

    It costs nothing, and nothing leaves by it.
    """

    kind: ClassVar[str] = "agent.said"
    agent: str
    message: Message
    step: int


@dataclass(frozen=True, slots=True)
class ProfileRouted(Event):
    """The model for small tasks was asked which profile fits this task.

    ``name`` is the one by which the run works; empty where it works as always. ``because`` says why, in a sentence.
    """

    kind: ClassVar[str] = "profile.routed"
    name: str
    because: str
    model: str = ""
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
