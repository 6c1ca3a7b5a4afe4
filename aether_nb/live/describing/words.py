"""Names, types and single values as text: on one line, of bounded length, without running code of an unknown object.

It does not know what is told, nor to whom.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["KNOWN_VALUES", "SCALARS", "label", "one_line", "root", "type_name", "value_text", "word"]

SCALARS = {"int", "float", "complex", "bool", "NoneType", "str", "bytes", "ellipsis", "range", "slice"}
KNOWN_VALUES = {"datetime", "decimal", "fractions", "uuid"}
PLAIN_WORD = re.compile(r"\w+( \w+)*")


def label(name: object) -> str:
    """The name of a column as text, whatever it is."""
    return name if type(name) is str else value_text(name, 200)


def word(name: object) -> str:
    """A name as it stands in a line: bare when it cannot be mistaken for anything else, else as a JSON string."""
    text = label(name)
    cut = text if len(text) <= 200 else text[:199] + "…"
    if type(name) is int or (PLAIN_WORD.fullmatch(cut) and not cut.isdigit()):
        return cut
    return json.dumps(cut, ensure_ascii=not cut.isprintable())


def type_name(klass: type) -> str:
    """The name a user knows a class by: ``int``, ``pandas.DataFrame``, ``sklearn.linear_model.LinearRegression``."""
    name = one_line(str(klass.__name__), 80)
    module: Any = klass.__module__
    if not isinstance(module, str) or module in {"builtins", "__main__"}:
        return name
    if root(klass) in {"pandas", "polars", "pyarrow", "duckdb", "numpy"}:
        return f"{root(klass)}.{name}"
    public = module.split("._")[0].lstrip("_")
    return one_line(f"{public}.{name}", 120)


def one_line(text: str, limit: int) -> str:
    """Untrusted text as one printable line of at most ``limit`` characters."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text[: limit + 1]).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def value_text(value: object, limit: int = 60) -> str:
    """A value as Python would write it when its type is known to be harmless, else the name of its type in brackets."""
    kind = type(value)
    if kind is str or kind is bytes:
        cut = repr(value[:limit])  # type: ignore[index]
        return cut if len(value) <= limit else f"{cut[:-1]}…{cut[-1]}"  # type: ignore[arg-type]
    if kind is int and int(value).bit_length() > 400:  # type: ignore[call-overload]
        return f"<int of {int(value).bit_length()} bits>"  # type: ignore[call-overload]
    if kind is float:
        return repr(float(f"{value:.10g}"))
    if kind.__module__ == "builtins" and kind.__name__ in SCALARS:
        return repr(value)
    if root(kind) == "pandas" or kind.__module__ in KNOWN_VALUES:
        return one_line(str(value), limit)
    return f"<{type_name(kind)}>"


def root(klass: type) -> str:
    """The library a class says it comes from: ``pandas``, ``duckdb``, ``builtins``."""
    module: Any = type.__dict__["__module__"].__get__(klass)  # whatever its own class says about itself
    return module.split(".")[0].lstrip("_") if isinstance(module, str) else ""
