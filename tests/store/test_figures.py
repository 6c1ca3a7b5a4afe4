"""What the record costs; measured, written down, and never a reason to fail."""

from __future__ import annotations

import sqlite3
import statistics
import time
from contextlib import closing
from itertools import pairwise

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.codec import decode, encode
from aether_nb.events.folds import fold
from aether_nb.events.messages import Text
from aether_nb.store.store import open_store
from harness.turns import HASH, STARTED, recorded, turn

pytestmark = pytest.mark.full

EVENTS = {
    "call.begun, 100 bytes": k.CallBegun("c1", HASH),
    "call.finished, 600 bytes": k.CallFinished("c1", (Text("a,b\n" * 110),), 0.2),
}


def microseconds(act, rounds):
    """The median and the 99th percentile of that many calls."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter_ns()
        act()
        times.append((time.perf_counter_ns() - begun) / 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def processor(act, rounds):
    """The processor time of one of that many calls, in microseconds."""
    begun = time.process_time()
    for _ in range(rounds):
        act()
    return (time.process_time() - begun) / rounds * 1e6


@pytest.mark.parametrize("name", EVENTS)
def test_the_cost_of_bytes(name, figure):
    """Encoding and decoding an event is measured on what it gives back whole."""
    event = EVENTS[name]
    payload = encode(event)
    assert decode(event.kind, event.version, payload) == event
    figure(f"encode {name}", "{:.1f} µs, p99 {:.1f}".format(*microseconds(lambda: encode(event), 20_000)))
    reading = microseconds(lambda: decode(event.kind, event.version, payload), 20_000)
    figure(f"decode {name}", "{:.1f} µs, p99 {:.1f}".format(*reading))


@pytest.mark.parametrize("together", [1, 4])
def test_the_cost_of_an_append(tmp_path, figure, together):
    """Appending is measured on a log that holds all of it afterwards."""
    event = EVENTS["call.finished, 600 bytes"]
    store = open_store(tmp_path / "log")
    with closing(store.log):
        head = store.log.append("r1", 0, (STARTED,), 0.0)[-1].seq

        def append():
            nonlocal head
            head = store.log.append("r1", head, (event,) * together, 1.0)[-1].seq

        cost = microseconds(append, 2_000)
        assert store.chain.verify("r1").events == 2_000 * together + 1
    figure(f"append and commit {together} of 600 bytes", "{:.0f} µs, p99 {:.0f}".format(*cost))


def bare(file):
    """The same bytes written by SQLite alone: one event and the run's line, a commit each."""
    db = sqlite3.connect(file, isolation_level=None)
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = NORMAL",
        "CREATE TABLE e (run, seq, time, kind, version, payload, prev, hash, PRIMARY KEY (run, seq))",
        "CREATE TABLE r (id PRIMARY KEY, head, chain)",
        "INSERT INTO r VALUES ('r', 0, x'')",
    ):
        db.execute(statement)
    seq, hash = 0, bytes(32)

    def append(payload):
        nonlocal seq
        seq += 1
        db.execute("BEGIN IMMEDIATE")
        db.execute("SELECT head, chain FROM r WHERE id = ?", ("r",)).fetchone()
        row = ("r", seq, 1.0, "call.finished", 1, payload, hash, hash)
        db.execute("INSERT INTO e VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        db.execute("UPDATE r SET head = ?, chain = ? WHERE id = ?", (seq, hash, "r"))
        db.execute("COMMIT")

    return db, append


def test_the_cost_of_a_turn(tmp_path, figure):
    """Six events, six commits, with chain and ledger: beside what SQLite alone takes for the same bytes."""
    store, db_append = open_store(tmp_path / "log"), bare(tmp_path / "bare.db")
    db, floor = db_append
    with closing(store.log), closing(db):
        head, number = store.log.append("r", 0, (STARTED,), 0.0)[-1].seq, 0
        payloads = [encode(event) for event in turn(1)]

        def ours():
            nonlocal head, number
            number += 1
            for event in turn(number):
                head = store.log.append("r", head, (event,), 1.0)[-1].seq

        rounds = [(processor(ours, 50), processor(lambda: list(map(floor, payloads)), 50)) for _ in range(8)]
        assert [row.state for row in store.ledger.calls("r")] == ["finished"] * number
    cost, least = (statistics.median(times) for times in zip(*rounds, strict=True))
    figure("a turn of 6 events, 6 commits", f"{cost:.0f} µs of processor, {cost / least:.2f} × SQLite alone")


@pytest.mark.parametrize("events", [1_000, 10_000])
def test_the_cost_of_resuming(tmp_path, figure, events):
    """Reading, verifying, decoding and folding a whole run."""
    store = open_store(tmp_path / "log")
    with closing(store.log):
        head = recorded(store.log, "r", events)
        list(store.log.read("r", head - 10))  # what is made once a process is made now
        times = []
        for _ in range(5):
            marks = [time.process_time()]
            entries, verdict = store.chain.whole("r")
            assert (len(entries), verdict.ok) == (head, True)
            marks.append(time.process_time())
            fold(entries)
            marks.append(time.process_time())
            times.append([(after - before) * 1000 for before, after in pairwise(marks)])
    reading, folding = map(min, zip(*times, strict=True))
    figure(f"resume {events} events", f"read and verify {reading:.1f} ms, fold {folding:.1f} ms")


def test_the_cost_of_leases_and_signals(tmp_path, figure):
    """What a watcher and a holder pay: a look into an empty box, a look at the holder, a take."""
    store = open_store(tmp_path / "log")
    with closing(store.log):
        store.log.append("r", 0, (STARTED,), 0.0)
        store.leases.take("r", 1.0)
        figure(
            "look for signals", "{:.1f} µs, p99 {:.1f}".format(*microseconds(lambda: store.signals.pending("r"), 5_000))
        )
        figure(
            "look at a holder", "{:.1f} µs, p99 {:.1f}".format(*microseconds(lambda: store.leases.holder("r"), 5_000))
        )
        runs = iter(range(5_000))
        taking = microseconds(lambda: store.leases.take(f"s{next(runs)}", 1.0), 1_000)
        figure("take a lease", "{:.0f} µs, p99 {:.0f}".format(*taking))
        assert store.leases.holder("r").alive
