"""Conditions: the pieces of a clause that say which rows are meant.

Each rule looks at one place of a clause and answers whether it understood what stands there. It knows no code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.comparisons import read_comparison, read_span
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.nouns import ATTRIBUTES
from aether_nb.models.analyst.question import Ambiguous, Condition, Unclear
from aether_nb.models.analyst.times import is_year, read_time
from aether_nb.models.analyst.words import canon, column_words, same_stem

__all__ = ["read_conditions"]


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
        if column.dated and is_year(tag.value) and place == left:
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
    if (amount := _amount(clause, at)) is not None:
        tag.kind, tag.value = "column", [amount]
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
    if clause.kind(at - 1) == "by" and clause.tags[at - 1].text.casefold() in (
        "among",
        "amongst",
        "within",
        "across",
        "for all",
        "over all",
    ):
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
        clause.add(at, Condition(columns[0], "==", columns[0].yes, not clause.negated(at)))
        tag.used, tag.extra = True, "flag"
        return
    column = clause.column(at)
    if (
        column is None
        or not column.flag
        or clause.kind(at - 1) in ("by", "which", "distinct", "agg")
        or clause.kind(at + 1) == "op"
    ):
        return
    if clause.kind(at - 1) == "and" and clause.kind(at - 2) == "column" and clause.kind(at - 3) in ("by", "between"):
        return
    counting = clause.has("count") or clause.has("share") or clause.has("list")
    beside = (
        (clause.has("agg") or clause.has("task", "compare"))
        and len(list(clause.free("column"))) > 1
        and not (clause.kind(at - 1) == "and" and not any(c.column == column for _, c in clause.found))
    )
    if counting or beside:
        clause.add(at, Condition(column, "==", column.yes, clause.negated(at)))
        tag.used, tag.extra = True, "flag"


def _amount(clause: Clause, at: int) -> Column | None:
    """``the most rain``: days on which the weather was rain, or millimetres of it? That is asked.

    A total can only be that of an amount, which is then returned.

    Raises:
        Ambiguous: The word is a value, and there is a column that measures the same thing.
    """
    word = canon(clause.tags[at].text)
    if word not in ATTRIBUTES["precipitation"] or word in clause.words.choices:
        return None
    if not (any(tag.kind in ("top", "agg") for tag in clause.tags) or clause.has("howmuch")):
        return None
    amounts = [
        c
        for c in clause.words.frame.columns
        if c.numeric and set(column_words(c.name)[0]) & set(ATTRIBUTES["precipitation"])
    ]
    if not amounts or clause.kind(at + 1) in ("entity", "row"):
        return None
    if len(amounts) == 1 and (clause.has("total") or clause.has("agg", "sum")):
        return amounts[0]
    raise Ambiguous(word, (clause.tags[at].value[0][0].name, *(c.name for c in amounts)))


def _join_equalities(clause: Clause) -> None:
    """``Adelie or Gentoo`` is one condition; ``not A and not B`` stay two."""
    joined: list[tuple[int, Condition]] = []
    for at, condition in sorted(clause.found, key=lambda pair: pair[0]):
        if joined and condition.column is not None and condition.column.flag and _opposite(joined[-1][1], condition):
            both = (False, True) if condition.column.kind == "bool" else condition.column.values or (0, 1)
            joined[-1] = (at, Condition(condition.column, "in", both))
            continue
        if condition.op in ("==", "year") and joined:
            place, last = joined[-1]
            between = clause.tags[place + 1 : at]
            linked = any(tag.kind in ("and", "or", "versus", "sep", "to", "more") for tag in between) or not between
            others = [
                tag
                for tag in between
                if tag.kind
                not in (
                    "and",
                    "or",
                    "versus",
                    "sep",
                    "to",
                    "more",
                    "in",
                    "verb",
                    "column",
                    "value",
                    "entity",
                    "frame",
                    "row",
                    "number",
                    "from",
                )
            ]
            if (
                last.column == condition.column
                and last.op in (condition.op, "in", "years in")
                and linked
                and not others
            ):
                values = last.value if isinstance(last.value, tuple) else (last.value,)
                op = "in" if condition.op == "==" else "years in"
                negated = last.negated or condition.negated
                joined[-1] = (at, Condition(last.column, op, (*values, condition.value), negated))
                for tag in between:
                    tag.used = tag.used or tag.kind in ("and", "or", "versus", "to")
                continue
        joined.append((at, condition))
    clause.found = joined


def _opposite(one: Condition, other: Condition) -> bool:
    """``survivors and non-survivors``: both sides of a column of yes and no."""
    return one.column == other.column and one.value == other.value and one.negated != other.negated


_RULES: tuple[Callable[[Clause, int], None], ...] = (
    read_span,
    read_comparison,
    _value,
    read_time,
    _number_beside,
    _flag,
)
