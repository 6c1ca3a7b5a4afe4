"""What the events of a run add up to: reducers ``(state, event) -> what changes`` and nothing else.

``RunState`` is all that deciding the next step takes; it is rebuilt from the log at any time by ``fold``. Nothing here
reads a clock, a setting or the world: the time is that of the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from aether_nb.events import demands
from aether_nb.events import kinds as k
from aether_nb.events.growing import Growing
from aether_nb.events.hooks import covered
from aether_nb.events.messages import Message, Part, Text, ToolCall
from aether_nb.events.state import Call, CallStatus, Item, RunState
from aether_nb.events.table import Filling, Table
from aether_nb.events.telling import told, undone

__all__ = ["fold", "line", "step"]

Changes: TypeAlias = dict[str, Any]
"""Fields of the state, with their new values."""


def fold(entries: Iterable[k.Entry], state: RunState | None = None) -> RunState:
    """The state after all these entries."""
    after = _copy(state or RunState())
    fields = after.__dict__
    fields["calls"] = filling = Filling(after.calls)
    for entry in entries:
        if entry.event.stored:
            _take(after, entry)
    fields["calls"] = Table(filling)
    return after


def step(state: RunState, entry: k.Entry) -> RunState:
    """The state after one more entry; transient ones change nothing."""
    if not entry.event.stored:
        return state
    after = _copy(state)
    _take(after, entry)
    return after


def _copy(state: RunState) -> RunState:
    """The same state: ``replace`` without its look at each of thirty fields, ten times a turn."""
    new = object.__new__(RunState)
    object.__setattr__(new, "__dict__", state.__dict__.copy())
    return new


def _take(state: RunState, entry: k.Entry) -> None:
    """Take an entry into a state that nobody else has seen yet."""
    run, seq, time, event = entry
    fields, last = state.__dict__, state.last_time
    if last and time > last and not state.waiting and event.kind not in _TAKEN_UP:
        fields["seconds"] += time - last
    reducer = REDUCERS.get(event.kind)
    if reducer is not None:
        fields.update(reducer(state, event))
    fields["run"], fields["head"] = run, seq
    if time > last:
        fields["last_time"] = time


_TAKEN_UP = (k.LeaseTaken.kind, k.RunForked.kind)
"""Before these nobody held the run: it did not work."""


# ---- the run


def _started(state: RunState, event: k.RunStarted) -> Changes:
    earlier = {*event.touched, *(name for turn in event.prior for name in (*turn.made, *turn.touched))}
    return {"started": event, "allowed": event.limits, "model": event.model, "touched": tuple(sorted(earlier))}


def _ended(state: RunState, event: k.RunEnded) -> Changes:
    return {"ended": event, "gate": "", "question": None, "parked": None}


def _parked(state: RunState, event: k.RunParked) -> Changes:
    return {"parked": event}


def _resumed(state: RunState, event: k.RunResumed) -> Changes:
    return {"parked": None, "failure": None}


def _taken(state: RunState, event: k.LeaseTaken) -> Changes:
    if not event.forced:
        return {}
    running = (id for id in state.open if id in state.calls and state.calls[id].status == "begun")
    return {"contested": (*state.contested, *running)}


def _forked(state: RunState, event: k.RunForked) -> Changes:
    """The copied part may speak of variables that are something else now, or nothing: the model has to know."""
    lines = [f"This is a fork: from here on the conversation goes another way than run {event.source} did."]
    if not event.compared:
        lines.append("The variables are as they are in the kernel now, not as they were then; look before you use one.")
    lines += [f"{gone.name} is gone: {gone.why}" for gone in event.missing]
    lines += [f"{gone.name} is not what it was: {gone.why}" for gone in event.differs]
    fresh: Changes = {"ended": None, "parked": None, "paused": False, "failure": None, "fatal": None}
    fresh |= _say(state, Message("user", (Text("\n".join(lines), "schema"),)))
    gone = {gone.name for gone in event.missing}
    return fresh | {"declined_limit": "", "unheard": (), "made": tuple(name for name in state.made if name not in gone)}


def _composed(state: RunState, event: k.ContextComposed) -> Changes:
    return {"messages": Growing(event.messages), "asked_with": (0, ())}


def _signalled(state: RunState, event: k.SignalReceived) -> Changes:
    if not event.used:
        return {}
    if event.type in ("tell", "plan"):
        shown = (event.picture,) if event.picture else ()
        return _say(state, Message("user", (Text(f"(said while you work) {event.text}"), *shown)))
    return {"paused": event.type == "pause"} if event.type in ("pause", "go") else {}


def _restored(state: RunState, event: k.NamespaceRestored) -> Changes:
    """The model is told, or else it goes on with variables that are no longer there."""
    missing = {gone.name for gone in event.missing}
    made: Changes = {"made": tuple(name for name in state.made if name not in missing)}
    # Who has answered already is not asked again for that.
    return made if state.answered else made | _say(state, Message("user", (Text(told(event), "schema"),)))


def _undone(state: RunState, event: k.UndoDone) -> Changes:
    """A run that has ended is told in later turns, by its calls; one that goes on has to know at once."""
    known = [call for id in event.call_ids if (call := state.calls.get(id)) is not None]
    gone = {change.name for change in event.changes if change.what == "removed"}
    changes = _put(state, *[replace(call, undone=not event.undoes) for call in known])
    changes["made"] = tuple(sorted((set(state.made) | set(event.again)) - gone))
    if state.ended is not None or state.answered or not event.call_ids:
        return changes
    return changes | _say(state, Message("user", (Text(undone(event), "schema"),)))


def _say(state: RunState, message: Message) -> Changes:
    """Something that the model has to know, as soon as no call stands between."""
    if state.open:
        return {"told": (*state.told, message)}
    return _grown(state, message) | {"answered": False}


def _grown(state: RunState, *messages: Message) -> Changes:
    return {"messages": Growing.of(state.messages).plus(*messages)}


# ---- the plan


def _planned(state: RunState, event: k.PlanMade) -> Changes:
    return {"plan": tuple(Item(item) for item in event.items)}


def _revised(state: RunState, event: k.PlanRevised) -> Changes:
    return {"plan": tuple(Item(item, "done" if n < event.done else "pending") for n, item in enumerate(event.items))}


def _item(status: Literal["active", "done"]) -> Callable[[RunState, Any], Changes]:
    def reducer(state: RunState, event: k.ItemStarted | k.ItemFinished) -> Changes:
        plan = list(state.plan)
        if 0 <= event.index < len(plan):
            plan[event.index] = replace(plan[event.index], status=status)
        return {"plan": tuple(plan)}

    return reducer


# ---- the model


def _asked(state: RunState, event: k.ModelAsked) -> Changes:
    asked_with = state.asked_with if event.request else (len(state.messages), event.sent)
    near = event.left is not None and not event.left.to
    asked: Changes = {"steps": event.step, "failure": None, "model": event.model, "near": near}
    return asked | {"asked_with": asked_with, "demanding": event.request}


def _answered(state: RunState, event: k.ModelAnswered) -> Changes:
    if state.demanding:  # the reply is the hosted agent's, and no part of the conversation
        return demands.replied(state, event)
    calls, changes = event.message.calls, _grown(state, event.message)
    if state.near:
        changes["unlimited"] = (*state.unlimited, len(state.messages))
    changes["open"], changes["finish"] = tuple([call.id for call in calls]), event.finish
    changes["usage"] = state.usage.plus(event.usage)
    return changes | {"answered": not calls and event.finish != "pause"}


def _said(state: RunState, event: k.AgentSaid) -> Changes:
    return demands.said(state, event) | _grown(state, event.message)


def _found(state: RunState, event: k.InstructionsFound) -> Changes:
    return {"found": (*state.found, event)}


def _skill(state: RunState, event: k.SkillOpened) -> Changes:
    """What the user has installed speaks for him; what came with a folder is the call's result, and so data."""
    changes: Changes = {"skills": (*state.skills, event)}
    if event.trusted:
        text = f"(the skill {event.name}, which the user has installed)\n{event.text}"
        changes |= _say(state, Message("user", (Text(text),)))
    return changes


