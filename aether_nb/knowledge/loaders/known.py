"""Which loader reads what. The built-in ones register through the same door as anybody's: ``@loads(".bib")``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from aether_nb import registry
from aether_nb.errors import AetherError, SourceUnreadable
from aether_nb.knowledge.chunks import plain
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Chunk, Loaded, Loader

__all__ = ["READER", "FunctionLoader", "load", "loads", "readable"]

Function: TypeAlias = Callable[[Source], Loaded | Iterable[Chunk]]
KIND = "loader"
READER = 1
"""The version of what loaders and chunks make. With another one, files are read again though they did not change."""


@dataclass(frozen=True, slots=True)
class FunctionLoader:
    """A function as a loader."""

    suffixes: tuple[str, ...]
    function: Function

    def load(self, source: Source) -> Loaded:
        """What the function makes; chunks alone become a document named after the ending."""
        made = self.function(source)
        return made if isinstance(made, Loaded) else Loaded(source.suffix.lstrip("."), tuple(made))


def loads(*suffixes: str) -> Callable[[Function], Function]:
    """Make a function the loader of files with these endings; it takes a ``Source`` and gives chunks.

    Args:
        suffixes: The endings, in lower case and with the dot. A later loader of an ending replaces an earlier one.
    """

    def register(function: Function) -> Function:
        loader: Loader = FunctionLoader(suffixes, function)
        for suffix in suffixes:
            registry.register(KIND, suffix, loader)
        return function

    return register


def readable() -> frozenset[str]:
    """The endings of files that there is a loader for."""
    _bundled()
    return frozenset(registry.names(KIND))


def load(source: Source) -> Loaded:
    """What is in a source. One of an unknown ending is read when it is a text.

    Raises:
        SourceUnreadable: It cannot be read.
    """
    _bundled()
    if not source.size:
        raise SourceUnreadable(f"{source.name} is empty.")
    try:
        loader: Loader = registry.get(KIND, source.suffix)
    except LookupError:
        return Loaded("text", plain(source.name, source.text()))
    try:
        return loader.load(source)
    except AetherError:
        raise
    except Exception as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise SourceUnreadable(f"{source.name} cannot be read.", f"It is not what its ending says: {why}") from error


@cache
def _bundled() -> None:
    """Register the loaders that come with the package, once; those that somebody registered before stay."""
    from aether_nb.knowledge.loaders import notebooks, office, pages, papers, tabular, texts

    own = {name: registry.get(KIND, name) for name in registry.names(KIND)}
    for module in (texts, notebooks, pages, papers, office, tabular):
        module.register()
    for name, loader in own.items():
        registry.register(KIND, name, loader)
