"""What the user's namespace holds, in a text of bounded size made in bounded time: what every model is told.

``summarize`` speaks of all variables, the ones a question mentions first and in full; ``inspect`` speaks of one. How a
type is told is a function in ``DESCRIBERS``: to add a type, write one and add a line. Nothing is changed, executed or
imported here, and no object can hide the others: one that breaks is named with its type.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FunctionType, GeneratorType, ModuleType
from typing import Any, TypeAlias

from aether_nb.live.describing import figures, tables
from aether_nb.live.describing.figures import Description, Look, positions
from aether_nb.live.describing.words import one_line, root, type_name, value_text, word

__all__ = ["DESCRIBERS", "Summary", "inspect", "summarize", "users_own"]

SECONDS = 0.25
"""After so long nothing more is looked into: the rest is named."""
EXACT_SECONDS = 0.1
"""After so long figures come from samples."""
VARIABLE_TEXT = 1_200
MENTIONED_TEXT = 4_000
LIBRARIES = {"pandas", "polars", "pyarrow", "duckdb", "numpy", "matplotlib"}
IPYTHONS = {"In", "Out", "exit", "quit", "get_ipython"}


Describer: TypeAlias = Callable[[Any, Look], Description]


@dataclass(frozen=True, slots=True)
class Summary:
    """A text about variables; ``columns`` (``frame.column``) are those whose values it shows; ``names`` are told of."""

    text: str
    columns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def users_own(namespace: Mapping[str, object], hidden: Collection[str] = ()) -> dict[str, object]:
    """The variables that the user made: not IPython's own, not ``hidden``, not private.

    When ``hidden`` is a mapping, a name in it counts as the user's as soon as it is bound to something else.
    """
    theirs = hidden if isinstance(hidden, Mapping) else None
    return {
        name: value
        for name, value in dict(namespace).items()
        if type(name) is str
        and not name.startswith("_")
        and name not in IPYTHONS
        and (name not in hidden or (theirs is not None and theirs[name] is not value))
    }


def summarize(
    namespace: Mapping[str, object], question: str = "", hidden: Collection[str] = (), budget: int = 24_000
) -> Summary:
    """Every variable in a line, frames with a line per column, as far as the budget goes.

    Args:
        namespace: The user's variables by name; modules are left out.
        question: What the user asked; what it mentions comes first and in full.
        hidden: Names that are not the user's.
        budget: How many characters the text may have.
    """
    start = time.monotonic()
    words = _words(question)
    look = Look(until=start + EXACT_SECONDS, words=words)
    variables = {n: v for n, v in users_own(namespace, hidden).items() if not issubclass(type(v), ModuleType)}
    frames_first = sorted(variables.items(), key=lambda item: not _is_table(item[1]))
    told = [_Told(name, _described(value, look), words) for name, value in frames_first]
    told.sort(key=lambda one: not one.mentioned)
    return _compose(told, budget, start + SECONDS)


def inspect(name: str, value: object) -> Summary:
    """One variable in full: all columns up to 60, up to 30 distinct values of each."""
    start = time.monotonic()
    look = Look(columns=60, distinct=30, until=start + SECONDS)
    told = _Told(name, _described(value, look), frozenset({name.lower()}))
    return _compose([told], 24_000, start + 4 * SECONDS, most=23_000)


# ---- the text


class _Told:
    """A variable on its way into the text."""

    def __init__(self, name: str, description: Description, words: frozenset[str]) -> None:
        self.name, self.description = name, description
        self.mentioned = bool(words) and (
            name.lower() in words or any(column.lower() in words for column in description.columns)
        )
        self.head = f"- {word(name)}: {description.head}"


def _compose(told: list[_Told], budget: int, until: float, most: int = MENTIONED_TEXT) -> Summary:
    """Heads for all that fit, then columns, in order, with what is left."""
    title = f"variables ({len(told)}):"
    reserve = min(sum(len(one.name) + 2 for one in told) + 60, budget // 4)
    spare = budget - len(title) - reserve
    heads = 0
    for heads, one in enumerate(told, 1):
        spare -= len(one.head) + 1
        if spare < 0:
            spare, heads = spare + len(one.head) + 1, heads - 1
            break
    lines, columns = [title], [one.name for one in told[:heads] if one.description.shows]
    for one in told[:heads]:
        lines.append(one.head)
        body, shown = _body(one.description, min(spare, most if one.mentioned else VARIABLE_TEXT), until)
        lines += body
        spare -= sum(len(line) + 1 for line in body)
        columns += [f"{one.name}.{column}" for column in shown]
    if heads < len(told):
        rest = one_line(", ".join(word(one.name) for one in told[heads:]), max(reserve - 60, 20))
        lines.append(f"- … {len(told) - heads} more variables (names only): {rest}")
    return Summary("\n".join(lines), tuple(columns), tuple(one.name for one in told))


def _body(description: Description, room: int, until: float) -> tuple[list[str], list[str]]:
    """The lines about columns, as long as there is room and time, and the columns whose values they show."""
    names = description.columns
    if not names:
        return [], []
    keep = min(room // 4, 60 + sum(len(name) + 4 for name in names))
    room -= keep
    lines: list[str] = []
    told: set[str] = set()
    shown: list[str] = []
    while time.monotonic() < until and (line := next(description.lines, None)) is not None:
        room -= len(line.text) + 5
        if room < 0:
            break
        lines.append(f"  - {line.text}")
        told.add(line.column)
        shown += [line.column] * line.shows
    left = [word(name) for name in names if name not in told]
    if left and keep >= 60:
        lines.append(f"  - … {len(left)} more columns (names only): {one_line(', '.join(left), keep - 45)}")
    return lines, shown


def _words(question: str) -> frozenset[str]:
    """The words of a question, and two or three of them in a row, as they may stand in a name."""
    found = re.findall(r"\w+", question.lower()[:4_000])
    singles = {w for word_ in found for w in (word_, word_.removesuffix("s"), word_.removesuffix("es")) if len(w) > 1}
    rows = [found[i : i + n] for n in (2, 3) for i in range(len(found) - n + 1)]
    return frozenset(singles | {sign.join(row) for row in rows for sign in (" ", "_", "")})


# ---- what is not a table


def _described(value: object, look: Look) -> Description:
    """A variable described, whatever it does when it is looked at."""
    kind = type(value)
    try:
        name = type_name(kind)
        if time.monotonic() > look.until + SECONDS:
            return Description(name)
        if (describer := _describer(kind)) is not None:
            return describer(value, look)
        return _by_kind(value, name)
    except Exception as problem:  # noqa: BLE001 - an odd object is told by its type, and hides no other
        return Description(
            f"{one_line(type.__dict__['__name__'].__get__(kind), 80)}, not readable ({type(problem).__name__})"
        )


def _by_kind(value: Any, name: str) -> Description:
    """Python's own types, and what is recognised by how it is made rather than by its type."""
    kind = type(value)
    for base, describer in KINDS:
        if issubclass(kind, base):
            return describer(value, name)
    fields = vars(kind).get("__dataclass_fields__")
    if isinstance(fields, dict):
        held = object.__getattribute__(value, "__dict__") if kind.__dictoffset__ else {}
        shown = ", ".join(f"{f}={_short(held[f])}" for f in islice(fields, 8) if f in held)
        return Description(f"{name} = {one_line(f'{kind.__name__}({shown})', 300)}", shows=bool(shown))
    text = value_text(value, 120)
    return Description(name) if text == f"<{name}>" else Description(f"{name} = {text}", shows=True)


