"""How closely to look, and what is told of a thing: the words that every description is made of.

What is told stands apart by what it shows of the data (names and types, aggregates, single values), so that whoever
sends it can leave any of it out. It does not know how any type is looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Description", "Line", "Look", "Purse"]

NOTHING: Iterator[Any] = iter(())


@dataclass(slots=True)
class Purse:
    """Nanoseconds of counting that all variables together may take: an estimate, the same on every machine."""

    left: float


@dataclass(slots=True)
class Look:
    """How closely to look at one variable.

    Attributes:
        columns: How many columns to tell.
        distinct: How many distinct values to list.
        words: Words of the question, in small letters; a column that is called so is told before others.
        left: Nanoseconds of counting that this variable may take.
        purse: The same for all variables together.
        until: When to stop looking (monotonic seconds), however little was counted.
        patient: Whether somebody asked for this variable: what takes milliseconds to find out is found out.
    """

    columns: int = 40
    distinct: int = 12
    words: frozenset[str] = frozenset()
    left: float = 1_000_000
    purse: Purse = field(default_factory=lambda: Purse(1e9))
    until: float = float("inf")
    patient: bool = False

    def affords(self, nanoseconds: float) -> bool:
        """Whether there is so much left for counting; then it is spent."""
        if nanoseconds > min(self.left, self.purse.left) or self.late:
            return False
        self.left -= nanoseconds
        self.purse.left -= nanoseconds
        return True

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.until


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of a column, or of a part of a value.

    Attributes:
        column: Its name, as text.
        head: Names, types and sizes.
        facts: What its values amount to.
        sample: Single values.
        holds: Names of the fields whose values the sample shows, beside the column itself.
    """

    column: str
    head: str
    facts: str = ""
    sample: str = ""
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """What is told of a variable.

    Attributes:
        head: Its type and size.
        facts: What its values amount to.
        sample: Single values.
        lines: About its columns or parts; each is made when it is read.
        columns: The names of all of them.
        holds: Names of the fields whose values the sample shows: keys of dicts, fields of records, a series' own name.
        keys: What the columns are called in code, in their order; none where that is their names.
        types: Makes the types of the columns, as text, in their order; None where nobody tells them for little.
    """

    head: str
    facts: str = ""
    sample: str = ""
    lines: Iterator[Line] = NOTHING
    columns: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    keys: Sequence[object] = ()
    types: Callable[[], Iterable[str]] | None = None
