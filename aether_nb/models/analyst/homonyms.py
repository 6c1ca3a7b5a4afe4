"""Homonyms: words that are the name of a column here and mean something to the analyst too: ``total``, ``count``.

What stands around such a word tells which it is: in ``sum of total`` it is the column, in ``total of price`` it is not.
It looks at one word and its neighbours; it does not know how the question goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from aether_nb.models.analyst.namespace import Column, Frame
from aether_nb.models.analyst.words import canon

__all__ = ["IMPLIED", "hides_column", "named_column"]

IMPLIED = {"max": "max", "min": "min", "mean": "mean", "average": "mean", "total": "sum", "sum": "sum"}
"""What is computed of a column whose name says what it holds, when the question does not say it."""

_WHERE_COLUMNS_STAND = frozenset({"agg", "top", "by", "op", "plot", "versus", "between", "and", "task", "row", "rel"})
_LOOSE = frozenset({"stop", "valueword", "row", "cols", "data", "ref", "unit"})
_ENDS = frozenset("by per for in over above below under across each is was greater less more at between".split())


def _own(text: str, frame: Frame) -> Column | None:
    """The column of numbers that is called exactly so, but for capitals."""
    return next((c for c in frame.columns if c.numeric and c.name.casefold() == text.casefold()), None)


def hides_column(pieces: Sequence[str], kind: str, frame: Frame) -> bool:
    """Whether a phrase such as ``total amount`` or ``mean value`` ends in a column, which is then what is meant."""
    return len(pieces) > 1 and kind in ("agg", "top", "count", "share", "stop") and _own(pieces[-1], frame) is not None


def named_column(text: str, kind: str, before: Sequence[str], following: Sequence[str], frame: Frame) -> Column | None:
    """The column that a single word of the lexicon names, judged by its neighbours; None when it is the word.

    Args:
        text: The word.
        kind: The kind of its meaning.
        before: The kinds of what was understood before it.
        following: The next words as they are written.
        frame: The frame.
    """
    column = _own(text, frame)
    if column is None:
        return None
    following = [word for word in following if canon(word) != "the"]
    after = following[0] if following else ""
    if after.casefold() == "of" or any(canon(after) in canon(c.name).split("_") for c in frame.columns if after):
        return None
    kinds = [one for one in before if one not in ("in", "verb", "from", "which", "list", "with")]
    last = kinds[-1] if kinds else ""
    compared = after in (">", "<", ">=", "<=", "=", "==", "!=") or canon(after) in ("above", "below", "greater")
    if compared or last in ("agg", "top") or kinds[-2:] == ["column", "and"]:
        return column
    if kind in ("agg", "share"):
        return column if last in ("", *_WHERE_COLUMNS_STAND) and (not after or after.casefold() in _ENDS) else None
    return column if kind in _LOOSE or last in _WHERE_COLUMNS_STAND - {"and", "task", "row", "rel"} else None
