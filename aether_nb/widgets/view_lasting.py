"""What a person sees of a run that outlives its cell: parked, resumed, taken over, forked, spoken to from outside.

That part of the fold in ``view``. A step takes the view, an event and its time, and tells what it touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aether_nb.events import kinds
from aether_nb.events.kinds import Event
from aether_nb.widgets import lasting, wording
from aether_nb.widgets.blocks import HEADER, TAIL, Card, Failure, Touch, View
from aether_nb.widgets.view_calls import go_on, remark, touch, wait

__all__ = ["LASTING_STEPS"]

PARKED, PAUSED = "@parked", "@paused"
"""What the run waits for when it waits for no card and no question."""


def _parked(view: View, event: kinds.RunParked, time: float) -> list[Touch]:
    view.parked = event
    wait(view, PARKED, time)
    return touch(HEADER)


def _taken(view: View, event: kinds.LeaseTaken, time: float) -> list[Touch]:
    """Somebody holds the run again. While nobody did, it was not at work."""
    view.taken, view.gap = event, max(0.0, time - view.seen) if view.seen else 0.0
    if view.waiting_since is None:
        view.waited += view.gap
    return []


def _resumed(view: View, event: kinds.RunResumed, time: float) -> list[Touch]:
    view.parked = None
    go_on(view, PARKED, time, "THINKING")
    if not view.waiting:
        view.state = "THINKING"
    note = Failure(lasting.resumed(event, view.taken, view.gap))
    return [*touch(HEADER, *(_lost(view) if event.fresh else ())), *remark(view, "info", note)]


def _lost(view: View) -> list[str]:
    """The earlier values of variables died with their kernel."""
    for card in view.cards:
        card.way.lost = True
    return [card.id for card in view.cards]


def _restored(view: View, event: kinds.NamespaceRestored, time: float) -> list[Touch]:
    touched: list[Touch] = []
    if back := lasting.back(event):
        touched += remark(view, "info", Failure(back))
    if gone := lasting.gone(event):
        touched += remark(view, "limit", gone)
    return touched


def _forked(view: View, event: kinds.RunForked, time: float) -> list[Touch]:
    view.parked = view.failure = view.outcome = view.ended = None
    _lost(view)
    names = [gone.name for gone in (*event.missing, *event.differs)]
    differs = f" No longer as they were: {', '.join(names)}." if names else ""
    what = f"From here on this is a run of its own: a fork of {event.source} at its event {event.at}.{differs}"
    return remark(view, "info", Failure(what))


def _heard(view: View, event: kinds.SignalReceived, time: float) -> list[Touch]:
    """Something was said from outside. A yes or an answer is shown where it was asked for."""
    by = wording.who(f"signal:{event.by}")
    if not event.used:
        return remark(view, "info", Failure(f"A word said {by} fitted nothing any more: {event.type}."))
    if event.type == "tell":
        return remark(view, "said", Failure(event.text, by))
    if event.type == "pause" and not view.paused:
        view.paused, view.state = True, "PAUSED"
        wait(view, PAUSED, time)
        return [*touch(HEADER), *remark(view, "info", Failure(f"Paused {by}."))]
    if event.type == "go" and view.paused:
        view.paused = False
        go_on(view, PAUSED, time, "THINKING")
        return [*touch(HEADER), *remark(view, "info", Failure(f"Told to go on {by}."))]
    return []


def _limited(view: View, event: kinds.UndoLimited, time: float) -> list[Touch]:
    card = view.blocks.get(f"c:{event.call_id}")
    if not isinstance(card, Card):
        return []
    card.limited = event.why
    return touch(card.id)


def _undone(view: View, event: kinds.UndoDone, time: float) -> list[Touch]:
    """The cards say so, and below them stands what became of it."""
    touched: list[Touch] = []
    for card in view.cards:
        if card.call_id in event.call_ids:
            card.way = replace(card.way, last=event.id, undone=not event.undoes, text="", sure="")
            touched += touch(card.id)
    note = wording.undone(event)
    return [*touched, *remark(view, "limit" if event.left else "info", note)]


def _undo_shown(view: View, event: kinds.UndoShown, time: float) -> list[Touch]:
    """It was not done; the card says why, or asks."""
    card = view.blocks.get(f"c:{event.call_id}")
    if not isinstance(card, Card):
        return []
    card.way.text, card.way.sure, card.way.shown = event.text, event.sure, card.way.shown + 1
    return touch(card.id)


def _written(view: View, event: kinds.FileWritten, time: float) -> list[Touch]:
    card = view.blocks.get(f"c:{event.call_id}")
    if not isinstance(card, Card):
        return []
    card.way.wrote = True
    return touch(card.id)


def _granted(view: View, event: kinds.GrantGiven, time: float) -> list[Touch]:
    view.grants[event.grant.id] = event.grant
    return touch(HEADER)


def _revoked(view: View, event: kinds.GrantRevoked, time: float) -> list[Touch]:
    view.grants.pop(event.id, None)
    return touch(HEADER)


def _rated(view: View, event: kinds.FeedbackGiven, time: float) -> list[Touch]:
    view.feedback = event.value
    return touch(TAIL)


LASTING_STEPS: dict[type[Event], Callable[[View, Any, float], list[Touch]]] = {
    kinds.RunParked: _parked,
    kinds.LeaseTaken: _taken,
    kinds.RunResumed: _resumed,
    kinds.NamespaceRestored: _restored,
    kinds.RunForked: _forked,
    kinds.SignalReceived: _heard,
    kinds.UndoLimited: _limited,
    kinds.UndoDone: _undone,
    kinds.UndoShown: _undo_shown,
    kinds.FileWritten: _written,
    kinds.GrantGiven: _granted,
    kinds.GrantRevoked: _revoked,
    kinds.FeedbackGiven: _rated,
}
