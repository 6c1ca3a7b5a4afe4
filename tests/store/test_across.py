"""Events of many runs at once, in every store; and those that cannot be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from aether_nb.events.kinds import RunStarted
from aether_nb.store.store import memory_store, open_store
from contracts.across_contract import AcrossContract


class TestInMemory(AcrossContract):
    """Laws of events of many runs."""

    @pytest.fixture
    def store(self):
        """An empty one."""
        return memory_store()


class TestOnDisk(AcrossContract):
    """The same in a folder."""

    @pytest.fixture
    def store(self, folder):
        """An empty one."""
        store = open_store(folder, "a test")
        with closing(store.log):
            yield store

    @pytest.mark.parametrize("change", ["payload = '{'", "version = 99"])
    def test_what_cannot_be_read_is_left_out(self, store, folder, change):
        """An event that is damaged, or that a newer version wrote, hides none of the others."""
        for run in ("a", "b"):
            store.log.append(run, 0, (RunStarted("how many?", "analyst"),), 10.0)
        with closing(sqlite3.connect(folder / "runs.db")) as db, db:
            db.execute(f"UPDATE events SET {change} WHERE run = 'a'")
        assert [entry.run for entry in store.across.of_kinds(("run.started",))] == ["b"]


class TestOnServer(AcrossContract):
    """The same on a PostgreSQL server."""

    @pytest.fixture
    def store(self, server_store):
        """An empty one."""
        return server_store