def _short(value: Any, depth: int = 2, base: Any = None) -> str:
    """A value in a few words: of a container its first five items, two levels deep, as ``base`` iterates it."""
    kind = base or type(value)
    if kind not in CONTAINERS:
        return value_text(value)
    size = kind.__len__(value)
    if not depth:
        return f"<{kind.__name__} of {size}>"
    if kind is dict:
        items = [f"{value_text(key, 40)}: {_short(item, depth - 1)}" for key, item in islice(dict.items(value), 5)]
    else:
        items = [_short(item, depth - 1) for item in islice(kind.__iter__(value), 5)]
    inside = ", ".join(items) + (", …" if size > 5 else "")
    if kind is list:
        return f"[{inside}]"
    if kind is tuple:
        return f"({inside},)" if size == 1 else f"({inside})"
    if kind is dict or (size and kind is set):
        return f"{{{inside}}}"
    return f"{kind.__name__}({{{inside}}})" if size else f"{kind.__name__}()"


def _container(value: Any, name: str) -> Description:
    """Its size and first items, read by the base type's own methods, whatever a subclass says."""
    base: Any = next(base for base in CONTAINERS if issubclass(type(value), base))
    size, text = base.__len__(value), one_line(_short(value, base=base), 300)
    if size <= 5:
        return Description(f"{name} = {text}", shows=size > 0)
    return Description(f"{name}, {size} items, e.g. {text}", shows=True)


def _text(value: Any, name: str) -> Description:
    base: Any = bytes if isinstance(value, bytes) else str
    size = base.__len__(value)
    shown = value_text(base.__getitem__(value, slice(0, 120)), 120)
    if size <= 120:
        return Description(f"{name} = {shown}", shows=True)
    return Description(f"{name}, {size} {'bytes' if base is bytes else 'characters'}, e.g. {shown}", shows=True)


def _function(value: FunctionType, name: str) -> Description:
    doc = value.__doc__.strip().split("\n")[0] if isinstance(value.__doc__, str) else ""
    said = f", {one_line(doc, 100)!r}" if doc else ""
    called = one_line(f"{value.__name__}{_signature(value.__code__, value.__defaults__ or ())}", 160)
    return Description(f"{name}, {called}{said}")


