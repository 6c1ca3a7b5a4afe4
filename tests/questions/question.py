"""A question of the held-out set: what is asked of which data, and how its truth is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, get_args

from questions.outcome import Check

__all__ = ["INTENTS", "Asker", "Data", "Expect", "Intent", "Question", "about"]

Data: TypeAlias = Mapping[str, Any]
"""The frames by variable name. Any, because a column chosen by name has no type that a checker could know."""

Expect: TypeAlias = Callable[[Data], Check]
"""Computes the truth from the frames by plain pandas, independent of any analyst."""

Intent: TypeAlias = Literal[
    "profile", "shape", "missing", "counts", "aggregate", "group", "extreme", "top", "filter", "share", "correlation",
    "trend", "distribution", "compare", "plot", "save", "join", "sql", "change",
    "decline",
]  # fmt: skip

INTENTS: tuple[Intent, ...] = get_args(Intent)
"""Every intent, in the order reports use."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Args:
        id: Short and stable.
        dataset: The name of its data in ``datasets``.
        text: What the person typed.
        expect: Computes the check from the frames.
        intent: What kind of question it is.
        own_words: It names a column by a word that is not in the column's name (``weight`` for ``body_mass_g``).
    """

    id: str
    dataset: str
    text: str
    expect: Expect
    intent: Intent
    own_words: bool = False


class Asker(Protocol):
    """Makes a question about one data set."""

    def __call__(self, id: str, intent: Intent, text: str, expect: Expect, *, own_words: bool = False) -> Question:
        """The question."""


def about(dataset: str) -> Asker:
    """A maker of questions about one data set, for files that hold many of them."""

    def ask(id: str, intent: Intent, text: str, expect: Expect, *, own_words: bool = False) -> Question:
        return Question(id, dataset, text, expect, intent, own_words)

    return ask
