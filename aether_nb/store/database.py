"""The SQLite file of a record, ``runs.db``: one connection, one lock, one way to read and one way to write.

A commit survives the death of the process at any moment; the death of the machine may lose the last ones, never more
(write-ahead log, ``synchronous=NORMAL``), but for those that are asked to be ``lasting``. Where machines share a file
system, a rollback journal is kept instead and each commit reaches the disk. Nothing is made before the first write.
This module does not know what the rows mean.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import TypeVar
from weakref import finalize

from aether_nb.store import schema
from aether_nb.store.commit import committed
from aether_nb.store.faults import FAULTS, is_busy, is_shut, store_fault
from aether_nb.store.filesystem import is_shared
from aether_nb.store.guards import GUARD, carry, keys_of, open_elsewhere
from aether_nb.store.locks import LockFile, lock_file
from aether_nb.store.rows import Row
from aether_nb.store.safe import Safe
from aether_nb.store.vault import Vault
from aether_nb.store.wrapping import GET_WRAPPED, Unlock

__all__ = ["FILE", "Database", "journal_mode"]

FILE = "runs.db"

BUSY_SECONDS = 5.0
"""How long a writer waits for another process."""

AT_WORK_SECONDS = 60.0
"""How long it does for a run that this process advances: what a call has done outside would be lost with its event."""

BETWEEN = 0.05
"""Seconds between two tries, for other threads that want to read."""

T = TypeVar("T")

_FORKED: list[sqlite3.Connection] = []
"""Connections that a parent process has open. They are never used and never closed here: that would break its locks."""


class Database:
    """A record's file in ``folder``.

    One connection serves all threads, one at a time: the agent's thread appends while the main thread reads. When the
    file is deleted while it is open, the runs that are being written go on in a new file, with all their rows.

    Args:
        folder: Where ``runs.db`` lies; it need not exist.
        wal: Whether to keep a write-ahead log; None: find out whether it is safe there.
    """

    def __init__(self, folder: Path, wal: bool | None = None) -> None:
        self.folder = folder.absolute()
        self.file = self.folder / FILE
        self.writing: set[str] = set()
        """The runs whose rows must not be lost with the file."""
        self._name = str(self.file)
        self._wal = wal
        self._lasting = False
        self._lock = RLock()
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._process = os.getpid()
        self._safe = Safe()

    @property
    def always_lasts(self) -> bool:
        """See ``Tables``. A commit is made lasting where that is asked, or where there is no write-ahead log anyway."""
        return False

    @property
    def locks(self) -> LockFile:
        """See ``Tables``."""
        return lock_file(self.folder)

    @property
    def vault(self) -> Vault | None:
        """See ``Tables``."""
        if self._db is None or not self._wal:  # without a write-ahead log it may have been encrypted while it is open
            with self.guarded():  # so a transaction is this thread's own, and over its rows the guards watch
                if self._db is None or not self._db.in_transaction:
                    self._safe.look_at(self.select(GET_WRAPPED))
        return None if self._safe.wrapped is None else self._safe.need()

    def bring_key(self, unlock: Unlock) -> None:
        """See ``Tables``."""
        self._safe.unlock = unlock

    def select(self, query: str, arguments: Row = ()) -> list[Row]:
        """All rows at once, so that the lock is not held while they are looked at; none when there is no store."""
        with self.guarded():
            if self._db is None and not self.file.exists():
                return []
            try:
                return (self._db or self._open()).execute(query, arguments).fetchall()
            except sqlite3.OperationalError as error:
                if not is_shut(error):
                    raise
            return self._select_shut(query, arguments)

    def write(
        self, names: Sequence[str], act: Callable[[sqlite3.Connection], T], run: str = "", lasting: bool = False
    ) -> T:
        """What ``act`` returns after its writes have been committed, all of them or none.

        Args:
            names: What is written, for ``points``.
            act: Gets the connection, inside a transaction; nobody else writes to the file meanwhile.
            run: The run that is written, which goes on in a new file when this one is deleted. When it is held by this
                process, a file that another one writes is waited for much longer.
            lasting: Whether it has to be on the disk itself before this returns.
        """
        self._look_who_we_are()
        deadline = monotonic() + AT_WORK_SECONDS
        while True:
            with self._lock:
                try:  # as ``guarded`` does, at each append and for a third of the price
                    try:
                        value = self._written(names, act, lasting)
                    except sqlite3.IntegrityError as error:
                        if GUARD not in str(error):
                            raise
                        self.close()  # it was encrypted, or is not any more, since it was opened here
                        value = self._written(names, act, lasting)
                    if run:
                        self.writing.add(run)
                    return value
                except FAULTS as error:
                    if not is_busy(error) or not self.locks.held(run) or monotonic() > deadline:
                        raise store_fault(error, self.file) from error
            sleep(BETWEEN)

    def _written(self, names: Sequence[str], act: Callable[[sqlite3.Connection], T], lasting: bool) -> T:
        db = self._open_for_writing()
        if self._safe.wrapped is not None:
            self._safe.need()
        if lasting is not self._lasting and self._wal:
            db.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
            self._lasting = lasting
        return committed(db, names, act)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Alone with the file, and its faults as our errors. May be nested."""
        self._look_who_we_are()
        with self._lock:
            try:
                yield
            except FAULTS as error:
                raise store_fault(error, self.file) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else has the file open, nor can open it, and what is freed in it is overwritten.

        Raises:
            StoreError: Somebody has it open.
        """
        with self.guarded():
            db = self._open_for_writing()
            try:
                _shut_others_out(db)
                yield
            finally:
                self.close()

    def shrink(self) -> None:
        """Give back to the system what is no longer used in the file."""
        with self.guarded():
            if self._db is not None:
                self._db.execute("VACUUM")
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the file; it is opened again when it is used."""
        self._look_who_we_are()
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None
                self._detach()

    # ---- the connection

    def _look_who_we_are(self) -> None:
        """In a forked child: leave the parent's connection alone, and its lock, which a thread may have held."""
        if self._process != os.getpid():
            self._process, self._lock = os.getpid(), RLock()
            if self._db is not None:
                _FORKED.append(self._db)
                self._db = None

    def _select_shut(self, query: str, arguments: Row) -> list[Row]:
        """The rows of a record that came in a folder where SQLite cannot make the files that it shares readers with."""
        with (
            closing(sqlite3.connect(f"{self.file.as_uri()}?immutable=1", uri=True)) as db,
            closing(sqlite3.connect(":memory:", isolation_level=None)) as copy,
        ):
            if schema.is_old(db, self.file):
                db.backup(copy)
                schema.migrate(copy, self.file)
                return copy.execute(query, arguments).fetchall()
            return db.execute(query, arguments).fetchall()

    def _open(self) -> sqlite3.Connection:
        # Several threads share it under our own lock; transactions are begun by us alone.
        db = sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            if self._wal is None:
                self._wal = not is_shared(self.folder)
            self._wal = journal_mode(db, "WAL" if self._wal else "DELETE") == "wal" and self._wal
            db.execute(f"PRAGMA synchronous = {'NORMAL' if self._wal else 'FULL'}")
            self._lasting = False
            schema.migrate(db, self.file)
            self._safe.look_at(keys_of(db))
            self._identity = self._identity_on_disk()
        except BaseException:
            db.close()
            raise
        self._db = db
        # Who is forgotten lets go of the file; as a finalizer, before SQLite finds it open and warns of that.
        self._detach = finalize(self, _shut, db, self._process).detach
        return db

    def _open_for_writing(self) -> sqlite3.Connection:
        if self._db is not None and self._identity_on_disk() == self._identity:
            return self._db
        saved, keys = self._rows_being_written(), [] if self._db is None else keys_of(self._db)
        before, identity, self._db = self._db, self._identity, None
        try:
            self._make_folder()
            db = self._open()
            if saved or keys:
                committed(db, ("moved",), lambda db: self._move(db, saved, keys))
        except BaseException:  # a file that has lost its name is all that is left of what was written to it
            self.close()
            self._db, self._identity = before, identity
            self._safe.look_at(keys)
            raise
        if before is not None:
            before.close()
        return db

    def _move(self, db: sqlite3.Connection, saved: list[schema.Rows], keys: list[Row]) -> None:
        carry(db, keys)
        schema.put_rows(db, saved)
        self._safe.look_at(keys_of(db))

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")

    def _identity_on_disk(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._name)  # noqa: PTH116  # at each append, for half the price
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _rows_being_written(self) -> list[schema.Rows]:
        """All that is known of the runs being written, out of a file that has lost its name but is still open."""
        return [] if self._db is None else [schema.rows_of(self._db, run) for run in sorted(self.writing)]


def _shut(db: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():
        db.close()
    else:
        _FORKED.append(db)


def _shut_others_out(db: sqlite3.Connection) -> None:
    try:
        journal_mode(db, "DELETE")  # which the write-ahead log of others does not allow
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA secure_delete = ON")
        committed(db, ("alone",), lambda db: None, "BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise open_elsewhere() if is_busy(error) else error from error


def journal_mode(db: sqlite3.Connection, mode: str) -> str:
    """The journal that the file has after this one was asked for. SQLite does not wait for others here, so we do."""
    deadline = monotonic() + BUSY_SECONDS
    while True:
        try:
            return str(db.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0])
        except sqlite3.OperationalError as error:
            if not is_busy(error) or monotonic() > deadline:
                raise
        sleep(0.01)
