"""Taking things in: files, folders, pages and values; again and again, so that only what changed is read.

Whether a file changed is told by its time and size, then by its hash. Documents are written in batches, each whole: an
import that is stopped or killed has lost nothing, and the next one goes on where it was. A file that cannot be read is
named and does not hold up the others. It fetches nothing from the web itself: whoever calls hands in how.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from aether_nb.config.home import expanded
from aether_nb.errors import KnowledgeMissing, SourceUnreadable
from aether_nb.knowledge import finding
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.loaders.reading import READER, load
from aether_nb.knowledge.loaders.source import Looking, Missing, Source
from aether_nb.knowledge.loaders.values import fingerprint, value
from aether_nb.knowledge.material import Chunk, Document, Known, Loaded, Where, document_id

__all__ = ["Fetch", "Importer", "Page", "Report", "is_address"]

BATCH = 2000
"""Chunks after which a batch is written."""
SECONDS = 5.0
"""Or seconds, so that little is read again after a crash."""
MANY = 500
"""Chunks after which the table is tidied up at the end, so that searches are fast."""
TICK = 20_000_000
"""Nanoseconds within which a file may be changed twice and bear the same time."""
VARIABLE = "variable:"
LOOK = "A model for the role vision reads them: %aether know add --look FILE"
ENDINGS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/json": ".json",
    "text/plain": ".txt",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched from an address."""

    data: bytes
    kind: str = "text/html"
    """Its content type, without parameters."""


Fetch: TypeAlias = Callable[[str], Page]
"""Gets what is at an address; raises SourceUnreadable when it cannot be had."""


