"""What a person thinks of an answer. ``kinds`` passes the name on. This module knows ``values``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from aether_nb.events.values import Event

__all__ = ["FeedbackGiven", "FeedbackValue"]

FeedbackValue: TypeAlias = Literal["up", "down", ""]
"""A good answer, a bad one, or nothing."""


@dataclass(frozen=True, slots=True)
class FeedbackGiven(Event):
    """A person said that the answer is good or bad; the last word counts, and an empty one takes it back."""

    kind: ClassVar[str] = "feedback.given"
    value: FeedbackValue
    by: str
