"""Values as text for a model: frames as CSV, everything else as IPython would print it, neither without end.

This module looks at values. It does not change them, and it imports no library that the user has not imported.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aether_nb.live.describing.safely import class_name
from aether_nb.live.tracebacks import one_line

__all__ = ["Shown", "show_value", "value_text"]

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
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        size = f"{_count(len(value), 'row')} × {_count(value.shape[1], 'column')}"
        return _table(pandas, value, f"{class_name(type(value))}, {size}")
    if pandas is not None and isinstance(value, pandas.Series):
        name = "value" if value.name is None else value.name
        return _table(pandas, value.to_frame(name), f"{class_name(type(value))}, {_count(len(value), 'row')}")
    return Shown(_plain(value))


def _table(pandas: Any, frame: Any, title: str) -> Shown:
    width = min(frame.shape[1], COLUMNS)
    head = frame.iloc[:ROWS, :width]
    index = head.index
    with_index = not isinstance(index, pandas.RangeIndex) or any(name is not None for name in index.names)
    labels = _index_labels(index.names) if with_index else []
    labels += [_label(column) for column in head.columns]
    columns = [head.iloc[:, place].tolist() for place in range(width)]
    rows: Iterable[Sequence[Any]] = zip(*columns, strict=True) if columns else [()] * len(head)
    if with_index:
        keys = [key if index.nlevels > 1 else (key,) for key in index.tolist()]
        rows = ((*key, *row) for key, row in zip(keys, rows, strict=True))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(labels)
    writer.writerows([_cell(value) for value in row] for row in rows)
    lines = [f"{title}, as CSV:", out.getvalue().rstrip("\n")]
    if len(frame) > ROWS:
        lines.append(f"… {_count(len(frame) - ROWS, 'more row')}")
    if frame.shape[1] > width:
        lines.append(f"… {_count(frame.shape[1] - width, 'more column')}")
    return Shown("\n".join(lines), len(head), tuple(labels))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _index_labels(names: Sequence[Any]) -> list[str]:
    """The index's names; as pandas would call them as columns where they have none."""
    alone = len(names) == 1
    return [
        _label(name) if name is not None else "index" if alone else f"level_{place}" for place, name in enumerate(names)
    ]


def _label(column: Any) -> str:
    """A column's name; the levels of a MultiIndex side by side."""
    return " | ".join(str(part) for part in column if part != "") if isinstance(column, tuple) else str(column)


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
    """Six significant digits, but all the digits before the point: a total must not lose its last euros."""
    if math.isnan(value):
        return ""
    if abs(value) >= 1e15 or math.isinf(value):
        return f"{value:.6g}"
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
