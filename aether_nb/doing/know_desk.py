"""What ``know`` is handed by a face: where things are, how pages are fetched and looked at, and the variables."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from aether_nb.agent.egress import Rules
from aether_nb.knowledge.importing import Fetch, Importer, Page
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.library import Library
from aether_nb.session.asides import Eyes
from aether_nb.session.embedders import Embedders
from aether_nb.session.knowing import Knowing
from aether_nb.tools.fetching import fetch_page

__all__ = ["Desk", "open_desk", "progress_line"]

Runner: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(frozen=True)
class Desk:
    """What a face hands in."""

    library: Library
    """What is known, as runs use it."""
    embedders: Embedders
    """Who could make vectors."""
    run: Runner
    """Waits for what is asynchronous."""
    fetch: Fetch | None = None
    eyes: Callable[[], Eyes | None] = lambda: None
    """Opens who looks at pictures of pages; refuses where nobody may."""
    hides: Callable[[str], bool] = lambda _: False
    namespace: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[int, int, str], None] | None = None
    say: Callable[[str], None] = print
    """Tells something while the verb goes on."""

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.library.root

    def open(self) -> Index:
        """The index, for this thread alone: so an import is stopped where it was begun."""
        library = self.library
        return Index.open(library.place, embedder=library.chosen.embedder, options=library.options)

    def importer(self, index: Index, eyes: Eyes | None = None) -> Importer:
        """Someone to take things in; with eyes, pages that are pictures, too."""
        return Importer(index, self.root, fetch=self.fetch, hides=self.hides, looking=eyes, progress=self.progress)


def open_desk(knowing: Knowing, run: Runner, **more: Any) -> Desk:
    """What the verb needs.

    Args:
        knowing: What is known in the project.
        run: Waits for what is asynchronous.
        more: The variables there are, who is told of progress, and how something is said; see ``Desk``.
    """

    def fetch(url: str) -> Page:
        data, kind = run(fetch_page(url))
        return Page(data, kind)

    hides = Rules(hide=knowing.models.settings.hide).hides
    return Desk(knowing.library, knowing.embedders, run, fetch, lambda: Eyes.open(knowing.aside, run), hides, **more)


def progress_line(write: Callable[[str], None]) -> Callable[[int, int, str], None]:
    """A bar on one line that is written over; nothing of it is seen where little is to be done.

    Args:
        write: Writes a text without a new line.
    """
    shown = [time.monotonic()]

    def tell(done: int, total: int, name: str) -> None:
        last = done + 1 >= total
        if time.monotonic() - shown[0] > 0.3 and total > 1:
            shown[0] = time.monotonic()
            bar = "█" * (20 * done // total)
            write(f"\r{bar:░<20} {done:,}/{total:,} {name[-50:]:<50}")
        if last and total > 1:
            write(f"\r{'':<85}\r")

    return tell
