"""Writing a file whole: beside its place first, then into it, so that a full disk never leaves half a file.

It does not know who writes, nor where files may be touched.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["place"]


def place(file: Path, data: bytes, *, new: bool = False, private: bool = False) -> None:
    """Write a file; its folder is made when it is missing, and one that is replaced keeps its mode.

    Args:
        file: The file, absolute.
        data: All that it shall hold.
        new: It must not be there: one that has appeared meanwhile is left alone.
        private: Only its user may read it, whatever its mode was.

    Raises:
        FileExistsError: It is there, and had to be new.
        OSError: It cannot be written; what was there is still there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        if not private:  # as it was made, nobody else can read it
            beside.chmod(file.stat().st_mode if file.exists() else 0o666 & ~_umask())
        if new:
            _make_new(file, beside, data, 0o600 if private else 0o666)
        else:
            beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _make_new(file: Path, beside: Path, data: bytes, mode: int) -> None:
    """Put a finished file in a place that must be free; by hand where the file system knows no links."""
    try:
        file.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:
        file.touch(mode, exist_ok=False)
        file.write_bytes(data)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
