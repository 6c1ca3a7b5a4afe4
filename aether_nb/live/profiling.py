"""A table's columns in figures: missing, distinct, quantiles, most frequent values, duplicates, correlations.

All figures come from the same rows: from all of them, or from so many, spread evenly, and then the text says so. What
would have to be computed first (a query, a dask or spark frame) is told without figures. No library is needed beyond
the one that the table comes from. It does not know the namespace.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from aether_nb.events.messages import Text
from aether_nb.live.composing import Block, fields_of, line, written
from aether_nb.live.describing.figures import Odd, is_missing, known, plain_list, positions
from aether_nb.live.describing.kinds import describe, plain_form
from aether_nb.live.describing.looks import Look
from aether_nb.live.describing.pandases import counted_as
from aether_nb.live.describing.safely import class_name, root
from aether_nb.live.describing.words import columns_of, label, many, one_line, value_text, word
from aether_nb.live.summary import Summary

__all__ = ["ROWS", "profile"]

ROWS = 20_000
"""So many rows are looked at."""
COLUMNS = 60
"""So many columns."""
TOP = 5
"""So many of the most frequent values are shown."""
PAIRS = 12
"""Correlations are computed between so many columns,"""
CORRELATED_ROWS = 4_000
"""from so many rows,"""
SHOWN_PAIRS = 8
"""and so many of them are shown, the strongest first."""
SECONDS = 5.0
"""After so long the remaining columns are only named."""
BUDGET = 23_000
NUMBERS = {int, float}


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table that can be read column by column.

    Attributes:
        kind: What it is.
        rows: How many rows it has.
        names: What its columns are called in code; several may have one name.
        read: The type of the column at a position, and its values at some rows.
        holds: As which columns the values of a series count; none for anything else.
    """

    kind: str
    rows: int
    names: Sequence[object]
    read: Callable[[int, list[int]], tuple[str, list[object]]]
    holds: tuple[str, ...] = ()

    def fields(self, name: str, position: int) -> tuple[str, ...]:
        """As which columns the values of the column at a position count, in a variable of that name."""
        return fields_of(name, self.holds or columns_of(self.names[position]))

    def words(self, positions: Iterable[int]) -> list[str]:
        """What these columns are called, as it stands in a line."""
        return [word(self.names[at]) for at in positions]


def profile(name: str, value: object, columns: Sequence[str] = ()) -> Summary:
    """The columns of a table in figures.

    Args:
        name: What it is called.
        value: A frame of pandas or polars, a table of pyarrow, an array of one or two dimensions; of anything else only
            a description is made, and it is said that it was not computed.
        columns: Only these, as they are called or as they stand in the line; all when empty.
    """
    sheet = _sheet(value)
    if sheet is None:
        return _not_computed(name, value)
    at = positions(sheet.rows, ROWS)
    about = "~" if len(at) < sheet.rows else ""
    chosen = [i for i, title in enumerate(sheet.names) if not columns or {label(title), word(title)} & set(columns)]
    parts = [Text(_title(name, sheet, len(at)), "schema")]
    read: dict[int, list[object]] = {}
    until, tried = time.monotonic() + SECONDS, 0
    for index in chosen[:COLUMNS]:
        if time.monotonic() > until:
            break
        title, fields, tried = word(sheet.names[index]), sheet.fields(name, index), tried + 1
        try:
            dtype, values = sheet.read(index, at)
            values = [None if is_missing(item) else known(item) for item in values]
            parts += line("\n- ", f"{title}: {one_line(dtype, 60)}", *_column(values, about), fields)
            read[index] = values
        except Exception as problem:  # noqa: BLE001 - a broken column is told, and hides no other
            parts.append(Text(f"\n- {title}: not readable ({class_name(type(problem))})", "schema", fields[:1]))
    if left := chosen[tried:]:
        rest = one_line(", ".join(sheet.words(left)), 2_000)
        named = tuple(field for index in left[: rest.count(", ") + 1] for field in sheet.fields(name, index)[:1])
        parts.append(Text(f"\n- … {len(left)} more columns (names only): {rest}", "schema", named))
    parts += [*_duplicates(name, sheet, read, len(at), about), *_correlations(name, sheet, read, about)]
    return Summary(tuple(written(parts)), (name,))


