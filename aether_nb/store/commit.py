"""The one way in which anything is committed to a SQLite file. It does not know what."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

from aether_nb.store import points

__all__ = ["committed"]

T = TypeVar("T")


def committed(db: sqlite3.Connection, names: Sequence[str], act: Callable[[sqlite3.Connection], T]) -> T:
    """What ``act`` returns, after all that it wrote has been committed; when it raises, nothing of it stays.

    Args:
        db: A connection in autocommit mode.
        names: What is committed, for ``points``.
        act: Reads and writes; it is the only writer of the file while it does.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        value = act(db)
        points.pass_by("before", names)
        db.execute("COMMIT")
    except BaseException:  # a Ctrl-C as well
        # SQLite has rolled back by itself when the disk was full.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    points.pass_by("after", names)
    return value
