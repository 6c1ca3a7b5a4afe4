"""The difference of two texts, as a person is shown it who is asked about a change.

It is the first thing to be read at a gate, so it is made only where it can be: of texts, and in a moment.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from aether_nb.tools.workspace import looks_secret

__all__ = ["difference", "to_file"]

MOST_LINES = 4_000
"""Two texts that have more lines together are not compared whole: that could take minutes."""

MOST_BYTES = 400_000
"""A file larger than that is replaced without its difference being shown."""


def difference(before: str, after: str, path: str) -> str:
    """What changes, in the unified format, with two lines around; empty when nothing does."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, n=2, lineterm="")
    return "\n".join(lines)


def to_file(file: Path, after: str, path: str) -> str:
    """What changes in a file when this text replaces what is in it; empty where that cannot, or must not, be shown.

    What a file holds that looks like one with keys is copied nowhere.

    Args:
        file: The file.
        after: The whole new text.
        path: What the file is called there.
    """
    try:
        if looks_secret(file.name) or not file.is_file() or max(file.stat().st_size, len(after)) > MOST_BYTES:
            return ""
        before = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return difference(before, after, path) if before.count("\n") + after.count("\n") <= MOST_LINES else ""
