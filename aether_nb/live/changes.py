"""What a call did to the user's variables: a photograph before, a comparison after.

A photograph keeps no variable alive and copies none: it keeps who an object is, its size, and a print of its content.
The print is of everything while that is cheap, else of up to 256 positions a column; then a change elsewhere is not
seen, and when the data moved but the sample is the same, it is said that nobody can tell. Both are bounded in time.
This module does not know what ran in between, nor who is told.
"""

from __future__ import annotations

import sys
import time
import weakref
import zlib
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

from aether_nb.events.kinds import Change
from aether_nb.live.describe import label, one_line, plain_list, positions, root, type_name, value_text
from aether_nb.live.summary import users_own

__all__ = ["Photograph", "compare", "photograph"]

SECONDS = 0.018
"""After so long a photograph looks into nothing more; what it saw, the comparison looks at again in the same way."""
EXACT_BYTES = 4_000_000
"""A column of up to so many bytes is printed as a whole."""
EXACT_TEXTS = 2_000
"""So is one of up to so many texts or objects."""
DUPLICATE_CELLS = 20_000
"""Duplicate rows and keys are counted in frames of up to so many cells."""
ITEMS = 256
NO_TIME = "there was no time to look"
ATOMS = {"int", "float", "complex", "bool", "NoneType", "str", "bytes", "ellipsis", "range"}


