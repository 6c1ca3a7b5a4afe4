"""Phrasing: figures, tables and conditions as people write them.

Cells come from the user's data: they are escaped so that they stay text in Markdown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from aether_nb.models.analyst.question import Condition
from aether_nb.models.analyst.results import Table, number

__all__ = [
    "agg_name",
    "condition_text",
    "conditions_text",
    "figure",
    "is_figure",
    "listed",
    "markdown_table",
    "ordinal",
    "p_value",
    "plain",
    "share_text",
]

_MOST_ROWS = 20
_DIGITS = 6
"""So many digits of a number a tool shows at least; zeros at its end it leaves out."""
_MOST_COLUMNS = 24
_AGGS = {
    "mean": "mean",
    "median": "median",
    "sum": "total",
    "min": "minimum",
    "max": "maximum",
    "std": "standard deviation",
    "var": "variance",
    "range": "range",
    "iqr": "interquartile range",
    "count": "count",
    "nunique": "number of distinct values",
    "q0.25": "25th percentile",
    "q0.5": "median",
    "q0.75": "75th percentile",
    "share": "share",
}
_FIGURES = frozenset(
    {*_AGGS, *_AGGS.values(), "rows", "missing", "percent", "distinct", "met", "ratio", "outliers", "values", "from",
     "to", "correlation", "type", "0"}
)  # fmt: skip
"""What the columns of a table of results are called."""
_OPS = {
    "==": "=",
    "!=": "≠",
    ">": ">",
    ">=": "≥",
    "<": "<",
    "<=": "≤",
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
    "year": "in",
    "year>": "after",
    "year>=": "since",
    "year<": "before",
    "year<=": "until",
    "date": "on",
}
_MONTHS = "January February March April May June July August September October November December".split()


def agg_name(agg: str) -> str:
    """The name of an aggregate: ``90th percentile`` for ``q0.9``."""
    if agg in _AGGS:
        return _AGGS[agg]
    percent = float(agg[1:]) * 100
    last = f"{percent:g}"
    ending = "th" if last.endswith(("11", "12", "13")) else {"1": "st", "2": "nd", "3": "rd"}.get(last[-1], "th")
    return f"{last}{ending} percentile"


def is_figure(name: str) -> bool:
    """Whether a column of a table is called as one of figures is: ``mean``, ``count``, ``total of price``."""
    return name in _FIGURES or name.partition(" of ")[0] in _AGGS.values()


def figure(cell: str, separators: bool = True) -> str:
    """A number as people write it: four significant digits or more, separators in big ones; other cells as they are."""
    value = number(cell)
    if value is None or value in (float("inf"), float("-inf")):
        return plain(cell) if cell else "missing"
    comma = "," if separators else ""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):{comma}d}"
    size = abs(value)
    if size >= 1:
        return f"{value:{comma}.{min(3 if size < 10 else 2, _known(cell))}f}"
    return f"{value:.4g}" if size < 1e-3 else f"{value:.4f}"


def _known(cell: str) -> int:
    """How many decimals of a number are known: those that are written, and those of six digits, to which it was cut."""
    whole, _, decimals = cell.strip().lstrip("-+").partition(".")
    return max(len(decimals), _DIGITS - len(whole)) if "e" not in cell.casefold() else 9


def _whole(cell: str) -> str:
    """A label that pandas made a float of, without its ``.0``."""
    return cell.removesuffix(".0") if re.fullmatch(r"-?\d+\.0", cell) else cell


def share_text(cell: str) -> str:
    """A share in percent, with up to three decimals."""
    value = number(cell)
    if value is None:
        return "missing"
    digits = f"{value:.{3 if abs(value) < 10 else 2}f}"
    return (digits.rstrip("0").rstrip(".") or "0") + " %"


def plain(text: str) -> str:
    """Text from data that stays text in Markdown and fits a line."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"([\\`*\[\]<>|~]|\b_(?!\w)|(?<!\w)_)", r"\\\1", text)
    return text if len(text) <= 120 else text[:119] + "…"


def ordinal(number: int) -> str:
    """``second``, ``third``, ``6th``."""
    words = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
    return words.get(number, f"{number}th")


def listed(words: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def p_value(value: float) -> str:
    """``p = 0.0123``, or ``p < 0.001``."""
    return f"p = {value:.4f}" if value >= 0.001 else "p < 0.001"


def _decimals(cells: Sequence[str]) -> int | None:
    """How many decimals suit all numbers of a column; None when they are too different to be written alike.

    Data as they stand (up to three decimals) are not rounded; what was computed gets four significant digits or, for
    the smallest, three. No decimal is written that a tool has cut off.
    """
    known = min(map(_known, cells), default=0)
    values = [abs(value) for value in map(number, cells) if value]
    if not values or max(values) >= 1e15 or max(values) > 1e3 * min(values):
        return 0 if values and all(value == int(value) for value in values if value < 1e15) else None
    written = [len(cell.partition(".")[2]) if "e" not in cell.casefold() else 9 for cell in cells]
    written = [0 if cell.endswith(".0") else digits for cell, digits in zip(cells, written, strict=True)]
    if max(written) <= 3:
        return min(max(written), known)
    size, smallest = (math.floor(math.log10(value)) for value in (max(values), min(values)))
    return min(max(0, 3 - size, 2 - smallest), known)


def markdown_table(
    found: Table, labels: int = 1, heads: Sequence[str] = (), percent: Sequence[str] = (), mixed: bool = False
) -> str:
    """A small Markdown table; the first ``labels`` columns are names and get no separators.

    Args:
        found: The table.
        labels: How many leading columns name the rows.
        heads: Other headings.
        percent: Headings of columns that are shares in percent.
        mixed: Whether the numbers of a column are of different things, so that each is rounded by itself.
    """
    width = len(found.columns) + found.hidden
    if len(found.columns) > _MOST_COLUMNS:
        rows = tuple(row[:_MOST_COLUMNS] for row in found.rows)
        found, heads = Table(found.columns[:_MOST_COLUMNS], rows, found.total), heads[:_MOST_COLUMNS]
    names = [plain(name) or " " for name in (heads or found.columns)]
    lines = ["| " + " | ".join(names) + " |"]
    right = [all(number(row[at]) is not None or not row[at] for row in found.rows) for at in range(len(names))]
    lines.append("| " + " | ".join("---:" if at >= labels and right[at] else "---" for at in range(len(names))) + " |")
    mixed = mixed or any(row[0] == "count" for row in found.rows)
    decimals = [None if mixed else _decimals([cell for cell in found.column(at) if cell]) for at in range(len(names))]
    for row in found.rows[:_MOST_ROWS]:
        cells = []
        for at, cell in enumerate(row):
            years = any("year" in name.casefold() for name in (found.columns[at], *row[:1]))
            if found.columns[at] in percent:
                cells.append(share_text(cell))
            elif at < labels:
                cells.append(plain(_whole(cell)) or "–")
            else:
                cells.append(_cell(cell, decimals[at], not years))
        lines.append("| " + " | ".join(cells) + " |")
    if found.total > _MOST_ROWS:
        lines.append(f"\n({min(_MOST_ROWS, len(found.rows))} of {found.total:,} rows)")
    if width > len(found.columns):
        lines.append(f"\n({len(found.columns) - labels} of {width - labels:,} columns)")
    return "\n".join(lines)


def _cell(cell: str, decimals: int | None, separators: bool) -> str:
    value = number(cell)
    if decimals is None or value is None or abs(value) >= 1e15:
        return figure(cell, separators) if cell else "–"
    return f"{value:{',' if separators else ''}.{decimals}f}"


def condition_text(condition: Condition) -> str:
    """A condition in words."""
    name = plain(condition.column.name) if condition.column else "every column"
    value, op = condition.value, condition.op
    if op in ("in", "years in"):
        text = f"{name} is {listed([_literal(v) for v in value], 'or')}"
    elif op in ("between", "years"):
        text = f"{name} from {_literal(value[0])} to {_literal(value[1])}"
    elif op == "month":
        text = f"{name} in {_MONTHS[value - 1]}"
    elif op.startswith(("mean", "median")):
        agg = op.rstrip("<>=")
        text = f"{name} {_OPS[op.removeprefix(agg)]} its {agg}"
    elif op in ("missing", "present"):
        text = f"{name} is {op}"
    else:
        text = f"{name} {_OPS[op]} {_literal(value)}"
    return f"not ({text})" if condition.negated else text


def conditions_text(conditions: Sequence[Condition], before: str = " where ") -> str:
    """Conditions in words behind ``before``; nothing when there are none."""
    return before + listed([condition_text(c) for c in conditions]) if conditions else ""


def _literal(value: object) -> str:
    return plain(value) if isinstance(value, str) else str(value)
