"""The unknown: rows without a group, or without the value that a condition tests, which an answer must not pass over.

Grouping leaves out the rows of which the group is missing, and ``not Web`` keeps those of which nobody knows. Their
number is counted beside every answer, and is said where there are any. It writes code and runs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.phrasing import listed
from aether_nb.models.analyst.question import Condition, Question

__all__ = ["Unknown", "unknown_of"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Rows in which one of ``columns`` is missing.

    ``label`` is what their number is printed under, ``fate`` what becomes of them.
    """

    label: str
    columns: tuple[str, ...]
    fate: str

    def code(self, rows: str) -> str:
        """The expression for their number."""
        if len(self.columns) == 1:
            return f"{rows}[{self.columns[0]!r}].isna().sum()"
        return f"{rows}[{list(self.columns)!r}].isna().any(axis=1).sum()"

    def said(self, count: int) -> str:
        """What is said of them."""
        rows = "1 row has" if count == 1 else f"{count:,} rows have"
        return f"{rows} no {listed(self.columns, 'or no')}, and {'is' if count == 1 else 'are'} {self.fate}"


def unknown_of(question: Question) -> list[Unknown]:
    """What may be unknown of the rows of a question."""
    keys = [key.column for key in (*question.keys, *([question.subject] if question.subject else []))]
    if question.task == "values":
        keys += question.columns
    if "each" in question.flags:
        keys = []
    found = [
        ("without a group", keys, "left out"),
        ("unknown but kept", _tested(question.conditions, kept=True), "counted in"),
    ]
    if question.task == "share":
        found += [
            ("unknown, not met", _tested(question.part, kept=False), "counted as rows that do not meet the condition"),
            ("unknown, met", _tested(question.part, kept=True), "counted as rows that meet the condition"),
        ]
    return [
        Unknown(label, tuple(dict.fromkeys(column.name for column in columns)), fate)
        for label, columns, fate in found
        if columns
    ]


def _tested(conditions: Sequence[Condition], *, kept: bool) -> list[Column]:
    """The columns of conditions that a missing value meets (``kept``), or does not meet."""
    return [
        condition.column
        for condition in conditions
        if condition.column is not None
        and condition.op not in ("missing", "present")
        and (condition.negated or condition.op == "!=") == kept
    ]
