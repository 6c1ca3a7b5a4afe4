"""aether-nb: an agent that lives in your notebook (``%load_ext aether_nb``) and in your programs (``Aether()``).

The layout: files in this folder are the path that a prompt takes (``magics``, ``cell``, ``session``), folders are the
places it visits (``agent``, ``tools``, ``knowledge``, ``live``, ``models``, ``store``, ``widgets``, ``events``). What
can be typed stands in ``verbs``, what is done then in ``doing``, ``jobs`` and ``serve``; ``client`` is the face for
programs. Importing this module does nothing else. What type checkers read stands in ``__init__.pyi``.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "agent.hooks": ("Hook", "hook"),
    "agent.hosting": ("host",),
    "client.face": ("Aether",),
    "client.registering": ("register_tool",),
    "errors": ("AetherError", "FatalToolError", "InterventionRequired", "RepairableToolError"),
    "events.messages": ("Message",),
    "models.catalogue.providers": ("register_provider",),
    "models.scripted": ("FakeProvider", "ScriptedModel"),
    "plugins": ("register",),
    "tools.function": ("tool",),
    "tools.skills.written": ("skill",),
}

__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Register the magics; called by ``%load_ext aether_nb``."""
    import_module(f"{__name__}.magics").load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics back; called by ``%unload_ext aether_nb``."""
    import_module(f"{__name__}.magics").unload(shell)
