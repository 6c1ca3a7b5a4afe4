"""What disks and files do to calls, signals, leases and bytes: the same errors as those of the log, nothing half."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import closing
from itertools import repeat

import pytest

from aether_nb.errors import StoreCorrupt, StoreError, StoreFull, StoreReadOnly
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.store.prune import prune
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store

STARTED = k.RunStarted("how many rows?", "analyst")


def proposed(call):
    """A call with a long name for its tool, so that the ledger grows fast."""
    return k.CallProposed(ToolCall(call, "t" * 2_000, {}), "h", "high", "external")


def signal(number):
    """A signal of some size."""
    return Signal("r", "tell", "cell", {"text": "x" * 5_000}, f"s{number}")


@pytest.fixture
def full(small_disk):
    """A store whose disk takes no more; and how to make room again."""
    place, mounted = small_disk
    store = open_store(place / ".aether")
    store.log.append("r", 0, (STARTED,), 1.0)
    db = store.log.database._db
    if mounted:
        with (place / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space left"):
            list(map(ballast.write, repeat(bytes(4096))))
    else:
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")

    def room():
        if mounted:
            (place / "ballast").unlink()
        else:
            db.execute("PRAGMA max_page_count = 100000")

    with closing(store.log):
        yield store, room


def until_full(act):
    """Do it until there is no room; how often it went through."""
    for number in range(500):
        try:
            act(number)
        except StoreFull:
            return number
    raise AssertionError("the disk never filled")


def test_a_full_disk_loses_no_signal_that_was_sent(full):
    """One that was refused was not said, and can be said again when there is room."""
    store, room = full
    sent = until_full(lambda number: store.signals.send(signal(number)))
    assert [each.id for each in store.signals.pending("r")] == [f"s{number}" for number in range(sent)]
    room()
    assert store.signals.send(signal(sent))


def test_a_full_disk_begins_nothing_that_it_does_not_know(full):
    """Events and the ledger grow together or not at all."""
    store, room = full
    head = 1

    def begin(number):
        nonlocal head
        events = (proposed(f"c{number}"), k.CallBegun(f"c{number}", "h"))
        head = store.log.append("r", head, events, 1.0)[-1].seq

    begun = until_full(begin)
    assert len(store.ledger.begun("r")) == begun == (len(list(store.log.read("r"))) - 1) / 2
    room()
    begin(begun)
    assert store.chain.verify("r").ok


def test_a_full_disk_gives_no_lease(full):
    """Whoever could not write that it holds a run does not hold it."""
    store, room = full
    taken = until_full(lambda number: store.leases.take(f"{number}" + "r" * 2_000, 1.0))
    run = f"{taken}" + "r" * 2_000
    assert store.leases.holder(run) is None
    room()
    assert store.leases.take(run, 1.0).epoch == 1


def test_a_read_only_record_takes_nothing(folder, read_only, nobody):
    """What it holds can be read; signals, leases, bytes and cleaning are refused in the same words as an append."""
    with closing((store := open_store(folder)).log):
        store.log.append("r", 0, (STARTED, proposed("a"), k.RunEnded("done")), 1.0)
        store.signals.send(signal(1))
        store.leases.take("r", 1.0)
        hash = store.blobs.put(b"data")
        store.leases.release("r", 1)
    read_only(folder)
    second = open_store(folder)
    with nobody(), closing(second.log):
        assert second.chain.verify("r").ok
        assert (len(second.ledger.calls("r")), second.signals.pending("r")) == (1, [signal(1)])
        assert second.blobs.get(hash) == b"data"
        acts = (
            lambda: second.signals.send(signal(2)),
            lambda: second.leases.take("r", 2.0),
            lambda: second.blobs.put(b"more"),
            lambda: second.blobs.drop(hash),
            lambda: prune(folder, 1e6, ["r"]),
        )
        for act in acts:
            with pytest.raises(StoreReadOnly):
                act()


@pytest.mark.parametrize("table", ["calls", "signals", "leases"])
def test_damage_inside_a_table_is_said(folder, table):
    """Pages that were overwritten are noticed when they are read, and an append that needs them leaves nothing."""
    store = open_store(folder)
    with closing(store.log):
        store.log.append("r", 0, (STARTED, *(proposed(f"c{n}") for n in range(30))), 1.0)
        for number in range(30):
            store.signals.send(signal(number))
            store.leases.take(f"r{number}" + "r" * 2_000, 1.0)
        store.leases.take("r", 1.0)
        store.log.close()
        with closing(sqlite3.connect(store.log.file)) as db:
            pages = [row[0] for row in db.execute("SELECT pageno FROM dbstat WHERE name = ?", (table,))]
            size = db.execute("PRAGMA page_size").fetchone()[0]
        with store.log.file.open("r+b") as file:
            for page in pages:
                file.seek((page - 1) * size)
                file.write(b"\xa5" * size)
        look = {
            "calls": lambda: store.ledger.calls("r"),
            "signals": lambda: store.signals.pending("r"),
            "leases": lambda: store.leases.holder("r"),
        }
        with pytest.raises(StoreCorrupt):
            look[table]()
        events = (k.CallBegun("c1", "h"), k.SignalReceived("s1", "tell", "cell"))
        with pytest.raises(StoreError):
            store.log.append("r", 31, events, 2.0, 1)
        assert len(list(store.log.read("r"))) == 31


def test_a_number_that_no_column_holds_is_said(folder):
    """SQLite counts in 64 bits."""
    with closing((store := open_store(folder)).log), pytest.raises(StoreError):
        store.log.append("r", 0, (k.CallBegun("a", "h", attempt=2**70),), 1.0)


def test_an_error_of_the_disk_while_reading_a_blob_is_said(tmp_path, monkeypatch):
    """It is not taken for missing bytes."""
    store = open_store(tmp_path)
    hash = store.blobs.put(b"data")

    def broken(path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(type(tmp_path), "read_bytes", broken)
    with pytest.raises(StoreError) as caught:
        store.blobs.get(hash)
    assert "Input/output error" in caught.value.why