@dataclass(frozen=True, slots=True)
class _Clock:
    """What there is time for: figures for people at first, then prints, then nothing."""

    start: float
    seconds: float

    @property
    def rich(self) -> bool:
        return time.monotonic() < self.start + SECONDS / 4

    @property
    def over(self) -> bool:
        return time.monotonic() > self.start + self.seconds


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it was: ``content`` depends on the order of its values, ``bag`` does not (None when not known)."""

    dtype: str
    missing: int
    content: Hashable
    bag: Hashable = None
    unique: bool | None = None


Looked: TypeAlias = tuple[Column, bool, Hashable]
"""A column, whether it was looked at as a whole, and where its data lies."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One variable as it was. ``content`` is None when it could not be told; ``problem`` says why."""

    type: str
    identity: int
    alive: weakref.ref[Any] | None = None
    size: Hashable = None
    content: Hashable = None
    place: Hashable = None
    text: str = ""
    keys: tuple[str, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    duplicates: int | None = None
    exact: bool = True
    problem: str = ""

    def same_object(self, other: Shot) -> bool:
        """Whether both are of one object: an address alone may have been given to another one meanwhile."""
        if self.alive is not None and other.alive is not None:
            return self.alive() is other.alive()
        return self.identity == other.identity and self.type == other.type


@dataclass(frozen=True, slots=True)
class Photograph:
    """All variables as they were, or the ``names`` that were asked for."""

    shots: Mapping[str, Shot]
    names: frozenset[str] | None = None


def photograph(namespace: Mapping[str, object], names: Collection[str] | None = None) -> Photograph:
    """Keep what is needed to tell later what changed.

    Args:
        namespace: The user's variables; modules, private names and IPython's own are left out.
        names: The variables to look at; all when None.
    """
    wanted = frozenset(names) if names is not None else None
    clock = _Clock(time.monotonic(), SECONDS)
    cheap_first = sorted(_chosen(namespace, wanted), key=lambda item: root(type(item[1])) in {"pandas", "polars"})
    return Photograph({name: _shoot(value, clock) for name, value in cheap_first}, wanted)


def _chosen(namespace: Mapping[str, object], names: frozenset[str] | None) -> Iterator[tuple[str, object]]:
    for name, value in users_own(namespace).items():
        if not issubclass(type(value), ModuleType) and (names is None or name in names):
            yield name, value


def compare(before: Photograph, namespace: Mapping[str, object]) -> tuple[Change, ...]:
    """What is different now, variable by variable, in short sentences.

    Args:
        before: The photograph taken before.
        namespace: The variables now.
    """
    found: list[Change] = []
    here = dict(_chosen(namespace, before.names))
    clock = _Clock(time.monotonic(), 2 * SECONDS)
    for name, value in here.items():
        was = before.shots.get(name)
        now = _shoot(value, clock, skip=was is not None and was.problem == NO_TIME and was.identity == id(value))
        if was is None:
            found.append(Change(name, "added", now.type, _added(now)))
        elif change := _difference(name, was, now, asked=before.names is not None):
            found.append(change)
    found += [Change(name, "removed", was.type) for name, was in before.shots.items() if name not in here]
    return tuple(found)


# ---- comparing


def _added(shot: Shot) -> tuple[str, ...]:
    if shot.columns:
        return (f"{shot.size} rows × {len(shot.columns)} columns",)
    return (f"= {shot.text}",) if shot.text else ()


def _difference(name: str, before: Shot, now: Shot, asked: bool) -> Change | None:
    """The change of one variable. What there was no time for is told only when that variable was asked for."""
    same = before.same_object(now)
    why = before.problem or now.problem
    if (before.content is None or now.content is None) and same:
        told = why and (asked or why != NO_TIME)
        return Change(name, "unknown", now.type, (f"could not tell whether it changed: {why}",)) if told else None
    if before.content is None or now.content is None:
        return Change(name, "changed", now.type, ("bound to a new object",))
    if before.content == now.content and before.type == now.type:
        if not before.exact and same and before.place != now.place:
            said = "could not tell: its data moved, and the sampled values are the same"
            return Change(name, "unknown", now.type, (said,))
        if same or not before.columns:
            return None
        return Change(name, "changed", now.type, ("bound to another object with the same content",))
    return Change(name, "changed", now.type, tuple(islice(_details(before, now, same), 12)))


def _details(before: Shot, now: Shot, same: bool) -> Iterator[str]:
    if before.type != now.type:
        yield f"type {before.type} → {now.type}"
    elif before.columns and now.columns:
        yield from _frame_details(before, now)
    elif before.text and now.text:
        yield f"{before.text} → {now.text}"
        return
    elif before.size != now.size and before.size is not None:
        yield f"size {_size(before.size)} → {_size(now.size)}"
    yield from _key_details(before.keys, now.keys)
    yield "changed in place" if same else "bound to a new object"


def _size(size: Hashable) -> str:
    return " × ".join(map(str, size)) if isinstance(size, tuple) else str(size)


def _key_details(before: tuple[str, ...], now: tuple[str, ...]) -> Iterator[str]:
    if len(before) < ITEMS and len(now) < ITEMS:
        old, new = set(before), set(now)
        yield from (f"new {key}" for key in islice((k for k in now if k not in old), 4))
        yield from (f"{key} removed" for key in islice((k for k in before if k not in new), 4))


def _frame_details(before: Shot, now: Shot) -> Iterator[str]:
    if before.size != now.size:
        yield f"rows {before.size} → {now.size}"
    old, new = before.columns, now.columns
    yield from _listed("new column", [c for c in new if c not in old])
    yield from _listed("column removed:", [c for c in old if c not in new])
    both = [c for c in new if c in old]
    for column in both:
        if old[column].dtype != new[column].dtype:
            yield f"{_quoted(column)}: {old[column].dtype} → {new[column].dtype}"
    for column in both:
        if new[column].missing > old[column].missing:
            about = "" if now.exact else " (in a sample)"
            yield f"{new[column].missing - old[column].missing} new missing values in {_quoted(column)}{about}"
    if before.duplicates is not None and now.duplicates is not None and now.duplicates > before.duplicates:
        yield f"{now.duplicates - before.duplicates} duplicate rows appeared"
    for column in both:
        if old[column].unique and new[column].unique is False:
            yield f"{_quoted(column)} is no longer unique"
    moved = [c for c in both if old[c].content != new[c].content]
    bags = [old[c].bag is not None and old[c].bag == new[c].bag for c in moved]
    if moved and all(bags) and before.size == now.size:
        yield "order of the rows changed"
    elif before.size == now.size:
        yield from _listed("values changed in", [c for c in moved if old[c].dtype == new[c].dtype])
    if not moved and list(old) != list(new) and set(old) == set(new):
        yield "order of the columns changed"
    elif not moved and before.size == now.size and set(old) == set(new):
        yield "index or names changed"


def _listed(words: str, columns: list[str]) -> Iterator[str]:
    if columns:
        more = f" and {len(columns) - 6} more" if len(columns) > 6 else ""
        yield f"{words} {', '.join(map(_quoted, columns[:6]))}{more}"


def _quoted(name: str) -> str:
    return value_text(name, 60)


# ---- looking


def _shoot(value: Any, clock: _Clock, skip: bool = False) -> Shot:
    """One variable, whatever it does when it is looked at."""
    kind = type(value)
    try:
        name = type_name(kind)
    except Exception as problem:  # noqa: BLE001 - an odd class is kept apart, and spoils no other
        return Shot("?", id(value), problem=f"its type is not readable ({type(problem).__name__})")
    try:
        looked = _look(value, kind, clock) if not (skip or clock.over) else {"problem": NO_TIME}
    except Exception as problem:  # noqa: BLE001 - what cannot be looked at is said so, and spoils no other
        looked = {"problem": f"it is not readable ({type(problem).__name__})"}
    return Shot(name, id(value), _reference(value), **looked)


def _reference(value: object) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(value)
    except TypeError:
        return None


def _look(value: Any, kind: type, clock: _Clock) -> dict[str, Any]:
    """What can be told of a variable in the time there is, as fields of its shot."""
    library = root(kind)
    looker = LOOKERS.get((library, kind.__name__))
    held = vars(sys.modules[library]).get(kind.__name__) if library in sys.modules else None
    if looker is not None and held is kind:
        return looker(value, clock)
    if kind.__module__ == "builtins" and kind.__name__ in ATOMS:
        return {"content": _atom(value), "text": value_text(value, 60)}
    for base in (dict, list, tuple, set, frozenset):
        if issubclass(kind, base):
            return _container(value, base)
    if issubclass(kind, FunctionType):
        return {"content": _code(value.__code__, value.__defaults__), "size": 0}
    if issubclass(kind, type):
        return {
            "content": tuple(_member(k, v) for k, v in islice(type.__dict__["__dict__"].__get__(value).items(), 64))
        }
    if library in {"datetime", "decimal", "fractions", "pandas"} and not hasattr(kind, "__len__"):
        text = value_text(value, 60)
        return {"content": text, "text": text} if not text.startswith("<") else {"content": id(value)}
    return _object(value, kind)


def _atom(value: Any) -> Hashable:
    """A value that cannot change, by itself or by a part of it when it is long."""
    if isinstance(value, (str, bytes)) and len(value) > 10_000:
        return len(value), value[:2_000], value[len(value) // 2 : len(value) // 2 + 2_000], value[-2_000:]
    return type(value).__name__, value if value == value else "nan"


def _small(value: Any, depth: int = 1) -> Hashable:
    """An item of a container: its value when it cannot change, else who it is and a little of what it holds."""
    kind = type(value)
    if kind.__module__ == "builtins" and kind.__name__ in ATOMS:
        return _atom(value)
    if depth and kind in (list, tuple, dict, set, frozenset):
        items = value.items() if kind is dict else value
        return kind.__name__, len(value), tuple(_small(item, depth - 1) for item in islice(items, 16))
    return kind.__name__, id(value)


def _container(value: Any, base: Any) -> dict[str, Any]:
    size = base.__len__(value)
    keys: tuple[str, ...] = ()
    if base is dict:
        items: Any = islice(dict.items(value), ITEMS)
        keys = tuple(f"key {value_text(key, 40)}" for key in islice(dict.keys(value), ITEMS))
        content: Any = tuple((_small(key), _small(item, 2)) for key, item in items)
    elif base in (list, tuple):
        picked = [base.__getitem__(value, at) for at in positions(size, ITEMS)]
        kinds = list(map(type, picked))
        content = (kinds, picked) if set(kinds) <= {int, bool, str} else tuple(_small(item, 2) for item in picked)
    else:
        content = frozenset(_small(item) for item in islice(base.__iter__(value), ITEMS))
    return {"size": size, "content": (size, content), "keys": keys, "exact": size <= ITEMS}


def _object(value: object, kind: type) -> dict[str, Any]:
    """Some object: its public attributes, when it keeps them in the ordinary way; nothing of it is run."""
    if not kind.__dictoffset__:
        return {"content": None}
    held: dict[str, Any] = object.__getattribute__(value, "__dict__")
    public = [
        (key, item) for key, item in islice(held.items(), 128) if isinstance(key, str) and not key.startswith("_")
    ]
    keys = tuple(f"attribute {one_line(key, 60)}" for key, _ in public)
    return {"content": tuple((key, _small(item)) for key, item in public), "keys": keys}


def _member(name: str, value: object) -> Hashable:
    """A member of a class: defined again in the same words, it is the same."""
    if isinstance(value, FunctionType):
        return name, _code(value.__code__, value.__defaults__)
    return (name, _small(value)) if type(value).__name__ in ATOMS else (name, type(value).__name__)


def _code(code: CodeType, defaults: object = None) -> Hashable:
    """A function by what it does, wherever it was typed."""
    constants = tuple(_code(c) if isinstance(c, CodeType) else repr(c)[:200] for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, constants, _small(defaults)


# ---- tables and arrays


def _buffer(array: Any) -> tuple[Hashable, Hashable]:
    """A print of numbers, and one that does not depend on their order."""
    numbers = array if array.flags.c_contiguous else array.copy()
    bag = int(numbers.view(f"u{numbers.itemsize}").sum()) if numbers.itemsize in {1, 2, 4, 8} else None
    return zlib.crc32(numbers.view("u1").data), bag


def _address(array: Any) -> Hashable:
    return array.__array_interface__["data"][0] if hasattr(array, "__array_interface__") else None


def _pandas_column(values: Any, clock: _Clock) -> Looked:
    """A column of a pandas frame, whether it was printed as a whole, and where its data lies."""
    dtype, rows = values.dtype, len(values)
    # The plain numbers behind a column are no public attribute of dates; without them the column is sampled.
    array = getattr(values, "_ndarray", None) if dtype.kind in "biufmM" else None
    place = _address(array) if array is not None else id(getattr(values, "_pa_array", values))
    if array is not None and array.nbytes <= EXACT_BYTES:
        content, bag = _buffer(array)
        missing = int((array != array).sum()) if dtype.kind in "fmM" else 0
        unique = len(values.unique()) == rows if dtype.kind in "iu" and clock.rich and rows <= DUPLICATE_CELLS else None
        return Column(str(dtype), missing, content, bag, unique), True, place
    return *_sampled(values, lambda at: (values.take(at) if len(at) < rows else values).tolist()), place


def _sampled(values: Any, take: Callable[[list[int]], list[Any]]) -> tuple[Column, bool]:
    """A column by its items, all when they are few, and whether it was all."""
    rows = len(values)
    whole = rows <= EXACT_TEXTS
    items: list[Hashable] = take(list(range(rows)) if whole else positions(rows))
    missing = 0
    if set(map(type, items)) != {str}:
        items = [_small(item) for item in plain_list(items)]
        missing = sum(1 for item in items if item in MISSING)
    bag = sum(map(hash, items)) if whole else None
    unique = len(set(items)) == rows if whole else None
    return Column(str(values.dtype), missing, hash(tuple(items)), bag, unique), whole


def _frame(names: list[Any], rows: int, looked: list[Looked], index: Hashable) -> dict[str, Any]:
    """A table from its columns."""
    columns = {label(name): column for name, (column, _, _) in zip(names, looked, strict=True)}
    content = (
        rows,
        tuple((label(name), c.dtype, c.content) for name, (c, _, _) in zip(names, looked, strict=True)),
        index,
    )
    exact = all(whole for _, whole, _ in looked)
    return {
        "size": rows,
        "columns": columns,
        "content": content,
        "exact": exact,
        "place": tuple(p for _, _, p in looked),
    }


def _pandas_frame(frame: Any, clock: _Clock) -> dict[str, Any]:
    rows, width = frame.shape
    pairs = list(islice(frame.items(), 200))
    names, looked = [name for name, _ in pairs], [_pandas_column(column.array, clock) for _, column in pairs]
    shot = _frame(names, rows, looked, (width, _index(frame.index, clock)))
    if clock.rich and rows * width <= DUPLICATE_CELLS:
        try:
            shot["duplicates"] = int(frame.duplicated().sum())
        except TypeError:  # lists in a column cannot be compared; the number stays unknown
            shot["duplicates"] = None
    return shot


def _index(index: Any, clock: _Clock) -> Hashable:
    kind = type(index).__name__
    if kind == "RangeIndex":
        return kind, index.start, index.stop, index.step
    if kind == "MultiIndex":
        return kind, tuple(map(_small, index.take(positions(len(index), 32)).tolist()))
    return kind, label(index.name), _pandas_column(index.array, clock)[0].content


def _pandas_series(series: Any, clock: _Clock) -> dict[str, Any]:
    name = label(series.name) if series.name is not None else "values"
    return _frame([name], len(series), [_pandas_column(series.array, clock)], _index(series.index, clock))


def _taken_from(column: Any) -> Callable[[list[int]], list[Any]]:
    return lambda at: list(column.gather(at).to_list())


def _polars_frame(frame: Any) -> dict[str, Any]:
    columns = frame.get_columns()[:200]
    looked: list[Looked] = [(*_sampled(column, _taken_from(column)), None) for column in columns]
    return _frame([column.name for column in columns], len(frame), looked, frame.width)


def _array(array: Any) -> dict[str, Any]:
    size = tuple(array.shape)
    if array.dtype.kind in "biufmM" and array.nbytes <= EXACT_BYTES and array.ndim:
        return {"size": size, "content": (str(array.dtype), size, _buffer(array)[0])}
    picked = plain_list(array.flat[positions(array.size)].tolist()) if array.size else []
    content = str(array.dtype), size, tuple(map(_small, picked))
    return {"size": size, "content": content, "exact": array.size <= ITEMS, "place": _address(array)}


MISSING = {_small(None), _small(float("nan"))}
LOOKERS: dict[tuple[str, str], Callable[[Any, _Clock], dict[str, Any]]] = {
    ("pandas", "DataFrame"): _pandas_frame,
    ("pandas", "Series"): _pandas_series,
    ("polars", "DataFrame"): lambda frame, _: _polars_frame(frame),
    ("numpy", "ndarray"): lambda array, _: _array(array),
}
"""How a type is looked at. Tables are told by column; to add a type, write one function and add a line."""
