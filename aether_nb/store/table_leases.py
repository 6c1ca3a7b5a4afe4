"""Leases in tables: ``leases`` says who holds a run by which epoch, a lock says whether that process lives.

Who holds a run is decided inside a transaction, so only one process decides at a time. This module does not write
events: that a run was taken over is for its new holder to say.
"""

from __future__ import annotations

import os
import socket

from aether_nb.store.lease import Holder
from aether_nb.store.processes import this_process
from aether_nb.store.rows import Connection, Row, Tables
from aether_nb.store.rules import held

__all__ = ["TableLeases"]

_GET = "SELECT holder, process, since, epoch FROM leases WHERE run = ?"
_PUT = """
    INSERT INTO leases (run, holder, process, since, epoch) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (run) DO UPDATE
    SET holder = excluded.holder, process = excluded.process, since = excluded.since, epoch = excluded.epoch
"""


class TableLeases:
    """``Leases`` in the tables of a log.

    Args:
        tables: Those tables.
        name: What people call this process: its notebook, or the command that was typed.
    """

    def __init__(self, tables: Tables, name: str = "") -> None:
        self._tables = tables
        self._name = name

    def take(self, run: str, time: float, force: bool = False) -> Holder:
        """See ``Leases.take``."""
        fresh: list[tuple[Holder, int]] = []

        def act(db: Connection) -> Holder:
            last = self._holder(db.execute(_GET, (run,)).fetchone(), run)
            here = last is not None and last.process == this_process()
            if last and last.alive and not force:
                raise held(run, last.name, last.since, here)
            mine = Holder(self._called(), this_process(), float(time), last.epoch + 1 if last else 1, alive=True)
            if not self._tables.locks.hold(run, mine.epoch):
                raise held(run, "a process whose record was replaced", time)
            fresh.append((mine, last.epoch if last and last.alive and here else 0))
            db.execute(_PUT, (run, mine.name, mine.process, mine.since, mine.epoch))
            return mine

        try:
            return self._tables.write(("lease",), act, run)
        except BaseException:
            for mine, before in fresh:
                self.release(run, mine.epoch)
                if before:  # it was taken from somebody in this process, whose lock it had replaced
                    self._tables.locks.hold(run, before)
            raise

    def release(self, run: str, epoch: int) -> None:
        """See ``Leases.release``."""
        self._tables.locks.drop(run, epoch)

    def holder(self, run: str) -> Holder | None:
        """See ``Leases.holder``."""
        with self._tables.guarded():
            return self._holder(next(iter(self._tables.select(_GET, (run,))), None), run)

    def _holder(self, row: Row | None, run: str) -> Holder | None:
        if row is None:
            return None
        name, process, since, epoch = row
        return Holder(name, process, since, epoch, self._tables.locks.is_held(run, epoch))

    def _called(self) -> str:
        here = f"process {os.getpid()} on {socket.gethostname()}"
        return f"{self._name} ({here})" if self._name else here
