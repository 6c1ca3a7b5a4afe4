"""Groups and superlatives: by what rows are gathered, and which end of a ranking counts.

It marks what it understands in a clause and fills in the question; it does not decide what is asked.
"""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.matching import Tag
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.question import Ambiguous, Key, Question, Unclear
from aether_nb.models.analyst.times import time_column

__all__ = ["ROWS", "claim_order", "is_label", "key_at", "order_code", "read_extreme", "read_groups"]

EACH_MONTH = "every single month"
OF_THE_YEAR = "January to December, over all years"
ROWS = ("row", "entity", "frame", "data")
"""Kinds of tags that speak of the rows."""


def read_extreme(clause: Clause, question: Question) -> None:
    """The superlative, how many are wanted, and the column it speaks of."""
    tops = list(clause.free("top"))
    if not tops:
        if clause.claim("rank"):
            question.extreme = "max"
        return
    ends = {tag.value for _, tag in tops}
    question.extreme = "both" if len(ends) > 1 else ends.pop()
    attributes = {(tag.extra, tag.text) for _, tag in tops if tag.extra}
    named = [c for _, tag in clause.free("column") for c in tag.value]
    for attribute, phrase in sorted(attributes):
        columns = clause.by_attribute(attribute, phrase)
        if attribute == "temp":
            columns = [c for c in columns if question.extreme in c.name.casefold()] or columns
        if not any(column in columns for column in named):
            question.columns.append(clause.one(columns, phrase))
        question.flags.add("attribute")
    for at, _ in tops:
        clause.take(at)
        if any(clause.kind(place) in ROWS for place in (at + 1, at + 2)):
            question.flags.add("rows")
        if clause.kind(at - 1) == "ordinal" and clause.tags[at - 1].value > 1:
            question.n = clause.tags[at - 1].value
            question.flags.add("nth")
            clause.take(at - 1)
        for place in (at - 1, at + 1):
            number = clause.tags[place] if clause.kind(place) == "number" else None
            if number is not None and isinstance(number.value, int) and 0 < number.value <= 1000:
                question.n = number.value
                clause.take(place)
    if question.n is None:
        _count_wanted(clause, question)


def _count_wanted(clause: Clause, question: Question) -> None:
    """``which 3 islands have the most``: the only number left says how many."""
    for at, tag in list(clause.free("number")):
        if isinstance(tag.value, int) and 0 < tag.value <= 1000 and clause.kind(at + 1) in (*ROWS, "column"):
            question.n = tag.value
            clause.take(at)
            return


def read_groups(clause: Clause, question: Question) -> None:
    """``by species and island``, ``per month``, ``for each sex``."""
    for at in range(len(clause.tags)):
        tag = clause.tags[at]
        resampled = tag.kind == "to" and clause.kind(at + 1) == "freq" and clause.has("task", "trend")
        if clause.kind(at) not in ("by", "between", "sort") and not resampled:
            continue
        if tag.kind == "sort":
            clause.take(at)
            _read_order(clause, question, at)
            continue
        place, keys = at + 1, []
        while clause.kind(place) in ("by", "distinct", "in"):
            place += 1
        if (
            clause.kind(place) == "count"
            and (counted := clause.column(place + 1)) is not None
            and counted.kind == "number"
        ):
            clause.take(place)
            place += 1
        while (key := key_at(clause, place)) is not None:
            keys.append((place, key))
            place += 1
            while clause.kind(place) in ("and", "by", "sep") and key_at(
                clause, place + 1 + (clause.kind(place + 1) == "by")
            ):
                place += 1
        if keys and tag.kind == "between" and len(keys) > 1:
            continue
        if keys and all(_groupable(clause, question, key) for _, key in keys):
            question.keys += [key for _, key in keys if key not in question.keys]
            for taken in range(at, keys[-1][0] + 1):
                if clause.kind(taken) in ("by", "to", "between", "column", "freq", "part", "and", "distinct"):
                    clause.take(taken)
        elif tag.kind == "by":
            _not_a_group(clause, question, at)
    _frequencies(clause, question)


def _read_order(clause: Clause, question: Question, at: int) -> None:
    """``sorted by dept`` goes by the groups when these are by dept, ``sorted by salary`` by the figures."""
    column = clause.column(at + 1)
    if column is not None and any(key.column == column for key in question.keys):
        clause.take(at + 1)
        question.flags.add("sorted by group")
    else:
        question.flags.add("sorted")


