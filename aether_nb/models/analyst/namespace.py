"""What is in the user's namespace, read from the text in which a model is shown it.

The format is that of the namespace summary and of ``inspect_variable``. Nothing here trusts that text: names are kept
as plain strings, literals are read with ``ast.literal_eval``, and a line that cannot be read is left out.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

__all__ = ["NUMBER_TEXT", "Column", "Frame", "Namespace", "WholeName", "parse_summary", "private"]

_TEXT, _OTHER = r'"(?:[^"\\]|\\.)*"', r"'(?:[^'\\]|\\.)*'"
_WRITTEN = rf"{_TEXT}|\((?:{_OTHER}|{_TEXT}|[^'\"()])*\)"
"""A name that is no plain word: a JSON string, or the key of a column of several levels."""
_LINE = re.compile(rf"^(?P<indent>\s*)- (?P<name>{_WRITTEN}|[^:]+?): (?P<rest>.*)$")
_SHAPE = re.compile(r"~?([\d,]+) rows? × ~?([\d,]+) columns?")
_INDEX = re.compile(
    rf"columns?, index (?:(?P<name>{_TEXT}|[\w ]+?) \((?P<type>\w+)\)|(?P<plain>\w+Index)(?=$|, columns ))"
)
_MISSING = re.compile(r"^~?([\d.]+)% missing$")
_DISTINCT = re.compile(r"^~?([\d,]+) distinct(?:: (?P<values>.*))?$", re.DOTALL)
_DATE = re.compile(r"^\d{4}-\d{2}(-\d{2})?([ T][\d:.+Z-]*)?$|^\d{1,2}/\d{1,2}/\d{4}$|^\d{4}/\d{1,2}/\d{1,2}$")
NUMBER_TEXT = r"\(?[-+]?\s?[$€£¥₹]?\s?[-+]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][-+]?\d+)?\s?[€%]?\)?"
"""A number as people type it: with separators, a currency, a percent sign, or in brackets, which make it negative."""

_YES_OR_NO = ({"yes", "no"}, {"y", "n"}, {"true", "false"})
_IDENTIFIER = re.compile(r"(?:^|[_ ])(?:id|ID|Id|code|key|no|nr|number|sku)$|[a-z]I[dD]$")

_TO_FRAME = {
    "Series": ".to_frame()",
    "pandas.Series": ".to_frame()",
    "polars.DataFrame": ".to_pandas()",
    "polars.LazyFrame": ".collect().to_pandas()",
    "polars.Series": ".to_frame().to_pandas()",
}
_TABULAR = re.compile("(?:" + "|".join(re.escape(kind) for kind in _TO_FRAME) + r")(?=\W|$)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``values`` are all its distinct values when they were listed; ``examples`` are some of them.

    ``missing`` is in percent; ``distinct`` is None when it was not told; ``low`` and ``high`` are the range as written.
    ``index`` tells that it is the frame's index and no column.
    """

    name: str
    dtype: str
    missing: float = 0.0
    distinct: int | None = None
    values: tuple[Any, ...] = ()
    examples: tuple[Any, ...] = ()
    low: str = ""
    high: str = ""
    index: bool = False

    @property
    def kind(self) -> str:
        """``number``, ``bool``, ``date``, ``text``; ``numeric text`` and ``date text`` want a conversion.

        ``unknown`` is a column of which only the name was told; ``broken`` is one that cannot be read.
        """
        dtype = self.dtype.casefold()
        if dtype in ("unknown", "broken"):
            return dtype
        if re.match(r"u?int|float|decimal|double", dtype):
            return "number"
        if dtype.startswith("bool"):
            return "bool"
        if dtype.startswith(("datetime", "period", "timestamp", "date")):
            return "date"
        return self._text_kind()

    def _text_kind(self) -> str:
        shown = self.values or self.examples
        if shown and all(isinstance(value, bool) for value in shown):
            return "bool"
        if shown and all(isinstance(value, int | float) for value in shown):
            return "number"
        texts = [value for value in shown if isinstance(value, str) and value.strip()]
        dates = [text for text in texts if _DATE.match(text.strip())]
        if dates and len(dates) >= (len(texts) if len(texts) < 3 else len(texts) - 1):
            return "date text"
        readable = [text for text in texts if _reads(text) and any(char.isdigit() for char in text)]
        if len(texts) > 1 and len(readable) >= max(2, len(texts) - 1):
            return "numeric text"
        return "text"

    @property
    def numeric(self) -> bool:
        """Whether one can calculate with it, if need be after a conversion."""
        return self.kind in ("number", "numeric text", "bool", "unknown")

    @property
    def dated(self) -> bool:
        """Whether it holds dates, if need be after a conversion."""
        return self.kind in ("date", "date text")

    @property
    def flag(self) -> bool:
        """Whether it says yes or no: booleans, nothing but 0 and 1, or nothing but ``yes`` and ``no``."""
        return self.yes is not None

    @property
    def yes(self) -> Any:
        """How a column that says yes or no writes yes; None for any other column."""
        if self.kind == "bool":
            return True
        if self.kind == "number":
            return 1 if self.values and set(self.values) <= {0, 1} else None
        texts = [value for value in self.values if isinstance(value, str)]
        said = {text.strip().casefold() for text in texts}
        if self.kind != "text" or len(texts) != len(self.values) or said not in _YES_OR_NO:
            return None
        return next(text for text in texts if text.strip().casefold() in ("yes", "y", "true"))

    @property
    def identifies(self) -> bool:
        """Whether its values are numbers of things, such as ``customer_id``, and measure nothing."""
        return self.kind == "number" and _IDENTIFIER.search(self.name) is not None

    def span_days(self) -> int | None:
        """How many days lie between the first and the last date; None when it is not told."""
        try:
            return (date.fromisoformat(self.high[:10]) - date.fromisoformat(self.low[:10])).days
        except ValueError:
            return None

    @property
    def categorical(self) -> bool:
        """Whether it makes sense to group by it."""
        if self.kind in ("text", "bool", "unknown") or self.values or self.name.casefold() in ("sex", "gender"):
            return True
        whole = re.match(r"u?int", self.dtype.casefold()) is not None
        return whole and self.distinct is not None and self.distinct <= 60


