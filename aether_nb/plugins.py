"""What is added to the house, and by whom: one door for what is built in, for packages, and for a cell.

    # pyproject.toml of a package                       # a cell
    [project.entry-points.aether_nb]                    from aether_nb import register
    mine = "my_package:plug"
                                                        @register("loader", ".foo")
    # my_package/__init__.py                            def read_foo(source): ...
    def plug(house):
        house.register("tool", "postcode", postcode)

Each kind of thing has a home: the module that looks such things up. Its ``fit(name, thing)`` says what is wrong with
one, and its ``plug(house)`` brings in the built-in ones, as a package does, when one of the kind is first looked for. A
package's function is called once in a process. One that fails is named and taken out, with all that it has brought;
nothing else stops. What things must look like is known by their homes, and not here.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any

from aether_nb import registry
from aether_nb.errors import OptionError
from aether_nb.registry import HOUSE

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "HOMES", "OFF", "House", "Plugin", "found", "load", "own", "register"]

GROUP = "aether_nb"
"""The entry-point group."""

OFF = "AETHER_PLUGINS_OFF"
"""The variable that names plugins which are not loaded, between commas; ``*`` for all of them."""

HOMES = {
    "tool": "aether_nb.tools.builtin",
    "provider": "aether_nb.models.catalogue.providers",
    "model": "aether_nb.models.registered",
    "store": "aether_nb.store.store",
    "embedder": "aether_nb.knowledge.embed",
    "loader": "aether_nb.knowledge.loaders.reading",
    "skill": "aether_nb.tools.skills.finding",
    "profile": "aether_nb.agent.profiles",
    "hook": "aether_nb.agent.hooks",
}
"""The kinds of things, and where each is at home: imported by name, as a package is, when one is first wanted."""

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


@dataclass(frozen=True, slots=True)
class House:
    """What a plugin is handed: the door through which it brings its things in, under its name."""

    by: str

    def register(self, kind: str, name: str, thing: Any = None) -> Any:
        """Give a name to a thing; see ``aether_nb.register``.

        Raises:
            OptionError: There is no such kind, or the thing is none of it.
        """
        return register(kind, name, thing, self.by)


def register(kind: str, name: str, thing: Any = None, by: str = "") -> Any:
    """Add something to the house: ``register("tool", "postcode", postcode)``, or ``@register("loader", ".foo")``.

    Args:
        kind: tool, provider, model, store, embedder, loader, skill, profile or hook.
        name: What people type. For a loader the ending of the files, with its dot; for a store what stands before
            ``://`` in its address.
        thing: The thing itself, or a function that makes one or does its work; left out above a function.
        by: Who brings it; empty for the notebook or program that runs.

    Returns:
        What stands above a function, when the thing is left out; else nothing, so that a cell shows nothing.

    Raises:
        OptionError: There is no such kind, or the thing is none of it.
    """
    if thing is None:

        def above(decorated: Any) -> Any:
            register(kind, name, decorated, by)
            return decorated

        return above
    try:
        registry.register(kind, name, _home(kind).fit(name, thing), by)
    except ValueError as error:
        raise OptionError(str(error)) from error
    return None


def _home(kind: str) -> Any:
    """The module where things of a kind are looked at."""
    if kind not in HOMES:
        raise OptionError(f"There is no kind {kind!r} of things.", f"There are {', '.join(HOMES)}.")
    return import_module(HOMES[kind])


# ---- what is looked for by name


def own(kind: str) -> dict[str, Any]:
    """What is built in of a kind, by name."""
    there = registry.own(kind)
    if not there and hasattr(home := _home(kind), "plug"):
        home.plug(House(HOUSE))
        there = registry.own(kind)
    return there


def found(kind: str, *, plugged: bool = True) -> dict[str, Any]:
    """Everything of a kind by name: what is built in, what packages bring, and what was registered here.

    Args:
        kind: Which.
        plugged: Whether packages are looked for, which takes a moment the first time.
    """
    own(kind)
    if plugged:
        load()
    return registry.things(kind)


# ---- packages

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
    hand = f"{package}:{entry.name}"  # two packages may call theirs the same
    try:
        plug: Callable[[House], object] = entry.load()
        plug(House(hand))
    except Exception as error:  # whatever it is, it is the plugin's own fault, and stops nothing
        registry.withdraw(hand)
        problem = f"{type(error).__name__}: {error}"
        logger.warning("The plugin %s of %s %s is not used: %s", entry.name, package, version, problem)
        logger.debug("It failed here", exc_info=True)
        return Plugin(entry.name, package, version, problem=problem)
    return Plugin(entry.name, package, version, registry.brought(hand))
