"""Reading a source by the loader of its ending; whatever goes wrong comes out as one error that names the source.

Loaders are registered by the ending of the files they read: ``@register("loader", ".foo")`` above a function that takes
a ``Source`` and gives chunks. The built-in ones come in by that door, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aether_nb import plugins
from aether_nb.errors import AetherError, OptionError, SourceUnreadable
from aether_nb.knowledge.chunks import plain
from aether_nb.knowledge.loaders import notebooks, office, pages, papers, tabular, texts
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Chunk, Loaded, Loader

__all__ = ["READER", "FunctionLoader", "fit", "load", "plug", "readable"]

Function: TypeAlias = Callable[[Source], Loaded | Iterable[Chunk]]

READER = 2
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


def plug(house: plugins.House) -> None:
    """Bring in the loaders that come with the package."""
    for module in (texts, notebooks, pages, papers, office, tabular):
        for suffixes, function in module.LOADERS.items():
            loader = FunctionLoader(suffixes, function)
            for suffix in suffixes:
                house.register("loader", suffix, loader)


def fit(name: str, thing: Any) -> Loader:
    """The loader that a thing is: one already, or a function that takes a ``Source`` and gives chunks.

    Raises:
        OptionError: It is none, or its name is no ending of files.
    """
    if not name.startswith(".") or name != name.lower():
        hint = 'register("loader", ".foo", read_foo)'
        raise OptionError(f"{name!r} is no ending of files.", "It begins with a dot, in small letters.", hint)
    if callable(getattr(thing, "load", None)):
        loader: Loader = thing
        return loader
    if not callable(thing):
        what = f"What is registered as the loader of {name} is none."
        raise OptionError(what, f"It is a {type(thing).__name__}.", "Give a function that takes a Source.")
    return FunctionLoader((name,), thing)


def readable() -> frozenset[str]:
    """The endings of files that there is a loader for."""
    return frozenset(plugins.found("loader"))


def load(source: Source) -> Loaded:
    """What is in a source. One of an unknown ending is read when it is a text.

    Raises:
        SourceUnreadable: It cannot be read.
    """
    if not source.size:
        raise SourceUnreadable(f"{source.name} is empty.")
    loader: Loader | None = plugins.found("loader").get(source.suffix)
    if loader is None:
        return Loaded("text", plain(source.name, source.text()))
    try:
        return loader.load(source)
    except AetherError:
        raise
    except Exception as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise SourceUnreadable(f"{source.name} cannot be read.", f"It is not what its ending says: {why}") from error