class WholeName(str):
    """The name of a column that is no text, a whole number or a tuple: text everywhere, and what it is in code."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Frame:
    """A pandas DataFrame in the namespace; ``rows`` is None when it was not told.

    ``width`` is how many columns it has, of which ``columns`` may be some only.
    """

    name: str
    columns: tuple[Column, ...] = ()
    rows: int | None = None
    width: int = 0

    @property
    def partial(self) -> bool:
        """Whether there are columns that were not described."""
        told = [column for column in self.columns if column.kind != "unknown" and not column.index]
        return len(told) < max(self.width, len(self.columns) - sum(column.index for column in self.columns))

    def of_kind(self, *kinds: str) -> list[Column]:
        """The columns of these kinds, in order."""
        return [column for column in self.columns if column.kind in kinds]


@dataclass(frozen=True, slots=True)
class Namespace:
    """The frames, every name that is taken, and what could be made a frame: its name, its type, and how.

    ``hidden`` tells that there are variables whose names were not told.
    """

    frames: tuple[Frame, ...] = ()
    names: frozenset[str] = frozenset()
    others: tuple[tuple[str, str, str], ...] = ()
    hidden: bool = False

    def fresh(self, wanted: str) -> str:
        """A name like ``wanted`` that is not taken, as far as that is known."""
        name, number = wanted, 1
        while name in self.names:
            number += 1
            name = f"{wanted}_{number}"
        return name


def private(name: str) -> str:
    """A name that is not the user's: nobody gives such a name, and no summary tells it."""
    return f"_aether_{name}"


