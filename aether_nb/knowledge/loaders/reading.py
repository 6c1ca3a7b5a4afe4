"""Reading a source by the loader of its ending; whatever goes wrong comes out as one error that names the source."""

from __future__ import annotations

from functools import cache

from aether_nb import plugins, registry
from aether_nb.errors import AetherError, SourceUnreadable
from aether_nb.knowledge.chunks import plain
from aether_nb.knowledge.loaders import notebooks, office, pages, papers, tabular, texts
from aether_nb.knowledge.loaders.known import KIND
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Loaded, Loader

__all__ = ["load", "readable"]


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
    plugins.load()
    own = {name: registry.get(KIND, name) for name in registry.names(KIND)}
    for module in (texts, notebooks, pages, papers, office, tabular):
        module.register()
    for name, loader in own.items():
        registry.register(KIND, name, loader)
