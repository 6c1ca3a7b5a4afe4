"""Files of earlier versions are taken over with all that they hold, and go on as if they had always been of today's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aether_nb.errors import AlreadyBegun, StoreCorrupt
from aether_nb.events import kinds as k
from aether_nb.store import database, schema
from aether_nb.store.ledger import CallRow
from aether_nb.store.log import RunSummary
from aether_nb.store.seal import Sealer
from aether_nb.store.store import open_store

VERSIONS = (1, 2, 3)
"""The versions before today's; ``versionN.sql`` is a record of each."""


def made(folder, version):
    """A folder with a record of that version."""
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "runs.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript((Path(__file__).parent / f"version{version}.sql").read_text(encoding="utf-8"))
    return folder


@pytest.fixture
def old(folder):
    """A folder with a record of the first version."""
    return made(folder, 1)


@pytest.fixture
def store(old):
    """A store on it."""
    store = open_store(old)
    with closing(store.log):
        yield store


def test_a_file_of_the_first_version_is_read(store):
    """Its runs are listed and its events are lifted."""
    assert store.log.runs() == [
        RunSummary("91cc", 1700000100.0, "plot it", "openai:x", 2, "done"),
        RunSummary("7f3a", 1700000000.25, "wie groß?", "analyst", 6, None, "a.ipynb", "c1"),
    ]
    assert [entry.event for entry in store.log.read("91cc")] == [
        k.RunStarted("plot it", "openai:x"),
        k.RunEnded("done"),
    ]
    reader = store.log.read("7f3a")
    assert [next(reader).seq for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(StoreCorrupt):
        next(reader)


def test_its_events_get_their_chain(store):
    """As if it had been there from the first event; what is damaged inside is linked like the rest."""
    assert [store.chain.verify(run).events for run in ("7f3a", "91cc")] == [6, 2]
    assert store.chain.verify("7f3a").ok


def test_its_calls_get_their_rows(store):
    """What has begun there is in doubt here; what cannot be read says nothing."""
    assert store.ledger.calls("7f3a") == [
        CallRow("7f3a", "a", 1, "shell", "begun", "external", "h", 0, 4),
        CallRow("7f3a", "b", 1, "summary", "proposed", "pure", "i"),
    ]
    with pytest.raises(AlreadyBegun):
        store.log.append("7f3a", 6, (k.CallBegun("a", "h"),), 9.0)


def test_its_runs_go_on(store):
    """New events follow the old ones, and the whole is one chain."""
    store.log.append("7f3a", 6, (k.CallBegun("b", "i"),), 9.0)
    store.log.append("7f3a", 7, (k.RunParked("go"),), 9.0)
    assert store.chain.verify("7f3a").events == 8
    assert [summary.parked for summary in store.log.runs()] == [False, True]
    noted = store.chain.head("7f3a")
    store.log.close()
    assert store.chain.verify("7f3a", noted).ok


def test_what_was_no_event_before_is_found_after(old):
    """A row that no version ever wrote gets no hash that would make it look right."""
    with closing(sqlite3.connect(old / "runs.db", isolation_level=None)) as db:
        db.execute("UPDATE events SET version = 'x' WHERE run = '7f3a' AND seq = 3")
    store = open_store(old)
    with closing(store.log):
        assert store.chain.verify("7f3a").fault == "Event 3 was changed."
        assert [row.state for row in store.ledger.calls("7f3a")] == ["begun", "proposed"]


def test_an_old_file_that_cannot_be_written_is_read_all_the_same(store, monkeypatch):
    """A record that came in a read-only folder is lifted in memory; the file stays as it is."""

    def shut(self):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    file = store.log.file
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    before = file.read_bytes()
    monkeypatch.setattr(database.Database, "_open", shut)
    monkeypatch.setattr(database, "is_shut", lambda error: True)
    assert [summary.id for summary in store.log.runs()] == ["91cc", "7f3a"]
    assert store.chain.verify("7f3a").ok
    assert file.read_bytes() == before


def test_a_record_of_every_earlier_version_is_tried():
    """Whoever adds a version keeps a record of the one before it."""
    assert len(VERSIONS) == len(schema.MIGRATIONS) - 1


def test_a_file_of_the_second_version_keeps_its_chain(folder):
    """Not a byte of it changes: a hash that was noted then is found, and the run goes on where it was."""
    store = open_store(made(folder, 2))
    with closing(store.log):
        assert [(run.id, run.head, run.outcome) for run in store.log.runs()] == [("91cc", 2, "done"), ("7f3a", 8, None)]
        assert store.chain.verify("7f3a", "0e4e76001e3e0e60").ok
        assert store.chain.verify("91cc", "10bf0c9c3db56d0d").ok
        kinds = [entry.event.kind for entry in store.log.read("7f3a", 5)]
        assert kinds == ["gate.opened", "gate.answered", "call.begun"]
        assert store.ledger.calls("7f3a") == [CallRow("7f3a", "c1", 1, "shell", "begun", "external", "h", 0, 8)]
        assert [signal.body for signal in store.signals.pending("7f3a")] == [{"text": "faster"}]
        holder = store.leases.holder("91cc")
        assert (holder.epoch, holder.alive) == (3, False)
        with pytest.raises(AlreadyBegun):
            store.log.append("7f3a", 8, (k.CallBegun("c1", "h"),), 1700000300.0)
        store.log.append("7f3a", 8, (k.CallDoubtful("c1", "its kernel died"),), 1700000300.0)
        assert store.chain.verify("7f3a", "0e4e76001e3e0e60").events == 9


def test_a_file_of_the_third_version_is_not_encrypted(folder):
    """It gets the table in which a wrapped key would stand; its rows and its chain stay as they are."""
    store = open_store(made(folder, 3))
    with closing(store.log):
        assert store.chain.verify("c3d4", "1c6bbae8f6d26606").events == 4
        assert [run.prompt for run in store.log.runs()] == ["what lies here?"]
        assert [signal.body for signal in store.signals.pending("c3d4")] == [{"text": "thanks"}]
        assert not store.encrypted


def test_a_run_that_was_sealed_in_pieces_is_nobodys_own(tmp_path):
    """Version 2 sealed a start, a yes and an end: they are read, what they say counts for nothing, and it goes on."""
    folder = made(tmp_path / "old", 2)
    with closing(sqlite3.connect(folder / "runs.db")) as db:
        db.executescript((Path(__file__).parent / "version2-sealed.sql").read_text(encoding="utf-8"))
    store = open_store(folder, sealer=Sealer(tmp_path / "key"))
    with closing(store.log):
        verdicts = [store.chain.verify(run) for run in ("5c1d", "6d2e")]
        assert [(one.ok, one.own, one.events) for one in verdicts] == [(True, False, 6), (True, False, 2)]
        events = [entry.event for entry in store.log.read("5c1d")]
        asked = ("what lies here?", "openai:x")
        assert events[0] == k.RunStarted(*asked, tools=("shell",), notebook="a.ipynb", cell="c2", workspace="/w")
        assert events[3] == k.GateAnswered("a", "h", "approve", "panel", "run")
        assert [row.state for row in store.ledger.calls("5c1d")] == ["begun"]
        store.log.append("5c1d", 6, (k.CallDoubtful("a", "it was interrupted"),), 9.0)
        assert store.chain.verify("5c1d").ok and not store.chain.verify("5c1d").own
        store.log.append("5c1d", 7, (k.RunResumed("me", True, anyway=True),), 9.0)
        assert store.chain.verify("5c1d").own


def test_an_old_file_and_a_new_one_have_the_same_tables(tmp_path):
    """However a file came to today's version, it is the same."""
    shapes = []
    for folder in (*(made(tmp_path / f"v{version}", version) for version in VERSIONS), tmp_path / "new"):
        store = open_store(folder)
        store.log.append("r", 0, (k.RunStarted("q", "m"),), 1.0)
        store.log.close()
        with closing(sqlite3.connect(folder / "runs.db")) as db:
            shapes.append(db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall())
    assert shapes == [shapes[0]] * 4
