"""The kinds that are shown while they happen and never stored; ``kinds`` has the whole vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from aether_nb.events.values import Event, State

__all__ = ["CallDelta", "OutputDelta", "Progress", "StateChanged", "TextDelta", "ThinkingDelta", "UndoShown"]


@dataclass(frozen=True, slots=True)
class TextDelta(Event):
    """A piece of a reply's text."""

    kind: ClassVar[str] = "text.delta"
    stored: ClassVar[bool] = False
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta(Event):
    """A piece of a model's thinking."""

    kind: ClassVar[str] = "thinking.delta"
    stored: ClassVar[bool] = False
    text: str


@dataclass(frozen=True, slots=True)
class CallDelta(Event):
    """A call is taking shape in a reply; ``text`` is for show."""

    kind: ClassVar[str] = "call.delta"
    stored: ClassVar[bool] = False
    text: str


@dataclass(frozen=True, slots=True)
class OutputDelta(Event):
    """A call printed something."""

    kind: ClassVar[str] = "output.delta"
    stored: ClassVar[bool] = False
    call_id: str
    text: str
    stream: Literal["stdout", "stderr"] = "stdout"


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """How far a call is; ``total`` is 0 when nobody knows."""

    kind: ClassVar[str] = "progress"
    stored: ClassVar[bool] = False
    call_id: str
    done: float
    total: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    """What users see of the run has changed."""

    kind: ClassVar[str] = "state.changed"
    stored: ClassVar[bool] = False
    state: State


@dataclass(frozen=True, slots=True)
class UndoShown(Event):
    """A call was not taken back: ``text`` says what that would do, or why it cannot be.

    ``sure`` has to be said with the next wish, so that exactly what was shown is agreed to; empty where it cannot be.
    """

    kind: ClassVar[str] = "undo.shown"
    stored: ClassVar[bool] = False
    call_id: str
    text: str
    sure: str = ""
