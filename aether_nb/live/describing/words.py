"""Names, types and single values as text: on one line, of bounded length, without running code of an unknown object.

It does not know what is told, nor to whom.
"""

from __future__ import annotations

import enum
import json
import re
from typing import Any

from aether_nb.events.messages import ANY, BETWEEN
from aether_nb.live.describing.safely import ancestors, class_module, class_name, genuine, held, root

__all__ = [
    "columns_of",
    "harmless",
    "label",
    "many",
    "one_line",
    "printable",
    "root",
    "type_name",
    "value_text",
    "word",
]

PARTS = 30
"""So many parts of a name that is a tuple are written,"""
DEPTH = 3
"""so many levels deep."""

SIMPLE = {int, float, bool, str, bytes, type(None)}
SCALARS = {"int", "float", "complex", "bool", "NoneType", "str", "bytes", "ellipsis", "range", "slice"}
KNOWN = {"datetime", "decimal", "fractions", "uuid"}
"""Modules whose values have a ``__str__`` that is quick and says what they are."""
PANDAS_VALUES = {"Timestamp", "Timedelta", "Period", "Interval", "NaTType", "NAType"}
ZONED = {"datetime", "time", "Timestamp"}
ZONES = {"datetime", "zoneinfo", "pytz", "dateutil", "pandas"}
"""Whose time zones are known to answer quickly."""
PUBLIC = {"pandas", "polars", "pyarrow", "duckdb", "numpy"}
"""Libraries whose classes people know by the library's name, wherever they are defined in it."""
_HARMLESS: dict[int, type] = {}
"""Classes that were found to be harmless, by identity."""
PLAIN_WORD = re.compile(r"\w+( \w+)*")


def label(name: object, depth: int = DEPTH) -> str:
    """The name of a column as text, whatever it is; the parts of a tuple side by side, but for empty ones."""
    kind = type(name)
    if kind is str:
        return name  # type: ignore[return-value]
    if kind is int and name.bit_length() < 400:  # type: ignore[attr-defined]
        return str(name)
    if depth and (parts := _parts(name)) is not None:
        return BETWEEN.join([text for part in parts if (text := label(part, depth - 1))])
    bare = _bare(name)
    if type(bare) is str:
        return bare
    if any(one is enum.Enum for one in ancestors(kind)) and type(held(name, "_name_")) is str:
        return one_line(f"{class_name(kind)}.{held(name, '_name_')}", 200)
    return value_text(bare, 200)


def columns_of(name: object) -> tuple[str, ...]:
    """As which columns what stands under a name counts where columns are hidden.

    Its label; and any column, where the label may not be all that somebody calls it: bytes, or an unknown class.
    """
    return (label(name),) if _says_all(name) else (label(name), ANY)


def _says_all(name: object, depth: int = DEPTH) -> bool:
    """Whether the label of a name is the name."""
    kind = type(name)
    if issubclass(kind, tuple):
        parts = _parts(name)
        return bool(depth) and parts is not None and all(_says_all(part, depth - 1) for part in parts)
    return issubclass(kind, str) or (kind is not bytes and not value_text(_bare(name), 200).startswith("<"))


def _parts(name: Any) -> tuple[object, ...] | None:
    """The parts of a name that is a tuple; None of any other name, and of a tuple that is too long."""
    whole = issubclass(type(name), tuple) and tuple.__len__(name) <= PARTS
    return tuple(tuple.__iter__(name)) if whole else None


def _bare(name: object) -> object:
    """A name as Python's own: the text of a class that is derived from str, the number or text of one of numpy's."""
    kind = type(name)
    if issubclass(kind, str):
        return str.__str__(name)
    if root(kind) == "numpy" and genuine(kind) and name.dtype.kind in "biufcSU":  # type: ignore[attr-defined]
        return name.item()  # type: ignore[attr-defined]
    return name


