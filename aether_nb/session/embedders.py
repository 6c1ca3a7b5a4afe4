"""Who could make vectors of texts, by the settings: nobody, weights on this machine, a model for the role embedding.

It opens them and asks nobody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aether_nb import plugins
from aether_nb.knowledge import weights
from aether_nb.knowledge.embed import LOCAL, NONE, Chosen
from aether_nb.knowledge.embed import choose as choose_embedder
from aether_nb.knowledge.material import Embedder
from aether_nb.knowledge.weights import kept_folder
from aether_nb.models.registered import stays_here
from aether_nb.models.router import open_embeddings
from aether_nb.session.serving import Serving

__all__ = ["Embedders"]


@dataclass(frozen=True)
class Embedders:
    """Who could make vectors, by the settings.

    Args:
        models: Who serves.
    """

    models: Serving

    def choose(self) -> Chosen:
        """The one that serves.

        Raises:
            ConfigError: The one that is wanted is not there.
        """
        settings, providers = self.models.settings, self.models.providers
        named, note = settings.embedding_model, ""
        limited = settings.data != "all" or bool(settings.hide)
        if named and limited and not providers.profile(named, os.environ).local:
            # Documents may hold rows of data, and all of their text would go there.
            named, note = "", f" Not with {named}: a limit of data holds, and it is not on this machine."
        role = partial(self._served, named) if named else None
        found = choose_embedder(settings.embedder, os.environ, kept_folder(), role)
        if found.embedder is not None and (limited or settings.local_only) and not stays_here(found.embedder):
            why = f"{found.embedder.id} is not known to stay on this machine"
            return Chosen(None, f"Found by words alone: a limit of data or place holds, and {why}.")
        return found._replace(said=found.said + note)

    def names(self) -> list[str]:
        """None, the local one where its weights are, and the one that is set for the role."""
        local = [LOCAL] if weights.find(os.environ, kept_folder()) is not None else []
        return list(dict.fromkeys([NONE, *local, *filter(None, [self.models.settings.embedding_model])]))

    def open(self, name: str) -> Embedder | None:
        """The embedder of that name: ``none``, one that is registered, such as ``local``, a folder, or a model's name.

        Raises:
            ConfigError: There are no such weights.
            ModelError: There is no such model.
        """
        if name == NONE or name in plugins.found("embedder") or Path(name).is_dir():
            return choose_embedder(name, os.environ, kept_folder()).embedder
        return self._served(name)

    def _served(self, name: str) -> Embedder:
        settings = self.models.settings
        return open_embeddings(
            name, os.environ, self.models.providers, timeout=settings.timeout, local_only=settings.local_only
        )
