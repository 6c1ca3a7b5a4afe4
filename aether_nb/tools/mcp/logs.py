"""Where a server's own complaints go: a file of bounded size, and nowhere else. It never reaches a cell."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["BoundedLog"]

LARGEST = 256 * 1024
"""Bytes after which the older half is dropped."""


class BoundedLog:
    """A file of the last lines that a server wrote. One that cannot be written swallows them: nothing depends on it.

    Nobody but the user can read it: a server may complain about a key, and say which.

    Args:
        file: The file; its folder is made when something is first written.
        largest: Bytes that it may have.
    """

    def __init__(self, file: Path, largest: int = LARGEST) -> None:
        self.file, self.largest = file, largest
        self._size: int | None = None

    def write(self, data: bytes) -> None:
        """Append bytes."""
        data = data[-self.largest // 2 :]
        try:
            if self._size is None:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.touch(0o600)
                self.file.chmod(0o600)  # one that was there may be open to others
                self._size = self.file.stat().st_size
            if self._size + len(data) > self.largest:
                kept = self.file.read_bytes()[-(self.largest // 2 - len(data) // 2) :] if self._size else b""
                self.file.write_bytes(kept[: self.largest - len(data)] + data)
                self._size = self.file.stat().st_size
                return
            with open(self.file, "ab", opener=_private) as opened:
                opened.write(data)
            self._size += len(data)
        except OSError:
            self._size = None  # the folder is gone or full; the next line tries anew

    def note(self, text: str) -> None:
        """Append a line of ours."""
        self.write(f"[aether] {text}\n".encode(errors="replace"))

    def tail(self, lines: int = 3) -> str:
        """The last lines, for a message that says why a server does not run; empty when there are none."""
        try:
            text = self.file.read_bytes()[-4096:].decode(errors="replace")
        except OSError:
            return ""
        told = [line for line in text.splitlines() if line.strip() and not line.startswith("[aether]")]
        plain = ["".join(sign if sign.isprintable() else " " for sign in line)[:200] for line in told[-lines:]]
        return " | ".join(plain)


def _private(file: str, flags: int) -> int:
    return os.open(file, flags, 0o600)
