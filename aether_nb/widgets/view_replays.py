"""What a person sees of replays: where a run comes from, what was not performed, what is not as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aether_nb.events import kinds
from aether_nb.events.kinds import Event
from aether_nb.widgets import wording
from aether_nb.widgets.blocks import Card, Failure, Touch, View
from aether_nb.widgets.view_calls import remark

__all__ = ["ALSO", "REPLAY_STEPS", "where_from"]

DRIFTS = {"result": "said something else than then", "changes": "changed other variables than then"}


def where_from(event: kinds.ReplayBegun) -> str:
    """Where what is shown comes from, in sentences."""
    whose = "" if event.own else " Somebody else recorded it."
    done = {
        "pure": " Nothing is performed.",
        "confirm": " Its outside effects were looked for; nothing is performed.",
        "live": " Its code is performed again; outside effects are not.",
    }
    date = wording.clock(event.recorded)
    said = f"Replayed from the record of {date} by {event.model}; no model was asked (run {event.source})."
    return said + done[event.mode] + whose


def _replay_begun(view: View, event: kinds.ReplayBegun, time: float) -> list[Touch]:
    return remark(view, "info", Failure(where_from(event)))


def _only_shown(view: View, event: kinds.QuestionAnswered, time: float) -> list[Touch]:
    if event.id != kinds.CONSENT or event.answer == kinds.CONSENT_YES:
        return []
    what = "Only shown: nothing of it was performed, so the variables that it made are not in this notebook."
    return remark(view, "info", Failure(what))


def _replay_drifted(view: View, event: kinds.ReplayDrifted, time: float) -> list[Touch]:
    card = view.blocks.get(f"c:{event.call_id}")
    name = card.name if isinstance(card, Card) else f"The call {event.call_id}"
    said = DRIFTS.get(event.what, "made something else than then")
    return remark(view, "limit", Failure(f"{name} {said}.", f"then: {event.was}\nnow:  {event.now}"))


REPLAY_STEPS: dict[type[Event], Callable[[View, Any, float], list[Touch]]] = {
    kinds.ReplayBegun: _replay_begun,
    kinds.ReplayDrifted: _replay_drifted,
}

ALSO: dict[type[Event], Callable[[View, Any, float], list[Touch]]] = {kinds.QuestionAnswered: _only_shown}
"""What follows from an event beside what it is shown as."""
