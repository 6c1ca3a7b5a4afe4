"""Where files may be touched: inside one folder, whatever the path says.

A path is resolved to the file it really means, through ``..``, links and letter case, and then has to lie inside.
"""

from __future__ import annotations

import os
from pathlib import Path

from aether_nb.config.home import expanded
from aether_nb.errors import WorkspaceError
from aether_nb.live.guard.paths import looks_secret

__all__ = ["inside", "looks_secret"]


def inside(workspace: Path, path: str) -> Path:
    """The file that a path means, when it lies in the workspace.

    Args:
        workspace: The folder, absolute and resolved.
        path: As the model gave it, relative to the workspace or absolute.

    Raises:
        WorkspaceError: It lies outside, or is hidden or in a hidden folder, or is no path at all.
    """
    if not path or "\0" in path:
        raise WorkspaceError(f"{path!r} is no path.", hint="Give a path inside the working folder.")
    found = Path(os.path.realpath(workspace / expanded(path)))
    if not _same_or_below(found, workspace):
        raise WorkspaceError(
            f"{path} lies outside the working folder.", f"It means {found}; files may be touched in {workspace}."
        )
    if hidden := next((part for part in found.relative_to(workspace).parts if part.startswith(".")), ""):
        raise WorkspaceError(f"{path} is hidden ({hidden}).", "Hidden files hold keys, histories and settings.")
    return found


def _same_or_below(path: Path, folder: Path) -> bool:
    """Whether a real path is a folder or lies below it."""
    return path == folder or path.is_relative_to(folder)
