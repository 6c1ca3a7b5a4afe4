"""Opening a session: where the notebook lies, where its record goes, what is configured.

The only place that looks at the surroundings (environment, files, front end); from here on values are handed down.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aether_nb.config import load
from aether_nb.session import Session
from aether_nb.store.place import store_folder
from aether_nb.store.sqlite import SqliteLog

__all__ = ["notebook_path", "open_log", "open_session"]


def open_session(shell: Any) -> Session:
    """The session of the notebook that this shell belongs to; nothing is written yet.

    Raises:
        ConfigError: A setting has an invalid value.
    """
    notebook = notebook_path(shell)
    workspace = Path(os.path.realpath(notebook.parent if notebook else Path.cwd()))
    settings = load(workspace)
    record = store_folder(notebook, Path.cwd(), settings.store)
    return Session(shell, settings, SqliteLog(record), record, workspace, notebook=str(notebook or ""))


def open_log(folder: str = "") -> SqliteLog:
    """The record in a folder, or the one that belongs to the working directory."""
    settings = load(Path.cwd())
    return SqliteLog(store_folder(None, Path.cwd(), folder or settings.store))


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
