"""Reading classes and objects as they are stored, without running any code of theirs.

A property, ``__getattr__``, ``__len__`` or ``__repr__`` may take minutes, run a query, raise or lie, and so may the
metaclass of a class that is asked for its name. What stands in a class or an object is read here by the means of
Python itself. It does not know any library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType
from typing import Any

__all__ = [
    "EMPTY",
    "all_of",
    "ancestors",
    "class_module",
    "class_name",
    "flags",
    "genuine",
    "has_dict",
    "has_weakref",
    "held",
    "holdings",
    "members",
    "root",
    "slots",
]

_NAME: Any = type.__dict__["__name__"]
_MODULE: Any = type.__dict__["__module__"]
_DICT: Any = type.__dict__["__dict__"]
_MRO: Any = type.__dict__["__mro__"]
_DICT_OFFSET: Any = type.__dict__["__dictoffset__"]
_WEAKREF_OFFSET: Any = type.__dict__["__weakrefoffset__"]
_FLAGS: Any = type.__dict__["__flags__"]

EMPTY: Mapping[str, Any] = MappingProxyType({})
_GENUINE: dict[int, type] = {}
"""Classes that were found to be genuine, by identity: a metaclass may have an ``__hash__`` of its own."""


def class_name(klass: type) -> str:
    """The name that a class was given, whatever it says about itself."""
    name: str = _NAME.__get__(klass)
    return name


def class_module(klass: type) -> str:
    """The module that a class says it was made in; empty when it says nothing that could be one."""
    try:
        module = _MODULE.__get__(klass)
    except AttributeError:
        return ""
    return module if type(module) is str else ""


def ancestors(klass: type) -> tuple[type, ...]:
    """A class and those it comes from, in the order in which they are asked; ``object`` is the last."""
    found: tuple[type, ...] = _MRO.__get__(klass)
    return found


def all_of(values: Iterable[object], *kinds: type) -> bool:
    """Whether all values are exactly of one of these classes.

    Classes are told apart by who they are: to compare or hash one may run code of its metaclass. ``id`` is not asked,
    for whoever listens to Python's audit events, such as the guard, is told of each use of it.
    """
    left = list(map(type, values))
    for kind in kinds:
        left = [one for one in left if one is not kind]
        if not left:
            break
    return not left


def members(klass: type) -> Mapping[str, Any]:
    """What stands in a class itself."""
    found: Mapping[str, Any] = _DICT.__get__(klass)
    return found


def has_dict(klass: type) -> bool:
    """Whether its objects keep attributes in a ``__dict__``."""
    return bool(_DICT_OFFSET.__get__(klass))


def has_weakref(klass: type) -> bool:
    """Whether its objects can be referred to weakly."""
    return bool(_WEAKREF_OFFSET.__get__(klass))


def flags(klass: type) -> int:
    """How Python itself marks a class: as made at run time, as one whose objects can hold others."""
    found: int = _FLAGS.__get__(klass)
    return found


def root(klass: type) -> str:
    """The library a class says it comes from: ``pandas``, ``duckdb``, ``builtins``."""
    return class_module(klass).split(".", 1)[0].lstrip("_")


def genuine(klass: type) -> bool:
    """Whether a class is the one that the module it names holds under its name: anybody can claim to be a Timestamp."""
    if id(klass) in _GENUINE:
        return True
    module = sys.modules.get(class_module(klass))
    found = module is not None and vars(module).get(class_name(klass)) is klass
    if found and root(klass) != "__main__":
        _GENUINE[id(klass)] = klass
    return found


def holdings(value: object) -> Mapping[str, Any]:
    """The attributes that an object keeps in the ordinary way, in its ``__dict__``; none when it has no such thing."""
    if not has_dict(type(value)):
        return EMPTY
    for klass in ancestors(type(value)):
        own = members(klass).get("__dict__")
        if own is not None:
            if type(own) not in (GetSetDescriptorType, MemberDescriptorType):
                return EMPTY  # a class that redefines it would run code of its own
            found = own.__get__(value)
            return found if type(found) is dict else EMPTY
    return EMPTY


def held(value: object, name: str, default: Any = None) -> Any:
    """One attribute as it is stored, in the object's ``__dict__`` or in a slot; never one that has to be computed."""
    stored = holdings(value)
    if name in stored:
        return stored[name]
    for klass in ancestors(type(value)):
        member = members(klass).get(name)
        if member is None:
            continue
        if type(member) is not MemberDescriptorType:
            return default
        try:
            return member.__get__(value)
        except AttributeError:  # a slot that was never filled
            return default
    return default


def slots(value: object) -> Iterator[str]:
    """The names of the slots of an object."""
    for klass in ancestors(type(value)):
        yield from (name for name, member in members(klass).items() if type(member) is MemberDescriptorType)
