"""What came of asking one question, and what it is checked by. It knows no question, no frame and no analyst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Check", "Outcome", "says_it_cannot"]

CANNOT = "i could not work out"
"""The words by which an answer admits that it did not understand; fixed between the analyst and this set."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking one question.

    Args:
        answer: The answer, as Markdown.
        asked: The questions that were put to the user.
        declined: Whether it declined, where the caller knows; None leaves it to the text.
        files: What was written, by path inside the workspace.
        figures: How many figures were made.
        namespace: The user's variables afterwards.
        kinds: What the figures show, where the caller knows (``figures.kinds_of``); None when it does not.
    """

    answer: str
    asked: tuple[str, ...] = ()
    declined: bool | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    figures: int = 0
    namespace: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] | None = None


def says_it_cannot(outcome: Outcome) -> bool:
    """Whether the outcome admits that the question was not understood, or asked back."""
    return bool(outcome.asked) or outcome.declined is True or CANNOT in outcome.answer.casefold()


class Check(Protocol):
    """The truth of one question."""

    def holds(self, outcome: Outcome) -> bool:
        """Whether the outcome states it."""

    def example(self) -> Outcome:
        """An outcome that does."""
