"""The rows in which documents and chunks are kept, and filters as expressions.

A document is a row among those of its chunks, so that one write replaces all of it and a crash leaves the old or the
new one. It knows pyarrow and LanceDB's expressions, and imports them when the first index is opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from aether_nb.errors import VectorInvalid
from aether_nb.knowledge.material import Category, Chunk, Document, Embedder, Hit, Where

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.expr import Expr

__all__ = [
    "BODY",
    "DOCUMENTS",
    "EMBEDDER",
    "FORMAT",
    "KEPT",
    "as_document",
    "as_hit",
    "belonging",
    "checked",
    "clean",
    "is_vector",
    "matching",
    "rows_of",
    "schema",
    "stamps_of",
    "vector_field",
    "vectors_of",
]

FORMAT = 1
"""The version of the rows. Columns may be added without a new one; what an older reader would misread needs one."""

EMBEDDER = b"aether.embedder"
BODY = "body"
"""What is indexed: the header and the text of a chunk."""

WHOLE = -1
"""The place of a document's own row among those of its chunks."""

APART = "\x1f"
"""Stands before, between and after tags: one text can be looked through by an expression, a list cannot."""

KEY = {"lance-schema:unenforced-primary-key": "true", "lance-schema:unenforced-primary-key:position": "1"}
"""Declared with the table: without it two processes that write the same new rows at once write them twice."""

DOCUMENTS = [
    "id",
    "path",
    "title",
    "kind",
    "source",
    "tags",
    "created",
    "sha",
    "size",
    "mtime_ns",
    "error",
    "reader",
    "meta",
]
KEPT = "id doc ord path title kind source tags created sha scope first last unit lead body".split()


@cache
def schema() -> pa.Schema:
    """The columns of every table, without those of vectors."""
    import pyarrow as pa

    texts = {name: pa.string() for name in ("path", "title", "kind", "source", "tags", "sha", "scope", "unit")}
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False, metadata=KEY),
            pa.field("doc", pa.string(), nullable=False),
            pa.field("ord", pa.int32(), nullable=False),
            *texts.items(),
            ("created", pa.float64()),
            ("first", pa.int32()),
            ("last", pa.int32()),
            ("lead", pa.int32()),  # how much of the body is header
            (BODY, pa.string()),
            ("size", pa.int64()),
            ("mtime_ns", pa.int64()),
            ("error", pa.string()),
            ("reader", pa.int32()),
            ("meta", pa.string()),
        ],
        metadata={"aether.format": str(FORMAT)},
    )


def vector_field(embedder: Embedder) -> pa.Field:
    """The column for the vectors of an embedder: each has one of its own, so that two of them never mix."""
    import pyarrow as pa

    name = blake2b(f"{embedder.id}:{embedder.dimensions}".encode(), digest_size=6).hexdigest()
    kind = pa.list_(pa.float32(), embedder.dimensions)
    return pa.field(f"vector_{name}", kind, metadata={EMBEDDER: embedder.id.encode()})


def is_vector(field: pa.Field) -> bool:
    """Whether a column holds the vectors of some embedder."""
    return EMBEDDER in (field.metadata or {})


def checked(vectors: Sequence[Sequence[float]], embedder: Embedder | None, number: int = 1) -> Any:
    """The vectors of so many texts as one array of float32, one a row.

    Raises:
        VectorInvalid: There are fewer or more of them than texts, or one has another length than the embedder's, is
            not finite, or is all zero.
    """
    if len(vectors) != number:
        raise VectorInvalid(f"There are {len(vectors)} vectors for {number} texts.")
    if embedder is None:
        raise VectorInvalid("No embedder is set.", "Only vectors of one and the same embedder can be compared.")
    import numpy as np

    try:
        points = np.asarray(vectors, dtype=np.float32).reshape(len(vectors), -1)
    except (ValueError, TypeError) as error:
        raise VectorInvalid(f"The vectors of {embedder.id} are not all of one length.") from error
    if len(points) and points.shape[1] != embedder.dimensions:
        raise VectorInvalid(f"A vector has {points.shape[1]} numbers.", f"{embedder.id} makes {embedder.dimensions}.")
    if not np.isfinite(points).all():
        raise VectorInvalid(f"A vector of {embedder.id} has numbers in it that are not finite.")
    if not points.any(axis=1).all():
        raise VectorInvalid(f"A vector of {embedder.id} is all zero, and so points nowhere.")
    return points


def vectors_of(ids: Sequence[str], points: Any, name: str) -> pa.Table:
    """The rows that give chunks their vectors; of two vectors for one id the later one counts."""
    import numpy as np
    import pyarrow as pa

    last = {key: number for number, key in enumerate(ids)}
    kept = np.ascontiguousarray(points[list(last.values())])
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(kept.ravel()), kept.shape[1])
    columns = pa.schema([schema().field("id"), pa.field(name, vectors.type)])
    return pa.Table.from_arrays([pa.array(list(last), pa.string()), vectors], schema=columns)


def stamps_of(stamps: Mapping[str, tuple[int, int]]) -> pa.Table:
    """The rows that give documents, by their id, another mtime in ns and number of bytes."""
    import pyarrow as pa

    columns = pa.schema([schema().field(name) for name in ("id", "mtime_ns", "size")])
    times, sizes = zip(*stamps.values(), strict=True)
    return pa.Table.from_arrays([pa.array(list(stamps)), pa.array(times), pa.array(sizes)], schema=columns)


