"""Leases on disk: the table ``leases`` says who holds a run by which epoch, a lock says whether that process lives.

Who holds a run is decided inside a transaction, so only one process decides at a time. This module does not write
events: that a run was taken over is for its new holder to say.
"""

from __future__ import annotations

import os
import socket
import sqlite3

from aether_nb.errors import LeaseHeld
from aether_nb.store.database import Database, Row
from aether_nb.store.lease import Holder
from aether_nb.store.locks import lock_file
from aether_nb.store.processes import this_process
from aether_nb.store.rules import when

__all__ = ["SqliteLeases"]

_GET = "SELECT holder, process, since, epoch FROM leases WHERE run = ?"
_PUT = "INSERT OR REPLACE INTO leases (run, holder, process, since, epoch) VALUES (?, ?, ?, ?, ?)"


class SqliteLeases:
    """``Leases`` in the file of a log.

    Args:
        database: That file.
        name: What people call this process: its notebook, or the command that was typed.
    """

    def __init__(self, database: Database, name: str = "") -> None:
        self._database = database
        self._name = name

    def take(self, run: str, time: float, force: bool = False) -> Holder:
        """See ``Leases.take``."""
        fresh: list[Holder] = []

        def act(db: sqlite3.Connection) -> Holder:
            last = self._holder(db.execute(_GET, (run,)).fetchone(), run)
            if last and last.alive and last.process == this_process():
                return last
            if last and last.alive and not force:
                raise _held(run, last.name, last.since)
            mine = Holder(self._called(), this_process(), float(time), last.epoch + 1 if last else 1, alive=True)
            if not lock_file(self._database.folder).hold(run, mine.epoch):
                raise _held(run, "a process whose record was replaced", time)
            fresh.append(mine)
            db.execute(_PUT, (run, mine.name, mine.process, mine.since, mine.epoch))
            return mine

        try:
            holder = self._database.write(("lease",), act)
        except BaseException:
            if fresh:
                self.release(run)
            raise
        self._database.writing.add(run)
        return holder

    def release(self, run: str) -> None:
        """See ``Leases.release``."""
        lock_file(self._database.folder).drop(run)

    def holder(self, run: str) -> Holder | None:
        """See ``Leases.holder``."""
        with self._database.guarded():
            return self._holder(next(iter(self._database.select(_GET, (run,))), None), run)

    def _holder(self, row: Row | None, run: str) -> Holder | None:
        if row is None:
            return None
        name, process, since, epoch = row
        return Holder(name, process, since, epoch, lock_file(self._database.folder).is_held(run, epoch))

    def _called(self) -> str:
        here = f"process {os.getpid()} on {socket.gethostname()}"
        return f"{self._name} ({here})" if self._name else here


def _held(run: str, holder: str, since: float) -> LeaseHeld:
    return LeaseHeld(
        f"Run {run} is being advanced by {holder}.",
        f"It took the run {when(since)} and is alive. Two of them would do things twice.",
        f"Look at it: %aether trace {run} · take it over: %aether resume {run} --take",
    )
