"""What the events of a run add up to: reducers ``(value, entry) -> value`` and nothing else.

``RunState`` is all that deciding the next step takes; it is rebuilt from the log at any time by ``fold``. ``phase`` is
the word that users see. Nothing here reads a clock, a setting or the world: the time is that of the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from aether_nb.events import kinds as k
from aether_nb.events.messages import Image, Message, Part, Text, ToolCall, Usage

__all__ = ["Call", "Item", "RunState", "fold", "phase", "step"]

CallStatus: TypeAlias = Literal["proposed", "approved", "begun", "finished", "failed", "denied", "doubtful"]

LIMITS = ("steps", "seconds", "tokens", "cost")
"""The fields of ``Limits``, in the order in which they are checked."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it stands: what was proposed, what became of it, and what the model was told."""

    proposed: k.CallProposed
    status: CallStatus = "proposed"

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
    show of the user's data. ``open`` are the calls of the last reply that are not settled yet, in order. ``seconds`` is
    the time worked, waiting for people left out. ``allowed`` are the limits in force: a yes at a limit raises it by
    what it was at the start.
    """

    run: str = ""
    head: int = 0
    started: k.RunStarted | None = None
    model: str = ""
    messages: tuple[Message, ...] = ()
    sent: tuple[k.Sent, ...] = ()
    calls: Mapping[str, Call] = field(default_factory=dict)
    open: tuple[str, ...] = ()
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
    ended: k.RunEnded | None = None

    @property
    def answer(self) -> str:
        """The final answer in Markdown; empty while there is none."""
        return self.messages[-1].text if self.answered else ""

    @property
    def waiting(self) -> bool:
        """Whether the run waits for a person."""
        return bool(self.gate) or self.question is not None

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


def fold(entries: Iterable[k.Entry], state: RunState | None = None) -> RunState:
    """The state after all these entries."""
    state = state or RunState()
    for entry in entries:
        state = step(state, entry)
    return state


def _with(state: RunState, **changes: Any) -> RunState:
    """The state with these fields changed: ``replace`` without its look at each of thirty fields, ten times a turn."""
    new = object.__new__(RunState)
    new.__dict__.update(state.__dict__)
    new.__dict__.update(changes)
    return new


def step(state: RunState, entry: k.Entry) -> RunState:
    """The state after one more entry; transient ones change nothing."""
    if not entry.event.stored:
        return state
    worked = 0.0 if state.waiting or not state.last_time else max(0.0, entry.time - state.last_time)
    state = _with(
        state, run=entry.run, head=entry.seq, last_time=max(entry.time, state.last_time), seconds=state.seconds + worked
    )
    reducer = REDUCERS.get(entry.event.kind)
    return reducer(state, entry.event) if reducer else state


def _started(state: RunState, event: k.RunStarted) -> RunState:
    return _with(state, started=event, allowed=event.limits, model=event.model)


def _ended(state: RunState, event: k.RunEnded) -> RunState:
    return _with(state, ended=event, gate="", question=None)


def _composed(state: RunState, event: k.ContextComposed) -> RunState:
    return _with(state, messages=event.messages, sent=sent(event.messages))


def _planned(state: RunState, event: k.PlanMade) -> RunState:
    return _with(state, plan=tuple(Item(item) for item in event.items))


def _revised(state: RunState, event: k.PlanRevised) -> RunState:
    items = (Item(item, "done" if n < event.done else "pending") for n, item in enumerate(event.items))
    return _with(state, plan=tuple(items))


def _item(status: Literal["active", "done"]) -> Callable[[RunState, Any], RunState]:
    def reducer(state: RunState, event: k.ItemStarted | k.ItemFinished) -> RunState:
        plan = list(state.plan)
        if 0 <= event.index < len(plan):
            plan[event.index] = replace(plan[event.index], status=status)
        return _with(state, plan=tuple(plan))

    return reducer


def _asked(state: RunState, event: k.ModelAsked) -> RunState:
    return _with(state, steps=event.step, failure=None, model=event.model)


def _answered(state: RunState, event: k.ModelAnswered) -> RunState:
    return _with(
        state,
        messages=(*state.messages, event.message),
        sent=sent((event.message,), state.sent),
        open=tuple(call.id for call in event.message.calls),
        usage=Usage.total((state.usage, event.usage)),
        answered=not event.message.calls and event.finish != "pause",
    )


def _model_failed(state: RunState, event: k.ModelFailed) -> RunState:
    return _with(state, failure=event)


def _proposed(state: RunState, event: k.CallProposed) -> RunState:
    return _put(state, event.call.id, Call(event))


def _gate_opened(state: RunState, event: k.GateOpened) -> RunState:
    return _with(state, gate=event.call_id)


def _gate_answered(state: RunState, event: k.GateAnswered) -> RunState:
    call = state.calls.get(event.call_id)
    if call is None or event.hash != call.proposed.hash or call.status != "proposed":
        return state  # an answer for another call, or a second one: it counts for nothing
    state = _with(state, gate="" if state.gate == event.call_id else state.gate)
    if event.decision == "approve":
        return _put(state, event.call_id, replace(call, status="approved"))
    who = "the user" if event.by in ("panel", "terminal", "cell") else event.by
    return _settle(state, event.call_id, "denied", (Text(f"denied by {who}: {event.reason or 'no reason given'}"),))


def _granted(state: RunState, event: k.GrantGiven) -> RunState:
    return _with(state, grants=(*state.grants, event.grant))


def _revoked(state: RunState, event: k.GrantRevoked) -> RunState:
    return _with(state, grants=tuple(grant for grant in state.grants if grant.id != event.id))


def _begun(state: RunState, event: k.CallBegun) -> RunState:
    return _put(state, event.call_id, replace(state.calls[event.call_id], status="begun"))


def _finished(state: RunState, event: k.CallFinished) -> RunState:
    return _settle(state, event.call_id, "finished", event.parts)


def _failed(state: RunState, event: k.CallFailed) -> RunState:
    text = "\n".join(part for part in ("error: " + event.what, event.why, event.hint) if part)
    state = _with(state, fatal=event if event.fatal else state.fatal)
    return _settle(state, event.call_id, "failed", (Text(text, "rows"),))  # an error may quote what it stumbled over


def _doubtful(state: RunState, event: k.CallDoubtful) -> RunState:
    return _settle(state, event.call_id, "doubtful", (Text(f"in doubt: {event.what}"),))


def _changed(state: RunState, event: k.NamespaceChanged) -> RunState:
    names = {change.name for change in event.changes if change.what == "added"}
    gone = {change.name for change in event.changes if change.what == "removed"}
    return _with(state, made=tuple(sorted((set(state.made) | names) - gone)))


def _question(state: RunState, event: k.QuestionAsked) -> RunState:
    return _with(state, question=event)


def _question_answered(state: RunState, event: k.QuestionAnswered) -> RunState:
    question = state.question
    if question is None or question.id != event.id:
        return state
    state = _with(state, question=None)
    if not question.limit:
        return state
    if event.answer != question.options[0]:
        return _with(state, declined_limit=question.limit)
    assert state.started is not None
    more = getattr(state.allowed, question.limit) + getattr(state.started.limits, question.limit)
    return _with(state, allowed=replace(state.allowed, **{question.limit: more}))


def _put(state: RunState, id: str, call: Call) -> RunState:
    return _with(state, calls={**state.calls, id: call})


def _settle(state: RunState, id: str, status: CallStatus, parts: tuple[Part, ...]) -> RunState:
    """Close a call and tell the model what came of it; one that was never looked at has no status."""
    call = state.calls.get(id)
    if call is not None and call.proposed.edited:
        parts = (Text("(the user edited this call before approving it)\n"), *parts)
    message = Message("tool", parts, call_id=id)
    state = _with(
        state,
        messages=(*state.messages, message),
        sent=sent((message,), state.sent),
        open=tuple(other for other in state.open if other != id),
    )
    return state if call is None else _put(state, id, replace(call, status=status))


REDUCERS: dict[str, Callable[[RunState, Any], RunState]] = {
    k.RunStarted.kind: _started,
    k.RunEnded.kind: _ended,
    k.ContextComposed.kind: _composed,
    k.PlanMade.kind: _planned,
    k.PlanRevised.kind: _revised,
    k.ItemStarted.kind: _item("active"),
    k.ItemFinished.kind: _item("done"),
    k.ModelAsked.kind: _asked,
    k.ModelAnswered.kind: _answered,
    k.ModelFailed.kind: _model_failed,
    k.CallProposed.kind: _proposed,
    k.GateOpened.kind: _gate_opened,
    k.GateAnswered.kind: _gate_answered,
    k.GrantGiven.kind: _granted,
    k.GrantRevoked.kind: _revoked,
    k.CallBegun.kind: _begun,
    k.CallFinished.kind: _finished,
    k.CallFailed.kind: _failed,
    k.CallDoubtful.kind: _doubtful,
    k.NamespaceChanged.kind: _changed,
    k.QuestionAsked.kind: _question,
    k.QuestionAnswered.kind: _question_answered,
}

PHASES: dict[str, k.State] = {
    k.RunStarted.kind: "PLANNING",
    k.CallBegun.kind: "TOOL_CALLING",
    k.CallFinished.kind: "OBSERVING",
    k.CallFailed.kind: "OBSERVING",
    k.NamespaceChanged.kind: "OBSERVING",
    k.TextDelta.kind: "COMPILING",
    k.GateOpened.kind: "PAUSED",
    k.QuestionAsked.kind: "PAUSED",
    k.RunEnded.kind: "ENDED",
}


def phase(now: k.State, state: RunState, entry: k.Entry) -> k.State:
    """The word that users see after this entry, given the word before it and the state after it.

    PLANNING until there is a plan or a first call, THINKING while a model is asked later, COMPILING as soon as it
    writes text, back to TOOL_CALLING when a question inside a running call is answered.
    """
    event = entry.event
    if (word := PHASES.get(event.kind)) is not None:
        return word
    if isinstance(event, k.ModelAsked):
        return "PLANNING" if event.step == 1 else "THINKING"
    if isinstance(event, k.GateAnswered | k.QuestionAnswered):
        return "TOOL_CALLING" if state.open else "THINKING"
    return now


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


def line(call: ToolCall, status: str) -> str:
    """One line that stands for a call in the history of later turns."""
    first = next(iter(call.arguments.values()), "")
    shown = " ".join(str(first).split())
    return f"{call.name}({shown[:80]}{'…' if len(shown) > 80 else ''}): {status}"
