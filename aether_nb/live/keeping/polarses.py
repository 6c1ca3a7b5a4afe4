"""Frames and series of polars: the hash of what they hold, and their own Arrow file format.

It is called with values of polars only, so the library is loaded. Lazy frames never come here.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from aether_nb.live.keeping.digest import Digest
from aether_nb.live.keeping.limits import Data, NotPossible
from aether_nb.live.keeping.recognised import needed

__all__ = ["add_frame", "add_series", "from_file", "to_file"]

Items = Callable[[Digest, list[Any]], None]


def add_frame(digest: Digest, frame: Any, items: Items) -> None:
    """Add a frame to a hash."""
    digest.clock.afford(frame.estimated_size() * 2)
    digest.text("frame", str(frame.shape))
    for series in frame.get_columns():
        digest.clock.check()
        add_series(digest, series, items)


def add_series(digest: Digest, series: Any, items: Items) -> None:
    """Add a series to a hash."""
    digest.clock.afford(series.estimated_size() * 2)
    dtype = series.dtype
    kind = type(dtype).__name__
    digest.text("series", series.name, str(dtype), str(len(series)))
    if kind == "Object":
        raise NotPossible("it has a column of Python objects")
    if kind in {"Categorical", "Enum"}:
        if kind == "Enum":
            items(digest, dtype.categories.to_list())
        series, kind = series.cast(needed("polars").String), "String"
    if series.null_count():
        digest.numbers(series.is_null().to_numpy())
    if kind == "String":
        filled = series.fill_null("")
        digest.numbers(filled.str.len_bytes().to_numpy())
        digest.text(filled.str.join("").item() if len(filled) else "")
    elif kind == "Boolean":
        digest.numbers(series.fill_null(False).to_numpy())
    elif dtype.is_numeric() and kind not in {"Decimal", "Int128", "UInt128"}:
        digest.numbers(series.fill_null(0).to_numpy())
    elif dtype.is_temporal():
        digest.numbers(series.to_physical().fill_null(0).to_numpy())
    else:
        digest.clock.afford(len(series) * 200)
        items(digest, series.to_list())


def to_file(frame: Any) -> Data:
    """A frame as the bytes of an Arrow file."""
    if any(type(dtype).__name__ == "Object" for dtype in frame.dtypes):
        raise NotPossible("it has a column of Python objects")
    out = io.BytesIO()
    frame.write_ipc(out, compression="lz4")
    return out.getbuffer()


def from_file(data: Data) -> Any:
    """The frame of such bytes."""
    polars = needed("polars")

    return polars.read_ipc(io.BytesIO(data))