def parse_summary(text: str) -> Namespace:
    """Read a namespace summary, or the description of one variable."""
    frames: list[Frame] = []
    names: set[str] = set()
    others: list[tuple[str, str, str]] = []
    inside = False
    for line in text.splitlines():
        dropped = re.match(r"^\s*- … .*\(names only\): (.*)$", line)
        if dropped and not line.startswith(" "):
            names.update(name.strip() for name in dropped.group(1).split(","))
            continue
        if dropped and inside:
            frames[-1] = replace(frames[-1], columns=(*frames[-1].columns, *_unknown(dropped.group(1))))
            continue
        match = _LINE.match(line)
        if match is None:
            continue
        name = _name(match["name"])
        if match["indent"]:
            if inside:
                columns = (*frames[-1].columns, _column(name, match["rest"]))
                frames[-1] = replace(frames[-1], columns=columns)
            continue
        names.add(name.split(" = ")[0])
        if (kind := _TABULAR.match(match["rest"])) and name.isidentifier():
            others.append((name, kind[0].replace(".", " "), name + _TO_FRAME[kind[0]]))
        inside = match["rest"].startswith(("pandas.DataFrame", "DataFrame", "geopandas.GeoDataFrame"))
        inside = inside and name.isidentifier() and not keyword.iskeyword(name)
        if inside:
            shape = _SHAPE.search(match["rest"])
            rows = int(shape.group(1).replace(",", "")) if shape else None
            width = int(shape.group(2).replace(",", "")) if shape else 0
            frames.append(Frame(name, _index(match["rest"]), rows, width))
    told = re.match(r"variables \(([\d,]+)\)", text)
    hidden = told is not None and len(names) < int(told[1].replace(",", ""))
    return Namespace(tuple(frames), frozenset(names), tuple(others), hidden)


def _reads(text: str) -> bool:
    """Whether a text can be read as a number."""
    return re.fullmatch(NUMBER_TEXT, text.strip().replace("−", "-")) is not None


def _unknown(names: str) -> list[Column]:
    """Columns of which nothing but the name was told; the last name may have been cut, and is then left out."""
    told = re.findall(rf" *({_WRITTEN}|[^,]+)", names)[: -1 if names.endswith("…") else None]
    return [Column(_name(name.strip()), "unknown") for name in told if name.strip()]


def _index(rest: str) -> tuple[Column, ...]:
    """The index as a column, when it says when or has a name that one may speak of."""
    found = _INDEX.search(rest)
    if found is None:
        return ()
    kind = found["type"] or found["plain"]
    dated = kind in ("DatetimeIndex", "PeriodIndex")
    if not dated and (not found["name"] or kind not in ("Index", "CategoricalIndex")):
        return ()
    return (Column(_name(found["name"] or "date"), "datetime64[ns]" if dated else "object", index=True),)


def _name(text: str) -> str:
    """A name as it stands in the namespace; one that could confuse was written as a JSON string."""
    if re.fullmatch(r"-?\d+", text):
        return WholeName(text)
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    if text.startswith("("):
        try:
            return WholeName(ast.literal_eval(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return text
    return text


def _column(name: str, rest: str) -> Column:
    """One column from the facts behind its name."""
    if rest.startswith("not readable"):
        return Column(name, "broken")
    dtype, _, facts = rest.partition(", ")
    column = Column(name, dtype.strip())
    facts = facts.strip()
    head, _, tail = facts.partition(", ")
    if missing := _MISSING.match(head):
        column = replace(column, missing=float(missing.group(1)))
        facts = tail.strip()
    facts, _, examples = f", {facts}".partition(", e.g. ")
    facts = facts.removeprefix(", ")
    if examples:
        column = replace(column, examples=_literals(examples))
    if distinct := _DISTINCT.match(facts):
        values = _literals(distinct["values"] or "")
        column = replace(column, distinct=int(distinct.group(1).replace(",", "")), values=values)
    elif " … " in facts:
        low, _, high = facts.partition(" … ")
        column = replace(column, low=low.strip(), high=high.split(", ")[0].strip())
    return column


def _literals(text: str) -> tuple[Any, ...]:
    """Python literals with commas between them; nothing when any of them cannot be read."""
    text = text.strip().rstrip("…").rstrip().rstrip(",")
    if not text:
        return ()
    try:
        values = ast.literal_eval(f"({text},)")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    return tuple(value for value in values if value is not None)
