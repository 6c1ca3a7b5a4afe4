"""How types of other libraries are looked at: each by what a person means when he says that it has changed.

No library is imported. It does not know the namespace.
"""

from __future__ import annotations

from typing import Any

from aether_nb.live.changes.prints import Look
from aether_nb.live.changes.shots import Token
from aether_nb.live.describing.safely import class_module, class_name
from aether_nb.live.describing.words import label

__all__ = ["drawing", "everything", "itself", "numpy_scalar", "xarray_array", "xarray_dataset"]


def itself(value: Any, look: Look) -> Any:
    """Something lazy, or with nothing in it that could change: only which object it is."""
    return "itself", Token(value)


def everything(value: Any, look: Look) -> Any:
    """An object of a library by all its attributes, the private ones too, but for what it keeps to be quick."""
    held: dict[str, Any] = object.__getattribute__(value, "__dict__")
    seen = {key: item for key, item in held.items() if not key.startswith(("_has_", "_cache", "_version"))}
    return "object", class_name(type(value)), None, tuple(seen), tuple(map(look.at, seen.values()))


def numpy_scalar(value: Any, look: Look) -> Any:
    """A number or text of numpy's, which cannot change."""
    return "scalar", value.dtype, value.tobytes()


def drawing(value: Any, look: Look) -> Any:
    """A figure or axes by what is drawn on it: the artists and texts, not how they look."""
    axes = list(value.axes) if hasattr(value, "add_axes") else [value]
    return "drawing", Token(value), tuple(map(_drawn, axes)), len(getattr(value, "texts", ()))


def _drawn(axes: Any) -> Any:
    texts = axes.get_title(), axes.get_xlabel(), axes.get_ylabel()
    return Token(axes), tuple(map(Token, axes._children)), texts


def xarray_dataset(dataset: Any, look: Look) -> Any:
    """A dataset by its variables; what is not in memory is only itself."""
    pieces = {label(name): _variable(variable, look) for name, variable in dataset._variables.items()}
    return "object", "Dataset", None, (*pieces, "attrs"), (*pieces.values(), look.at(dataset._attrs))


def xarray_array(array: Any, look: Look) -> Any:
    """A labelled array by its data and coordinates."""
    pieces = {label(name): _variable(variable, look) for name, variable in array._coords.items()}
    data = _variable(array._variable, look)
    return "object", "DataArray", None, ("values", *pieces, "name"), (data, *pieces.values(), look.at(array._name))


def _variable(variable: Any, look: Look) -> Any:
    data = variable._data
    inside = look.at(data) if class_module(type(data)) == "numpy" else Token(getattr(data, "array", data))
    return tuple(variable._dims), inside, look.at(variable._attrs)
