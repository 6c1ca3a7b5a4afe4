"""What happens to calls: proposed, asked about, begun, finished, failed, in doubt; and to the variables they touch.

``kinds`` has the whole vocabulary and passes these names on. This module knows ``messages`` and ``values``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from aether_nb.events.messages import DataKind, Part, ToolCall
from aether_nb.events.ruling import Ruled
from aether_nb.events.values import Change, Effect, Event, Gone, Grant, Kept, Lasts, Risk, Settled

__all__ = [
    "WIDER",
    "CallBegun",
    "CallDoubtful",
    "CallFailed",
    "CallFinished",
    "CallProposed",
    "CallRetried",
    "CallSettled",
    "GateAnswered",
    "GateOpened",
    "GrantGiven",
    "GrantRevoked",
    "NamespaceChanged",
    "NamespaceKept",
    "NamespaceRestored",
]

NOBODY = ("policy:deny", "policy:low", "policy:auto", "policy:closed", "policy:above")
"""Who says no where nobody is there: what AETHER_APPROVE names, a panel that was closed, a child's parent."""

WIDER = "policy:wider"
"""Who takes back a yes that a call has gone beyond."""


@dataclass(frozen=True, slots=True)
class CallProposed(Event):
    """The model wants to use a tool. ``hash`` is the identity of the exact call, to which any approval is bound.

    ``purpose`` says in a sentence what it is for; ``effect_text`` says what exactly will happen; ``path`` is the file
    that it would touch, absolute, when there is just one. ``parallel``: it only reads and may run beside others.
    ``edited``: a person changed the arguments; the event then replaces the earlier one of the same call id.
    ``ruled`` is what the user's rules say of it, and ``rule`` the one that says so: ``hook:NAME`` for a hook's veto.
    ``floor`` is the least risk that hooks let it have, ``altered`` the hook that changed its arguments.
    ``variables`` are those of the user's that it changes, where that is plain and all that it does; else none.
    """

    kind: ClassVar[str] = "call.proposed"
    version: ClassVar[int] = 3
    call: ToolCall
    hash: str
    risk: Risk
    effect: Effect
    reasons: tuple[str, ...] = ()
    purpose: str = ""
    effect_text: str = ""
    path: str = ""
    parallel: bool = False
    edited: bool = False
    ruled: Ruled = ""
    rule: str = ""
    floor: Risk | Literal[""] = ""
    altered: str = ""
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateOpened(Event):
    """A call waits for a yes or a no."""

    kind: ClassVar[str] = "gate.opened"
    call_id: str
    hash: str


@dataclass(frozen=True, slots=True)
class GateAnswered(Event):
    """A yes or a no, and who said it: ``panel``, ``terminal``, ``signal:WHO``, ``grant:ID``, ``policy:NAME``.

    ``hash`` is that of the exact call the answer was given for; an answer for another hash counts for nothing.
    """

    kind: ClassVar[str] = "gate.answered"
    version: ClassVar[int] = 4
    call_id: str
    hash: str
    decision: Literal["approve", "deny"]
    by: str
    lasts: Lasts = "once"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GrantGiven(Event):
    """A person said yes for longer than one call.

    ``seal``: in a store's journal, where it is kept for later kernels, it binds the yes to a notebook and this user's
    key. In a run it is empty: there the seal of the run's head counts.
    """

    kind: ClassVar[str] = "grant.given"
    version: ClassVar[int] = 3
    grant: Grant
    seal: str = ""


@dataclass(frozen=True, slots=True)
class GrantRevoked(Event):
    """A person took a yes back, its time is over, or a call that it allowed has done more (``by`` is ``WIDER``)."""

    kind: ClassVar[str] = "grant.revoked"
    id: str
    by: str


@dataclass(frozen=True, slots=True)
class CallBegun(Event):
    """A call is about to act. Appended before it does; the store lets each attempt begin once.

    ``attempt`` counts from 1: a call is tried again when it failed and its tool says so, or when its kernel died.
    """

    kind: ClassVar[str] = "call.begun"
    version: ClassVar[int] = 2
    call_id: str
    hash: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class CallRetried(Event):
    """An attempt came to nothing, and the call begins again, but not before ``until`` (seconds since the epoch).

    ``attempt`` is the one that is over; ``lost``: it did not fail, its kernel died while it ran.
    """

    kind: ClassVar[str] = "call.retried"
    call_id: str
    attempt: int
    what: str
    why: str = ""
    until: float = 0.0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class CallFinished(Event):
    """A call acted. ``parts`` is what the model is told; ``outputs`` are MIME bundles that people see."""

    kind: ClassVar[str] = "call.finished"
    call_id: str
    parts: tuple[Part, ...]
    seconds: float
    outputs: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class CallFailed(Event):
    """A call did not do its work; the model is told ``what``, ``why`` and ``hint``.

    ``stopped``: by the user, or at a limit. ``fatal``: nothing can be done about it, and the run ends. ``data`` is what
    its words show of the user's data: an error may quote what it stumbled over.
    """

    kind: ClassVar[str] = "call.failed"
    version: ClassVar[int] = 2
    call_id: str
    what: str
    why: str = ""
    hint: str = ""
    seconds: float = 0.0
    stopped: bool = False
    outputs: tuple[Mapping[str, Any], ...] = ()
    fatal: bool = False
    data: DataKind = "rows"


@dataclass(frozen=True, slots=True)
class CallDoubtful(Event):
    """Nobody knows whether an external call acted: it was begun, and then stopped or lost."""

    kind: ClassVar[str] = "call.doubtful"
    call_id: str
    what: str


@dataclass(frozen=True, slots=True)
class CallSettled(Event):
    """A doubt is over, and who ended it: a person, or the tool's own ``verify`` (``tool:verify``) or ``on_doubt``.

    ``how``: it ``ran`` and counts as finished; it shall be ``rerun``; ``skip`` it, whatever became of it; or ``fail``
    the run. ``parts`` is what a verifier found of its result, for the model.
    """

    kind: ClassVar[str] = "call.settled"
    call_id: str
    how: Settled
    by: str
    note: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class NamespaceChanged(Event):
    """What a call did to the user's variables."""

    kind: ClassVar[str] = "namespace.changed"
    version: ClassVar[int] = 2
    call_id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class NamespaceKept(Event):
    """Variables as they were after a call; some were written beside the record, so that they outlive their kernel.

    ``call_id`` made or changed them; it is empty when they were written because the run was parked. ``inputs`` are
    variables of the user's that the call read, as they were before it.
    """

    kind: ClassVar[str] = "namespace.kept"
    call_id: str
    kept: tuple[Kept, ...]
    inputs: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class NamespaceRestored(Event):
    """After a restart: what was loaded, what was made again by recorded code, what is gone, what is not the same."""

    kind: ClassVar[str] = "namespace.restored"
    loaded: tuple[str, ...] = ()
    remade: tuple[str, ...] = ()
    missing: tuple[Gone, ...] = ()
    differs: tuple[Gone, ...] = ()
