"""The log on a server: what other processes, a lost connection, a restart and odd values do to it."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from aether_nb.errors import LogConflict, StoreCorrupt, StoreError, StoreNewer
from aether_nb.events import kinds as k
from aether_nb.store import points, tables
from aether_nb.store.blobs import blob_missing
from aether_nb.store.postgres import blobs, schema, session
from aether_nb.store.postgres.database import ServerTables, server_tables
from aether_nb.store.postgres.session import spoken
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store
from aether_nb.store.tables import TableLog

STARTED = k.RunStarted("how many rows?", "analyst")


@pytest.fixture
def store(server_store):
    """A store on a server."""
    return server_store


@pytest.fixture
def kept(store):
    """The same with a run in it."""
    store.log.append("r", 0, (STARTED,), 1.0)
    return store


def seqs(store):
    """The numbers of the events of the run ``r``."""
    return [entry.seq for entry in store.log.read("r")]


def test_statements_are_said_in_the_words_of_the_server():
    """Places are numbered, numbered ones keep their numbers, and bytes need no cast."""
    assert spoken("SELECT a WHERE b = ? AND c = ?") == b"SELECT a WHERE b = $1 AND c = $2"
    assert spoken("SELECT ?1, ?3 WHERE ?1 = ?2") == b"SELECT $1, $3 WHERE $1 = $2"
    assert spoken("SELECT CAST(payload AS BLOB) WHERE x = ?") == b"SELECT payload WHERE x = $1"
    assert spoken("VALUES (?, CAST(? AS TEXT), ?)") == b"VALUES ($1, $2, $3)"


def test_nothing_is_made_by_looking(store, postgres):
    """Reading a store that does not exist leaves no schema behind; a store that another made meanwhile is seen."""
    assert (list(store.log.read("r")), store.log.runs(), store.blobs.has("0" * 64)) == ([], [], False)
    assert postgres.ask("SELECT to_regnamespace('aether')") == [(None,)]
    other = TableLog(ServerTables(postgres.address()))
    other.append("r", 0, (STARTED,), 1.0)
    assert seqs(store) == [1]
    other.close()


def test_a_record_can_be_read_without_this_package(kept, postgres):
    """One table, one row an event: the server alone answers questions about a run."""
    asked = "SELECT seq, kind, convert_from(payload, 'UTF8')::json ->> 'prompt' FROM aether.events"
    assert postgres.ask(asked) == [(1, "run.started", "how many rows?")]


def test_everything_that_lasts_passes_two_points(store, monkeypatch):
    """As on a disk: just before its commit, and just after."""
    reached = []
    monkeypatch.setattr(points, "reached", reached.append)
    epoch = store.leases.take("r", 1.0).epoch
    store.signals.send(Signal("r", "stop", "panel"))
    store.log.append("r", 0, (STARTED, k.RunEnded("done")), 1.0, epoch)
    for _ in range(2):
        hash = store.blobs.put(b"x")
    store.blobs.drop(hash)
    names = ["schema", "lease", "signal", "run.started+run.ended", "blob", "drop"]
    assert reached == [f"{side} {name}" for name in names for side in ("before", "after")]


def test_what_stops_before_the_commit_leaves_nothing(kept, monkeypatch):
    """And what stops after it leaves all."""

    def stop(where, name):
        if name.startswith(where):
            raise KeyboardInterrupt

    for side, there in (("before", [1]), ("after", [1, 2])):
        monkeypatch.setattr(points, "reached", partial(stop, side))
        with pytest.raises(KeyboardInterrupt):
            kept.log.append("r", 1, (k.CallBegun("a", "h"),), 2.0)
        assert seqs(kept) == there
        assert len(kept.ledger.calls("r")) == len(there) - 1


def test_an_interrupt_between_two_statements_undoes_all(kept, monkeypatch):
    """Ctrl-C leaves the run as it was; the next append goes through."""

    def interrupted(summary):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tables, "_row", interrupted)
        with pytest.raises(KeyboardInterrupt):
            kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert seqs(kept) == [1]
    assert kept.log.append("r", 1, (k.RunEnded("done"),), 3.0)


# ---- others


RACER = """
import sys
from aether_nb.config.address import Address
from aether_nb.errors import AlreadyBegun, LogConflict
from aether_nb.events.kinds import CallBegun
from aether_nb.store.store import open_store

