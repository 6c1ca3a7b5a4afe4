"""Copies: containers of Python's own as they are now, each without what it refers to, to be put back in place.

A copy of a list holds the same items, not copies of them: what can change among them has a copy of its own. So putting
all of them back restores the very objects, and two names for one object stay two names for one object. Nothing of the
user's is run. This module knows no library, and does not know which objects have to be copied.
"""

from __future__ import annotations

import array
import random
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Iterable
from operator import is_
from typing import Any, ClassVar

__all__ = [
    "MISSING",
    "POINTER",
    "Bytes",
    "Copy",
    "Deque",
    "Dict",
    "List",
    "OrderedDictionary",
    "Random",
    "Set",
    "alike",
]

POINTER = 8
MISSING: Any = object()
"""What stands for an attribute that is not there."""


class Copy(ABC):
    """One object, and what it holds.

    Making one reads nothing but the size; ``take`` copies. ``root`` is the user's name by which it was found, ``noun``
    what of it is copied. A subclass says how it is done for one type.
    """

    __slots__ = ("held", "root", "value")
    noun: ClassVar[str] = "content"

    def __init__(self, value: Any, root: str = "") -> None:
        self.value, self.root = value, root
        self.held: Any = None

    def size(self) -> int:
        """The bytes that the copy takes."""
        return self._size()

    def holds(self) -> Iterable[Any]:
        """What the object refers to now, as far as that may have to be copied too."""
        return self._holds()

    def take(self) -> None:
        """Copy the object as it is now."""
        self.held = self._read()

    def same(self) -> bool:
        """Whether the object is still as it was copied."""
        return self._same()

    def put_back(self) -> None:
        """Make the object what it was. The copy stays whole, and can be put back again."""
        self._put_back()

    def again(self) -> Copy:
        """A copy of the same object as it is at this moment."""
        fresh = type(self)(self.value, self.root)
        fresh.take()
        return fresh

    def _size(self) -> int:
        return 0

    def _holds(self) -> Iterable[Any]:
        return ()

    @abstractmethod
    def _read(self) -> Any:
        """What the object holds, such that it does not change with it."""

    @abstractmethod
    def _same(self) -> bool:
        """See ``same``."""

    @abstractmethod
    def _put_back(self) -> None:
        """See ``put_back``."""


def alike(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether two equally long sequences hold the very same objects."""
    return all(map(is_, one, other))


class List(Copy):
    """A list, or an object that is one among other things."""

    __slots__ = ()

    def _size(self) -> int:
        return POINTER * list.__len__(self.value)

    def _holds(self) -> Iterable[Any]:
        return list.__iter__(self.value)

    def _read(self) -> Any:
        return list.__getitem__(self.value, slice(None))

    def _same(self) -> bool:
        return list.__len__(self.value) == len(self.held) and alike(list.__iter__(self.value), self.held)

    def _put_back(self) -> None:
        list.__setitem__(self.value, slice(None), self.held)


class Dict(Copy):
    """A dict with its order."""

    __slots__ = ()

    def _size(self) -> int:
        return 4 * POINTER * dict.__len__(self.value)

    def _holds(self) -> Iterable[Any]:
        yield from dict.keys(self.value)
        yield from dict.values(self.value)

    def _read(self) -> Any:
        copied: dict[Any, Any] = {}
        copied.update(self.value) if type(self.value) is dict else copied.update(dict.items(self.value))
        return copied

    def _same(self) -> bool:
        value, held = self.value, self.held
        keys = dict.__len__(value) == len(held) and alike(dict.__iter__(value), held)
        return keys and alike(dict.values(value), held.values())

    def _put_back(self) -> None:
        dict.clear(self.value)
        dict.update(self.value, self.held)


class OrderedDictionary(Dict):
    """An ordered dict, which keeps a second order of its own."""

    __slots__ = ()

    def _holds(self) -> Iterable[Any]:
        yield from OrderedDict.keys(self.value)
        yield from dict.values(self.value)

    def _read(self) -> Any:
        return dict(OrderedDict.items(self.value))

    def _same(self) -> bool:
        value, held = self.value, self.held
        keys = dict.__len__(value) == len(held) and alike(OrderedDict.__iter__(value), held)
        return keys and alike(OrderedDict.values(value), held.values())

    def _put_back(self) -> None:
        OrderedDict.clear(self.value)
        for key, item in self.held.items():
            OrderedDict.__setitem__(self.value, key, item)


class Set(Copy):
    """A set."""

    __slots__ = ()

    def _size(self) -> int:
        return 4 * POINTER * set.__len__(self.value)

    def _holds(self) -> Iterable[Any]:
        return set.__iter__(self.value)

    def _read(self) -> Any:
        return set.copy(self.value) if type(self.value) is set else set(set.__iter__(self.value))

    def _same(self) -> bool:
        value = self.value
        return set.__len__(value) == len(self.held) and set(map(id, set.__iter__(value))) == set(map(id, self.held))

    def _put_back(self) -> None:
        set.clear(self.value)
        set.update(self.value, self.held)


class Deque(Copy):
    """A double-ended queue."""

    __slots__ = ()

    def _size(self) -> int:
        return POINTER * deque.__len__(self.value)

    def _holds(self) -> Iterable[Any]:
        return deque.__iter__(self.value)

    def _read(self) -> Any:
        return list(deque.__iter__(self.value))

    def _same(self) -> bool:
        return deque.__len__(self.value) == len(self.held) and alike(deque.__iter__(self.value), self.held)

    def _put_back(self) -> None:
        deque.clear(self.value)
        deque.extend(self.value, self.held)


class Bytes(Copy):
    """A bytearray, or an array of the standard library: what lies in memory, item by item."""

    __slots__ = ()

    @property
    def _base(self) -> Any:
        return bytearray if isinstance(self.value, bytearray) else array.array

    def _size(self) -> int:
        size: int = memoryview(self.value).nbytes
        return size

    def _read(self) -> Any:
        return self._base.__getitem__(self.value, slice(None))

    def _same(self) -> bool:
        return bytes(memoryview(self.value).cast("B")) == bytes(memoryview(self.held).cast("B"))

    def _put_back(self) -> None:
        if not self._same():
            self._base.__setitem__(self.value, slice(None), self.held)


class Random(Copy):
    """A random generator of the standard library: where in its sequence it is."""

    __slots__ = ()
    noun = "state"

    def _read(self) -> Any:
        return random.Random.getstate(self.value)

    def _same(self) -> bool:
        return bool(random.Random.getstate(self.value) == self.held)

    def _put_back(self) -> None:
        random.Random.setstate(self.value, self.held)