def _hooked(state: RunState, event: k.HookTook) -> Changes:
    """What a hook has added is said from here on, and what it has covered is not."""
    changes: Changes = {}
    if event.messages:
        changes = {"messages": Growing(covered(state.messages, event)), "asked_with": (0, ())}
    return changes | _say(state, Message("user", event.told)) if event.told else changes


def _model_failed(state: RunState, event: k.ModelFailed) -> Changes:
    return {"failure": event}


# ---- calls


def _proposed(state: RunState, event: k.CallProposed) -> Changes:
    known = state.calls.get(event.call.id)
    return _put(state, Call(event, attempt=known.attempt if known else 1))


def _gate_opened(state: RunState, event: k.GateOpened) -> Changes:
    return {"gate": event.call_id}


def _gate_answered(state: RunState, event: k.GateAnswered) -> Changes:
    call = state.calls.get(event.call_id)
    if call is None or event.hash != call.proposed.hash or call.status != "proposed":
        return {}  # an answer for another call, or a second one: it counts for nothing
    changes: Changes = {"gate": "" if state.gate == event.call_id else state.gate}
    if event.decision == "approve":
        return changes | _put(state, call.now("approved"))
    who = "the user" if event.by in ("panel", "terminal", "cell") or event.by.startswith("signal:") else event.by
    who = who.replace("hook:", "the hook ", 1) if who.startswith("hook:") else who
    changes["unheard"] = (*state.unheard, event.call_id) if event.by in k.NOBODY else state.unheard
    why = event.reason or "no reason given"
    return changes | _settle(state, event.call_id, "denied", (Text(f"denied by {who}: {why}"),))