name, store = sys.argv[2], open_store(Address(sys.argv[1]))
store.log.runs()
print("ready", flush=True)
sys.stdin.readline()
for head in range(1, 31):
    for events in ((CallBegun("same", "h"),), (CallBegun(f"{name}{head}", "h"),)):
        try:
            print(*(entry.event.call_id for entry in store.log.append("r", head, events, 1.0)), flush=True)
        except AlreadyBegun:
            print("begun", flush=True)
        except LogConflict:
            pass
store.log.close()
"""


def test_of_many_processes_each_event_has_one_writer(kept, address):
    """Six processes append after the same events: each number is given once, and a call begins once in all of them."""
    command = [sys.executable, "-c", RACER, address.plain]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen([*command, f"p{n}-"], **pipes) for n in range(6)]
    assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 6
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [word for racer in racers for word in racer.communicate(timeout=60)[0].split() if word != "begun"]
    assert [racer.returncode for racer in racers] == [0] * 6
    calls = [entry.event.call_id for entry in kept.log.read("r") if entry.seq > 1]
    assert sorted(calls) == sorted(won)
    assert (calls.count("same"), len(set(calls)), kept.chain.verify("r").ok) == (1, len(calls), True)


def test_many_may_make_the_store_at_once(address):
    """Processes that start together in an empty database find one store, and none of them fails."""
    logs = [TableLog(ServerTables(address)) for _ in range(8)]
    start = threading.Barrier(len(logs))

    def begin(number):
        start.wait()
        return logs[number].append(f"r{number}", 0, (STARTED,), 1.0)

    with ThreadPoolExecutor(len(logs)) as pool:
        assert [len(done) for done in pool.map(begin, range(len(logs)))] == [1] * len(logs)
    assert [len(log.runs()) for log in logs] == [len(logs)] * len(logs)
    for log in logs:
        log.close()


def test_runs_do_not_wait_for_each_other(kept, address):
    """While one is being written by somebody who is slow, another one goes on; the same one is said to be busy."""
    with psycopg.connect(address.plain) as slow:
        slow.execute(schema.begin("r").partition(";")[2])
        assert kept.log.append("s", 0, (STARTED,), 1.0)
        tables = server_tables(address)
        tables.ask(lambda db: db.execute("SET lock_timeout = '50ms'"))
        with pytest.raises(StoreError) as caught:
            kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert caught.value.hint == "Try again in a moment."
    assert kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)


def test_of_two_who_put_the_same_bytes_one_does(store, monkeypatch):
    """Whoever comes second, and had looked before, finds them there and writes nothing."""
    monkeypatch.setattr(blobs, "PIECE", 3)
    select, looked = store.blobs._tables.select, []

    def slow(query, arguments):
        rows = select(query, arguments)
        if not looked:
            looked.append(query)
            store.blobs.put(b"12345678")
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(store.blobs._tables, "select", slow)
        hash = store.blobs.put(b"12345678")
    assert (store.blobs.get(hash), list(store.blobs.hashes())) == (b"12345678", [(hash, 8)])


def test_damaged_bytes_are_said_and_made_good(store, postgres):
    """Bytes with another hash are an error; half of them are put in again."""
    hash = store.blobs.put(b"data")
    postgres.ask("UPDATE aether.blobs SET data = 'atad'")
    with pytest.raises(StoreCorrupt) as caught:
        store.blobs.get(hash)
    assert hash in caught.value.hint
    postgres.ask("UPDATE aether.blobs SET data = 'da'")
    assert store.blobs.get(store.blobs.put(b"data")) == b"data"


def test_bytes_that_another_dropped_free_nothing(store, monkeypatch):
    """Between the look and the deed."""
    hash = store.blobs.put(b"data")
    with monkeypatch.context() as patch:
        patch.setattr(store.blobs, "has", lambda hash: True)
        assert [store.blobs.drop(hash), store.blobs.drop(hash)] == [4, 0]
    with pytest.raises(type(blob_missing(hash))):
        store.blobs.get(hash)


# ---- the connection


def test_a_connection_that_was_ended_is_made_anew(kept, postgres, address):
    """Nobody notices when nothing was begun: neither who reads nor who writes."""
    postgres.hang_up()
    assert seqs(kept) == [1]
    postgres.hang_up()
    assert kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    server_tables(address)._exists = True
    postgres.hang_up()
    assert kept.log.append("s", 0, (STARTED,), 2.0)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_gone_is_said_and_comes_back(kept, postgres, mode):
    """While it is stopped, by order or by a crash, each use is an error; afterwards the next use works."""
    postgres.stop(mode)
    try:
        for act in (kept.log.runs, lambda: kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)):
            with pytest.raises(StoreError) as caught:
                act()
            assert caught.value.what.startswith("The server postgresql://anna:***@127.0.0.1:")
            assert caught.value.what.endswith(" cannot be reached.")
            assert caught.value.hint == "It goes on when the server answers again; nothing that was recorded is lost."
    finally:
        postgres.start()
    assert kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert kept.chain.verify("r").ok


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_connection_that_breaks_in_the_middle_keeps_all_or_nothing(kept, postgres, monkeypatch, side):
    """Before the commit it is an error and nothing of it stays; whoever does it again then is not refused."""

    def broken(name):
        if name.startswith(side):
            monkeypatch.setattr(points, "reached", None)
            postgres.hang_up()

    monkeypatch.setattr(points, "reached", broken)
    if side == "before":
        with pytest.raises(StoreError):
            kept.log.append("r", 1, (k.CallBegun("a", "h"),), 2.0)
        assert (seqs(kept), kept.ledger.calls("r")) == ([1], [])
    kept.log.append("r", 1, (k.CallBegun("a", "h"),), 2.0)
    assert (seqs(kept), len(kept.ledger.begun("r"))) == ([1, 2], 1)


def test_a_look_inside_a_transaction_is_not_done_by_another_connection(kept, postgres, address):
    """What a transaction has seen is gone with it: then it is an error, and nothing is written."""
    tables = server_tables(address)

    def act(db):
        postgres.hang_up()
        return tables.select("SELECT head FROM runs WHERE id = ?", ("r",))

    with pytest.raises(StoreError):
        tables.write(("test",), act, "r")
    assert seqs(kept) == [1]


def test_a_forgotten_store_ends_its_connection(postgres):
    """Nothing is left on the server of a store that nobody holds."""
    store = open_store(postgres.address(query="?application_name=forgotten"))
    assert store.log.runs(0) == []
    del store
    assert postgres.forgets("forgotten")


# ---- versions


def test_a_store_of_a_newer_version_is_refused(kept, postgres):
    """A version above ours is neither read nor written."""
    postgres.ask("INSERT INTO aether.about VALUES (9, now())")
    kept.log.close()
    for act in (kept.log.runs, lambda: kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)):
        with pytest.raises(StoreNewer) as caught:
            act()
    assert "has version 9; this aether-nb reads up to 1." in caught.value.what


def test_a_schema_of_another_program_is_left_alone(store, postgres):
    """One of the same name with other tables gets none of ours."""
    postgres.ask("CREATE SCHEMA aether; CREATE TABLE aether.runs (x INTEGER)")
    for act in (store.log.runs, lambda: store.log.append("r", 0, (STARTED,), 1.0)):
        with pytest.raises(StoreCorrupt):
            act()
    assert postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'aether'") == [(1,)]


def test_a_store_is_made_whole_or_not_at_all(store, postgres, monkeypatch):
    """When making the tables fails halfway, nothing of them stays, and the next attempt makes all of them."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", ((*schema.MIGRATIONS[0], "CREATE TABLE runs (x INTEGER)"),))
        with pytest.raises(StoreError):
            store.log.append("r", 0, (STARTED,), 1.0)
    assert postgres.ask("SELECT to_regnamespace('aether')") == [(None,)]
    assert store.log.append("r", 0, (STARTED,), 1.0)


