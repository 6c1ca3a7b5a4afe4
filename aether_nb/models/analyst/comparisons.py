"""Comparisons: ``body mass over 4000``, ``between 3 and 4 kg``, ``more than 6 cylinders``, ``heavier than 4 kg``.

A comparison belongs to the column beside it, to the one its attribute speaks of, or to the only one of its unit.
"""

from __future__ import annotations

import re
from typing import Any

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.nouns import UNITS
from aether_nb.models.analyst.question import Condition, Unclear
from aether_nb.models.analyst.times import SIGNS, is_year, need_time, read_when, time_column
from aether_nb.models.analyst.words import column_words

__all__ = ["read_comparison", "read_span"]

_PEOPLE = ("passenger", "person", "patient", "survivor", "student", "employee", "customer")
_OPERANDS = ("number", "value", "literal", "date")
_SCALES = {"kg": 1000.0, "kilograms": 1000.0, "g": 1.0, "gram": 1.0, "grams": 1.0, "mg": 0.001,
           "mm": 1.0, "cm": 10.0, "m": 1000.0, "km": 1e6}  # fmt: skip


def read_span(clause: Clause, at: int) -> None:
    """``between 3 and 5``, ``from 1990 to 2000``, with or without a column before."""
    tag = clause.tags[at]
    low, link, high = at + 1, at + 2, at + 3
    joins = ("and",) if tag.kind == "between" else ("to", "op")
    if tag.kind not in ("between", "from", "op") or (tag.kind == "op" and tag.value != "between"):
        return
    if clause.kind(low) not in ("number", "date") or clause.kind(high) not in ("number", "date"):
        return
    if clause.kind(link) not in (*joins, "to"):
        return
    place = clause.before(at)
    column = clause.column(place)
    years = clause.has("task", "compare") and all(is_year(clause.tags[at].value) for at in (low, high))
    if years and time_column(clause) is not None:
        column = need_time(clause)
    elif column is not None and (column.numeric or column.dated):
        clause.take(place)
    elif is_year(clause.tags[low].value) and is_year(clause.tags[high].value):
        column = need_time(clause)
    elif (follower := clause.column(high + 1)) is not None and follower.numeric:
        column = follower
        clause.take(high + 1)
    else:
        raise Unclear("I cannot tell which column the range belongs to")
    clause.tags[low].extra = clause.tags[low].extra or clause.tags[high].extra
    values = tuple(scaled(clause, place, column) for place in (low, high))
    clause.take(at, low, link, high)
    if years and tag.kind == "between":
        clause.add(at, Condition(column, "years in" if column.dated else "in", values))
        return
    op = "years" if column.dated and all(map(is_year, values)) else "between"
    clause.add(at, Condition(column, op, values, clause.negated(at)))


def read_comparison(clause: Clause, at: int) -> None:
    """``body mass over 4000``, ``more than 6 cylinders``, ``heavier than 4 kg``, ``5 or more``."""
    tag = clause.tags[at]
    if tag.kind != "op" or tag.value == "between":
        return
    if tag.text.casefold().startswith("or "):
        operand, places = at - 1, [clause.before(at - 1), _beside(clause, at)]
        if clause.kind(operand) == "column" and "number" in (clause.kind(operand - 1), clause.kind(operand - 2)):
            places = [operand]
            operand -= 1 if clause.kind(operand - 1) == "number" else 2
    else:
        operand, places = clause.after(at), [clause.before(at), _beside(clause, clause.after(at))]
    if clause.kind(operand) == "agg" and tag.value in ("gt", "ge", "lt", "le"):
        _against_aggregate(clause, at, operand, places)
        return
    if clause.kind(operand) not in (*_OPERANDS, "month"):
        raise Unclear(f"I cannot tell what '{tag.text}' compares")
    if clause.kind(operand) == "month" or tag.value in ("after", "since", "before", "until"):
        read_when(clause, at, operand)
        return
    column = _compared(clause, tag.extra, tag.text, places, (operand,))
    sign = tag.value if tag.value in (*SIGNS.values(), "contains", "starts", "ends") else SIGNS[tag.value]
    if clause.kind(operand) == "value" and sign in ("==", "!="):
        return
    _check_operand(clause, column, operand, sign)
    clause.add(at, Condition(column, sign, scaled(clause, operand, column), clause.negated(at)))
    clause.take(at, operand)


