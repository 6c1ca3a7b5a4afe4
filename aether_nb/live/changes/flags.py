"""What a careful reader of a table would stop at: few things, in fixed words, each with its figures.

A warning is about what nobody may have meant: values that became missing, keys that repeat, numbers that became text,
rows that a join made or lost. What is more likely meant (rows that a filter took, another order) is told as a note.
It knows ``Table`` only, whatever library that is from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from aether_nb.events.kinds import Flag
from aether_nb.live.changes.columns import in_both, reordered
from aether_nb.live.changes.joins import find_join, join_flags
from aether_nb.live.changes.shots import Table
from aether_nb.live.describing.words import value_text

__all__ = ["flags_of"]

FLAGS = 8
"""So many flags are raised for one table."""
COLUMNS = 200
"""So many columns are read for them."""
KEY = re.compile(
    r"(^|[_\s.-])(id|ids|key|code|uuid|guid|nr|no|number|index|sku|isbn)$|[a-z](Id|ID|Key|Code)$", re.ASCII
)
"""How keys are named."""
NUMBERS = re.compile(r"^\W*[uU]?(int|float|double|bool|decimal)", re.IGNORECASE)
WHOLE = re.compile(r"^\W*[uU]?int", re.IGNORECASE)


def flags_of(made: Table, old: Table | None, sources: Mapping[str, Table]) -> tuple[Flag, ...]:
    """What is to be said of a table that a call made or changed.

    Args:
        made: The table now.
        old: The table of the same name before, if there was one.
        sources: Tables that the code could read, by name, as they were before it or as it made them.
    """
    join = find_join(made, old, sources)
    if join is not None:
        return tuple(islice(join_flags(join), FLAGS))
    if old is not None:
        return tuple(islice(_since(old, made), FLAGS))
    return tuple(islice(_stacked(made, sources), FLAGS))


def _since(old: Table, made: Table) -> Iterator[Flag]:
    """What happened to a table of one name. One with other columns is another table, and is not compared."""
    both = in_both(old, made)
    if len(both) < 0.7 * len(old.names) or not both:
        return
    if made.rows < old.rows:
        gone = old.rows - made.rows
        yield Flag("row loss", f"{gone:,} of {old.rows:,} rows are gone", warn=not made.rows)
    lacking = set()
    types = [(name, old.dtypes[was], made.dtypes[now]) for name, was, now in both[:COLUMNS]]
    for name, was, now in both[:COLUMNS] if made.rows else ():
        before, after = old.missing(was), made.missing(now)
        if after > before and _share(made, after) > _share(old, before):
            lacking.add(name)
            about = "" if old.whole and made.whole else " (in a sample)"
            yield Flag("new missing values", f"{_named(name)} {before:,} → {after:,}{about}")
    for name, before_type, after_type in types:
        if before_type != after_type:
            spoilt = bool(NUMBERS.match(before_type)) and not NUMBERS.match(after_type)
            spoilt = spoilt or (name in lacking and bool(WHOLE.match(before_type)) and not WHOLE.match(after_type))
            yield Flag("dtype", f"{_named(name)} {before_type} → {after_type}", warn=spoilt)
    if made.rows > old.rows or made.rows == old.rows:
        yield from _repeated(old, made, both)
    if made.rows == old.rows and reordered(old, made) and _moved(old, made, both):
        yield Flag("order", "the rows are in another order", warn=False)


def _share(table: Table, count: int) -> float:
    return count / table.rows if not table.whole else float(count)


def _moved(old: Table, made: Table, both: list[tuple[str, int, int]]) -> bool:
    return any(made.same(now, old, was) is False for _, was, now in both[:COLUMNS])


def _repeated(old: Table, made: Table, both: list[tuple[str, int, int]]) -> Iterator[Flag]:
    """Keys that told rows apart and no longer do: columns named like one, else the first that did."""
    named = [one for one in both if KEY.search(one[0])]
    first = next(iter(both), None)
    for name, was, now in (named or ([first] if first and _tells_apart(old.dtypes[first[1]]) else []))[:3]:
        if old.rows > 1 and old.distinct([was]) == old.rows:
            different = made.distinct([now])
            if different is not None and different < made.rows:
                twice = made.rows - different
                yield Flag("duplicate keys", f"{_named(name)} is no longer unique: {twice:,} of {made.rows:,} repeat")


def _tells_apart(dtype: str) -> bool:
    return not dtype.lower().startswith(("float", "double", "bool", "list", "struct"))


def _stacked(made: Table, sources: Mapping[str, Table]) -> Iterator[Flag]:
    """What happens when tables with the same columns are put under each other."""
    parts = {name: table for name, table in sources.items() if table.names == made.names and table is not made}
    if len(parts) < 2 or sum(table.rows for table in parts.values()) != made.rows:
        return
    for place, name in enumerate(made.names):
        if KEY.search(name) and all(table.distinct([place]) == table.rows for table in parts.values()):
            different = made.distinct([place])
            if different is not None and different < made.rows:
                said = f"{_named(name)} is unique in each part, but {made.rows - different:,} of {made.rows:,} repeat"
                yield Flag("duplicate keys", said)


def _named(name: str) -> str:
    return f"`{value_text(name, 60)[1:-1]}`"
