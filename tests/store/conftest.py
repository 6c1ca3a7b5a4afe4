"""A log on disk, and another one on the same file."""

from __future__ import annotations

import pytest

from aether_nb.store.sqlite import SqliteLog


@pytest.fixture
def folder(tmp_path):
    """Where a record would lie; nothing is there yet."""
    return tmp_path / "notebooks" / ".aether"


@pytest.fixture
def log(folder):
    """A log in that folder."""
    log = SqliteLog(folder)
    yield log
    log.close()


@pytest.fixture
def other():
    """Opens a second log on the same file, as another kernel would have it."""
    opened = []

    def open_beside(log):
        opened.append(SqliteLog(log.folder))
        return opened[-1]

    yield open_beside
    for log in opened:
        log.close()
