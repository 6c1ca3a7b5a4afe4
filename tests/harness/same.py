"""Whether two values are the same to the last bit, found by reading all of both: what `changes` is measured against.

Written apart from what it judges: it copies, walks and compares, and knows no budget, address or trick. What cannot be
copied or read is the same when it is the same object.
"""

from __future__ import annotations

import copy
import math
import types
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

__all__ = ["copied", "same"]

QUICK = {int, bool, str, pd.Timestamp}
NOTED = ("_has_", "_cache", "_ufunc")
"""What begins so is noted down by scipy, pandas and numpy when an object is only read."""

TIMES = (pd.DatetimeIndex, pd.TimedeltaIndex)
"""They are read as the numbers that they are: as objects, a month of seconds takes a minute."""

NOT_LOOKED_INTO = (types.ModuleType, types.GeneratorType, type)


def _function(value: Any, memo: dict[int, Any]) -> Any:
    """A function with cells, defaults and attributes of its own: ``deepcopy`` takes functions for values."""
    cells = tuple(types.CellType(copy.deepcopy(cell.cell_contents, memo)) for cell in value.__closure__ or ())
    made = types.FunctionType(value.__code__, value.__globals__, value.__name__, value.__defaults__, cells)
    made.__dict__.update(copy.deepcopy(value.__dict__, memo))
    return made


def _series(value: Any, memo: dict[int, Any]) -> Any:
    """A series with objects of its own: pandas copies only the references to them."""
    if str(value.dtype) != "object":
        return value.copy(deep=True)
    made = pd.Series(copy.deepcopy(value.tolist(), memo), value.index, dtype=object, name=value.name)
    made.attrs = copy.deepcopy(value.attrs, memo)
    return made


def _frame(value: Any, memo: dict[int, Any]) -> Any:
    """A frame with objects of its own, likewise."""
    made = value.copy(deep=True)
    for place, dtype in enumerate(value.dtypes):
        if str(dtype) == "object":
            made.isetitem(place, _series(value.iloc[:, place], memo))
    return made


DEEPER: dict[type, Any] = {types.FunctionType: _function, pd.DataFrame: _frame, pd.Series: _series}
"""What ``deepcopy`` copies not deeply enough."""


def copied(namespace: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of each variable, itself where it cannot be copied."""
    out, dispatch = {}, dict(copy._deepcopy_dispatch)
    copy._deepcopy_dispatch.update(DEEPER)
    for name, value in namespace.items():
        try:
            out[name] = value if isinstance(value, NOT_LOOKED_INTO) else copy.deepcopy(value)
        except Exception:  # noqa: BLE001 - files, connections and the like
            out[name] = value
    copy._deepcopy_dispatch.clear()
    copy._deepcopy_dispatch.update(dispatch)
    return out


def same(a: Any, b: Any, met: frozenset[tuple[int, int]] = frozenset()) -> bool:
    """Whether two values hold the same; each pair of objects is followed once on a way down."""
    if type(a) is not type(b):
        return type(a).__qualname__ == type(b).__qualname__ and type(a).__module__ == type(b).__module__ == "__main__"
    if (id(a), id(b)) in met:
        return True
    below = met | {(id(a), id(b))}
    if isinstance(a, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    if isinstance(a, np.ndarray):
        return _same_arrays(a, b, below)
    if isinstance(a, (pd.DataFrame, pd.Series, pd.Index)):
        return _same_pandas(a, b, below)
    if isinstance(a, (pl.DataFrame, pl.Series)):
        frames = [one if isinstance(one, pl.DataFrame) else one.to_frame() for one in (a, b)]
        return frames[0].schema == frames[1].schema and frames[0].equals(frames[1])
    if isinstance(a, (pa.Table, pa.RecordBatch)):
        return a.schema == b.schema and a.to_pydict() == b.to_pydict()
    if isinstance(a, dict):
        return _all(list(a.items()), list(b.items()), below) and _attributes(a, b, below)
    if isinstance(a, (list, tuple)) or type(a).__name__ == "deque":
        return _all(list(a), list(b), below) and _attributes(a, b, below)
    if isinstance(a, (set, frozenset)):
        return a == b or sorted(map(repr, a)) == sorted(map(repr, b))
    if isinstance(a, types.FunctionType):
        return _all(_parts(a), _parts(b), below)
    if type(a).__eq__ is object.__eq__ or hasattr(a, "__dict__"):
        return a is b or _same_objects(a, b, below)
    return bool(a == b)


def _parts(function: Any) -> list[Any]:
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    code = function.__code__
    return [code.co_code, code.co_consts, function.__defaults__, cells, function.__dict__]


def _all(a: list[Any], b: list[Any], met: frozenset[tuple[int, int]]) -> bool:
    kinds = set(map(type, a))
    if kinds <= QUICK and kinds == set(map(type, b)):
        return a == b
    return len(a) == len(b) and all(same(x, y, met) for x, y in zip(a, b, strict=True))


def _same_arrays(a: Any, b: Any, met: frozenset[tuple[int, int]]) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if isinstance(a, np.ma.MaskedArray):
        return _same_arrays(np.asarray(a), np.asarray(b), met) and bool(
            (np.ma.getmaskarray(a) == np.ma.getmaskarray(b)).all()
        )
    return _all(a.ravel().tolist(), b.ravel().tolist(), met) if a.dtype.hasobject else a.tobytes() == b.tobytes()


def _same_pandas(a: Any, b: Any, met: frozenset[tuple[int, int]]) -> bool:
    if isinstance(a, pd.Index):
        if a.dtype != b.dtype or list(a.names) != list(b.names):
            return False
        return a.asi8.tobytes() == b.asi8.tobytes() if isinstance(a, TIMES) else _all(list(a), list(b), met)
    if isinstance(a, pd.Series):
        a, b = a.to_frame("s" if a.name is None else a.name), b.to_frame("s" if b.name is None else b.name)
    if a.shape != b.shape or not _same_pandas(a.columns, b.columns, met) or not _same_pandas(a.index, b.index, met):
        return False
    if list(map(str, a.dtypes)) != list(map(str, b.dtypes)):
        return False
    for place in range(a.shape[1]):
        x, y = a.iloc[:, place], b.iloc[:, place]
        plain = isinstance(x.dtype, np.dtype) and not x.dtype.hasobject
        if plain and x.to_numpy().tobytes() != y.to_numpy().tobytes():
            return False
        if not plain and not (x.isna().equals(y.isna()) and _all(x.dropna().tolist(), y.dropna().tolist(), met)):
            return False
        if str(x.dtype) == "category" and list(x.cat.categories) != list(y.cat.categories):
            return False
    return True


def _same_objects(a: Any, b: Any, met: frozenset[tuple[int, int]]) -> bool:
    return _attributes(a, b, met, empty=False)


def _attributes(a: Any, b: Any, met: frozenset[tuple[int, int]], empty: bool = True) -> bool:
    """Whether the attributes of two objects are the same, those in slots too; ``empty`` is what two without any are."""
    found = []
    for one in (a, b):
        held = {n: v for n, v in getattr(one, "__dict__", {}).items() if not n.startswith(NOTED)}
        for base in type(one).__mro__:
            slots = base.__dict__.get("__slots__", ())
            names = [slots] if isinstance(slots, str) else slots
            held |= {n: getattr(one, n) for n in names if not n.startswith("__") and hasattr(one, n)}
        found.append(held)
    if not found[0] and not found[1]:
        return empty
    return list(found[0]) == list(found[1]) and _all(list(found[0].values()), list(found[1].values()), met)
