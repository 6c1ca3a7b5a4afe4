"""A line about each column of a table, made one by one as they are read: an odd column hides no other.

It does not know any library: whoever calls it says how a column is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from aether_nb.live.describing.figures import Figures
from aether_nb.live.describing.looks import Description, Line, Look
from aether_nb.live.describing.safely import all_of, class_name
from aether_nb.live.describing.words import columns_of, label, many, one_line, word

__all__ = ["NAMES", "Column", "lazy", "single", "table"]

NAMES = 2_000
"""So many columns are known by name; the others are counted."""
WIDE = 200
"""A table of more columns is told by a few of them: each takes its time, and there is no room for all anyway."""
FEW = 12
"""So many of them, and those that the question mentions."""

Column = tuple[object, Figures | None]
"""The type of a column, and what its values amount to, where they are looked at."""


def table(
    name: str,
    rows: int,
    names: Sequence[object],
    width: int,
    look: Look,
    one: Callable[[int], Column],
    more: str = "",
    types: Callable[[], Iterable[str]] | None = None,
) -> Description:
    """A table of any kind.

    Args:
        name: What it is.
        rows: How many rows it has.
        names: The names of its columns, the first ``NAMES`` of them.
        width: How many columns it has.
        look: How closely to look.
        one: The column at a position.
        more: What else is told of it.
        types: Makes the types of its columns, as text, where that takes little for all of them.
    """
    texts = _labels(names)
    head = f"{name}, {many(rows, 'row')} × {many(width, 'column')}{more}"
    return Description(head, lines=_lines(names, texts, look, one), columns=texts, keys=names, types=types)


def _labels(names: Sequence[object]) -> tuple[str, ...]:
    """The names as text: a thousand of one plain type at once."""
    if all_of(names, str):
        return tuple(names)  # type: ignore[arg-type]  # each of them is a str
    if all_of(names, int) and max(map(int.bit_length, names)) < 400:  # type: ignore[arg-type]
        return tuple(map(str, names))
    return tuple(map(label, names))


def _lines(names: Sequence[object], texts: Sequence[str], look: Look, one: Callable[[int], Column]) -> Iterator[Line]:
    """A line per column in their order; the ones that the question mentions are among them, however many there are."""
    mentioned = [i for i, text in enumerate(map(str.lower, texts)) if text in look.words] if look.words else []
    most = look.columns if look.patient or len(texts) <= WIDE else min(look.columns, FEW + len(mentioned))
    for index in sorted(islice(dict.fromkeys([*mentioned, *range(len(texts))]), most)):
        shown, holds = word(names[index]), columns_of(names[index])
        try:
            dtype, figures = one(index)
            facts, sample = figures.told(look.distinct) if figures else ("", "")
            yield Line(texts[index], f"{shown}: {one_line(str(dtype), 60)}", facts, sample, holds)
        except Exception as problem:  # noqa: BLE001 - a broken column is told, and hides no other
            yield Line(texts[index], f"{shown}: not readable ({class_name(type(problem))})")


def single(head: str, dtype: object, figures: Figures | None, look: Look, holds: tuple[str, ...] = ()) -> Description:
    """One column that stands alone: a series, an array.

    Args:
        head: What it is, how long, and what it is called.
        dtype: Its type.
        figures: What its values amount to, where they are looked at.
        look: How closely to look.
        holds: As which columns its values count.
    """
    facts, sample = figures.told(look.distinct) if figures else ("", "")
    return Description(f"{head}, {one_line(str(dtype), 60)}", facts, sample, holds=holds)


def lazy(name: str, names: Sequence[object], types: Sequence[object], look: Look, said: str) -> Description:
    """A query or a table whose values are not there: its columns and their types.

    Args:
        name: What it is.
        names: The names of its columns.
        types: Their types.
        look: How closely to look.
        said: What was not done to it: ``not executed``.
    """
    texts = tuple(map(label, names[:NAMES]))
    lines = _lines(names, texts, look, lambda position: (types[position], None))
    return Description(f"{name}, {many(len(names), 'column')}, {said}", lines=lines, columns=texts, keys=names[:NAMES])
