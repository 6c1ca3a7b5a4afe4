"""What a run does next: one pure function of its state.

It reads no clock, asks nobody and changes nothing, so resuming, replaying and testing a run are the same function over
an old log. Doing the step is the driver's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from aether_nb.agent.approvals import covering, decide
from aether_nb.events.kinds import Grant, QuestionAsked
from aether_nb.events.state import Call, RunState

__all__ = [
    "VERSION",
    "Act",
    "Ask",
    "Finish",
    "Gate",
    "Pause",
    "Plan",
    "Propose",
    "Rest",
    "Settle",
    "Step",
    "Wait",
    "next_step",
]

VERSION = "4"
"""The rules below, by number. It is frozen into every run; change it with any rule."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Ask a model for a plan and nothing else."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a model what to do, with all that is known."""


@dataclass(frozen=True, slots=True)
class Propose:
    """Look at the next call of a reply: what could it do? Only now: the calls before it may have changed that."""

    id: str


@dataclass(frozen=True, slots=True)
class Gate:
    """Get a yes or a no for a call: from a grant, from the mode (``refused``), else from a person."""

    call: Call
    grant: Grant | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Carry out one call, or several that only read."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """Find out what became of a call in doubt: by its tool's own rule, else by asking."""

    call: Call


@dataclass(frozen=True, slots=True)
class Rest:
    """A person said to pause: wait until one says to go on."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for the answer to a question."""

    question: QuestionAsked


@dataclass(frozen=True, slots=True)
class Pause:
    """A limit is used up: say so and ask whether to go on."""

    limit: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Close the run; what it is closed with stands in the state."""


Step: TypeAlias = Plan | Ask | Propose | Gate | Act | Settle | Wait | Rest | Pause | Finish


def next_step(state: RunState) -> Step | None:
    """What this run does next; None when it has ended, or is parked until somebody resumes it.

    Raises:
        ValueError: The state is of no run: its first event is missing.
    """
    if state.started is None:
        raise ValueError("a run begins with run.started")
    if state.ended or state.parked:
        return None
    if state.question:
        return Wait(state.question)
    if state.paused:
        return Rest()
    if (
        state.answered
        or state.failure
        or state.fatal
        or state.declined_limit
        or (state.started.plan_only and state.plan)
    ):
        return Finish()
    if state.open:
        return _next_call(state)
    if limit := state.over():
        return Pause(limit)
    return Plan() if state.started.plan_only else Ask()


def _next_call(state: RunState) -> Step:
    """What to do about the calls of the last reply: one after the other, those that only read together."""
    assert state.started is not None
    mode = "plan" if state.started.plan_only else state.started.mode
    together: list[Call] = []
    for id in state.open:
        call = state.calls.get(id)
        if call is None:
            return Propose(id)
        if call.status == "doubtful" and not together:
            return Settle(call)
        verdict = decide(call, mode, state.grants, misled=bool(state.found))
        if verdict == "run" and call.proposed.parallel:
            together.append(call)
        elif together:
            break
        elif verdict == "run":
            return Act((call,))
        else:
            grant = covering(call.proposed, state.grants) if verdict == "granted" else None
            return Gate(call, grant, refused=verdict == "deny")
    return Act(tuple(together))
