"""Plugins: packages that add to the house. Each names a function in the entry-point group ``aether_nb``.

    # pyproject.toml of the package
    [project.entry-points.aether_nb]
    mine = "my_package:plug"

    # my_package/__init__.py
    def plug(house):
        house.register("tool", "postcode", postcode)

The function is called once in a process, when tools, models or anything else is first looked for by name. A plugin that
fails is named and taken out again, with all that it has registered; nothing else stops. What kinds of things there are,
and what they must look like, is known by the rooms that look for them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

from aether_nb import registry

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "OFF", "House", "Plugin", "load"]

GROUP = "aether_nb"
"""The entry-point group."""

OFF = "AETHER_PLUGINS_OFF"
"""The variable that names plugins which are not loaded, between commas; ``*`` for all of them."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin, and what became of it.

    ``added`` are the things that it has registered, as ``(kind, name)``; ``problem`` says in a sentence why it is not
    in use, and is empty when it is.
    """

    name: str
    package: str
    version: str
    added: tuple[tuple[str, str], ...] = ()
    problem: str = ""


class House:
    """What a plugin is handed: the door through which it brings its things in."""

    def __init__(self) -> None:
        self.added: list[tuple[str, str]] = []
        self._before: list[tuple[str, str, Any]] = []

    def register(self, kind: str, name: str, thing: Any) -> None:
        """Give a name to a thing; see ``aether_nb.register``.

        Raises:
            ValueError: The kind or the name is no word.
        """
        earlier = registry.get(kind, name) if name in registry.names(kind) else None
        registry.register(kind, name, thing)
        self._before.append((kind, name, earlier))
        self.added.append((kind, name))

    def leave(self) -> None:
        """Take everything out again that was brought in; what was replaced stands in its place."""
        for kind, name, earlier in reversed(self._before):
            registry.remove(kind, name)
            if earlier is not None:
                registry.register(kind, name, earlier)


_lock = RLock()
_loaded: list[Plugin] | None = None


def load() -> tuple[Plugin, ...]:
    """Every plugin that is installed, each called once in this process; in the order of their names."""
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = []  # a plugin that looks for things by name does not load the others from within
            _loaded += [_called(entry) for entry in sorted(installed(), key=lambda entry: entry.name)]
        return tuple(_loaded)


def installed() -> Iterable[EntryPoint]:
    """What the installed packages name in the group."""
    from importlib.metadata import entry_points  # it takes a moment, and who looks for nothing by name does not need it

    return entry_points(group=GROUP)


def _called(entry: EntryPoint) -> Plugin:
    package = entry.dist.name if entry.dist else ""
    version = entry.dist.version if entry.dist else ""
    off = {name.strip() for name in os.environ.get(OFF, "").split(",")}
    if "*" in off or entry.name in off:
        return Plugin(entry.name, package, version, problem=f"switched off by {OFF}")
    house = House()
    try:
        entry.load()(house)
    except Exception as error:  # whatever it is, it is the plugin's own fault, and stops nothing
        house.leave()
        logger.warning("The plugin %s of %s %s failed", entry.name, package, version, exc_info=True)
        return Plugin(entry.name, package, version, problem=f"{type(error).__name__}: {error}")
    return Plugin(entry.name, package, version, tuple(house.added))
