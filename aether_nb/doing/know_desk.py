"""What ``know`` is handed by a face: where things are, how pages are fetched and looked at, and the variables."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from aether_nb.agent.egress import Rules
from aether_nb.doing.bars import bar
from aether_nb.knowledge.importing import Fetch, Importer, Page
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.library import Library
from aether_nb.session.asides import Eyes
from aether_nb.session.embedders import Embedders
from aether_nb.session.knowing import Knowing
from aether_nb.tools.fetching import fetch_page

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Desk", "ProgressLine", "open_desk"]

Runner: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]

BAR = "{percentage:3.0f}% {bar} {n:,}/{total:,} [{elapsed}<{remaining}] {desc}"

COLUMNS = 79
"""Characters of a bar where there is no terminal, whose own width counts."""

DELAY = 0.3
"""Seconds. What is over by then needs no bar."""


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
    progress: ProgressLine = field(default_factory=lambda: ProgressLine(None))
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


class ProgressLine:
    """A bar on one line that is written over, and away when all is done; none where little is to be done.

    Args:
        file: Where it is seen; None where nobody looks.
    """

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._bar: tqdm[Any] | None = None

    def __call__(self, done: int, total: int, name: str) -> None:
        """Tell how many are done, how many there are, and what is next."""
        if self._file is not None and total > 1:
            if self._bar is None:
                wide: dict[str, Any] = {"dynamic_ncols": True} if self._file.isatty() else {"ncols": COLUMNS}
                self._bar = bar(file=self._file, total=total, leave=False, delay=DELAY, bar_format=BAR, **wide)
            self._bar.total = total
            self._bar.set_description_str(name[-50:], refresh=False)
            self._bar.update(done - self._bar.n)
            if done + 1 >= total:
                self.close()

    def close(self) -> None:
        """Take it away, however far it came."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
