"""Frozen dataclasses, made quickly: what ``@dataclass(frozen=True, slots=True)`` makes, in a third of the time.

That decorator compiles six functions for each class, some 0.4 ms, and the first question of a notebook makes two
hundred classes. Here only ``__init__`` is compiled; what compares, hashes, shows and guards is the same for all. For
``fields``, ``replace``, ``match``, pydantic and classes that derive from them they are dataclasses. It knows no class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from threading import RLock
from typing import Any, TypeVar, dataclass_transform

__all__ = ["frozen"]

T = TypeVar("T")

_set = object.__setattr__
_lock = RLock()


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(klass: type[T]) -> type[T]:
    """Make a class a frozen dataclass with slots; methods that it defines itself are kept.

    Fields that are no arguments, and arguments that are no fields, are not for these classes.

    Raises:
        TypeError: A field without a default comes after one that has one.
    """
    with _thawed(klass):
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(klass)
    made.__dataclass_params__.frozen = True  # what derives from it must be frozen, too, by either decorator
    fields = dataclasses.fields(made)
    methods = {
        "__init__": _init(made, fields),
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _restored,
    }
    if "__repr__" not in vars(klass):
        methods["__repr__"] = _repr([field.name for field in fields if field.repr])
    if "__eq__" not in vars(klass):
        methods["__eq__"] = _eq(_values([field.name for field in fields if field.compare]))
        if vars(klass).get("__hash__") is None:  # Python puts None there beside an ``__eq__`` only
            hashed = (field.compare if field.hash is None else field.hash for field in fields)
            methods["__hash__"] = _hash(_values([f.name for f, counts in zip(fields, hashed, strict=True) if counts]))
    for name, method in methods.items():
        if name in ("__init__", "__repr__", "__eq__", "__hash__"):
            method.__qualname__ = f"{made.__qualname__}.{name}"
        setattr(made, name, method)
    result: type[T] = made
    return result


@contextmanager
def _thawed(klass: type) -> Iterator[None]:
    """Let frozen bases pass for others while a class is made that is frozen by other means than theirs."""
    known = [vars(base).get("__dataclass_params__") for base in klass.__mro__[1:]]
    bases = [params for params in known if params is not None and params.frozen]
    with _lock:
        for params in bases:
            params.frozen = False
        try:
            yield
        finally:
            for params in bases:
                params.frozen = True


def _init(klass: Any, fields: Sequence[Field[Any]]) -> Callable[..., None]:
    """The one function that is compiled: an argument for each field, set past the guard."""
    known: dict[str, Any] = {"_set": _set, "_MISSING": MISSING}
    arguments, body = [], []
    optional = False
    for field in fields:
        name = field.name
        value, default = name, ""
        if field.default is not MISSING:
            known[f"_default_{name}"] = field.default
            default = f"=_default_{name}"
        elif field.default_factory is not MISSING:
            known[f"_make_{name}"] = field.default_factory
            default, value = "=_MISSING", f"_make_{name}() if {name} is _MISSING else {name}"
        if optional and not default:
            raise TypeError(f"non-default argument {name!r} follows default argument")
        optional = optional or bool(default)
        arguments.append(f", {name}{default}")
        body.append(f"\n _set(self, {name!r}, {value})")
    if hasattr(klass, "__post_init__"):
        body.append("\n self.__post_init__()")
    exec(f"def __init__(self{''.join(arguments)}):{''.join(body) or ' pass'}", known)
    made: Callable[..., None] = known["__init__"]
    made.__annotations__ = {field.name: field.type for field in fields} | {"return": None}
    made.__module__ = klass.__module__
    return made


def _values(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What reads these fields as a tuple."""
    if not names:
        return lambda one: ()
    get: Any = attrgetter(*names)
    return get if len(names) > 1 else lambda one: (get(one),)


def _eq(values: Callable[[Any], tuple[Any, ...]]) -> Callable[..., Any]:
    def __eq__(self: Any, other: object) -> Any:
        return values(self) == values(other) if self.__class__ is other.__class__ else NotImplemented

    return __eq__


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Callable[..., Any]:
    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __hash__


def _repr(names: Sequence[str]) -> Callable[..., Any]:
    @recursive_repr()
    def __repr__(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    """What is pickled and copied."""
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restored(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        _set(self, field.name, value)
