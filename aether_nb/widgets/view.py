"""What a person sees of a run: one fold of its events, from which panel, transcript and console are drawn.

The view is a mutable value with one owner; the same events always give the same view. At the end of a run nothing in
it stems from transient events: they are shown while they happen, and the record replaces them. This module draws
nothing and knows neither widgets nor IPython.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from aether_nb.events import kinds
from aether_nb.events.folds import PHASES
from aether_nb.events.kinds import Entry, Event, State
from aether_nb.events.messages import Text, Usage
from aether_nb.widgets import wording
from aether_nb.widgets.blocks import (
    ENDED,
    HEADER,
    PLAN,
    TAIL,
    Card,
    Failure,
    Gate,
    Item,
    Note,
    Progress,
    Question,
    Thinking,
    Touch,
    View,
    Words,
)

__all__ = ["fold", "view_of"]

SILENT = frozenset({"plan", "ask_user"})
"""Tools without a card: the plan and the question that they bring are shown instead."""

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
    if view.state != before and Touch(HEADER) not in touched:
        touched.append(Touch(HEADER))
    return touched


def _touch(*parts: str) -> list[Touch]:
    return [Touch(part) for part in parts]


def _wait(view: View, key: str, time: float) -> None:
    """The run waits for a person. The clock stands still while anything at all is waited for."""
    view.waiting.add(key)
    if view.waiting_since is None:
        view.waiting_since = time


def _go_on(view: View, key: str, time: float, state: State) -> None:
    """One wait is over; the run is at work again when it was the last one."""
    view.waiting.discard(key)
    if view.waiting or view.waiting_since is None:
        return
    view.waited += max(0.0, time - view.waiting_since)
    view.waiting_since = None
    view.state = state


# ---- the run


def _run_started(view: View, event: kinds.RunStarted, time: float) -> list[Touch]:
    view.prompt, view.model, view.started = event.prompt, event.model, time
    return _touch(HEADER)


def _run_ended(view: View, event: kinds.RunEnded, time: float) -> list[Touch]:
    for key in tuple(view.waiting):
        _go_on(view, key, time, "ENDED")
    view.outcome, view.ended = event.outcome, time
    if event.what:
        view.failure = Failure(event.what, event.why, event.hint)
    parts = [HEADER, PLAN, TAIL, *_drop_unfinished_reply(view)]
    for item in view.plan:
        if item.status in ("pending", "active"):
            item.status = "done" if event.outcome == "done" and not item.tool else "skipped"
    for card in view.cards:
        if card.status in ("proposed", "waiting", "running"):
            card.status, card.live, card.progress = "skipped" if card.begun is None else "doubtful", "", None
            if card.gate:
                card.gate.refused, card.gate.refusals = "", 0
            parts.append(card.id)
    for block in view.blocks.values():
        if isinstance(block, Question) and not block.by:
            block.by = ENDED
            parts.append(block.id)
    return _touch(*parts)


def _state_changed(view: View, event: kinds.StateChanged, time: float) -> list[Touch]:
    if view.ended is None:
        view.state = event.state
    return _touch(HEADER)


# ---- the plan


def _plan_made(view: View, event: kinds.PlanMade, time: float) -> list[Touch]:
    view.plan = [Item(item.title, item.tool) for item in event.items]
    return _touch(PLAN)


def _plan_revised(view: View, event: kinds.PlanRevised, time: float) -> list[Touch]:
    view.revised, view.revision = True, event.reason
    view.plan = [
        Item(item.title, item.tool, "done" if index < event.done else "pending")
        for index, item in enumerate(event.items)
    ]
    return _touch(PLAN)


def _item_started(view: View, event: kinds.ItemStarted, time: float) -> list[Touch]:
    if event.index < len(view.plan):
        view.plan[event.index].status = "active"
    return _touch(PLAN)


def _item_finished(view: View, event: kinds.ItemFinished, time: float) -> list[Touch]:
    if event.index < len(view.plan):
        view.plan[event.index].status = "done"
    return _touch(PLAN)


# ---- the model


def _drop_unfinished_reply(view: View) -> list[str]:
    """Forget what was streamed of a reply that never became one. Returns the blocks that are gone."""
    view.draft = view.forming = view.note = ""
    gone = [block.id for block in view.blocks.values() if isinstance(block, Thinking) and not block.done]
    for id in gone:
        del view.blocks[id]
    return gone


def _model_asked(view: View, event: kinds.ModelAsked, time: float) -> list[Touch]:
    gone = _drop_unfinished_reply(view)
    view.steps, view.model = event.step, event.model
    view.state = "PLANNING" if event.step == 1 else "THINKING"
    if view.answer:
        words = Words(f"w{event.step - 1}", view.answer)
        view.blocks[words.id], view.answer = words, ""
        gone.append(words.id)
    return _touch(HEADER, TAIL, *gone)


def _model_switched(view: View, event: kinds.ModelSwitched, time: float) -> list[Touch]:
    view.model = event.after
    return [*_touch(HEADER), *_note(view, "info", Failure(f"From here on {event.after} answers."))]


def _thinking_delta(view: View, event: kinds.ThinkingDelta, time: float) -> list[Touch]:
    id = f"t{view.steps}"
    block = view.blocks.get(id)
    if isinstance(block, Thinking) and not block.done:
        block.text += event.text
        return [Touch(id, "text", event.text)]
    if not event.text.strip():
        return []
    view.blocks[id] = Thinking(id, event.text)
    return _touch(id, *_silence(view))


def _silence(view: View) -> list[str]:
    """The model speaks, so what it said while it waited is over. Returns what has to be drawn anew."""
    said, view.note = view.note, ""
    return [TAIL] if said else []


def _text_delta(view: View, event: kinds.TextDelta, time: float) -> list[Touch]:
    view.draft += event.text
    return [*_touch(*_silence(view)), Touch(TAIL, "draft", event.text)]


def _call_delta(view: View, event: kinds.CallDelta, time: float) -> list[Touch]:
    view.forming = (view.forming + event.text)[-FORMING_KEPT:]
    return [*_touch(*_silence(view)), Touch(TAIL, "forming", event.text)]


def _model_answered(view: View, event: kinds.ModelAnswered, time: float) -> list[Touch]:
    message, parts = event.message, [HEADER, TAIL]
    view.usage = Usage.total((view.usage, event.usage))
    view.draft = view.forming = view.note = ""
    thought = view.blocks.pop(f"t{view.steps}", None)
    if thought:
        parts.append(thought.id)
    if message.thinking.strip():
        view.blocks[f"t{view.steps}"] = Thinking(f"t{view.steps}", message.thinking, done=True)
        parts.append(f"t{view.steps}")
    if not message.calls:
        view.answer, view.state = message.text, "COMPILING"
    elif message.text.strip():
        view.blocks[f"w{view.steps}"] = Words(f"w{view.steps}", message.text)
        parts.append(f"w{view.steps}")
    touched = _touch(*parts)
    for note in event.notes:
        touched += _note(view, "info", Failure(note))
    return touched


def _model_failed(view: View, event: kinds.ModelFailed, time: float) -> list[Touch]:
    gone = _drop_unfinished_reply(view)
    return [*_touch(TAIL, *gone), *_note(view, "error", Failure(event.what, event.why, event.hint))]


# ---- calls


def _call_proposed(view: View, event: kinds.CallProposed, time: float) -> list[Touch]:
    call = event.call
    if call.name in SILENT:
        view.silent[call.id] = call.name
        return []
    card = Card.of(event)
    before = _card(view, call.id)
    if before:
        card.status, card.gate = before.status, before.gate
    view.blocks[card.id] = card
    return _touch(card.id, *_drop_echo(view, card))


def _drop_echo(view: View, card: Card) -> list[str]:
    """Forget a thought that only says what the card after it says. Returns the blocks that are gone."""
    thought = view.blocks.get(f"t{view.steps}")
    if not isinstance(thought, Thinking) or not wording.same(thought.text, wording.purpose(card)):
        return []
    del view.blocks[thought.id]
    return [thought.id]


def _gate_opened(view: View, event: kinds.GateOpened, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    card.gate, card.status = Gate(time), "waiting"
    _wait(view, card.id, time)
    return _touch(HEADER, card.id)


def _gate_answered(view: View, event: kinds.GateAnswered, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None or card.hash != event.hash:
        return []
    opened = card.gate.opened if card.gate else time
    card.gate = Gate(opened, event.decision, time, event.by, event.lasts, event.reason)
    card.status = "proposed" if event.decision == "approve" else "denied"
    _go_on(view, card.id, time, "TOOL_CALLING")
    return _touch(HEADER, card.id)


def _call_begun(view: View, event: kinds.CallBegun, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return _touch(HEADER)
    card.status, card.begun = "running", time
    return _touch(HEADER, card.id)


def _output_delta(view: View, event: kinds.OutputDelta, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    text = wording.clean(event.text)
    return [Touch(card.id, "live", "" if card.print(text) else text)] if text else []


def _progress(view: View, event: kinds.Progress, time: float) -> list[Touch]:
    if not event.call_id:
        view.note = event.note
        return _touch(TAIL)
    card = _card(view, event.call_id)
    if card is None:
        return []
    if card.gate and card.status == "waiting":  # nothing runs yet: it is about the edit that was sent
        card.gate.refused, card.gate.refusals = event.note, card.gate.refusals + 1
    else:
        card.progress = Progress(event.done, event.total, event.note)
    return _touch(card.id)


def _namespace_changed(view: View, event: kinds.NamespaceChanged, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    card.changes = event.changes
    return _touch(card.id)


def _call_finished(view: View, event: kinds.CallFinished, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return _touch(HEADER)
    card.status, card.seconds, card.outputs = "finished", event.seconds, event.outputs
    card.result = "".join(part.text for part in event.parts if isinstance(part, Text))
    card.live, card.cut, card.progress = "", 0, None
    return _touch(HEADER, card.id)


def _call_failed(view: View, event: kinds.CallFailed, time: float) -> list[Touch]:
    failure = Failure(event.what, event.why, event.hint)
    card = _card(view, event.call_id)
    if card is None:
        return [*_touch(HEADER), *_note(view, "error", failure)]
    card.live, card.cut, card.progress = "", 0, None
    if card.status != "denied":
        card.status, card.failure, card.seconds = "failed", failure, event.seconds
        card.stopped, card.outputs = event.stopped, event.outputs
    return _touch(HEADER, card.id)


def _call_doubtful(view: View, event: kinds.CallDoubtful, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    card.status, card.failure, card.live, card.progress = "doubtful", Failure(event.what), "", None
    return _touch(card.id)


# ---- questions and limits


def _question_asked(view: View, event: kinds.QuestionAsked, time: float) -> list[Touch]:
    id = f"q:{event.id}"
    view.blocks[id] = Question(id, event.text, event.options, event.limit)
    _wait(view, id, time)
    return _touch(HEADER, id)


def _question_answered(view: View, event: kinds.QuestionAnswered, time: float) -> list[Touch]:
    question = view.blocks.get(f"q:{event.id}")
    if not isinstance(question, Question):
        return []
    question.answer, question.by = event.answer, event.by or "nobody"
    _go_on(view, question.id, time, "THINKING" if question.limit else "TOOL_CALLING")
    return _touch(HEADER, question.id)


def _limit_reached(view: View, event: kinds.LimitReached, time: float) -> list[Touch]:
    amount = {"steps": "{:,.0f} steps", "seconds": "{:,.0f} seconds", "tokens": "{:,.0f} tokens", "cost": "${:,.2f}"}
    used, allowed = (amount[event.limit].format(number) for number in (event.used, event.allowed))
    return _note(view, "limit", Failure(f"The limit of {allowed} was reached.", f"Used so far: {used}."))


def _note(view: View, tone: Literal["info", "limit", "error"], failure: Failure) -> list[Touch]:
    note = Note(f"n{sum(isinstance(block, Note) for block in view.blocks.values()) + 1}", tone, failure)
    view.blocks[note.id] = note
    return _touch(note.id)


def _card(view: View, call_id: str) -> Card | None:
    block = view.blocks.get(f"c:{call_id}")
    return block if isinstance(block, Card) else None


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
    kinds.ThinkingDelta: _thinking_delta,
    kinds.TextDelta: _text_delta,
    kinds.CallDelta: _call_delta,
    kinds.ModelAnswered: _model_answered,
    kinds.ModelFailed: _model_failed,
    kinds.CallProposed: _call_proposed,
    kinds.GateOpened: _gate_opened,
    kinds.GateAnswered: _gate_answered,
    kinds.CallBegun: _call_begun,
    kinds.OutputDelta: _output_delta,
    kinds.Progress: _progress,
    kinds.NamespaceChanged: _namespace_changed,
    kinds.CallFinished: _call_finished,
    kinds.CallFailed: _call_failed,
    kinds.CallDoubtful: _call_doubtful,
    kinds.QuestionAsked: _question_asked,
    kinds.QuestionAnswered: _question_answered,
    kinds.LimitReached: _limit_reached,
}
