"""Bytes as files: ``blobs/ab/cdef…`` beside the record, each under the hash of what is in it.

A file is written under another name and then given its own, so it is whole or not there. Its bytes reach the disk
before it gets its name: an event that speaks of it must not outlive it. Removing what nobody needs is for ``prune``.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from aether_nb.errors import StoreCorrupt
from aether_nb.store import points
from aether_nb.store.blobs import HASH, NAME, blob_missing
from aether_nb.store.faults import store_fault

__all__ = ["FOLDER", "FolderBlobs"]

FOLDER = "blobs"
PART = ".part"


class FolderBlobs:
    """``Blobs`` in a folder.

    Args:
        folder: The record's folder; nothing is made in it before the first blob.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute() / FOLDER

    def put(self, data: bytes | memoryview) -> str:
        """See ``Blobs.put``."""
        hash = sha256(data).hexdigest()
        self.keep(hash, memoryview(data).nbytes, lambda: data)
        return hash

    def keep(self, name: str, size: int, make: Callable[[], bytes | memoryview]) -> None:
        """See ``Shelf.keep``."""
        file = self._file(name)
        try:
            if self._is_whole(file, size):
                os.utime(file)  # so that nobody who cleans takes it for forgotten
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                self._write(file, make())
        except OSError as error:
            raise store_fault(error, file) from error

    def get(self, hash: str) -> bytes:
        """See ``Blobs.get``."""
        data = self.fetch(hash)
        if sha256(data).hexdigest() != hash:
            file = self._file(hash)
            raise StoreCorrupt(
                f"The bytes in {file} are not those that were kept.",
                "They have another hash: the file was changed or damaged.",
                f"Remove it, and make what it held again: rm {file}",
            )
        return data

    def fetch(self, name: str) -> bytes:
        """See ``Shelf.fetch``."""
        if not NAME.fullmatch(name):  # out of a record that anybody may have written: it becomes no path
            raise blob_missing(name)
        file = self._file(name)
        try:
            return file.read_bytes()
        except FileNotFoundError:
            raise blob_missing(name) from None
        except OSError as error:
            raise store_fault(error, file) from error

    def has(self, hash: str) -> bool:
        """See ``Blobs.has``."""
        return bool(NAME.fullmatch(hash)) and self._file(hash).is_file()

    def drop(self, hash: str) -> int:
        """See ``Blobs.drop``."""
        if not self.has(hash):
            return 0
        file = self._file(hash)
        try:
            size = file.stat().st_size
            file.unlink()
        except FileNotFoundError:  # another process was faster
            return 0
        except OSError as error:
            raise store_fault(error, file) from error
        return size

    def hashes(self) -> Iterator[tuple[str, int]]:
        """See ``Blobs.hashes``."""
        return ((name, size) for name, size in self.names() if HASH.fullmatch(name))

    def names(self) -> Iterator[tuple[str, int]]:
        """See ``Shelf.names``."""
        for file in sorted(self.folder.glob("??/*")):
            name = file.parent.name + file.name
            if NAME.fullmatch(name):
                with suppress(FileNotFoundError):
                    yield name, file.stat().st_size

    def untouched(self, before: float) -> Iterator[str]:
        """The names of what was last put in before a time; what a killed writer left half-written is removed."""
        for file in sorted(self.folder.glob("??/*")):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < before:
                    if file.suffix == PART:
                        file.unlink()
                    elif NAME.fullmatch(name := file.parent.name + file.name):
                        yield name

    def _file(self, hash: str) -> Path:
        return self.folder / hash[:2] / hash[2:]

    def _is_whole(self, file: Path, size: int) -> bool:
        try:
            return file.stat().st_size == size
        except FileNotFoundError:
            return False

    def _write(self, file: Path, data: bytes | memoryview) -> None:
        part = file.with_name(f"{file.name}.{secrets.token_hex(6)}{PART}")
        try:
            with part.open("xb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            points.pass_by("before", ("blob",))
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        points.pass_by("after", ("blob",))
