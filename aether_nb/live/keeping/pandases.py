"""Frames, series and indexes of pandas: the hash of what they hold, of dtypes, labels, names and attributes.

It is called with values of pandas only, so the library is loaded. How they are written is for ``columns``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aether_nb.live.describing.words import root
from aether_nb.live.keeping.arrows import add_column as add_arrow
from aether_nb.live.keeping.digest import Digest
from aether_nb.live.keeping.limits import NotPossible
from aether_nb.live.keeping.recognised import library_class, loaded, needed

__all__ = ["add_frame", "add_index", "add_series", "estimate", "has_objects", "single_back", "single_item"]

Items = Callable[[Digest, list[Any]], None]


def estimate(value: Any) -> int:
    """About how many bytes there are to look at."""
    if library_class(value) == "pandas.DataFrame":
        return int(value.memory_usage(index=False).sum()) + estimate(value.index)
    if type(value).__name__ == "RangeIndex":
        return 0
    if type(value).__name__ == "MultiIndex":
        return 8 * len(value) * int(value.nlevels)
    return int(value.array.nbytes)


def has_objects(frame: Any) -> bool:
    """Whether there are columns or labels of Python objects, of which the type does not say what they are."""
    kinds = {str(dtype) for dtype in frame.dtypes} | {str(frame.index.dtype)}
    return "object" in kinds or type(frame.index).__name__ == "MultiIndex"


def add_frame(digest: Digest, frame: Any, items: Items) -> None:
    """Add a frame to a hash."""
    digest.clock.afford(estimate(frame))
    digest.text("frame", str(frame.shape))
    add_index(digest, frame.columns, items)
    add_index(digest, frame.index, items)
    items(digest, [frame.attrs])
    for _, series in frame.items():
        digest.clock.check()
        _add_values(digest, series.dtype, series.array, items)


def add_series(digest: Digest, series: Any, items: Items) -> None:
    """Add a series to a hash."""
    digest.clock.afford(estimate(series))
    digest.text("series", str(len(series)))
    items(digest, [series.name, series.attrs])
    add_index(digest, series.index, items)
    _add_values(digest, series.dtype, series.array, items)


def add_index(digest: Digest, index: Any, items: Items) -> None:
    """Add an index to a hash."""
    kind = type(index).__name__
    digest.text(kind, str(len(index)))
    items(digest, list(index.names))
    if kind == "RangeIndex":
        digest.text(str(index.start), str(index.stop), str(index.step))
    elif kind == "MultiIndex":
        for level in range(index.nlevels):
            add_index(digest, index.get_level_values(level), items)
    else:
        freq = getattr(index, "freq", None) if kind in {"DatetimeIndex", "TimedeltaIndex"} else None
        digest.text(freq.freqstr if freq is not None else "")
        _add_values(digest, index.dtype, index.array, items)


def _add_values(digest: Digest, dtype: Any, array: Any, items: Items) -> None:
    """Add a column, by what its dtype says of it."""
    numpy = loaded("numpy")
    if root(type(dtype)) not in {"pandas", "numpy"}:
        raise NotPossible(f"it has a column of {type(dtype).__name__}, which is not known")
    digest.text(repr(dtype))
    kind = type(dtype).__name__
    if isinstance(dtype, numpy.dtype):
        if dtype.kind in "mM":
            digest.numbers(array.asi8)
        elif dtype.kind == "O":
            digest.clock.afford(len(array) * 100)
            items(digest, array.tolist())
        else:
            digest.numbers(array.to_numpy())
    elif kind == "CategoricalDtype":
        digest.text(str(dtype.ordered))
        add_index(digest, dtype.categories, items)
        digest.numbers(array.codes.astype("i4"))
    elif kind in {"DatetimeTZDtype", "PeriodDtype"}:
        digest.numbers(array.asi8)
    elif kind == "IntervalDtype":
        add_index(digest, array.left, items)
        add_index(digest, array.right, items)
    elif hasattr(dtype, "numpy_dtype") and hasattr(array, "_mask"):
        digest.numbers(array.isna())
        digest.numbers(array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0)))
    elif kind == "ArrowDtype" or getattr(dtype, "storage", "") == "pyarrow":
        add_arrow(digest, array.__arrow_array__(), items)
    elif kind == "StringDtype":
        digest.clock.afford(len(array) * 100)
        items(digest, [None if missing else text for text, missing in zip(array, array.isna(), strict=True)])
    elif kind == "SparseDtype":
        items(digest, [dtype.fill_value])
        _add_values(digest, dtype.subtype, loaded("pandas").Series(array.to_dense()).array, items)
    else:
        raise NotPossible(f"it has a column of {kind}, which is not known")


def single_item(value: Any, zone: Callable[[Any], Any]) -> list[Any]:
    """A single value of pandas as an item of a table."""
    match type(value).__name__:
        case "NAType" | "NaTType" as name:
            return ["pandas", name]
        case "Timestamp":
            return ["pandas", "Timestamp", value.as_unit(value.unit).asm8.view("i8").item(), value.unit, zone(value.tz)]
        case "Timedelta":
            return ["pandas", "Timedelta", value.asm8.view("i8").item(), value.unit]
    return ["pandas", "Period", value.ordinal, value.freqstr]


def single_back(item: list[Any], zone: Callable[[Any], Any]) -> Any:
    """The value of such an item."""
    numpy = needed("numpy")
    pandas = needed("pandas")

    match item[1:]:
        case ["NAType"]:
            return pandas.NA
        case ["NaTType"]:
            return pandas.NaT
        case ["Timestamp", int() as ticks, str() as unit, where]:
            stamp = pandas.Timestamp(numpy.datetime64(ticks, unit))
            return stamp if where is None else stamp.tz_localize("UTC").tz_convert(zone(where))
        case ["Timedelta", int() as ticks, str() as unit]:
            return pandas.Timedelta(numpy.timedelta64(ticks, unit))
        case ["Period", int() as ordinal, str() as freq]:
            return pandas.Period(ordinal=ordinal, freq=freq)
    raise NotPossible("it is no value of pandas")
