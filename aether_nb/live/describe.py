"""How a table is told in a few lines: a line about it, and one about each column.

Everything here is bounded whatever the data: values come from a few evenly spread positions unless all of them are
cheap to count, an odd column hides no other, a lazy table is not executed, and no code is run of an object whose type
is not known. The words and figures that every description is made of are here too. No library is imported: whoever
has a frame has imported its library. This module does not know the namespace, the question or the budget.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

POSITIONS = 256
"""How many values of a column are looked at when there are too many to look at all."""
SMALL = 1_000
"""Up to so many rows a column is read as a whole, as Python values."""
MISSING = {"NAType", "NaTType"}
SCALARS = {"int", "float", "complex", "bool", "NoneType", "str", "bytes", "ellipsis", "range", "slice"}
KNOWN_VALUES = {"datetime", "decimal", "fractions", "uuid"}
TIMES = {"Timestamp", "Timedelta", "Period", "datetime", "date", "time", "timedelta"}
EMPTY: Iterator[Any] = iter(())
PLAIN_WORD = re.compile(r"\w+( \w+)*")


@dataclass(frozen=True, slots=True)
class Look:
    """How closely to look: columns and distinct values to show, rows to count exactly, and until when (monotonic)."""

    columns: int = 40
    distinct: int = 12
    exact_rows: int = 200_000
    until: float = float("inf")
    words: frozenset[str] = frozenset()

    @property
    def hurry(self) -> bool:
        """Whether the time for exact figures is over."""
        return time.monotonic() > self.until


@dataclass(frozen=True, slots=True)
class Line:
    """A line about a column, and whether it shows values of it."""

    text: str
    column: str
    shows: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """``head`` is the type and what follows; ``lines`` are made as far as they are read; ``columns`` names them all."""

    head: str
    lines: Iterator[Line] = EMPTY
    columns: tuple[str, ...] = ()
    shows: bool = False


# ---- words


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


# ---- what the values of a column amount to


@dataclass(slots=True)
class Figures:
    """What was seen of a column. ``values`` are all distinct ones when there are few, else two examples."""

    missing: float = 0.0
    distinct: int = 0
    values: Sequence[object] = ()
    low: object = None
    high: object = None
    sampled: bool = False

    def text(self, limit: int) -> str:
        """The figures as they stand after the dtype: ``, 0.6% missing, 172.0 … 231.0``; ``~`` marks a sample."""
        about = "~" if self.sampled else ""
        parts = [f"{about}{_percent(self.missing)} missing"] if self.missing else []
        if self.distinct and self.distinct <= limit and self.low is None:
            parts.append(f"{about}{self.distinct} distinct: " + ", ".join(map(value_text, self.values)))
        elif self.low is not None:
            low, high = _ends(self.low, self.high)
            parts.append(f"{about}{low} … {high}")
        elif self.distinct:
            parts.append(f"{about}{self.distinct} distinct, e.g. " + ", ".join(map(value_text, self.values)))
        return "".join(f", {part}" for part in parts)


def _percent(share: float) -> str:
    percent = 100 * share
    if 0 < percent < 0.05:
        return f"{percent:.1g}%"
    return f"{min(percent, 99.9) if share < 1 else percent:.1f}%"


def _ends(low: object, high: object) -> tuple[str, str]:
    """Both ends of a range; midnight is left out when both are at midnight."""
    texts = value_text(low), value_text(high)
    if all(text.endswith(" 00:00:00") for text in texts):
        return texts[0].removesuffix(" 00:00:00"), texts[1].removesuffix(" 00:00:00")
    return texts


def _is_missing(value: object) -> bool:
    kind = type(value)
    return value is None or (kind is float and value != value) or kind.__name__ in MISSING


def _plain(value: object) -> object:
    """A value that may be hashed and compared: itself when its type is known, else only the name of its type."""
    kind = type(value)
    known = (kind.__module__ == "builtins" and kind.__name__ in SCALARS) or kind.__module__ in KNOWN_VALUES
    if known or (root(kind) == "pandas" and kind.__name__ in {"Timestamp", "Timedelta", "Period", "Interval"}):
        return value[:200] if kind is str or kind is bytes else value  # type: ignore[index]
    return _Odd(value_text(value))


@dataclass(frozen=True, slots=True)
class _Odd:
    """Stands for a value that is not looked into."""

    name: str


def measure(values: Sequence[object], rows: int, look: Look) -> Figures:
    """What a column's values amount to; when they are fewer than ``rows``, they are a sample, and that is marked."""
    if set(map(type, values)) <= {int, float, str, bool, type(None)}:
        present = [value for value in values if value is not None and value == value]
    else:
        present = [_plain(value) for value in values if not _is_missing(value)]
    counts = Counter(present)
    figures = Figures(sampled=len(values) < rows, distinct=len(counts))
    figures.missing = (len(values) - len(present)) / len(values) if values else 0.0
    kinds = {type(value) for value in present}
    numbers = bool(kinds) and kinds <= {int, float}
    times = bool(kinds) and all(kind.__name__ in TIMES for kind in kinds)
    if times or (numbers and len(counts) > look.distinct):
        figures.low, figures.high = min(present), max(present)  # type: ignore[type-var]
    elif len(counts) <= look.distinct:
        figures.values = _in_order(list(counts))
    else:
        figures.values = list(islice(counts, 2))
    if figures.sampled and len(counts) > look.distinct:
        figures.distinct = _estimate(counts, len(present), rows, 1 - figures.missing)
    if any(isinstance(value, _Odd) for value in counts):
        figures.distinct, figures.values, figures.low = 0, (), None
    return figures


