"""A seal binds words to this user's key, so that a record which came from elsewhere cannot pretend that he said yes.

The key is 32 random bytes in a file that only the user can read, in a folder that the caller names; it is made when it
is first needed. This module does not know what is sealed.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from aether_nb.errors import StoreError, StoreReadOnly

__all__ = ["FILE", "Sealer"]

FILE = "seal.key"
SIZE = 32


class Sealer:
    """Seals and verifies with one key.

    Args:
        folder: Where the key lies: the user's own, never a notebook's. Neither need exist.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._state: hmac.HMAC | None = None

    def seal(self, fields: Sequence[str]) -> str:
        """The seal of these fields, in this order; the key is made when there is none.

        Raises:
            StoreError: The key cannot be read, or others can read it.
            StoreReadOnly: It cannot be made.
        """
        state = self._loaded(make=True)
        assert state is not None
        return _sealed(state, fields)

    def verifies(self, fields: Sequence[str], seal: str) -> bool:
        """Whether a seal is this user's for exactly these fields. Without a key nothing is.

        Raises:
            StoreError: The key cannot be read, or others can read it.
        """
        state = self._loaded(make=False)
        return state is not None and hmac.compare_digest(_sealed(state, fields).encode(), seal.encode(errors="replace"))

    def _loaded(self, make: bool) -> hmac.HMAC | None:
        """What every seal begins with; None when there is no key. The key is mixed in once: each commit makes seals."""
        if self._state is None:
            try:
                key = self._read(make)
            except OSError as error:
                raise StoreReadOnly(
                    f"The key {self.file}, which your approvals are sealed with, cannot be used.",
                    f"{error}.",
                    "Make its folder yours to write.",
                ) from error
            self._state = hmac.new(key, digestmod="sha256") if key else None
        return self._state

    def _read(self, make: bool) -> bytes:
        for _ in range(2):
            try:
                handle = os.open(self.file, os.O_RDONLY)
            except FileNotFoundError:
                if not make:
                    return b""
                self._make()
                continue
            with os.fdopen(handle, "rb") as file:
                self._check(os.fstat(handle))
                return self._whole(file.read(SIZE + 1))
        raise FileNotFoundError(f"{self.file} was removed while it was made")

    def _make(self) -> None:
        """Under another name first: whoever finds the key finds all of it. Of two who make it, one wins."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        part = self.file.with_name(f"{FILE}.{secrets.token_hex(6)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(SIZE))
                file.flush()
                os.fsync(handle)
            try:
                os.link(part, self.file)
            except FileExistsError:
                pass  # another process was first: its key is the key
            except OSError:  # no links on this file system
                part.replace(self.file)
        finally:
            part.unlink(missing_ok=True)

    def _check(self, found: os.stat_result) -> None:
        if os.name == "posix" and (found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077):
            raise StoreError(
                f"The key {self.file} is open to others.",
                "Whoever can read it can say yes in your name, so approvals sealed with it count for nothing.",
                f"If nobody has read it: chmod 600 {self.file} · else remove it: rm {self.file}",
            )

    def _whole(self, key: bytes) -> bytes:
        if len(key) != SIZE:
            raise StoreError(
                f"The key {self.file} is not whole.",
                f"It must have {SIZE} bytes.",
                f"Remove it; a new one is made, and open approvals are asked for again: rm {self.file}",
            )
        return key


def _sealed(state: hmac.HMAC, fields: Sequence[str]) -> str:
    framed = bytearray()
    for field in fields:
        text = field.encode(errors="surrogatepass")
        framed += len(text).to_bytes(8, "big") + text
    seal = state.copy()
    seal.update(framed)
    return seal.hexdigest()
