"""How pyarrow's tables, batches and arrays are told, and its datasets, which are not read.

It does not know the namespace.
"""

from __future__ import annotations

from typing import Any

from aether_nb.live.describing.columns import NAMES, Column, lazy, single, table
from aether_nb.live.describing.figures import Figures, measure, positions
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.words import many

__all__ = ["array", "arrow_table", "dataset"]

SMALL = 1_000
"""Up to so many rows a column is read as a whole, where that can be afforded."""
FEW = 64
"""Else so many values are looked at one by one: taking more of them at once may have to combine chunks."""
VALUE = 150.0
"""Nanoseconds for one value that is read into Python."""


def arrow_table(value: Any, name: str, look: Look) -> Description:
    """A table or a record batch."""
    names = value.schema.names

    def one(position: int) -> Column:
        column = value.column(position)
        return column.type, _figures(column, look)

    return table(name, value.num_rows, names[:NAMES], len(names), look, one)


def array(value: Any, name: str, look: Look) -> Description:
    """An array, or several of one type in a row."""
    return single(f"{name}, {many(len(value), 'value')}", value.type, _figures(value, look), look)


def dataset(value: Any, name: str, look: Look) -> Description:
    """Files as a dataset: its columns, without reading them."""
    return lazy(name, value.schema.names, value.schema.types, look, "not read")


def _figures(column: Any, look: Look) -> Figures | None:
    rows = len(column)
    if str(column.type).startswith("extension"):
        return None  # its values are of somebody else's class
    if rows <= SMALL and look.affords(VALUE * rows):
        return measure(column.to_pylist(), rows, look.distinct)
    return measure([column[at].as_py() for at in positions(rows, FEW)], rows, look.distinct)