def word(name: object) -> str:
    """A name as it stands in a line: bare when it cannot be mistaken for anything else, else as a JSON string.

    A tuple is written as the key that it is in code.
    """
    if issubclass(type(name), tuple) and _says_all(name) and len(key := _key(name)) <= 200:
        return key
    text, name = label(name), _bare(name)
    cut = text if len(text) <= 200 else text[:199] + "…"
    if cut.isdigit():
        return cut if type(name) is int else f'"{cut}"'
    if type(name) is int or PLAIN_WORD.fullmatch(cut):
        return cut
    return json.dumps(cut, ensure_ascii=not cut.isprintable())


def _key(name: object) -> str:
    """A tuple as Python would write it."""
    parts = _parts(name)
    if parts is None:
        return value_text(_bare(name), 200)
    return f"({', '.join(map(_key, parts))}{',' * (len(parts) == 1)})"


def type_name(klass: type) -> str:
    """The name a user knows a class by: ``int``, ``pandas.DataFrame``, ``sklearn.linear_model.LinearRegression``."""
    name = one_line(class_name(klass), 80)
    module = class_module(klass)
    if module in {"", "builtins", "__main__"}:
        return name
    if root(klass) in PUBLIC:
        return f"{root(klass)}.{name}"
    public = module.split("._")[0].lstrip("_")
    return one_line(f"{public}.{name}", 120)


def one_line(text: str, limit: int) -> str:
    """Untrusted text as one printable line of at most ``limit`` characters."""
    if len(text) <= limit and text.isprintable() and "  " not in text and text == text.strip():
        return text
    flat = " ".join("".join(c if c.isprintable() else " " for c in text[: limit + 1]).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def many(number: int, noun: str) -> str:
    """A number of things: ``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def harmless(kind: type) -> bool:
    """Whether values of exactly this class may be printed, hashed and compared without running anybody's code."""
    if id(kind) in _HARMLESS:
        return True
    module, name = class_module(kind), class_name(kind)
    if module == "builtins":
        found = name in SCALARS and (genuine(kind) or kind is type(None) or kind is type(...))
    else:
        found = (module in KNOWN or (root(kind) == "pandas" and name in PANDAS_VALUES)) and genuine(kind)
    if found:
        _HARMLESS[id(kind)] = kind
    return found


def printable(value: object) -> bool:
    """Whether this very value may be printed, hashed and compared: a time asks its zone, which may be anybody's."""
    if not harmless(type(value)):
        return False
    if type(value) in SIMPLE or class_name(type(value)) not in ZONED:
        return True
    zone = value.tzinfo  # type: ignore[attr-defined]
    return zone is None or (root(type(zone)) in ZONES and genuine(type(zone)))


def value_text(value: object, limit: int = 60) -> str:
    """A value as Python would write it when its type is known to be harmless, else the name of its type in brackets."""
    kind = type(value)
    if kind is bool or value is None:
        return repr(value)
    if kind is str or kind is bytes:
        cut = repr(value[:limit])  # type: ignore[index]
        return cut if len(value) <= limit else f"{cut[:-1]}…{cut[-1]}"  # type: ignore[arg-type]
    if kind is int and int(value).bit_length() > 400:  # type: ignore[call-overload]
        return f"<int of {int(value).bit_length()} bits>"  # type: ignore[call-overload]
    if kind is float:
        return repr(float(f"{value:.10g}"))
    if not printable(value):
        return f"<{type_name(kind)}>"
    if kind is range or kind is slice:
        return _range(value)
    try:
        return repr(value) if class_module(kind) == "builtins" else one_line(str(value), limit)
    except ValueError:  # a fraction of more digits than Python prints
        return f"<{type_name(kind)}>"


def _range(value: object) -> str:
    """A range or a slice, each of whose ends may be any object, or a number of a million digits."""
    assert type(value) is range or type(value) is slice
    ends = (value.start, value.stop, value.step)
    return f"{class_name(type(value))}({', '.join(map(value_text, ends if value.step != 1 else ends[:2]))})"
