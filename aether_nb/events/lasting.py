"""What happens to a run that outlives its cell and its kernel: it is parked, resumed, forked, signalled, taken over.

And to one that performs another one again, from its record.

``kinds`` has the whole vocabulary and passes these names on. This module knows ``messages`` and ``values``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from aether_nb.events.messages import Image
from aether_nb.events.values import Drift, Event, Gone, ReplayMode, SignalType

__all__ = [
    "CONSENT",
    "CONSENT_YES",
    "LeaseTaken",
    "LimitReached",
    "ReplayBegun",
    "ReplayDrifted",
    "RunForked",
    "RunPacked",
    "RunParked",
    "RunResumed",
    "RunsPruned",
    "SignalReceived",
]

CONSENT = "perform-again"
"""The id of the one question that is asked before somebody else's code is performed again."""

CONSENT_YES = "perform it again"
"""The yes to it."""


@dataclass(frozen=True, slots=True)
class LimitReached(Event):
    """A limit was reached; the run pauses and asks. ``limit`` is a field of ``Limits``."""

    kind: ClassVar[str] = "limit.reached"
    limit: Literal["steps", "seconds", "tokens", "cost"]
    used: float
    allowed: float


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

    ``anyway``: a person said so, whoever began it and whatever has changed since.
    """

    kind: ClassVar[str] = "run.resumed"
    by: str
    fresh: bool
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class RunForked(Event):
    """From here on this is a run of its own; all before is a copy of ``source``.

    ``at`` is the last event that was copied, ``chain`` its hash. ``missing`` and ``differs`` are variables that the
    copied part made and that are no longer there, or no longer what they were. ``compared``: it was looked.
    """

    kind: ClassVar[str] = "run.forked"
    version: ClassVar[int] = 2
    source: str
    at: int
    chain: str = ""
    missing: tuple[Gone, ...] = ()
    differs: tuple[Gone, ...] = ()
    compared: bool = False


@dataclass(frozen=True, slots=True)
class RunsPruned(Event):
    """In a store's journal: a run that was dropped, how many events it had, and the hash of the last one."""

    kind: ClassVar[str] = "runs.pruned"
    run: str
    events: int
    chain: str
    why: str


@dataclass(frozen=True, slots=True)
class RunPacked(Event):
    """In a store's journal: a run that was copied from another store.

    ``chain`` is the hash that its last event had there. ``masked`` counts the events in which keys were made
    unreadable: from the first of them on, the copy has a chain of its own.
    """

    kind: ClassVar[str] = "runs.packed"
    run: str
    events: int
    chain: str
    masked: int = 0


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
    a ``tell`` says to the model, and ``picture`` what it shows it.
    """

    kind: ClassVar[str] = "signal.received"
    version: ClassVar[int] = 3
    id: str
    type: SignalType
    by: str
    used: bool = True
    text: str = ""
    picture: Image | None = None


@dataclass(frozen=True, slots=True)
class ReplayBegun(Event):
    """What follows comes from the record of another run: no model is asked.

    ``chain`` is the hash of that run's last event, ``recorded`` the time of its first, ``model`` who answered then.
    ``own``: this user recorded it.
    """

    kind: ClassVar[str] = "replay.begun"
    source: str
    mode: ReplayMode
    model: str
    recorded: float
    chain: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class ReplayDrifted(Event):
    """A call that was performed again did not come to the same: what it said, changed or made is another one now.

    ``was`` and ``now`` are short texts for people, or hashes.
    """

    kind: ClassVar[str] = "replay.drifted"
    call_id: str
    what: Drift
    was: str
    now: str
