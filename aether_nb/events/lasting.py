"""What happens to a run that outlives its cell and its kernel: it is parked, resumed, forked, signalled, taken over.

``kinds`` has the whole vocabulary and passes these names on. This module knows ``values``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from aether_nb.events.values import Event, SignalType

__all__ = ["LeaseTaken", "RunForked", "RunParked", "RunResumed", "RunsPruned", "SignalReceived"]


@dataclass(frozen=True, slots=True)
class RunParked(Event):
    """A run waits with nobody holding it, until a signal comes or somebody resumes it.

    ``waits_for``: ``gate``, ``question`` or ``go``; ``id`` is the call's or the question's.
    """

    kind: ClassVar[str] = "run.parked"
    waits_for: Literal["gate", "question", "go"]
    id: str = ""


@dataclass(frozen=True, slots=True)
class RunResumed(Event):
    """A run goes on. ``fresh``: in another kernel than before, whose variables had to be restored.

    ``anyway``: a person said so, though tools or rules are no longer the same.
    """

    kind: ClassVar[str] = "run.resumed"
    by: str
    fresh: bool
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class RunForked(Event):
    """From here on this is a run of its own; all before is a copy of ``source``.

    ``at`` is the last event that was copied, ``chain`` its hash.
    """

    kind: ClassVar[str] = "run.forked"
    source: str
    at: int
    chain: str = ""


@dataclass(frozen=True, slots=True)
class RunsPruned(Event):
    """In a store's journal: a run that was dropped, how many events it had, and the hash of the last one."""

    kind: ClassVar[str] = "runs.pruned"
    run: str
    events: int
    chain: str
    why: str


@dataclass(frozen=True, slots=True)
class LeaseTaken(Event):
    """Somebody else may advance this run now. ``forced``: the one before had not let go, and is fenced off."""

    kind: ClassVar[str] = "lease.taken"
    epoch: int
    holder: str
    before: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class SignalReceived(Event):
    """Something was said to the run from outside: each ``id`` is received once, however often it was delivered.

    ``used``: it applied to what the run was waiting for; one that came too late is kept all the same. ``text`` is what
    a ``tell`` says to the model.
    """

    kind: ClassVar[str] = "signal.received"
    id: str
    type: SignalType
    by: str
    used: bool = True
    text: str = ""
