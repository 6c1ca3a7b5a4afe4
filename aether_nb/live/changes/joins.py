"""Whether a table was joined of two others, and what the join did to the rows: found by columns and keys, not by code.

A table is a join when its columns come from two tables and each brought some that the other has not. Its main table is
the one whose rows it has: that with the finer key. It knows ``Table`` only, whatever library that is from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import Any

from aether_nb.events.kinds import Flag
from aether_nb.live.changes.columns import places_of
from aether_nb.live.changes.shots import Table
from aether_nb.live.describing.words import value_text

__all__ = ["Join", "find_join", "join_flags"]

SOURCES = 8
"""So many tables are tried as parts of a join."""
NEARLY_UNIQUE = 0.5
"""A key of which more than this share are different was meant to be unique; below, many rows for each are meant."""
SUFFIXES = ("_x", "_y", "_left", "_right", "_l", "_r")
LISTED = 4


@dataclass(frozen=True)
class Side:
    """One of the two tables: its name, and the columns of its key."""

    name: str
    table: Table
    key: list[int]
    brought: dict[int, int] = field(default_factory=dict)

    @property
    def different(self) -> int | None:
        """How many different keys it has."""
        return self.table.distinct(self.key) if self.key else None

    def without_match(self, other: Side) -> int | None:
        """How many of its rows have a key that the other table has not."""
        found = self.table.matched(self.key, other.table, other.key) if self.key else None
        return None if found is None else self.table.rows - found


@dataclass(frozen=True)
class Join:
    """A table made of two, ``left`` that whose columns come first, and the columns it was joined by."""

    made: Table
    left: Side
    right: Side
    key: list[int]


def find_join(made: Table, old: Table | None, sources: Mapping[str, Table]) -> Join | None:
    """The two tables that one was joined of; None when it was not, or nothing tells.

    Args:
        made: The table now.
        old: The table of the same name before: what it had already was not brought by a join.
        sources: The tables that the code could read.
    """
    have = set(made.names)
    parts = [(name, table) for name, table in sources.items() if type(table) is type(made) and have & set(table.names)]
    if any(have <= set(table.names) for _, table in parts):
        return None  # all of it comes from one table
    best: tuple[int, Join] | None = None
    for first, second in combinations(parts[:SOURCES], 2):
        found = _of_two(made, first, second, set(old.names) if old is not None else set())
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return best[1] if best else None


def _of_two(made: Table, first: tuple[str, Table], second: tuple[str, Table], had: set[str]) -> tuple[int, Join] | None:
    """A join of these two, and how many of its columns that explains."""
    have, *places = (places_of(table) for table in (made, first[1], second[1]))
    both = places[0].keys() & places[1].keys()
    brought: list[dict[int, int]] = [{}, {}]
    for place, column in enumerate(made.names):
        bare, only = _bare(column, both), column not in both
        for side, mine in enumerate(places):
            origin = column if only and column in mine else bare if bare and _side(column) in (side, None) else ""
            if origin:
                brought[side][place] = mine[origin]
    if not all(brought) or all({made.names[place] for place in one} & had for one in brought):
        return None
    shared = [column for column in made.names if column in both]
    keys = [column for column in shared if not any(column + suffix in have for suffix in SUFFIXES)]
    explained = len(brought[0]) + len(brought[1]) + len(shared)
    if explained < 0.6 * len(made.names):
        return None
    sides = [
        Side(name, table, [places[at][key] for key in keys], brought[at])
        for at, (name, table) in enumerate((first, second))
    ]
    key = [have[column] for column in keys]
    if not keys and (pair := _same_values(made, brought)) is not None:
        key = [min(pair)]
        sides = [Side(one.name, one.table, [one.brought[pair[at]]], one.brought) for at, one in enumerate(sides)]
    if min(brought[1]) < min(brought[0]):
        sides.reverse()
    return explained, Join(made, sides[0], sides[1], key)


def _bare(column: str, shared: set[str]) -> str:
    """The name of a column before both tables' columns of that name got suffixes."""
    return next((column[: -len(end)] for end in SUFFIXES if column.endswith(end) and column[: -len(end)] in shared), "")


