"""Subjects: what is ranked or asked for, and what ``how many`` counts.

It marks what it understands in a clause and fills in the question; it does not decide what is asked.
"""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.groups import ROWS, is_label, key_at
from aether_nb.models.analyst.question import Key, Question

__all__ = ["names_rows", "read_happening", "read_subject", "speaks_of_many"]

_MANY = ("most", "fewest", "least", "top", "rank", "ranking")
_TIMES = ("date", "day", "time", "month", "year", "when")


def read_subject(clause: Clause, question: Question) -> None:
    """What is ranked or asked for: ``which species``, ``the month with``, ``top 5 countries``."""
    for at, _ in list(clause.free("which")):
        place = at + 1
        while clause.kind(place) in ("distinct", "ref", "number"):
            place += 1
        if clause.kind(place) in ROWS and clause.kind(place + 1) == "column" and clause.kind(place) == "frame":
            place += 1
        key = _subject_key(clause, place, question)
        where = clause.tags[at].text.casefold() == "where" and question.extreme and not list(clause.free("column"))
        if where and not question.columns and any(clause.kind(place) in ROWS for place in range(len(clause.tags))):
            question.subject = Key(clause.one(clause.by_attribute("place", "where", labels=True), "where"))
            clause.take(at)
        elif key is not None and question.subject is None:
            question.subject = key
            clause.take(at, place)
        elif clause.kind(place) in ROWS or clause.tags[at].text.casefold() in ("who", "where"):
            question.flags.add("rows" if question.extreme else "whichrows")
        elif clause.tags[at].text.casefold() == "when" and question.extreme:
            question.flags.add("when")
    if question.extreme and question.subject is None:
        _with_extreme(clause, question)
    if question.extreme and question.subject is None:
        _implied_subject(clause, question)


def _subject_key(clause: Clause, at: int, question: Question) -> Key | None:
    """What is ranked: a column of categories, and any column when rows are counted, or a measure goes with it."""
    key = key_at(clause, at) if clause.kind(at) in ("column", "freq", "part") else None
    if key is None:
        return None
    measured = len(question.columns) + len(list(clause.free("column"))) > 1
    if clause.kind(at) == "column" and not measured and names_rows(clause) and speaks_of_many(clause):
        return key if question.extreme or key.column.categorical else None
    if key.column.kind == "number" and not key.column.categorical:
        told_apart = key.column.identifies or _extreme_behind(clause, at)
        return key if question.extreme and measured and told_apart else None
    if key.column.dated and not key.freq and not key.part and question.extreme:
        question.flags.add("rows")
        return key if measured else None
    return key


def _with_extreme(clause: Clause, question: Question) -> None:
    """``order with the lowest revenue`` is a row; ``seat with the lowest price`` is a seat, and no minimum of it."""
    for at, tag in enumerate(clause.tags):
        if tag.used or tag.kind not in (*ROWS, "column") or not _extreme_behind(clause, at):
            continue
        if tag.kind != "column":
            if not clause.has("agg") and not clause.has("count"):
                question.flags.add("rows")
            return
        others = bool(question.columns) or len(list(clause.free("column"))) > 1
        counted = not others and names_rows(clause) and speaks_of_many(clause)
        if counted:
            question.subject = Key(tag.value[0])
            clause.take(at)
        elif others and tag.value[0].dated:
            question.flags.add("rows")
            clause.take(at)
        elif others and not is_label(tag.value[0]):
            question.subject = Key(tag.value[0])
            clause.take(at)
        return


def _extreme_behind(clause: Clause, at: int) -> bool:
    """Whether ``with the highest``, or ``has the highest``, stands right behind."""
    kinds = [tag.kind for tag in clause.tags[at + 1 : at + 4]]
    return kinds[:2] in (["with", "top"], ["verb", "top"], ["rel", "top"])


def _implied_subject(clause: Clause, question: Question) -> None:
    """``the island with the most penguins``, ``top 3 species by mean mass``: the only column that is no measure."""
    free = [(at, tag.value[0]) for at, tag in clause.free("column")]
    labels = [(at, column) for at, column in free if is_label(column)]
    measured = len(free) > len(labels) or bool(question.columns) or clause.has("count") or names_rows(clause)
    if len(labels) == 1 and measured and not question.keys:
        question.subject = Key(labels[0][1])
        clause.take(labels[0][0])
    elif (not labels and clause.has("agg") and len(question.keys) == 1) or (
        not labels and (clause.has("count") or (not free and not question.columns)) and len(question.keys) == 1
    ):
        question.subject = question.keys.pop()
    elif not labels and not question.keys:
        for at, _ in list(clause.free("freq")):
            question.subject = question.subject or key_at(clause, at)
            clause.take(at)


def read_happening(clause: Clause, question: Question) -> None:
    """``how many were hired in 2021``, ``which month had the most visits``: rows are counted, the column says when."""
    if question.aggs or len(question.columns) != 1 or clause.has("distinct") or clause.has("values"):
        return
    column = question.columns[0]
    spoken = [tag.text.casefold() for tag in clause.tags if tag.kind == "column" and tag.value[0] == column]
    if not column.dated or any(word in text for text in spoken for word in _TIMES):
        return
    tested = any(condition.column == column for _, condition in clause.found)
    timed = any(key.column == column for key in question.keys)
    ranked = question.subject is not None and bool(question.extreme) and speaks_of_many(clause)
    counted = clause.has("count") and not question.extreme and question.subject is None
    if ranked or (counted and (tested or timed or not question.keys)):
        question.flags.add("happened")
    if ranked or (counted and (tested or timed)) or (clause.has("list") and tested):
        question.columns = []


def names_rows(clause: Clause) -> bool:
    """Whether a clause speaks of rows: ``orders``, ``penguins``, ``records``."""
    return any(True for _ in clause.free(*ROWS))


def speaks_of_many(clause: Clause) -> bool:
    """Whether the superlative may be one of counting: ``most`` may, ``highest`` wants a measure."""
    tops = [tag.text.casefold() for tag in clause.tags if tag.kind in ("top", "rank")]
    return all(word in _MANY for word in tops)
