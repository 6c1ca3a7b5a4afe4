"""How a step and a record fit: which step recorded events are of, how many of them, and what came from outside.

The record does not say which step it was that made an event; it follows from the event and from the state before it. A
replay holds that against what ``next_step`` says. Pure functions: nothing here acts, reads a clock or changes a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from aether_nb.agent import steps
from aether_nb.agent.steps import Step
from aether_nb.events import kinds as k
from aether_nb.events.messages import arguments_hash
from aether_nb.events.state import RunState

__all__ = ["Print", "Rest", "extent", "fits", "outside", "recorded", "says"]


class Rest:
    """What of a record has not been replayed yet. It copies nothing: it is asked at every step of a long record.

    Args:
        events: The whole record.
        start: How many of them have been replayed.
    """

    __slots__ = ("events", "start")

    def __init__(self, events: Sequence[k.Event], start: int = 0) -> None:
        self.events, self.start = events, start

    def __len__(self) -> int:
        return len(self.events) - self.start

    def __getitem__(self, place: int) -> k.Event:
        return self.events[self.start + place]

    def __iter__(self) -> Iterator[k.Event]:
        return map(self.events.__getitem__, range(self.start, len(self.events)))

    def after(self, count: int) -> Rest:
        """What comes after so many of them."""
        return Rest(self.events, self.start + count)


class Print(NamedTuple):
    """The fingerprint of a step: its kind, and the hashes of the calls, or of the request, that it is about.

    ``words`` say the same to people.
    """

    kind: str
    hashes: tuple[str, ...] = ()
    words: str = ""

    def __str__(self) -> str:
        about = " ".join(filter(None, (self.words, *(hash[:23] for hash in self.hashes))))
        return f"{self.kind} ({about})" if about else self.kind


def fits(step: Print, recorded: Print) -> bool:
    """Whether a recorded step is the one that the rules say; of calls at once the record tells one after the other."""
    return step.kind == recorded.kind and (step.hashes == recorded.hashes or set(recorded.hashes) <= set(step.hashes))


# ---- what the rules say


def says(step: Step, state: RunState) -> Print:
    """The fingerprint of a step that is due."""
    match step:
        case steps.Plan() | steps.Ask():
            return _request(state.steps + 1, state.sent, state)
        case steps.Propose(id):
            return Print("Propose", (), f"the call {id}")
        case steps.Gate(call) | steps.Settle(call):
            return Print(type(step).__name__, (call.proposed.hash,), call.name)
        case steps.Act(calls):
            return Print("Act", tuple(call.proposed.hash for call in calls), ", ".join(call.name for call in calls))
        case steps.Wait(question):
            return Print("Wait", (), f"the question {question.id}")
        case steps.Rest():
            return Print("Rest")
        case steps.Pause(limit):
            return Print("Pause", (), f"the limit of {limit}")
        case steps.Finish():  # pragma: no branch  # there is no other step, and mypy knows it
            bad = "failed" if state.failure or state.fatal else "cancelled" if state.declined_limit else "done"
            return Print("Finish", (), bad)


def _request(number: int, sent: Sequence[k.Sent], state: RunState) -> Print:
    """A request is known by its number and by what it showed; what a hosted agent asks is its own affair."""
    if state.started is not None and state.started.agent:
        return Print("Ask", (), f"request {number}")
    shown: dict[str, Any] = {part.data: [part.amount, list(part.columns)] for part in sent}
    return Print("Ask", (arguments_hash(f"request {number}", shown),), f"request {number}")


# ---- what the record has


def recorded(rest: Rest, state: RunState) -> Print:
    """The fingerprint of the step that the record goes on with."""
    first = next((event for event in rest if not isinstance(event, _BESIDE)), rest[0])
    match first:
        case k.ModelSwitched() | k.ModelAsked() | k.ModelFailed():
            asked = next((event for event in rest if isinstance(event, k.ModelAsked)), None)
            if isinstance(first, k.ModelFailed) or asked is None:
                return _request(state.steps + 1, state.sent, state)  # nobody could be asked
            return _request(asked.step, asked.sent, state)
        case k.AgentSaid(step=number):
            return _request(number, (), state)
        case k.CallProposed(call=call, hash=hash):
            known = state.calls.get(call.id)
            if known is not None and state.gate == call.id:  # edited, when the gate was open already
                return Print("Gate", (known.proposed.hash,), call.name)
            if known is not None and known.status in ("proposed", "approved"):  # judged again just before it acted
                return Print("Act", (known.proposed.hash,), call.name)
            return Print("Propose", (), f"the call {call.id}")
        case k.GateOpened(call_id=id, hash=hash) | k.GateAnswered(call_id=id, hash=hash):
            return Print("Gate", (hash,), _name(state, id))
        case k.CallBegun(call_id=id, hash=hash):
            return Print("Act", (hash,), _name(state, id))
        case k.CallSettled(call_id=id) | k.QuestionAsked(call_id=id, doubt=True):
            return Print("Settle", _hash(state, id), _name(state, id))
        case k.QuestionAnswered(id=id):
            return Print("Wait", (), f"the question {id}")
        case k.RunParked(waits_for=what, id=id):
            if what == "gate":
                return Print("Gate", _hash(state, id), _name(state, id))
            return Print("Wait", (), f"the question {id}") if what == "question" else Print("Rest")
        case k.LimitReached(limit=limit):
            return Print("Pause", (), f"the limit of {limit}")
        case k.RunEnded(outcome=outcome):
            return Print("Finish", (), outcome)
        case k.CallFailed() | k.CallDoubtful() if end := next((e for e in rest if isinstance(e, k.RunEnded)), None):
            return Print("Finish", (), end.outcome)  # what stood open is settled with the end
        case _:
            return Print(f"the event {first.kind}")


_BESIDE = (k.ItemStarted, k.ItemFinished, k.NamespaceKept, k.InstructionsFound, k.HookTook)
"""What stands before the event that says which step it is."""


def _name(state: RunState, id: str) -> str:
    call = state.calls.get(id)
    return call.name if call else f"the call {id}"


def _hash(state: RunState, id: str) -> tuple[str, ...]:
    call = state.calls.get(id)
    return (call.proposed.hash,) if call else ()


# ---- how far a step goes


def extent(step: Step, rest: Rest) -> int:
    """How many recorded events are of this step: up to its end, or to something that is not of it."""
    if isinstance(step, steps.Act):
        return _acted(step, rest)
    known, ends = _SHAPES[type(step)]
    for n, event in enumerate(rest):
        if isinstance(event, _OUTSIDE) or not isinstance(event, known):
            return n
        if ends(event):
            return n + 1 + _followers(step, event, rest.after(n + 1))
    return len(rest)


_FOUND = k.InstructionsFound
_ANSWERS = (k.ModelAnswered, k.ModelFailed, k.AgentSaid, k.QuestionAsked)

_SHAPES: dict[type, tuple[tuple[type[k.Event], ...], Callable[[Any], bool]]] = {
    steps.Ask: (
        (k.ModelSwitched, k.ModelAsked, *_ANSWERS, k.LimitReached, _FOUND, k.HookTook),
        lambda event: isinstance(event, _ANSWERS),
    ),
    steps.Propose: ((k.CallProposed, k.HookTook), lambda event: isinstance(event, k.CallProposed)),
    steps.Gate: (
        (k.ItemStarted, k.GateOpened, k.GateAnswered, k.CallProposed, k.NamespaceKept, k.RunParked, k.HookTook),
        lambda event: isinstance(event, k.GateAnswered | k.RunParked),
    ),
    steps.Settle: ((k.CallSettled, k.QuestionAsked), lambda event: True),
    steps.Wait: (
        (k.QuestionAnswered, k.NamespaceKept, k.RunParked),
        lambda event: not isinstance(event, k.NamespaceKept),
    ),
    steps.Rest: ((k.NamespaceKept, k.RunParked), lambda event: isinstance(event, k.RunParked)),
    steps.Pause: ((k.LimitReached, k.QuestionAsked), lambda event: isinstance(event, k.QuestionAsked)),
    steps.Finish: (
        (k.ItemFinished, k.CallFailed, k.CallDoubtful, k.RunEnded),
        lambda event: isinstance(event, k.RunEnded),
    ),
}
_SHAPES[steps.Plan] = _SHAPES[steps.Ask]


def _followers(step: Step, last: k.Event, after: Rest) -> int:
    """How many events belong to a step though it is over with the one before: they were recorded with it."""
    following = after[0] if after else None
    match step, last, following:
        case steps.Propose(id), _, k.CallFailed(call_id=failed, stopped=False) if id == failed:
            return 1  # it could not be read
        case steps.Gate(), k.GateAnswered(), k.GrantGiven():
            return 1
        case steps.Plan() | steps.Ask(), k.ModelAnswered(finish="pause"), k.ModelFailed():
            return 1  # a hook refused the reply
        case steps.Wait(question), k.QuestionAnswered(), k.CallSettled() if question.doubt:
            return 1
    return 0


_IN_ACT = (
    k.RunStarted, k.RunEnded, k.AgentSaid, k.ModelAsked, k.ModelAnswered, k.ModelFailed, k.ModelSwitched, k.GateOpened,
    k.GateAnswered, k.CallSettled, k.LimitReached, k.RunParked, k.ReplayDrifted,
)  # fmt: skip
"""What no call makes while it runs; a tool may record anything else."""


def _acted(step: steps.Act, rest: Rest) -> int:
    open = {call.id for call in step.calls}
    n = 0
    while n < len(rest) and open:
        event = rest[n]
        heard = n > 0 and isinstance(event, k.SignalReceived)  # an answer to a call that asks, or a Stop
        if not heard and isinstance(event, (*_OUTSIDE, *_IN_ACT)):
            return n
        id = event.call.id if isinstance(event, k.CallProposed) else getattr(event, "call_id", "")
        if isinstance(event, _ENDS_CALL):
            if id not in open:
                return n
            open.discard(id)
            failed = rest[n + 1] if n + 1 < len(rest) else None
            if isinstance(event, k.CallProposed) and isinstance(failed, k.CallFailed) and failed.call_id == id:
                n += 1
        n += 1
    while n < len(rest) and isinstance(rest[n], k.ItemFinished):
        n += 1
    return n


_ENDS_CALL = (k.CallFinished, k.CallFailed, k.CallRetried, k.CallDoubtful, k.CallProposed)


# ---- what came from outside


_OUTSIDE = (
    k.RunStarted, k.ContextComposed, k.GrantGiven, k.GrantRevoked, k.LeaseTaken, k.RunResumed, k.RunForked,
    k.NamespaceRestored, k.SignalReceived, k.ReplayBegun, k.UndoDone, k.ProfileRouted,
)  # fmt: skip
"""What no step makes: how the run opened, who took it up, what was said to it."""

_APART = (k.KnowledgeRecalled, k.FeedbackGiven, k.UndoBegun)
"""What is written beside the steps: as a run opens, or when it is over. A call may recall something, too."""

_GOING_ON = (k.GrantRevoked, k.CallDoubtful, k.CallRetried, k.NamespaceRestored)
"""What is said of open calls when a run is taken up again."""

_LEFT = (k.CallFailed, k.CallDoubtful, k.NamespaceChanged, k.NamespaceKept, k.UndoLimited, k.RunEnded)
"""What a run leaves behind when it is stopped, or breaks off."""


def outside(rest: Rest, step: Step | None, state: RunState) -> int:
    """How many of the next events were put there by somebody, and not by the step that is due.

    Args:
        rest: The record from here on; not empty.
        step: What the rules say now; None when they say that nothing comes, or before the run has begun.
        state: The run before these events.
    """
    first = rest[0]
    if isinstance(first, k.HookTook) and first.point in ("session_start", "before_model"):
        return 1  # it changes what is asked, and so comes before the step
    if isinstance(first, _BESIDE):  # the first half of what was to be recorded together
        n = next((n for n, event in enumerate(rest) if not isinstance(event, _BESIDE)), len(rest))
        return n if n == len(rest) or isinstance(rest[n], k.LeaseTaken | k.RunResumed | k.RunForked) else 0
    if isinstance(first, k.SignalReceived):
        return 1 + _heard(first, rest.after(1))
    if isinstance(first, k.RunResumed | k.RunForked | k.ReplayBegun):
        n = 1
        while n < len(rest) and _goes_on(first, rest[n], state):
            n += 1
        return n
    if isinstance(first, (*_OUTSIDE, *_APART, k.ReplayDrifted)):
        return 1
    return 0 if isinstance(step, steps.Finish) else _broken_off(rest)


def _heard(signal: k.SignalReceived, after: Rest) -> int:
    """What a signal has made, which was recorded with it."""
    made = {
        "approve": (k.GateAnswered, k.GrantGiven),
        "deny": (k.GateAnswered,),
        "answer": (k.QuestionAnswered, k.CallSettled),
        "settle": (k.QuestionAnswered, k.CallSettled),
        "plan": (k.PlanRevised,),
    }.get(signal.type if signal.used else "", ())
    n = 0
    for kind in made:
        n += n < len(after) and isinstance(after[n], kind)
    return n


def _goes_on(first: k.Event, event: k.Event, state: RunState) -> bool:
    if isinstance(first, k.ReplayBegun):
        return isinstance(event, k.QuestionAsked) and not (event.call_id or event.limit)
    if isinstance(event, k.QuestionAnswered):
        return event.by == "policy:interrupted"
    if isinstance(event, k.CallProposed):  # its yes was not this user's
        known = state.calls.get(event.call.id)
        return known is not None and known.status in ("approved", "begun")
    return isinstance(event, _GOING_ON)


def _broken_off(rest: Rest) -> int:
    """How many events stand between here and an end before its time, when nothing else does."""
    for n, event in enumerate(rest, 1):
        if isinstance(event, k.RunEnded):
            return n if event.outcome != "done" else 0
        if isinstance(event, k.RunForked):
            return n - 1  # the copy goes no further
        if not isinstance(event, _LEFT) or (isinstance(event, k.CallFailed) and not event.stopped):
            return 0
    return len(rest)