def claim_order(clause: Clause, question: Question) -> None:
    """``sorted descending``, ``lowest first``: which way a table of groups goes; without a word, the highest first."""
    down, up = clause.claim("descending"), clause.claim("ascending")
    if up:
        question.flags.add("ascending")
    if (down or up) and "sorted by group" not in question.flags:
        question.flags.add("sorted")
    elif down:
        question.flags.add("backwards")


def order_code(question: Question, figure: str) -> str:
    """What puts a table of groups in order: by a figure of it, or by the groups; nothing when no order is wanted."""
    if not question.keys:
        return ""
    if "sorted" in question.flags:
        return f".sort_values({figure!r}, ascending={'ascending' in question.flags}, kind='stable')"
    return ".sort_index(ascending=False)" if "backwards" in question.flags else ""


def key_at(clause: Clause, at: int) -> Key | None:
    """What a tag groups by."""
    column = clause.column(at)
    if column is not None:
        return Key(column, "Y") if column.dated and "year" in column.name.casefold() else Key(column)
    if clause.kind(at) in ("freq", "part"):
        when = time_column(clause)
        tag = clause.tags[at]
        if when is None:
            raise Unclear(f"no column says when, so I cannot go by '{tag.text}'")
        dates = [column for column in clause.words.frame.columns if column.dated]
        if not when.dated and tag.value not in ("Y", "decade") and len(dates) == 1:
            when = dates[0]
        if not when.dated:
            return Key(when, freq="decade") if tag.value == "decade" else Key(when) if tag.value == "Y" else None
        return _calendar(clause, when, tag) if tag.kind == "freq" else Key(when, part=tag.value)
    return None


def _calendar(clause: Clause, when: Column, tag: Tag) -> Key:
    """``by month`` of several years: each month by itself, or January to December? That is asked."""
    word, days = tag.text.casefold(), when.span_days() or 0
    within_a_year = any(condition.op == "year" for _, condition in clause.found)
    plainly = (
        word.endswith("ly")
        or " by " in word
        or " to " in word
        or clause.has("task", "trend")
        or clause.has("which")
        or within_a_year
    )
    plainly = plainly or any(tag.kind in ("plot", "top") for tag in clause.tags)
    if tag.value != "M" or days < 400 or plainly:
        return Key(when, freq=tag.value)
    chosen = clause.words.choices.get("month")
    if chosen is None:
        raise Ambiguous("month", (EACH_MONTH, OF_THE_YEAR))
    return Key(when, freq="M") if chosen == EACH_MONTH else Key(when, part="month")


def _groupable(clause: Clause, question: Question, key: Key) -> bool:
    """Whether it can be meant as a group, and not as the measure to go by."""
    column = key.column
    if key.freq or key.part or column.dated:
        return True
    labels = any(is_label(tag.value[0]) for _, tag in clause.free("column"))
    if question.extreme and column.kind == "number" and (question.n is not None or clause.has("which") or labels):
        return column.categorical and len(list(clause.free("column"))) > 2
    return column.categorical


def _not_a_group(clause: Clause, question: Question, at: int) -> None:
    """``by average mass``, ``by number of``, ``y by x`` in a picture, ``fare per passenger``."""
    following = clause.kind(at + 1)
    ranked = bool(question.extreme) or clause.has("sort")
    if (following in ("agg", "count", "share") and ranked) or (following == "column" and (ranked or question.plot)):
        clause.take(at)
    elif following in ROWS and clause.has("agg"):
        clause.take(at)
        if clause.kind(at + 1) == "row":
            clause.take(at + 1)


def _frequencies(clause: Clause, question: Question) -> None:
    """``monthly average``, ``yearly total``: a group without a preposition."""
    for at, tag in list(clause.free("freq")):
        if (
            not tag.text.casefold().endswith("ly")
            and tag.text.casefold()
            not in (
                "annual",
                "day by day",
                "month by month",
                "year by year",
                "week by week",
            )
            and " to " not in tag.text
        ):
            continue
        key = key_at(clause, at)
        if key is not None:
            if key not in question.keys:
                question.keys.insert(0, key)
            clause.take(at)


def is_label(column: Column) -> bool:
    """Whether a column names things and measures nothing."""
    return column.kind in ("text", "bool")
