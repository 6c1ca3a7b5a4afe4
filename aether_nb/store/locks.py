"""The locks that this process holds in a folder: one file, open for the life of the process, a byte for each lease.

A byte stands for a run *and* an epoch. So whoever takes a run over by force has a lock of its own at once, and whether
the last holder is alive is one question to the system. The same process may ask for the same byte again: the system
would say yes to it, so what is held is written down here. A forked child starts with nothing.

Known of such locks on Linux and macOS: when anything in this process opens and closes the file, as a copy of the folder
does, all of them are gone and nobody says so. Then a run may be taken from us without force; the epoch still keeps us
from writing to it. This module knows no database.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from threading import Lock

__all__ = ["FILE", "LockFile", "lock_file"]

FILE = "lease.lock"

_OPEN: dict[tuple[int, Path], LockFile] = {}
"""The lock files of each process, by their place and by the folders that were asked for; a forked child finds those of
its parent here and leaves them alone."""


def lock_file(folder: Path) -> LockFile:
    """The one lock file of a folder in this process, by whichever of its names."""
    process = os.getpid()
    if (known := _OPEN.get((process, folder))) is None:
        file = folder.resolve() / FILE
        known = _OPEN[process, folder] = _OPEN.setdefault((process, file), LockFile(file))
    return known


class LockFile:
    """Bytes of one file that this process holds.

    Args:
        file: The file; it is made when the first byte is to be held.
        system: The module that locks.
    """

    def __init__(self, file: Path, system: str = "windows_locks" if sys.platform == "win32" else "posix_locks") -> None:
        self.file = file
        self._system = import_module(f"aether_nb.store.{system}")
        self._lock = Lock()
        self._handle: int | None = None
        self._held: dict[str, int] = {}

    def hold(self, run: str, epoch: int) -> bool:
        """Hold a run in this epoch, and in no other; False when another process does."""
        with self._lock:
            handle = self._open()
            if run in self._held:
                self._drop(handle, run)
            if not self._system.lock(handle, self._offset(run, epoch)):
                return False
            self._held[run] = epoch
            return True

    def held(self, run: str) -> int:
        """The epoch in which this process holds a run; 0 when it does not."""
        return self._held.get(run, 0)

    def drop(self, run: str, epoch: int) -> None:
        """Let go of a run; nothing happens when it is not held in that epoch."""
        with self._lock:
            if self._handle is not None and self._held.get(run) == epoch:
                self._drop(self._handle, run)

    def is_held(self, run: str, epoch: int) -> bool:
        """Whether some process that is alive holds a run in this epoch."""
        with self._lock:
            if not self._held and not self.file.exists():
                return False
            handle = self._open()
            return self._held.get(run) == epoch or bool(self._system.is_locked(handle, self._offset(run, epoch)))

    def _drop(self, handle: int, run: str) -> None:
        self._system.unlock(handle, self._offset(run, self._held.pop(run)))

    def _offset(self, run: str, epoch: int) -> int:
        digest = sha256(f"{epoch} {run}".encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % int(self._system.SPAN)

    def _open(self) -> int:
        """The descriptor; when somebody removed the file, that of a new one with the same bytes held."""
        if self._handle is None or not self._is_current():
            # The descriptor of a removed file stays open: closing it would tell those who still have it that we died.
            self._handle = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o666)
            for run, epoch in tuple(self._held.items()):
                if not self._system.lock(self._handle, self._offset(run, epoch)):
                    del self._held[run]
        return self._handle

    def _is_current(self) -> bool:
        try:
            return self._handle is not None and os.path.samestat(os.fstat(self._handle), self.file.stat())
        except FileNotFoundError:
            return False