def test_an_older_store_is_lifted_when_it_is_opened(kept, postgres, monkeypatch):
    """By whoever opens it first, with what it holds."""
    kept.log.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("ALTER TABLE runs ADD COLUMN more TEXT",)))
    assert seqs(kept) == [1]
    assert postgres.ask("SELECT version FROM aether.about ORDER BY version") == [(1,), (2,)]
    assert postgres.ask("SELECT more FROM aether.runs") == [(None,)]


def test_a_store_that_was_dropped_is_said_and_made_anew(kept, postgres):
    """Whoever had it open is told once; the record that is then begun is a new one."""
    postgres.empty()
    kept.log.runs()
    kept.log.append("r", 0, (STARTED,), 1.0)
    postgres.ask("DROP SCHEMA aether CASCADE")
    with pytest.raises(StoreCorrupt) as caught:
        kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert "does not exist" in caught.value.why
    assert kept.log.append("r", 0, (STARTED,), 1.0)


# ---- odd values


@pytest.mark.parametrize("run", ["\ud800", "a\0b"])
def test_a_name_that_no_text_holds_is_said(store, run):
    """Half a surrogate pair, or a zero: refused as an error of ours, and nothing of it is kept."""
    with pytest.raises(StoreError):
        store.log.append(run, 0, (STARTED,), 1.0)
    with pytest.raises(StoreError):
        store.signals.send(Signal("r", "tell", run))
    assert (store.log.runs(), store.signals.pending("r")) == ([], [])


