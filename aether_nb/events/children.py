"""What a run records of the runs that work for it: that one was begun, and how it ended; and what such a run is called.

All else stands in the log of the child itself. This module knows ``messages`` and ``values`` only.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import ClassVar

from aether_nb.events.messages import Usage
from aether_nb.events.values import Event, Outcome

__all__ = ["ChildEnded", "ChildSpawned", "above", "child_of"]

_CHILD = re.compile(r"(.+)-[0-9a-f]{6}", re.DOTALL)


def child_of(run: str, call: str) -> str:
    """The name of the run that a call of another run begins."""
    return f"{run}-{hashlib.sha256(call.encode()).hexdigest()[:6]}"


def above(run: str) -> set[str]:
    """The names of the runs for which one works, by its own name; none for one that a person has asked."""
    found = _CHILD.fullmatch(run)
    return {found[1], *above(found[1])} if found else set()


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
