"""The word that users see for what a run does now: one pure fold beside that of the state."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.state import RunState

__all__ = ["PHASES", "phase"]

PHASES: dict[str, k.State] = {
    k.RunStarted.kind: "PLANNING",
    k.CallBegun.kind: "TOOL_CALLING",
    k.CallFinished.kind: "OBSERVING",
    k.CallFailed.kind: "OBSERVING",
    k.CallRetried.kind: "OBSERVING",
    k.NamespaceChanged.kind: "OBSERVING",
    k.TextDelta.kind: "COMPILING",
    k.GateOpened.kind: "PAUSED",
    k.QuestionAsked.kind: "PAUSED",
    k.CallDoubtful.kind: "PAUSED",
    k.RunParked.kind: "PAUSED",
    k.RunEnded.kind: "ENDED",
}


def phase(now: k.State, state: RunState, entry: k.Entry) -> k.State:
    """The word that users see after this entry, given the word before it and the state after it.

    PLANNING until there is a plan or a first call, THINKING while a model is asked later, COMPILING as soon as it
    writes text, back to TOOL_CALLING when a question inside a running call is answered.
    """
    event = entry.event
    if (word := PHASES.get(event.kind)) is not None:
        return word
    if isinstance(event, k.ModelAsked):
        return "PLANNING" if event.step == 1 else "THINKING"
    if isinstance(event, (k.GateAnswered, k.QuestionAnswered)):
        return "TOOL_CALLING" if state.open else "THINKING"
    return now
