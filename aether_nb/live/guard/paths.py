"""Paths: which file one really means, and where it lies.

It asks the disk about links, and nothing else. It does not know what is done with a file.
"""

from __future__ import annotations

import os
import re
import tempfile
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["above", "entry", "is_below", "is_ordinary", "is_temporary", "looks_secret", "place", "target"]

SECRETS = re.compile(
    "|".join(
        map(translate, "*.pem *.key *.p12 *.pfx *.kdbx id_rsa* id_ed25519* *credential* *secret* *password*".split())
    )
)
"""Names of files that hold keys."""
LINKS = Path("/proc/self/fd")
"""Where Linux tells which files are open."""


def target(path: Any, folder: Any = None) -> str:
    """The file that is reached by a path, through every link; for one that is open already by its number, its path.

    Args:
        path: As Python's functions take it.
        folder: The number of the open folder that it is relative to, when there is one.
    """
    return os.path.realpath(place(path, folder))


def entry(path: Any, folder: Any = None) -> str:
    """The entry of a folder that a path names: a link itself, not what it leads to."""
    whole = Path(place(path, folder))
    return str(Path(os.path.realpath(whole.parent)) / whole.name)


def place(path: Any, folder: Any = None) -> str:
    """A path as an absolute one, with links left as they are; empty when nobody can tell."""
    if isinstance(path, int):
        return _opened(path)
    try:
        named = Path(os.fsdecode(os.fspath(path)))
    except TypeError:
        return ""
    if isinstance(folder, int) and folder >= 0:
        named = Path(_opened(folder) or f"(folder {folder})") / named
    return os.path.normpath(Path.cwd() / named)


def _opened(number: int) -> str:
    """The path of a file that is open under this number, where the system tells it."""
    try:
        if LINKS.exists():
            return str((LINKS / str(number)).readlink())
        import fcntl

        return os.fsdecode(fcntl.fcntl(number, fcntl.F_GETPATH, b"\0" * 1024).rstrip(b"\0"))  # type: ignore[attr-defined,unused-ignore]
    except (OSError, ImportError, AttributeError):
        return ""


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it; both as ``target`` and ``entry`` give them."""
    return bool(path and folder) and Path(os.path.normcase(path)).is_relative_to(os.path.normcase(folder))


def above(path: str) -> list[str]:
    """A path and all folders above it, as the system compares them: what a set of folders is asked for.

    Asking a set costs the depth of the path, however many folders are in it; ``is_below`` is for a single one.
    """
    whole = Path(os.path.normcase(path))
    return [str(whole), *map(str, whole.parents)] if path else []


def is_ordinary(path: str, workspace: str) -> bool:
    """Whether a file lies in the working folder, is not hidden there, and is none that holds keys."""
    if not is_below(path, workspace):
        return False
    parts = Path(path).parts[len(Path(workspace).parts) :]
    return not any(part.startswith(".") for part in parts) and not looks_secret(Path(path).name)


def looks_secret(name: str) -> bool:
    """Whether a file's name says that it holds a key."""
    return SECRETS.match(name.lower()) is not None


def is_temporary(path: str) -> bool:
    """Whether a path lies in the system's folder for temporary files."""
    return is_below(path, _temporary(tempfile.tempdir or ""))


@cache
def _temporary(known: str) -> str:
    return os.path.realpath(known or tempfile.gettempdir())
