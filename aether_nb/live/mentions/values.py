"""What the mentions of a prompt stand for: worked out once, on the main thread, before the run.

An expression is the user's own code and runs as in his cell. What comes of it is data: a part of its own, of bounded
size, with the kind of data that it shows and the columns it came from. This module knows no run.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Number
from types import CodeType, ModuleType
from typing import Any

from aether_nb.errors import MentionFailed
from aether_nb.events.asked import Mention
from aether_nb.events.messages import ANY, BETWEEN, DataKind, Text
from aether_nb.live.composing import fields_of
from aether_nb.live.describing.words import columns_of, label
from aether_nb.live.interrupt import interruptible
from aether_nb.live.mentions.finding import Found, find
from aether_nb.live.owning import users_own
from aether_nb.live.tracebacks import one_line
from aether_nb.live.values import show_value

__all__ = ["Mentions", "mentions_in"]

LONGEST = 8_000
"""Characters of one value that a model is told."""
ALL = 32_000
"""Characters of all of them."""

OF_IPYTHON = re.compile(r"In|Out|Err|_{1,3}|_i{0,3}\d*")
LITERALLY = (
    "Type {{ for a brace that is only a brace, or put --raw before the question: nothing in it is replaced then."
)

ALONE = (str, bytes, Number, ModuleType, type(None))
"""What holds nothing of a table, unless somebody has put a cell of it there."""

AGGREGATES = frozenset(
    "sum mean median std var sem min max count nunique size corr cov quantile skew kurt prod any all "
    "len round abs int float".split()
)
SCHEMA = frozenset("columns dtypes dtype shape index_names schema ndim".split())


@dataclass(frozen=True)
class Mentions:
    """A prompt and what it speaks of.

    Args:
        text: The prompt as a model reads it.
        found: The mentions in it.
        parts: What they stand for, one part each.
        functions: The functions that become tools of the run, by name.
    """

    text: str
    found: tuple[Mention, ...] = ()
    parts: tuple[Text, ...] = ()
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


def mentions_in(
    prompt: str, namespace: dict[str, Any], hidden: Collection[str] = (), failures: Mapping[int, str] | None = None
) -> Mentions:
    """The mentions in a prompt, with what they stand for. On the main thread.

    Args:
        prompt: What was typed.
        namespace: The user's variables; expressions are evaluated in it.
        hidden: Names that are not the user's.
        failures: The errors of his cells, for ``Err``.

    Raises:
        MentionFailed: An expression raises, or there is no such function.
    """
    theirs = users_own(namespace, hidden)
    usable = {name for name in namespace if OF_IPYTHON.fullmatch(str(name))} | theirs.keys() | {"Err"}
    reading = find(prompt, usable)
    working = _Working(namespace, failures if failures is not None else {})
    parts: list[Text] = []
    functions: dict[str, Callable[..., Any]] = {}
    found: list[Mention] = []
    for one in reading.found:
        if issubclass(type(theirs.get(one.expression)), ModuleType):
            continue  # there is nothing to tell of a library
        if one.kind == "function":
            functions[one.expression] = working.function(one)
        else:
            room = min(LONGEST, ALL - sum(len(part.text) for part in parts))
            parts.append(_part(one, working.variable(one) if one.kind == "variable" else working.value(one), room))
        found.append(Mention(one.typed, one.kind, one.expression))
    return Mentions(reading.text, tuple(found), tuple(parts), functions)


def _part(found: Found, shown: Text, room: int) -> Text:
    """What a mention stands for, as a model is told: under what was typed, and no longer than there is room."""
    text = shown.text if len(shown.text) <= room else f"{shown.text[: max(room, 0)]}\n… cut; ask for less of it"
    return Text(f"\n\n{found.typed} was, when this was asked:\n{text}", shown.data, shown.columns)


@dataclass
class _Working:
    """Works out mentions in one namespace."""

    namespace: dict[str, Any]
    failures: Mapping[int, str]

    def function(self, found: Found) -> Callable[..., Any]:
        """The function of that name.

        Raises:
            MentionFailed: There is none.
        """
        value: Any = self.namespace.get(found.expression)
        if not callable(value) or isinstance(value, type):
            what = f"{found.typed} in the question is no function of this notebook."
            why = "There is none of that name." if value is None else f"It is a {type(value).__name__}."
            raise MentionFailed(what, why, "Define it in a cell above, or put --raw before the question.")
        function: Callable[..., Any] = value
        return function

    def variable(self, found: Found) -> Text:
        """A variable in full."""
        from aether_nb.live.inspecting import inspect  # what describes variables is imported when one is mentioned

        summary = inspect(found.expression, self.namespace[found.expression])
        return Text(summary.text, "rows" if summary.columns else "schema", summary.columns)

    def value(self, found: Found) -> Text:
        """What an expression comes to, as text.

        Raises:
            MentionFailed: It raises, or it was interrupted.
        """
        locals = {} if "Err" in self.namespace else {"Err": self.failures}
        try:
            with interruptible():
                value = eval(_compiled(found.expression), self.namespace, locals)  # the user typed it
                if found.spec or found.conversion:
                    return self._text(found, value, _formatted(value, found))
                if isinstance(value, str):
                    return self._text(found, value, value)
                if isinstance(value, Number) and hasattr(value, "item"):
                    value = value.item()  # numpy's numbers, as a person writes them
                shown = show_value(value)
        except KeyboardInterrupt:
            raise MentionFailed(f"{found.typed} was interrupted.", "Nothing was asked.", LITERALLY) from None
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the user's expression raises
            raise MentionFailed(f"{found.typed} cannot be worked out.", f"{one_line(error)}.", LITERALLY) from None
        return self._text(found, value, shown.text, shown.columns)

    def _text(self, found: Found, value: object, text: str, shown: tuple[str, ...] = ()) -> Text:
        text = str.__str__(text)  # what is derived from str may have a length that raises
        tree = ast.parse(found.expression, mode="eval").body
        kind = _kind(tree, value)
        return Text(text, kind, () if kind == "text" else tuple(self._columns(tree, shown)))

    def _columns(self, tree: ast.expr, shown: tuple[str, ...]) -> Iterator[str]:
        """The columns that a value was made from: those its expression names, those it shows, else all of a frame.

        Of what stands beside a table in it (a list of records, say) nobody knows what it holds.
        """
        words = {label(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        words |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | set(shown)
        found, others = list[str](), False
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                value = self.namespace.get(node.id)
                columns = list(fields_of(node.id, _columns_in(value, words)))
                found += columns
                others = others or not (columns or callable(value) or isinstance(value, ALONE))
        yield from found
        if found and others:
            yield ANY


def _compiled(expression: str) -> CodeType:
    return compile(expression, "<question>", "eval")


def _formatted(value: Any, found: Found) -> str:
    match found.conversion:
        case "r":
            value = repr(value)
        case "s":
            value = str(value)
        case "a":
            value = ascii(value)
    return format(value, found.spec)


def _kind(tree: ast.expr, value: object) -> DataKind:
    """What a value shows of the data: as little as can be told for sure, else single values.

    A number that an aggregate gave is a statistic; the same number from a cell is a row of somebody's.
    """
    root = next((node.id for node in ast.walk(tree) if isinstance(node, ast.Name)), "")
    if root == "In" or (isinstance(tree, ast.Name) and re.fullmatch(r"_i+\d*", root)):
        return "text"
    if isinstance(tree, ast.Attribute) and tree.attr in SCHEMA:
        return "schema"
    if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Attribute) and tree.value.attr in SCHEMA:
        return "schema"
    if isinstance(tree, ast.Call) and isinstance(value, Number):
        called = tree.func.attr if isinstance(tree.func, ast.Attribute) else getattr(tree.func, "id", "")
        if called in AGGREGATES and not (called in ("round", "abs", "int", "float") and not _aggregated(tree)):
            return "statistics"
    if callable(value):
        return "text"
    return "rows"


def _aggregated(tree: ast.Call) -> bool:
    """Whether what a number is made of by ``round`` and its like comes from an aggregate itself."""
    inner = tree.args[0] if tree.args else tree.func.value if isinstance(tree.func, ast.Attribute) else None
    return isinstance(inner, ast.Call) and _kind(inner, 0) == "statistics"


def _columns_in(value: Any, words: set[str]) -> Iterator[str]:
    """As which columns what is made of a table counts: those among ``words``, else all; nothing for what is no table.

    What is made of a series counts as the series, too; of one without a name nobody knows what it holds.
    """
    from aether_nb.live.describing.pandases import row_labels  # what describes variables is imported when it is needed

    pandas, polars, arrow = map(sys.modules.get, ("pandas", "polars", "pyarrow"))
    kind, index = type(value), list[Any]()
    parts: Sequence[Any] = ()
    if any(module is not None and issubclass(kind, module.Series) for module in (pandas, polars)):
        yield from columns_of(value.name) if value.name is not None and label(value.name) else (ANY,)
    if pandas is not None and issubclass(kind, pandas.DataFrame | pandas.Series):
        index = [name for name in value.index.names if name is not None]
        parts = [*index, *value.columns] if issubclass(kind, pandas.DataFrame) else row_labels(value)
    elif polars is not None and issubclass(kind, polars.DataFrame):
        parts = value.columns
    elif arrow is not None and issubclass(kind, arrow.Table | arrow.RecordBatch):
        parts = value.schema.names
    named = [name for name in [*index, *parts] if label(name) in words or set(label(name).split(BETWEEN)) <= words]
    yield from (column for name in named or parts for column in columns_of(name))
