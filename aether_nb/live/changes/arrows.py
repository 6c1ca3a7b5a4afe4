"""How Arrow's and polars' tables are looked at: neither writes to data that it shares.

A photograph keeps a second handle to the same data; what differs is found out only when the data moved. No library is
imported: whoever has a table has imported its library, and pyarrow is asked about polars' data only where it is loaded.
"""

from __future__ import annotations

import sys
from typing import Any

from aether_nb.live.changes.buffers import SMALL_BYTES, sum_of
from aether_nb.live.changes.prints import Look
from aether_nb.live.changes.tables import COMPARED_BYTES, COUNTED_ROWS, TablePrint

__all__ = ["arrow_array", "arrow_table", "chunk_places", "chunks_equal", "polars_frame", "polars_series"]


def chunk_places(column: Any) -> list[Any]:
    """Where the buffers of an Arrow array lie, with each chunk's place in them."""
    chunks = getattr(column, "chunks", None)
    parts = chunks if chunks is not None else [column]
    return [(chunk.offset, len(chunk), *(buffer and buffer.address for buffer in chunk.buffers())) for chunk in parts]


def chunks_equal(mine: Any, theirs: Any) -> bool | None:
    """Whether two Arrow arrays hold the same; None when they are too large to compare."""
    if mine.type != theirs.type or len(mine) != len(theirs) or mine.null_count != theirs.null_count:
        return False
    if mine.nbytes > COMPARED_BYTES:
        return None
    if mine.equals(theirs):
        return True
    if not str(mine.type).startswith(("float", "double", "halffloat")):
        return False
    return sum_of(mine.to_numpy(zero_copy_only=False)) == sum_of(theirs.to_numpy(zero_copy_only=False))  # NaN is NaN


def arrow_table(table: Any, look: Look) -> TablePrint:
    """An Arrow table or record batch."""
    columns = list(table.columns)
    axes = tuple(table.schema.names), tuple(map(str, table.schema.types))
    return TablePrint(ArrowTable(table), axes, _arrow_sums(columns, table.nbytes, look))


def arrow_array(values: Any, look: Look) -> Any:
    """An Arrow array, chunked or not: a table of one column."""
    made = sys.modules["pyarrow"].table({"values": values})
    return TablePrint(ArrowTable(made), (str(values.type),), _arrow_sums([values], values.nbytes, look))


