"""What all tables have in common: how two prints of tables are compared, and memory that others may write to.

A table's print keeps the table itself, in a form that shares its data and that its library does not write to. Nothing
here knows a library.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from aether_nb.live.changes.shots import Table

__all__ = ["COMPARED_BYTES", "COUNTED_ROWS", "Exposed", "TablePrint", "alike"]

COMPARED_BYTES = 200_000_000
"""A column of up to so many bytes is compared as a whole, once its data is known to have moved."""
COUNTED_ROWS = 2_000_000
"""Keys are counted in tables of up to so many rows."""


class Exposed:
    """The memory of arrays that code can write to past a table's library."""

    __slots__ = ("ends", "starts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(ranges):
            if self.ends and start <= self.ends[-1]:
                self.ends[-1] = max(end, self.ends[-1])
            else:
                self.starts.append(start)
                self.ends.append(end)

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, int):
            return False
        at = bisect_right(self.starts, address) - 1
        return at >= 0 and address < self.ends[at]


class TablePrint:
    """The print of a table: ``table`` can tell about it, ``axes`` are its names and types, ``sums`` are of its data.

    ``sums`` holds a pair for each buffer: where it lies, and a sum of its bytes, of a sample, or None. Equal places and
    no unequal sums mean the same data: nothing but an array that is known can change it there.
    """

    __slots__ = ("axes", "sums", "table")

    def __init__(self, table: Table, axes: Any, sums: tuple[tuple[Any, Any], ...]) -> None:
        self.table, self.axes, self.sums = table, axes, sums

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TablePrint) or type(self.table) is not type(other.table):
            return False
        return self.axes == other.axes and alike(self, other) is not False

    __hash__ = None  # type: ignore[assignment]


def _whole(total: Any) -> bool:
    """Whether a sum is there, and of all bytes."""
    return total is not None and total[:1] != ("sample",)


def alike(one: TablePrint, other: TablePrint) -> bool | None:
    """Whether two tables with the same names and types hold the same values; None when only a part was compared."""
    pairs = list(zip(one.sums, other.sums, strict=False))
    if len(one.sums) == len(other.sums):
        if all(a == b or (a[0] == b[0] and None in (a[1], b[1])) for a, b in pairs):
            return True
        if all(a[1] == b[1] and _whole(a[1]) for a, b in pairs):
            return True
        if any(a[0] == b[0] and a[1] != b[1] and None not in (a[1], b[1]) for a, b in pairs):
            return False  # written to where it lies: the other table has changed with it, and cannot be asked
    if one.table.rows != other.table.rows:
        return False
    found = [one.table.same(place, other.table, place) for place in range(len(one.table.names))]
    return False if False in found else None if None in found else True
