"""A peek: what the columns of a wide frame hold that the summary of the namespace had no room for.

The code looks for columns that are called like a piece of the question. What is not called so remains unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from aether_nb.models.analyst.matching import meaning_of
from aether_nb.models.analyst.namespace import Column, Frame, WholeName
from aether_nb.models.analyst.results import Table
from aether_nb.models.analyst.words import tokenise

__all__ = ["described", "peek_code", "wanted"]

_MOST_PHRASES = 60
_LONGEST = 3


def wanted(prompt: str, names: Sequence[str]) -> list[str]:
    """Names of columns that a question may speak of: what was taken for one already, and runs of its words."""
    words = [token.text.casefold() for token in tokenise(prompt) if token.kind in ("word", "number", "quoted")]
    runs = [words[at : at + n] for at in range(len(words)) for n in range(1, _LONGEST + 1) if at + n <= len(words)]
    telling = [" ".join(run) for run in runs if not all(_common(word) for word in run)]
    return list(dict.fromkeys([*(name.casefold().replace("_", " ") for name in names), *telling]))[:_MOST_PHRASES]


def _common(word: str) -> bool:
    return bool(meaning_of(word))


def peek_code(frame: Frame, phrases: Sequence[str]) -> str:
    """Code that shows the type and some values of the columns that are called so."""
    return (
        "import pandas as pd\n\n# what do the columns hold that the question may speak of?\npd.DataFrame(\n    [\n"
        "        (\n            repr(name), str(column.dtype), len(set(map(repr, column.dropna().tolist()))),\n"
        "            ', '.join(list(dict.fromkeys(map(repr, column.dropna().tolist())))[:13]),\n        )\n"
        f"        for name, column in {frame.name}.items()\n"
        f"        if str(name).casefold().replace('_', ' ') in {list(phrases)!r}\n"
        "    ],\n    columns=['name', 'type', 'distinct', 'values'],\n)"
    )


def described(frame: Frame, found: Table | None) -> Frame:
    """The frame with what the code told of its columns; nothing of that text is trusted to be well formed."""
    columns = {column.name: column for column in frame.columns}
    for row in found.rows if found else ():
        if len(row) != 4 or (name := _literal(row[0])) is None or not row[2].isdigit():
            continue
        values, distinct = _literal(f"[{row[3]}]"), int(row[2])
        shown = tuple(values) if isinstance(values, list) else ()
        told = WholeName(name) if isinstance(name, int | tuple) else str(name)
        full = 0 < distinct == len(shown) and distinct <= 12 and not row[1].startswith("float")
        columns[told] = Column(
            told, row[1], distinct=distinct, values=shown if full else (), examples=() if full else shown
        )
    return replace(frame, columns=tuple(columns.values()))


def _literal(text: str) -> object:
    """A Python literal; None when it is none."""
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value
