"""What a person sees of calls, gates, questions and limits: that part of the fold in ``view``.

A step takes the view, an event and its time, and tells what it touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from aether_nb.events import kinds
from aether_nb.events.kinds import Event, State
from aether_nb.events.messages import Text
from aether_nb.widgets import wording
from aether_nb.widgets.blocks import (
    HEADER,
    TAIL,
    CallStatus,
    Card,
    Doubt,
    Failure,
    Gate,
    Note,
    Progress,
    Question,
    Thinking,
    Touch,
    Try,
    View,
)

__all__ = ["CALL_STEPS", "go_on", "remark", "touch", "wait"]

SILENT = frozenset({"plan", "ask_user"})
"""Tools without a card: the plan and the question that they bring are shown instead."""


def touch(*parts: str) -> list[Touch]:
    """These parts, to be drawn anew."""
    return [Touch(part) for part in parts]


def wait(view: View, key: str, time: float) -> None:
    """The run waits for a person. The clock stands still while anything at all is waited for."""
    view.waiting.add(key)
    if view.waiting_since is None:
        view.waiting_since = time


def go_on(view: View, key: str, time: float, state: State) -> None:
    """One wait is over; the run is at work again when it was the last one."""
    view.waiting.discard(key)
    if view.waiting or view.waiting_since is None:
        return
    view.waited += max(0.0, time - view.waiting_since)
    view.waiting_since = None
    view.state = state


# ---- calls


def _call_proposed(view: View, event: kinds.CallProposed, time: float) -> list[Touch]:
    call = event.call
    number = view.numbers.setdefault(call.id, len(view.numbers) + 1)
    if call.name in SILENT:
        view.silent[call.id] = call.name
        return []
    card = Card.of(event)
    before = _card(view, call.id)
    if before:
        card.status, card.gate, card.tries, card.doubt = before.status, before.gate, before.tries, before.doubt
    card.way.number = number
    view.blocks[card.id] = card
    return touch(card.id, *_drop_echo(view, card))


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
    wait(view, card.id, time)
    return touch(HEADER, card.id)


def _gate_answered(view: View, event: kinds.GateAnswered, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None or card.hash != event.hash:
        return []
    opened = card.gate.opened if card.gate else time
    card.gate = Gate(opened, event.decision, time, event.by, event.lasts, event.reason)
    card.status = "proposed" if event.decision == "approve" else "denied"
    go_on(view, card.id, time, "TOOL_CALLING")
    return touch(HEADER, card.id)


def _call_begun(view: View, event: kinds.CallBegun, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return touch(HEADER)
    card.status, card.begun, card.failure = "running", time, None
    return touch(HEADER, card.id)


def _output_delta(view: View, event: kinds.OutputDelta, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    text = wording.clean(event.text)
    return [Touch(card.id, "live", "" if card.print(text) else text)] if text else []


def _progress(view: View, event: kinds.Progress, time: float) -> list[Touch]:
    if not event.call_id:
        view.note = event.note
        return touch(TAIL)
    card = _card(view, event.call_id)
    if card is None:
        return []
    if card.gate and card.status == "waiting":  # nothing runs yet: it is about the edit that was sent
        card.gate.refused, card.gate.refusals = event.note, card.gate.refusals + 1
    else:
        card.progress = Progress(event.done, event.total, event.note)
    return touch(card.id)


def _namespace_changed(view: View, event: kinds.NamespaceChanged, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    card.changes = event.changes
    return touch(card.id)


def _call_finished(view: View, event: kinds.CallFinished, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return touch(HEADER)
    card.status, card.seconds, card.outputs = "finished", event.seconds, event.outputs
    card.result = "".join(part.text for part in event.parts if isinstance(part, Text))
    card.live, card.cut, card.progress = "", 0, None
    return touch(HEADER, card.id)


def _call_failed(view: View, event: kinds.CallFailed, time: float) -> list[Touch]:
    failure = Failure(event.what, event.why, event.hint)
    card = _card(view, event.call_id)
    if card is None:
        return [*touch(HEADER), *remark(view, "error", failure)]
    card.live, card.cut, card.progress = "", 0, None
    if card.status != "denied":
        card.status, card.failure, card.seconds = "failed", failure, event.seconds
        card.stopped, card.outputs = event.stopped, event.outputs
    return touch(HEADER, card.id)


def _call_doubtful(view: View, event: kinds.CallDoubtful, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    card.status, card.failure, card.live, card.progress = "doubtful", Failure(event.what), "", None
    card.doubt = Doubt(event.what)
    return touch(card.id)


def _call_settled(view: View, event: kinds.CallSettled, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    doubt = card.doubt = card.doubt or Doubt("")
    doubt.how, doubt.by, doubt.settled, doubt.note = event.how, event.by, time, event.note
    words: dict[kinds.Settled, CallStatus] = {
        "ran": "finished",
        "rerun": "proposed",
        "skip": "skipped",
        "fail": "failed",
    }
    card.status, card.failure = words[event.how], None
    card.result = "".join(part.text for part in event.parts if isinstance(part, Text))
    return touch(HEADER, card.id)


def _call_retried(view: View, event: kinds.CallRetried, time: float) -> list[Touch]:
    card = _card(view, event.call_id)
    if card is None:
        return []
    what = " ".join(filter(None, (event.what, event.why)))
    card.tries = (*card.tries, Try(event.attempt, what, event.until, event.lost))
    card.status, card.begun, card.live, card.cut, card.progress = "proposed", None, "", 0, None
    return touch(HEADER, card.id)


# ---- questions and limits


def _question_asked(view: View, event: kinds.QuestionAsked, time: float) -> list[Touch]:
    id = f"q:{event.id}"
    card = _card(view, event.call_id) if event.doubt else None
    if card is not None:
        card.doubt = Doubt(card.doubt.what if card.doubt else event.text, event.id, event.options)
        card.failure = None
        wait(view, id, time)
        return touch(HEADER, card.id)
    view.blocks[id] = Question(id, event.text, event.options, event.limit)
    wait(view, id, time)
    return touch(HEADER, id)


def _question_answered(view: View, event: kinds.QuestionAnswered, time: float) -> list[Touch]:
    question = view.blocks.get(f"q:{event.id}")
    if not isinstance(question, Question):
        return _doubt_answered(view, event, time)
    question.answer, question.by = event.answer, event.by or "nobody"
    go_on(view, question.id, time, "THINKING" if question.limit else "TOOL_CALLING")
    return touch(HEADER, question.id)


def _doubt_answered(view: View, event: kinds.QuestionAnswered, time: float) -> list[Touch]:
    """Somebody has said what became of a call; how that settles it is said by the next event."""
    card = next((card for card in view.cards if card.doubt and card.doubt.question == event.id), None)
    if card is None or card.doubt is None:
        return []
    card.doubt.by = event.by or "nobody"
    go_on(view, f"q:{event.id}", time, "TOOL_CALLING")
    return touch(HEADER, card.id)


def _limit_reached(view: View, event: kinds.LimitReached, time: float) -> list[Touch]:
    amount = {"steps": "{:,.0f} steps", "seconds": "{:,.0f} seconds", "tokens": "{:,.0f} tokens", "cost": "${:,.2f}"}
    used, allowed = (amount[event.limit].format(number) for number in (event.used, event.allowed))
    return remark(view, "limit", Failure(f"The limit of {allowed} was reached.", f"Used so far: {used}."))


def remark(view: View, tone: Literal["info", "limit", "error", "said"], failure: Failure) -> list[Touch]:
    """A remark of the run itself, after the last block."""
    view.notes += 1
    note = Note(f"n{view.notes}", tone, failure)
    view.blocks[note.id] = note
    return touch(note.id)


def _card(view: View, call_id: str) -> Card | None:
    block = view.blocks.get(f"c:{call_id}")
    return block if isinstance(block, Card) else None


CALL_STEPS: dict[type[Event], Callable[[View, Any, float], list[Touch]]] = {
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
    kinds.CallSettled: _call_settled,
    kinds.CallRetried: _call_retried,
    kinds.QuestionAsked: _question_asked,
    kinds.QuestionAnswered: _question_answered,
    kinds.LimitReached: _limit_reached,
}
