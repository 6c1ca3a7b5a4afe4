"""Looking at one variable, whatever it does when it is looked at: the table of who looks at which type.

It does not know the other variables, nor what the variable was before.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from types import FunctionType
from typing import Any

from aether_nb.live.changes.prints import ATOMS, atom, container, function, plain_class, plain_object
from aether_nb.live.changes.shots import Clock, Shot
from aether_nb.live.changes.tables import numpy_array, pandas_frame, pandas_series, polars_frame
from aether_nb.live.describing.words import root, type_name, value_text

__all__ = ["LOOKERS", "NO_TIME", "shoot"]

NO_TIME = "there was no time to look"
LOOKERS: dict[tuple[str, str], Callable[[Any, Clock], dict[str, Any]]] = {
    ("pandas", "DataFrame"): pandas_frame,
    ("pandas", "Series"): pandas_series,
    ("polars", "DataFrame"): lambda frame, _: polars_frame(frame),
    ("numpy", "ndarray"): lambda array, _: numpy_array(array),
}
"""How a type is looked at. Tables are told by column; to add a type, write one function and add a line."""


def shoot(value: Any, clock: Clock, skip: bool = False) -> Shot:
    """What is kept of one variable.

    Args:
        value: The variable; code of its own is not run.
        clock: What there is time for.
        skip: Do not look into it: only who it is counts.
    """
    kind = type(value)
    try:
        name = type_name(kind)
    except Exception as problem:  # noqa: BLE001 - an odd class is kept apart, and spoils no other
        return Shot("?", id(value), problem=f"its type is not readable ({type(problem).__name__})")
    try:
        looked = _look(value, kind, clock) if not (skip or clock.over) else {"problem": NO_TIME}
    except Exception as problem:  # noqa: BLE001 - what cannot be looked at is said so, and spoils no other
        looked = {"problem": f"it is not readable ({type(problem).__name__})"}
    return Shot(name, id(value), _reference(value), **looked)


def _reference(value: object) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(value)
    except TypeError:
        return None


def _look(value: Any, kind: type, clock: Clock) -> dict[str, Any]:
    """What can be told of a variable in the time there is, as fields of its shot."""
    library = root(kind)
    looker = LOOKERS.get((library, kind.__name__))
    held = vars(sys.modules[library]).get(kind.__name__) if library in sys.modules else None
    if looker is not None and held is kind:
        return looker(value, clock)
    if kind.__module__ == "builtins" and kind.__name__ in ATOMS:
        return {"content": atom(value), "text": value_text(value, 60)}
    for base in (dict, list, tuple, set, frozenset):
        if issubclass(kind, base):
            return container(value, base)
    if issubclass(kind, FunctionType):
        return function(value)
    if issubclass(kind, type):
        return plain_class(value)
    if library in {"datetime", "decimal", "fractions", "pandas"} and not hasattr(kind, "__len__"):
        text = value_text(value, 60)
        return {"content": text, "text": text} if not text.startswith("<") else {"content": id(value)}
    return plain_object(value, kind)
