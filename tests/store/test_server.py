"""The log on a server: what other processes, a lost connection and a restart do to it."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from aether_nb.errors import StoreCorrupt, StoreError
from aether_nb.events import kinds as k
from aether_nb.store import points, tables
from aether_nb.store.blobs import blob_missing
from aether_nb.store.postgres import blobs, schema
from aether_nb.store.postgres.database import ServerTables, server_tables
from aether_nb.store.postgres.session import spoken
from aether_nb.store.store import open_store
from aether_nb.store.tables import TableLog
from contracts.points_contract import PointsContract

STARTED = k.RunStarted("how many rows?", "analyst")


@pytest.fixture
def store(server_store):
    """A store on a server."""
    return server_store


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


def test_a_record_can_be_read_without_this_package(server_run, postgres):
    """One table, one row an event: the server alone answers questions about a run."""
    asked = "SELECT seq, kind, convert_from(payload, 'UTF8')::json ->> 'prompt' FROM aether.events"
    assert postgres.ask(asked) == [(1, "run.started", "how many rows?")]


class TestServerPoints(PointsContract):
    """Laws of commits, on a server."""


def test_an_interrupt_between_two_statements_undoes_all(server_run, monkeypatch):
    """Ctrl-C leaves the run as it was; the next append goes through."""

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tables, "_row", interrupted)
        with pytest.raises(KeyboardInterrupt):
            server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert seqs(server_run) == [1]
    assert server_run.log.append("r", 1, (k.RunEnded("done"),), 3.0)


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


def test_of_many_processes_each_event_has_one_writer(server_run, address):
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
    calls = [entry.event.call_id for entry in server_run.log.read("r") if entry.seq > 1]
    assert sorted(calls) == sorted(won)
    assert (calls.count("same"), len(set(calls)), server_run.chain.verify("r").ok) == (1, len(calls), True)


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


def test_runs_do_not_wait_for_each_other(server_run, address):
    """While one is being written by somebody who is slow, another one goes on; the same one is said to be busy."""
    with psycopg.connect(address.plain) as slow:
        slow.execute(schema.begin("r").partition(";")[2])
        assert server_run.log.append("s", 0, (STARTED,), 1.0)
        tables = server_tables(address)
        tables.ask(lambda db: db.execute("SET lock_timeout = '50ms'"))
        with pytest.raises(StoreError) as caught:
            server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert caught.value.hint == "Try again in a moment."
    assert server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)


def test_of_two_who_put_the_same_bytes_one_does(store, monkeypatch):
    """Whoever comes second, and had looked before, finds them there and writes nothing."""
    monkeypatch.setattr(blobs, "PIECE", 3)
    select, looked = store.blobs._tables.select, []

    def slow(query, arguments=()):
        rows = select(query, arguments)
        if not looked and "blobs" in query:
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
        patch.setattr(store.blobs.plain, "has", lambda hash: True)
        assert [store.blobs.drop(hash), store.blobs.drop(hash)] == [4, 0]
    with pytest.raises(type(blob_missing(hash))):
        store.blobs.get(hash)


# ---- the connection


def test_a_connection_that_was_ended_is_made_anew(server_run, postgres, address):
    """Nobody notices when nothing was begun: neither who reads nor who writes."""
    postgres.hang_up()
    assert seqs(server_run) == [1]
    postgres.hang_up()
    assert server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    server_tables(address)._exists = True
    postgres.hang_up()
    assert server_run.log.append("s", 0, (STARTED,), 2.0)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_gone_is_said_and_comes_back(server_run, postgres, mode):
    """While it is stopped, by order or by a crash, each use is an error; afterwards the next use works."""
    postgres.stop(mode)
    try:
        for act in (server_run.log.runs, lambda: server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)):
            with pytest.raises(StoreError) as caught:
                act()
            assert caught.value.what.startswith("The server postgresql://anna:***@127.0.0.1:")
            assert caught.value.what.endswith(" cannot be reached.")
            assert caught.value.hint == "It goes on when the server answers again; nothing that was recorded is lost."
    finally:
        postgres.start()
    assert server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert server_run.chain.verify("r").ok


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_connection_that_breaks_in_the_middle_keeps_all_or_nothing(server_run, postgres, monkeypatch, side):
    """Before the commit it is an error and nothing of it stays; whoever does it again then is not refused."""

    def broken(name):
        if name.startswith(side):
            monkeypatch.setattr(points, "reached", None)
            postgres.hang_up()

    monkeypatch.setattr(points, "reached", broken)
    if side == "before":
        with pytest.raises(StoreError):
            server_run.log.append("r", 1, (k.CallBegun("a", "h"),), 2.0)
        assert (seqs(server_run), server_run.ledger.calls("r")) == ([1], [])
    server_run.log.append("r", 1, (k.CallBegun("a", "h"),), 2.0)
    assert (seqs(server_run), len(server_run.ledger.begun("r"))) == ([1, 2], 1)


def test_a_look_inside_a_transaction_is_not_done_by_another_connection(server_run, postgres, address):
    """What a transaction has seen is gone with it: then it is an error, and nothing is written."""
    tables = server_tables(address)

    def act(db):
        postgres.hang_up()
        return tables.select("SELECT head FROM runs WHERE id = ?", ("r",))

    with pytest.raises(StoreError):
        tables.write(("test",), act, "r")
    assert seqs(server_run) == [1]


def test_a_forgotten_store_ends_its_connection(postgres):
    """Nothing is left on the server of a store that nobody holds."""
    store = open_store(postgres.address(query="?application_name=forgotten"))
    assert store.log.runs(0) == []
    del store
    assert postgres.forgets("forgotten")
