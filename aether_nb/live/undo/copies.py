"""Copies: objects of Python's own as they are now, each without what it refers to, to be put back in place.

A copy of a list holds the same items, not copies of them: what can change among them has a copy of its own. So putting
all of them back restores the very objects, and two names for one object stay two names for one object. Nothing of the
user's is run. This module knows no library, and does not know which objects have to be copied.
"""

from __future__ import annotations

import array
import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator
from operator import is_
from types import FunctionType, MemberDescriptorType
from typing import Any, ClassVar

__all__ = [
    "Attributes",
    "Bytes",
    "Class",
    "Copy",
    "Deque",
    "Dict",
    "Function",
    "List",
    "OrderedDictionary",
    "Random",
    "Set",
    "slots_of",
]

POINTER = 8
HEAP_TYPE = 1 << 9
MISSING: Any = object()
"""What stands for an attribute that is not there."""


class Copy:
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

    def _read(self) -> Any:
        """What the object holds, such that it does not change with it."""
        raise NotImplementedError

    def _same(self) -> bool:
        raise NotImplementedError

    def _put_back(self) -> None:
        raise NotImplementedError


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


class Attributes(Copy):
    """Any object of a Python class: its class, its attributes and its slots."""

    __slots__ = ()
    noun = "attributes"

    def _size(self) -> int:
        return 4 * POINTER * len(_dict_of(self.value) or ())

    def _holds(self) -> Iterable[Any]:
        held = _dict_of(self.value)
        if held:
            yield from held.values()
        for slot in slots_of(type(self.value)):
            if (item := _slot(slot, self.value)) is not MISSING:
                yield item
        yield type(self.value)

    def _read(self) -> Any:
        held = _dict_of(self.value)
        slots = tuple(_slot(slot, self.value) for slot in slots_of(type(self.value)))
        return type(self.value), held, None if held is None else dict(held), slots

    def _same(self) -> bool:
        kind, held, items, slots = self.held
        if type(self.value) is not kind:
            return False
        now = _dict_of(self.value)
        if now is not held or not alike(slots, (_slot(slot, self.value) for slot in slots_of(kind))):
            return False
        return now is None or (len(now) == len(items) and alike(now, items) and alike(now.values(), items.values()))

    def _put_back(self) -> None:
        value = self.value
        kind, held, items, slots = self.held
        if type(value) is not kind:
            object.__setattr__(value, "__class__", kind)
        if held is not None:
            if _dict_of(value) is not held:
                object.__setattr__(value, "__dict__", held)
            held.clear()
            held.update(items)
        for slot, item in zip(slots_of(kind), slots, strict=True):
            if _slot(slot, value) is item:
                continue
            slot.__delete__(value) if item is MISSING else slot.__set__(value, item)


class Function(Copy):
    """A function of the user's: its code, its defaults, what it has closed over, its attributes."""

    __slots__ = ()
    noun = "definition"

    def _holds(self) -> Iterable[Any]:
        function: FunctionType = self.value
        yield from function.__dict__.values()
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        yield from (item for item in map(_cell, function.__closure__ or ()) if item is not MISSING)

    def _read(self) -> Any:
        function: FunctionType = self.value
        cells = tuple(map(_cell, function.__closure__ or ()))
        parts = function.__code__, function.__defaults__, function.__kwdefaults__
        return parts, dict(function.__kwdefaults__ or {}), cells, dict(function.__dict__)

    def _same(self) -> bool:
        parts, named, cells, attributes = self._read()
        held_parts, held_named, held_cells, held_attributes = self.held
        pairs = ((named, held_named), (attributes, held_attributes))
        same_items = (len(a) == len(b) and alike(a, b) and alike(a.values(), b.values()) for a, b in pairs)
        return alike(parts, held_parts) and alike(cells, held_cells) and all(same_items)

    def _put_back(self) -> None:
        function: FunctionType = self.value
        (function.__code__, function.__defaults__, function.__kwdefaults__), named, cells, attributes = self.held
        for mapping, items in ((function.__kwdefaults__, named), (function.__dict__, attributes)):
            if mapping is not None:
                mapping.clear()
                mapping.update(items)
        for cell, item in zip(function.__closure__ or (), cells, strict=True):
            if _cell(cell) is item:
                continue
            if item is MISSING:
                del cell.cell_contents
            else:
                cell.cell_contents = item


class Class(Copy):
    """A class of the user's: its members."""

    __slots__ = ()
    noun = "definition"

    def _holds(self) -> Iterable[Any]:
        yield from self._members().values()
        yield from type.mro(self.value)[1:]

    def _members(self) -> dict[str, Any]:
        members = type.__dict__["__dict__"].__get__(self.value)
        return {name: member for name, member in members.items() if name not in _OF_A_CLASS}

    def _read(self) -> Any:
        return self._members()

    def _same(self) -> bool:
        now = self._members()
        return len(now) == len(self.held) and all(
            name in now and now[name] is member for name, member in self.held.items()
        )

    def _put_back(self) -> None:
        now = self._members()
        for name in now.keys() - self.held.keys():
            type.__delattr__(self.value, name)
        for name, member in self.held.items():
            if now.get(name, MISSING) is not member:
                type.__setattr__(self.value, name, member)


_OF_A_CLASS = {"__dict__", "__weakref__", "_abc_impl", "__annotations__", "__annotate__", "__annotations_cache__"}
"""What Python itself keeps in a class and may make anew at any time."""


def _dict_of(value: Any) -> dict[str, Any] | None:
    """An object's own attributes, without asking it; None when it has no dict."""
    if not type(value).__dictoffset__:
        return None
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return held if type(held) is dict else None


_SLOTS: dict[type, tuple[Any, ...]] = {}


def slots_of(kind: type) -> tuple[Any, ...]:
    """The slots of a class, those of its bases included."""
    known = _SLOTS.get(kind)
    if known is None:
        known = tuple(_find_slots(kind))
        if kind.__module__ != "__main__":  # a class of the user's may be gone tomorrow
            _SLOTS[kind] = known
    return known


def _find_slots(kind: type) -> Iterator[Any]:
    for base in type.mro(kind):
        members = type.__dict__["__dict__"].__get__(base)
        if base.__flags__ & HEAP_TYPE and "__slots__" in members:
            yield from (member for member in members.values() if type(member) is MemberDescriptorType)
        elif base is defaultdict:
            yield members["default_factory"]


def _slot(slot: Any, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except (AttributeError, TypeError):
        return MISSING


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
