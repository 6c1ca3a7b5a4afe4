"""What knowledge is made of: documents, their chunks, what a search finds, and who reads and embeds them.

Plain values and two contracts. This module knows no database, no file and no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, get_args

from aether_nb.events.messages import DataKind

__all__ = [
    "CATEGORIES",
    "EVERYTHING",
    "Category",
    "Chunk",
    "Document",
    "Embedder",
    "Hit",
    "Known",
    "Loaded",
    "Loader",
    "Stats",
    "Unembedded",
    "Where",
    "data_of",
    "document_id",
]

Category: TypeAlias = Literal["knowledge", "solutions", "memory"]
"""What was read; what was solved; what a person wants to be remembered. Each is a table of its own."""

CATEGORIES: tuple[Category, ...] = get_args(Category)


OF_DATA = ("csv", "frame", "sheet", "notebook", "solution", "dictionary")
"""Kinds of documents that may show values of data: under a limit of data they stay here like any output."""


def data_of(kind: str) -> DataKind:
    """What a passage of a document of this kind may show of the user's data."""
    return "output" if kind in OF_DATA else "recalled"


def document_id(path: str) -> str:
    """The id of the document that goes by this path within its category: 32 hexadecimal digits."""
    return blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that was read as a whole: a file, a page of the web, a variable, a solution, a fact."""

    path: str
    """What it goes by, unique within its category: a path from the project's folder, an address, or a name."""
    title: str = ""
    kind: str = "text"
    """What it is: text, markdown, python, notebook, html, pdf, word, slides, sheet, csv, frame, solution, fact, …"""
    category: Category = "knowledge"
    source: str = ""
    """What was added when this came in: the folder, the address or the name that a person gave."""
    tags: tuple[str, ...] = ()
    created: float = 0.0
    """When it was taken in, in seconds since 1970."""
    sha: str = ""
    """SHA-256 of its bytes; of its text where there are no bytes."""
    size: int = 0
    """Bytes."""
    mtime_ns: int = 0
    """When the file was changed (its content, name or rights), in nanoseconds since 1970; 0 where it is not known."""
    error: str = ""
    """Why nothing of it can be searched, for a person to read; empty when all is well."""
    reader: int = 0
    """The version of the loaders that read it."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """What else is to be kept with it; as JSON."""

    @property
    def id(self) -> str:
        """What its chunks refer to it by."""
        return document_id(self.path)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document that is found as a whole: at most about 2,000 characters."""

    text: str
    header: str = ""
    """Stands in front of the text where it is indexed and embedded: ``path > heading``, ``path :: Class.method``."""
    scope: str = ""
    """Where inside the document: the headings above it, or the class and function."""
    start: int = 0
    """The first line, page, cell, row or slide, counted from 1; 0 where there is none."""
    end: int = 0
    """The last one, inclusive."""
    unit: str = "line"
    """What ``start`` and ``end`` count: line, page, cell, row, slide."""

    @property
    def search_text(self) -> str:
        """What is indexed and embedded."""
        return f"{self.header}\n{self.text}" if self.header else self.text


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a loader makes of a source: its chunks in their order, and what the document is."""

    kind: str
    chunks: tuple[Chunk, ...]
    title: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    """Why nothing of it can be searched, though it was read; empty when all is well."""


class Known(NamedTuple):
    """What is known of a document without looking at it again."""

    mtime_ns: int
    size: int
    sha: str
    source: str
    reader: int
    """The version of the loaders that read it."""


class Unembedded(NamedTuple):
    """A chunk that has no vector of an embedder yet."""

    id: str
    text: str
    """What is to be embedded."""
    kind: str
    """Its document's."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that is kept, as it was found."""

    id: str
    doc: str
    """The document's id."""
    path: str
    title: str
    kind: str
    scope: str
    start: int
    end: int
    text: str
    score: float = 0.0
    """How good it is; only comparable within one search. 0 when nothing was searched for."""
    legs: Mapping[str, float] = field(default_factory=dict)
    """What each way of searching gave: ``text`` (BM25), ``vector`` (cosine)."""
    unit: str = "line"
    order: int = 0
    """Its place among the document's chunks, from 0."""
    category: Category = "knowledge"
    source: str = ""
    tags: tuple[str, ...] = ()
    created: float = 0.0
    sha: str = ""
    """SHA-256 of the document as it was when this was taken in."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which part of what is kept is looked at. Of each field one of the values has to fit; an empty field fits all."""

    category: Category = "knowledge"
    source: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    doc: tuple[str, ...] = ()
    after: float | None = None
    """Taken in at or after this moment, in seconds since 1970."""
    before: float | None = None
    """Taken in before this moment."""


EVERYTHING = Where()
"""All of what was read."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What one category holds."""

    category: Category
    documents: int = 0
    failed: int = 0
    """Documents of which nothing can be searched; they are among ``documents``."""
    chunks: int = 0
    embedded: int = 0
    """Chunks that have a vector of the embedder in use."""
    bytes: int = 0
    """On the disk; 0 when it is not known."""
    newest: float = 0.0
    """When the latest document was taken in, in seconds since 1970."""
    embedders: tuple[str, ...] = ()
    """The embedders that vectors are kept of, whether in use or not."""


class Embedder(Protocol):
    """Makes texts comparable: each becomes a point, and what means the same lies near."""

    @property
    def id(self) -> str:
        """Names model and version: vectors of two ids are never compared."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    @property
    def normalised(self) -> bool:
        """Whether every vector has length 1."""

    @property
    def max_tokens(self) -> int:
        """How much of a text is looked at."""

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each text, in their order; an array of float32 will do."""


class Loader(Protocol):
    """Reads one sort of source."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings of the files it reads, in lower case and with the dot."""

    def load(self, source: Any) -> Loaded:
        """What is in a ``loaders.source.Source``.

        Raises:
            SourceUnreadable: It cannot be read: it is encrypted, truncated, or something else.
        """