def _side(column: str) -> int | None:
    return None if not column.endswith(SUFFIXES) else int(column.endswith(("_y", "_right", "_r")))


def _same_values(made: Table, brought: list[dict[int, int]]) -> tuple[int, int] | None:
    """Two columns, one of each table, that hold the same: the keys of a join by different names."""
    types, alike = made.dtypes, dict[str, list[int]]()
    for place in brought[1]:
        alike.setdefault(types[place], []).append(place)
    pairs = islice(((a, b) for a in brought[0] for b in alike.get(types[a], ())), 64)
    return next((pair for pair in pairs if made.same(pair[0], made, pair[1]) is True), None)


def join_flags(join: Join) -> Iterator[Flag]:
    """What a careful reader of a join would stop at."""
    made, left, right = join.made, join.left, join.right
    main, other = left, right
    lefts, rights = left.different, right.different
    if lefts is not None and rights is not None and _detail(right, rights) and lefts == left.table.rows:
        main, other = right, left
    yield from _fan_out(join, main, other)
    lost = main.without_match(other)
    unmatched = {main.name: lost, other.name: other.without_match(main)}
    kept = main.table.matched(main.key, made, join.key) if main.key else None
    if lost and kept is not None and kept < main.table.rows:
        gone = min(lost, main.table.rows - kept)
        said = f"{gone:,} of {main.table.rows:,} rows of `{main.name}` are gone"
        yield Flag("row loss", f"{said}: key {_keys(join)} has no match in `{other.name}`")
    for side, beside in ((left, right), (right, left)):
        if unmatched[beside.name] != 0:
            yield from _spoilt(made, side)


def _detail(side: Side, different: int) -> bool:
    """Whether a table has many rows for each key, as it was meant."""
    return different < side.table.rows * NEARLY_UNIQUE


def _fan_out(join: Join, main: Side, other: Side) -> Iterator[Flag]:
    """Rows of the main table that are there more than once."""
    before, after = main.table.rows, join.made.rows
    repeats = other.different is None or other.different < other.table.rows
    if after <= before or not repeats:
        return
    found = join.made.matched(join.key, main.table, main.key) if main.key else None
    if found is not None and found <= before:
        return  # the others are rows that only the other table has
    rows = f"{before:,} rows became {after:,}"
    if not main.key and after == before * other.table.rows:
        text = (
            f"each of {before:,} rows of `{main.name}` with each of {other.table.rows:,} of `{other.name}`: {after:,}"
        )
        yield Flag("fan-out", text, warn=False)  # a cross join is not made by mistake
    elif not main.key:
        yield Flag("fan-out", rows)
    elif main.different == before:
        yield Flag("fan-out", f"{rows}; key {_keys(join)} is no longer unique: it repeats in `{other.name}`")
    else:
        yield Flag("fan-out", f"{rows}; key {_keys(join)} repeats in `{main.name}` and in `{other.name}`")


def _spoilt(made: Table, side: Side) -> Iterator[Flag]:
    """Values that are missing, and types that are others, because rows had no match."""
    told: list[str] = []
    retyped: list[str] = []
    now, was = made.dtypes, side.table.dtypes
    for place, origin in side.brought.items():
        before, after = side.table.missing(origin), made.missing(place)
        if after > before:
            told.append(f"{_named(made.names[place])} {before:,} → {after:,}")
            if now[place] != was[origin]:
                retyped.append(f"{_named(made.names[place])} {was[origin]} → {now[place]}")
    if told:
        yield Flag("new missing values", f"{_listed(told)} (introduced by the join)")
    if retyped:
        yield Flag("dtype", f"{_listed(retyped)} (rows without a match)")


def _listed(pieces: list[str]) -> str:
    more = f" and {len(pieces) - LISTED} more columns" if len(pieces) > LISTED else ""
    return ", ".join(pieces[:LISTED]) + more


def _keys(join: Join) -> str:
    return ", ".join(_named(join.made.names[place]) for place in join.key)


def _named(name: Any) -> str:
    return f"`{value_text(name, 60)[1:-1]}`"