def _title(name: str, sheet: _Sheet, seen: int) -> str:
    size = f"{many(sheet.rows, 'row')} × {many(len(sheet.names), 'column')}"
    sampled = f"; the figures come from {seen} rows, spread evenly (~)" if seen < sheet.rows else ""
    return f"profile of {one_line(name, 200)}: {sheet.kind}, {size}{sampled}"


def _not_computed(name: str, value: object) -> Summary:
    """What is known without computing, and how to have a profile all the same."""
    block = Block(name, describe(value, Look(columns=COLUMNS, patient=True)), frozenset())
    block.begin(BUDGET)
    block.fill(BUDGET)
    said = (
        "\nThis is no table in memory, so it was not computed and has no profile. "
        "Make a bounded piece of it in run_python (its first 100000 rows, say) and profile that."
    )
    return Summary(tuple(written([Text("not profiled:", "schema"), *block.parts, Text(said, "schema")])), (name,))


# ---- reading tables


def _sheet(value: Any) -> _Sheet | None:
    table = plain_form(value)
    kind = class_name(type(table))
    library = root(type(table))
    if library == "pandas" and kind == "DataFrame":
        return _Sheet("pandas.DataFrame", len(table), list(table.columns), lambda i, at: _pandas(table.iloc[:, i], at))
    if library == "pandas" and kind == "Series":
        return _Sheet(
            "pandas.Series", len(table), [_called(table)], lambda i, at: _pandas(table, at), counted_as(table)
        )
    if library == "polars" and kind == "DataFrame":
        return _Sheet("polars.DataFrame", table.height, table.columns, lambda i, at: _polars(table.to_series(i), at))
    if library == "polars" and kind == "Series":
        return _Sheet("polars.Series", len(table), [_called(table)], lambda i, at: _polars(table, at))
    if library == "pyarrow" and kind == "Table":
        return _Sheet("pyarrow.Table", table.num_rows, table.schema.names, lambda i, at: _arrow(table.column(i), at))
    if library == "numpy" and kind == "ndarray" and table.ndim in (1, 2) and table.dtype.kind in "biufmMUS":
        sheet = table.reshape(len(table), -1)
        return _Sheet("numpy.ndarray", len(sheet), range(sheet.shape[1]), lambda i, at: _numpy(sheet[:, i], at))
    return None


def _called(series: Any) -> object:
    return "value" if series.name is None or not label(series.name) else series.name


def _pandas(column: Any, at: list[int]) -> tuple[str, list[object]]:
    if root(type(column.array)) not in {"pandas", "numpy"}:
        return str(column.dtype), []
    return str(column.dtype), plain_list(column.array.take(at).tolist())


def _polars(column: Any, at: list[int]) -> tuple[str, list[object]]:
    return str(column.dtype), [] if column.dtype == "Object" else column.gather(at).to_list()


def _arrow(column: Any, at: list[int]) -> tuple[str, list[object]]:
    if str(column.type).startswith("extension"):
        return str(column.type), []
    return str(column.type), column.take(at).to_pylist()


def _numpy(column: Any, at: list[int]) -> tuple[str, list[object]]:
    return str(column.dtype), column[at].tolist()


# ---- figures


def _column(values: list[object], about: str) -> tuple[str, str]:
    """What one column amounts to, and its most frequent values."""
    present = [value for value in values if value is not None]
    facts = f", {about}{100 * (1 - len(present) / len(values)):.1f}% missing" if len(present) < len(values) else ""
    if odd := {value.name for value in present if type(value) is Odd}:
        return f"{facts}, not compared: values of {one_line(', '.join(sorted(odd)), 200)}", ""
    counts = Counter(present)
    facts += f", {about}{len(counts)} distinct"
    if set(map(type, counts)) <= NUMBERS and counts:
        facts += _spread(present, about)  # type: ignore[arg-type]
    elif counts and _ordered(present):
        facts += f", {about}{value_text(min(counts))} … {value_text(max(counts))}"  # type: ignore[type-var]
    if len(counts) == len(present):
        return facts, f", e.g. {', '.join(map(value_text, present[:3]))}" if present else ""
    top = (f"{value_text(value)} ({100 * count / len(present):.1f}%)" for value, count in counts.most_common(TOP))
    return facts, f", most frequent: {', '.join(top)}"


