"""One place's knowledge as a run uses it: opened when first asked, searched both ways, its vectors filled in behind.

The index lives on a thread of its own, and a second one makes vectors while the first goes on answering; text can be
found at once, meaning a little later. Nothing is opened, and LanceDB is not imported, while nothing is kept there. It
does not know who asks.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aether_nb.errors import AetherError, ModelError
from aether_nb.events.messages import Text
from aether_nb.knowledge.embed import Chosen, Embed, plainly, thresholds_of
from aether_nb.knowledge.material import CATEGORIES, EVERYTHING, Category, Embedder, Hit, Where, data_of
from aether_nb.knowledge.place import holding, holds_tables, is_remote
from aether_nb.knowledge.recall import BUDGET, MOST, Ask, Found, recall
from aether_nb.knowledge.tables import checked

if TYPE_CHECKING:
    from aether_nb.knowledge.index import Index

__all__ = ["Library"]

T = TypeVar("T")

AT_ONCE = 32
"""Chunks whose vectors are made together: about a second's work of the local embedder."""
WRITTEN = 512
"""Chunks that get their vectors in one write, at most: a write costs the same for few as for many, and more the more
are kept. The first is one of ``AT_ONCE``, and each has twice as many: some are found soon, and where nothing can be
written little is made in vain."""


