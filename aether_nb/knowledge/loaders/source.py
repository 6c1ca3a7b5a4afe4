"""What a loader is given: a name to be cited by, and bytes, with a limit to how many.

It knows files and encodings, and nothing of what stands in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from aether_nb.errors import SourceUnreadable

__all__ = ["MOST", "Looking", "Missing", "Source"]

MOST = 64_000_000
"""Bytes of a file that are read whole; of a larger one only a table's head is."""

TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")


class Missing(SourceUnreadable):
    """A package that reads it is not installed; it is tried again the next time."""


class Looking(Protocol):
    """Reads pages that are pictures; whoever hands it in has the user's word that pictures may be shown."""

    @property
    def by(self) -> str:
        """Who looks: the model's name."""

    def read(self, picture: bytes) -> str:
        """What is written in a picture (a PNG); empty when nothing is.

        Raises:
            AetherError: It cannot be read, or must not be shown.
        """


def _hides_nothing(_: str) -> bool:
    return False


@dataclass(frozen=True)
class Source:
    """Something to be read."""

    name: str
    """What it is cited by: a path from the project's folder, or an address."""
    file: Path | None = None
    """Where its bytes are; None when they are ``data``."""
    data: bytes = b""
    suffix: str = ""
    """Its ending in lower case with the dot, which says what it is."""
    hides: Callable[[str], bool] = _hides_nothing
    """Whether no value of a column of this name may be kept."""
    looking: Looking | None = None
    """Who reads pages that are pictures; None when nobody does."""

    @cached_property
    def size(self) -> int:
        """Bytes."""
        return self.file.stat().st_size if self.file else len(self.data)

    @cached_property
    def content(self) -> bytes:
        """All bytes.

        Raises:
            SourceUnreadable: There are too many, or the file cannot be opened.
        """
        if self.size > MOST:
            raise SourceUnreadable(
                f"{self.name} is too large: {self.size / 1e6:,.0f} MB.",
                f"Files of up to {MOST / 1e6:,.0f} MB are read whole; of larger ones, tables only.",
                "Split it, or add the part that matters.",
            )
        return self.head(MOST + 1)

    def head(self, count: int) -> bytes:
        """The first bytes.

        Raises:
            SourceUnreadable: The file cannot be opened.
        """
        if self.file is None:
            return self.data[:count]
        try:
            with self.file.open("rb") as stream:
                return stream.read(count)
        except OSError as error:
            raise SourceUnreadable(f"{self.name} cannot be opened.", (error.strerror or str(error)) + ".") from error

    def sha(self) -> str:
        """SHA-256 of all bytes, however many.

        Raises:
            SourceUnreadable: The file cannot be opened.
        """
        if self.file is None or self.size <= MOST:
            return hashlib.sha256(self.content).hexdigest()
        try:
            with self.file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise SourceUnreadable(f"{self.name} cannot be read.", (error.strerror or str(error)) + ".") from error

    def text(self) -> str:
        """All of it as text.

        Raises:
            SourceUnreadable: It is no text, or there is too much of it.
        """
        return self.decoded(self.content)

    def decoded(self, data: bytes) -> str:
        """Bytes as text: UTF-8, UTF-16 with a mark, or an old one-byte code, when they look like that.

        Raises:
            SourceUnreadable: They look like no text.
        """
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return _lines(data.decode("utf-16", "replace"))
        if b"\0" in data[:100_000] or _controls(data[:10_000]) > 0.02:
            raise SourceUnreadable(f"{self.name} is no text.", "It has bytes in it that no text has.")
        try:
            return _lines(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            if len(data) < self.size and error.start >= len(data) - 4:  # the head of a text, cut inside a character
                return _lines(data[: error.start].decode("utf-8-sig"))
            return _lines(data.decode("cp1252", "replace"))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _controls(data: bytes) -> float:
    odd = sum(byte < 32 and byte not in TEXT_CONTROLS for byte in data)
    return odd / max(1, len(data))
