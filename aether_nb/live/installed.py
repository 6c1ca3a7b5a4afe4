"""What belongs to Python or to an installed package, and so is nobody's own code in this kernel.

An environment may find packages in several places: its own, that of the system, that of the user, another one's on its
path. This module knows files by their names only.
"""

from __future__ import annotations

import os
import sysconfig
from functools import lru_cache
from pathlib import Path, PurePath

__all__ = ["is_installed"]

_OWN = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {f"{Path(__file__).resolve().parents[1]}{os.sep}"}  # this package, wherever it lies
)
_ELSEWHERE = {"site-packages", "dist-packages"}


@lru_cache(maxsize=1024)
def is_installed(file: str) -> bool:
    """Whether a file of code came with Python, with this package, or with one that was installed anywhere."""
    return file.startswith(_OWN) or not _ELSEWHERE.isdisjoint(PurePath(file).parts)
