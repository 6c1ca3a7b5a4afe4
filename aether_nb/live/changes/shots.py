"""What is kept of one variable, and how much may be spent on finding it out.

It does not know how any type is looked at, nor what is made of the difference of two shots.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aether_nb.live.describing.safely import class_name, flags, has_weakref

__all__ = ["NO_TIME", "Atom", "Purse", "Shot", "Table", "Token"]

NO_TIME = "there was no time to look"
COLLECTED = 1 << 14
"""The flag of types that can hold other objects."""


@dataclass(slots=True)
class Purse:
    """What may still be spent on looking, in nominal nanoseconds: a figure for each item and byte, not a clock.

    So the same variables are looked at the same, however busy the machine is.
    """

    left: int

    def pay(self, cost: int) -> bool:
        """Spend ``cost`` when there is that much left, and say whether there was."""
        if cost > self.left:
            return False
        self.left -= cost
        return True


class Token:
    """Which object it is. It keeps nothing alive but what holds no other objects and cannot be watched.

    Of a list or a dict, which cannot be watched either, only the address is known: another one may have got it since.
    """

    __slots__ = ("identity", "kind", "who")

    def __init__(self, value: object) -> None:
        kind = type(value)
        self.kind, self.identity = id(kind), id(value)
        self.who: Callable[[], object] | None = None
        if has_weakref(kind):
            self.who = weakref.ref(value)
        elif not flags(kind) & COLLECTED:
            self.who = lambda: value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Token) or self.identity != other.identity or self.kind != other.kind:
            return False
        return self.who is None or other.who is None or self.who() is other.who() is not None

    def __hash__(self) -> int:
        return self.identity


class Table(Protocol):
    """A table as it was, whatever library it is from. Columns are known by their place; names may repeat.

    ``whole`` is False when only some rows of it were kept; ``rows`` is what the table itself has.
    """

    rows: int

    @property
    def whole(self) -> bool:
        """Whether all of its rows are known."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Their types."""

    def missing(self, column: int) -> int:
        """How many values of a column are missing."""

    def distinct(self, columns: list[int]) -> int | None:
        """How many different rows these columns have; None when that is not to be found out."""

    def matched(self, columns: list[int], other: Any, others: list[int]) -> int | None:
        """How many rows have their key (``columns``) in another table of the same library; None when unknown."""

    def same(self, column: int, other: Any, others: int) -> bool | None:
        """Whether a column holds the same values in the same order as one of another table; None when unknown."""

    def reordered(self, other: Any) -> bool | None:
        """Whether its rows are those of another table with the same columns, in another order."""


class Atom:
    """A variable of a kind that cannot change and holds nothing else, as it was: the object itself.

    While the variable is still bound to it, nothing is to be told, and no ``Shot`` of it is needed.
    """

    __slots__ = ("value",)
    exact = True
    table: Table | None = None

    def __init__(self, value: object) -> None:
        self.value = value

    @property
    def type(self) -> str:
        """The name of its type."""
        return class_name(type(self.value))


@dataclass(frozen=True, slots=True)
class Shot:
    """One variable as it was.

    ``content`` stands for what it holds: two that agree mean the same, as far as it was looked at; ``exact`` says
    whether that is all of it. ``problem`` says why nothing is known. ``table`` is there for tables. ``allowed`` is what
    could be spent on it: with as much again, the same content gives the same print.
    """

    type: str
    token: Token
    content: Any = None
    exact: bool = True
    size: Any = None
    text: str = ""
    table: Table | None = None
    problem: str = ""
    allowed: int = 0