def _granted(state: RunState, event: k.GrantGiven) -> Changes:
    return {"grants": (*state.grants, event.grant)}


def _revoked(state: RunState, event: k.GrantRevoked) -> Changes:
    beyond = (*state.beyond, event.id) if event.by == k.WIDER else state.beyond
    return {"grants": tuple(grant for grant in state.grants if grant.id != event.id), "beyond": beyond}


def _begun(state: RunState, event: k.CallBegun) -> Changes:
    return _put(state, state.calls[event.call_id].now("begun", event.attempt))


def _finished(state: RunState, event: k.CallFinished) -> Changes:
    return _settle(state, event.call_id, "finished", event.parts)


def _failed(state: RunState, event: k.CallFailed) -> Changes:
    text = "\n".join(part for part in ("error: " + event.what, event.why, event.hint) if part)
    changes = _settle(state, event.call_id, "failed", (Text(text, event.data),))
    return changes | {"fatal": event} if event.fatal else changes


def _retried(state: RunState, event: k.CallRetried) -> Changes:
    call = state.calls[event.call_id]
    return _put(state, replace(call, status="approved", attempt=event.attempt + 1, not_before=event.until))


def _doubtful(state: RunState, event: k.CallDoubtful) -> Changes:
    return _put(state, state.calls[event.call_id].now("doubtful"))


def _settled(state: RunState, event: k.CallSettled) -> Changes:
    call, note = state.calls[event.call_id], f" {event.note}" if event.note else ""
    if event.how == "rerun":
        return _put(state, call.now("approved", call.attempt + 1))
    if event.how == "ran":
        said = (Text(f"it acted before the interruption, and its result was lost (said by {event.by}).{note}"),)
        return _settle(state, call.id, "finished", event.parts or said)
    if event.how == "skip":
        told = f"in doubt: it may have acted before the interruption. It is not repeated (said by {event.by}).{note}"
        return _settle(state, call.id, "skipped", (Text(told),))
    what = f"{call.name} was interrupted, and nobody knows whether it acted."
    fatal = k.CallFailed(call.id, what, f"Its rule for a doubt is to end the run.{note}", fatal=True)
    return _settle(state, call.id, "failed", (Text(what),)) | {"fatal": fatal}


def _changed(state: RunState, event: k.NamespaceChanged) -> Changes:
    names = {change.name for change in event.changes if change.what == "added"}
    gone = {change.name for change in event.changes if change.what == "removed"}
    changes: Changes = {"made": tuple(sorted((set(state.made) | names) - gone))} if names or gone else {}
    if touched := {change.name for change in event.changes}.difference(state.touched):
        changes["touched"] = (*state.touched, *sorted(touched))
    return changes


