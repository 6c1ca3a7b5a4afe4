"""What goes wrong with a file, in words for people: SQLite's and the system's codes as our errors."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path
from shlex import quote
from typing import TypeAlias

from aether_nb.errors import StoreCorrupt, StoreError, StoreFull, StoreReadOnly

__all__ = ["FAULTS", "is_busy", "is_full", "is_shut", "store_fault"]

Fault: TypeAlias = sqlite3.Error | OSError | UnicodeEncodeError | OverflowError
"""What SQLite and the system raise, and what text that is no UTF-8 does, and numbers that no column holds."""

FAULTS = (sqlite3.Error, OSError, UnicodeEncodeError, OverflowError)
"""The same, to be caught."""

_SYSTEM_FULL = {errno.ENOSPC, errno.EDQUOT}
_SYSTEM_SHUT = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
_SHUT = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def store_fault(error: Fault, file: Path) -> StoreError:
    """The error to raise for this fault of ``file``."""
    if is_full(error, file):
        return StoreFull(
            f"The disk is full: the record of this run cannot go on in {file.parent}.",
            "What was recorded before is kept.",
            "Free some space and ask again, or name another folder: AETHER_STORE=<folder>",
        )
    if is_shut(error):
        return StoreReadOnly(
            f"The record of runs cannot be opened for writing in {file.parent}.",
            f"The folder or the file is read-only, or belongs to somebody else ({error}).",
            "Name a folder of your own: AETHER_STORE=<folder>",
        )
    if _code(error) in _DAMAGED or "no such table" in str(error):
        return StoreCorrupt(
            f"The record of runs in {file} is damaged, or is none.",
            f"SQLite says: {error}.",
            f"Move it away and go on with a new one: mv {quote(str(file))} {quote(str(file) + '.damaged')}",
        )
    if is_busy(error):
        return StoreError(
            f"The record of runs in {file} is being written by another process.",
            "It has not let go for some seconds.",
            "Try again in a moment.",
        )
    return StoreError(f"The record of runs in {file} cannot be used.", f"{error}.", "Look at it: aether doctor")


def is_shut(error: Fault) -> bool:
    """Whether the file may be looked at, at most."""
    return error.errno in _SYSTEM_SHUT if isinstance(error, OSError) else _code(error) in _SHUT


def is_full(error: Fault, file: Path) -> bool:
    """Whether there is no room left; SQLite reports some of these cases as faults of input and output."""
    if isinstance(error, OSError):
        return error.errno in _SYSTEM_FULL
    return _code(error) == sqlite3.SQLITE_FULL or _disk_is_full(file.parent)


def is_busy(error: Fault) -> bool:
    """Whether another process is writing just now."""
    return _code(error) in _BUSY


def _code(error: Fault) -> int:
    """SQLite's primary result code; 0 for other faults."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _disk_is_full(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free == 0
