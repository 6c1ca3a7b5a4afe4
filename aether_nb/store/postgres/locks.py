"""The locks that this process holds on a server: advisory locks of the connection by which it reads and writes.

A lock stands for a run *and* an epoch, so whoever takes a run over by force has a lock of its own at once. It lives as
long as the connection: the server lets go of it when the process dies, and half a minute after the last sign of life
when its whole host does. There is no clock of ours in it and no thread that would have to be on time: a kernel that
computes for an hour, or stands in a debugger, keeps its runs. This module does not know what a run is.
"""

from __future__ import annotations

from collections.abc import Callable

from aether_nb.errors import StoreError
from aether_nb.store.postgres.session import Session, key_of
from aether_nb.store.rows import Row

__all__ = ["ServerLocks", "hold_again", "myself"]

_IS_HELD = """
    SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND mode = 'ExclusiveLock'
    AND classid::bigint = ? AND objid::bigint = ?
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_HOLD = "SELECT pg_try_advisory_lock(?)"
_DROP = "SELECT pg_advisory_unlock(?)"
_MYSELF = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_END = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid = ? AND backend_start = ?"


class ServerLocks:
    """``Locks`` on a server.

    Args:
        select: Reads by the connection that holds them.
        held: The epochs in which this process holds runs; kept up to date here.
    """

    def __init__(self, select: Callable[[str, Row], list[Row]], held: dict[str, int]) -> None:
        self._select = select
        self._held = held

    def hold(self, run: str, epoch: int) -> bool:
        """See ``Locks``."""
        self.drop(run, self._held.get(run, 0))
        if self._select(_HOLD, (_key(run, epoch),)) != [(True,)]:
            return False
        self._held[run] = epoch
        return True

    def drop(self, run: str, epoch: int) -> None:
        """See ``Locks``."""
        if self._held.get(run) == epoch:
            try:
                self._select(_DROP, (_key(run, self._held.pop(run)),))
            except StoreError:
                pass  # the connection is gone, and the lock with it

    def is_held(self, run: str, epoch: int) -> bool:
        """See ``Locks``."""
        key = _key(run, epoch) % 2**64
        return bool(self._select(_IS_HELD, (key >> 32, key % 2**32)))


def myself(session: Session) -> Row:
    """Which of the server's processes speaks with this one."""
    found: Row = session.execute(_MYSELF).fetchone() or ()
    return found


def hold_again(session: Session, held: dict[str, int], former: Row) -> None:
    """Hold by a new connection what was held by the one before; what another process holds now is left to it.

    Args:
        session: The new connection.
        held: The epochs in which this process holds runs; kept up to date here.
        former: What ``myself`` said of the one before. The server may not have noticed yet that it is gone.
    """
    if former:
        session.execute(_END, former)
    for run, epoch in tuple(held.items()):
        if session.execute(_HOLD, (_key(run, epoch),)).fetchone() != (True,):
            del held[run]


def _key(run: str, epoch: int) -> int:
    return key_of(f"lease {epoch} {run}")
