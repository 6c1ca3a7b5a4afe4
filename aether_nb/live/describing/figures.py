"""What the values of a column amount to: how many are missing, how many differ, between which ends they lie.

It does not know where the values come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from aether_nb.live.describing.safely import all_of, class_name
from aether_nb.live.describing.words import printable, root, value_text

__all__ = ["POSITIONS", "Figures", "Odd", "is_missing", "known", "measure", "plain_list", "positions", "whole"]

POSITIONS = 256
"""How many values of a column are looked at when there are too many to look at all."""
MISSING = {"NAType", "NaTType"}
TIMES = {"Timestamp", "Timedelta", "Period", "datetime", "date", "time", "timedelta"}
NUMBERS = {int, float}
SIMPLE = (int, float, str, bool, type(None))


@dataclass(slots=True)
class Figures:
    """What was seen of a column. ``values`` are all distinct ones when there are few, else two examples."""

    missing: float = 0.0
    distinct: int = 0
    values: Sequence[object] = ()
    low: object = None
    high: object = None
    sampled: bool = False

    def told(self, limit: int) -> tuple[str, str]:
        """What stands after the dtype, aggregates and single values apart; ``~`` marks a sample.

        ``, 0.6% missing, 172.0 … 231.0`` and nothing, or ``, 3 distinct`` and ``: 'a', 'b', 'c'``.
        """
        about = "~" if self.sampled else ""
        facts = f", {about}{_percent(self.missing)} missing" if self.missing else ""
        if self.low is not None:
            low, high = _ends(self.low, self.high)
            return f"{facts}, {about}{low} … {high}", ""
        if not self.distinct:
            return facts, ""
        sign = ":" if self.distinct <= limit else ", e.g."
        shown = f"{sign} {', '.join(map(value_text, self.values))}" if self.values else ""
        return f"{facts}, {about}{self.distinct} distinct", shown


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


def is_missing(value: object) -> bool:
    """Whether a value says that there is none."""
    kind = type(value)
    if value is None or (kind is float and value != value):
        return True
    return class_name(kind) in MISSING and root(kind) == "pandas"


def known(value: object) -> object:
    """A value that may be hashed and compared: itself when its type is known, else only the name of its type."""
    return value if printable(value) else Odd(value_text(value))


@dataclass(frozen=True, slots=True)
class Odd:
    """Stands for a value that is not looked into."""

    name: str


def measure(values: Sequence[object], rows: int, limit: int) -> Figures:
    """What a column's values amount to.

    Args:
        values: All of them, or a sample.
        rows: How many there are; more than ``values`` marks a sample.
        limit: Up to so many distinct values are listed.
    """
    if all_of(values, *SIMPLE):
        present = [value for value in values if value is not None and value == value]
    else:
        present = [known(value) for value in values if not is_missing(value)]
    counts = Counter(present)
    figures = Figures(sampled=len(values) < rows, distinct=len(counts))
    figures.missing = (len(values) - len(present)) / len(values) if values else 0.0
    kinds = set(map(type, counts))
    if Odd in kinds:
        figures.distinct = 0
        return figures
    numbers = bool(kinds) and kinds <= NUMBERS
    times = bool(kinds) and {class_name(kind) for kind in kinds} <= TIMES
    if times or (numbers and len(counts) > limit):
        figures.low, figures.high = min(counts), max(counts)  # type: ignore[type-var]
    elif len(counts) <= limit:
        figures.values = _in_order(list(counts))
    else:
        figures.values = list(islice(counts, 2))
        if figures.sampled:
            figures.distinct = _estimate(counts, len(present), rows, 1 - figures.missing)
    return figures


def whole(
    sample: Figures, rows: int, missing: float, distinct: Callable[[], tuple[int, list[Any]]], limit: int
) -> Figures:
    """A sample made exact: from the number of missing values, and from a count of all that are there.

    Args:
        sample: What a sample amounted to; its kind of figures is kept.
        rows: How many values there are.
        missing: How many of them are missing.
        distinct: How many differ, and up to ``limit`` of them.
        limit: Up to so many distinct values are listed.
    """
    count, values = distinct()
    exact = measure(values, len(values), limit) if count <= limit else Figures(distinct=count, values=sample.values[:2])
    exact.missing = missing / rows
    return exact


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
    return list(_positions(rows, most)) if rows > most else list(range(rows))


@lru_cache(maxsize=256)
def _positions(rows: int, most: int) -> tuple[int, ...]:
    return tuple(index * (rows - 1) // (most - 1) for index in range(most))


def plain_list(values: Sequence[Any]) -> list[object]:
    """Values with numpy's scalars as Python's own."""
    if all_of(values, *SIMPLE):
        return list(values)
    return [v.item() if root(type(v)) == "numpy" and v.dtype.kind in "biufcSU" else v for v in values]
