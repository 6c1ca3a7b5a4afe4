"""What a person sees of a run: one fold of its events, from which panel, transcript and console are drawn.

The view is a mutable value with one owner; the same events always give the same view. At the end of a run nothing in
it stems from transient events: they are shown while they happen, and the record replaces them. This module draws
nothing and knows neither widgets nor IPython.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aether_nb.events import kinds
from aether_nb.events.account import counted
from aether_nb.events.kinds import Entry, Event
from aether_nb.events.phases import PHASES
from aether_nb.widgets.blocks import (
    ENDED,
    HEADER,
    PLAN,
    TAIL,
    Failure,
    Item,
    Question,
    Thinking,
    Touch,
    View,
    Words,
)
from aether_nb.widgets.gauge import weighed
from aether_nb.widgets.view_calls import CALL_STEPS, go_on, remark, touch
from aether_nb.widgets.view_hosting import HOSTING_STEPS, no_last_word
from aether_nb.widgets.view_lasting import LASTING_STEPS
from aether_nb.widgets.view_replays import ALSO, REPLAY_STEPS

__all__ = ["fold", "view_of"]

FORMING_KEPT = 2_000


def view_of(entries: Iterable[Entry]) -> View:
    """The view of a whole log."""
    view = View()
    for entry in entries:
        fold(view, entry)
    return view


def fold(view: View, entry: Entry) -> list[Touch]:
    """Take in one entry, stored or transient.

    Returns:
        What changed. Kinds that people are not shown change nothing.
    """
    view.run = view.run or entry.run
    before = view.state
    if view.ended is None:
        view.state = PHASES.get(entry.event.kind, before)
    step = _STEPS.get(type(entry.event))
    touched = step(view, entry.event, entry.time) if step else []
    if weighed(view.gauge, entry.event) and Touch(HEADER) not in touched:
        touched.append(Touch(HEADER))
    if also := ALSO.get(type(entry.event)):
        touched += also(view, entry.event, entry.time)
    view.seen = max(view.seen, entry.time)
    if view.state != before and Touch(HEADER) not in touched:
        touched.append(Touch(HEADER))
    return touched


# ---- the run


def _run_started(view: View, event: kinds.RunStarted, time: float) -> list[Touch]:
    view.prompt, view.model, view.started = event.prompt, event.model, time
    return touch(HEADER)


def _run_ended(view: View, event: kinds.RunEnded, time: float) -> list[Touch]:
    for key in tuple(view.waiting):
        go_on(view, key, time, "ENDED")
    view.outcome, view.ended, view.parked, view.paused = event.outcome, time, None, False
    if event.what:
        view.failure = Failure(event.what, event.why, event.hint)
    parts = [HEADER, PLAN, TAIL, *_drop_unfinished_reply(view)]
    parts += no_last_word(view, view.steps + 1) if event.outcome != "done" else ()
    for item in view.plan:
        if item.status in ("pending", "active"):
            item.status = "done" if event.outcome == "done" and not item.tool else "skipped"
    for card in view.cards:
        if card.undoable:
            if card.way.shown:
                card.way.text, card.way.sure, card.way.shown = "", "", 0
                parts.append(card.id)
            card.way.command = f"%aether undo --run {view.run} {card.way.number}"
        if card.doubt and card.doubt.open:
            card.doubt.by = ENDED
            parts.append(card.id)
        if card.status in ("proposed", "waiting", "running"):
            card.status, card.live, card.progress = "skipped" if card.begun is None else "doubtful", "", None
            if card.gate:
                card.gate.refused, card.gate.refusals = "", 0
            parts.append(card.id)
    for block in view.blocks.values():
        if isinstance(block, Question) and not block.by:
            block.by = ENDED
            parts.append(block.id)
    return touch(*parts)


def _state_changed(view: View, event: kinds.StateChanged, time: float) -> list[Touch]:
    if view.ended is None:
        view.state = event.state
    return touch(HEADER)


# ---- the plan


def _plan_made(view: View, event: kinds.PlanMade, time: float) -> list[Touch]:
    view.plan = [Item(item.title, item.tool) for item in event.items]
    return touch(PLAN)


def _plan_revised(view: View, event: kinds.PlanRevised, time: float) -> list[Touch]:
    before, view.revised, view.revision = {item.title for item in view.plan}, True, event.reason
    view.plan = [
        Item(item.title, item.tool, "done" if index < event.done else "pending", item.title not in before)
        for index, item in enumerate(event.items)
    ]
    return touch(PLAN)


def _item_started(view: View, event: kinds.ItemStarted, time: float) -> list[Touch]:
    if event.index < len(view.plan):
        view.plan[event.index].status = "active"
    return touch(PLAN)


def _item_finished(view: View, event: kinds.ItemFinished, time: float) -> list[Touch]:
    if event.index < len(view.plan):
        view.plan[event.index].status = "done"
    return touch(PLAN)


# ---- the model


def _drop_unfinished_reply(view: View) -> list[str]:
    """Forget what was streamed of a reply that never became one. Returns the blocks that are gone."""
    view.draft = view.forming = view.note = ""
    gone, view.thinking = view.blocks.pop(view.thinking, None), ""
    return [gone.id] if gone else []


def _model_asked(view: View, event: kinds.ModelAsked, time: float) -> list[Touch]:
    gone = _drop_unfinished_reply(view)
    view.steps, view.model, view.account = event.step, event.model, counted(view.account, event)
    view.state = "PLANNING" if event.step == 1 else "THINKING"
    return touch(HEADER, TAIL, *gone, *no_last_word(view, event.step))


def _instructions_found(view: View, event: kinds.InstructionsFound, time: float) -> list[Touch]:
    view.account = counted(view.account, event)
    what = f"Data of this run speaks to the model: {'; '.join(event.signs)}."
    where = f"the description of the tool {event.tool}" if event.tool else "a result" if event.call_id else "the data"
    hint = "Calls of high risk are asked about each time from here on."
    return [*touch(HEADER), *remark(view, "limit", Failure(what, f"In {where}: {event.excerpt}", hint))]


def _hook_took(view: View, event: kinds.HookTook, time: float) -> list[Touch]:
    if event.did == "vetoed" and event.point == "before_tool":
        return []  # the card of the call says so
    if event.did == "failed":
        what = f"The hook {event.hook} failed ({event.point}). The run goes on without it."
        return remark(view, "limit", Failure(what, event.reason, f"It comes from {event.source}. See: %aether hooks"))
    return remark(
        view,
        "limit" if event.did == "vetoed" else "info",
        Failure(f"The hook {event.hook} {event.what}.", event.reason),
    )


def _recalled(view: View, event: kinds.KnowledgeRecalled, time: float) -> list[Touch]:
    view.usage, view.account = view.usage.plus(event.usage), counted(view.account, event)
    if event.call_id or not event.passages:
        return touch(HEADER)  # a call has a card that says so
    places = [one.place + (" (changed since)" if one.changed else "") for one in event.passages]
    return [*touch(HEADER), *remark(view, "info", Failure(f"Recalled: {' · '.join(places)}"))]


def _model_switched(view: View, event: kinds.ModelSwitched, time: float) -> list[Touch]:
    view.model = event.after
    return [*touch(HEADER), *remark(view, "info", Failure(f"From here on {event.after} answers."))]


def _thinking_delta(view: View, event: kinds.ThinkingDelta, time: float) -> list[Touch]:
    block = view.blocks.get(view.thinking)
    if isinstance(block, Thinking):
        so_far, block.text = block.text, ""  # taken out of it, as for a draft
        so_far += event.text
        block.text = so_far
        return [Touch(block.id, "text", event.text)]
    if not event.text.strip():
        return []
    view.thinking = f"t{view.steps}"
    view.blocks[view.thinking] = Thinking(view.thinking, event.text)
    return touch(view.thinking, *_silence(view))


def _silence(view: View) -> list[str]:
    """The model speaks, so what it said while it waited is over. Returns what has to be drawn anew."""
    said, view.note = view.note, ""
    return [TAIL] if said else []


def _text_delta(view: View, event: kinds.TextDelta, time: float) -> list[Touch]:
    so_far, view.draft = view.draft, ""  # a text that only a variable holds grows where it lies, else it is copied:
    so_far += event.text  # a long reply would cost the square of its pieces
    view.draft = so_far
    return [*touch(*_silence(view)), Touch(TAIL, "draft", event.text)]


def _call_delta(view: View, event: kinds.CallDelta, time: float) -> list[Touch]:
    view.forming = (view.forming + event.text)[-FORMING_KEPT:]
    return [*touch(*_silence(view)), Touch(TAIL, "forming", event.text)]


def _model_answered(view: View, event: kinds.ModelAnswered, time: float) -> list[Touch]:
    message, parts = event.message, [HEADER, TAIL]
    view.usage = view.usage.plus(event.usage)
    parts += _drop_unfinished_reply(view)
    if message.thinking.strip():
        view.blocks[f"t{view.steps}"] = Thinking(f"t{view.steps}", message.thinking, done=True)
        parts.append(f"t{view.steps}")
    if not message.calls:
        view.answer, view.state = message.text, "COMPILING"
    elif message.text.strip():
        view.blocks[f"w{view.steps}"] = Words(f"w{view.steps}", message.text)
        parts.append(f"w{view.steps}")
    touched = touch(*parts)
    for note in event.notes:
        touched += remark(view, "info", Failure(note))
    return touched


def _model_failed(view: View, event: kinds.ModelFailed, time: float) -> list[Touch]:
    gone = _drop_unfinished_reply(view)
    return [*touch(TAIL, *gone), *remark(view, "error", Failure(event.what, event.why, event.hint))]


_STEPS: dict[type[Event], Callable[[View, Any, float], list[Touch]]] = {
    kinds.RunStarted: _run_started,
    kinds.RunEnded: _run_ended,
    kinds.StateChanged: _state_changed,
    kinds.PlanMade: _plan_made,
    kinds.PlanRevised: _plan_revised,
    kinds.ItemStarted: _item_started,
    kinds.ItemFinished: _item_finished,
    kinds.ModelSwitched: _model_switched,
    kinds.ModelAsked: _model_asked,
    kinds.InstructionsFound: _instructions_found,
    kinds.KnowledgeRecalled: _recalled,
    kinds.HookTook: _hook_took,
    kinds.ThinkingDelta: _thinking_delta,
    kinds.TextDelta: _text_delta,
    kinds.CallDelta: _call_delta,
    kinds.ModelAnswered: _model_answered,
    kinds.ModelFailed: _model_failed,
    **CALL_STEPS,
    **HOSTING_STEPS,
    **LASTING_STEPS,
    **REPLAY_STEPS,
}
