"""Paths as people type them: ``~`` is a home."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["expanded"]


def expanded(path: str | Path) -> Path:
    """A path without ``~``. The home of somebody whom nobody knows here is a name like any other, and is not found."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  # Path's own raises a RuntimeError for such a home
