"""Copies of arrays and tables: by copy-on-write where the library has it, else of what lies in memory.

No library is imported: whoever has a frame has imported its library. It does not know which objects have to be copied.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from aether_nb.live.undo.copies import Copy, alike

__all__ = ["Array", "Bits", "Frame", "Index", "NumpyRandom", "Polars"]


class Array(Copy):
    """A numpy array: its form, and what lies in its memory; of a view only the form, the memory is its base's."""

    __slots__ = ()

    @property
    def owner(self) -> bool:
        """Whether the memory is this array's own, or of something that has no copy by itself."""
        return not isinstance(self.value.base, (self._numpy.ndarray, bytearray))

    @property
    def _numpy(self) -> Any:
        return sys.modules["numpy"]

    def _size(self) -> int:
        return int(self.value.nbytes) if self.owner else 0

    def _holds(self) -> Iterable[Any]:
        array = self.value
        if not self.owner and array.flags.writeable:  # what can only be read, as the columns of a frame, is no way in
            yield array.base
        if array.dtype.hasobject and array.dtype.names is None:
            yield from self._plain(array).ravel(order="K").tolist()

    def _plain(self, array: Any) -> Any:
        return array.view(self._numpy.ndarray) if type(array) is not self._numpy.ndarray else array

    def _form(self) -> tuple[Any, ...]:
        array = self.value
        return array.shape, array.strides, array.dtype, bool(array.flags.writeable)

    def _read(self) -> Any:
        return self._form(), self._plain(self.value).copy(order="K") if self.owner else None

    def _same(self) -> bool:
        form, memory = self.held
        if self._form() != form:
            return False
        return memory is None or self._equal(self._plain(self.value), memory)

    def _equal(self, now: Any, then: Any) -> bool:
        if now.dtype.hasobject:
            return now.dtype.names is None and alike(now.ravel().tolist(), then.ravel().tolist())
        np = self._numpy
        one, other = np.atleast_1d(now).ravel(order="K"), np.atleast_1d(then).ravel(order="K")
        return bool(np.array_equal(one.view(np.uint8), other.view(np.uint8))) if one.itemsize else True

    def _put_back(self) -> None:
        array, ((shape, strides, dtype, writeable), memory) = self.value, self.held
        # NumPy advises against it since 2.4; as long as code can change the form of an array in place, so can we.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            if array.dtype != dtype:
                array.dtype = dtype
            if array.size != math.prod(shape):
                array.resize(shape, refcheck=False)
            if array.shape != shape:
                array.shape = shape
            if array.strides != strides:
                array.strides = strides
        if memory is not None and not self._equal(self._plain(array), memory):
            array.flags.writeable = True
            self._plain(array)[...] = memory
        if array.flags.writeable != writeable:
            array.flags.writeable = writeable


class Frame(Copy):
    """A pandas frame or series. Under copy-on-write a shallow copy is enough, whatever its size."""

    __slots__ = ()

    def _size(self) -> int:
        if copies_on_write():
            return 0
        return int(sum(block.values.nbytes for block in self.value._mgr.blocks))

    def _holds(self) -> Iterable[Any]:
        frame = self.value
        yield from frame._mgr.axes
        yield frame._attrs
        for block in frame._mgr.blocks:
            if type(block.values).__module__ == "numpy" and block.values.dtype == object:
                yield from block.values.ravel(order="K").tolist()
        yield from (item for name, item in vars(frame).items() if name not in _OF_A_FRAME)

    def _read(self) -> Any:
        manager = self.value._mgr
        own = {name: item for name, item in vars(self.value).items() if name != "_mgr"}
        return manager.copy(deep=not copies_on_write()), list(manager.axes), own

    def _same(self) -> bool:
        then, axes, own = self.held
        now = self.value._mgr
        mine = {name: item for name, item in vars(self.value).items() if name not in _CACHES and name != "_mgr"}
        if mine.keys() != own.keys() - _CACHES or not all(_as_it_was(mine[name], own[name]) for name in mine):
            return False
        if not alike(now.axes, axes):
            return False
        return _same_blocks(now, then) or bool(now.equals(then))

    def _put_back(self) -> None:
        then, axes, own = self.held
        manager = then.copy(deep=not copies_on_write())
        manager.axes = list(axes)  # the very index objects, to which the user may have given names
        held = vars(self.value)
        held.clear()
        held.update(own)
        held["_mgr"] = manager


_CACHES = {"_item_cache", "_cacher", "_is_copy", "_flags"}
_OF_A_FRAME = {"_mgr", "_attrs", "_name", *_CACHES}


def copies_on_write() -> bool:
    """Whether the pandas that is loaded copies a column when it is written, not when it is taken."""
    pandas = sys.modules["pandas"]
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return pandas.get_option("mode.copy_on_write") is True


def _as_it_was(now: Any, then: Any) -> bool:
    return now is then or (type(now) is type(then) and type(now) in (str, int, float, tuple) and now == then)


def _same_blocks(one: Any, other: Any) -> bool:
    """Whether two managers have the same columns in the same memory, which nobody can have written meanwhile."""
    if len(one.blocks) != len(other.blocks):
        return False
    for a, b in zip(one.blocks, other.blocks, strict=True):
        if not bool((a.mgr_locs.as_array == b.mgr_locs.as_array).all()) or _memory(a.values) != _memory(b.values):
            return False
    return True


def _memory(values: Any) -> Any:
    """Where the values of a block lie, and in which form; something unlike anything else where that cannot be told."""
    if type(values).__module__ == "numpy":
        place = values.__array_interface__
        return place["data"], place["typestr"], place.get("strides"), place["shape"]
    chunks = getattr(values, "_pa_array", None)
    return (id(chunks), str(values.dtype)) if chunks is not None else object()


class Index(Copy):
    """A pandas index: its values cannot change, its names can."""

    __slots__ = ()
    noun = "names"

    def _read(self) -> Any:
        return tuple(self.value.names)

    def _same(self) -> bool:
        return len(self.value.names) == len(self.held) and alike(self.value.names, self.held)

    def _put_back(self) -> None:
        self.value.names = list(self.held)


class Polars(Copy):
    """A polars frame or series: its columns are shared until they are written."""

    __slots__ = ()

    @property
    def _slot(self) -> str:
        return "_df" if hasattr(self.value, "_df") else "_s"

    def _read(self) -> Any:
        return self.value.clone()

    def _same(self) -> bool:
        frame = self.value
        if self._slot == "_s":
            return bool(frame.name == self.held.name and frame.dtype == self.held.dtype and frame.equals(self.held))
        return bool(frame.schema == self.held.schema and frame.equals(self.held))

    def _put_back(self) -> None:
        setattr(self.value, self._slot, getattr(self.held.clone(), self._slot))


class NumpyRandom(Copy):
    """A legacy random generator of numpy."""

    __slots__ = ()
    noun = "state"

    def _read(self) -> Any:
        return self.value.get_state()

    def _same(self) -> bool:
        return all(
            bool((now == then).all()) if hasattr(now, "all") else now == then
            for now, then in zip(self.value.get_state(), self.held, strict=True)
        )

    def _put_back(self) -> None:
        self.value.set_state(self.held)


class Bits(Copy):
    """A source of random bits, under a generator of numpy."""

    __slots__ = ()
    noun = "state"

    def _holds(self) -> Iterable[Any]:
        return ()

    def _read(self) -> Any:
        return self.value.state

    def _same(self) -> bool:
        return str(self.value.state) == str(self.held)

    def _put_back(self) -> None:
        self.value.state = self.held
