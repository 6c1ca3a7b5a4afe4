"""The one way in which anything is committed, to whichever database. It does not know what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from aether_nb.store import points
from aether_nb.store.rows import Connection

__all__ = ["committed"]

C = TypeVar("C", bound=Connection)
T = TypeVar("T")


def committed(db: C, names: Sequence[str], act: Callable[[C], T], begin: str = "BEGIN IMMEDIATE") -> T:
    """What ``act`` returns, after all that it wrote has been committed; when it raises, nothing of it stays.

    Args:
        db: A connection in autocommit mode.
        names: What is committed, for ``points``.
        act: Reads and writes; nobody else writes the same while it does.
        begin: How the transaction begins that makes sure of that.
    """
    try:
        db.execute(begin)
        value = act(db)
        points.pass_by("before", names)
        db.execute("COMMIT")
    except BaseException:  # a Ctrl-C as well
        # A database has rolled back by itself when its disk was full, or when the connection is gone.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    points.pass_by("after", names)
    return value
