"""What a run asks a person, and what is answered. This module knows ``values`` only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aether_nb.events.values import Event

__all__ = ["QuestionAnswered", "QuestionAsked"]


@dataclass(frozen=True, slots=True)
class QuestionAsked(Event):
    """The run asks a person. ``call_id`` is the call that asks, ``limit`` the limit that was reached, else empty.

    ``doubt``: the question is what became of ``call_id``; its options are it ran, run it, skip. ``guard``: it is
    whether the code of ``call_id`` may do what it is about to do; an earlier answer to that does not count.
    """

    kind: ClassVar[str] = "question.asked"
    version: ClassVar[int] = 2
    id: str
    text: str
    options: tuple[str, ...] = ()
    call_id: str = ""
    limit: str = ""
    doubt: bool = False
    guard: bool = False


@dataclass(frozen=True, slots=True)
class QuestionAnswered(Event):
    """A person answered, or nobody was there (``answer`` is None)."""

    kind: ClassVar[str] = "question.answered"
    id: str
    answer: str | None
    by: str
