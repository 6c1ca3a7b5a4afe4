"""The folder whose files are taken in by themselves: whatever is dropped into ``.aether/inbox``.

Whether there is anything new is told by names, times and sizes alone, so that looking costs next to nothing and opens
no index.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from aether_nb.knowledge.finding import stamp, walk
from aether_nb.knowledge.importing import Importer, Report

__all__ = ["has_news", "take"]

SEEN = ".seen"
"""Holds what was there the last time. A hidden file, so it is never read itself."""


def has_news(inbox: Path) -> bool:
    """Whether something in it was dropped, changed or taken away since the last time."""
    if not inbox.is_dir():
        return False
    try:
        return (inbox / SEEN).read_text(encoding="utf-8") != _state(inbox)
    except OSError:
        return bool(walk(inbox).files)


def take(importer: Importer, inbox: Path) -> Report:
    """Take in what is there, and let go of what is there no more.

    Raises:
        KnowledgeError: Nothing can be written.
    """
    state = _state(inbox)
    importer.add(inbox)
    (inbox / SEEN).write_text(state, encoding="utf-8")
    return importer.report


def _state(inbox: Path) -> str:
    digest = hashlib.sha256()
    for path, stat in walk(inbox).files:
        digest.update(f"{path}\0{stamp(stat)}\0{stat.st_size}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