# ---- questions


def _question(state: RunState, event: k.QuestionAsked) -> Changes:
    return {"question": event}


def _question_answered(state: RunState, event: k.QuestionAnswered) -> Changes:
    question = state.question
    if question is None or question.id != event.id:
        return {}
    changes: Changes = {"question": None}
    if question.limit:
        if event.answer != question.options[0]:
            return changes | {"declined_limit": question.limit}
        assert state.started is not None
        more = getattr(state.allowed, question.limit) + getattr(state.started.limits, question.limit)
        changes["allowed"] = replace(state.allowed, **{question.limit: more})
    return changes


def _put(state: RunState, *calls: Call) -> Changes:
    before = state.calls
    table = before if isinstance(before, (Filling, Table)) else Table(before)
    for call in calls:
        table = table.put(call.id, call)
    return {"calls": table}


def _settle(state: RunState, id: str, status: CallStatus, parts: tuple[Part, ...]) -> Changes:
    """Close a call and tell the model what came of it; one that was never looked at has no status."""
    call = state.calls.get(id)
    changes: Changes = {} if call is None else _put(state, call.now(status))
    changes["open"] = open = tuple([other for other in state.open if other != id])
    if call is not None:
        if altered := call.proposed.altered:
            parts = (Text(f"(the hook {altered} changed the arguments of this call)\n"), *parts)
        if call.proposed.edited:
            parts = (Text("(the user edited this call before approving it)\n"), *parts)
    told = () if open else state.told
    changes |= _grown(state, Message("tool", parts, (), id), *told)
    return changes | {"told": ()} if told else changes


REDUCERS: dict[str, Callable[[RunState, Any], Changes]] = {
    k.RunStarted.kind: _started,
    k.RunEnded.kind: _ended,
    k.RunParked.kind: _parked,
    k.RunResumed.kind: _resumed,
    k.RunForked.kind: _forked,
    k.LeaseTaken.kind: _taken,
    k.ContextComposed.kind: _composed,
    k.SignalReceived.kind: _signalled,
    k.PlanMade.kind: _planned,
    k.PlanRevised.kind: _revised,
    k.ItemStarted.kind: _item("active"),
    k.ItemFinished.kind: _item("done"),
    k.ModelAsked.kind: _asked,
    k.ModelAnswered.kind: _answered,
    k.AgentSaid.kind: _said,
    k.InstructionsFound.kind: _found,
    k.SkillOpened.kind: _skill,
    k.HookTook.kind: _hooked,
    k.ModelFailed.kind: _model_failed,
    k.CallProposed.kind: _proposed,
    k.GateOpened.kind: _gate_opened,
    k.GateAnswered.kind: _gate_answered,
    k.GrantGiven.kind: _granted,
    k.GrantRevoked.kind: _revoked,
    k.CallBegun.kind: _begun,
    k.CallFinished.kind: _finished,
    k.CallFailed.kind: _failed,
    k.CallRetried.kind: _retried,
    k.CallDoubtful.kind: _doubtful,
    k.CallSettled.kind: _settled,
    k.NamespaceChanged.kind: _changed,
    k.NamespaceRestored.kind: _restored,
    k.UndoDone.kind: _undone,
    k.QuestionAsked.kind: _question,
    k.QuestionAnswered.kind: _question_answered,
    k.KnowledgeRecalled.kind: lambda state, event: {"usage": state.usage.plus(event.usage)},
    k.ProfileRouted.kind: lambda state, event: {"usage": state.usage.plus(event.usage)},
    k.ChildEnded.kind: lambda state, event: {"usage": state.usage.plus(event.usage)},
}


def line(call: ToolCall, status: str) -> str:
    """One line that stands for a call in the history of later turns."""
    first = next(iter(call.arguments.values()), "")
    shown = " ".join(str(first).split())
    return f"{call.name}({shown[:80]}{'…' if len(shown) > 80 else ''}): {status}"
