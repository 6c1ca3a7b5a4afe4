"""A run as its log has it so far: the value that deciding the next step takes.

It is made by ``folds`` and by nobody else. Nothing here reads a clock, a setting or the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Usage
from aether_nb.events.table import Table

__all__ = ["Call", "CallStatus", "Item", "RunState"]

CallStatus: TypeAlias = Literal["proposed", "approved", "begun", "finished", "failed", "denied", "doubtful", "skipped"]

LIMITS = ("steps", "seconds", "tokens", "cost")
"""The fields of ``Limits``, in the order in which they are checked."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it stands: what was proposed, what became of it, and which attempt is the next or the last.

    ``not_before`` is the time, in seconds since the epoch, at which a call that is tried again may begin.
    """

    proposed: k.CallProposed
    status: CallStatus = "proposed"
    attempt: int = 1
    not_before: float = 0.0

    @property
    def id(self) -> str:
        """The call's id, unique within the run."""
        return self.proposed.call.id

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.proposed.call.name


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the plan as it stands."""

    item: k.PlanItem
    status: Literal["pending", "active", "done"] = "pending"


@dataclass(frozen=True)
class RunState:
    """A run as its log has it so far.

    ``model`` is who was asked last. ``messages`` is the conversation as a model would get it, and ``sent`` what they
    show of the user's data. ``open`` are the calls of the last reply that are not settled yet, in order; ``told`` is
    what was said to the run meanwhile, and joins the messages when none is open. ``contested`` are calls that another
    kernel was at when the run was taken from it: it may still be. ``seconds`` is the time worked, waiting for people
    left out. ``allowed`` are the limits in force: a yes at a limit raises it by what it was at the start.
    """

    run: str = ""
    head: int = 0
    started: k.RunStarted | None = None
    model: str = ""
    messages: tuple[Message, ...] = ()
    sent: tuple[k.Sent, ...] = ()
    calls: Mapping[str, Call] = field(default_factory=Table)
    open: tuple[str, ...] = ()
    told: tuple[Message, ...] = ()
    gate: str = ""
    question: k.QuestionAsked | None = None
    grants: tuple[k.Grant, ...] = ()
    plan: tuple[Item, ...] = ()
    steps: int = 0
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
    seconds: float = 0.0
    last_time: float = 0.0
    allowed: k.Limits = field(default_factory=k.Limits)
    declined_limit: str = ""
    answered: bool = False
    failure: k.ModelFailed | None = None
    fatal: k.CallFailed | None = None
    made: tuple[str, ...] = ()
    contested: tuple[str, ...] = ()
    paused: bool = False
    parked: k.RunParked | None = None
    ended: k.RunEnded | None = None

    @property
    def answer(self) -> str:
        """The final answer in Markdown; empty while there is none."""
        return self.messages[-1].text if self.answered else ""

    @property
    def waiting(self) -> bool:
        """Whether the run waits for a person."""
        return bool(self.gate) or self.question is not None or self.paused or self.parked is not None

    @property
    def seconds_left(self) -> float | None:
        """Seconds of work until the limit; None when there is none."""
        allowed = self.allowed.seconds
        return None if allowed is None else max(0.0, allowed - self.seconds)

    def used(self, limit: str) -> float | None:
        """How much of a limit is used up; None when nobody knows (an unknown price)."""
        used = {"steps": self.steps, "seconds": self.seconds, "tokens": self.usage.tokens, "cost": self.usage.cost}
        return used[limit]

    def over(self) -> str:
        """The first limit that is used up, or nothing. An unknown cost is over no limit: tokens still count."""
        for limit in LIMITS:
            allowed, used = getattr(self.allowed, limit), self.used(limit)
            if allowed is not None and used is not None and used >= allowed and (limit != "cost" or used > 0):
                return limit
        return ""
