"""How rows are read and written, whichever database keeps them: what its connection and its store must be able to do.

The statements of a store are written once, as SQLite reads them. This module knows no database and no table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias, TypeVar

from aether_nb.store.vault import Vault
from aether_nb.store.wrapping import Unlock

__all__ = ["Connection", "Cursor", "Locks", "Row", "Tables"]

Row: TypeAlias = tuple[Any, ...]
T = TypeVar("T")


class Cursor(Protocol):
    """What came of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it wrote."""

    def fetchone(self) -> Any:
        """The next row; None when there is no other."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""


class Connection(Protocol):
    """One conversation with a database, in which transactions are begun and ended by statements."""

    @property
    def in_transaction(self) -> bool:
        """Whether one was begun and has not ended; False when the conversation itself has."""

    def execute(self, query: str, arguments: Row = ..., /) -> Cursor:
        """Do a statement; ``?`` or ``?1`` stand for the arguments."""


class Locks(Protocol):
    """Which runs this process holds, in which epoch; a lock ends with its process."""

    def hold(self, run: str, epoch: int) -> bool:
        """Hold a run in this epoch, and in no other; False when another process does."""

    def drop(self, run: str, epoch: int) -> None:
        """Let go of a run; nothing happens when it is not held in that epoch."""

    def is_held(self, run: str, epoch: int) -> bool:
        """Whether some process that is alive holds a run in this epoch."""


class Tables(Protocol):
    """The tables of one store. May be used from any thread; its faults are our errors."""

    @property
    def always_lasts(self) -> bool:
        """Whether every commit is on the disk when it returns, not only those for which that is asked."""

    @property
    def locks(self) -> Locks:
        """The locks that belong to these tables."""

    @property
    def vault(self) -> Vault | None:
        """What the contents of these tables are sealed with; None when they are not.

        Raises:
            StoreLocked: They are, and nobody has the key.
        """

    def bring_key(self, unlock: Unlock) -> None:
        """Say who finds the key when the contents turn out to be encrypted."""

    def select(self, query: str, arguments: Row = ()) -> list[Row]:
        """All rows at once; none when there is no store yet."""

    def guarded(self) -> AbstractContextManager[None]:
        """Alone with the tables, and their faults as our errors. May be nested."""

    def write(self, names: Sequence[str], act: Callable[[Connection], T], run: str = "", lasting: bool = False) -> T:
        """What ``act`` returns after its writes have been committed, all of them or none.

        Args:
            names: What is written, for ``points``.
            act: Gets the connection, inside a transaction.
            run: The run that is written; nobody else writes to it meanwhile. Empty: no run, or none alone.
            lasting: Whether it has to be on the disk itself before this returns.
        """

    def close(self) -> None:
        """Let go of the database; it is opened again when it is used."""
