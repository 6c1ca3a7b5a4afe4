"""How pandas frames, series and indexes are looked at: in time that does not depend on how many rows they have.

pandas copies data that two frames share before it writes to one of them. So a photograph keeps a frame that shares
everything, and whether a buffer is still the same one says whether pandas wrote to it; what it held before is read only
when it was replaced. Whether pandas works like that is tried out once; where it does not, a sample of the rows is kept.
Who writes past pandas into a frame of more than a megabyte (``df["x"].array[0] = 1``) is seen where the code says so
(``writes_past``): then the buffers are summed, and of those that are too large it is said that nobody can tell.
pandas is not imported: whoever has a frame has imported it.
"""

from __future__ import annotations

import sys
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

from aether_nb.live.changes.arrows import chunk_places, chunks_equal
from aether_nb.live.changes.buffers import SMALL_BYTES, array_print, sum_of
from aether_nb.live.changes.prints import Look
from aether_nb.live.changes.shots import Purse
from aether_nb.live.changes.tables import COMPARED_BYTES, COUNTED_ROWS, TablePrint
from aether_nb.live.describing.figures import positions
from aether_nb.live.describing.words import label

__all__ = ["pandas_frame", "pandas_index", "pandas_series"]

LEAVES = ("_ndarray", "_data", "_mask", "_left", "_right", "_sparse_values", "_pa_array")
"""Where pandas' own array types keep their data."""


def pandas_frame(frame: Any, look: Look) -> Any:
    """A frame, or one of a class made from it."""
    manager = object.__getattribute__(frame, "_mgr")
    pandas = sys.modules["pandas"]
    return _print(manager, lambda m: pandas.DataFrame._from_mgr(m, axes=m.axes), look, ())


def pandas_series(series: Any, look: Look) -> Any:
    """A series: a table of one column."""
    pandas, name = sys.modules["pandas"], series.name

    def made(manager: Any) -> Any:
        bare = pandas.Series._from_mgr(manager, axes=manager.axes)
        bare._name = name
        return bare.to_frame("values" if name is None else name)

    return _print(object.__getattribute__(series, "_mgr"), made, look, (label(name),))


def pandas_index(index: Any, look: Look) -> Any:
    """An index; nothing but its names can change."""
    return "index", Axis(index)


def _print(manager: Any, made: Any, look: Look, more: tuple[str, ...]) -> TablePrint:
    arrays = [(_locations(block), leaf) for block in manager.blocks for leaf in _leaves(block.values)]
    size = sum(int(leaf.nbytes) for _, leaf in arrays)
    shared = _protects(sys.modules["pandas"]) and look.hold.pay(size)
    sums = tuple(_sum(where, leaf, size, shared, look) for where, leaf in arrays)
    rows = len(manager.axes[-1])
    axes = (*map(Axis, manager.axes), *more, *(_type(block.values) for block in manager.blocks))
    if shared:
        return TablePrint(PandasTable(made(manager.copy(deep=False)), rows), axes, sums)
    part = made(manager).iloc[positions(rows) if size > SMALL_BYTES else list(range(rows))]
    return TablePrint(PandasTable(part, rows), axes, sums)


def _leaves(values: Any) -> list[Any]:
    """The plain arrays that a block's values consist of."""
    if type(values).__module__ == "numpy":
        return [values]
    found = [leaf for name in LEAVES if (leaf := getattr(values, name, None)) is not None]
    return [inner for leaf in found for inner in (_leaves(leaf.array) if hasattr(leaf, "array") else [leaf])]


def _type(values: Any) -> Any:
    """What the data of a block means: two sets of categories are one type to pandas, in whatever order they are."""
    categories = getattr(values, "categories", None)
    return values.dtype if categories is None else (Axis(categories), values.ordered)


def _locations(block: Any) -> Any:
    """Which columns a block holds."""
    where = block.mgr_locs.indexer
    return (where.start, where.stop, where.step) if type(where) is slice else where.tobytes()


