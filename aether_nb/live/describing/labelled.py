"""How xarray's data sets and arrays are told: dimensions, coordinates and variables.

Only values that lie in memory are looked at. What is still in a file, or waits to be computed by dask,
stays there. It does not know the namespace.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aether_nb.live.describing.arrays import numpy_array
from aether_nb.live.describing.columns import NAMES
from aether_nb.live.describing.looks import Description, Line, Look
from aether_nb.live.describing.pandases import index
from aether_nb.live.describing.safely import class_name, genuine, held
from aether_nb.live.describing.words import columns_of, label, many, one_line, root, value_text, word

__all__ = ["data_array", "dataset"]


def dataset(value: Any, name: str, look: Look) -> Description:
    """A data set: its dimensions, and a line about each variable, coordinates last."""
    variables: dict[Any, Any] = held(value, "_variables") or {}
    coordinates: set[Any] = held(value, "_coord_names") or set()
    sizes = _sizes((held(value, "_dims") or {}).items())
    own = [key for key in variables if key not in coordinates]
    names = [*own, *(key for key in variables if key in coordinates)][:NAMES]

    def lines() -> Iterator[Line]:
        for key in names[: look.columns]:
            told = _variable(variables[key], look)
            place = " (coordinate)" if key in coordinates else ""
            yield Line(label(key), f"{word(key)}{place}: {told.head}", told.facts, told.sample, columns_of(key))

    head = f"{name}, {many(len(own), 'variable')}, {sizes}"
    return Description(head, lines=lines(), columns=tuple(map(label, names)))


def data_array(value: Any, name: str, look: Look) -> Description:
    """One array with its dimensions and coordinates."""
    coordinates: dict[Any, Any] = held(value, "_coords") or {}
    called = held(value, "_name")
    named = f", named {word(called)}" if called is not None else ""
    told = _variable(held(value, "_variable"), look)

    def lines() -> Iterator[Line]:
        for key in list(coordinates)[: look.columns]:
            one = _variable(coordinates[key], look)
            yield Line(label(key), f"{word(key)} (coordinate): {one.head}", one.facts, one.sample, columns_of(key))

    head = f"{name}{named}, {told.head}"
    holds = columns_of(called) if called is not None else ()
    return Description(head, told.facts, told.sample, lines(), tuple(map(label, coordinates)), holds)


def _variable(variable: Any, look: Look) -> Description:
    """A variable: dtype, dimensions, unit, and figures when its values are at hand."""
    data, dims = held(variable, "_data"), held(variable, "_dims") or ()
    if class_name(type(data)) == "PandasIndexingAdapter" and genuine(type(data)):
        data = data.array  # an index of pandas
    if root(type(data)) not in {"numpy", "pandas", "dask", "xarray"} or not genuine(type(data)):
        return Description(f"values of {class_name(type(data))}")
    sizes = _sizes(zip(dims, data.shape, strict=False))
    unit = (held(variable, "_attrs") or {}).get("units")
    head = f"{one_line(str(data.dtype), 40)}, {sizes}" + (f", in {one_line(unit, 30)}" if type(unit) is str else "")
    if root(type(data)) == "pandas":
        told = index(data, "", look)
    elif class_name(type(data)) == "ndarray":
        told = numpy_array(data, "", look)
    else:
        return Description(f"{head}, {'not computed' if root(type(data)) == 'dask' else 'not loaded'}")
    return Description(head, told.facts, told.sample)


def _sizes(pairs: Any) -> str:
    return " × ".join(f"{word(dim)} {value_text(size)}" for dim, size in pairs) or "no dimensions"