def _against_aggregate(clause: Clause, at: int, operand: int, places: list[int]) -> None:
    """``above the average body mass``, ``mpg below its median``: of all rows, so nothing else may narrow them down."""
    tag, agg = clause.tags[at], clause.tags[operand].value
    column = _compared(clause, tag.extra, tag.text, places, ())
    if agg not in ("mean", "median") or not column.numeric:
        raise Unclear(f"I cannot tell what '{tag.text}' compares")
    if any(other.kind == "value" for other in clause.tags):
        raise Unclear(f"it is not clear of which rows the {agg} is meant")
    clause.take(at, operand)
    clause.add(at, Condition(column, f"{agg}{SIGNS[tag.value]}", None, clause.negated(at)))


def _beside(clause: Clause, at: int) -> int:
    """The place right behind a number, ``of`` skipped: ``30 mm of rain``, but not ``over 30 have a cabin``."""
    at += 1
    while at < len(clause.tags) and clause.tags[at].kind in ("in", "valueword"):
        at += 1
    column = clause.column(at)
    return at if column is not None and not column.flag else -1


def _compared(clause: Clause, attribute: str, phrase: str, places: list[int], operand: tuple[int, ...]) -> Column:
    """The column that a comparison speaks of: the neighbour, or the one for its attribute."""
    for place in places:
        column = clause.column(place)
        if column is not None:
            clause.take(place)
            return column
    if attribute:
        return clause.one(clause.by_attribute(attribute, phrase), phrase)
    unit = next((clause.tags[at].extra for at in operand if clause.tags[at].kind == "number"), "")
    fitting = [c for c in clause.words.frame.columns if c.numeric and unit and unit_of(c) == unit]
    if len(fitting) == 1:
        return fitting[0]
    ages = [c for c in clause.words.frame.columns if "age" in column_words(c.name)[0] and c.numeric]
    people = any(tag.kind == "entity" and tag.value in _PEOPLE for tag in clause.tags)
    if (
        people
        and len(ages) == 1
        and not unit
        and phrase.casefold() in ("over", "under", "above", "below", "at least", "at most")
    ):
        return ages[0]
    raise Unclear(f"I cannot tell which column '{phrase}' belongs to")


def _check_operand(clause: Clause, column: Column, operand: int, sign: str) -> None:
    """Refuse comparisons that could not mean anything, such as a text above a number."""
    kind = clause.tags[operand].kind
    ordered = sign in (">", ">=", "<", "<=")
    if ordered and not column.numeric and not column.dated:
        raise Unclear(f"{column.name} is text, which cannot be compared with '{clause.tags[operand].text}'")
    if ordered and kind not in ("number", "date"):
        raise Unclear(f"'{clause.tags[operand].text}' is no number that {column.name} could be compared with")


def unit_of(column: Column) -> str:
    """The last word of a column's name, which may be its unit."""
    return re.split(r"[\W_]+", column.name.casefold().strip(")_ "))[-1]


def scaled(clause: Clause, place: int, column: Column) -> Any:
    """A number in the column's own unit.

    Raises:
        Unclear: Its unit is not the column's, and the two cannot be converted.
    """
    tag = clause.tags[place]
    if tag.kind == "value":
        return next((value for owner, value in tag.value if owner == column), tag.text)
    unit = tag.extra
    own = unit_of(column)
    if tag.kind != "number" or not unit or unit == own or unit in ("years", "degrees", "dollars"):
        return tag.value
    if own not in UNITS:
        return tag.value
    same = {"g", "gram", "grams", "kg", "kilograms", "mg"}, {"mm", "cm", "m", "km"}
    if own in _SCALES and unit in _SCALES and any({own, unit} <= family for family in same):
        value = tag.value * _SCALES[unit] / _SCALES[own]
        return int(value) if value == int(value) else value
    if unit.rstrip("s") == own.rstrip("s"):
        return tag.value
    raise Unclear(f"'{tag.text} {unit}' does not fit the unit of {column.name}")
