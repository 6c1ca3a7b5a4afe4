"""What is kept of one variable: plain values, and how much time there is to find them.

It does not know how any type is looked at, nor what is made of the difference of two shots.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Clock", "Column", "Looked", "Shot"]


@dataclass(frozen=True, slots=True)
class Clock:
    """What there is time for from ``start`` (monotonic): figures for people at first, then prints, then nothing."""

    start: float
    seconds: float

    @property
    def rich(self) -> bool:
        """Whether there is time for figures that only people need."""
        return time.monotonic() < self.start + self.seconds / 4

    @property
    def over(self) -> bool:
        """Whether nothing more is looked into."""
        return time.monotonic() > self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it was: ``content`` depends on the order of its values, ``bag`` does not (None when not known)."""

    dtype: str
    missing: int
    content: Hashable
    bag: Hashable = None
    unique: bool | None = None


Looked: TypeAlias = tuple[Column, bool, Hashable]
"""A column, whether it was looked at as a whole, and where its data lies."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One variable as it was. ``content`` is None when it could not be told; ``problem`` says why."""

    type: str
    identity: int
    alive: weakref.ref[Any] | None = None
    size: Hashable = None
    content: Hashable = None
    place: Hashable = None
    text: str = ""
    keys: tuple[str, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    duplicates: int | None = None
    exact: bool = True
    problem: str = ""

    def same_object(self, other: Shot) -> bool:
        """Whether both are of one object: an address alone may have been given to another one meanwhile."""
        if self.alive is not None and other.alive is not None:
            return self.alive() is other.alive()
        return self.identity == other.identity and self.type == other.type
