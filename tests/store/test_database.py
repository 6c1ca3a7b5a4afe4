"""How the file is kept: its journal, what reaches the disk at once, and the points where a test may stop the world."""

from __future__ import annotations

import gc
import os
import re
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread, Timer

import pytest

import aether_nb.store
from aether_nb.errors import LogConflict, StoreError
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.live.interrupt import interrupt_main_thread
from aether_nb.store import database, points
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store
from contracts.points_contract import PointsContract

STARTED = k.RunStarted("how many rows?", "analyst")


@pytest.fixture
def kept(folder):
    """Opens stores in the folder, and closes them."""
    stores = []

    def opened(wal=None, folder=folder):
        stores.append(open_store(folder, wal=wal))
        return stores[-1]

    yield opened
    for store in stores:
        store.log.close()


def asked(store, what):
    """What the file's connection answers to a pragma."""
    return store.log.database._db.execute(f"PRAGMA {what}").fetchone()[0]


# ---- the journal


@pytest.mark.parametrize(
    ("wal", "shared", "journal", "synchronous"),
    [(None, False, "wal", 1), (None, True, "delete", 2), (True, True, "wal", 1), (False, False, "delete", 2)],
)
def test_the_journal_fits_the_file_system(kept, monkeypatch, wal, shared, journal, synchronous):
    """A write-ahead log where only this machine sees the file; elsewhere a journal, and every commit on the disk."""
    monkeypatch.setattr(database, "is_shared", lambda folder: shared)
    store = kept(wal)
    store.log.append("r", 0, (STARTED,), 1.0)
    assert (asked(store, "journal_mode"), asked(store, "synchronous")) == (journal, synchronous)


def test_where_sqlite_refuses_the_log_every_commit_reaches_the_disk(kept, monkeypatch):
    """A file system without shared memory: SQLite answers with another journal than the one asked for."""
    monkeypatch.setattr(database, "journal_mode", lambda db, mode: "delete")
    store = kept(True)
    store.log.append("r", 0, (STARTED,), 1.0)
    assert asked(store, "synchronous") == 2


def test_a_record_that_moved_to_a_shared_disk_changes_its_journal(kept):
    """And back again; what it holds stays."""
    for wal, journal in ((True, "wal"), (False, "delete"), (True, "wal")):
        store = kept(wal)
        head = len(list(store.log.read("r")))
        store.log.append("r", head, (k.CallBegun(f"c{head}", "h"),), 1.0)
        assert asked(store, "journal_mode") == journal
        store.log.close()
    assert kept().chain.verify("r").events == 3


