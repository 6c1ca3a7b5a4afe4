"""What the values of a column amount to: how many are missing, how many differ, between which ends they lie.

It does not know where the values come from.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aether_nb.live.describing.words import KNOWN_VALUES, SCALARS, root, value_text

__all__ = ["Description", "Figures", "Line", "Look", "measure", "plain_list", "positions"]

POSITIONS = 256
"""How many values of a column are looked at when there are too many to look at all."""
MISSING = {"NAType", "NaTType"}
TIMES = {"Timestamp", "Timedelta", "Period", "datetime", "date", "time", "timedelta"}
EMPTY: Iterator[Any] = iter(())


@dataclass(frozen=True, slots=True)
class Look:
    """How closely to look: columns and distinct values to show, rows to count exactly, and until when (monotonic)."""

    columns: int = 40
    distinct: int = 12
    exact_rows: int = 200_000
    until: float = float("inf")
    words: frozenset[str] = frozenset()

    @property
    def hurry(self) -> bool:
        """Whether the time for exact figures is over."""
        return time.monotonic() > self.until


@dataclass(frozen=True, slots=True)
class Line:
    """A line about a column, and whether it shows values of it."""

    text: str
    column: str
    shows: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """``head`` is the type and what follows; ``lines`` are made as far as they are read; ``columns`` names them all."""

    head: str
    lines: Iterator[Line] = EMPTY
    columns: tuple[str, ...] = ()
    shows: bool = False


@dataclass(slots=True)
class Figures:
    """What was seen of a column. ``values`` are all distinct ones when there are few, else two examples."""

    missing: float = 0.0
    distinct: int = 0
    values: Sequence[object] = ()
    low: object = None
    high: object = None
    sampled: bool = False

    def text(self, limit: int) -> str:
        """The figures as they stand after the dtype: ``, 0.6% missing, 172.0 … 231.0``; ``~`` marks a sample."""
        about = "~" if self.sampled else ""
        parts = [f"{about}{_percent(self.missing)} missing"] if self.missing else []
        if self.distinct and self.distinct <= limit and self.low is None:
            parts.append(f"{about}{self.distinct} distinct: " + ", ".join(map(value_text, self.values)))
        elif self.low is not None:
            low, high = _ends(self.low, self.high)
            parts.append(f"{about}{low} … {high}")
        elif self.distinct:
            parts.append(f"{about}{self.distinct} distinct, e.g. " + ", ".join(map(value_text, self.values)))
        return "".join(f", {part}" for part in parts)


def _percent(share: float) -> str:
    percent = 100 * share
    if 0 < percent < 0.05:
        return f"{percent:.1g}%"
    return f"{min(percent, 99.9) if share < 1 else percent:.1f}%"


def _ends(low: object, high: object) -> tuple[str, str]:
    """Both ends of a range; midnight is left out when both are at midnight."""
    texts = value_text(low), value_text(high)
    if all(text.endswith(" 00:00:00") for text in texts):
        return texts[0].removesuffix(" 00:00:00"), texts[1].removesuffix(" 00:00:00")
    return texts


def _is_missing(value: object) -> bool:
    kind = type(value)
    return value is None or (kind is float and value != value) or kind.__name__ in MISSING


def _plain(value: object) -> object:
    """A value that may be hashed and compared: itself when its type is known, else only the name of its type."""
    kind = type(value)
    known = (kind.__module__ == "builtins" and kind.__name__ in SCALARS) or kind.__module__ in KNOWN_VALUES
    if known or (root(kind) == "pandas" and kind.__name__ in {"Timestamp", "Timedelta", "Period", "Interval"}):
        return value[:200] if kind is str or kind is bytes else value  # type: ignore[index]
    return _Odd(value_text(value))


@dataclass(frozen=True, slots=True)
class _Odd:
    """Stands for a value that is not looked into."""

    name: str


def measure(values: Sequence[object], rows: int, look: Look) -> Figures:
    """What a column's values amount to; when they are fewer than ``rows``, they are a sample, and that is marked."""
    if set(map(type, values)) <= {int, float, str, bool, type(None)}:
        present = [value for value in values if value is not None and value == value]
    else:
        present = [_plain(value) for value in values if not _is_missing(value)]
    counts = Counter(present)
    figures = Figures(sampled=len(values) < rows, distinct=len(counts))
    figures.missing = (len(values) - len(present)) / len(values) if values else 0.0
    kinds = {type(value) for value in present}
    numbers = bool(kinds) and kinds <= {int, float}
    times = bool(kinds) and all(kind.__name__ in TIMES for kind in kinds)
    if times or (numbers and len(counts) > look.distinct):
        figures.low, figures.high = min(present), max(present)  # type: ignore[type-var]
    elif len(counts) <= look.distinct:
        figures.values = _in_order(list(counts))
    else:
        figures.values = list(islice(counts, 2))
    if figures.sampled and len(counts) > look.distinct:
        figures.distinct = _estimate(counts, len(present), rows, 1 - figures.missing)
    if any(isinstance(value, _Odd) for value in counts):
        figures.distinct, figures.values, figures.low = 0, (), None
    return figures


def _in_order(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return values


def _estimate(counts: dict[object, int], seen: int, rows: int, present: float) -> int:
    """How many distinct values a column has, from a sample (the guaranteed-error estimator), to two figures."""
    once = sum(1 for count in counts.values() if count == 1)
    guess = rows * present if once == seen else (rows / seen) ** 0.5 * once + len(counts) - once
    return int(float(f"{guess:.2g}"))


def positions(rows: int, most: int = POSITIONS) -> list[int]:
    """Evenly spread positions, the first and the last among them; all when there are few."""
    if rows <= most:
        return list(range(rows))
    return [index * (rows - 1) // (most - 1) for index in range(most)]


def plain_list(values: Sequence[Any]) -> list[object]:
    """Values with numpy's scalars as Python's own."""
    return [v.item() if root(type(v)) == "numpy" and v.dtype.kind in "biufcSU" else v for v in values]
