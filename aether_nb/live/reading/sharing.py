"""Sharing: whether what some variables hold is also held under another name, where a change of it would be seen too.

It looks two levels deep, at the objects and at the memory that they lie in, and runs nothing of theirs. Where there is
too much to look at, it counts as shared. It does not know the code that is read.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from itertools import islice, product
from types import ModuleType
from typing import Any

from aether_nb.live.describing.safely import all_of, has_dict
from aether_nb.live.owning import users_own
from aether_nb.live.reading.attributes import copies_on_write
from aether_nb.live.reading.glance import CALLABLES, CONTAINERS, LOOKED_AT, UNCHANGING, can_change
from aether_nb.live.reading.modules import home

__all__ = ["are_shared"]

DEPTH = 2
MOST = 50_000
"""So many objects that can change in a variable, and so many pairs of arrays, are looked at; more count as shared."""
LONGEST = 1_000_000
"""A container of more items counts as shared."""
UNMADE = (*CALLABLES, ModuleType)


def are_shared(names: Collection[str], namespace: Mapping[str, object]) -> bool:
    """Whether a change of what these variables hold may be seen under another name of the namespace as well."""
    changed = {name: _Held(namespace[name]) for name in names if name in namespace and not _is_fixed(namespace[name])}
    if not changed:
        return False
    for other, value in users_own(namespace).items():
        if _is_fixed(value):
            continue
        held = changed[other] if other in changed else _Held(value)
        if not held.whole or any(mine.meets(held) for name, mine in changed.items() if name != other):
            return True
    return not all(mine.whole for mine in changed.values())


def _is_fixed(value: object) -> bool:
    return not can_change(value) or issubclass(type(value), UNMADE)


class _Held:
    """The objects that can change in a value, and the arrays that it lies in.

    Attributes:
        objects: Their identities.
        arrays: Arrays of numpy.
        tables: The arrays in which tables of pandas lie.
        whole: Whether everything was looked at.
    """

    def __init__(self, value: object) -> None:
        self.objects: set[int] = set()
        self.arrays: list[Any] = []
        self.tables: list[Any] = []
        self._left = MOST
        self._look(value, DEPTH)
        self.whole = self._left > 0

    def meets(self, other: _Held) -> bool:
        """Whether the two have an object in common, or memory."""
        if self.objects & other.objects:
            return True
        pairs = [(self.arrays, other.arrays), (self.arrays, other.tables), (self.tables, other.arrays)]
        if not copies_on_write():
            pairs.append((self.tables, other.tables))
        if sum(len(one) * len(two) for one, two in pairs) > MOST:
            return True
        numpy = sys.modules.get("numpy")
        return numpy is not None and any(numpy.may_share_memory(a, b) for both in pairs for a, b in product(*both))

    def _look(self, value: Any, depth: int) -> None:
        kind = type(value)
        if _is_fixed(value):
            return
        self._left -= 1
        if kind is not tuple and kind is not frozenset:
            self.objects.add(id(value))
        if kind is memoryview:
            self.objects.add(id(value.obj))
        elif home(kind) == "pandas":
            self._table(value, depth)
        elif "numpy" in sys.modules and issubclass(kind, sys.modules["numpy"].ndarray):
            self._array(value, depth)
        elif depth:
            self._items(_inside(value), depth)

    def _items(self, items: Collection[Any], depth: int) -> None:
        if len(items) > LONGEST:
            self._left = 0
        if not self._left or all_of(items, *UNCHANGING):
            return
        for item in items:
            self._look(item, depth - 1)
            if not self._left:
                return

    def _array(self, array: Any, depth: int) -> None:
        self.arrays.append(array)
        below = array.base
        while below is not None:
            self.objects.add(id(below))
            below = getattr(below, "obj" if type(below) is memoryview else "base", None)
        if depth and array.dtype.kind == "O":
            self._items(list(islice(array.flat, LOOKED_AT)), depth)

    def _table(self, value: Any, depth: int) -> None:
        """A table, a column or an index; of columns of objects the first ones are looked at."""
        held = object.__getattribute__(value, "__dict__") if has_dict(type(value)) else {}
        blocks = [block.values for block in getattr(held.get("_mgr"), "blocks", ())]
        for block in [*blocks, held.get("_data")]:
            array = getattr(block, "_ndarray", block)
            if home(type(array)) != "numpy":
                continue
            self.tables.append(array)
            if depth and array.dtype.kind == "O":
                self._items(list(islice(array.flat, LOOKED_AT)), depth)


def _inside(value: Any) -> Collection[Any]:
    """What a container holds, or an object in its attributes."""
    kind = type(value)
    for base in (*CONTAINERS, deque):
        if issubclass(kind, base):
            items: Iterable[Any] = dict.values(value) if issubclass(kind, dict) else base.__iter__(value)
            return list(islice(items, LONGEST + 1))
    return list(object.__getattribute__(value, "__dict__").values()) if has_dict(kind) else ()
