"""Conditions: the pieces of a clause that say which rows are meant.

Each rule looks at one place of a clause and answers whether it understood what stands there. It knows no code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.lexicon import ATTRIBUTES
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.question import Ambiguous, Condition, Unclear
from aether_nb.models.analyst.words import canon, column_words, same_stem

__all__ = ["read_conditions", "time_column"]

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "after": ">", "since": ">=", "before": "<", "until": "<="}
_OPERANDS = ("number", "value", "literal", "date", "ordinal")
_SCALES = {"kg": 1000.0, "kilograms": 1000.0, "g": 1.0, "gram": 1.0, "grams": 1.0, "mg": 0.001,
           "mm": 1.0, "cm": 10.0, "m": 1000.0, "km": 1e6}  # fmt: skip


def read_conditions(clause: Clause) -> None:
    """Find the conditions of a clause and mark their tags as understood.

    Raises:
        Unclear: A comparison whose column or operand nobody can tell.
        Ambiguous: A value that occurs in several columns.
    """
    for rule in _RULES:
        for at in range(len(clause.tags)):
            if not clause.tags[at].used:
                rule(clause, at)
    _join_equalities(clause)


def time_column(clause: Clause) -> Column | None:
    """The column that says when: one named year, else the only one that holds dates."""
    columns = clause.words.frame.columns
    years = [c for c in columns if "year" in column_words(c.name)[0] and (c.kind == "number" or c.dated)]
    dates = [c for c in columns if c.dated]
    return years[0] if len(years) == 1 else dates[0] if len(dates) == 1 else None


def _span(clause: Clause, at: int) -> None:
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
    if column is not None and (column.numeric or column.dated):
        clause.take(place)
    elif _is_year(clause.tags[low].value) and _is_year(clause.tags[high].value):
        column = _need_time(clause)
    elif (follower := clause.column(high + 1)) is not None and follower.numeric:
        column = follower
        clause.take(high + 1)
    else:
        raise Unclear("I cannot tell which column the range belongs to")
    values = tuple(_scaled(clause, place, column) for place in (low, high))
    clause.take(at, low, link, high)
    op = "years" if column.dated and all(map(_is_year, values)) else "between"
    clause.add(at, Condition(column, op, values, clause.negated(at)))


def _comparison(clause: Clause, at: int) -> None:
    """``body mass over 4000``, ``more than 6 cylinders``, ``heavier than 4 kg``, ``5 or more``."""
    tag = clause.tags[at]
    if tag.kind != "op" or tag.value == "between":
        return
    if tag.text.casefold().startswith("or "):
        operand, places = at - 1, [clause.before(at - 1), clause.after(at)]
    else:
        operand, places = clause.after(at), [clause.before(at), clause.after(clause.after(at))]
    if clause.kind(operand) not in (*_OPERANDS, "month"):
        raise Unclear(f"I cannot tell what '{tag.text}' compares")
    if clause.kind(operand) == "month" or tag.value in ("after", "since", "before", "until"):
        _when(clause, at, operand)
        return
    column = _compared(clause, tag.extra, tag.text, places)
    sign = tag.value if tag.value in (*_SIGNS.values(), "contains", "starts", "ends") else _SIGNS[tag.value]
    if clause.kind(operand) == "value" and sign in ("==", "!="):
        return
    _check_operand(clause, column, operand, sign)
    clause.add(at, Condition(column, sign, _scaled(clause, operand, column), clause.negated(at)))
    clause.take(at, operand)


def _compared(clause: Clause, attribute: str, phrase: str, places: list[int]) -> Column:
    """The column that a comparison speaks of: the neighbour, or the one for its attribute."""
    for place in places:
        column = clause.column(place)
        if column is not None:
            clause.take(place)
            return column
    if attribute:
        return clause.one(clause.by_attribute(attribute, phrase), phrase)
    raise Unclear(f"I cannot tell which column '{phrase}' belongs to")


def _check_operand(clause: Clause, column: Column, operand: int, sign: str) -> None:
    """Refuse comparisons that could not mean anything, such as a text above a number."""
    kind = clause.tags[operand].kind
    ordered = sign in (">", ">=", "<", "<=")
    if ordered and not column.numeric and not column.dated:
        raise Unclear(f"{column.name} is text, which cannot be compared with '{clause.tags[operand].text}'")
    if ordered and kind not in ("number", "date"):
        raise Unclear(f"'{clause.tags[operand].text}' is no number that {column.name} could be compared with")


def _when(clause: Clause, at: int, operand: int) -> None:
    """``after 2010``, ``since March 2012``, ``before 2009-06-01``."""
    place = clause.before(at)
    column = clause.column(place)
    tag, sign = clause.tags[operand], _SIGNS.get(clause.tags[at].value, clause.tags[at].value)
    if column is not None and column.numeric and tag.kind == "number":
        clause.take(place)
    elif column is not None and column.dated:
        clause.take(place)
    else:
        column = _need_time(clause)
    if tag.kind == "number" and not _is_year(tag.value):
        raise Unclear(f"'{tag.text}' is no year")
    if tag.kind == "month" or (tag.kind == "date" and not column.dated):
        raise Unclear(f"I cannot compare {column.name} with '{tag.text}'")
    op = f"year{sign}" if column.dated and tag.kind == "number" else sign
    clause.take(at, operand)
    clause.add(at, Condition(column, op, tag.value, clause.negated(at)))


def _time(clause: Clause, at: int) -> None:
    """``in 2007``, ``in January 2012``, ``on 2012-05-01``."""
    tag = clause.tags[at]
    if tag.kind == "month":
        column = _need_time(clause)
        if not column.dated:
            raise Unclear(f"{column.name} holds no months")
        clause.take(at)
        clause.add(at, Condition(column, "month", tag.value, clause.negated(at)))
        if clause.kind(at + 1) == "number" and _is_year(clause.tags[at + 1].value):
            clause.take(at + 1)
            clause.add(at, Condition(column, "year", clause.tags[at + 1].value))
        return
    beside = clause.column(at - 1) or clause.column(at + 1)
    if tag.kind == "date" and (column_or_none := _time_or(clause, beside)) is not None:
        clause.take(at)
        clause.add(at, Condition(column_or_none, "date", tag.value, clause.negated(at)))
    elif tag.kind == "number" and _is_year(tag.value) and at and clause.tags[at - 1].kind in ("in", "from", "and", "not", "freq"):
        if clause.tags[at - 1].kind == "and" and not any(c.op in ("year", "==") for _, c in clause.found):
            return
        column = _need_time(clause)
        clause.take(at)
        if clause.kind(at - 1) == "freq":
            clause.take(at - 1)
        clause.add(at, Condition(column, "year" if column.dated else "==", tag.value, clause.negated(at)))


def _time_or(clause: Clause, beside: Column | None) -> Column | None:
    return beside if beside is not None and beside.dated else next((c for c in [time_column(clause)] if c and c.dated), None)


def _number_beside(clause: Clause, at: int) -> None:
    """``8 cylinders``, ``class 1``, ``first class``, ``cylinders = 8`` without a sign."""
    tag = clause.tags[at]
    if tag.kind not in ("number", "ordinal"):
        return
    if clause.kind(at - 1) in ("top", "which") or clause.kind(at + 1) == "top":
        return
    left, right = at - 1, at + 1
    if clause.kind(left) == "verb":
        left = clause.before(at)
    for place in (right, left):
        column = clause.column(place)
        if column is None or (clause.kind(place - 1) == "by" and place == right):
            continue
        value = next((v for v in column.values if v == tag.value and not isinstance(v, bool)), None)
        whole = column.kind == "number" and not column.dtype.casefold().startswith("float") and place == left
        if value is None and tag.kind == "ordinal":
            value = next((v for v in column.values if str(v).casefold() == tag.text.casefold()), None)
        if value is None and whole and tag.kind == "number" and isinstance(tag.value, int):
            value = tag.value
        if column.dated and _is_year(tag.value) and place == left:
            clause.take(at, place)
            clause.add(at, Condition(column, "year", tag.value, clause.negated(place)))
            return
        if value is not None:
            negated = clause.negated(at) or clause.negated(place)
            clause.take(at, place)
            clause.add(at, Condition(column, "==", value, negated))
            return


def _value(clause: Clause, at: int) -> None:
    """A value that stands for itself (``Adelie``), with its column beside it or not."""
    tag = clause.tags[at]
    if tag.kind == "literal":
        raise Unclear(f"no column has the value '{tag.text}'", (tag.text,))
    if tag.kind != "value":
        return
    options: list[tuple[Column, Any]] = tag.value
    operator = clause.kind(at - 1) == "op" and clause.tags[at - 1].value in ("==", "!=", "eq", "ne")
    place = clause.before(at - 1) if operator else clause.before(at)
    for beside in (place, at + 1, at - 1):
        column = clause.column(beside)
        match = next((pair for pair in options if pair[0] == column), None)
        if match is not None and not (clause.kind(beside - 1) in ("by", "which") and beside == at + 1):
            options = [match]
            if clause.kind(beside - 1) not in ("by", "which"):
                clause.take(beside)
            break
    if len(options) > 1:
        chosen = clause.words.choices.get(canon(tag.text))
        options = [pair for pair in options if pair[0].name == chosen] or options
    if len(options) > 1:
        raise Ambiguous(canon(tag.text), tuple(column.name for column, _ in options))
    _amount(clause, at, options[0][0])
    if clause.kind(at - 1) == "by" and clause.tags[at - 1].text.casefold() in ("among", "amongst", "within", "across", "for all", "over all"):
        clause.take(at - 1)
    negated = clause.negated(at - 1 if operator else at)
    if operator:
        negated ^= clause.tags[at - 1].value in ("!=", "ne")
        clause.take(at - 1)
    clause.take(at)
    clause.add(at, Condition(options[0][0], "==", options[0][1], negated))


def _flag(clause: Clause, at: int) -> None:
    """``survived`` as a predicate: a column of yes and no, where rows are counted, or beside another measure."""
    tag = clause.tags[at]
    if tag.kind == "negflag":
        columns = [c for c in clause.words.frame.columns if c.flag and same_stem(canon(c.name), tag.value)]
        if len(columns) != 1:
            raise Unclear(f"no column says what '{tag.text}' means", (tag.text,))
        clause.add(at, Condition(columns[0], "==", _yes(columns[0]), not clause.negated(at)))
        tag.used, tag.extra = True, "flag"
        return
    column = clause.column(at)
    if column is None or not column.flag or clause.kind(at - 1) in ("by", "which", "distinct", "agg") or clause.kind(at + 1) == "op":
        return
    counting = clause.has("count") or clause.has("share") or clause.has("list")
    beside = clause.has("agg") and len(list(clause.free("column"))) > 1 and clause.kind(at - 1) != "and"
    if counting or beside:
        clause.add(at, Condition(column, "==", _yes(column), clause.negated(at)))
        tag.used, tag.extra = True, "flag"


def _yes(column: Column) -> Any:
    """How a column of yes and no writes yes."""
    return True if column.kind == "bool" else 1


def _amount(clause: Clause, at: int, column: Column) -> None:
    """``the most rain``: days on which the weather was rain, or millimetres of it? That is asked.

    Raises:
        Ambiguous: The word is a value, and there is a column that measures the same thing.
    """
    word = canon(clause.tags[at].text)
    if word not in ATTRIBUTES["precipitation"] or word in clause.words.choices:
        return
    if not (any(tag.kind in ("top", "agg") for tag in clause.tags) or clause.has("howmuch")):
        return
    amounts = [c.name for c in clause.words.frame.columns if c.numeric and set(column_words(c.name)[0]) & set(ATTRIBUTES["precipitation"])]
    if amounts and clause.kind(at + 1) not in ("entity", "row"):
        raise Ambiguous(word, (column.name, *amounts))


def _join_equalities(clause: Clause) -> None:
    """``Adelie or Gentoo`` is one condition; ``not A and not B`` stay two."""
    joined: list[tuple[int, Condition]] = []
    for at, condition in sorted(clause.found, key=lambda pair: pair[0]):
        if condition.op in ("==", "year") and joined:
            place, last = joined[-1]
            between = clause.tags[place + 1 : at]
            linked = any(tag.kind in ("and", "or", "versus", "sep", "to", "more") for tag in between) or not between
            others = [tag for tag in between if tag.kind not in ("and", "or", "versus", "sep", "to", "more", "in", "verb", "column", "value", "entity", "frame", "row", "number", "from")]
            if last.column == condition.column and last.op in (condition.op, "in", "years in") and linked and not others:
                values = last.value if isinstance(last.value, tuple) else (last.value,)
                op = "in" if condition.op == "==" else "years in"
                negated = last.negated or condition.negated
                joined[-1] = (at, Condition(last.column, op, (*values, condition.value), negated))
                for tag in between:
                    tag.used = tag.used or tag.kind in ("and", "or", "versus", "to")
                continue
        joined.append((at, condition))
    clause.found = joined


def _is_year(value: Any) -> bool:
    return isinstance(value, int) and 1500 <= value <= 2200


def _need_time(clause: Clause) -> Column:
    """The column that says when.

    Raises:
        Unclear: There is none, or there are several.
    """
    column = time_column(clause)
    if column is None:
        raise Unclear(f"{clause.words.frame.name} has no column, or several, that could say when")
    return column


def _scaled(clause: Clause, place: int, column: Column) -> Any:
    """A number in the column's own unit.

    Raises:
        Unclear: Its unit is not the column's, and the two cannot be converted.
    """
    tag = clause.tags[place]
    unit = tag.extra
    own = re.split(r"[\W_]+", column.name.casefold().strip(")_ "))[-1]
    if tag.kind != "number" or not unit or unit == own or unit in ("years", "degrees", "dollars"):
        return tag.value
    if unit not in _SCALES and own not in _SCALES and len(column_words(column.name)[0]) == len(column_words(column.name)[1]):
        return tag.value
    same = {"g", "gram", "grams", "kg", "kilograms", "mg"}, {"mm", "cm", "m", "km"}
    if own in _SCALES and unit in _SCALES and any({own, unit} <= family for family in same):
        value = tag.value * _SCALES[unit] / _SCALES[own]
        return int(value) if value == int(value) else value
    if unit.rstrip("s") == own.rstrip("s"):
        return tag.value
    raise Unclear(f"'{tag.text} {unit}' does not fit the unit of {column.name}")


_RULES: tuple[Callable[[Clause, int], None], ...] = (_span, _comparison, _value, _time, _number_beside, _flag)