def test_a_prompt_may_hold_anything(store):
    """The event is kept as it was; in the list of runs a zero is shown as a sign for it."""
    store.log.append("r", 0, (k.RunStarted("a\0b ä €", "m"),), 1.0)
    assert next(iter(store.log.read("r"))).event.prompt == "a\0b ä €"
    assert store.log.runs()[0].prompt == "a�b ä €"


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_a_time_that_is_no_number_is_refused_or_kept(kept, time):
    """As in SQLite: none is no number, and the run stays as it was; an endless one is one."""
    if time == time:
        kept.log.append("r", 1, (k.RunEnded("done"),), time)
    else:
        with pytest.raises(StoreError):
            kept.log.append("r", 1, (k.RunEnded("done"),), time)
    assert kept.chain.verify("r").ok


def test_a_number_that_no_column_holds_is_said(store):
    """The server counts in 64 bits."""
    with pytest.raises(StoreError):
        store.log.append("r", 0, (k.CallBegun("a", "h", attempt=2**70),), 1.0)
    assert store.log.runs() == []


def test_numbers_are_exact_whatever_the_server_prints(kept, postgres):
    """A server that is told to print few digits still gives all of them to us."""
    postgres.ask("ALTER DATABASE runs SET extra_float_digits = -10")
    try:
        kept.log.close()
        kept.log.append("r", 1, (k.RunEnded("done"),), 1_800_000_000.123456789)
        assert [entry.time for entry in kept.log.read("r")] == [1.0, 1_800_000_000.123456789]
        assert kept.chain.verify("r").ok
    finally:
        postgres.ask("ALTER DATABASE runs RESET extra_float_digits")


def test_a_commit_lasts_whatever_the_server_is_told(kept, postgres, address):
    """A server that would not wait for its disk waits for what we commit."""
    postgres.ask("ALTER DATABASE runs SET synchronous_commit = off")
    try:
        kept.log.close()
        kept.log.append("r", 1, (k.RunEnded("done"),), 2.0)
        shown = server_tables(address).select("SELECT current_setting(?)", ("synchronous_commit",))
        assert shown == [("on",)]
    finally:
        postgres.ask("ALTER DATABASE runs RESET synchronous_commit")


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE aether.events SET payload = '{}' WHERE seq = 2", "Event 2 was changed."),
        ("UPDATE aether.events SET time = 2 WHERE seq = 2", "Event 2 was changed."),
        ("DELETE FROM aether.events WHERE seq = 2", "Event 2 was removed."),
        ("DELETE FROM aether.events WHERE seq = 3", "It is cut off: event 3 was removed from its end."),
        ("UPDATE aether.runs SET chain = '\\x00'", "Event 3 was changed: the list of runs knows it by another hash."),
    ],
)
def test_what_is_done_to_the_tables_is_found(store, postgres, tampering, fault):
    """The chain is that of every store, over the bytes as they lie there."""
    store.log.append("r", 0, (STARTED, k.CallBegun("a", "h"), k.RunEnded("done")), 1.0)
    postgres.ask(tampering)
    assert store.chain.verify("r").fault == fault


def test_a_signal_that_cannot_be_read_is_said(store, postgres):
    """It names the signal; it is not dropped in silence."""
    store.signals.send(Signal("r", "tell", "cell", id="s1"))
    postgres.ask("UPDATE aether.signals SET body = 'nonsense'")
    with pytest.raises(StoreCorrupt) as caught:
        store.signals.pending("r")
    assert caught.value.what == "Signal s1 to run r cannot be read."


def test_a_wrong_head_is_said_before_anything_else(kept):
    """Whoever has not seen the last event does not begin anything either."""
    with pytest.raises(LogConflict) as caught:
        kept.log.append("r", 0, (k.CallBegun("a", "h"),), 2.0)
    assert type(caught.value) is LogConflict
    assert session.key_of("r") != session.key_of("s")