def test_a_journal_that_cannot_be_changed_now_is_said(kept, folder, monkeypatch):
    """SQLite does not wait for another process there; we do, and say it when that was in vain."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "runs.db", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError) as caught:
            kept(True).log.append("r", 0, (STARTED,), 1.0)
    assert caught.value.hint == "Try again in a moment."


def test_a_journal_that_is_busy_for_a_moment_is_waited_for(kept, folder, monkeypatch):
    """Two kernels that make the store at the same time both succeed."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    folder.mkdir(parents=True)
    holder = sqlite3.connect(folder / "runs.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(database, "sleep", lambda seconds: holder.close())
    monkeypatch.setattr(database, "monotonic", lambda: 0.0)
    store = kept(True)
    store.log.append("r", 0, (STARTED,), 1.0)
    assert store.chain.verify("r").ok


@pytest.mark.parametrize("forked", [False, True])
def test_a_forgotten_database_lets_go_of_its_file(folder, monkeypatch, forked):
    """Also where it holds itself; in a forked child the connection is the parent's, and is not touched."""
    tables = database.Database(folder)
    tables.write(("test",), lambda db: None)
    tables.itself, db = tables, tables._db
    if forked:
        monkeypatch.setattr(os, "getpid", lambda: -1)
    del tables
    gc.collect()
    if forked:
        assert db in database._FORKED and db.execute("SELECT 1").fetchone() == (1,)
        database._FORKED.remove(db)
        db.close()
    with pytest.raises(sqlite3.ProgrammingError):
        db.execute("SELECT 1")


def test_what_is_not_open_cannot_shrink(folder):
    """Nothing is made by it."""
    database.Database(folder).shrink()
    assert not folder.exists()


# ---- while another process writes


@contextmanager
def written(folder, seconds):
    """Somebody else writes to the file for so long."""
    with closing(sqlite3.connect(folder / "runs.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = Timer(seconds, lambda: other.execute("COMMIT"))
        timer.start()
        yield
        timer.join()


def test_a_run_at_work_waits_longer_than_a_verb(kept, folder, monkeypatch):
    """What its call did outside would be lost with its event; who only typed something can type it again."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    store = kept()
    with store.leased("r") as lease:
        store.log.append("r", 0, (STARTED,), 1.0, lease.epoch)
        with written(folder, 0.5):
            with pytest.raises(StoreError, match="being written by another process"):
                store.log.append("typed", 0, (STARTED,), 1.0)
            store.log.append("r", 1, (k.RunEnded("done"),), 2.0, lease.epoch)
    assert [entry.seq for entry in store.log.read("r")] == [1, 2]


def test_a_run_at_work_does_not_wait_for_ever(kept, folder, monkeypatch):
    """Somebody may have forgotten that he writes."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(database, "AT_WORK_SECONDS", 0.2)
    store = kept()
    refused = pytest.raises(StoreError, match="being written by another process")
    with store.leased("r") as lease, written(folder, 0.6), refused:
        store.log.append("r", 0, (STARTED,), 1.0, lease.epoch)


def test_others_read_while_a_run_waits_to_write_and_an_interrupt_ends_that(kept, folder, monkeypatch):
    """The agent's thread waits without the lock of the file's connection; on the main thread Ctrl-C is heard."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    store = kept()
    with store.leased("r") as lease:
        store.log.append("r", 0, (STARTED,), 1.0, lease.epoch)
        with written(folder, 1.0):
            waiting = Thread(target=store.log.append, args=("r", 1, (k.RunEnded("done"),), 2.0, lease.epoch))
            waiting.start()
            assert [run.head for run in store.log.runs()] == [1] and waiting.is_alive()
            Timer(0.2, interrupt_main_thread).start()
            with pytest.raises(KeyboardInterrupt):
                store.log.append("r", 1, (STARTED,), 2.0, lease.epoch)
            waiting.join()
        assert [run.outcome for run in store.log.runs()] == ["done"]


# ---- another process with this one's memory


def test_a_copied_memory_opens_a_connection_of_its_own(kept):
    """The one that the parent has is left as it is, neither used nor closed; so is its lock."""
    store = kept()
    store.log.append("r", 0, (STARTED,), 1.0)
    before, store.log.database._process = store.log.database._db, -1
    assert [entry.seq for entry in store.log.read("r")] == [1]
    assert store.log.database._db is not before
    assert before.execute("SELECT count(*) FROM events").fetchone() == (1,)
    before.close()
    store.log.close()
    store.log.database._process = -1
    assert [entry.seq for entry in store.log.read("r")] == [1]


# ---- what reaches the disk at once


def proposed(call, effect):
    """A call with that effect."""
    return k.CallProposed(ToolCall(call, "t", {}), "h", "high", effect)


GRANT = k.Grant("g", "t", "tool", "low", "run", "panel")
LASTING = [
    ((k.CallBegun("x", "h"),), True),
    ((k.CallBegun("p", "h"),), False),
    ((k.CallBegun("unknown", "h"),), True),
    ((proposed("n", "external"), k.CallBegun("n", "h")), True),
    ((proposed("x", "pure"), k.CallBegun("x", "h")), False),
    ((proposed("y", "external"),), False),
    ((k.GateAnswered("x", "h", "approve", "panel"),), True),
    ((k.GateAnswered("x", "h", "deny", "signal:anna"),), True),
    ((k.GateAnswered("x", "h", "approve", "policy:auto"),), False),
    ((k.GateAnswered("x", "h", "approve", "grant:g"),), False),
    ((k.GrantGiven(GRANT),), True),
    ((k.GrantGiven(replace(GRANT, by="policy:auto")),), False),
    ((k.CallSettled("x", "ran", "cell"),), True),
    ((k.CallSettled("x", "ran", "tool:verify"),), False),
    ((k.CallFinished("x", (), 1.0),), False),
    ((), False),
]


@pytest.mark.parametrize(("events", "lasting"), LASTING)
def test_what_must_not_be_lost_reaches_the_disk(kept, monkeypatch, events, lasting):
    """A call that acts outside before it begins, and what a person decided; the rest may wait for the next of these."""
    store = kept(True)
    store.log.append("r", 0, (proposed("x", "external"), proposed("p", "pure")), 1.0)
    levels = []
    monkeypatch.setattr(points, "reached", lambda name: levels.append(asked(store, "synchronous")))
    store.log.append("r", 2, events, 2.0)
    store.log.append("r", 2 + len(events), (k.RunParked("go"),), 3.0)
    assert levels == [2 if lasting else 1] * 2 + [1, 1]


def test_with_a_journal_everything_reaches_the_disk(kept, monkeypatch):
    """There is nothing to switch."""
    store, levels = kept(False), []
    store.log.append("r", 0, (STARTED,), 1.0)
    monkeypatch.setattr(points, "reached", lambda name: levels.append(asked(store, "synchronous")))
    store.log.append("r", 1, (k.CallBegun("x", "h"),), 1.0)
    store.log.append("r", 2, (k.RunEnded("done"),), 1.0)
    assert levels == [2, 2, 2, 2]


# ---- points


class TestPoints(PointsContract):
    """Laws of commits."""

    @pytest.fixture
    def store(self, kept):
        """An empty store in a folder."""
        return kept()


def test_there_is_one_way_to_commit():
    """Whatever else the store may do, a commit that passes no point does not exist."""
    room = Path(aether_nb.store.__file__).parent
    found = [
        path.name
        for path in room.rglob("*.py")
        if re.search(r'"(COMMIT|END|BEGIN IMMEDIATE)|\.commit\(', path.read_text())
    ]
    assert found == ["commit.py"]


# ---- odd values


def test_text_that_is_no_utf8_is_said(kept):
    """A name with half a surrogate pair is refused as an error of ours; nothing of it is kept."""
    store = kept()
    with pytest.raises(StoreError):
        store.log.append("\ud800", 0, (STARTED,), 1.0)
    with pytest.raises(StoreError):
        store.signals.send(Signal("r", "tell", "\ud800"))
    assert (store.log.runs(), store.signals.pending("r")) == ([], [])


def test_a_time_that_is_no_number_is_refused(kept):
    """A clock that says NaN is a fault; the run stays as it was."""
    store = kept()
    store.log.append("r", 0, (STARTED,), 1.0)
    with pytest.raises(StoreError):
        store.log.append("r", 1, (k.RunEnded("done"),), float("nan"))
    assert store.chain.verify("r").events == 1


def test_a_run_that_grows_while_it_is_verified_is_whole(kept, monkeypatch):
    """What another kernel appends between two looks is not taken for an insertion."""
    store = kept()
    store.log.append("r", 0, (STARTED,), 1.0)
    select, looks = store.log.database.select, []

    def slow(query, arguments):
        rows = select(query, arguments)
        if len(looks) < 2:
            looks.append(query)
            store.log.append("r", len(looks), (k.RunParked("go"),), 1.0)
        return rows

    monkeypatch.setattr(store.log.database, "select", slow)
    assert (store.chain.verify("r").ok, store.chain.verify("r").events) == (True, 3)


def test_a_clock_that_goes_backwards_changes_no_order(kept):
    """Numbers order the events of a run; times are only what the clock said."""
    store = kept()
    for head, time in enumerate((100.0, 50.0, -1.0, 75.0)):
        store.log.append("r", head, (k.CallBegun(f"c{head}", "h"),), time)
    assert [(entry.seq, entry.time) for entry in store.log.read("r")] == [(1, 100.0), (2, 50.0), (3, -1.0), (4, 75.0)]
    assert store.chain.verify("r").ok
    assert [row.call for row in store.ledger.calls("r")] == ["c0", "c1", "c2", "c3"]


# ---- damage in the other tables


@pytest.mark.parametrize("body", ["nonsense", "[]", "", "\udcff"])
def test_a_signal_that_cannot_be_read_is_said(kept, body):
    """It names the signal; it is not dropped in silence."""
    store = kept()
    store.signals.send(Signal("r", "tell", "cell", id="s1"))
    store.log.database._db.execute(
        "UPDATE signals SET body = CAST(? AS TEXT)", (body.encode(errors="surrogateescape"),)
    )
    with pytest.raises(StoreError) as caught:
        store.signals.pending("r")
    assert caught.value.what == "Signal s1 to run r cannot be read."


@pytest.mark.parametrize("table", ["calls", "signals", "leases"])
def test_a_missing_table_is_said(kept, table):
    """Whoever needs it is told that the record is damaged, and an append leaves nothing."""
    store = kept()
    store.log.append("r", 0, (STARTED,), 1.0)
    store.log.database._db.execute(f"DROP TABLE {table}")
    acts = {
        "calls": lambda: store.ledger.calls("r"),
        "signals": lambda: store.signals.pending("r"),
        "leases": lambda: store.leases.holder("r"),
    }
    with pytest.raises(StoreError) as caught:
        acts[table]()
    assert f"no such table: {table}" in caught.value.why
    events = (k.CallBegun("a", "h"), k.SignalReceived("s", "stop", "panel"))
    with pytest.raises(StoreError):
        store.log.append("r", 1, events, 2.0)
    assert [entry.seq for entry in store.log.read("r")] == [1]


def test_a_file_deleted_while_open_takes_nothing_of_a_run_with_it(kept, folder):
    """Calls, signals and the lease of a run that is being written go on in the new file with its events."""
    store, other = kept(), Signal("r", "tell", "cell", {"text": "b"}, "s2", 3.0)
    epoch = store.leases.take("r", 1.0).epoch
    store.log.append("r", 0, (STARTED, proposed("x", "external")), 1.0, epoch)
    for signal in (Signal("r", "tell", "cell", id="s1"), other):
        store.signals.send(signal)
    store.log.append("r", 2, (k.CallBegun("x", "h"), k.SignalReceived("s1", "tell", "cell")), 1.0, epoch)
    store.leases.take("s", 1.0)
    rows = store.ledger.calls("r")
    (folder / "runs.db").rename(folder / "gone.db")
    store.log.append("r", 4, (k.CallFinished("y", (), 1.0),), 2.0, epoch)
    assert (store.ledger.calls("r"), store.signals.pending("r")) == (rows, [other])
    assert [store.leases.holder(run).epoch for run in "rs"] == [1, 1]
    assert store.chain.verify("r").events == 5
    assert not store.signals.send(Signal("r", "tell", "cell", id="s1"))


def test_a_wrong_head_is_said_before_anything_else(kept):
    """Whoever has not seen the last event does not begin anything either."""
    store = kept()
    store.log.append("r", 0, (STARTED,), 1.0)
    with pytest.raises(LogConflict) as caught:
        store.log.append("r", 0, (k.CallBegun("a", "h"),), 2.0)
    assert type(caught.value) is LogConflict
