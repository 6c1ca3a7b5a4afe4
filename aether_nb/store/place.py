"""Where the record of a notebook lies: beside it when its path is known, else in the working directory."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDER", "store_folder"]

FOLDER = ".aether"
"""The folder's name. It writes its own ``.gitignore``, so that a record is never committed by accident."""


def store_folder(notebook: Path | None, cwd: Path, override: str | Path | None = None) -> Path:
    """The folder of the record; it need not exist, and is not made here.

    Args:
        notebook: The notebook's file, when it is known.
        cwd: The working directory.
        override: The setting ``store``: this folder and no other. Relative to ``cwd``; ``~`` is the home.
    """
    if override:
        return cwd / Path(override).expanduser()
    return (notebook.parent if notebook else cwd) / FOLDER
