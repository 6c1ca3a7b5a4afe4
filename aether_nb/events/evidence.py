"""What an answer rests on: the steps, models and calls behind it, who approved them, and what they read and made.

One pure fold of a run's log. Where the hashes of its chain are handed in, each step says by them which request it was
and which reply came: the hash of an event stands for all that had happened until then. Knows no store and no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.events.folds import step as folded
from aether_nb.events.messages import Usage
from aether_nb.events.state import RunState

__all__ = ["CallEvidence", "Evidence", "Standing", "StepEvidence", "Variable", "evidence"]


OVER = ("finished", "failed", "denied", "skipped")
"""How a call stands that has come to an end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run was at some point: the items of its plan and how many were done, its calls, its variables.

    Numbers only: which variables stands with the calls, and their names at each step would be the square of a long run.
    """

    planned: int = 0
    done: int = 0
    calls: int = 0
    made: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a call read or made, with the hash of its content where that is known."""

    name: str
    type: str = ""
    hash: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True)
class CallEvidence:
    """One call: what it was, who said yes to it, and what came of it.

    ``step`` is the request whose reply wanted it; ``item`` the item of the plan, from 1, or 0. ``approved_by`` is empty
    for a call that ran by the rules of the mode, and ``denied_by`` for one that nobody refused. ``path`` is a file that
    it wrote.
    """

    id: str
    tool: str
    hash: str
    step: int
    risk: k.Risk
    effect: k.Effect
    item: int = 0
    status: str = "proposed"
    approved_by: str = ""
    denied_by: str = ""
    lasts: str = ""
    attempts: int = 0
    seconds: float = 0.0
    edited: bool = False
    what: str = ""
    path: str = ""
    changed: tuple[str, ...] = ()
    read: tuple[Variable, ...] = ()
    made: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class StepEvidence:
    """One request to a model and its reply.

    ``request`` is the hash of the event before it, which stands for all that it was asked with; ``reply`` that of the
    reply itself. ``goal`` is the item of the plan that was being worked on, or the question.
    """

    number: int
    model: str
    goal: str
    at: float
    before: Standing
    after: Standing = field(default_factory=Standing)
    provider: str = ""
    version: str = ""
    seconds: float = 0.0
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
    sent: tuple[k.Sent, ...] = ()
    finish: str = ""
    request: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the answer of a run rests on.

    ``documents`` are the passages that were recalled, each once. ``replay_of`` is the run whose record it performed
    again, ``fork_of`` the one whose beginning it has.
    """

    run: str = ""
    prompt: str = ""
    answer: str = ""
    outcome: str = "not ended"
    what: str = ""
    started: float = 0.0
    seconds: float = 0.0
    cost: float | None = 0.0
    tokens: int = 0
    chain: str = ""
    replay_of: str = ""
    fork_of: str = ""
    plan: tuple[tuple[str, str], ...] = ()
    steps: tuple[StepEvidence, ...] = ()
    calls: tuple[CallEvidence, ...] = ()
    documents: tuple[k.Recalled, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The files that were written."""
        return tuple(call.path for call in self.calls if call.path and call.status == "finished")

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables that were made, each as it was last."""
        last = {one.name: one for call in self.calls for one in call.made}
        return tuple(last.values())


def evidence(entries: Iterable[k.Entry], hashes: Sequence[str] = ()) -> Evidence:
    """The evidence in a whole log.

    Args:
        entries: The log of one run, from its first event on.
        hashes: The hashes of its events, in order; without them steps do not say which request they were.
    """
    gathering = _Gathering(hashes)
    for entry in entries:
        gathering.take(entry)
    return gathering.found()


@dataclass
class _Gathering:
    hashes: Sequence[str]
    state: RunState = field(default_factory=RunState)
    started: float = 0.0
    steps: list[StepEvidence] = field(default_factory=list)
    calls: dict[str, CallEvidence] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    """The calls that have come to an end: to count them anew at every step would cost the square of a run's length."""
    item: int = 0
    replay_of: str = ""
    fork_of: str = ""
    recalled: dict[tuple[str, str, int, str], k.Recalled] = field(default_factory=dict)

    def take(self, entry: k.Entry) -> None:
        """Take in one more entry."""
        event = entry.event
        self.started = self.started or entry.time
        if isinstance(event, k.ModelAsked | k.AgentSaid):
            self._asked(event, entry)
        self.state = folded(self.state, entry)
        self._note_end(event.call.id if isinstance(event, k.CallProposed) else getattr(event, "call_id", ""))
        match event:
            case k.ModelAnswered():
                self._answered(event, entry)
            case k.AgentSaid(message=message):
                finish = "tool_calls" if message.calls else "stop"
                self.steps[-1] = replace(self.steps[-1], finish=finish, reply=self._hash(entry.seq))
            case k.CallProposed():
                self._proposed(event)
            case k.ItemStarted(index=index):
                self.item = index + 1
            case k.ReplayBegun(source=source):
                self.replay_of = source
            case k.RunForked(source=source):
                self.fork_of = source
            case k.KnowledgeRecalled(passages=passages):
                self.recalled |= {(one.category, one.path, one.start, one.sha): one for one in passages}
            case _:
                self._call(event)

    def _hash(self, seq: int) -> str:
        return self.hashes[seq - 1] if 0 < seq <= len(self.hashes) else ""

    def _note_end(self, id: str) -> None:
        call = self.state.calls.get(id)
        if call is not None:
            (self.over.add if call.status in OVER else self.over.discard)(id)

    def _standing(self) -> Standing:
        state = self.state
        done = sum(item.status == "done" for item in state.plan)
        return Standing(len(state.plan), done, len(self.over), len(state.made))

    def _asked(self, event: k.ModelAsked | k.AgentSaid, entry: k.Entry) -> None:
        """A step begins: a model is asked, or a hosted agent says by itself what it does."""
        if self.steps:
            self.steps[-1] = replace(self.steps[-1], after=self._standing())
        open = next((item.item.title for item in self.state.plan if item.status != "done"), "")
        goal = open or (self.state.started.prompt if self.state.started else "")
        request = self._hash(entry.seq - 1)
        at = entry.time - self.started
        model, sent = (f"agent:{event.agent}", ()) if isinstance(event, k.AgentSaid) else (event.model, event.sent)
        self.steps.append(StepEvidence(event.step, model, goal, at, self._standing(), sent=sent, request=request))

    def _answered(self, event: k.ModelAnswered, entry: k.Entry) -> None:
        if self.steps:
            self.steps[-1] = replace(
                self.steps[-1],
                provider=event.provider,
                version=event.model,
                seconds=event.seconds,
                usage=event.usage,
                finish=event.finish,
                reply=self._hash(entry.seq),
            )

    def _proposed(self, event: k.CallProposed) -> None:
        call, known = event.call, self.calls.get(event.call.id)
        written = event.path if event.effect == "external" else ""
        step = known.step if known else self.state.steps
        fresh = CallEvidence(call.id, call.name, event.hash, step, event.risk, event.effect, edited=event.edited)
        self.calls[call.id] = replace(fresh, path=written)

    def _call(self, event: k.Event) -> None:
        call = self.calls.get(getattr(event, "call_id", ""))
        change = _CALLS.get(type(event))
        if call is None or change is None:
            return
        self.calls[call.id] = change(call, event)
        if isinstance(event, k.CallBegun | k.GateOpened) and self.item and not call.item:
            items = self.state.plan
            if self.item <= len(items) and items[self.item - 1].item.tool == call.tool:
                self.calls[call.id] = replace(self.calls[call.id], item=self.item)

    def found(self) -> Evidence:
        """What was gathered."""
        state = self.state
        if self.steps:
            self.steps[-1] = replace(self.steps[-1], after=self._standing())
        ended = state.ended
        calls = tuple(replace(call, status=state.calls[id].status) for id, call in self.calls.items())
        return Evidence(
            state.run,
            state.started.prompt if state.started else "",
            state.answer,
            ended.outcome if ended else "not ended",
            ended.what if ended else "",
            self.started,
            state.seconds,
            state.usage.cost,
            state.usage.tokens,
            self._hash(state.head),
            self.replay_of,
            self.fork_of,
            tuple((item.item.title, item.status) for item in state.plan),
            tuple(self.steps),
            calls,
            tuple(self.recalled.values()),
        )


