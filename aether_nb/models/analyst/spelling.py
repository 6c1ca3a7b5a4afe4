"""Spellings: values that differ in capitals or spaces only, or that stand for the same, and are meant together.

``women`` are the rows with ``F``, with ``f`` and with ``female``. Where a column's values are all known they are made
one in a copy; where they are not, they are compared without regard to capitals. It writes code and runs none.
"""

from __future__ import annotations

from collections.abc import Iterator

from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.nouns import VALUE_WORDS
from aether_nb.models.analyst.question import Condition, Question

__all__ = ["apart", "folded", "folding", "respelt"]


def folded(value: str) -> str:
    """The form under which two spellings of a value are the same."""
    return value.strip().casefold()


def respelt(question: Question) -> dict[Column, dict[str, str]]:
    """The spellings in a column that mean a value which the question speaks of, each with that value."""
    found: dict[Column, dict[str, str]] = {}
    for column, value in _spoken(question):
        others = [other for other in column.values if isinstance(other, str) and other != value]
        meant = {other: value for other in others if _same(other, value)}
        if meant and value not in found.get(column, {}):
            found[column] = {**found.get(column, {}), **meant}
    return found


def folding(column: Column, spellings: dict[str, str], cell: str) -> str:
    """The expression for a column in which spellings are one."""
    plain = f"{cell}.astype(object)" if column.dtype.startswith("category") else cell
    return f"{plain}.replace({spellings!r})"


def apart(question: Question) -> list[tuple[Column, list[str]]]:
    """The columns that make groups, or are counted, in which values differ in capitals or spaces only."""
    keys = [key.column for key in (*question.keys, *([question.subject] if question.subject else []))]
    counted = [*keys, *(question.columns if question.task == "values" else [])]
    merged = respelt(question)
    found = []
    for column in dict.fromkeys(counted):
        values = [v for v in column.values if isinstance(v, str) and v not in merged.get(column, {})]
        forms = [folded(value) for value in values]
        if several := [v for v, form in zip(values, forms, strict=True) if forms.count(form) > 1]:
            found.append((column, several))
    return found


def _spoken(question: Question) -> Iterator[tuple[Column, str]]:
    """The texts that the conditions compare with, and the columns they are values of."""
    for condition in (*question.conditions, *question.part):
        if condition.column is not None and condition.op in ("==", "!=", "in"):
            yield from ((condition.column, value) for value in _values(condition) if isinstance(value, str))


def _values(condition: Condition) -> tuple[object, ...]:
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)


def _same(one: str, other: str) -> bool:
    """Whether two values are the same, or words for the same: ``F``, ``f`` and ``female``."""
    pair = {folded(one), folded(other)}
    return len(pair) == 1 or any(pair <= set(words) for words in VALUE_WORDS.values())
