"""Arrays and single values of numpy: their hash, and NPY, which holds no pickle.

It is called with values of numpy only, so the library is loaded. It does not know frames.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from aether_nb.live.keeping.digest import Digest
from aether_nb.live.keeping.limits import Data, NotPossible
from aether_nb.live.keeping.recognised import loaded, needed

__all__ = ["add_array", "from_npy", "single_back", "single_item", "to_npy"]

LONG = {"f": 8, "c": 16}
"""Larger ones have gaps between their bytes."""


def add_array(digest: Digest, array: Any, items: Callable[[Digest, list[Any]], None]) -> None:
    """Add an array to a hash.

    Args:
        digest: The hash.
        array: The array, of any dtype.
        items: How a list of Python objects is added.

    Raises:
        NotPossible: It is of a dtype without a meaning of its own.
    """
    digest.text("array", str(array.dtype.str if array.dtype.names is None else array.dtype.descr), str(array.shape))
    _add_values(digest, array, items)


def _add_values(digest: Digest, array: Any, items: Callable[[Digest, list[Any]], None]) -> None:
    numpy, dtype = loaded("numpy"), array.dtype
    if dtype.names is not None:  # column by column: between them there may be gaps that hold anything
        for name in dtype.names:
            _add_values(digest, array[name], items)
    elif dtype.kind == "O":
        digest.clock.afford(array.size * 100)
        items(digest, array.reshape(-1).tolist() if array.ndim else [array.item()])
    elif dtype.kind in LONG and dtype.itemsize > LONG[dtype.kind]:
        plain = numpy.dtype(f"{dtype.kind}{LONG[dtype.kind]}")
        with numpy.errstate(all="ignore"):
            high = array.astype(plain)
            rest = (array - high).astype(plain)
        digest.numbers(high)
        digest.numbers(rest)
    elif dtype.kind in "biufcmMSU":
        digest.numbers(array)
    else:
        raise NotPossible(f"it is an array of {dtype}, which cannot be compared")


def to_npy(array: Any) -> Data:
    """An array as the bytes of an ``.npy`` file.

    Raises:
        NotPossible: It holds objects.
    """
    numpy = loaded("numpy")
    if array.dtype.hasobject:
        raise NotPossible("it is an array of objects")
    out = io.BytesIO()
    numpy.lib.format.write_array(out, array, allow_pickle=False)
    return out.getbuffer()


def from_npy(data: Data) -> Any:
    """The array of such bytes; one that holds objects is refused, whatever they are."""
    numpy = needed("numpy")

    return numpy.lib.format.read_array(io.BytesIO(data), allow_pickle=False)


def single_item(value: Any) -> list[Any]:
    """A single value of numpy as an item of a table.

    Raises:
        NotPossible: It has fields or no size.
    """
    if value.dtype.kind not in "biufcmMSU":
        raise NotPossible("it holds a record of numpy's")
    return ["numpy", value.dtype.str, value.tobytes().hex()]


def single_back(item: list[Any]) -> Any:
    """The value of such an item."""
    numpy = needed("numpy")

    dtype = numpy.dtype(item[1])
    if dtype.kind not in "biufcmMSU":
        raise NotPossible("it is no single value of numpy")
    if dtype.itemsize == 0:  # an empty text
        return dtype.type()
    return numpy.frombuffer(bytes.fromhex(item[2]), dtype=dtype)[0]
