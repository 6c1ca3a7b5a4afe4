"""How pandas' frames, series and indexes are told, and those of geopandas, which are made of them.

A frame of a class that somebody derived is read as the plain frame it is made of, so that no code of that class runs.
It does not know the namespace.
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from typing import Any

from aether_nb.live.describing.arrays import value_range, varied
from aether_nb.live.describing.columns import NAMES, Column, single, table
from aether_nb.live.describing.figures import Figures, measure, plain_list, positions, whole
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import all_of, class_name, genuine, held, holdings
from aether_nb.live.describing.words import columns_of, many, one_line, root, type_name, word

__all__ = [
    "counted_as",
    "frame",
    "geo_frame",
    "geo_series",
    "index",
    "plain_frame",
    "plain_series",
    "row_labels",
    "series",
]

TRUSTED = {"pandas", "numpy"}
"""Whose arrays are looked into; of others only the type is told."""
NUMPYS = {"NumpyExtensionArray", "PandasArray"}
"""What pandas calls an array of numpy's, then and now."""
NAMED = {"Index", "MultiIndex", "CategoricalIndex"}
"""The indexes that the columns of a frame may have, beside those of numbers and times."""
APART = 64
"""So many types of columns are told apart: one that is kept in many places has to be asked for its name each time."""
FEW = 256
"""So many values are looked at whatever was looked at before."""
ROW = 64
"""So many labels of a series are taken for names of columns: it may be a row of a frame."""
RANGE, NUMBER, TEXT, OBJECT = 2.0, 10.0, 25.0, 80.0
"""Nanoseconds for one value: put into a range; counted, as a number, a text or an object."""


def plain_frame(value: Any) -> Any:
    """A frame of a derived class as a plain one, on the same data."""
    return sys.modules["pandas"].DataFrame(value)


def plain_series(value: Any) -> Any:
    """A series of a derived class as a plain one, on the same data."""
    return sys.modules["pandas"].Series(value)


def frame(value: Any, name: str, look: Look) -> Description:
    """A frame: its size, its index when that is more than a count, and its columns."""
    rows, width = value.shape
    told = f", index {_index_words(value.index)}" if class_name(type(value.index)) != "RangeIndex" else ""
    if class_name(type(value.columns)) == "MultiIndex":
        told += f", columns {_index_words(value.columns)}"

    def one(position: int) -> Column:
        return _column(value.iloc[:, position], look)

    types = partial(_types, value) if width <= NAMES else None
    return table(name, rows, value.columns[:NAMES].tolist(), width, look, one, told, types)


def _types(value: Any) -> list[str]:
    """The types of the columns of a frame; only their classes, where nearly every column has a type of its own."""
    dtypes = value.dtypes.tolist()
    kinds = dict(zip(map(id, dtypes), dtypes, strict=True))
    if len(kinds) > APART:
        klasses = list(map(type, dtypes))
        said = {id(klass): type_name(klass) for klass in dict(zip(map(id, klasses), klasses, strict=True)).values()}
        return list(map(said.__getitem__, map(id, klasses)))
    words = {which: _dtype_words(dtype) for which, dtype in kinds.items()}
    return list(map(words.__getitem__, map(id, dtypes)))


def _dtype_words(dtype: Any) -> str:
    """A type as its library names it; of somebody else's only the class."""
    known = root(type(dtype)) in TRUSTED and genuine(type(dtype))
    return str(dtype) if known else type_name(type(dtype))


def series(value: Any, name: str, look: Look) -> Description:
    """A series, or an index of one level."""
    named = f", named {word(value.name)}" if value.name is not None else ""
    return single(f"{name}, {many(len(value), 'value')}{named}", *_column(value, look), look, counted_as(value))


def counted_as(value: Any) -> tuple[str, ...]:
    """As which columns the values of a series or an index count: by its name, and by its labels, if it may be a row."""
    names = [value.name] if value.name is not None else []
    return tuple(column for name in [*names, *row_labels(value)] for column in columns_of(name))


def row_labels(value: Any) -> list[object]:
    """The labels of a series that may be names of columns: a few, and no numbers. An index has none."""
    labels: Any = getattr(value, "index", None)
    if class_name(type(labels)) not in NAMED or labels.dtype.kind in "biufc" or len(labels) > ROW:
        return []
    return list(labels.tolist())


def index(value: Any, name: str, look: Look) -> Description:
    """An index; of several levels, and of a mere count, only the names."""
    if class_name(type(value)) in {"MultiIndex", "RangeIndex"}:
        names = ", ".join(word(name) for name in list(value.names)[:8] if name is not None)
        return Description(f"{name}, {many(len(value), 'value')}{f', named {names}' * bool(names)}")
    return series(value, name, look)