@dataclass
class Library:
    """What is kept in one place.

    Args:
        place: A folder, which need not exist, or an address.
        root: The folder from which the paths of documents count.
        choose: Says which embedder serves; asked once, when something is first looked for.
        options: How an object store is reached.
        embed: How vectors are made, for whoever does not say otherwise.
    """

    place: str
    root: Path
    choose: Callable[[], Chosen]
    options: Mapping[str, str] = field(default_factory=dict)
    embed: Embed = plainly
    trouble: str = ""
    """Why vectors are no longer made; empty when all is well."""

    def __post_init__(self) -> None:
        """Nothing is opened yet."""
        self._chosen: Chosen | None = None
        self._index: Index | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._filler: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def holds(self, category: Category | None = None) -> bool:
        """Whether anything is kept there, of one category or of any. Costs a look at a folder."""
        if is_remote(self.place):
            return True
        folder = holding(self.place)
        if category is None:
            return holds_tables(folder)
        return (folder / f"{category}.lance").is_dir()

    @property
    def chosen(self) -> Chosen:
        """The embedder that serves, and a sentence that says so.

        Raises:
            ConfigError: The one that is wanted is not there.
        """
        with self._lock:
            if self._chosen is None:
                self._chosen = self.choose()
            return self._chosen

    # ---- the index, on its own thread

    def do(self, work: Callable[[Index], T]) -> T:
        """Do something with the index, and wait for it. Not from a thread that runs an event loop.

        Raises:
            KnowledgeError: What is kept cannot be opened, read or written.
        """
        with self._lock:
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, "aether-knowledge")
        return self._worker.submit(lambda: work(self._opened())).result()

    async def done(self, work: Callable[[Index], T]) -> T:
        """The same, awaited."""
        return await asyncio.to_thread(self.do, work)

    def _opened(self) -> Index:
        if self._index is None:
            from aether_nb.knowledge.index import Index

            chosen = self.chosen
            self._index = Index.open(self.place, embedder=chosen.embedder, options=self.options)
        return self._index

    def close(self) -> None:
        """Stop making vectors, and let go of the index. It is opened anew when it is next asked."""
        self._stop.set()
        if self._filler is not None:
            self._filler.join()
        if self._worker is not None:
            if self._index is not None:
                with suppress(RuntimeError):  # the interpreter is about to end: tidying up waits for the next time
                    self._worker.submit(self._index.close).result()
            self._worker.shutdown()
        embedder = self._chosen.embedder if self._chosen else None
        if (close := getattr(embedder, "close", None)) is not None:
            close()
        self._chosen, self._index, self._worker, self._filler, self._stop = None, None, None, None, threading.Event()

    # ---- finding

    async def recall(
        self,
        query: str,
        where: Where = EVERYTHING,
        *,
        ask: Ask | None = None,
        context: str = "",
        most: int = MOST,
        budget: int = BUDGET,
        embed: Embed | None = None,
    ) -> Found:
        """Find passages in what is kept. Arguments as for ``recall.recall``; ``where`` says which part is looked at.

        Where no vector of the question can be had, or may be, it is searched by its words; what is found says so.

        Raises:
            KnowledgeError: What is kept cannot be read.
        """
        if not self.holds(where.category):
            return Found(query, queries=(query,), how=("Nothing is kept yet.",))

        troubles: list[str] = []

        async def look(one: str, deep: int) -> tuple[list[Hit], list[Hit], float]:
            return await asyncio.to_thread(self._look, one, deep, where, embed or self.embed, troubles)

        chosen = await asyncio.to_thread(lambda: self.chosen)
        thresholds = thresholds_of(chosen.embedder)
        found = await recall(query, look, ask=ask, context=context, thresholds=thresholds, most=most, budget=budget)
        return replace(found, how=(*troubles, *found.how))

    def _look(
        self, query: str, deep: int, where: Where, embed: Embed, troubles: list[str]
    ) -> tuple[list[Hit], list[Hit], float]:
        """What is found by words and by meaning, and which share has vectors; ``troubles`` takes why there are none."""
        text = self.do(lambda index: index.text_search(query, deep, where))
        embedder = self.chosen.embedder
        if embedder is None:
            return text, [], 1.0
        total, embedded = self.counted(where.category)
        if not embedded:
            self.fill()
            return text, [], 0.0 if total else 1.0
        try:
            point = embed(embedder, [Text(query)], "a question")[0]
        except ModelError as error:
            troubles[:] = [f"Searched by its words alone. {error.what} {error.why}".rstrip()]
            return text, [], 1.0
        vectors = self.do(lambda index: index.vector_search(point, deep, where))
        if embedded < total:
            self.fill()
        return text, vectors, embedded / total

    def counted(self, category: Category = "knowledge") -> tuple[int, int]:
        """How many chunks a category has, and how many of them have a vector of the embedder in use."""
        (one,) = self.do(lambda index: [stats for stats in index.stats() if stats.category == category])
        return one.chunks, one.embedded

    def is_changed(self, hit: Hit) -> bool:
        """Whether a file is another one than when it was read, or is gone. What is no file has not changed."""
        if not hit.sha or "://" in hit.path or hit.category != "knowledge":
            return False
        file = self.root / hit.path
        try:
            with file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() != hit.sha
        except OSError:
            return Path(hit.path).suffix != "" and not file.exists()

    # ---- vectors, later

    def fill(self) -> None:
        """Begin to make the vectors that are missing, behind what goes on; nothing where there is no embedder."""
        with self._lock:
            if self._filler is None or not self._filler.is_alive():
                self._filler = threading.Thread(target=self._fill, name="aether-vectors", daemon=True)
                self._filler.start()

    def filled(self, seconds: float | None = None) -> bool:
        """Wait until all vectors are there, so long at most; whether nobody is making any."""
        filler = self._filler
        if filler is not None:
            filler.join(seconds)
        return filler is None or not filler.is_alive()

    def cancel(self) -> None:
        """Stop making vectors; what has one keeps it, and the rest gets its own the next time."""
        self._stop.set()
        self.filled()
        self._stop = threading.Event()

    def _fill(self) -> None:
        stop = self._stop
        try:
            embedder = self.chosen.embedder
            for category in CATEGORIES:
                most = AT_ONCE
                while embedder is not None and not stop.is_set() and self._fill_some(embedder, category, most, stop):
                    most = min(2 * most, WRITTEN)
            self.trouble = ""
        except AetherError as error:
            self.trouble = f"{error.what} {error.why}".strip()
        except RuntimeError as error:  # the interpreter is about to end, and takes no more work
            self.trouble = str(error)

    def _fill_some(self, embedder: Embedder, category: Category, most: int, stop: threading.Event) -> bool:
        """Give some chunks their vectors, in one write; whether there were any without. What is made is written."""
        rows = self.do(lambda index: index.unembedded(most, category))
        ids, vectors = list[str](), list[Sequence[float]]()
        try:
            for first in range(0, len(rows), AT_ONCE):
                if stop.is_set():
                    break
                some = rows[first : first + AT_ONCE]
                texts = [Text(row.text, data_of(row.kind)) for row in some]
                made = self.embed(embedder, texts, "vectors of what is kept")
                vectors.extend(checked(made, embedder, len(some)))
                ids.extend(row.id for row in some)
        finally:
            if ids:
                self.do(lambda index: index.set_vectors(ids, vectors, category))
        return bool(rows)

    def standing(self) -> list[str]:
        """How what is kept can be found, in sentences."""
        chosen = self.chosen
        lines = [chosen.said]
        if chosen.embedder is not None and self.holds("knowledge"):
            total, embedded = self.counted()
            if embedded < total:
                doing = "with the next search" if self.filled(0) else "just now"
                lines.append(f"{embedded:,} of {total:,} chunks have vectors; the others get theirs {doing}.")
        return lines + ([f"Vectors are not made: {self.trouble}"] if self.trouble else [])
