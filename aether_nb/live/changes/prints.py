"""Prints: small values that stand for what Python's own objects hold, made without running anything of theirs.

Two prints that differ mean another content; two that agree mean the same one, as far as it was looked at. It does not
know tables, nor what is done with a print.
"""

from __future__ import annotations

from collections.abc import Hashable
from itertools import islice
from types import CodeType, FunctionType
from typing import Any

from aether_nb.live.describing.figures import positions
from aether_nb.live.describing.words import one_line, root, value_text

__all__ = ["ATOMS", "ITEMS", "atom", "container", "function", "plain_class", "plain_object", "small"]

ITEMS = 256
"""So many items of a container are looked at."""
FIXED = {
    *(("pandas", name) for name in ("Interval", "Period", "Timedelta", "Timestamp")),
    *(("datetime", name) for name in ("date", "datetime", "time", "timedelta")),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
}
"""Values of libraries that cannot change; a column makes them anew each time they are looked at."""
ATOMS = {"int", "float", "complex", "bool", "NoneType", "str", "bytes", "ellipsis", "range"}


def atom(value: Any) -> Hashable:
    """A value that cannot change, by itself or by a part of it when it is long."""
    if isinstance(value, (str, bytes)) and len(value) > 10_000:
        return len(value), value[:2_000], value[len(value) // 2 : len(value) // 2 + 2_000], value[-2_000:]
    return type(value).__name__, value if value == value else "nan"


def small(value: Any, depth: int = 1) -> Hashable:
    """An item of a container: its value when it cannot change, else who it is and a little of what it holds."""
    kind = type(value)
    if kind.__module__ == "builtins" and kind.__name__ in ATOMS:
        return atom(value)
    if (root(kind), kind.__name__) in FIXED:
        return kind.__name__, value
    if depth and kind in (list, tuple, dict, set, frozenset):
        items = value.items() if kind is dict else value
        return kind.__name__, len(value), tuple(small(item, depth - 1) for item in islice(items, 16))
    return kind.__name__, id(value)


def container(value: Any, base: Any) -> dict[str, Any]:
    """A dict, list, tuple or set (``base``, of which it may be a subclass), as fields of its shot."""
    size = base.__len__(value)
    keys: tuple[str, ...] = ()
    if base is dict:
        items: Any = islice(dict.items(value), ITEMS)
        keys = tuple(f"key {value_text(key, 40)}" for key in islice(dict.keys(value), ITEMS))
        content: Any = tuple((small(key), small(item, 2)) for key, item in items)
    elif base in (list, tuple):
        picked = [base.__getitem__(value, at) for at in positions(size, ITEMS)]
        kinds = list(map(type, picked))
        content = (kinds, picked) if set(kinds) <= {int, bool, str} else tuple(small(item, 2) for item in picked)
    else:
        content = frozenset(small(item) for item in islice(base.__iter__(value), ITEMS))
    return {"size": size, "content": (size, content), "keys": keys, "exact": size <= ITEMS}


def plain_object(value: object, kind: type) -> dict[str, Any]:
    """Some object: its public attributes, when it keeps them in the ordinary way; nothing of it is run."""
    if not kind.__dictoffset__:
        return {"content": None}
    try:
        held: dict[str, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:  # some types of C keep what they hold to themselves
        return {"content": None}
    public = [
        (key, item) for key, item in islice(held.items(), 128) if isinstance(key, str) and not key.startswith("_")
    ]
    keys = tuple(f"attribute {one_line(key, 60)}" for key, _ in public)
    return {"content": tuple((key, small(item)) for key, item in public), "keys": keys}


def function(value: FunctionType) -> dict[str, Any]:
    """A function by what it does, wherever it was typed."""
    return {"content": _code(value.__code__, value.__defaults__), "size": 0}


def plain_class(value: type) -> dict[str, Any]:
    """A class by its members: defined again in the same words, it is the same."""
    held = type.__dict__["__dict__"].__get__(value)
    return {"content": tuple(_member(name, member) for name, member in islice(held.items(), 64))}


def _member(name: str, value: object) -> Hashable:
    if isinstance(value, FunctionType):
        return name, _code(value.__code__, value.__defaults__)
    return (name, small(value)) if type(value).__name__ in ATOMS else (name, type(value).__name__)


def _code(code: CodeType, defaults: object = None) -> Hashable:
    constants = tuple(_code(c) if isinstance(c, CodeType) else repr(c)[:200] for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, constants, small(defaults)
