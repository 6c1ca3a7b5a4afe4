"""Chores: what libraries do for themselves while they are used, which nobody wants to be asked about.

A library's cache, its worker processes, its compiled parts. Recognised by who is at work: the frames between the event
and the agent's code. It does not know what was agreed to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import PurePath
from types import FrameType
from typing import Any

from aether_nb.live.guard.attempts import Attempt
from aether_nb.live.guard.paths import is_temporary

__all__ = ["at_work", "is_chore"]

LOADERS = {"ctypes", "ctypes.util", "numpy.ctypeslib._ctypeslib", "numpy.ctypeslib"}
"""Who only loads for others."""
OF_THEIR_OWN = re.compile(
    r"matplotlib\.font_manager\b.*|matplotlib:(_get_config_or_cache_dir|get_cachedir|get_configdir)"
)
"""Who keeps caches and settings, wherever these lie."""
WORKERS = re.compile(r"joblib\.(externals\.loky(\.\w+)*|pool|_parallel_backends):.*|matplotlib\.font_manager:.*")
"""Who starts programs of its own: workers that compute, and the list of fonts."""
QUESTIONS = re.compile(r"(platform|uuid|ctypes\.util):.*")
"""What of Python's own asks other programs about this machine."""
SHARED = re.compile(r"joblib_memmapping_folder_\w+")
"""Where joblib puts arrays that its workers read."""


def at_work(mine: Mapping[str, Any]) -> list[str]:
    """Who is at work, as ``module:function``, the innermost first, up to the code whose variables are ``mine``."""
    found: list[str] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals is not mine:
        found.append(f"{frame.f_globals.get('__name__')}:{frame.f_code.co_name}")
        frame = frame.f_back
    return [name for name in found if not name.startswith("aether_nb.live.guard.")]


def is_chore(attempt: Attempt, working: list[str]) -> bool:
    """Whether this is something that a library does for itself.

    Args:
        attempt: What is about to be done.
        working: Who is at work, as ``at_work`` tells it.
    """
    if attempt.kind == "compiled":
        return any(name.partition(":")[0] not in LOADERS for name in working)
    if attempt.kind == "process":
        ends = attempt.words.startswith("send the signal") and any(name.startswith("subprocess:") for name in working)
        theirs = [name for name in working if name.partition(":")[0].partition(".")[0] not in sys.stdlib_module_names]
        return ends or bool(theirs and WORKERS.fullmatch(theirs[0])) or any(map(QUESTIONS.fullmatch, working))
    if attempt.kind in ("network", "database"):
        return False
    if any(map(OF_THEIR_OWN.fullmatch, working)):
        return True
    return bool(attempt.paths) and all(_is_of_theirs(path, working) for path in attempt.paths)


def _is_of_theirs(path: str, working: list[str]) -> bool:
    parts = PurePath(path).parts
    if "__pycache__" in parts or (sys.pycache_prefix and path.startswith(sys.pycache_prefix)):
        return bool(working)  # a module is being imported, or a library compiles
    if any(map(SHARED.match, parts)):
        return any(name.startswith("joblib.") for name in working)
    return is_temporary(path) and any(name.startswith("tempfile:") for name in working)