def _arrow_sums(columns: list[Any], size: int, look: Look) -> tuple[Any, ...]:
    numpy = sys.modules.get("numpy")
    sums = []
    for column in columns:
        chunks = getattr(column, "chunks", [column])
        buffers = [buffer for chunk in chunks for buffer in chunk.buffers() if buffer is not None]
        exposed = any(buffer.address in look.exposed for buffer in buffers)
        total = None
        if numpy is not None and (exposed or size <= SMALL_BYTES):
            if look.purse.pay(sum(buffer.size for buffer in buffers) // 4):
                total = tuple(sum_of(numpy.frombuffer(buffer, "u1")) if buffer.size else 0 for buffer in buffers)
            else:
                look.exact = look.exact and not exposed
        sums.append((chunk_places(column), total))
    return tuple(sums)


class ArrowTable:
    """An Arrow table as it was (see ``Table``)."""

    whole = True

    def __init__(self, table: Any) -> None:
        self.table, self.rows = table, table.num_rows
        self.names, self.dtypes = tuple(table.schema.names), tuple(map(str, table.schema.types))

    def missing(self, column: int) -> int:
        return int(self.table.column(column).null_count)

    def distinct(self, columns: list[int]) -> int | None:
        return len(set(keys)) if (keys := self._keys(columns)) is not None else None

    def matched(self, columns: list[int], other: Any, others: list[int]) -> int | None:
        mine, theirs = self._keys(columns), other._keys(others)
        if mine is None or theirs is None:
            return None
        known = set(theirs)
        return sum(key in known for key in mine)

    def _keys(self, columns: list[int]) -> list[Any] | None:
        if self.rows > COUNTED_ROWS // 10:
            return None
        return list(zip(*(map(str, self.table.column(place).to_pylist()) for place in columns), strict=True))

    def same(self, column: int, other: Any, others: int) -> bool | None:
        mine, theirs = self.table.column(column), other.table.column(others)
        return chunk_places(mine) == chunk_places(theirs) or chunks_equal(mine, theirs)

    def reordered(self, other: Any) -> bool | None:
        places = list(range(len(self.names)))
        mine, theirs = self._keys(places), other._keys(places)
        return None if mine is None or theirs is None else sorted(mine) == sorted(theirs)


def polars_frame(frame: Any, look: Look) -> TablePrint:
    """A polars frame."""
    held = frame.clone()
    columns = held.get_columns()
    axes = tuple(column.name for column in columns), tuple(str(column.dtype) for column in columns)
    return TablePrint(PolarsTable(held), axes, tuple(_polars_sum(column, look) for column in columns))


def polars_series(series: Any, look: Look) -> TablePrint:
    """A polars series: a table of one column."""
    return polars_frame(series.to_frame(), look)


def _polars_sum(column: Any, look: Look) -> tuple[Any, Any]:
    """A place that equals no other one, unless it is small or its memory is an array's: then a sum of its bytes.

    Where polars keeps its data is asked only when two columns are compared: it costs as much as comparing short ones.
    """
    place = Place(column)
    if not column.dtype.is_numeric() or column.null_count() or column.n_chunks() > 1 or not len(column):
        return place, None
    array = column.to_numpy()
    exposed = array.__array_interface__["data"][0] in look.exposed
    if (exposed or array.nbytes <= SMALL_BYTES) and look.purse.pay(array.nbytes // 4):
        return place, sum_of(array)
    look.exact = look.exact and not exposed
    return place, None


class Place:
    """Where a polars column lies: equal when both hold the same memory, or the same values where that is not known."""

    __slots__ = ("column",)

    def __init__(self, column: Any) -> None:
        self.column = column

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and _polars_same(self.column, other.column) is True

    __hash__ = None  # type: ignore[assignment]


def _polars_same(mine: Any, theirs: Any) -> bool | None:
    if mine.dtype != theirs.dtype or len(mine) != len(theirs):
        return False
    if mine.dtype == sys.modules["polars"].Object:
        return all(a is b for a, b in zip(mine.to_list(), theirs.to_list(), strict=True))
    large = mine.estimated_size() > SMALL_BYTES
    if large and "pyarrow" in sys.modules:
        level = sys.modules["polars"].CompatLevel.newest()
        arrows = [column.to_physical().to_arrow(compat_level=level) for column in (mine, theirs)]
        if chunk_places(arrows[0]) == chunk_places(arrows[1]):
            return True
    if mine.estimated_size() > COMPARED_BYTES:
        return None
    return bool(mine.equals(theirs, null_equal=True))


class PolarsTable:
    """A polars frame as it was (see ``Table``)."""

    whole = True

    def __init__(self, frame: Any) -> None:
        self.frame, self.rows = frame, frame.height
        self.names, self.dtypes = tuple(frame.columns), tuple(map(str, frame.dtypes))

    def missing(self, column: int) -> int:
        return int(self.frame.to_series(column).null_count())

    def distinct(self, columns: list[int]) -> int | None:
        if self.rows > COUNTED_ROWS:
            return None
        return int(self.frame.select([self.names[place] for place in columns]).n_unique())

    def matched(self, columns: list[int], other: Any, others: list[int]) -> int | None:
        if max(self.rows, other.rows) > COUNTED_ROWS:
            return None
        names = [self.names[place] for place in columns], [other.names[place] for place in others]
        mine, theirs = self.frame.select(names[0]), other.frame.select(names[1])
        if mine.dtypes != theirs.dtypes:
            return None
        return int(mine.join(theirs, left_on=names[0], right_on=names[1], how="semi", nulls_equal=True).height)

    def same(self, column: int, other: Any, others: int) -> bool | None:
        return _polars_same(self.frame.to_series(column), other.frame.to_series(others))

    def reordered(self, other: Any) -> bool | None:
        if max(self.rows, other.rows) > COUNTED_ROWS or self.dtypes != other.dtypes:
            return None
        return bool(self.frame.hash_rows().sort().equals(other.frame.hash_rows().sort()))
