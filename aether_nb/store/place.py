"""Where the record of a notebook is: beside it when its path is known, in the working directory, or on a server."""

from __future__ import annotations

from pathlib import Path

from aether_nb.config.address import Address, is_address
from aether_nb.config.home import expanded

__all__ = ["FOLDER", "as_setting", "store_folder", "store_place"]

FOLDER = ".aether"
"""The folder's name. It writes its own ``.gitignore``, so that a record is never committed by accident."""


def store_folder(notebook: Path | None, cwd: Path, override: str | Path | None = None) -> Path:
    """The folder of the record; it need not exist, and is not made here.

    Args:
        notebook: The notebook's file, when it is known.
        cwd: The working directory.
        override: The setting ``store``: this folder and no other. Relative to ``cwd``; ``~`` is the home. A server has
            no folder: what only this machine needs lies in the usual one.
    """
    if override and not is_address(str(override)):
        return cwd / expanded(override)
    return (notebook.parent if notebook else cwd) / FOLDER


def store_place(notebook: Path | None, cwd: Path, override: str | Path | None = None) -> Path | Address:
    """Where runs are recorded: the server that is named, else the folder of ``store_folder``."""
    if isinstance(override, str) and is_address(override):
        return override if isinstance(override, Address) else Address(override)
    return store_folder(notebook, cwd, override)


def as_setting(place: Path | Address) -> str:
    """The value of AETHER_STORE by which another process, wherever it works, finds the same record."""
    return place.plain if isinstance(place, Address) else str(place.absolute())
