"""Where knowledge lies: a folder, or an address of an object store; and whether it can be written there.

LanceDB commits by making a hard link, so a folder whose file system has none (a mounted cloud drive, many a memory
stick) is answered by a folder of the user's cache. This module tries things out on the disk and knows no database.
"""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from aether_nb.config.address import masked
from aether_nb.config.home import expanded
from aether_nb.errors import KnowledgeError, KnowledgeFull

__all__ = ["Place", "find_place", "holding", "holds_tables", "is_remote"]

REMOTE = re.compile(r"[a-z][a-z0-9+]+://", re.IGNORECASE)
NO_SPACE = (28, 122)
"""The numbers for: no space left, quota exceeded."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an index is opened."""

    uri: str
    folder: Path | None
    """The folder on this machine; None for an object store."""
    writable: bool = True
    note: str = ""
    """What a person ought to know about it; empty when all is as expected."""

    @property
    def shown(self) -> str:
        """The folder or the address as people are told it: without a password."""
        return masked(self.uri)


def is_remote(place: str | Path) -> bool:
    """Whether this is an address (``s3://…``, ``db://…``) and no folder."""
    return isinstance(place, str) and bool(REMOTE.match(place))


def find_place(wanted: str | Path, cache: Path | None = None) -> Place:
    """Where to open an index that is wanted here.

    Args:
        wanted: A folder, which need not exist, or an address.
        cache: The folder to fall back to when nothing can be kept in ``wanted``; the user's cache when left out.

    Raises:
        KnowledgeError: There is a file of that name, or nothing can be written anywhere.
    """
    if is_remote(wanted):
        return Place(str(wanted), None)
    folder = expanded(wanted).absolute()
    if folder.exists() and not folder.is_dir():
        raise KnowledgeError(f"{folder} is a file.", "Knowledge is kept in a folder.", "Set AETHER_KNOWLEDGE")
    reason = _obstacle(folder)
    if not reason:
        return Place(str(folder), folder)
    if holds_tables(folder):
        return Place(str(folder), folder, False, f"{folder} can be searched and not written: {reason}.")
    other = _fallback(folder, cache)
    if again := _obstacle(other):
        raise KnowledgeError(f"Knowledge can be kept neither in {folder} nor in {other}.", f"{reason}; {again}.")
    return Place(str(other), other, True, f"Knowledge is kept in {other}: in {folder}, {reason}.")


def holds_tables(folder: Path) -> bool:
    """Whether something was kept in this folder."""
    try:
        return any(entry.suffix == ".lance" for entry in folder.iterdir())
    except OSError:
        return False


def holding(wanted: str | Path) -> Path:
    """The folder in which what was kept for a place lies: itself, or the one of the user's cache that stands for it."""
    folder = expanded(wanted).absolute()
    other = folder if holds_tables(folder) else _fallback(folder, None)
    return other if holds_tables(other) else folder


def _fallback(folder: Path, cache: Path | None) -> Path:
    return (cache or _user_cache()) / blake2b(os.fsencode(folder), digest_size=8).hexdigest()


def _obstacle(folder: Path) -> str:
    """Why nothing can be kept in this folder; empty when it can. Makes the folder.

    Raises:
        KnowledgeFull: The disk is full, which another folder may not cure.
    """
    mark = folder / f".probe-{uuid.uuid4().hex}"
    twin = mark.with_suffix(".link")
    try:
        _make(folder)
        mark.write_bytes(b"1")
        try:
            os.link(mark, twin)
        finally:
            for made in (mark, twin):
                made.unlink(missing_ok=True)
    except NotImplementedError:
        return "the file system has no hard links"
    except OSError as error:
        if error.errno in NO_SPACE:
            # What is there can be read all the same; whoever writes is told by the write itself.
            if holds_tables(folder):
                return ""
            raise KnowledgeFull(f"Nothing can be kept in {folder}.", "The disk is full.", "Free some space.") from error
        if mark.parent.exists() and os.access(folder, os.W_OK) and error.filename2:
            return "the file system has no hard links"
        return (error.strerror or str(error)).lower()
    return ""


def _make(folder: Path) -> None:
    """Make the folder; one that is called .aether says that it is not to be committed."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if folder.parent.name == ".aether" and not (folder.parent / ".gitignore").exists():
        (folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("aether-nb") / "knowledge"
