"""What is different between two tables of one name, in short sentences: rows, columns, types, values.

It knows ``Table`` only, whatever library that is from.
"""

from __future__ import annotations

from collections.abc import Iterator

from aether_nb.live.changes.shots import Table
from aether_nb.live.describing.words import value_text

__all__ = ["column_details", "in_both", "places_of", "reordered"]

LISTED = 6
COMPARED = 400
"""So many columns are compared one by one."""


def column_details(old: Table, new: Table, labels: bool) -> Iterator[str]:
    """The sentences about two tables, ``old`` and ``new``; ``labels``: whether their names, index or types differ."""
    if old.rows != new.rows:
        yield f"rows {old.rows} → {new.rows}"
    had, have = set(old.names), set(new.names)
    gone = [name for name in old.names if name not in have]
    came = [name for name in new.names if name not in had]
    renamed = _renamed(old, new, gone, came) if gone and came else []
    for was, now in renamed:
        yield f"column {_quoted(was)} renamed to {_quoted(now)}"
    others = {name for pair in renamed for name in pair}
    yield from _listed("new column", [name for name in came if name not in others])
    yield from _listed("column removed:", [name for name in gone if name not in others])
    both = in_both(old, new)
    if old.rows == new.rows:
        yield from _values(old, new, both, labels and not (gone or came))
    elif not gone and not came and old.names != new.names:
        yield "order of the columns changed"


def _values(old: Table, new: Table, both: list[tuple[str, int, int]], labels: bool) -> Iterator[str]:
    """What happened to the values of columns that are there before and after, in as many rows."""
    moved = [one for one in both[:COMPARED] if new.same(one[2], old, one[1]) is False]
    if not (moved and reordered(old, new)):
        before, after = old.dtypes, new.dtypes
        yield from _listed("values changed in", [name for name, was, now in moved if before[was] == after[now]])
    if not moved and labels:
        yield "order of the columns changed" if old.names != new.names else "index or names changed"
    elif not moved and old.names == new.names:
        yield "values changed"


def reordered(old: Table, new: Table) -> bool:
    """Whether the rows are the same in another order."""
    return old.names == new.names and old.dtypes == new.dtypes and new.reordered(old) is True


def in_both(old: Table, new: Table) -> list[tuple[str, int, int]]:
    """Columns with one name before and after, and their places; of names that repeat the first counts."""
    places = places_of(old)
    return [(name, places[name], place) for place, name in enumerate(new.names) if name in places]


def places_of(table: Table) -> dict[str, int]:
    """Where the columns stand, by their names; of names that repeat the first counts."""
    return {name: place for place, name in reversed(list(enumerate(table.names)))}


def _renamed(old: Table, new: Table, gone: list[str], came: list[str]) -> list[tuple[str, str]]:
    """Columns that hold the same values under another name: tried in their order, for as many as there are."""
    if old.rows != new.rows or len(gone) > LISTED or len(came) > LISTED:
        return []
    pairs, left = [], list(came)
    for was in gone:
        for now in left:
            if new.same(new.names.index(now), old, old.names.index(was)) is True:
                pairs.append((was, now))
                left.remove(now)
                break
    return pairs


def _listed(words: str, columns: list[str]) -> Iterator[str]:
    if columns:
        more = f" and {len(columns) - LISTED} more" if len(columns) > LISTED else ""
        yield f"{words} {', '.join(map(_quoted, columns[:LISTED]))}{more}"


def _quoted(name: str) -> str:
    return value_text(name, 60)