@dataclass(slots=True)
class Report:
    """What an import did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    """Chunks of the documents that were added or changed."""
    looked: int = 0
    """Pages that were pictures, and were read from them."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """What was not taken in, by its name, and why not."""
    seconds: float = 0.0
    stopped: bool = False
    """Whether it was interrupted; what was read until then is kept."""


def is_address(target: str) -> bool:
    """Whether this is an address of the web, and no path."""
    return target.lower().startswith(("http://", "https://"))


class Importer:
    """Takes things into an index.

    Args:
        index: Where they are kept.
        root: The project's folder: paths inside of it are cited relative to it.
        fetch: How pages are had; None when they are not.
        hides: Whether no value of a column of this name may be kept.
        looking: Who reads pages that are pictures; None when nobody does.
        progress: Told before each thing that is read: how many are done, how many there are, and its name.
        now: The clock, in seconds since 1970.
    """

    def __init__(
        self,
        index: Index,
        root: Path,
        *,
        fetch: Fetch | None = None,
        hides: Callable[[str], bool] = lambda _: False,
        looking: Looking | None = None,
        progress: Callable[[int, int, str], None] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.report = Report()
        self._index, self._root, self._fetch, self._hides, self._now = index, root.absolute(), fetch, hides, now
        self._progress, self._looking = progress, looking
        self._inside = f"{self._root}".rstrip(os.sep) + os.sep
        self._pending: list[tuple[Document, tuple[Chunk, ...]]] = []
        self._touched: dict[str, tuple[int, int]] = {}
        self._size = 0
        self._since = time.monotonic()
        self._unseen: frozenset[str] | None = None

    # ---- what is taken in

    def add(self, target: str | Path, tags: Iterable[str] = ()) -> None:
        """Take in a file, a folder or a page; what it held and holds no more leaves.

        Raises:
            KnowledgeMissing: There is no such file or folder.
            KnowledgeError: Nothing can be written.
        """
        with self._work():
            if isinstance(target, str) and is_address(target):
                self._page(target, tuple(tags))
            else:
                self._path(Path(target), tuple(tags))

    def add_value(self, name: str, thing: Any, template: str = "", tags: Iterable[str] = ()) -> None:
        """Take in a variable: a text, texts, a data dictionary, or a frame row by row.

        Raises:
            SourceUnreadable: It is nothing that can be read, or it is empty.
            KnowledgeError: Nothing can be written.
        """
        with self._work():
            loaded = value(name, thing, self._hides, template)
            path, sha = f"{VARIABLE}{name}", fingerprint(loaded)
            self._offer(loaded, path, self._index.fingerprints().get(path), sha, name, path, tuple(tags))

    def refresh(self) -> None:
        """Look again at everything that was taken in: what changed is read, what vanished leaves.

        Raises:
            KnowledgeError: Nothing can be written.
        """
        with self._work():
            known = self._index.fingerprints()
            tags = {document.path: document.tags for document in self._index.documents()}
            for source in sorted({entry.source for entry in known.values()}):
                of_it = next(tags[path] for path, entry in known.items() if entry.source == source)
                if is_address(source):
                    self._page(source, of_it)
                elif not source.startswith(VARIABLE):
                    self._again(source, known, of_it)

    def again(self, source: str) -> None:
        """Look again at one thing that was taken in; when it is gone, what came from it leaves.

        Raises:
            KnowledgeError: Nothing can be written.
        """
        with self._work():
            known = self._index.fingerprints()
            tags = {tag for one in self._index.documents(Where(source=(source,))) for tag in one.tags}
            self._again(source, known, tuple(sorted(tags)))

    def _again(self, source: str, known: dict[str, Known], tags: tuple[str, ...]) -> None:
        path = self._root / source
        if path.exists():
            self._path(path, tags)
        else:
            self._leave(name for name, entry in known.items() if entry.source == source)

    # ---- paths

    def _path(self, path: Path, tags: tuple[str, ...]) -> None:
        path = Path(os.path.normpath(self._root / expanded(path)))
        source, known = self._cited(str(path)), self._index.fingerprints()
        if path.is_dir():
            found = finding.walk(path)
            self.report.skipped += [(self._cited(file), "It looks as if it held keys.") for file in found.keys]
            self.report.skipped += [(self._cited(place), f"{why}.") for place, why in found.closed]
            there = {self._cited(file): (file, stat) for file, stat in found.files}
            for number, (name, (file, stat)) in enumerate(there.items()):
                self._tell(number, len(there), name)
                self._file(name, file, stat, source, known.get(name), tags)
            self._leave(self._vanished(source, known, there, found))
        elif path.is_file():
            if finding.holds_keys(path.name):
                raise SourceUnreadable(f"{source} looks as if it held keys.", "Such files are never taken in.")
            self._tell(0, 1, path.name)
            self._file(source, str(path), path.stat(), source, known.get(source), tags)
        else:
            what = "is neither a file nor a folder" if path.exists() else "does not exist"
            raise KnowledgeMissing(f"{source} {what}.", f"It was looked for in {self._root}.")

    def _file(
        self, name: str, file: str, stat: os.stat_result, source: str, before: Known | None, tags: tuple[str, ...]
    ) -> None:
        stamp = finding.stamp(stat)
        unseen = self._is_unseen(name)
        if before and not unseen and (before.mtime_ns, before.size, before.reader) == (stamp, stat.st_size, READER):
            self.report.unchanged += 1
            return
        if abs(time.time_ns() - stamp) < TICK:
            stamp = 0  # it may be changed once more and bear the same time: next time its hash is looked at
        given = Source(name, Path(file), suffix=Path(file).suffix.lower(), hides=self._hides, looking=self._looking)
        try:
            sha = given.sha()
        except SourceUnreadable as error:  # what was known of it stays
            self._skip(name, error)
            return
        if before and not unseen and before.sha == sha and before.reader == READER:
            self._touched[document_id(name)] = (stamp, stat.st_size)
            self.report.unchanged += 1
            return
        self._read(given, source, before, Document(name, size=stat.st_size, mtime_ns=stamp, sha=sha, tags=tags))

    def _read(self, given: Source, source: str, before: Known | None, base: Document) -> None:
        """Read what is new or changed; what cannot be read is kept by its name, with the reason."""
        try:
            loaded = load(given) if given.size else Loaded("empty", ())
            error = loaded.error
        except Missing as missing:
            self._skip(given.name, missing)
            return
        except SourceUnreadable as unreadable:
            self._skip(given.name, unreadable)
            loaded, error = Loaded("unreadable", ()), str(unreadable)
        self.report.looked += len(loaded.meta.get("looked", ()))
        if loaded.error:
            self.report.skipped.append((given.name, loaded.error.removeprefix(given.name).strip()))
        elif scanned := loaded.meta.get("scanned"):
            pages = ", ".join(map(str, scanned[:10])) + (" …" if len(scanned) > 10 else "")
            how = loaded.meta.get("not_looked") or LOOK
            self.report.skipped.append((given.name, f"Pages that are pictures, which nobody has read: {pages}. {how}"))
        self._keep(loaded, base, source, before, error)

    def _is_unseen(self, name: str) -> bool:
        """Whether a file has pages that are pictures and that nobody has read, and somebody would read them now."""
        if self._looking is None:
            return False
        if self._unseen is None:
            scanned = (one.path for one in self._index.documents(Where(kind=("pdf",))) if one.meta.get("scanned"))
            self._unseen = frozenset(scanned)
        return name in self._unseen

    def _vanished(
        self, source: str, known: Mapping[str, Known], there: Container[str], found: finding.Found
    ) -> list[str]:
        """What came from a folder and is no more in it. Where nobody could look, nothing has vanished."""
        closed = tuple(f"{self._cited(place)}/" for place, _ in found.closed)
        gone = [name for name, entry in known.items() if entry.source == source and name not in there]
        return [name for name in gone if not f"{name}/".startswith(closed)]

    def _cited(self, path: str) -> str:
        """What a path is cited by: relative to the project where it lies inside."""
        name = path.removeprefix(self._inside) if path != self._inside[:-1] else "."
        # Bytes of a name that are in no encoding are written out: no database takes them as they are.
        return name.replace(os.sep, "/").encode("utf-8", "backslashreplace").decode()

    # ---- pages

    def _page(self, url: str, tags: tuple[str, ...]) -> None:
        if self._fetch is None:
            raise SourceUnreadable(f"{url} was not fetched.", "Nothing is fetched from the web here.")
        self._tell(0, 1, url)
        before = self._index.fingerprints().get(url)
        try:
            page = self._fetch(url)
        except SourceUnreadable as error:
            self._skip(url, error)
            return
        suffix = ENDINGS.get(page.kind) or PurePosixPath(urlsplit(url).path).suffix.lower()
        given = Source(url, data=page.data, suffix=suffix, hides=self._hides, looking=self._looking)
        sha = hashlib.sha256(page.data).hexdigest()
        if before and not self._is_unseen(url) and before.sha == sha and before.reader == READER:
            self.report.unchanged += 1
            return
        self._read(given, url, before, Document(url, size=len(page.data), sha=sha, tags=tags))

    # ---- keeping

    def _offer(
        self, loaded: Loaded, path: str, before: Known | None, sha: str, title: str, source: str, tags: tuple[str, ...]
    ) -> None:
        if before and before.sha == sha and before.reader == READER:
            self.report.unchanged += 1
            return
        self._keep(loaded, Document(path, title, sha=sha, tags=tags), source, before, "")

    def _keep(self, loaded: Loaded, base: Document, source: str, before: Known | None, error: str) -> None:
        document = Document(
            path=base.path,
            title=loaded.title or base.title or PurePosixPath(base.path).name,
            kind=loaded.kind,
            source=source,
            tags=base.tags,
            created=self._now(),
            sha=base.sha,
            size=base.size,
            mtime_ns=base.mtime_ns,
            error=error,
            reader=READER,
            meta=loaded.meta,
        )
        self._pending.append((document, loaded.chunks))
        self._size += len(loaded.chunks) + 1
        if not error:
            self.report.added += before is None
            self.report.changed += before is not None
            self.report.chunks += len(loaded.chunks)
        if self._size >= BATCH or time.monotonic() - self._since > SECONDS:
            self._flush()

    def _leave(self, names: Iterable[str]) -> None:
        self.report.removed += self._index.remove(document_id(name) for name in names)

    def _skip(self, name: str, error: SourceUnreadable) -> None:
        self.report.skipped.append((name, str(error).removeprefix(name).strip()))

    def _flush(self) -> None:
        """Write what was read; a batch is whole or not there."""
        pending, touched = self._pending, self._touched
        self._pending, self._touched, self._size, self._since = [], {}, 0, time.monotonic()
        self._index.put_all(pending)
        self._index.restamp(touched)

    def _tell(self, done: int, total: int, name: str) -> None:
        if self._progress:
            self._progress(done, total, name)

    def _work(self) -> _Work:
        return _Work(self)


class _Work:
    """A piece of work of an importer: what was read is written at its end, also when somebody interrupts it."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        importer = self._importer
        if error is None or isinstance(error, KeyboardInterrupt | SourceUnreadable | KnowledgeMissing):
            importer._flush()
        if isinstance(error, KeyboardInterrupt):
            importer.report.stopped = True
        elif importer.report.chunks >= MANY:
            importer._index.tidy()
        importer.report.seconds += time.monotonic() - self._began
