"""What a blob store is: bytes by their hash, kept once however often they are put in.

It does not know what the bytes mean. ``FolderBlobs`` keeps them as files beside the record; rows hold references.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from aether_nb.errors import BlobMissing

__all__ = ["HASH", "NAME", "SEALED", "Blobs", "Shelf", "blob_missing"]

HASH = re.compile(r"[0-9a-f]{64}")
"""What a hash looks like. One that comes out of a record may have been written by anybody."""

SEALED = ".sealed"
"""How the names of sealed bytes end. What comes before it says nothing of them: see ``sealed_blobs``."""

NAME = re.compile(rf"[0-9a-f]{{64}}({re.escape(SEALED)})?")
"""What the name of bytes looks like where they lie."""


@runtime_checkable
class Blobs(Protocol):
    """Bytes by the hexadecimal SHA-256 of what they are. May be used from any thread and any process."""

    def put(self, data: bytes | memoryview) -> str:
        """Keep bytes; returns their hash. They are whole on the disk, or not there at all.

        Raises:
            StoreFull: There is no room; nothing of it was kept.
            StoreReadOnly: Nothing can be written here.
        """

    def get(self, hash: str) -> bytes:
        """The bytes.

        Raises:
            BlobMissing: They are not here.
            StoreCorrupt: What lies there has another hash.
        """

    def has(self, hash: str) -> bool:
        """Whether they are here, without reading them."""

    def drop(self, hash: str) -> int:
        """Take them away; returns how many bytes that freed, 0 when they were not there."""

    def hashes(self) -> Iterator[tuple[str, int]]:
        """All that is here, with sizes in bytes."""


@runtime_checkable
class Shelf(Protocol):
    """Bytes by the names under which they lie, whatever these mean. May be used from any thread and any process."""

    def keep(self, name: str, size: int, make: Callable[[], bytes | memoryview]) -> None:
        """Keep what ``make`` gives, of this size; when it is there already, it is not asked for."""

    def fetch(self, name: str) -> bytes:
        """What lies there.

        Raises:
            BlobMissing: Nothing does.
        """

    def has(self, hash: str) -> bool:
        """Whether something lies there."""

    def drop(self, hash: str) -> int:
        """Take it away; returns how many bytes that freed."""

    def names(self) -> Iterator[tuple[str, int]]:
        """All names, with sizes in bytes."""


def blob_missing(hash: str) -> BlobMissing:
    """The error for bytes that are not here."""
    return BlobMissing(
        f"The bytes {hash[:16]}… are not in this store.",
        "They were removed, or the record came here without them.",
        "Make again what they held: run its cell or its step once more.",
    )
