"""The tables of a store on a PostgreSQL server: one connection a process, one way to read and one way to write.

A write is one transaction that is alone with its run: it holds a lock of the run's name, under which head and epoch are
read, so that both are decided at once, for runs that are new as well. A commit that has returned is on the server's
disk. When the connection is found to be gone before anything was begun, it is made anew and nobody notices; when it
goes in the middle, that is an error, and the next use connects again. This module does not know what the rows mean.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import TypeVar
from weakref import WeakValueDictionary, finalize

from aether_nb.config.address import Address
from aether_nb.store.commit import committed
from aether_nb.store.guards import GUARD, keys_of
from aether_nb.store.postgres import schema
from aether_nb.store.postgres.faults import faults, store_fault
from aether_nb.store.postgres.locks import ServerLocks, hold_again, myself
from aether_nb.store.postgres.session import Session, connect
from aether_nb.store.rows import Row
from aether_nb.store.safe import Safe
from aether_nb.store.vault import Vault
from aether_nb.store.wrapping import GET_WRAPPED, Unlock

__all__ = ["ServerTables", "server_tables"]

T = TypeVar("T")

_OPEN: WeakValueDictionary[str, ServerTables] = WeakValueDictionary()
"""The tables of this process, by the address of their server."""

_LEFT: list[Session] = []
"""Connections that a parent process has open. They are never used and never ended here: the parent speaks by them."""


def server_tables(address: Address) -> ServerTables:
    """The one set of tables that this process has at an address: it is the process that holds runs."""
    tables = _OPEN.get(address.plain)
    if tables is None:
        tables = _OPEN[address.plain] = ServerTables(address)
    return tables


class ServerTables:
    """``Tables`` on a server. One connection serves all threads, one at a time.

    Args:
        address: Where the server is. It is not spoken to before something is read or written.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._held: dict[str, int] = {}
        self._lock = RLock()
        self._session: Session | None = None
        self._detach: Callable[[], object] = lambda: None
        """Takes back that the connection ends when these tables are forgotten."""
        self._name: Row = ()
        self._exists = False
        self._safe = Safe()

    @property
    def always_lasts(self) -> bool:
        """See ``Tables``."""
        return True

    @property
    def locks(self) -> ServerLocks:
        """See ``Tables``."""
        return ServerLocks(self.select, self._held)

    @property
    def vault(self) -> Vault | None:
        """See ``Tables``."""
        if self._session is None:
            self.select(GET_WRAPPED)  # that connects, and looks
        return None if self._safe.wrapped is None else self._safe.need()

    def bring_key(self, unlock: Unlock) -> None:
        """See ``Tables``."""
        self._safe.unlock = unlock

    def select(self, query: str, arguments: Row = ()) -> list[Row]:
        """See ``Tables``."""
        return self.ask(lambda db: db.execute(query, arguments).fetchall() if self._is_there(db) else [])

    def ask(self, act: Callable[[Session], T]) -> T:
        """What ``act`` reads by the connection; once more by a new one when the old one was found to be gone."""
        with self.guarded():
            session = self._session or self._open()
            inside = session.in_transaction
            try:
                return act(session)
            except faults():
                if inside or not session.is_gone:
                    raise
            return act(self._open())

    def write(self, names: Sequence[str], act: Callable[[Session], T], run: str = "", lasting: bool = True) -> T:
        """See ``Tables``. Whatever is written lasts."""
        began = False

        def noted(db: Session) -> T:
            nonlocal began
            began = True
            return act(db)

        with self.guarded():
            self.ask(self._make)
            session, begin = self._session or self._open(), schema.begin(run)
            if self._safe.wrapped is not None:
                self._safe.need()
            try:
                return committed(session, names, noted, begin)
            except faults() as error:
                # Encrypted, or not any more, since it was opened here: then nothing of it was taken.
                if GUARD not in str(error) and (began or not session.is_gone):
                    raise
            return committed(self._open(), names, act, begin)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """See ``Tables``."""
        with self._lock:
            try:
                yield
            except faults() as error:
                gone = self._session is None or self._session.is_gone
                self._exists = False  # whatever it was: look again
                raise store_fault(error, self.address, gone) from error

    def close(self) -> None:
        """See ``Tables``. A connection that holds runs stays, or others could take them."""
        with self._lock:
            if not self._held:
                self._end()

    def leave(self) -> None:
        """In a forked child: hold nothing, and leave the parent's connection alone."""
        self._lock = RLock()  # a thread of the parent may have had it
        self._held.clear()
        self._name = ()
        if self._session is not None:
            self._session.leave()
            _LEFT.append(self._session)
            self._let_go()

    def _end(self) -> None:
        if self._session is not None:
            self._session.close()
            self._let_go()

    def _let_go(self) -> None:
        self._session = None
        self._detach()

    def _open(self) -> Session:
        self._end()
        session = connect(self.address)
        try:
            found = schema.version(session, self.address)
            if found:
                schema.migrate(session, self.address)
            self._safe.look_at(keys_of(session) if found else [])
            hold_again(session, self._held, self._name)
            self._name = myself(session)
        except BaseException:
            session.close()
            raise
        self._session, self._exists = session, found > 0
        self._detach = finalize(self, session.close).detach  # before psycopg finds it open, and warns of that
        return session

    def _is_there(self, session: Session) -> bool:
        self._exists = self._exists or schema.version(session, self.address) > 0
        return self._exists

    def _make(self, session: Session) -> None:
        if not self._exists:
            schema.migrate(session, self.address)
            self._exists = True


def _leave_all() -> None:
    for tables in list(_OPEN.values()):
        tables.leave()


# Where there is no fork there is nothing to leave.
getattr(os, "register_at_fork", lambda **_: None)(after_in_child=_leave_all)
