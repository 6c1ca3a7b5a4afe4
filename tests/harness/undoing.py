"""What the tests of undo share: random namespaces and programs, and a picture of a namespace that is made without undo.

A program is a list of tuples of small numbers, which hypothesis can shrink; it is read against the namespace as it is,
so that every statement finds names of the types that it needs.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import deque
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from hashlib import blake2b
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from aether_nb.live.undo import Before

Step = tuple[int, int, int, int]

OPENING = """
import collections, copy, dataclasses
import numpy as np, pandas as pd, polars as pl

class Plain:
    kept = []
    def __init__(self, held): self.held = held
    def grow(self): self.kept.append(len(self.kept))

class Slotted:
    __slots__ = ("left", "right")
    def __init__(self, left): self.left = left

@dataclasses.dataclass
class Record:
    name: str
    items: list

class Bag(list):
    pass

def counter(store):
    def count(item=0):
        store.append(item)
        return len(store)
    return count
"""

MAKING = (
    "{new} = [1, 2, 3]",
    "{new} = [{any}, {any}]",
    "{new} = {{'a': {any}, 'b': {any}}}",
    "{new} = ({any}, {list})",
    "{new} = {{1, 'x', 2.5}}",
    "{new} = {any}",
    "{new} = np.arange(12)",
    "{new} = np.zeros((3, 4))",
    "{new} = {array}[1:]",
    "{new} = {array}.T",
    "{new} = np.array([{any}, {list}, None], dtype=object)",
    "{new} = pd.DataFrame({{'n': [3, 1, 2], 's': ['c', 'a', 'b'], 'f': [0.5, None, 2.0]}})",
    "{new} = pd.DataFrame({{'held': [{list}, {any}, [7]]}})",
    "{new} = pd.DataFrame({{'when': pd.to_datetime(['2026-01-01', None]), 'kind': pd.Categorical(['u', 'v'])}})",
    "{new} = {frame}[{frame}.columns[0]]",
    "{new} = {frame}.iloc[:2]",
    "{new} = {frame}.index",
    "{new} = pl.DataFrame({{'p': [1, 2], 'q': ['x', 'y']}})",
    "{new} = Plain({any})",
    "{new} = Slotted({any})",
    "{new} = Record('r', {list})",
    "{new} = Bag([{any}])",
    "{new} = counter({list})",
    "{new} = collections.defaultdict(list, k={list})",
    "{new} = collections.OrderedDict(a={any}, b=2)",
    "{new} = collections.deque([{any}, 1], maxlen=4)",
    "{new} = bytearray(b'abc')",
    "{new} = lambda at={list}: at",
)
"""How variables are made; each may also stand in a call."""

CHANGING = (
    "{list}.append({any})",
    "{list}[:] = {list}[::-1]",
    "{list}.clear()",
    "{list}.sort(key=str)",
    "{list} += [{any}]",
    "{list}.insert(0, {list})",
    "{dict}['new'] = {any}",
    "{dict}.pop(next(iter({dict})), None)",
    "{dict}.update(a={any})",
    "{dict}['a'].append(5)",
    "{set}.add('more')",
    "{set}.discard(1)",
    "{array}[...] = 7",
    "{array}.flat[0] = 42",
    "{array}.sort()",
    "{array} += 1",
    "{array}.shape = (-1,)",
    "{array}.flags.writeable = False",
    "{array}[0].append(1)",
    "{frame}['made'] = 1",
    "{frame}.loc[0, {frame}.columns[0]] = 99",
    "{frame}.iloc[0, 0] = 98",
    "{frame}.columns = [str(c) + '_' for c in {frame}.columns]",
    "{frame}.index.name = 'key'",
    "{frame}.drop(columns={frame}.columns[0], inplace=True)",
    "{frame}.sort_values({frame}.columns[0], inplace=True)",
    "{frame}.loc[len({frame})] = 5",
    "{frame}['held'].iloc[0].append('deep')",
    "{frame}.attrs.setdefault('notes', []).append(1)",
    "{frame}.insert(0, 'first', range(len({frame})))",
    "{frame}.fillna(0, inplace=True)",
    "{frame}.iloc[:, 0].to_numpy()[0]",
    "{series}.iloc[0] = 55",
    "{series}.name = 'other'",
    "{polars}[0, 0] = 9",
    "{polars}.columns = ['r' + c for c in {polars}.columns]",
    "{plain}.held = {any}",
    "{plain}.fresh = {list}",
    "del {plain}.held",
    "{plain}.grow()",
    "{plain}.__dict__ = {{'held': {any}}}",
    "{plain}.__class__ = Plain",
    "Plain.kept = {list}",
    "Plain.added = {any}",
    "{slotted}.left = {any}",
    "{slotted}.right = {list}",
    "del {slotted}.left",
    "{record}.items.append({any})",
    "{record}.name = 'renamed'",
    "{function}()",
    "{function}.note = {any}",
    "{function}.__defaults__ = ({list},)",
    "{dict}.move_to_end(next(iter({dict})))",
    "{dict}.default_factory = dict",
    "{deque}.append({any})",
    "{deque}.rotate(1)",
    "{bytes}.extend(b'de')",
    "{bytes}[0] = 65",
    "del {any}",
    "{any} = {any}",
    "{any} = copy.deepcopy({any})",
    "globals()['hidden'] = {any}",
    "for item in list(globals().values()): type(item) is list and item.append(0)",
    "1 / 0",
)
"""What a call does."""

KINDS: dict[str, tuple[type, ...]] = {
    "list": (list,),
    "dict": (dict,),
    "set": (set,),
    "array": (np.ndarray,),
    "frame": (pd.DataFrame,),
    "series": (pd.Series,),
    "polars": (pl.DataFrame,),
    "function": (FunctionType,),
    "deque": (deque,),
    "bytes": (bytearray,),
}


ATOMS = (np.generic, pd.Timestamp, pd.Timedelta, pd.Period, pd.Interval, type(pd.NaT), date, time, Decimal)
"""Values that a table makes anew each time it is looked at."""


def opened() -> dict[str, Any]:
    """A namespace with the classes and functions that programs use, and a few variables."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(OPENING, namespace)
    exec("v0 = [1]; v1 = {'k': v0}; v2 = np.arange(6); v3 = Plain(v0)", namespace)
    return namespace