def _sum(where: Any, leaf: Any, size: int, shared: bool, look: Look) -> tuple[Any, Any]:
    """Where a buffer lies, and its sum if that is needed or cheap, else that of a sample."""
    if not hasattr(leaf, "__array_interface__"):
        return (where, chunk_places(leaf)), None
    facts = leaf.__array_interface__
    place = where, facts["data"][0], leaf.shape, leaf.strides, leaf.dtype
    if leaf.dtype.hasobject:
        return place, array_print(leaf, look)
    safe = shared and facts["data"][0] not in look.exposed
    if (size <= SMALL_BYTES or not safe) and look.purse.pay(leaf.nbytes // 4):
        return place, sum_of(leaf)
    look.exact = look.exact and safe
    return place, ("sample", leaf.flat[positions(leaf.size)].tobytes())


@lru_cache(maxsize=4)
def _protects(pandas: ModuleType) -> bool:
    """Whether pandas leaves a frame alone that shares its data with one that is written to."""
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": pandas.Categorical(["x", "y"])})
    manager = frame._mgr.copy(deep=False)
    kept = pandas.DataFrame._from_mgr(manager, axes=manager.axes)
    frame.iloc[0, 0] = 3.0
    frame.iloc[0, 1] = "y"
    return bool(kept.iloc[0, 0] == 1.0 and kept.iloc[0, 1] == "x")


class Axis:
    """An index as it was: equal when its labels, names and types are."""

    __slots__ = ("index", "names")

    def __init__(self, index: Any) -> None:
        self.index, self.names = index.view(), tuple(index.names)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Axis) or self.names != other.names:
            return False
        mine, theirs = self.index, other.index
        if mine.is_(theirs):
            return True
        return len(mine) == len(theirs) and mine.dtype == theirs.dtype and bool(mine.equals(theirs))

    __hash__ = None  # type: ignore[assignment]


class PandasTable:
    """A pandas frame as it was (see ``Table``). It stays as it is, so its names and types are listed once."""

    def __init__(self, frame: Any, rows: int) -> None:
        self.frame, self.rows = frame, rows

    @property
    def whole(self) -> bool:
        return len(self.frame) == self.rows

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(map(label, self.frame.columns))

    @cached_property
    def dtypes(self) -> tuple[str, ...]:
        return tuple(map(str, self.frame.dtypes))

    def missing(self, column: int) -> int:
        return int(self.frame.iloc[:, column].isna().sum())

    def distinct(self, columns: list[int]) -> int | None:
        if not self.whole or self.rows > COUNTED_ROWS:
            return None
        try:
            return self.rows - int(self.frame.iloc[:, columns].duplicated().sum())
        except TypeError:  # lists in a column cannot be compared
            return None

    def matched(self, columns: list[int], other: Any, others: list[int]) -> int | None:
        if not (self.whole and other.whole) or max(self.rows, other.rows) > COUNTED_ROWS:
            return None
        mine, theirs = self.frame.iloc[:, columns], other.frame.iloc[:, others]
        try:
            if len(columns) == 1:
                return int(mine.iloc[:, 0].isin(theirs.iloc[:, 0]).sum())
            index = sys.modules["pandas"].MultiIndex
            return int(index.from_frame(mine).isin(index.from_frame(theirs)).sum())
        except TypeError:
            return None

    def same(self, column: int, other: Any, others: int) -> bool | None:
        mine, theirs = self.frame.iloc[:, column].array, other.frame.iloc[:, others].array
        if len(mine) != len(theirs) or mine.dtype != theirs.dtype:
            return False if self.whole and other.whole else None
        found = [_equal(a, b) for a, b in zip(_leaves(mine), _leaves(theirs), strict=True)]
        if False in found:
            return False
        return None if None in found or not self.whole else True

    def reordered(self, other: Any) -> bool | None:
        if not (self.whole and other.whole) or self.rows != other.rows or self.rows > COUNTED_ROWS:
            return None
        hashed = sys.modules["pandas"].util.hash_pandas_object
        try:
            sums = [int(hashed(frame, index=False).sum()) for frame in (self.frame, other.frame)]
        except TypeError:
            return None
        return sums[0] == sums[1]


def _equal(mine: Any, theirs: Any) -> bool | None:
    if not hasattr(mine, "__array_interface__"):
        return chunk_places(mine) == chunk_places(theirs) or chunks_equal(mine, theirs)
    if mine.shape != theirs.shape or mine.dtype != theirs.dtype:
        return False
    if mine.dtype.hasobject:
        looks = [Look(Purse(COMPARED_BYTES), lambda kind: None) for _ in range(2)]
        prints = [array_print(array, look) for array, look in zip((mine, theirs), looks, strict=True)]
        return prints[0] == prints[1] if all(look.exact for look in looks) or prints[0] != prints[1] else None
    places = [array.__array_interface__["data"][0] for array in (mine, theirs)]
    if places[0] == places[1] and mine.strides == theirs.strides:
        return True
    return sum_of(mine) == sum_of(theirs) if mine.nbytes <= COMPARED_BYTES else None
