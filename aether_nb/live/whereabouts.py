"""Where the notebook lies and whether somebody can type, as far as a front end tells.

Asked at ``%load_ext``, so it needs next to nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["began_in", "can_type", "notebook_path", "place", "secret_reader"]


def place(shell: Any) -> tuple[Path | None, Path]:
    """The notebook's file, when it is known, and the folder inside which files may be touched."""
    notebook = notebook_path(shell) if shell is not None else None
    return notebook, Path(os.path.realpath(notebook.parent if notebook else Path.cwd()))


def began_in(shell: Any) -> Path:
    """The working directory in which the extension was loaded; ``%cd`` changes it no more. Today's where it was not."""
    began = getattr(getattr(shell, "aether_magics", None), "began", None)
    return began if isinstance(began, Path) else Path.cwd()


def notebook_path(shell: Any) -> Path | None:
    """The notebook's file, when the front end tells it: JupyterLab and Notebook by a variable, VS Code by a name.

    A name that points nowhere (a renamed notebook) is not believed.
    """
    told = (os.environ.get("JPY_SESSION_NAME"), shell.user_ns.get("__vsc_ipynb_file__"))
    for name in told:
        if isinstance(name, str) and name.endswith(".ipynb"):
            path = Path(name)
            if path.is_absolute() and path.is_file():
                return path
    return None


def can_type(shell: Any) -> bool:
    """Whether somebody can answer a question that code asks: by the front end of the running cell, or at a terminal."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()


def secret_reader(shell: Any) -> Callable[[str], str] | None:
    """Asks whoever can type for something that is not shown meanwhile; None where nobody can."""
    import getpass

    # A kernel puts its own function in the place of this one, so it is looked up when it is needed.
    return getpass.getpass if can_type(shell) else None
