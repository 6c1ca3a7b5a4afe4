"""One category's table: opened, made with its indexes, counted, tidied up, and its columns of vectors.

It knows LanceDB's tables and none of what documents mean. A handle reads the newest version always, because the
connection was made so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from aether_nb.errors import KnowledgeError, KnowledgeNewer, KnowledgeReadOnly
from aether_nb.knowledge import tables
from aether_nb.knowledge.faults import attempt
from aether_nb.knowledge.material import Category, Embedder, Stats, Where
from aether_nb.knowledge.place import Place

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Shelf"]

T = TypeVar("T")

COMMITS = 50
"""Writes by one handle after which the table is tidied up."""
SMALL_PIECES = 20
"""So many small files of a table are made fewer when a handle that wrote is closed."""
OLD = timedelta(minutes=10)
"""How long an old version stays: longer than any search that reads it, and to fall back to when the disk failed."""
MANY = 100_000
"""Vectors; with fewer of them, looking at every one is fast enough."""
GROWN = 1.2
"""A vector index is made anew when there are so many times the rows it was made for."""


class Shelf:
    """The table of one category; it need not exist before something is written.

    Args:
        db: The connection.
        place: Where it leads.
        category: The table's name.
        embedder: Who makes the vectors; None when nobody does.
    """

    def __init__(self, db: Any, place: Place, category: Category, embedder: Embedder | None) -> None:
        self.category, self._db, self._place, self._embedder = category, db, place, embedder
        self._table: Any = None
        self._ready = False
        self._commits = 0

    def do(self, action: Callable[[], T], doing: str = "be written") -> T:
        """Do something with the table; errors are ours, and a conflict is tried again."""
        return attempt(action, self._place.uri, doing)

    # ---- opening

    def reading(self) -> Any:
        """The table, or None when nothing was kept yet.

        Raises:
            KnowledgeNewer: A newer version wrote it.
            KnowledgeCorrupt: Its newest version cannot be read.
        """
        if self._table is not None and self._place.folder is not None and not self._exists():
            self.forget()  # somebody took the folder away
        if self._table is None and self._exists():
            self._table = self.do(lambda: self._db.open_table(self.category), "be opened")
            self._check(self._table)
        return self._table

    def writing(self) -> Any:
        """The table, made when there is none, with the columns and indexes it ought to have.

        Raises:
            KnowledgeReadOnly: Nothing may be written here.
        """
        if not self._place.writable:
            raise KnowledgeReadOnly(f"Nothing can be kept in {self._place.shown}.", self._place.note)
        if self.reading() is not None and self._ready:
            return self._table
        if self._table is None:
            self._table = self.do(
                lambda: self._db.create_table(self.category, schema=tables.schema(), exist_ok=True), "be made"
            )
            self._check(self._table)
        self._migrate()
        self._index()
        self._ready = True
        return self._table

    def _exists(self) -> bool:
        folder = self._place.folder
        if folder is not None:
            return (folder / f"{self.category}.lance" / "_versions").is_dir()
        names: list[str] = self.do(lambda: self._db.list_tables(limit=1000).tables, "be opened")
        return self.category in names

    def _check(self, table: Any) -> None:
        found = int((table.schema.metadata or {}).get(b"aether.format", b"0"))
        if found > tables.FORMAT:
            raise KnowledgeNewer(
                f"The knowledge in {self._place.shown} was written by a newer aether-nb.",
                f"Its format is {found}; this one knows {tables.FORMAT}.",
                "%pip install -U aether-nb",
            )

    def _migrate(self) -> None:
        """Add the columns that an older version did not have yet."""
        present = set(self._table.schema.names)
        missing = [field for field in tables.schema() if field.name not in present]
        if missing:
            self.do(lambda: self._table.add_columns(missing), "be brought up to date")

    def reindex(self) -> None:
        """Make the indexes anew."""
        self.writing()
        self._index(anew=True)

    def _index(self, *, anew: bool = False) -> None:
        """Make the indexes by words, by id and by document. Two who do so at once do it twice, which is harmless."""
        from lancedb.index import FTS, BTree

        present = set[str]()
        if not anew:
            present = {column for index in self.do(self._table.list_indices, "be read") for column in index.columns}
        wanted = {tables.BODY: FTS(with_position=True), "id": BTree(), "doc": BTree()}
        for column, config in wanted.items():
            if column not in present:
                self.do(partial(self._table.create_index, column, config=config))

    # ---- vectors

    def columns(self) -> dict[str, str]:
        """The columns of vectors, by their name the id of the embedder."""
        table = self.reading()
        fields = [] if table is None else list(table.schema)
        return {field.name: field.metadata[tables.EMBEDDER].decode() for field in fields if tables.is_vector(field)}

    def column(self) -> str:
        """The column of the embedder in use; empty when there is none yet."""
        if self._embedder is None:
            return ""
        name: str = tables.vector_field(self._embedder).name
        return name if name in self.columns() else ""

    def vector_column(self) -> str:
        """The column of the embedder in use, made when there is none yet."""
        if name := self.column():
            return name
        if self._embedder is None:
            raise KnowledgeError("No embedder is set.", "Without one there are no vectors.")
        field, table = tables.vector_field(self._embedder), self.writing()
        try:
            self.do(lambda: table.add_columns(field))
        except KnowledgeError:
            if not self.column():  # else somebody else was faster
                raise
        return str(field.name)

    # ---- care

    def wrote(self) -> None:
        """Count a write; tidy up when there were many."""
        self._commits += 1
        if self._commits >= COMMITS:
            self.tidy()

    def close(self) -> None:
        """Tidy up when this handle wrote and left many small files; let go."""
        if self._commits and self._small() >= SMALL_PIECES:
            self.tidy()
        self.forget()

    def forget(self) -> None:
        """Open the table anew the next time."""
        self._table, self._ready, self._commits = None, False, 0

    def tidy(self) -> None:
        """Put small files together, bring the indexes up to date, drop old versions.

        What somebody else does to the table at the same moment goes first: then it is left to the next time.
        """
        table = self.reading()
        self._commits = 0
        if table is None or not self._place.writable:
            return
        try:
            self.do(lambda: table.optimize(cleanup_older_than=OLD), "be tidied up")
            self._index_vectors(table)
        except KnowledgeError:
            if not self._still_readable():
                raise

    def _still_readable(self) -> bool:
        return isinstance(self.do(lambda: self._table.count_rows(), "be read"), int)

    def _small(self) -> int:
        found = self.do(lambda: self._table.stats(), "be read")
        return int(found["fragment_stats"]["num_small_fragments"])

    def _index_vectors(self, table: Any) -> None:
        """From 100,000 vectors on, make an index of them, and make it anew when it covers too few."""
        from lancedb.index import IvfSq

        name = self.column()
        if not name or table.count_rows() < MANY:
            return
        covered = sum(index.num_indexed_rows or 0 for index in table.list_indices() if name in index.columns)
        there = table.count_rows(f"{name} IS NOT NULL")
        if there >= MANY and there > covered * GROWN:
            self.do(lambda: table.create_index(name, config=IvfSq(distance_type="cosine")))

    # ---- counting

    def stats(self) -> Stats:
        """What the table holds."""
        table = self.reading()
        if table is None:
            return Stats(self.category)
        found: pa.Table = self.do(
            table.search()
            .where(tables.matching(Where(self.category), chunks=False))
            .select(["created", "error"])
            .to_arrow,
            "be read",
        )
        errors, created = found["error"].to_pylist(), found["created"].to_pylist()
        name = self.column()
        return Stats(
            self.category,
            documents=len(errors),
            failed=sum(map(bool, errors)),
            chunks=self.do(table.count_rows, "be read") - len(errors),
            embedded=self.do(lambda: table.count_rows(f"{name} IS NOT NULL"), "be read") if name else 0,
            bytes=_bytes(self._place.folder / f"{self.category}.lance") if self._place.folder else 0,
            newest=max(created, default=0.0),
            embedders=tuple(sorted(self.columns().values())),
        )


def _bytes(folder: Path) -> int:
    """What the files in a folder take; one that is just being tidied away counts as nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total
