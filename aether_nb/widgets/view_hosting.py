"""What a person sees of who works on a run: the word of a hosted agent, and the profile that was chosen.

That part of the fold in ``view``. A step takes the view, an event and its time, and tells what it touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aether_nb.events import kinds
from aether_nb.events.kinds import Event
from aether_nb.widgets.blocks import HEADER, TAIL, Failure, Touch, View, Words
from aether_nb.widgets.view_calls import remark, touch

__all__ = ["HOSTING_STEPS", "no_last_word"]


def no_last_word(view: View, step: int) -> list[str]:
    """What looked like the answer is a word on the way: the run goes on. Returns the blocks that are there now."""
    if not view.answer:
        return []
    words = Words(f"w{step - 1}", view.answer)
    view.blocks[words.id], view.answer = words, ""
    return [words.id]


def _agent_said(view: View, event: kinds.AgentSaid, time: float) -> list[Touch]:
    """Its calls have cards of their own; an answer that is a model's reply as it stands is shown once."""
    message = event.message
    view.steps = event.step
    said = [] if message.text == view.answer else no_last_word(view, event.step)
    if not message.calls:
        view.answer, view.state = message.text, "COMPILING"
    return touch(HEADER, TAIL, *said)


def _routed(view: View, event: kinds.ProfileRouted, time: float) -> list[Touch]:
    view.usage = view.usage.plus(event.usage)
    name = f"*{event.name}*" if event.name else "usual"
    return [*touch(HEADER), *remark(view, "info", Failure(f"As {name}: {event.because}"))]


HOSTING_STEPS: dict[type[Event], Callable[[View, Any, float], list[Touch]]] = {
    kinds.AgentSaid: _agent_said,
    kinds.ProfileRouted: _routed,
}
