"""What code can get at through the names in it: aliases, what functions use, items, and arrays that share memory.

It reads objects and runs nothing of theirs. What code reaches in other ways (``globals()``, other threads) it does not
know.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain, islice
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, cast

from aether_nb.live.changes.prints import ATOMS, HEAP
from aether_nb.live.changes.tables import Exposed
from aether_nb.live.describing.safely import class_name, flags, has_dict
from aether_nb.live.describing.words import root

__all__ = ["ALONE", "EVERYTHING", "arrays_in", "in_reach"]

EVERYTHING = Exposed([(0, sys.maxsize)])
"""All memory: what code can write to that goes past the libraries of tables."""

ALONE = ATOMS - {slice}
"""Types whose objects cannot change and hold no others: a slice may hold anything."""
ITEMS = 1_000
"""So many items of a container are followed."""
OWN = {"__main__", "builtins"}
"""Where the classes and functions come from that a user types."""
PLAIN = 0b11111111 << 24
"""The flags of Python's own types and those made from them: numbers, texts, containers, classes, exceptions."""


def in_reach(variables: Mapping[str, object], names: Collection[str]) -> frozenset[str]:
    """The variables that code with these names in it can change, as far as their references are followed.

    Args:
        variables: The user's variables.
        names: The names in the code.
    """
    bound: dict[int, list[str]] = {}
    for name, value in variables.items():
        bound.setdefault(id(value), []).append(name)
    found: set[str] = set()
    waiting = [name for name in names if name in variables]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        value = variables[name]
        waiting += bound[id(value)]
        waiting += (other for item in _items(value) for other in bound.get(id(item), ()))
        waiting += (other for other in _names_used(value) if other in variables)
    if not found:
        return frozenset()
    objects = {id(variables[name]) for name in found}
    holders = ((name, value) for name, value in variables.items() if type(value) not in ALONE)
    found.update(name for name, value in holders if not objects.isdisjoint(map(id, _items(value))))
    shared = Exposed(chain.from_iterable(map(_memory, (variables[name] for name in found))))
    if not shared.starts:
        return frozenset(found)
    found.update(name for name, value in variables.items() if any(start in shared for start, _ in _memory(value)))
    return frozenset(found)


def arrays_in(variables: Iterable[object]) -> Exposed:
    """The memory of arrays that code can write to directly."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return Exposed()
    array = numpy.ndarray
    found = [value for value in variables if issubclass(type(value), array)]
    held = (_items(value) for value in variables if type(value) in (list, tuple, dict))
    found += (item for items in held if array in map(type, items) for item in items if type(item) is array)
    return Exposed(chain.from_iterable(map(_memory, found)))


def _items(value: Any) -> list[Any]:
    """What an object holds directly; nothing when it is so odd that it cannot be looked at."""
    try:
        return list(islice(_held(value), ITEMS))
    except Exception:  # noqa: BLE001 - an odd object is not followed, and spoils no other
        return []


def _held(value: Any) -> Iterable[Any]:
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return cast(Iterable[Any], value)
    if kind is dict:
        return cast(Iterable[Any], value.values())
    if kind is MethodType:
        return value.__self__, value.__func__
    if kind is FunctionType:
        return (cell.cell_contents for cell in value.__closure__ or () if cell != CellType())
    if has_dict(kind) and root(kind) in OWN:
        held: dict[str, Any] = object.__getattribute__(value, "__dict__")
        return held.values()
    return ()


def _names_used(value: Any) -> Iterator[str]:
    """The global names that a function uses, or the methods of a class or of an object of the user's."""
    if type(value) is FunctionType:
        yield from _code_names(value.__code__)
        return
    kind = value if issubclass(type(value), type) else type(value)
    if root(kind) in OWN and flags(kind) & HEAP:
        for member in islice(type.__dict__["__dict__"].__get__(kind).values(), ITEMS):
            if type(member) is FunctionType:
                yield from _code_names(member.__code__)


def _code_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _code_names(constant)


def _memory(value: Any) -> list[tuple[int, int]]:
    """The memory that an array, or the plain columns of a table, lie in, as whole buffers."""
    kind = type(value)
    if "numpy" not in sys.modules or flags(kind) & PLAIN:
        return []
    try:
        if issubclass(kind, sys.modules["numpy"].ndarray):
            return [_whole(value)]
        return MEMORIES[root(kind), class_name(kind)](value)
    except Exception:  # noqa: BLE001 - an odd object, or one without such memory, is not followed
        return []


def _pandas_memory(value: Any) -> list[tuple[int, int]]:
    blocks = object.__getattribute__(value, "_mgr").blocks
    return [_whole(block.values) for block in blocks if type(block.values).__module__ == "numpy"]


def _arrow_memory(table: Any) -> list[tuple[int, int]]:
    buffers = (buffer for column in table.columns for chunk in column.chunks for buffer in chunk.buffers() if buffer)
    return [(buffer.address, buffer.address + buffer.size) for buffer in buffers]


def _polars_memory(frame: Any) -> list[tuple[int, int]]:
    plain = (column for column in frame.get_columns() if column.dtype.is_numeric() and column.n_chunks() == 1)
    arrays = (column.to_numpy() for column in plain if not column.null_count())
    return [(array.ctypes.data, array.ctypes.data + array.nbytes) for array in arrays]


MEMORIES: dict[tuple[str, str], Callable[[Any], list[tuple[int, int]]]] = {
    ("pandas", "DataFrame"): _pandas_memory,
    ("pandas", "Series"): _pandas_memory,
    ("polars", "DataFrame"): _polars_memory,
    ("pyarrow", "Table"): _arrow_memory,
}
"""Where tables may share memory with arrays."""


def _whole(array: Any) -> tuple[int, int]:
    """From where to where the buffer reaches that an array is a view of."""
    below = array
    while type(below.base) is type(below):
        below = below.base
    start = below.__array_interface__["data"][0]
    return start, start + max(below.nbytes, 1)
