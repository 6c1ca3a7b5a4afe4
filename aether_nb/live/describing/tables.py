"""How a table is told in a few lines: a line about it, and one about each column.

Everything here is bounded whatever the data: values come from a few evenly spread positions unless all of them are
cheap to count, an odd column hides no other, a lazy table is not executed, and no code is run of an object whose type
is not known. No library is imported: whoever has a frame has imported its library. This module does not know the
namespace, the question or the budget.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from aether_nb.live.describing.figures import Description, Figures, Line, Look, measure, plain_list, positions
from aether_nb.live.describing.words import label, one_line, type_name, word

SMALL = 1_000
"""Up to so many rows a column is read as a whole, as Python values."""


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
