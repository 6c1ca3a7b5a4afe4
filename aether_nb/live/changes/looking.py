"""Looking at one variable, whatever it does when it is looked at: the table of who looks at which type.

It does not know the other variables, nor what the variable was before.
"""

from __future__ import annotations

import sys
from collections.abc import Container
from functools import lru_cache
from typing import Any

from aether_nb.live.changes.arrows import arrow_array, arrow_table, polars_frame, polars_series
from aether_nb.live.changes.buffers import masked_array, numpy_array, torch_tensor
from aether_nb.live.changes.others import drawing, everything, itself, numpy_scalar, xarray_array, xarray_dataset
from aether_nb.live.changes.pandases import pandas_frame, pandas_index, pandas_series
from aether_nb.live.changes.prints import ATOMS, Look, Looker, atom
from aether_nb.live.changes.shots import NO_TIME, Purse, Shot, Token
from aether_nb.live.changes.tables import TablePrint
from aether_nb.live.describing.safely import class_name
from aether_nb.live.describing.words import root, type_name, value_text

__all__ = ["LOOKERS", "VARIABLE_COST", "looker_for", "shoot"]

LOOKERS: dict[tuple[str, str], Looker] = {
    ("pandas", "DataFrame"): pandas_frame,
    ("pandas", "Series"): pandas_series,
    ("pandas", "Index"): pandas_index,
    ("polars", "DataFrame"): polars_frame,
    ("polars", "Series"): polars_series,
    ("polars", "LazyFrame"): itself,
    ("polars", "Expr"): itself,
    ("pyarrow", "Table"): arrow_table,
    ("pyarrow", "RecordBatch"): arrow_table,
    ("pyarrow", "ChunkedArray"): arrow_array,
    ("pyarrow", "Array"): arrow_array,
    ("numpy", "generic"): numpy_scalar,
    ("numpy", "ndarray"): numpy_array,
    ("numpy", "MaskedArray"): masked_array,
    ("scipy", "_spbase"): everything,
    ("torch", "Tensor"): torch_tensor,
    ("torch", "Module"): everything,
    ("xarray", "Dataset"): xarray_dataset,
    ("xarray", "DataArray"): xarray_array,
    ("matplotlib", "Figure"): drawing,
    ("matplotlib", "_AxesBase"): drawing,
    ("dask", "DaskMethodsMixin"): itself,
    ("duckdb", "DuckDBPyRelation"): itself,
    ("duckdb", "DuckDBPyConnection"): itself,
    ("pyspark", "DataFrame"): itself,
    ("enum", "Enum"): itself,
}
"""Who looks at a type and those made from it, by its library and name: to add one, write one function and a line."""


@lru_cache(maxsize=512)
def looker_for(kind: type) -> Looker | None:
    """Who looks at a type of a library; the nearest of its bases counts. None for Python's own objects."""
    for base in type.mro(kind):
        if (looker := LOOKERS.get((root(base), class_name(base)))) is not None:
            return looker if root(base) in sys.modules else None
    return None


def shoot(value: Any, purse: Purse, hold: Purse, exposed: Container[int] = frozenset(), skip: bool = False) -> Shot:
    """What is kept of one variable.

    Args:
        value: The variable; code of its own is not run.
        purse: What may be spent on looking.
        hold: How many bytes of tables may be kept alive.
        exposed: The memory of arrays that code can write to.
        skip: Do not look into it: only who it is counts.
    """
    kind = type(value)
    if kind in ATOMS:
        return Shot(class_name(kind), Token(value), atom(value), text=value_text(value, 60))
    try:
        name = _name(kind)  # type: ignore[arg-type]
    except Exception as problem:  # noqa: BLE001 - an odd class is kept apart, and spoils no other
        return Shot("?", Token(value), exact=False, problem=f"its type is not readable ({class_name(type(problem))})")
    if skip or not purse.pay(VARIABLE_COST):
        return Shot(name, Token(value), exact=False, problem=NO_TIME)
    look, allowed = Look(purse, looker_for, hold, exposed), purse.left
    try:
        content = look.at(value)
    except Exception as problem:  # noqa: BLE001 - what cannot be looked at is said so, and spoils no other
        return Shot(name, Token(value), exact=False, problem=f"it is not readable ({class_name(type(problem))})")
    table = content.table if type(content) is TablePrint else None
    size, text = _said(content)
    return Shot(name, Token(value), content, look.exact, table.rows if table else size, text, table, allowed=allowed)


VARIABLE_COST = 5_000
"""Nominal nanoseconds for looking at any variable at all."""
_name = lru_cache(maxsize=512)(type_name)


def _said(content: Any) -> tuple[Any, str]:
    """The size and the text of a print, where it has one."""
    if type(content) is not tuple:
        return None, ""
    if content[0] == "array":
        return content[2], ""
    if content[0] == "fixed":
        text = value_text(content[2], 60)
        return None, "" if text[:1] == "<" else text
    return (content[1], "") if type(content[1]) is int else (None, "")
