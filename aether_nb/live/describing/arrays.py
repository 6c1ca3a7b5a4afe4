"""How arrays of numbers are told: numpy's, scipy's sparse ones, and torch's tensors where they lie in memory.

It does not know the namespace.
"""

from __future__ import annotations

import sys
from typing import Any

from aether_nb.live.describing.columns import Column, table
from aether_nb.live.describing.figures import Figures, measure, plain_list, positions
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import class_name
from aether_nb.live.describing.words import one_line, value_text

__all__ = ["masked", "numpy_array", "plain_array", "scalar", "sparse", "tensor", "value_range", "varied", "whole_range"]

READABLE = "biufmMUS"
"""The kinds of dtype whose values are Python's own or numpy's."""
RANGE = 2.0
"""Nanoseconds for one value that is put into a range."""
FEW = 10
"""So many values are shown as a whole."""


def plain_array(value: Any) -> Any:
    """An array of a derived class as a plain one, on the same data."""
    numpy = sys.modules["numpy"]
    return numpy.ndarray.view(value, numpy.ndarray)


def _shape(sizes: Any) -> str:
    return "×".join(map(str, sizes)) or "a single value"


def numpy_array(value: Any, name: str, look: Look) -> Description:
    """An array: dtype, shape and range; small ones as a whole, those with named fields like a table."""
    if class_name(type(value)) == "memmap":
        return Description(f"{name}, {value.dtype}, shape {_shape(value.shape)}, in a file that was not read")
    value = plain_array(value)
    if value.dtype.names and value.ndim == 1:
        names = value.dtype.names

        def one(position: int) -> Column:
            column = value[names[position]]
            return column.dtype, _figures(column, look)

        return table(name, len(value), names, len(names), look, one)
    head = f"{name}, {one_line(str(value.dtype), 60)}, shape {_shape(value.shape)}"
    if 0 < value.size <= FEW and value.dtype.kind in READABLE:
        return Description(head, sample=f", [{', '.join(map(value_text, value.flat[:].tolist()))}]")
    facts, sample = _told(_figures(value, look), look)
    return Description(head, facts, sample)


def _told(figures: Figures | None, look: Look) -> tuple[str, str]:
    return figures.told(look.distinct) if figures else ("", "")


def _figures(array: Any, look: Look) -> Figures | None:
    if array.dtype.kind not in READABLE or not array.size:
        return None
    picked = array.flat[positions(array.size)]
    if varied(picked, look.distinct):
        return value_range(array, picked, look)
    return measure(picked.tolist(), array.size, look.distinct)


def varied(picked: Any, limit: int) -> bool:
    """Whether numbers differ so much that their ends say more about them than the values."""
    if picked.dtype.kind not in "iuf":
        return False
    first = picked[:64]
    return len(set(first[first == first].tolist())) > limit


def value_range(array: Any, picked: Any, look: Look) -> Figures:
    """The ends of an array of numbers: of all of them when that can be afforded, else of those that were picked."""
    if array.size == picked.size or look.affords(RANGE * array.size):
        return whole_range(array)
    found = whole_range(picked)
    found.sampled = True
    return found


def whole_range(array: Any) -> Figures:
    """The ends of an array of numbers, some of which are there, and how many are missing."""
    low = array.min()
    missing = 0.0
    if low != low:
        there = array[array == array]
        missing = 1 - there.size / array.size
        low, array = there.min(), there
    low, high = plain_list([low, array.max()])
    return Figures(missing=missing, low=low, high=high)


def masked(value: Any, name: str, look: Look) -> Description:
    """A masked array: what lies under the mask is missing."""
    head = f"{name}, {one_line(str(value.dtype), 60)}, shape {_shape(value.shape)}"
    if value.dtype.kind not in READABLE or not value.size:
        return Description(head)
    at = positions(value.size)
    data, mask = plain_array(value.data).flat[at].tolist(), value.mask
    hidden = mask.flat[at].tolist() if mask.shape else [bool(mask)] * len(at)
    shown = [None if under else item for item, under in zip(data, hidden, strict=True)]
    return Description(head, *_told(measure(shown, value.size, look.distinct), look))


def scalar(value: Any, name: str, look: Look) -> Description:
    """One of numpy's numbers, texts or times."""
    text = str(value) if value.dtype.kind in "mM" else value_text(plain_list([value])[0], 120)
    return Description(name, sample=f" = {text}")


def sparse(value: Any, name: str, look: Look) -> Description:
    """A sparse array or matrix: its shape, and how much of it is there, where that need not be counted."""
    head = f"{name}, {value.dtype}, shape {_shape(value.shape)}"
    if value.format not in {"csr", "csc", "bsr", "coo"}:
        return Description(head)
    stored, cells = int(value.nnz), max(1, int(value.shape[0]) * (int(value.shape[1]) if len(value.shape) > 1 else 1))
    facts, sample = _told(_figures(value.data, look), look)
    return Description(f"{head}, {stored} stored", f" ({100 * stored / cells:.2g}% of the cells){facts}", sample)


def tensor(value: Any, name: str, look: Look) -> Description:
    """A tensor: dtype, shape, where it lies; its values only when they lie in the memory of this process."""
    dtype, device = str(value.dtype).removeprefix("torch."), value.device
    grad = ", with gradient" if value.requires_grad else ""
    head = f"{name}, {dtype}, shape {_shape(value.shape)}, {device}{grad}"
    size = value.numel()
    if device.type != "cpu" or not size or str(value.layout) != "torch.strided" or not value.is_contiguous():
        return Description(head)
    flat = value.detach().view(-1)
    values = (flat if size <= FEW else flat[positions(size)]).tolist()
    if size <= FEW:
        return Description(head, sample=f", [{', '.join(map(value_text, values))}]")
    return Description(head, *_told(measure(values, size, look.distinct), look))
