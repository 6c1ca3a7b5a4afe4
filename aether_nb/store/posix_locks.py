"""Locks of single bytes of a file on Linux and macOS: they end with their process, whatever its children do.

``lockf``, not ``flock``: a lock of the latter lives on in a forked grandchild. Closing any descriptor of the file in
this process drops all of its locks, so whoever uses this keeps one open. This module does not know what a byte means.
"""

from __future__ import annotations

import fcntl

__all__ = ["SPAN", "is_locked", "lock", "unlock"]

SPAN = 1 << 62
"""How many bytes can be locked, whether the file has them or not."""


def lock(handle: int, offset: int) -> bool:
    """Lock a byte for this process; False when another one has it."""
    return _tried(handle, offset, fcntl.LOCK_EX)


def unlock(handle: int, offset: int) -> None:
    """Let go of a byte."""
    fcntl.lockf(handle, fcntl.LOCK_UN, 1, offset)


def is_locked(handle: int, offset: int) -> bool:
    """Whether another process has a byte. This process must not have it: looking would drop it."""
    if not _tried(handle, offset, fcntl.LOCK_SH):
        return True
    unlock(handle, offset)
    return False


def _tried(handle: int, offset: int, kind: int) -> bool:
    try:
        fcntl.lockf(handle, kind | fcntl.LOCK_NB, 1, offset)
    except (BlockingIOError, PermissionError):
        return False
    return True
