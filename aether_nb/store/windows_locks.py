"""Locks of single bytes of a file on Windows, with the face of ``posix_locks``; they end with their process."""

from __future__ import annotations

import os
from importlib import import_module

__all__ = ["SPAN", "is_locked", "lock", "unlock"]

SPAN = 1 << 30
"""How many bytes can be locked: the C runtime counts positions in 32 bits."""


def lock(handle: int, offset: int) -> bool:
    """Lock a byte for this process; False when another one has it."""
    msvcrt = import_module("msvcrt")
    os.lseek(handle, offset, os.SEEK_SET)
    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except PermissionError:
        return False
    return True


def unlock(handle: int, offset: int) -> None:
    """Let go of a byte."""
    msvcrt = import_module("msvcrt")
    os.lseek(handle, offset, os.SEEK_SET)
    msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)


def is_locked(handle: int, offset: int) -> bool:
    """Whether another process has a byte. This process must not have it."""
    if not lock(handle, offset):
        return True
    unlock(handle, offset)
    return False
