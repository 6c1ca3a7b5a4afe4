"""The index: documents and chunks kept in LanceDB, found by words and by vectors.

Three rules without which data go wrong: a handle always sees the newest version; the key of a row is declared with
its table; what belongs together is one write, and many small writes are tidied up. The index is synchronous: use it
from one thread of its own. LanceDB is imported when an index is opened, and not before. The index reads no files, asks
no models, and does not know what a query means.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aether_nb.knowledge import tables
from aether_nb.knowledge.faults import attempt
from aether_nb.knowledge.material import (
    CATEGORIES,
    EVERYTHING,
    Category,
    Chunk,
    Document,
    Embedder,
    Hit,
    Known,
    Stats,
    Unembedded,
    Where,
)
from aether_nb.knowledge.place import Place, find_place
from aether_nb.knowledge.shelf import Shelf

__all__ = ["Index"]


class Index:
    """What is kept in one place. Made by ``Index.open``; a context manager that closes it."""

    def __init__(self, place: Place, embedder: Embedder | None, shelves: Mapping[Category, Shelf]) -> None:
        self.place, self.embedder, self._shelves = place, embedder, shelves

    @classmethod
    def open(
        cls,
        place: str | Path,
        *,
        embedder: Embedder | None = None,
        options: Mapping[str, str] | None = None,
        cache: Path | None = None,
    ) -> Index:
        """Open what is kept somewhere; no table is made before something is put in.

        Args:
            place: A folder, which need not exist, or an address: ``s3://bucket/path``, ``gs://…``, ``az://…``, ``db://…``.
            embedder: Who made, or will make, the vectors; without one there are none.
            options: How an object store is reached: keys, region, endpoint, as LanceDB names them; of its own cloud
                the region and the host.
            cache: The folder to fall back to when nothing can be kept in ``place``.

        Raises:
            KnowledgeError: It is a file, or nothing can be kept anywhere, or the server refuses.
        """
        found = find_place(place, cache)
        os.environ.setdefault("LANCEDB_LOG", "error")  # else a line on stderr with every hybrid search
        import lancedb

        hosted = found.uri.startswith("db://")
        more: dict[str, Any] = dict(options or {}) if hosted else {"storage_options": dict(options or {}) or None}
        db = attempt(
            lambda: lancedb.connect(found.uri, read_consistency_interval=timedelta(0), **more), found.uri, "be opened"
        )
        shelves = {category: Shelf(db, found, category, embedder) for category in CATEGORIES}
        return cls(found, embedder, shelves)

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Tidy up what many small writes left, and let go."""
        for shelf in self._shelves.values():
            shelf.close()

    def tidy(self) -> None:
        """Put small files together and bring the indexes up to date; after an import, so that searches are fast."""
        for shelf in self._shelves.values():
            shelf.tidy()

    # ---- what is there

    def forget(self, category: Category) -> None:
        """Open a table anew the next time: something was done to its files."""
        self._shelves[category].forget()

    def reindex(self, category: Category) -> None:
        """Make the indexes of a table anew."""
        self._shelves[category].reindex()

    def documents(self, where: Where = EVERYTHING) -> list[Document]:
        """The documents that a filter lets through, those that could not be read included."""
        found = self._listed(where, tables.DOCUMENTS, chunks=False)
        return [tables.as_document(row, where.category) for row in found]

    def document(self, doc_id: str, category: Category = "knowledge") -> Document | None:
        """The document of that id; None when there is none."""
        return next(iter(self.documents(Where(category, doc=(doc_id,)))), None)

    def chunks(self, where: Where, limit: int | None = None) -> list[Hit]:
        """The chunks that a filter lets through, by document and in their order there; their score is 0."""
        found = self._listed(where, tables.KEPT, limit=limit)
        hits = [tables.as_hit(row, where.category) for row in found]
        return sorted(hits, key=lambda hit: (hit.path, hit.doc, hit.order))

    def fingerprints(self, where: Where = EVERYTHING) -> dict[str, Known]:
        """Of each document, by its path, what tells whether it changed. Thousands take some milliseconds."""
        table = self._shelves[where.category].reading()
        if table is None:
            return {}
        query = table.search().where(tables.matching(where, chunks=False)).select(["path", *Known._fields])
        found = self._shelves[where.category].do(query.to_arrow, "be read")
        rest = (found[name].to_pylist() for name in Known._fields)
        return dict(zip(found["path"].to_pylist(), map(Known, *rest), strict=True))

    def stats(self, *categories: Category) -> tuple[Stats, ...]:
        """What each category holds, those included that hold nothing; all of them when none is named."""
        return tuple(self._shelves[category].stats() for category in categories or CATEGORIES)

    def _listed(
        self, where: Where, names: Sequence[str], *, chunks: bool = True, limit: int | None = None
    ) -> list[dict[str, Any]]:
        shelf = self._shelves[where.category]
        table = shelf.reading()
        if table is None or limit == 0:
            return []
        query = table.search().where(tables.matching(where, chunks)).select(list(names))
        if limit is not None:
            query = query.limit(limit)
        rows: list[dict[str, Any]] = shelf.do(query.to_arrow, "be read").to_pylist()
        return rows

    # ---- writing

    def put(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """Keep a document, in place of what was kept by its path: one write, all or nothing. See ``put_all``."""
        self.put_all([(document, chunks)])

    def put_all(self, batch: Iterable[tuple[Document, Sequence[Chunk]]]) -> None:
        """Keep documents, each in place of what was kept by its path: one write for each category.

        A chunk that says what it said before keeps its vector. All can be found by their words at once.

        Raises:
            KnowledgeReadOnly: Nothing may be written here.
            KnowledgeFull: The disk is full; nothing of the batch was written.
            KnowledgeBusy: Others wrote at the same time, again and again.
        """
        apart: dict[Category, list[tuple[Document, Sequence[Chunk]]]] = {}
        for document, chunks in batch:
            apart.setdefault(document.category, []).append((document, chunks))
        for category, part in apart.items():
            shelf = self._shelves[category]
            table, rows = shelf.writing(), tables.rows_of(part)
            theirs = tables.belonging({document.id for document, _ in part})
            merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merge = merge.when_not_matched_by_source_delete(theirs)
            shelf.do(partial(merge.execute, rows))
            shelf.wrote()

    def restamp(self, stamps: Mapping[str, tuple[int, int]], category: Category = "knowledge") -> None:
        """Note that files were touched and say what they said: by the document's id, its mtime in ns and its bytes."""
        shelf = self._shelves[category]
        if not stamps or shelf.reading() is None:
            return
        table, rows = shelf.writing(), tables.stamps_of(stamps)
        shelf.do(lambda: table.merge_insert("id").when_matched_update_all().execute(rows))
        shelf.wrote()

    def remove(self, doc_ids: Iterable[str], category: Category = "knowledge") -> int:
        """Let documents go, with their chunks, in one write; says how many there were."""
        wanted, shelf = set(doc_ids), self._shelves[category]
        if not wanted or shelf.reading() is None:
            return 0
        table = shelf.writing()
        present = len(self._listed(Where(category, doc=tuple(wanted)), ["id"], chunks=False))
        shelf.do(lambda: table.delete(tables.belonging(wanted)))
        shelf.wrote()
        return present

    # ---- searching

    def text_search(self, query: str, limit: int = 50, where: Where = EVERYTHING) -> list[Hit]:
        """The chunks in which words of the query stand, the best first; the score is BM25."""
        table, words = self._shelves[where.category].reading(), tables.clean(query)
        if table is None or not words.strip() or limit < 1:
            return []
        search = table.search(words, query_type="fts", fts_columns=tables.BODY)
        return self._hits(search, where, limit, "text")

    def vector_search(self, vector: Sequence[float], limit: int = 50, where: Where = EVERYTHING) -> list[Hit]:
        """The chunks whose vectors point most nearly where this one does; the score is the cosine.

        Raises:
            VectorInvalid: It has another length than the embedder's, is not finite, or is all zero.
        """
        point = tables.checked([vector], self.embedder)[0]
        shelf = self._shelves[where.category]
        column = shelf.column()
        if not column or limit < 1:
            return []
        search = shelf.reading().search(point, vector_column_name=column).distance_type("cosine").refine_factor(5)
        return self._hits(search, where, limit, "vector")

    def _hits(self, search: Any, where: Where, limit: int, leg: str) -> list[Hit]:
        """What a search finds. A document's own row has neither words nor a vector, so it is never among it."""
        if where != Where(where.category):
            search = search.where(tables.matching(where))
        score = "_score" if leg == "text" else "_distance"
        search = search.select([*tables.KEPT, score]).limit(limit)
        found = self._shelves[where.category].do(search.to_arrow, "be searched").to_pylist()
        hits = [tables.as_hit(row, where.category, leg) for row in found]
        return sorted(hits, key=lambda hit: (-hit.score, hit.path, hit.order))  # the same order each time

    # ---- vectors

    def unembedded(self, limit: int = 64, category: Category = "knowledge") -> list[Unembedded]:
        """Chunks that have no vector of the embedder yet."""
        shelf = self._shelves[category]
        table = shelf.reading()
        if table is None or self.embedder is None or limit < 1:
            return []
        # Both sides of the AND are names of ours; an expression knows no NULL.
        column = shelf.column()
        search = table.search().where(f"ord >= 0 AND {column} IS NULL" if column else "ord >= 0")
        found = shelf.do(search.select(["id", tables.BODY, "kind"]).limit(limit).to_arrow, "be read").to_pylist()
        return [Unembedded(row["id"], row[tables.BODY], row["kind"]) for row in found]

    def set_vectors(
        self, ids: Sequence[str], vectors: Sequence[Sequence[float]], category: Category = "knowledge"
    ) -> None:
        """Give chunks their vectors, in one write; a chunk that has left meanwhile is passed over.

        Raises:
            VectorInvalid: There are fewer or more of them than ids, or one has another length than the embedder's, is
                not finite, or is all zero.
        """
        points = tables.checked(vectors, self.embedder, len(ids))
        shelf = self._shelves[category]
        if not len(points) or shelf.reading() is None:
            return
        rows, table = tables.vectors_of(ids, points, shelf.vector_column()), shelf.writing()
        shelf.do(lambda: table.merge_insert("id").when_matched_update_all().execute(rows))
        shelf.wrote()

    def drop_other_vectors(self, category: Category = "knowledge") -> int:
        """Let go of the vectors of embedders that are not in use; says of how many."""
        shelf = self._shelves[category]
        others = [name for name in shelf.columns() if name != shelf.column()]
        if others:
            table = shelf.writing()
            shelf.do(lambda: table.drop_columns(others))
        return len(others)
