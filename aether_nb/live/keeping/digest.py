"""Making one hash of many pieces, within the time there is.

Every piece goes in with its length, so that no two rows of pieces are taken for each other. It does not know what the
pieces mean.
"""

from __future__ import annotations

import hashlib
from typing import Any

from aether_nb.live.keeping.limits import Clock, Data
from aether_nb.live.keeping.recognised import loaded

__all__ = ["Digest"]

CHUNK = 1 << 20


class Digest:
    """A SHA-256 that looks at the clock.

    Args:
        clock: What there is time for.
        depth: How many values around this one are being looked at.
    """

    def __init__(self, clock: Clock, depth: int = 0) -> None:
        self.clock, self.depth = clock, depth
        self._sha = hashlib.sha256()

    def text(self, *parts: str) -> None:
        """Add texts."""
        for part in parts:
            self.data(part.encode("utf-8", "surrogatepass"))

    def data(self, data: Data) -> None:
        """Add bytes."""
        view = memoryview(data)
        self._sha.update(b"%d:" % view.nbytes)
        if view.nbytes <= CHUNK:
            self._sha.update(view)
            return
        self.clock.afford(view.nbytes)
        for start in range(0, view.nbytes, CHUNK):
            self.clock.check()
            self._sha.update(view[start : start + CHUNK])

    def numbers(self, array: Any) -> None:
        """Add the numbers of a numpy array in C order; all that are not a number are one and the same.

        The array holds numbers, truth values, times or texts of a fixed length, without gaps between them.
        """
        numpy = loaded("numpy")
        self.clock.afford(array.nbytes)
        self._sha.update(b"%d:" % array.nbytes)
        floats = array.dtype.kind in "fc"
        flat = array.reshape(-1) if array.flags.c_contiguous else array.flatten(order="C")
        step = max(1, CHUNK // max(1, array.itemsize))
        for start in range(0, flat.size, step):
            self.clock.check()
            piece = flat[start : start + step]
            if floats:
                piece = _one_nan(numpy, piece)
            self._sha.update(piece.view("u1").data)

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._sha.hexdigest()


def _one_nan(numpy: Any, piece: Any) -> Any:
    parts = piece.view(piece.real.dtype)
    odd = parts != parts
    if not odd.any():
        return piece
    parts = parts.copy()
    parts[odd] = numpy.nan
    return parts
