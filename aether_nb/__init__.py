"""aether-nb: an agent that lives in your notebook.

    %load_ext aether_nb

    %%aether
    Which species differ most in flipper length?

The layout: files in this folder are the path that a prompt takes (``magics``, ``cell``, ``session``), folders are the
places it visits (``agent``, ``tools``, ``live``, ``models``, ``store``, ``widgets``, ``events``). Importing this module
does nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "AetherError",
    "FakeProvider",
    "FatalToolError",
    "InterventionRequired",
    "RepairableToolError",
    "ScriptedModel",
    "register",
    "tool",
]

_HOMES = {
    "AetherError": "errors",
    "FatalToolError": "errors",
    "InterventionRequired": "errors",
    "RepairableToolError": "errors",
    "FakeProvider": "models.scripted",
    "ScriptedModel": "models.scripted",
    "register": "registry",
    "tool": "tools.function",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Register the magics; called by ``%load_ext aether_nb``."""
    from aether_nb.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics back; called by ``%unload_ext aether_nb``."""
    from aether_nb.magics import unload

    unload(shell)
