"""What events mean for the rest of a store: which state they give to a call, and which must outlive the machine.

The rules are the same for every store, and the errors by which a store refuses an append are worded here. This module
knows events, and no database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aether_nb.errors import AlreadyBegun, AlreadyReceived, LeaseHeld, LeaseLost
from aether_nb.events import kinds as k
from aether_nb.store.ledger import CallState

__all__ = [
    "OPEN",
    "SUMMED",
    "Move",
    "adopts",
    "held",
    "lease_lost",
    "move",
    "not_begun",
    "received_twice",
    "wants_disk",
    "when",
]

OPEN: tuple[CallState, ...] = ("proposed", "approved")
"""The states out of which a call may begin, and in which it may be proposed anew."""

SUMMED = frozenset((k.RunStarted.kind, k.RunEnded.kind, k.RunForked.kind, k.RunParked.kind, k.RunResumed.kind))
"""The kinds that a list of runs shows something of."""


# ---- calls


@dataclass(frozen=True, slots=True)
class Move:
    """What an event makes of a call that is there already.

    ``attempt`` 0 means the last one. An answer (``hash`` is not empty) counts for an open proposal of that hash only.
    """

    call: str
    to: CallState
    attempt: int = 0
    hash: str = ""


_ANSWERED: dict[str, CallState] = {"approve": "approved", "deny": "skipped"}
_SETTLED: dict[str, CallState] = {"ran": "finished", "rerun": "failed", "skip": "skipped", "fail": "failed"}

_MOVES: dict[str, Callable[[Any], Move]] = {
    k.GateAnswered.kind: lambda event: Move(event.call_id, _ANSWERED[event.decision], hash=event.hash),
    k.CallFinished.kind: lambda event: Move(event.call_id, "finished"),
    k.CallFailed.kind: lambda event: Move(event.call_id, "failed"),
    k.CallRetried.kind: lambda event: Move(event.call_id, "failed", event.attempt),
    k.CallDoubtful.kind: lambda event: Move(event.call_id, "doubtful"),
    k.CallSettled.kind: lambda event: Move(event.call_id, _SETTLED[event.how]),
}


def move(event: k.Event) -> Move | None:
    """The state that an event gives to a call; None when it speaks of none, or proposes or begins one."""
    make = _MOVES.get(event.kind)
    return make(event) if make else None


def not_begun(run: str, call: str, attempt: int, state: str | None) -> AlreadyBegun:
    """Why an attempt may not begin, by the state in which it is; None: it is not its turn yet."""
    if state is None:
        what, why = f"Attempt {attempt} of call {call} cannot begin.", f"Attempt {attempt - 1} has not failed."
    elif state == "skipped":
        what, why = f"Call {call} cannot begin.", "It was denied, or it is to be skipped."
    else:
        what, why = f"Call {call} has begun before.", f"Attempt {attempt} of it is {state}: nothing is done twice."
    return AlreadyBegun(what, why, f"Look at it: %aether trace {run}")


# ---- what must outlive the machine


def wants_disk(events: Sequence[k.Event], effect: Callable[[str], str | None]) -> bool:
    """Whether these events must be on the disk itself before anybody goes on.

    They are when they begin a call that acts outside, or say what a person decided.

    Args:
        events: What is appended together.
        effect: Tells the effect of a call that was proposed earlier; None when there is none of that id.
    """
    here: dict[str, str] = {}
    for event in events:
        if isinstance(event, k.CallProposed):
            here[event.call.id] = event.effect
        elif isinstance(event, k.CallBegun):
            call = event.call_id
            if (here[call] if call in here else effect(call)) in ("external", None):
                return True
        elif isinstance(event, _DECISIONS) and _by_person(event):
            return True
    return False


_DECISIONS = (k.GrantGiven, k.GateAnswered, k.CallSettled, k.UndoDone)


def _by_person(event: k.GrantGiven | k.GateAnswered | k.CallSettled | k.UndoDone) -> bool:
    """Whether it says what a person decided; policies, grants and tools decide by rules that are there again."""
    by = event.grant.by if isinstance(event, k.GrantGiven) else event.by
    return not by.startswith(("policy:", "grant:", "tool:"))


# ---- whose a run is


def adopts(events: Sequence[k.Event]) -> bool:
    """Whether these events make a run this user's, whoever wrote it before: he goes on with it, and has said so."""
    return any(isinstance(event, k.RunResumed) and event.anyway for event in events)


# ---- refusals


def held(run: str, holder: str, since: float, here: bool = False) -> LeaseHeld:
    """Why nobody else may advance a run; ``here``: its holder works in this very process."""
    look = f"Look at it: %aether trace {run}"
    if here:
        why = f"It was begun, or taken up, {when(since)}. Two of them would do things twice."
        return LeaseHeld(f"Run {run} is at work in this kernel already.", why, f"{look} · end it: %aether stop {run}")
    why = f"It took the run {when(since)} and is alive. Two of them would do things twice."
    take = f"take it over: %aether resume {run} --take"
    return LeaseHeld(f"Run {run} is being advanced by {holder}.", why, f"{look} · {take}")


def lease_lost(run: str, epoch: int, now: int, holder: str, since: float) -> LeaseLost:
    """Why a writer of that epoch may not go on; ``now`` is today's epoch, 0 when the run is not leased at all."""
    if not now:
        what, why = f"Run {run} is not leased to this kernel any more.", "Its record was made anew."
    elif not epoch:
        what, why = f"Run {run} is leased.", f"{holder} took it {when(since)}."
    else:
        what, why = f"Run {run} was taken over.", f"{holder} took it {when(since)} and advances it now."
    return LeaseLost(what, why, f"Look at it: %aether trace {run} · take it back: %aether resume {run} --take")


def received_twice(run: str, signal: str) -> AlreadyReceived:
    """Why a signal is not applied."""
    return AlreadyReceived(
        f"Run {run} has heard signal {signal} before.", "It was delivered twice; it counts once.", "Nothing to do."
    )


def when(seconds: float) -> str:
    """A time for people, in this machine's zone."""
    try:
        return f"at {datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return "at a time that is no date"
