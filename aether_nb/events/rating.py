"""What a person thinks of an answer. ``kinds`` passes the name on. This module knows ``values``."""

from __future__ import annotations

from typing import ClassVar, Literal

from aether_nb.events.values import Event
from aether_nb.frozen import frozen

__all__ = ["FeedbackGiven"]


@frozen
class FeedbackGiven(Event):
    """A person said that the answer is good or bad; the last word counts, and an empty one takes it back."""

    kind: ClassVar[str] = "feedback.given"
    value: Literal["up", "down", ""]
    by: str