def _in_order(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return values


def _estimate(counts: dict[object, int], seen: int, rows: int, present: float) -> int:
    """How many distinct values a column has, from a sample (the guaranteed-error estimator), to two figures."""
    once = sum(1 for count in counts.values() if count == 1)
    guess = rows * present if once == seen else (rows / seen) ** 0.5 * once + len(counts) - once
    return int(float(f"{guess:.2g}"))


def positions(rows: int, most: int = POSITIONS) -> list[int]:
    """Evenly spread positions, the first and the last among them; all when there are few."""
    if rows <= most:
        return list(range(rows))
    return [index * (rows - 1) // (most - 1) for index in range(most)]


# ---- tables


class _Counts(NamedTuple):
    """How a library counts over a whole column."""

    missing: Callable[[], Any]
    low: Callable[[], Any]
    high: Callable[[], Any]
    distinct: Callable[[], Any]
    values: Callable[[], list[Any]]


def _exact(sample: Figures, rows: int, look: Look, counts: _Counts) -> Figures:
    """The figures of a sample made exact by counting over the whole column."""
    missing = float(counts.missing()) / rows
    if sample.low is not None:
        low, high = (plain_list([end])[0] for end in (counts.low(), counts.high()))
        return Figures(missing=missing, low=low, high=high)
    distinct = int(counts.distinct())
    if distinct <= look.distinct:
        whole = measure(counts.values(), distinct, look)
        whole.missing = missing
        return whole
    return Figures(missing=missing, distinct=distinct, values=sample.values[:2])


def plain_list(values: Sequence[Any]) -> list[object]:
    """Values with numpy's scalars as Python's own."""
    return [v.item() if root(type(v)) == "numpy" and v.dtype.kind in "biufcSU" else v for v in values]


def _column_lines(
    names: Sequence[object], look: Look, one: Callable[[int], tuple[object, Figures | None]]
) -> Iterator[Line]:
    """A line per column, the ones the question mentions among those shown; an odd column does not hide the others."""
    mentioned = [i for i, name in enumerate(names) if look.words and label(name).lower() in look.words]
    for index in sorted(islice(dict.fromkeys([*mentioned, *range(len(names))]), look.columns)):
        name = names[index]
        try:
            dtype, figures = one(index)
            facts = figures.text(look.distinct) if figures else ""
            yield Line(f"{word(name)}: {one_line(str(dtype), 60)}{facts}", label(name), bool(facts))
        except Exception as problem:  # noqa: BLE001 - a broken column is told, and hides no other
            yield Line(f"{word(name)}: not readable ({type(problem).__name__})", label(name))


def _pandas_figures(column: Any, look: Look) -> Figures:
    rows, dtype = len(column), column.dtype
    if dtype.kind in "mM" and rows <= look.exact_rows and not look.hurry:
        missing = float(column.isna().mean()) if rows else 0.0
        return Figures(missing, low=column.min(), high=column.max()) if missing < 1 and rows else Figures(missing)
    if rows <= SMALL:
        return measure(column.tolist(), rows, look)
    values = column.array if hasattr(column, "array") else column
    sample = measure(plain_list(values.take(positions(rows)).tolist()), rows, look)
    if rows > look.exact_rows or look.hurry or not sample.distinct:
        return sample
    if dtype.name == "object" and sys.modules["pandas"].api.types.infer_dtype(column, skipna=True) != "string":
        return sample
    there = column.dropna()
    missing = rows - len(there)
    counts = _Counts(lambda: missing, there.min, there.max, there.nunique, lambda: there.unique().tolist())
    return _exact(sample, rows, look, counts)


def pandas_frame(frame: Any, look: Look) -> Description:
    """A pandas frame: its size, its index when that is more than a count, and its columns."""
    rows, width = frame.shape
    names = list(frame.columns[:2_000])
    index = f", index {_index_words(frame.index)}" if type(frame.index).__name__ != "RangeIndex" else ""

    def one(position: int) -> tuple[object, Figures]:
        column = frame.iloc[:, position]
        return column.dtype, _pandas_figures(column, look)

    head = f"pandas.DataFrame, {rows} rows × {width} columns{index}"
    return Description(head, _column_lines(names, look, one), tuple(map(label, names)))


def _index_words(index: Any) -> str:
    names = [word(name) for name in list(index.names)[:4] if name is not None]
    return f"{', '.join(names)} ({type(index).__name__})" if names else type(index).__name__


def pandas_series(series: Any, look: Look) -> Description:
    """A pandas series, or an index of one level."""
    name = f", named {word(series.name)}" if series.name is not None else ""
    head = f"{type_name(type(series))}, {len(series)} values{name}"
    return _series(head, series.dtype, _pandas_figures(series, look), look)


def _series(head: str, dtype: object, figures: Figures, look: Look) -> Description:
    facts = figures.text(look.distinct)
    return Description(f"{head}, {one_line(str(dtype), 60)}{facts}", shows=bool(facts))


def pandas_index(index: Any, look: Look) -> Description:
    """A pandas index; of several levels only the names."""
    if type(index).__name__ in {"MultiIndex", "RangeIndex"}:
        names = ", ".join(word(name) for name in list(index.names)[:8] if name is not None)
        return Description(f"pandas.{type(index).__name__}, {len(index)} values{f', named {names}' * bool(names)}")
    return pandas_series(index, look)


def _polars_figures(series: Any, look: Look) -> Figures:
    rows = len(series)
    if rows <= SMALL:
        return measure(series.to_list(), rows, look)
    sample = measure(series.gather(positions(rows)).to_list(), rows, look)
    if rows > look.exact_rows or look.hurry or not sample.distinct:
        return sample
    there = series.drop_nulls()
    there = there.drop_nans() if series.dtype.is_float() else there
    counts = _Counts(lambda: rows - len(there), there.min, there.max, there.n_unique, lambda: there.unique().to_list())
    return _exact(sample, rows, look, counts)


def polars_frame(frame: Any, look: Look) -> Description:
    """A polars frame."""
    rows, width = frame.shape
    names = list(frame.columns)

    def one(position: int) -> tuple[object, Figures]:
        column = frame.to_series(position)
        return column.dtype, _polars_figures(column, look)

    lines = _column_lines(names, look, one)
    return Description(f"polars.DataFrame, {rows} rows × {width} columns", lines, tuple(names))


def polars_series(series: Any, look: Look) -> Description:
    """A polars series."""
    name = f", named {word(series.name)}" if series.name else ""
    return _series(f"polars.Series, {len(series)} values{name}", series.dtype, _polars_figures(series, look), look)


def polars_lazy(frame: Any, look: Look) -> Description:
    """A polars query: its columns, without running it."""
    schema = frame.collect_schema()
    return _lazy("polars.LazyFrame", list(schema.names()), list(schema.dtypes()), look)


def duckdb_relation(relation: Any, look: Look) -> Description:
    """A duckdb relation: its columns, without running it."""
    return _lazy("duckdb.DuckDBPyRelation", list(relation.columns), list(relation.types), look)


def _lazy(head: str, names: list[str], types: list[object], look: Look) -> Description:
    lines = _column_lines(names, look, lambda position: (types[position], None))
    return Description(f"{head}, {len(names)} columns, not executed", lines, tuple(names))


def arrow_table(table: Any, look: Look) -> Description:
    """A pyarrow table; a big one is read at 64 positions, for ``take`` may have to combine its chunks."""
    rows, names = table.num_rows, list(table.schema.names)

    def one(position: int) -> tuple[object, Figures]:
        column = table.column(position)
        values = column.to_pylist() if rows <= SMALL else [column[at].as_py() for at in positions(rows, 64)]
        return column.type, measure(values, rows, look)

    head = f"pyarrow.Table, {rows} rows × {len(names)} columns"
    return Description(head, _column_lines(names, look, one), tuple(names))
