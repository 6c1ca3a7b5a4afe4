"""What a run records of the runs that work for it: that one was begun, and how it ended.

All else stands in the log of the child itself. This module knows ``messages`` and ``values`` only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from aether_nb.events.messages import Usage
from aether_nb.events.values import Event, Outcome

__all__ = ["ChildEnded", "ChildSpawned"]


@dataclass(frozen=True, slots=True)
class ChildSpawned(Event):
    """A call begins a run that works for this one; ``run`` is its name, the same for every attempt of the call."""

    kind: ClassVar[str] = "child.spawned"
    call_id: str
    run: str
    task: str
    tools: tuple[str, ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True)
class ChildEnded(Event):
    """Such a run is over. ``usage`` is what it took, which counts as this run's own."""

    kind: ClassVar[str] = "child.ended"
    call_id: str
    run: str
    outcome: Outcome
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
    steps: int = 0
