"""What is known of a model before it is asked: prices and sizes, as a value and as a row of JSON.

Rows are how the shipped table and kept lists write them, short and in dollars for a million tokens. They are checked
when they are read: anybody may have written the file. This module reads no file and looks nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["COLUMNS", "Price", "Tier", "read", "row"]

COLUMNS = (
    *("input", "output", "context", "max_output", "tools", "vision"),
    *("cached", "cache_write", "reasoning", "request", "tiers", "ends"),
)
"""The order of a row of the table. Prices stand there in dollars for a million tokens; what ends in nulls is cut."""


@dataclass(frozen=True, slots=True)
class Tier:
    """The prices of a whole request that reads more than ``above`` tokens. Fields as in ``Price``."""

    above: int
    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    reasoning: float | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What is known of a model before it is asked. None: nobody knows.

    Args:
        input: US dollars for a token that is read; those of pictures too.
        output: US dollars for a token that is written.
        cached: For a token read from the provider's cache; as ``input`` when no other price is listed.
        cache_write: For a token written to it; as ``input`` when no other price is listed.
        reasoning: For a token of thinking; as ``output`` when no other price is listed.
        request: US dollars for every request, whatever its size.
        context: The context window in tokens.
        max_output: The longest answer in tokens.
        vision: Whether it sees pictures.
        tools: Whether it calls tools.
        tiers: Other prices for long requests, by rising length.
        ends: The day on which the provider withdraws the model, ``YYYY-MM-DD``; empty when none is announced.
    """

    input: float | None = None
    output: float | None = None
    cached: float | None = None
    cache_write: float | None = None
    reasoning: float | None = None
    request: float | None = None
    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    tiers: tuple[Tier, ...] = ()
    ends: str = ""

    @property
    def known(self) -> bool:
        """Whether both reading and writing have a price."""
        return self.input is not None and self.output is not None


def row(price: Price) -> list[Any]:
    """A price as JSON: its ``COLUMNS``, money in dollars for a million tokens."""
    tiers = [[t.above, *map(_million, (t.input, t.output, t.cached, t.cache_write, t.reasoning))] for t in price.tiers]
    values: list[Any] = [
        *(_million(price.input), _million(price.output), price.context, price.max_output),
        *(None if flag is None else int(flag) for flag in (price.tools, price.vision)),
        *(_million(price.cached), _million(price.cache_write), _million(price.reasoning), price.request),
        *([_cut(tier) for tier in tiers] or None, price.ends or None),
    ]
    return _cut(values)


def read(values: object) -> Price:
    """The price that a row stands for.

    Raises:
        ValueError: It is no such row.
    """
    if not isinstance(values, list) or len(values) > len(COLUMNS):
        raise ValueError(f"A row of prices is a list of at most {len(COLUMNS)} values.")
    found = dict(zip(COLUMNS, values, strict=False))
    return Price(
        input=_each(found.get("input")),
        output=_each(found.get("output")),
        cached=_each(found.get("cached")),
        cache_write=_each(found.get("cache_write")),
        reasoning=_each(found.get("reasoning")),
        request=_number(found.get("request")),
        context=_count(found.get("context")),
        max_output=_count(found.get("max_output")),
        vision=_flag(found.get("vision")),
        tools=_flag(found.get("tools")),
        ends=str(found.get("ends") or ""),
        tiers=tuple(_tier(tier) for tier in found.get("tiers") or ()),
    )


def _tier(values: object) -> Tier:
    if not isinstance(values, list) or not 3 <= len(values) <= 6:
        raise ValueError("A tier of prices lacks one, or has too many.")
    above, (reading, writing, *more) = _count(values[0]), map(_each, values[1:])
    if above is None or reading is None or writing is None:
        raise ValueError("A tier of prices lacks one.")
    return Tier(above, reading, writing, *more)


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(f"{value!r} is no price and no size.")
    return value


def _count(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _flag(value: object) -> bool | None:
    return None if value is None else bool(value)


def _million(dollars: float | None) -> float | None:
    if dollars is None:
        return None
    value = round(dollars * 1e6, 6)
    return int(value) if value.is_integer() else value


def _each(dollars: object) -> float | None:
    number = _number(dollars)
    return None if number is None else number / 1e6


def _cut(values: list[Any]) -> list[Any]:
    """The values without the nulls at their end."""
    while values and values[-1] is None:
        values.pop()
    return values
