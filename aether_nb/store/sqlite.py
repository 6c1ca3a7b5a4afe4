"""The log on disk: one SQLite file, ``runs.db``, in the record's folder.

A commit survives the death of the process at any moment; the death of the machine may lose the last ones, never more
(write-ahead log, ``synchronous=NORMAL``). Nothing is made before the first event is appended. This module does not know
what events mean, nor who is allowed to write them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias

from aether_nb.events.codec import decode, encode
from aether_nb.events.kinds import Entry, Event, RunEnded
from aether_nb.store.faults import is_shut, store_fault
from aether_nb.store.log import RunSummary, check_head, check_stored, choose_run
from aether_nb.store.schema import migrate

__all__ = ["FILE", "SqliteLog"]

FILE = "runs.db"

BUSY_SECONDS = 5.0
"""How long a writer waits for another process."""

Row: TypeAlias = tuple[Any, ...]

_SUMMARY = "id, started, prompt, model, head, outcome, notebook, cell"
_EVENT = "run, seq, time, kind, version, payload"
_PUT_RUN = f"INSERT OR REPLACE INTO runs ({_SUMMARY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_EVENT = f"INSERT INTO events ({_EVENT}) VALUES (?, ?, ?, ?, ?, ?)"
_GET_RUN = f"SELECT {_SUMMARY} FROM runs WHERE id = ?"
# Bytes, not text: what is damaged must reach the codec, which can say what is wrong with it.
_GET_EVENTS = (
    "SELECT seq, time, kind, version, CAST(payload AS BLOB) FROM events WHERE run = ? AND seq > ? ORDER BY seq"
)
_GET_RUNS = f"SELECT {_SUMMARY} FROM runs ORDER BY started DESC, id LIMIT ?"
_GET_IDS = "SELECT id FROM runs WHERE substr(id, 1, ?) = ? ORDER BY id <> ?, started DESC, id LIMIT 100"


class SqliteLog:
    """A ``Log`` in ``folder``.

    One connection serves all threads, one at a time: the agent's thread appends while the main thread reads. When the
    file is deleted while it is open, the runs that are being written go on in a new file, with all their events.

    Args:
        folder: Where ``runs.db`` lies; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.file = self.folder / FILE
        self._lock = RLock()
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._writing: set[str] = set()

    def append(
        self, run: str, expected_head: int, events: Sequence[Event], time: float, epoch: int = 0
    ) -> tuple[Entry, ...]:
        """See ``Log.append``."""
        check_stored(events)
        entries = tuple(Entry(run, expected_head + n, time, event) for n, event in enumerate(events, 1))
        rows = [(run, entry.seq, time, entry.event.kind, entry.event.version, _text(entry.event)) for entry in entries]
        with self._guarded():
            db = self._open_for_writing()
            with _transaction(db):
                row = db.execute(_GET_RUN, (run,)).fetchone()
                summary = RunSummary(*row) if row else RunSummary(run, time)
                check_head(run, expected_head, summary.head)
                if rows:
                    db.execute(_PUT_RUN, _row(summary.after(events)))
                    db.executemany(_PUT_EVENT, rows)
            ended = any(isinstance(event, RunEnded) for event in events)
            (self._writing.discard if ended else self._writing.add)(run)
        return entries

    def read(self, run: str, after: int = 0) -> Iterator[Entry]:
        """See ``Log.read``."""
        for seq, time, kind, version, payload in self._select(_GET_EVENTS, (run, after)):
            yield Entry(run, seq, time, decode(kind, version, payload))

    def runs(self, limit: int = 50) -> list[RunSummary]:
        """See ``Log.runs``."""
        return [RunSummary(*row) for row in self._select(_GET_RUNS, (limit,))]

    def resolve(self, prefix: str) -> str:
        """See ``Log.resolve``."""
        matches = [row[0] for row in self._select(_GET_IDS, (len(prefix), prefix, prefix))]
        others = [] if prefix and len(matches) == 1 else [summary.id for summary in self.runs(200)]
        return choose_run(prefix, matches, others)

    def close(self) -> None:
        """See ``Log.close``."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def __del__(self) -> None:
        """A log that is forgotten lets go of its file."""
        self.close()

    # ---- the connection

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise store_fault(error, self.file) from error

    def _select(self, query: str, arguments: Row) -> list[Row]:
        """All rows at once, so that the lock is not held while they are looked at; none when there is no store."""
        with self._guarded():
            if self._db is None and not self.file.exists():
                return []
            try:
                return (self._db or self._open()).execute(query, arguments).fetchall()
            except sqlite3.OperationalError as error:
                if not is_shut(error):
                    raise
            return self._select_shut(query, arguments)

    def _select_shut(self, query: str, arguments: Row) -> list[Row]:
        """The rows of a record that came in a folder where SQLite cannot make the files that it shares readers with."""
        with closing(sqlite3.connect(f"{self.file.as_uri()}?immutable=1", uri=True)) as db:
            migrate(db, self.file)
            return db.execute(query, arguments).fetchall()

    def _open(self) -> sqlite3.Connection:
        # Several threads share it under our own lock; transactions are begun by us alone.
        db = sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            migrate(db, self.file)
            self._identity = self._identity_on_disk()
        except BaseException:
            db.close()
            raise
        self._db = db
        return db

    def _open_for_writing(self) -> sqlite3.Connection:
        if self._db is not None and self._identity_on_disk() == self._identity:
            return self._db
        saved = self._unfinished_runs()
        self.close()
        self._make_folder()
        db = self._open()
        with _transaction(db):
            for row, events in saved:
                if db.execute(_GET_RUN, (row[0],)).fetchone() is None:
                    db.execute(_PUT_RUN, row)
                    db.executemany(_PUT_EVENT, events)
        return db

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")

    def _identity_on_disk(self) -> tuple[int, int] | None:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _unfinished_runs(self) -> list[tuple[Row, list[Row]]]:
        """The runs that are being written, out of a file that has lost its name but is still open."""
        if self._db is None:
            return []
        rows = [self._db.execute(_GET_RUN, (run,)).fetchone() for run in sorted(self._writing)]
        query = f"SELECT {_EVENT} FROM events WHERE run = ? ORDER BY seq"
        return [(row, self._db.execute(query, (row[0],)).fetchall()) for row in rows if row]


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, whatever ends it; a Ctrl-C as well."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself when the disk was full.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _text(event: Event) -> str:
    return encode(event).decode()


def _row(summary: RunSummary) -> Row:
    return (
        summary.id,
        summary.started,
        summary.prompt,
        summary.model,
        summary.head,
        summary.outcome,
        summary.notebook,
        summary.cell,
    )
