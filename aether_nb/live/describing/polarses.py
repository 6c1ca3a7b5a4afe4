"""How polars' frames and series are told, and its queries, which are not run.

It does not know the namespace.
"""

from __future__ import annotations

import threading
from typing import Any

from aether_nb.live.describing.columns import NAMES, Column, lazy, single, table
from aether_nb.live.describing.figures import Figures, measure, positions, whole
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import class_name
from aether_nb.live.describing.words import columns_of, many, word

__all__ = ["frame", "query", "series"]

SMALL = 1_000
"""Up to so many rows a column is read as a whole, as Python values, where that can be afforded."""
VALUE, RANGE, NUMBER, TEXT = 40.0, 2.0, 10.0, 30.0
"""Nanoseconds for one value: read into Python; put into a range; counted, as a number or as a text."""
PATIENCE = 0.05
"""Seconds in which a query has to know its columns: the files it scans may lie at the other end of the world."""


def frame(value: Any, name: str, look: Look) -> Description:
    """A frame."""
    rows, width = value.shape

    def one(position: int) -> Column:
        column = value.to_series(position)
        return column.dtype, _figures(column, look)

    return table(name, rows, value.columns[:NAMES], width, look, one)


def series(value: Any, name: str, look: Look) -> Description:
    """A series."""
    named = f", named {word(value.name)}" if value.name else ""
    holds = columns_of(value.name) if value.name else ()
    return single(f"{name}, {many(len(value), 'value')}{named}", value.dtype, _figures(value, look), look, holds)


def _figures(column: Any, look: Look) -> Figures | None:
    rows, dtype = len(column), column.dtype
    if class_name(type(dtype)) == "Object" or column.dtype == "Object":
        return None
    if rows <= SMALL and look.affords(VALUE * rows):
        return measure(column.to_list(), rows, look.distinct)
    sample = measure(column.gather(positions(rows)).to_list(), rows, look.distinct)
    if sample.low is None and not sample.distinct:
        return sample
    each = RANGE if sample.low is not None else NUMBER if dtype.is_numeric() else TEXT
    if not look.affords(each * rows):
        return sample
    there = column.drop_nulls()
    there = there.drop_nans() if dtype.is_float() else there
    if sample.low is not None:
        return Figures((rows - len(there)) / rows, low=there.min(), high=there.max())
    return whole(sample, rows, rows - len(there), lambda: _distinct(there, look.distinct), look.distinct)


def _distinct(there: Any, limit: int) -> tuple[int, list[Any]]:
    values = there.unique(maintain_order=True)
    return len(values), values.head(limit).to_list()


def query(value: Any, name: str, look: Look) -> Description:
    """A query: its columns, when it knows them soon. It is asked in a thread, and left alone when it takes longer."""
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.append(_schema(value)), daemon=True)
    asking.start()
    asking.join(PATIENCE)
    if not found:
        return Description(f"{name}, not executed, its columns are not known yet: what it reads does not answer")
    if isinstance(found[0], str):
        return Description(f"{name}, not executed, its columns cannot be told ({found[0]})")
    return lazy(name, list(found[0].names()), list(found[0].dtypes()), look, "not executed")


def _schema(value: Any) -> Any:
    """The columns and types, or the name of what went wrong."""
    try:
        return value.collect_schema()
    except BaseException as problem:  # noqa: BLE001 - polars panics with an error that is no Exception
        return class_name(type(problem))
