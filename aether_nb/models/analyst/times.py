"""Times: the column that says when, and conditions such as ``in 2007``, ``in May 2012``, ``after 2010``.

It knows no code; whether a column holds dates or years is all it asks of it.
"""

from __future__ import annotations

from typing import Any

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.question import Condition, Unclear
from aether_nb.models.analyst.words import column_words

__all__ = ["SIGNS", "is_year", "need_time", "read_time", "read_when", "time_column"]

SIGNS = {
    "gt": ">",
    "ge": ">=",
    "lt": "<",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "after": ">",
    "since": ">=",
    "before": "<",
    "until": "<=",
}
"""The words of comparing as signs."""


def time_column(clause: Clause) -> Column | None:
    """The column that says when: one named year, else the only one that holds dates."""
    columns = clause.words.frame.columns
    years = [c for c in columns if "year" in column_words(c.name)[0] and (c.kind == "number" or c.dated)]
    dates = [c for c in columns if c.dated]
    return years[0] if len(years) == 1 else dates[0] if len(dates) == 1 else None


def need_time(clause: Clause) -> Column:
    """The column that says when.

    Raises:
        Unclear: There is none, or there are several.
    """
    column = time_column(clause)
    if column is None:
        raise Unclear(f"{clause.words.frame.name} has no column, or several, that could say when")
    return column


def is_year(value: Any) -> bool:
    """Whether a number is probably a year."""
    return isinstance(value, int) and 1500 <= value <= 2200


def read_time(clause: Clause, at: int) -> None:
    """``in 2007``, ``in January 2012``, ``on 2012-05-01``."""
    tag = clause.tags[at]
    if tag.kind == "month":
        column = need_time(clause)
        if not column.dated:
            raise Unclear(f"{column.name} holds no months")
        clause.take(at)
        clause.add(at, Condition(column, "month", tag.value, clause.negated(at)))
        if clause.kind(at + 1) == "number" and is_year(clause.tags[at + 1].value):
            clause.take(at + 1)
            clause.add(at, Condition(column, "year", clause.tags[at + 1].value))
        return
    beside = clause.column(at - 1) or clause.column(at + 1)
    if tag.kind == "date" and (column_or_none := _time_or(clause, beside)) is not None:
        clause.take(at)
        clause.add(at, Condition(column_or_none, "date", tag.value, clause.negated(at)))
    elif (
        tag.kind == "number"
        and is_year(tag.value)
        and at
        and clause.tags[at - 1].kind in ("in", "from", "and", "not", "freq", "versus")
    ):
        if clause.tags[at - 1].kind in ("and", "versus") and not any(c.op in ("year", "==") for _, c in clause.found):
            return
        column = need_time(clause)
        clause.take(at)
        if clause.kind(at - 1) == "freq":
            clause.take(at - 1)
        clause.add(at, Condition(column, "year" if column.dated else "==", tag.value, clause.negated(at)))


def _time_or(clause: Clause, beside: Column | None) -> Column | None:
    return (
        beside
        if beside is not None and beside.dated
        else next((c for c in [time_column(clause)] if c and c.dated), None)
    )


def read_when(clause: Clause, at: int, operand: int) -> None:
    """``after 2010``, ``since March 2012``, ``before 2009-06-01``."""
    place = clause.before(at)
    column = clause.column(place)
    tag, sign = clause.tags[operand], SIGNS.get(clause.tags[at].value, clause.tags[at].value)
    if column is not None and (column.dated or column == time_column(clause)):
        clause.take(place)
    else:
        column = need_time(clause)
    if tag.kind not in ("number", "date") or (tag.kind == "number" and not is_year(tag.value)):
        raise Unclear(f"'{tag.text}' is no year")
    if tag.kind == "month" or (tag.kind == "date" and not column.dated):
        raise Unclear(f"I cannot compare {column.name} with '{tag.text}'")
    op = f"year{sign}" if column.dated and tag.kind == "number" else sign
    clause.take(at, operand)
    clause.add(at, Condition(column, op, tag.value, clause.negated(at)))
