"""Arrays by their bytes: as a whole while that can be paid, else at some positions.

A change through a view is a change of all that share its memory, so it is also told whose memory an array uses. No
library is imported: whoever has an array has imported its library. It does not know the namespace.
"""

from __future__ import annotations

import sys
import zlib
from typing import Any

from aether_nb.live.changes.prints import ITEMS, Look, plain_object
from aether_nb.live.changes.shots import Token
from aether_nb.live.describing.figures import positions
from aether_nb.live.describing.safely import class_name

__all__ = ["SMALL_BYTES", "array_print", "masked_array", "numpy_array", "owner", "sum_of", "torch_tensor"]

SMALL_BYTES = 1_000_000
"""So much is read of an array or a frame even where there are other signs of a change."""


def numpy_array(array: Any, look: Look) -> Any:
    """A numpy array, or one of a class made from it, with its attributes."""
    base = sys.modules["numpy"].ndarray
    if type(array) is base:
        return array_print(array, look)
    return *array_print(base.view(array, base), look), class_name(type(array)), plain_object(array, look)


def masked_array(array: Any, look: Look) -> Any:
    """A masked array: its data and what is masked."""
    base = sys.modules["numpy"].ndarray
    mask = array._mask
    return "masked", array_print(base.view(array, base), look), mask.size and array_print(mask, look)


def array_print(array: Any, look: Look) -> Any:
    """The print of a bare array: type, shape, and a sum of its bytes, its items, or a sample of them."""
    head = "array", array.dtype, array.shape
    if array.dtype.hasobject or array.dtype.kind == "T":
        flat = array.flat
        return *head, look.sequence(array.size, lambda: iter(array.ravel().tolist()), lambda at: flat[at])
    if look.purse.pay(array.nbytes // (4 if array.flags.forc else 1)):
        return *head, sum_of(array)
    look.exact = False
    return *head, array.flat[positions(array.size, ITEMS)].tobytes()


def sum_of(array: Any) -> tuple[int, int]:
    """A sum of an array's bytes that depends on their places, and their number."""
    numpy = sys.modules["numpy"]
    whole = (
        array if array.flags.c_contiguous else numpy.ascontiguousarray(array.T if array.flags.f_contiguous else array)
    )
    if not whole.size or not whole.dtype.itemsize:
        return 0, 0
    return zlib.crc32(whole.reshape(-1).view("u1").data), whole.nbytes


def owner(array: Any) -> int:
    """Whose memory an array uses: the identity of the object that all its views come from."""
    base = array
    while (below := getattr(base, "base", None)) is not None:
        base = below
    return id(base.obj) if type(base) is memoryview else id(base)


def torch_tensor(tensor: Any, look: Look) -> Any:
    """A tensor: by its bytes when it is small and in ordinary memory, else by torch's own count of writes."""
    head = "tensor", str(tensor.dtype), tuple(tensor.shape), str(tensor.device)
    size = tensor.numel() * tensor.element_size()
    if tensor.device.type == "cpu" and str(tensor.layout) == "torch.strided" and look.purse.pay(size // 4):
        plain = tensor.detach().contiguous().reshape(-1).view(sys.modules["torch"].uint8)
        return *head, zlib.crc32(plain.numpy().data) if size else 0
    look.exact = False
    return *head, Token(tensor), tensor.data_ptr(), tensor._version
