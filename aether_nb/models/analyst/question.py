"""What a question means, as plain values: the frame, the columns, the conditions and what is to be done with them.

This is all that stands between understanding a question and answering it. It knows no words and no code.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from aether_nb.models.analyst.namespace import Column, Frame

__all__ = ["Ambiguous", "Change", "Condition", "Join", "Key", "Measure", "Plot", "Question", "Unclear"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a column.

    ``op`` is one of ``== != > >= < <= in between contains starts ends missing present year month date``, or a sign
    behind ``mean`` or ``median`` (``mean>``: above the column's own mean); ``value`` is a literal, or a tuple for
    ``in`` and ``between``. ``negated`` turns it round. ``column`` is None for a condition on
    whole rows (``present``: no value is missing).
    """

    column: Column | None
    op: str
    value: Any = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are grouped by: a column, or with ``freq`` (D W M Q Y h) or ``part`` (month, weekday, hour) a time."""

    column: Column
    freq: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate of a column: mean, median, sum, min, max, std, var, range, iqr, nunique, count, mode or ``q0.9``."""

    agg: str
    column: Column


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture. ``kind`` is hist, bar, line, scatter, box, heat, or any (the analyst chooses)."""

    kind: str = "any"
    color: Column | None = None


@dataclass(slots=True)
class Question:
    """One question about one frame. ``task`` names the intent that answers it."""

    frame: Frame
    task: str = ""
    columns: list[Column] = field(default_factory=list)
    aggs: list[str] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    part: list[Condition] = field(default_factory=list)
    subject: Key | None = None
    extreme: str = ""
    n: int | None = None
    flags: set[str] = field(default_factory=set)
    threshold: float | None = None
    plot: Plot | None = None
    path: str = ""
    keep: bool = False
    notes: list[str] = field(default_factory=list)

    def copy(self) -> Question:
        """Another question of the same content, whose lists are its own."""
        return replace(
            self, columns=[*self.columns], aggs=[*self.aggs], keys=[*self.keys], conditions=[*self.conditions],
            part=[*self.part], flags={*self.flags}, notes=[*self.notes],
        )  # fmt: skip

    def needs_name(self) -> bool:
        """Whether the table has to get a name, because it is drawn or written later."""
        return self.keep or bool(self.path) or self.plot is not None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a frame that makes a new one.

    ``kind`` is ``duplicates``, ``incomplete``, ``fill``, ``drop`` or ``keep`` (rows that meet the conditions) or
    ``columns``. ``stat`` is mean, median or mode, or empty where ``value`` is filled in. ``every`` drops rows only
    where all of the columns are missing. ``name`` is what the person calls the result.
    """

    frame: Frame
    kind: str
    columns: tuple[Column, ...] = ()
    conditions: tuple[Condition, ...] = ()
    stat: str = ""
    value: Any = None
    every: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """Two frames and the pairs of columns they meet in.

    ``how`` is inner, left, right or outer; empty when nobody said it. ``rest`` is what is asked of the joined rows, in
    words that speak of columns only; ``counted`` is the frame whose rows it counts. ``name`` is what the person calls
    the result.
    """

    left: Frame
    right: Frame
    on: tuple[tuple[Column, Column], ...]
    how: str = ""
    rest: str = ""
    counted: str = ""
    name: str = ""

    def turned(self) -> Join:
        """The same join from the other side."""
        return replace(self, left=self.right, right=self.left, on=tuple((there, here) for here, there in self.on))


class Unclear(Exception):
    """The question, or a piece of it, was not understood. ``unknown`` are the words nobody could place."""

    def __init__(self, reason: str, unknown: tuple[str, ...] = ()) -> None:
        self.reason, self.unknown = reason, unknown
        super().__init__(reason)


class Ambiguous(Exception):
    """A phrase means more than one thing. ``options`` are names of columns."""

    def __init__(self, phrase: str, options: tuple[str, ...]) -> None:
        self.phrase, self.options = phrase, options
        super().__init__(phrase)