def rows_of(batch: Iterable[tuple[Document, Sequence[Chunk]]]) -> pa.Table:
    """The rows of documents and of their chunks. Of two documents of one id the later one counts."""
    import pyarrow as pa

    last = {document.id: (document, chunks) for document, chunks in batch}
    columns: dict[str, list[Any]] = {name: [] for name in schema().names}
    for document, chunks in last.values():
        _add(columns, document, chunks)
    arrays = [pa.array(columns[field.name], field.type) for field in schema()]
    return pa.Table.from_arrays(arrays, schema=schema())


def _add(columns: dict[str, list[Any]], document: Document, chunks: Sequence[Chunk]) -> None:
    whole, count = document.id, len(chunks) + 1
    bodies = [clean(chunk.search_text) for chunk in chunks]
    every = {
        "doc": whole,
        "path": clean(document.path),
        "title": clean(document.title),
        "kind": document.kind,
        "source": clean(document.source),
        "tags": _joined(document.tags),
        "created": document.created,
        "sha": document.sha,
    }
    for name, value in every.items():
        columns[name] += [value] * count
    columns["id"] += [whole, *_ids(whole, bodies)]
    columns["ord"] += range(WHOLE, len(chunks))
    columns["scope"] += ["", *(clean(chunk.scope) for chunk in chunks)]
    columns["first"] += [0, *(chunk.start for chunk in chunks)]
    columns["last"] += [0, *(chunk.end for chunk in chunks)]
    columns["unit"] += ["", *(chunk.unit for chunk in chunks)]
    columns["lead"] += [0, *(len(clean(chunk.header)) + 1 if chunk.header else 0 for chunk in chunks)]
    columns[BODY] += [None, *bodies]
    alone = {
        "size": document.size,
        "mtime_ns": document.mtime_ns,
        "error": clean(document.error),
        "reader": document.reader,
        "meta": json.dumps(dict(document.meta)) if document.meta else "",
    }
    for name, value in alone.items():
        columns[name] += [value, *([None] * len(chunks))]


def _ids(whole: str, bodies: Sequence[str]) -> list[str]:
    """Ids by what a chunk says, not by where it stands: what did not change keeps its vector when lines move."""
    seen: dict[str, int] = {}
    ids = []
    for body in bodies:
        digest = blake2b(body.encode(), digest_size=12, key=whole.encode()).hexdigest()
        seen[digest] = seen.get(digest, 0) + 1
        ids.append(f"{whole}-{digest}-{seen[digest]}")
    return ids


def clean(text: str) -> str:
    """The text without halves of characters, which no database takes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def _joined(tags: Sequence[str]) -> str:
    return clean(APART.join(["", *tags, ""])) if tags else ""


def _split(tags: str) -> tuple[str, ...]:
    return tuple(filter(None, (tags or "").split(APART)))


def as_document(row: Mapping[str, Any], category: Category) -> Document:
    """The document that a row tells of."""
    return Document(
        path=row["path"],
        title=row["title"],
        kind=row["kind"],
        category=category,
        source=row["source"],
        tags=_split(row["tags"]),
        created=row["created"],
        sha=row["sha"],
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        error=row["error"],
        reader=row["reader"] or 0,
        meta=json.loads(row["meta"]) if row["meta"] else {},
    )


def as_hit(row: Mapping[str, Any], category: Category, leg: str = "") -> Hit:
    """The chunk that a row tells of, and how well it was found by ``leg`` (text or vector)."""
    score = 0.0
    if leg:
        score = float(row["_score"] if leg == "text" else 1.0 - row["_distance"])
    return Hit(
        id=row["id"],
        doc=row["doc"],
        path=row["path"],
        title=row["title"],
        kind=row["kind"],
        scope=row["scope"],
        start=row["first"],
        end=row["last"],
        text=row[BODY][row["lead"] :],
        score=score,
        legs={leg: score} if leg else {},
        unit=row["unit"],
        order=row["ord"],
        category=category,
        source=row["source"],
        tags=_split(row["tags"]),
        created=row["created"],
        sha=row["sha"],
    )


def belonging(doc_ids: Iterable[str]) -> Expr:
    """The rows of these documents, their own and those of their chunks."""
    from lancedb.expr import col, lit

    return col("doc").isin([lit(doc_id) for doc_id in sorted(doc_ids)])


def matching(where: Where, chunks: bool = True) -> Expr:
    """The rows of chunks, or of whole documents, that a filter lets through. No value becomes part of a text."""
    from lancedb.expr import col, lit

    found: Expr = col("ord") >= lit(0) if chunks else col("ord") == lit(WHOLE)
    for name in ("source", "kind", "path", "doc"):
        if values := getattr(where, name):
            found = found & col(name).isin([lit(clean(value)) for value in values])
    if where.tag:
        tagged = [col("tags").contains(lit(_joined((tag,)))) for tag in where.tag]
        one = tagged[0]
        for other in tagged[1:]:
            one = one | other
        found = found & one
    if where.after is not None:
        found = found & (col("created") >= lit(float(where.after)))
    if where.before is not None:
        found = found & (col("created") < lit(float(where.before)))
    return found
