"""The type of a value that is wanted, as it was typed behind ``--as``: what it means here, and whether a value is one.

A type is written as in an annotation: ``float``, ``list[str]``, ``int | None``, ``MyModel`` (a class of the notebook:
pydantic, dataclass, Enum, TypedDict), ``DataFrame``. Reading one runs no function: names, dots, brackets and ``|`` are
all that it may hold. This module knows no run and binds nothing.
"""

from __future__ import annotations

import ast
import builtins
import datetime
import decimal
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aether_nb.errors import OptionError
from aether_nb.live.tracebacks import one_line

__all__ = ["Fitted", "Unfit", "Wanted", "check_typed"]

ALLOWED = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Constant, ast.BinOp, ast.BitOr, ast.Load,
    ast.UnaryOp, ast.USub,
)  # fmt: skip
KNOWN = "Write it as an annotation: float, int, str, bool, list[str], dict[str, int], MyModel, DataFrame."
NAMED: Mapping[str, Any] = {
    **{name: getattr(typing, name) for name in ("Any", "Literal", "Optional", "Union", "List", "Dict", "Tuple")},
    "date": datetime.date,
    "datetime": datetime.datetime,
    "timedelta": datetime.timedelta,
    "Decimal": decimal.Decimal,
    "Path": Path,
}
"""Types that are known without an import; the notebook's own names come first."""

TABLES = ("DataFrame", "Series", "Table", "ndarray", "LazyFrame", "Index")
LIBRARIES = ("pandas", "polars", "pyarrow", "numpy")
TEXTUAL = {int, float, bool, str, decimal.Decimal, datetime.date, datetime.datetime}
"""What a model may also say in words: a figure, a date, a word."""
LONGEST_WORD, LONGEST_TEXT = 80, 4_000
MOST_FAULTS = 5


class Unfit(Exception):
    """A value is not of the wanted type; says why."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value of the wanted type, and the expression that makes it of the one that was given."""

    value: Any
    code: str


def check_typed(text: str) -> str:
    """The type as it was typed.

    Raises:
        OptionError: It cannot be the text of a type.
    """
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval").body))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise OptionError(f"--as {text} is no type.", f"{one_line(error)}.", KNOWN) from None
    literals = [node.slice for node in nodes if isinstance(node, ast.Subscript) and _is_literal(node.value)]
    plain = {inner for literal in literals for inner in ast.walk(literal)}
    for node in nodes:
        # A text is a forward reference, which whoever reads the type evaluates.
        forward = isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in plain
        if forward or not isinstance(node, ALLOWED):
            raise OptionError(f"--as {text} is no type.", "It is an expression that does something.", KNOWN)
    return text


def _is_literal(node: ast.expr) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == "Literal"


class Wanted:
    """A wanted type in one namespace.

    Args:
        text: As it was typed.
        namespace: The user's variables.

    Raises:
        OptionError: It means nothing here.
    """

    def __init__(self, text: str, namespace: Mapping[str, Any]) -> None:
        self.text, self.tables = check_typed(text), _tables(text, namespace)
        self.type: Any = self.tables or _resolved(text, namespace)

    def fit(self, value: Any, code: str) -> Fitted:
        """A value as one of the wanted type.

        Args:
            value: The value.
            code: The expression that it comes from.

        Raises:
            Unfit: It is none.
        """
        if self.tables:
            if isinstance(value, self.tables):
                return Fitted(value, code)
            raise Unfit(f"it is a {type(value).__name__}, and a {self.text} is wanted")
        if isinstance(value, str) and self.type in (int, float, bool):
            raise Unfit(f"it is a text, and a value of type {self.text} is wanted")
        plain, simple = value, self.type in (int, float, bool, str)
        if hasattr(type(value), "tolist"):  # numpy and pandas: as Python's own values
            plain = value.tolist()
            if simple and not isinstance(plain, list):
                return Fitted(self._validated(plain), f"{self.text}({code})")
            code = f"{_bracketed(code)}.tolist()"
        fitted = self._validated(plain)
        if type(fitted) is type(plain) and _same(fitted, plain):
            return Fitted(fitted, code)
        if simple:
            return Fitted(fitted, f"{self.text}({code})")
        return Fitted(fitted, f"__import__('pydantic').TypeAdapter({self.text}).validate_python({code})")

    def said(self, text: str) -> Any:
        """The value that an answer in words is: a figure, a date, a short text.

        Raises:
            Unfit: It is none, or it would have to be computed.
        """
        text = text.strip()
        if self.type not in TEXTUAL and not _only_words(self.type):
            raise Unfit("it was not given with answer_with")
        if len(text) > (LONGEST_TEXT if self.type is str else LONGEST_WORD):
            raise Unfit("the answer is a text, and no value alone")
        bare = text.strip("*`_ ").rstrip(".") if self.type is not str else text
        return self._validated(bare)

    def _validated(self, value: Any) -> Any:
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(self.type).validate_python(value)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            lines = [f"{'.'.join(map(str, fault['loc'])) or 'value'}: {fault['msg']}" for fault in faults]
            raise Unfit("; ".join(lines[:MOST_FAULTS])) from None


def _resolved(text: str, namespace: Mapping[str, Any]) -> Any:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    try:
        found = eval(text, {"__builtins__": vars(builtins), **NAMED, **namespace})  # names and brackets
    except Exception as error:  # noqa: BLE001  # a name that is missing, a class that takes no brackets
        raise OptionError(f"--as {text} means nothing here.", f"{one_line(error)}.", KNOWN) from None
    kinds = (type, types.GenericAlias, types.UnionType, type(typing.Union[int, None]), type(typing.Literal[1]))  # noqa: UP007
    if found is not None and found is not typing.Any and not isinstance(found, kinds):
        raise OptionError(f"--as {text} is no type.", f"It is a {type(found).__name__}.", KNOWN)
    try:
        TypeAdapter(found)
    except Exception as error:  # noqa: BLE001  # pydantic's own, or what a class of the user's raises when it is read
        why = error.message.partition("\n")[0] if isinstance(error, PydanticUserError) else f"{one_line(error)}."
        raise OptionError(f"--as {text} cannot be checked.", why, "Make it a dataclass or a pydantic model.") from None
    return found


def _tables(text: str, namespace: Mapping[str, Any]) -> tuple[type, ...]:
    """The classes of loaded libraries that a name like ``DataFrame`` or ``pd.Series`` stands for."""
    name = text.rpartition(".")[2]
    if name not in TABLES:
        return ()
    known = {library: getattr(sys.modules.get(library), name, None) for library in LIBRARIES}
    if "." in text:
        module = namespace.get(text.partition(".")[0])
        known = {text: getattr(module, name, None)}
    elif isinstance(namespace.get(name), type):
        known = {text: namespace[name]}
    found = tuple(one for one in known.values() if isinstance(one, type))
    if not found:
        raise OptionError(f"--as {text} means nothing here.", "No library that has it is loaded.", "import pandas")
    return found


def _only_words(kind: Any) -> bool:
    return typing.get_origin(kind) is typing.Literal


def _bracketed(code: str) -> str:
    """An expression to which a method can be put."""
    tied = isinstance(ast.parse(code, mode="eval").body, ast.Name | ast.Call | ast.Attribute | ast.Subscript)
    return code if tied else f"({code})"


def _same(one: Any, other: Any) -> bool:
    return one is other or bool(one == other) or (one != one and other != other)
