"""A run as its log has it so far: the value that deciding the next step takes.

It is made by ``folds`` and by nobody else. Nothing here reads a clock, a setting or the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from aether_nb.events import kinds as k
from aether_nb.events.growing import Growing
from aether_nb.events.messages import Image, Message, ToolCall, Usage
from aether_nb.events.table import Table

__all__ = ["Call", "CallStatus", "Demand", "Item", "RunState", "sent"]

CallStatus: TypeAlias = Literal["proposed", "approved", "begun", "finished", "failed", "denied", "doubtful", "skipped"]

LIMITS = ("steps", "seconds", "tokens", "cost")
"""The fields of ``Limits``, in the order in which they are checked."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it stands: what was proposed, what became of it, and which attempt is the next or the last.

    ``not_before`` is the time, in seconds since the epoch, at which a call that is tried again may begin. ``undone``:
    what it did was taken back since.
    """

    proposed: k.CallProposed
    status: CallStatus = "proposed"
    attempt: int = 1
    not_before: float = 0.0
    undone: bool = False

    @property
    def id(self) -> str:
        """The call's id, unique within the run."""
        return self.proposed.call.id

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.proposed.call.name

    def now(self, status: CallStatus, attempt: int = 0) -> Call:
        """The same call in this status; in another attempt, where one is named."""
        return Call(self.proposed, status, attempt or self.attempt, self.not_before)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the plan as it stands."""

    item: k.PlanItem
    status: Literal["pending", "active", "done"] = "pending"


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that a hosted agent wanted, and what it got: the reply of a model, or what became of calls.

    ``hash`` is that of what it wanted. ``calls`` are its calls; without them and without a reply it was its answer.
    ``near``: the model is on this machine.
    """

    hash: str
    reply: k.ModelAnswered | None = None
    calls: tuple[ToolCall, ...] = ()
    near: bool = False


@dataclass(frozen=True)
class RunState:
    """A run as its log has it so far.

    ``model`` is who was asked last. ``messages`` is the conversation as a model would get it; ``asked_with`` says how
    many of them there were when it was asked last, and what they showed of the user's data. ``open`` are the calls of
    the last reply that are not settled yet, in order; ``told`` is what was said to the run meanwhile, and joins the
    messages when none is open. ``contested`` are calls that another kernel was at when the run was taken from it: it
    may still be. ``touched`` are variables that its code, or that of an earlier run, has made or changed. ``near``:
    who is asked now is on this machine; ``unlimited`` are the places of such replies in the messages: nothing was kept
    from who wrote them.
    ``unheard`` are calls that were denied because nobody was there; ``finish`` says why the last reply ended.
    ``beyond`` are yeses that were taken back because a call did more than they are for.
    ``demands`` is what a hosted agent has wanted so far; ``demanding`` the hash of its request that has no reply yet.
    ``found`` are instructions that stood in data, ``skills`` those that were opened. ``seconds`` is the time worked,
    waiting for people left out. ``allowed`` are the limits in force: a yes at a limit raises it by what it was at the
    start.
    """

    run: str = ""
    head: int = 0
    started: k.RunStarted | None = None
    model: str = ""
    messages: Sequence[Message] = field(default_factory=Growing)
    asked_with: tuple[int, tuple[k.Sent, ...]] = (0, ())
    calls: Mapping[str, Call] = field(default_factory=Table)
    open: tuple[str, ...] = ()
    told: tuple[Message, ...] = ()
    gate: str = ""
    question: k.QuestionAsked | None = None
    grants: tuple[k.Grant, ...] = ()
    beyond: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    plan: tuple[Item, ...] = ()
    steps: int = 0
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
    seconds: float = 0.0
    last_time: float = 0.0
    allowed: k.Limits = field(default_factory=k.Limits)
    declined_limit: str = ""
    demands: Sequence[Demand] = field(default_factory=Growing)
    demanding: str = ""
    answered: bool = False
    finish: str = ""
    failure: k.ModelFailed | None = None
    fatal: k.CallFailed | None = None
    made: tuple[str, ...] = ()
    contested: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    near: bool = False
    unlimited: tuple[int, ...] = ()
    found: tuple[k.InstructionsFound, ...] = ()
    skills: tuple[k.SkillOpened, ...] = ()
    paused: bool = False
    parked: k.RunParked | None = None
    ended: k.RunEnded | None = None

    @property
    def answer(self) -> str:
        """The final answer in Markdown; empty while there is none."""
        return self.messages[-1].text if self.answered else ""

    @property
    def sent(self) -> tuple[k.Sent, ...]:
        """What the messages show of the user's data, by kind."""
        count, before = self.asked_with
        return sent(self.messages[count:], before)

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
            if (allowed := getattr(self.allowed, limit)) is None:
                continue
            used = self.used(limit)
            if used is not None and used >= allowed and (limit != "cost" or used > 0):
                return limit
        return ""


def sent(messages: Iterable[Message], before: tuple[k.Sent, ...] = ()) -> tuple[k.Sent, ...]:
    """What messages show of the user's data, by kind: characters, or pictures, and the columns they came from.

    ``before`` is what earlier ones of the same conversation show.
    """
    shown = {each.data: each for each in before}
    for message in messages:
        for part in message.parts:
            amount = 1 if isinstance(part, Image) else len(part.text)
            known = shown.get(part.data)
            if known is None:
                shown[part.data] = k.Sent(part.data, amount, tuple(sorted(set(part.columns))))
            elif part.columns and not set(part.columns) <= set(known.columns):
                columns = tuple(sorted({*known.columns, *part.columns}))
                shown[part.data] = k.Sent(part.data, known.amount + amount, columns)
            else:
                shown[part.data] = k.Sent(part.data, known.amount + amount, known.columns)
    return tuple(shown[kind] for kind in sorted(shown))
