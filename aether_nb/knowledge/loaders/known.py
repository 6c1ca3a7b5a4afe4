"""The door for loaders: ``@loads(".bib")`` above a function. The built-in ones come in by it, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from aether_nb import registry
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Chunk, Loaded, Loader

__all__ = ["KIND", "READER", "FunctionLoader", "loads"]

Function: TypeAlias = Callable[[Source], Loaded | Iterable[Chunk]]
KIND = "loader"
"""What loaders are registered as."""
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