def _answered(call: CallEvidence, event: k.GateAnswered) -> CallEvidence:
    if event.hash != call.hash:
        return call
    if event.decision == "approve":
        return replace(call, approved_by=event.by, lasts=event.lasts)
    return replace(call, denied_by=event.by, what=event.reason)


def _kept(call: CallEvidence, event: k.NamespaceKept) -> CallEvidence:
    def known(some: Iterable[k.Kept]) -> tuple[Variable, ...]:
        return tuple(Variable(one.name, one.type, one.hash, one.cell) for one in some)

    return replace(call, made=(*call.made, *known(event.kept)), read=(*call.read, *known(event.inputs)))


def _changed(call: CallEvidence, event: k.NamespaceChanged) -> CallEvidence:
    names = tuple(f"{change.name} ({change.what})" for change in event.changes)
    return replace(call, changed=(*call.changed, *names))


_CALLS: dict[type[k.Event], Callable[[CallEvidence, Any], CallEvidence]] = {
    k.GateOpened: lambda call, event: call,
    k.GateAnswered: _answered,
    k.CallBegun: lambda call, event: replace(call, attempts=event.attempt),
    k.CallFinished: lambda call, event: replace(call, seconds=event.seconds),
    k.CallFailed: lambda call, event: replace(call, seconds=event.seconds, what=event.what),
    k.CallDoubtful: lambda call, event: replace(call, what=event.what),
    k.CallSettled: lambda call, event: replace(call, what=f"{event.how}, said by {event.by}"),
    k.NamespaceChanged: _changed,
    k.NamespaceKept: _kept,
}
