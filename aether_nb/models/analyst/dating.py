"""Dates that are kept as text: in which order day and month stand, and how many values are no dates.

``15/02/2024`` proves that the day comes first; where no value proves it, the order is asked and not guessed. It writes
code that counts, and decides by the counts.
"""

from __future__ import annotations

from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.question import Question

__all__ = ["DAY_FIRST", "MONTH_FIRST", "date_check", "order_of", "text_dates"]

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"
_FORMS = ("ISO8601", "%Y/%m/%d", DAY_FIRST, MONTH_FIRST)
_LABELS = frozenset({"columns", "duplicates", "head", "listing", "lookup", "missing", "shape", "values"})
"""Intents to which a text is a label, whatever it looks like."""


def text_dates(question: Question) -> list[Column]:
    """The columns of text that have to be read as dates to answer a question."""
    keys = [*question.keys, *([question.subject] if question.subject else [])]
    used = [key.column for key in keys if key.freq or key.part or question.task not in _LABELS]
    used += [
        c.column for c in (*question.conditions, *question.part) if c.column and c.op not in ("missing", "present")
    ]
    used += question.columns if question.task not in (*_LABELS, "count") else []
    return [column for column in dict.fromkeys(used) if column.kind == "date text"]


def date_check(frame: str, column: Column) -> str:
    """Code that counts how many values can be read in each of the ways in which dates are written."""
    text = f"{frame}[{column.name!r}]{'.to_series()' if column.index else ''}"
    return (
        "import pandas as pd\n\n# how are these dates written, and can all be read?\n"
        f"pd.DataFrame(\n    [\n        (text.notna().sum(), *(read.notna().sum() for read in ways),\n"
        "         (ways[2].notna() & ways[3].notna()).sum())\n"
        f"        for text in [{text}]\n"
        "        for ways in [[pd.to_datetime(text.str.strip(), format=form, errors='coerce')\n"
        f"                      for form in {list(_FORMS)!r}]]\n"
        "    ],\n    columns=['values', 'year-month-day', 'year/month/day', 'day first', 'month first', 'either'],\n)"
    )


def order_of(counts: list[int]) -> tuple[str, int]:
    """The format of the dates, and how many values it leaves unread, by the counts of ``date_check``.

    The format is empty where a text may be read with the day first or the month first alike.

    Raises:
        ValueError: They cannot be read in one way; says why.
    """
    values, *read, either = counts
    best = max(read)
    if not best:
        raise ValueError("none of its values can be read as a date")
    if best in read[:2]:
        return _FORMS[read.index(best)], values - best
    day, month = (count - either for count in read[2:])
    if day and month:
        raise ValueError(f"in {day:,} of its dates the day comes first, in {month:,} the month")
    return (DAY_FIRST if day else MONTH_FIRST if month else ""), values - best
