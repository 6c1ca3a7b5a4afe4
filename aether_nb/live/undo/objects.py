"""Copies of objects by what they are made of: attributes and slots, the parts of a function, the members of a class.

Nothing of the user's is run: attributes are read as Python keeps them. It does not know which objects have to be
copied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import FunctionType, MemberDescriptorType
from typing import Any

from aether_nb.live.undo.copies import MISSING, POINTER, Copy, alike

__all__ = ["HEAP_TYPE", "Attributes", "Class", "Function"]

HEAP_TYPE = 1 << 9
"""The flag of types that were made while Python ran."""


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
        for slot in _slots_of(type(self.value)):
            if (item := _slot(slot, self.value)) is not MISSING:
                yield item
        yield type(self.value)

    def _read(self) -> Any:
        held = _dict_of(self.value)
        slots = tuple(_slot(slot, self.value) for slot in _slots_of(type(self.value)))
        return type(self.value), held, None if held is None else dict(held), slots

    def _same(self) -> bool:
        kind, held, items, slots = self.held
        if type(self.value) is not kind:
            return False
        now = _dict_of(self.value)
        if now is not held or not alike(slots, (_slot(slot, self.value) for slot in _slots_of(kind))):
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
        for slot, item in zip(_slots_of(kind), slots, strict=True):
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


def _slots_of(kind: type) -> tuple[Any, ...]:
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
