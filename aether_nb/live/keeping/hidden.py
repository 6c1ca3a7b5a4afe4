"""Variables that may not be written beside the record: those with a column that the user hides.

A frame, a series, a table or a dict of columns is looked at by its names, a few levels deep; a copy under another name
is not found out. It does not know which columns are hidden: a function says so of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

__all__ = ["hidden_column"]

DEPTH = 3
COLUMNS = 10_000


def hidden_column(name: str, value: object, hides: Callable[[str], bool], depth: int = DEPTH) -> str:
    """The first column in a variable that is hidden; empty when there is none.

    Args:
        name: The variable's name, which may itself be that of a column.
        value: What it holds.
        hides: Whether a column is hidden, by ``name`` or ``variable.column``.
        depth: How many levels of containers are looked into.
    """
    if hides(name):
        return name
    kind = type(value)
    if issubclass(kind, Mapping) or issubclass(kind, list | tuple):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)  # type: ignore[arg-type]
        for key, inner in islice(items, COLUMNS):
            label = key if isinstance(key, str) else ""
            if label and hides(f"{name}.{label}"):
                return label
            if depth and (found := hidden_column("", inner, hides, depth - 1)):
                return found
        return ""
    names = getattr(value, "columns", None) if hasattr(kind, "columns") else getattr(value, "column_names", None)
    labels = [str(label) for label in islice(names, COLUMNS)] if names is not None else []
    index = getattr(getattr(value, "index", None), "names", None) or []
    labels += [str(label) for label in [*index, getattr(value, "name", None)] if isinstance(label, str)]
    return next((label for label in labels if hides(f"{name}.{label}")), "")
