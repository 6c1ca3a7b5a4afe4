"""How tables and arrays are looked at: column by column, whole while that is cheap, else at some positions.

No library is imported: whoever has a frame has imported its library. It does not know the namespace.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable
from itertools import islice
from typing import Any

from aether_nb.live.changes.prints import ITEMS, small
from aether_nb.live.changes.shots import Clock, Column, Looked
from aether_nb.live.describing.figures import plain_list, positions
from aether_nb.live.describing.words import label

__all__ = ["numpy_array", "pandas_frame", "pandas_series", "polars_frame"]

EXACT_BYTES = 4_000_000
"""A column of up to so many bytes is printed as a whole."""
EXACT_TEXTS = 2_000
"""So is one of up to so many texts or objects."""
DUPLICATE_CELLS = 20_000
"""Duplicate rows and keys are counted in frames of up to so many cells."""
MISSING = {small(None), small(float("nan"))}


def pandas_frame(frame: Any, clock: Clock) -> dict[str, Any]:
    """A pandas frame, as fields of its shot."""
    rows, width = frame.shape
    pairs = list(islice(frame.items(), 200))
    names, looked = [name for name, _ in pairs], [_pandas_column(column.array, clock) for _, column in pairs]
    shot = _frame(names, rows, looked, (width, _index(frame.index, clock)))
    if clock.rich and rows * width <= DUPLICATE_CELLS:
        try:
            shot["duplicates"] = int(frame.duplicated().sum())
        except TypeError:  # lists in a column cannot be compared; the number stays unknown
            shot["duplicates"] = None
    return shot


def pandas_series(series: Any, clock: Clock) -> dict[str, Any]:
    """A pandas series: a table of one column."""
    name = label(series.name) if series.name is not None else "values"
    return _frame([name], len(series), [_pandas_column(series.array, clock)], _index(series.index, clock))


def polars_frame(frame: Any) -> dict[str, Any]:
    """A polars frame."""
    columns = frame.get_columns()[:200]
    looked: list[Looked] = [(*_sampled(column, _taken_from(column)), None) for column in columns]
    return _frame([column.name for column in columns], len(frame), looked, frame.width)


def numpy_array(array: Any) -> dict[str, Any]:
    """An array of numbers, or of anything."""
    size = tuple(array.shape)
    if array.dtype.kind in "biufmM" and array.nbytes <= EXACT_BYTES and array.ndim:
        return {"size": size, "content": (str(array.dtype), size, _buffer(array)[0])}
    picked = plain_list(array.flat[positions(array.size)].tolist()) if array.size else []
    content = str(array.dtype), size, tuple(map(small, picked))
    return {"size": size, "content": content, "exact": array.size <= ITEMS, "place": _address(array)}


def _buffer(array: Any) -> tuple[Hashable, Hashable]:
    """A print of numbers, and one that does not depend on their order."""
    numbers = array if array.flags.c_contiguous else array.copy()
    bag = int(numbers.view(f"u{numbers.itemsize}").sum()) if numbers.itemsize in {1, 2, 4, 8} else None
    return zlib.crc32(numbers.view("u1").data), bag


def _address(array: Any) -> Hashable:
    return array.__array_interface__["data"][0] if hasattr(array, "__array_interface__") else None


def _pandas_column(values: Any, clock: Clock) -> Looked:
    dtype, rows = values.dtype, len(values)
    # The plain numbers behind a column are no public attribute of dates; without them the column is sampled.
    array = getattr(values, "_ndarray", None) if dtype.kind in "biufmM" else None
    place = _address(array) if array is not None else id(getattr(values, "_pa_array", values))
    if array is not None and array.nbytes <= EXACT_BYTES:
        content, bag = _buffer(array)
        missing = int((array != array).sum()) if dtype.kind in "fmM" else 0
        unique = len(values.unique()) == rows if dtype.kind in "iu" and clock.rich and rows <= DUPLICATE_CELLS else None
        return Column(str(dtype), missing, content, bag, unique), True, place
    return *_sampled(values, lambda at: (values.take(at) if len(at) < rows else values).tolist()), place


def _taken_from(column: Any) -> Callable[[list[int]], list[Any]]:
    return lambda at: list(column.gather(at).to_list())


def _sampled(values: Any, take: Callable[[list[int]], list[Any]]) -> tuple[Column, bool]:
    """A column by its items, all when they are few, and whether it was all."""
    rows = len(values)
    whole = rows <= EXACT_TEXTS
    items: list[Hashable] = take(list(range(rows)) if whole else positions(rows))
    missing = 0
    if set(map(type, items)) != {str}:
        items = [small(item) for item in plain_list(items)]
        missing = sum(1 for item in items if item in MISSING)
    bag = sum(map(hash, items)) if whole else None
    unique = len(set(items)) == rows if whole else None
    return Column(str(values.dtype), missing, hash(tuple(items)), bag, unique), whole


def _frame(names: list[Any], rows: int, looked: list[Looked], index: Hashable) -> dict[str, Any]:
    """A table from its columns."""
    labelled = [(label(name), column) for name, (column, _, _) in zip(names, looked, strict=True)]
    return {
        "size": rows,
        "columns": dict(labelled),
        "content": (rows, tuple((name, column.dtype, column.content) for name, column in labelled), index),
        "exact": all(whole for _, whole, _ in looked),
        "place": tuple(place for _, _, place in looked),
    }


def _index(index: Any, clock: Clock) -> Hashable:
    kind = type(index).__name__
    if kind == "RangeIndex":
        return kind, index.start, index.stop, index.step
    if kind == "MultiIndex":
        return kind, tuple(map(small, index.take(positions(len(index), 32)).tolist()))
    return kind, label(index.name), _pandas_column(index.array, clock)[0].content
