"""What became of each call of a run, and what is not the same when it is performed again. Pure folds of the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.state import RunState

__all__ = ["Was", "drifted", "read"]

SHOWN = 160
"""How much of a text is told when it differs."""


@dataclass(frozen=True, slots=True)
class Was:
    """What became of one call.

    ``told`` is what the model was told; ``plan`` what the call said of the plan; ``answers`` are those to its
    questions. ``hashes`` are of what the variables held that it made.
    """

    proposed: k.CallProposed
    begun: bool = False
    finished: k.CallFinished | None = None
    stopped: bool = False
    told: str = ""
    changes: tuple[k.Change, ...] = ()
    plan: tuple[k.Event, ...] = ()
    answers: tuple[str | None, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def effect(self) -> k.Effect:
        """What it leaves behind."""
        return self.proposed.effect

    @property
    def again(self) -> bool:
        """Whether it may be done again: it was done, to its end, and all it touched was this kernel."""
        return self.begun and not self.stopped and self.effect in ("pure", "namespace")


def read(entries: Iterable[k.Entry]) -> tuple[RunState, list[k.Event], dict[str, Was]]:
    """A record: its state at the end, its events, and its calls by id."""
    whole = list(entries)
    state, events = fold(whole), [entry.event for entry in whole]
    calls: dict[str, Was] = {}
    asked: dict[str, str] = {}
    for event in events:
        if isinstance(event, k.QuestionAsked):
            asked[event.id] = event.call_id
        elif isinstance(event, k.QuestionAnswered) and (was := calls.get(asked.get(event.id, ""))) is not None:
            calls[was.proposed.call.id] = replace(was, answers=(*was.answers, event.answer))
        elif isinstance(event, k.CallProposed):
            known = calls.get(event.call.id)
            calls[event.call.id] = replace(known, proposed=event) if known else Was(event)
        elif (was := calls.get(getattr(event, "call_id", ""))) is not None:
            calls[was.proposed.call.id] = _after(was, event)
        elif isinstance(event, k.PlanMade | k.PlanRevised):
            _note_plan(calls, event)
    told = {message.call_id: message.text for message in state.messages if message.role == "tool"}
    return state, events, {id: replace(was, told=told.get(id, "")) for id, was in calls.items()}


def _after(was: Was, event: k.Event) -> Was:
    match event:
        case k.CallBegun():
            return replace(was, begun=True)
        case k.CallFinished():
            return replace(was, finished=event)
        case k.CallFailed(stopped=stopped):
            return replace(was, stopped=stopped)
        case k.CallDoubtful():
            return replace(was, stopped=True)
        case k.CallSettled(how=how):
            return replace(was, stopped=how in ("skip", "fail"))
        case k.NamespaceChanged(changes=changes):
            return replace(was, changes=changes)
        case k.NamespaceKept(kept=kept):
            return replace(was, hashes={**was.hashes, **{one.name: one.hash for one in kept}})
    return was


def _note_plan(calls: dict[str, Was], event: k.Event) -> None:
    """A plan comes from the call that is running, which is the last one that has begun."""
    for id, was in reversed(calls.items()):
        if was.begun and was.finished is None:
            calls[id] = replace(was, plan=(*was.plan, event))
            return


def drifted(was: Was | None, call_id: str, state: RunState, made: Iterable[k.Event]) -> Iterator[k.ReplayDrifted]:
    """What is not as it was, of a call that was done again.

    Args:
        was: What became of it then.
        call_id: Its id.
        state: The run that did it again, after it.
        made: The events of the step in which it was done again.
    """
    told = next((message.text for message in reversed(state.messages) if message.call_id == call_id), None)
    if was is None or told is None:
        return
    now = was_now(call_id, made)
    noted = was.proposed.edited or was.proposed.altered  # then it was told of that before the result
    if told != was.told and not (noted and was.told.endswith(told)):
        yield k.ReplayDrifted(call_id, "result", *_parted(was.told, told))
    if set(was.changes) != set(now.changes):
        yield k.ReplayDrifted(call_id, "changes", _said(was.changes), _said(now.changes))
    for name, hash in was.hashes.items():
        again = now.hashes.get(name, "")
        if hash and again and hash != again and hash.partition(":")[0] == again.partition(":")[0]:
            yield k.ReplayDrifted(call_id, "content", f"{name} {hash}", f"{name} {again}")


@dataclass(frozen=True, slots=True)
class Now:
    """What a call did this time."""

    changes: tuple[k.Change, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)


def was_now(call_id: str, made: Iterable[k.Event]) -> Now:
    """What events say of a call's variables."""
    now = Now()
    for event in made:
        if isinstance(event, k.NamespaceChanged) and event.call_id == call_id:
            now = replace(now, changes=event.changes)
        elif isinstance(event, k.NamespaceKept) and event.call_id == call_id:
            now = replace(now, hashes={**now.hashes, **{one.name: one.hash for one in event.kept}})
    return now


def _said(changes: Iterable[k.Change]) -> str:
    return ", ".join(f"{change.what} {change.name} ({change.type})" for change in changes) or "nothing"


def _parted(was: str, now: str) -> tuple[str, str]:
    """Two texts from a little before the place where they part."""
    same = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    start = max(0, was.rfind("\n", 0, same) + 1, same - SHOWN // 2)
    return was[start : start + SHOWN], now[start : start + SHOWN]