def _ordered(values: list[object]) -> bool:
    """Whether they are times of one kind."""
    return {class_name(kind) for kind in set(map(type, values))} in (
        {"Timestamp"},
        {"datetime"},
        {"date"},
        {"Timedelta"},
    )


def _spread(values: list[float], about: str) -> str:
    """The ends, the quartiles, the mean and the standard deviation of numbers."""
    ordered = sorted(values)
    marks = [ordered[round(share * (len(ordered) - 1))] for share in (0, 0.25, 0.5, 0.75, 1)]
    spread = f", min / quartiles / max {about}{' / '.join(map(_short, marks))}"
    finite = [value for value in ordered if abs(value) < float("inf")]
    if not finite:
        return spread
    try:
        mean = statistics.fmean(finite)
        deviation = (sum((value - mean) ** 2 for value in finite) / max(1, len(finite) - 1)) ** 0.5
    except OverflowError:
        return f"{spread}, too large for a mean"
    return f"{spread}, mean {about}{mean:.6g}, std {about}{deviation:.6g}"


def _short(number: float) -> str:
    """A number in six digits; of a whole number that no float holds, how large it is."""
    try:
        return f"{number:.6g}"
    except OverflowError:
        return value_text(number)


def _duplicates(name: str, sheet: _Sheet, read: dict[int, list[object]], rows: int, about: str) -> Iterator[Text]:
    """How many rows stand there more than once, in the columns that were read."""
    if len(read) < 2 or not rows:
        return
    columns = tuple(dict.fromkeys(field for index in read for field in sheet.fields(name, index)))
    if odd := [index for index, values in read.items() if any(type(value) is Odd for value in values)]:
        said = one_line(", ".join(sheet.words(odd)), 200)
        yield Text(f"\nduplicate rows: not counted, for values of {said} are not compared", "schema", columns)
        return
    repeated = rows - len(set(zip(*read.values(), strict=True)))
    among = f" among the {rows} rows that were looked at" if about else ""
    part = f", by {len(read)} of {len(sheet.names)} columns" if len(read) < len(sheet.names) else ""
    yield Text(f"\nduplicate rows: {repeated}{among}{part}", "statistics", columns)


def _correlations(name: str, sheet: _Sheet, read: dict[int, list[object]], about: str) -> Iterator[Text]:
    """The strongest linear correlations between columns of numbers."""
    numbers = {
        index: values
        for index, values in read.items()
        if {type(value) for value in values if value is not None} <= NUMBERS and len(set(values)) > 2
    }
    found = []
    for first, second in combinations(list(numbers)[:PAIRS], 2):
        pairs = [
            (a, b) for a, b in zip(numbers[first], numbers[second], strict=True) if a is not None and b is not None
        ]
        step = max(1, len(pairs) // CORRELATED_ROWS)
        value = _correlation(pairs[::step])
        if value is not None:
            found.append((value, first, second))
    found.sort(key=lambda one: -abs(one[0]))
    for place, (value, first, second) in enumerate(found[:SHOWN_PAIRS]):
        begin = "\ncorrelations: " if place == 0 else "; "
        told = f"{begin}{' and '.join(sheet.words([first, second]))} {about}{value:.2f}"
        yield Text(told, "statistics", (*sheet.fields(name, first), *sheet.fields(name, second)))
    if len(numbers) > PAIRS:
        yield Text(f" (between the first {PAIRS} columns of numbers)", "statistics")


def _correlation(pairs: list[Any]) -> float | None:
    """Pearson's correlation; None when one side does not vary or is not finite."""
    try:
        found = statistics.correlation(*(list(map(float, side)) for side in zip(*pairs, strict=True)))
    except (statistics.StatisticsError, OverflowError, TypeError, ValueError):
        return None
    return found if found == found else None
