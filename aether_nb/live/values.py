"""Values as text for a model: frames as CSV, everything else as IPython would print it, neither without end.

This module looks at values. It does not change them, and it imports no library that the user has not imported.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aether_nb.live.describing.safely import class_name
from aether_nb.live.describing.words import columns_of, label
from aether_nb.live.tracebacks import one_line

__all__ = ["ROWS", "Shown", "show_value", "value_text"]

ROWS = 60
"""How many rows of a table are shown."""

COLUMNS = 60
"""How many columns of a table are shown."""

CELL_CHARACTERS = 200
"""How many characters of one cell are shown."""

CHARACTERS = 4_000
"""How many characters of anything but a table are shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as text, and what of the user's data the text holds.

    Attributes:
        text: The text.
        rows: How many rows of a table it shows; 0 for anything but a table.
        columns: The columns it shows, those of the index included.
    """

    text: str
    rows: int = 0
    columns: tuple[str, ...] = ()


def value_text(value: Any) -> str:
    """A value as text for a model."""
    return show_value(value).text


def show_value(value: Any) -> Shown:
    """A value as text for a model, with a count of what the text holds."""
    for library, head in (("pandas", _pandas), ("polars", _polars), ("pyarrow", _arrow)):
        module = sys.modules.get(library)
        if module is not None and (found := head(module, value)) is not None:
            return _table(found)
    return Shown(_plain(value))


@dataclass(frozen=True, slots=True)
class _Head:
    """What is written of a table, of whatever library: its first rows and columns.

    Attributes:
        title: What it is, and how large.
        rows: How many rows it has in all.
        hidden: How many columns it has beside those that are written.
        names: What is written of the head: the names of the levels of the index, and of the columns.
        values: Their first values, column by column.
    """

    title: str
    rows: int
    hidden: int
    names: Sequence[object]
    values: Sequence[Sequence[Any]]


def _pandas(pandas: Any, value: Any) -> _Head | None:
    if isinstance(value, pandas.DataFrame):
        return _of_frame(pandas, value, _sized(class_name(type(value)), *value.shape))
    if isinstance(value, pandas.Series):
        frame = value.to_frame("value" if value.name is None else value.name)
        return _of_frame(pandas, frame, f"{class_name(type(value))}, {_count(len(value), 'row')}")
    return None


def _of_frame(pandas: Any, frame: Any, title: str) -> _Head:
    """A frame of pandas; its index where that is more than a count."""
    head = frame.iloc[:ROWS, :COLUMNS]
    index, levels = head.index, []
    names = head.columns.tolist()
    if not isinstance(index, pandas.RangeIndex) or any(name is not None for name in index.names):
        names = [*_index_names(index.names), *names]
        levels = [index.get_level_values(place).tolist() for place in range(index.nlevels)]
    columns = [head.iloc[:, place].tolist() for place in range(head.shape[1])]
    return _Head(title, len(frame), frame.shape[1] - head.shape[1], names, [*levels, *columns])


def _polars(polars: Any, value: Any) -> _Head | None:
    if isinstance(value, polars.Series):
        title = f"polars.Series, {_count(len(value), 'row')}"
        return _Head(title, len(value), 0, [value.name or "value"], [_read(value.head(ROWS).to_list)])
    if not isinstance(value, polars.DataFrame):
        return None
    head, names = value.head(ROWS), value.columns[:COLUMNS]
    columns = [_read(head.to_series(place).to_list) for place in range(len(names))]
    return _Head(_sized("polars.DataFrame", *value.shape), value.height, value.width - len(names), names, columns)


def _arrow(arrow: Any, value: Any) -> _Head | None:
    if not isinstance(value, (arrow.Table, arrow.RecordBatch)):
        return None
    head, names = value.slice(0, ROWS), value.schema.names[:COLUMNS]
    columns = [_read(head.column(place).to_pylist) for place in range(len(names))]
    title = _sized(f"pyarrow.{class_name(type(value))}", value.num_rows, value.num_columns)
    return _Head(title, value.num_rows, value.num_columns - len(names), names, columns)


def _read(column: Callable[[], list[Any]]) -> list[Any]:
    """The values of a column; of one that Python has no values for, such as a day in the year 150000, what is wrong."""
    try:
        return column()
    except Exception as error:  # noqa: BLE001 - a column that cannot be read hides no other
        return [f"not readable ({class_name(type(error))})"] * ROWS


def _sized(kind: str, rows: int, columns: int) -> str:
    return f"{kind}, {_count(rows, 'row')} × {_count(columns, 'column')}"


def _table(head: _Head) -> Shown:
    """The head of a table as CSV, and how much more of it there is."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(label, head.names))
    shown = min(head.rows, ROWS)
    rows = zip(*head.values, strict=False) if head.values else [()] * shown
    writer.writerows([_cell(value) for value in row] for row in islice(rows, shown))
    lines = [f"{head.title}, as CSV:", out.getvalue().rstrip("\n")]
    if head.rows > shown:
        lines.append(f"… {_count(head.rows - shown, 'more row')}")
    if head.hidden:
        lines.append(f"… {_count(head.hidden, 'more column')}")
    columns = dict.fromkeys(column for name in head.names for column in columns_of(name))
    return Shown("\n".join(lines), shown, tuple(columns))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _index_names(names: Sequence[Any]) -> list[object]:
    """The names of the index's levels; as pandas would call them as columns where they have none."""
    alone = len(names) == 1
    return [name if name is not None else "index" if alone else f"level_{place}" for place, name in enumerate(names)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return _number(value)
    text = str(value)
    if text in {"NaT", "<NA>"}:
        return ""
    text = text.removesuffix(" 00:00:00")  # a date, as pandas writes one
    return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"


def _number(value: float) -> str:
    """Six significant digits, but all before the point, and cents: a total must not lose its last ones."""
    if math.isnan(value):
        return ""
    if abs(value) >= 1e15 or math.isinf(value):
        return f"{value:.6g}"
    if math.isclose(value, cents := round(value, 2), rel_tol=1e-13):  # but for what adding up has left
        return f"{cents + 0.0:.2f}".rstrip("0").rstrip(".")
    if abs(value) >= 1e5:
        return f"{value:.0f}"
    return f"{value:.6g}"


def _plain(value: Any) -> str:
    if type(value) in (str, bytes) and len(value) > CHARACTERS:
        return f"{value[:CHARACTERS]!r} … {len(value) - CHARACTERS:,} characters more"
    if type(value) in (int, float, bool, type(None)):
        return repr(value)
    from IPython.lib.pretty import pretty

    try:
        text = str(pretty(value, max_seq_length=200))
    except Exception as error:  # noqa: BLE001  # the user's class: whatever its __repr__ does
        return f"a {class_name(type(value))} that cannot be printed: {one_line(error)}"
    if len(text) <= CHARACTERS:
        return text
    return f"{text[:CHARACTERS]}\n… {len(text) - CHARACTERS:,} characters more"