def statement(step: Step, namespace: dict[str, Any], templates: tuple[str, ...]) -> str:
    """A statement; empty when there is no variable of a type that it needs."""
    which, *picks = step
    template, filled = templates[which % len(templates)], list[str]()

    def fill(found: re.Match[str]) -> str:
        filled.append(_name(found[1], picks[len(filled) % 3] + len(filled) // 3, namespace))
        return filled[-1]

    text = re.sub(r"(?<!\{)\{(\w+)\}", fill, template)
    return text.replace("{{", "{").replace("}}", "}") if all(filled) else ""


def _name(slot: str, pick: int, namespace: dict[str, Any]) -> str:
    if slot == "new":
        return f"v{pick % 12}"
    mine = [name for name in namespace if name[0] == "v" and name[1:].isdigit()]
    if slot in ("plain", "slotted", "record"):
        fitting = [name for name in mine if type(namespace[name]).__name__ == slot.title()]
    else:
        fitting = [name for name in mine if slot == "any" or isinstance(namespace[name], KINDS[slot])]
    return fitting[pick % len(fitting)] if fitting else ""


def run(code: str, namespace: dict[str, Any]) -> None:
    """Run code; it may fail half-way."""
    with contextlib.suppress(Exception):
        exec(compile(code, "<program>", "exec"), namespace)


def space(**variables: Any) -> dict[str, Any]:
    """A namespace with the libraries that code uses."""
    return {"__name__": "__main__", "np": np, "pd": pd, "pl": pl, "os": os, **variables}


def done(namespace, code, **more):
    """Run code between a point and its end."""
    before = Before.of(namespace, code, **more)
    exec(code, namespace)
    namespace.pop("__builtins__", None)
    return before.close(namespace)


# ---- a picture


def picture(namespace: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """All that can be reached from the variables, by who it is and what it holds.

    Returns:
        The picture, made of plain values: two are equal only when every name and every attribute refers to the very
        same object with the same content. And the objects, to be held on to: so an identity means one object only.
    """
    seen: dict[int, Any] = {}
    alive: list[Any] = []
    names = {name: _draw(value, seen, alive) for name, value in namespace.items() if not name.startswith("_")}
    return {"names": names, "objects": seen}, alive


def _draw(value: Any, seen: dict[int, Any], alive: list[Any]) -> Any:
    kind = type(value)
    if value is None or kind in (int, float, str, bytes, bool, complex) or isinstance(value, ATOMS):
        return kind.__name__, repr(value)
    if isinstance(value, ModuleType) or (isinstance(value, type) and value.__module__ != "__main__"):
        return "left", id(value)
    alive.append(value)
    if id(value) not in seen:
        seen[id(value)] = None  # a cycle ends here
        seen[id(value)] = kind.__name__, [_draw(item, seen, alive) for item in _content(value)]
    return "object", id(value)


def _content(value: Any) -> Iterable[Any]:
    """What an object holds, as values that are drawn in their turn."""
    if isinstance(value, np.ndarray):
        # As a digest: libraries' own examples have views of a gigabyte, and a picture is taken four times.
        items = value.ravel().tolist() if value.dtype.hasobject else [blake2b(value.tobytes()).hexdigest()]
        yield from (str(value.dtype), str(value.shape), str(value.strides), value.flags.writeable, *items)
        base = value.base
        yield base if isinstance(base, np.ndarray) and base.flags.writeable else None
    elif isinstance(value, pd.DataFrame | pd.Series):
        yield from _table(value)
    elif isinstance(value, pd.Index):
        yield from (str(value.dtype), str(value.names), str(list(value)))
    elif isinstance(value, pl.DataFrame):
        yield from (str(value.schema), str(value.rows()))
    elif isinstance(value, pl.Series):
        yield from (value.name, str(value.dtype), str(value.to_list()))
    elif isinstance(value, FunctionType):
        yield from (id(value.__code__), *(value.__defaults__ or ()), *_flat(value.__dict__))
        yield from (cell.cell_contents for cell in value.__closure__ or ())
    elif isinstance(value, type):
        yield from _flat({name: vars(value)[name] for name in sorted(vars(value)) if not name.startswith("__")})
    else:
        yield from _held(value)


def _flat(held: dict[Any, Any]) -> Iterable[Any]:
    return (part for item in held.items() for part in item)


def _table(value: Any) -> Iterable[Any]:
    yield from (value.index, value.columns if isinstance(value, pd.DataFrame) else value.name)
    yield from _flat(value.attrs)
    for column in value.items() if isinstance(value, pd.DataFrame) else [("", value)]:
        yield str(column[1].dtype)
        yield from column[1].tolist() if column[1].dtype == object else [repr(column[1].tolist())]


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        yield from _flat(value)
        yield getattr(value, "default_factory", None)
    elif isinstance(value, set | frozenset):
        yield from sorted(value, key=lambda item: (type(item).__name__, str(item)))
    elif isinstance(value, bytearray):
        yield bytes(value)
    elif isinstance(value, list | tuple | deque):
        yield from value
    if type(getattr(value, "__dict__", None)) is dict:
        yield id(value.__dict__)
        yield from _flat(value.__dict__)
    for slot in getattr(type(value), "__slots__", ()):
        yield getattr(value, slot, "(nothing)")
    yield type(value)