def _signature(code: CodeType, defaults: tuple[object, ...]) -> str:
    """The arguments of a function, with defaults as far as they may be shown."""
    names = list(code.co_varnames[: code.co_argcount])
    plain = len(names) - len(defaults)
    texts = [n if i < plain else f"{n}={_short(defaults[i - plain], 1)}" for i, n in enumerate(names)]
    after = code.co_argcount + code.co_kwonlyargcount
    only = list(code.co_varnames[code.co_argcount : after])
    if code.co_flags & 0x04:
        texts.append(f"*{code.co_varnames[after]}")
    elif only:
        texts.append("*")
    texts += only
    if code.co_flags & 0x08:
        texts.append(f"**{code.co_varnames[after + bool(code.co_flags & 0x04)]}")
    return f"({', '.join(texts)})"


def _class(value: type) -> Description:
    doc = type.__getattribute__(value, "__dict__").get("__doc__")
    first = doc.strip().split("\n")[0] if isinstance(doc, str) else ""
    said = f", {one_line(first, 100)!r}" if first else ""
    return Description(f"class, {type_name(value)}{said}")


def _module(value: ModuleType, name: str) -> Description:
    held = vars(value)
    version = held.get("__version__")
    said = f", version {one_line(version, 40)}" if isinstance(version, str) else ""
    return Description(f"{name}, {one_line(str(held.get('__name__', '')), 80)}{said}")


def _array(array: Any, look: Look) -> Description:
    """A numpy array: dtype, shape and range; small ones as a whole."""
    shape = "×".join(map(str, array.shape)) or "a single value"
    head = f"numpy.{type(array).__name__}, {one_line(str(array.dtype), 60)}, shape {shape}"
    if array.dtype.kind not in "biufmMUS" or not array.size:
        return Description(head)
    if array.size <= 10:
        return Description(f"{head}, [{', '.join(map(value_text, array.flat[:].tolist()))}]", shows=True)
    whole = array.size <= look.exact_rows and array.dtype.kind in "iuf" and not look.hurry
    picked = array.flat[positions(array.size)].tolist()
    found = figures.measure(picked, array.size, look)
    if whole and found.low is not None:
        missing = (array != array).sum() / array.size
        there = array[array == array] if missing else array
        low, high = figures.plain_list([there.min(), there.max()])
        found = figures.Figures(missing=float(missing), low=low, high=high)
    return Description(head + found.text(look.distinct), shows=True)


def _numpy_scalar(value: Any) -> Description:
    text = value_text(figures.plain_list([value])[0], 120)
    return Description(f"numpy.{type(value).__name__} = {text}", shows=True)


def _figure(figure: Any) -> Description:
    return Description(f"matplotlib.figure.Figure, {len(figure.axes)} axes")


def _axes(axes: Any) -> Description:
    title = axes.get_title()
    return Description(f"matplotlib.axes.Axes{', title ' + value_text(title, 80) if title else ''}")


CONTAINERS = (dict, list, tuple, set, frozenset)

KINDS: tuple[tuple[type | tuple[type, ...], Callable[[Any, str], Description]], ...] = (
    ((str, bytes), _text),
    (CONTAINERS, _container),
    (FunctionType, _function),
    (GeneratorType, lambda _, name: Description(f"{name}, not consumed")),
    (ModuleType, _module),
    (type, lambda value, _: _class(value)),
)
"""Python's own types. A subclass is read by the base's methods."""

TABLES: tuple[tuple[str, str, Describer], ...] = (
    ("pandas", "DataFrame", tables.pandas_frame),
    ("polars", "DataFrame", tables.polars_frame),
    ("polars", "LazyFrame", tables.polars_lazy),
    ("pyarrow", "Table", tables.arrow_table),
    ("duckdb", "DuckDBPyRelation", tables.duckdb_relation),
)
DESCRIBERS: list[tuple[str, str, Describer]] = [
    *TABLES,
    ("pandas", "Series", tables.pandas_series),
    ("pandas", "Index", tables.pandas_index),
    ("polars", "Series", tables.polars_series),
    ("numpy", "ndarray", _array),
    ("numpy", "generic", lambda value, _: _numpy_scalar(value)),
    ("matplotlib.figure", "Figure", lambda figure, _: _figure(figure)),
    ("matplotlib.axes", "Axes", lambda axes, _: _axes(axes)),
]
"""Module, class and how it is told. Only a class that its module holds under that name is taken for it."""

TRUSTED = {"shape", "columns", "index", "dtype", "iloc", "array", "axes", "get_title", "__len__", "__getattribute__"}
"""What is asked of a table: a class that redefines one of these is told by its name only."""


def _describer(kind: type) -> Describer | None:
    """Who describes this class or one that it comes from; nobody when it redefines what would be asked of it."""
    own: set[str] = set()
    for klass in kind.__mro__[:-1]:
        for module, name, describer in DESCRIBERS:
            if klass.__name__ == name and module in sys.modules and vars(sys.modules[module]).get(name) is klass:
                return None if own & TRUSTED else describer
        if root(klass) not in LIBRARIES:
            own.update(vars(klass))
    return None


def _is_table(value: object) -> bool:
    try:
        describer = _describer(type(value))
    except Exception:  # noqa: BLE001 - a class that cannot be read is no table; _described says what is wrong with it
        return False
    return any(describer is table for _, _, table in TABLES)
