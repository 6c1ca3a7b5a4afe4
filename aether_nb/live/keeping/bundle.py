"""Several pieces of bytes as one, with a header of plain JSON before them.

It does not know what the pieces are.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

from aether_nb.live.keeping.limits import Data, NotPossible
from aether_nb.live.keeping.plain import written

__all__ = ["Parts", "pack", "unpack"]

MAGIC = b"aether1\n"


@dataclass
class Parts:
    """Pieces as they are gathered; each is known by its number."""

    data: list[Data] = field(default_factory=list)

    def add(self, data: Data) -> int:
        """Add a piece; returns its number."""
        self.data.append(data)
        return len(self.data) - 1


def pack(header: Any, parts: Parts) -> bytes:
    """A header and pieces as one."""
    sizes = [memoryview(data).nbytes for data in parts.data]
    head = written({"header": header, "sizes": sizes})
    return b"".join((MAGIC, struct.pack("<Q", len(head)), head, *parts.data))


def unpack(data: Data) -> tuple[Any, list[memoryview]]:
    """The header and the pieces.

    Raises:
        NotPossible: These bytes were not packed like this.
    """
    view = memoryview(data).cast("B")
    start = len(MAGIC) + 8
    if bytes(view[: len(MAGIC)]) != MAGIC or len(view) < start:
        raise NotPossible("these bytes are of another format")
    (size,) = struct.unpack("<Q", view[len(MAGIC) : start])
    try:
        whole = json.loads(bytes(view[start : start + size]))
        header, sizes = whole["header"], whole["sizes"]
        parts, at = [], start + size
        for length in sizes:
            parts.append(view[at : at + length])
            at += length
    except (ValueError, KeyError, TypeError) as error:
        raise NotPossible("these bytes are of another format") from error
    if at != len(view):
        raise NotPossible("these bytes are cut")
    return header, parts
