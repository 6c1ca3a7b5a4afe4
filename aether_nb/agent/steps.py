"""What a run does next: one pure function of its state.

It reads no clock, asks nobody and changes nothing, so resuming, replaying and testing a run are the same function over
an old log. Doing the step is the driver's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from aether_nb.agent.approvals import covering, decide
from aether_nb.events.folds import Call, RunState
from aether_nb.events.kinds import Grant, QuestionAsked

__all__ = ["VERSION", "Act", "Ask", "Finish", "Gate", "Pause", "Plan", "Propose", "Step", "Wait", "next_step"]

VERSION = "1"
"""The rules below, by number. It is frozen into every run; change it with any rule."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Ask a model for a plan and nothing else."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a model what to do, with all that is known."""


@dataclass(frozen=True, slots=True)
class Propose:
    """Look at the calls of a reply: what could each of them do?"""

    ids: tuple[str, ...]


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


Step: TypeAlias = Plan | Ask | Propose | Gate | Act | Wait | Pause | Finish


def next_step(state: RunState) -> Step | None:
    """What this run does next; None when it has ended.

    Raises:
        ValueError: The state is of no run: its first event is missing.
    """
    if state.started is None:
        raise ValueError("a run begins with run.started")
    if state.ended:
        return None
    if state.question:
        return Wait(state.question)
    if state.answered or state.failure or state.declined_limit or (state.started.plan_only and state.plan):
        return Finish()
    if state.open:
        return _next_call(state)
    if limit := state.over():
        return Pause(limit)
    return Plan() if state.started.plan_only else Ask()


def _next_call(state: RunState) -> Step:
    """What to do about the calls of the last reply: look at them, then settle them in order, readers together."""
    assert state.started is not None
    if unseen := tuple(id for id in state.open if id not in state.calls):
        return Propose(unseen)
    calls = [state.calls[id] for id in state.open]
    verdicts = [decide(call, state.started.mode, state.grants) for call in calls]
    if verdicts[0] != "run":
        grant = covering(calls[0].proposed, state.grants) if verdicts[0] == "granted" else None
        return Gate(calls[0], grant, refused=verdicts[0] == "deny")
    together = 0
    while together < len(calls) and verdicts[together] == "run" and calls[together].proposed.parallel:
        together += 1
    return Act(tuple(calls[: max(1, together)]))
