"""Files that tools write: the bytes that were there before are kept beside the record, and put back from there.

So a file can be taken back after the kernel has ended, too. It does not know which tool wrote it, nor where files may
be touched: whoever asks for a change has looked.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from aether_nb.errors import AetherError, StoreError
from aether_nb.events.kinds import FileChange
from aether_nb.live.placing import place
from aether_nb.store.blobs import Blobs

__all__ = ["Earlier", "differs", "put_back", "unkept"]

LARGEST = 100_000_000
"""Bytes of a file that are kept. Of a larger one it is said that it cannot be taken back."""


class Earlier:
    """A file as it is before a tool writes it.

    Args:
        file: The file, absolute.
        blobs: Where its bytes are kept.
    """

    def __init__(self, file: Path, blobs: Blobs) -> None:
        self.file = file
        self.hash, self.lost = "", unkept(file)
        if not self.lost and os.path.lexists(file):
            try:
                self.hash = blobs.put(file.read_bytes())
            except (OSError, StoreError) as error:
                self.lost = f"its bytes could not be kept ({error})"

    def now(self) -> FileChange:
        """What became of it, now that it is written."""
        return FileChange(str(self.file), self.hash, _hash(self.file), self.lost)


def unkept(file: Path) -> str:
    """Why what is in a file now could not be taken back; empty when it can, or when there is none."""
    try:
        size = file.stat().st_size
    except OSError:
        return ""
    return f"it has {size / 1e6:,.0f} MB, too large to keep" if size > LARGEST else ""


def _hash(file: Path) -> str:
    """The SHA-256 of a file; empty when there is none."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def differs(change: FileChange) -> str:
    """How a file is not as it was left; empty when it is."""
    now = _hash(Path(change.path))
    if now == change.after:
        return ""
    if not now:
        return "it was deleted since"
    return "it was changed since" if change.after else "it was made again since"


def put_back(change: FileChange, blobs: Blobs) -> FileChange:
    """Make a file what it was before.

    Returns:
        What became of it by that.

    Raises:
        AetherError: Its earlier bytes are not there, or it cannot be written.
    """
    file = Path(change.path)
    if change.lost:
        raise AetherError(f"{file.name} cannot be put back.", change.lost)
    earlier = Earlier(file, blobs)
    try:
        if change.before:
            place(file, blobs.get(change.before))
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise AetherError(f"{file.name} could not be put back.", error.strerror or str(error)) from error
    return earlier.now()
