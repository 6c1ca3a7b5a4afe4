"""Which class of which library a value is of, without importing the library and without asking the value.

Only a class that its module holds under that name is taken for it; a subclass may redefine anything and is unknown.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from aether_nb.live.describing.words import root
from aether_nb.live.keeping.limits import NotPossible

__all__ = ["library_class", "loaded", "needed"]

CLASSES = {
    "pandas": {"DataFrame", "Series", "Timestamp", "Timedelta", "Period"},
    "polars": {"DataFrame", "Series"},
    "pyarrow": {"Table"},
    "numpy": {"ndarray"},
}
INDEXES = {
    *("Index", "RangeIndex", "MultiIndex", "DatetimeIndex", "TimedeltaIndex", "PeriodIndex"),
    *("CategoricalIndex", "IntervalIndex"),
}
"""pandas' own; each is kept as an index."""


def loaded(module: str) -> Any:
    """A library that is loaded already; None when it is not."""
    return sys.modules.get(module)


def needed(module: str) -> Any:
    """One of these libraries, to read what was written of it; the user had it, so it is no requirement of ours.

    Raises:
        NotPossible: It is not installed here.
    """
    assert module in CLASSES
    try:
        return import_module(module)
    except ImportError as error:
        raise NotPossible(f"the library {module} is not installed here") from error


def library_class(value: object) -> str:
    """``pandas.DataFrame``, ``numpy.ndarray``, ``numpy.generic``, ``pandas.Index`` …; empty for everything else."""
    kind = type(value)
    library = root(kind)
    held = sys.modules.get(library)
    if library not in CLASSES or held is None:
        return ""
    name = type.__dict__["__name__"].__get__(kind)
    if vars(held).get(name) is kind:
        if library == "pandas" and name in INDEXES:
            return "pandas.Index"
        if name in CLASSES[library]:
            return f"{library}.{name}"
    if library == "pandas" and name in {"NAType", "NaTType"} and (value is held.NA or value is held.NaT):
        return f"pandas.{name}"
    return "numpy.generic" if library == "numpy" and _is_single(kind) else ""


def _is_single(kind: type) -> bool:
    """Whether this is one of numpy's own types of a single value."""
    numpy = loaded("numpy")
    return numpy is not None and issubclass(kind, numpy.generic) and kind in set(numpy.sctypeDict.values())