def _index_words(index: Any) -> str:
    names = [word(name) for name in list(index.names)[:4] if name is not None]
    kind = class_name(type(index))
    return f"{', '.join(names)} ({kind})" if names else kind


def _array(column: Any) -> Any:
    return column.array if hasattr(column, "array") else column


def _looked_into(array: Any) -> bool:
    return root(type(array)) in TRUSTED and genuine(type(array))


def _column(column: Any, look: Look) -> Column:
    """The type of a column as its library names it, and its figures; of somebody else's array only the class."""
    array = _array(column)
    if not _looked_into(array):
        return (str(array.dtype) if _is_places(array) else type_name(type(array))), None
    return str(array.dtype), _figures(column, array, look)


def _figures(column: Any, array: Any, look: Look) -> Figures:
    rows, dtype = len(array), array.dtype
    if dtype.kind in "mM" and rows:
        return _times(array, rows, look)
    if class_name(type(array)) in NUMPYS:
        numbers = array.to_numpy()
        picked = numbers[positions(rows)]
        if varied(picked, look.distinct):
            return value_range(numbers, picked, look)
        values = picked.tolist()
    else:
        values = plain_list(array.take(positions(rows)).tolist())
    sample = measure(values, rows, look.distinct)
    if not sample.sampled or (sample.low is None and not sample.distinct):
        return sample
    if not look.affords(rows * _nanoseconds(dtype, sample)) or _may_hold_anything(column):
        return sample
    if sample.low is None:
        return whole(sample, rows, int(array.isna().sum()), lambda: _distinct(column, look.distinct), look.distinct)
    there = column.dropna()
    low, high = plain_list([there.min(), there.max()])
    return Figures((rows - len(there)) / rows, low=low, high=high)


def _times(array: Any, rows: int, look: Look) -> Figures:
    """The first and the last of points or spans of time, without making an object of each."""
    sampled = rows > FEW and not look.affords(RANGE * rows)
    looked = array.take(positions(rows)) if sampled else array
    missing = float(looked.isna().mean())
    if missing == 1:
        return Figures(missing, sampled=sampled)
    return Figures(missing, low=looked.min(), high=looked.max(), sampled=sampled)


def _nanoseconds(dtype: Any, sample: Figures) -> float:
    """What counting takes for each value."""
    if dtype.name == "object":
        return OBJECT
    return RANGE if sample.low is not None else NUMBER if dtype.kind in "biuf" else TEXT


def _may_hold_anything(column: Any) -> bool:
    """Whether there may be values in it whose own code would run if all of them were compared."""
    if column.dtype.name == "object":
        return not all_of(column.to_numpy(), str, float, type(None))
    return bool(column.dtype.name == "category")


def _distinct(column: Any, limit: int) -> tuple[int, list[Any]]:
    values = column.unique()
    values = values[~sys.modules["pandas"].isna(values)]
    return len(values), plain_list(values[:limit].tolist())


# ---- geopandas


def geo_frame(value: Any, name: str, look: Look) -> Description:
    """A frame with places: a plain one, and in which coordinates."""
    plain = plain_frame(value)
    told = frame(plain, name, look)
    geometry = held(value, "_geometry_column_name")
    if type(geometry) is not str or geometry not in plain.columns:
        return told
    said = f", geometry {word(geometry)} ({_places(_array(plain[geometry]))})"
    return Description(told.head + said, lines=told.lines, columns=told.columns, keys=told.keys, types=told.types)


def geo_series(value: Any, name: str, look: Look) -> Description:
    """A series of places: in which coordinates, and of what kinds."""
    plain = plain_series(value)
    return Description(f"{name}, {many(len(plain), 'value')}, {_places(_array(plain))}")


def _is_places(array: Any) -> bool:
    return root(type(array)) == "geopandas" and genuine(type(array))


def _places(array: Any) -> str:
    """The kinds of up to 64 of the places, and the coordinate system."""
    if not _is_places(array):
        return "geometry not readable"
    data = holdings(array).get("_data")
    picked = [data[at] for at in positions(len(data), 64)] if data is not None else []
    kinds = Counter("missing" if place is None else class_name(type(place)) for place in picked)
    system = holdings(array).get("_crs")
    crs = one_line(system.srs, 60) if system is not None and root(type(system)) == "pyproj" else "no CRS"
    return ", ".join([*sorted(kinds), crs])
