"""Leases on a server: what is the same in a folder, and what happens to the connection that holds them."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import closing, suppress
from types import SimpleNamespace

import pytest

from aether_nb.errors import LeaseHeld, StoreError
from aether_nb.events.kinds import RunEnded, RunStarted
from aether_nb.store import points
from aether_nb.store.postgres import database, session
from aether_nb.store.postgres.database import ServerTables, server_tables
from aether_nb.store.postgres.locks import ServerLocks
from aether_nb.store.store import open_store
from contracts.shared_lease_contract import SharedLeaseContract
from harness.beside import Beside
from harness.forked import in_a_fork

# Python 3.12 and later warn of forks beside threads; a fork beside a thread is what some of these are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

STARTED = RunStarted("how many rows?", "analyst")
TCP_REPAIR = 19
"""An option of Linux: a socket that has it is closed without a word to the other side."""


@pytest.fixture
def store(server_store):
    """A store on a server."""
    return server_store


@pytest.fixture
def tables(store, address):
    """Its tables."""
    return server_tables(address)


@pytest.fixture
def again(address):
    """Opens the same store once more."""
    return lambda: open_store(address)


@pytest.fixture
def beside(address):
    """Another process on it."""
    with Beside(address, "b.ipynb") as other:
        yield other


@pytest.fixture
def fast(monkeypatch):
    """A host that is silent counts as dead after some seconds."""
    monkeypatch.setattr(session, "SILENCE", 2)
    monkeypatch.setattr(session, "BETWEEN", 1)
    monkeypatch.setattr(session, "UNANSWERED", 1)


def vanish(tables):
    """Let the connection be gone for us alone: the server hears nothing, as if the cable had been cut."""
    db = tables._session._db
    with socket.socket(fileno=os.dup(db.fileno())) as end:
        try:
            end.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except OSError:
            pytest.skip("only root on Linux can close a socket in silence")
        dead, other = socket.socketpair()
        other.close()
        os.dup2(dead.fileno(), db.fileno())
        dead.close()


class TestSharedServerLeases(SharedLeaseContract):
    """Laws of leases between processes, on a server."""

    patience = 5.0


def test_a_forked_child_writes_by_a_connection_of_its_own(store, tables):
    """A run that nobody leases may go on in the child; the parent's connection is whole, whatever the child does."""
    store.log.append("r", 0, (STARTED,), 1.0)
    with tables._lock:  # held by another thread at the moment of the fork
        assert in_a_fork(lambda: len(store.log.append("r", 1, (STARTED,), 2.0))) == "1"
    assert in_a_fork(lambda: (store.log.close(), store.log.close())) == "(None, None)"
    before = tables._session
    assert [entry.seq for entry in store.log.read("r")] == [1, 2]
    assert store.log.append("r", 2, (RunEnded("done"),), 3.0)
    assert tables._session is before


def test_a_child_forked_from_a_gone_connection_is_fine(store, tables, postgres, address):
    """There is no socket to close then."""
    store.leases.take("r", 1.0)
    tables._session.close()
    assert in_a_fork(lambda: store.leases.holder("r").epoch) == "1"
    assert in_a_fork(lambda: len(ServerTables(address).select("SELECT 1"))) == "1"


def test_a_child_lets_go_of_its_copy_of_the_socket(address, monkeypatch):
    """And says nothing to the server. What happens in a fork is done here to a connection that is none."""
    reader, writer = os.pipe()
    tables = ServerTables(address)
    tables._session = session.Session(SimpleNamespace(closed=False, fileno=lambda: writer))
    tables._held["r"] = 1
    monkeypatch.setattr(database, "_OPEN", {"here": tables})
    database._leave_all()
    assert os.read(reader, 1) == b""
    assert (tables._session, tables._held) == (None, {})
    os.close(reader)
    ServerTables(address).leave()
    gone = session.Session(SimpleNamespace(closed=True))
    gone.leave()
    assert gone.is_gone


def test_a_closed_store_still_holds_its_runs(store, tables):
    """Closing ends the connection when nothing is held by it, and not before."""
    store.leases.take("r", 1.0)
    store.log.close()
    assert store.leases.holder("r").alive
    store.leases.release("r", 1)
    store.log.close()
    assert tables._session is None
    assert not store.leases.holder("r").alive


def test_a_server_that_restarts_gives_the_runs_back(store, beside, postgres):
    """Whoever held a run holds it by its next connection, and writes on under the same epoch."""
    mine = store.leases.take("r", 1.0)
    postgres.stop()
    postgres.start()
    store.log.append("r", 0, (STARTED,), 1.0, mine.epoch)
    assert store.leases.holder("r") == mine
    assert "LeaseHeld" in beside.say("take", "r", 2.0)


def test_what_another_took_meanwhile_stays_its_own(store, tables, beside, postgres):
    """A lock that somebody else has by now is not held again, even one of the same epoch out of an older record."""
    store.leases.take("r", 1.0)
    postgres.stop()
    postgres.start()
    postgres.ask("DELETE FROM aether.leases")
    assert beside.say("take", "r", 2.0)[3:] == [1, True]
    with pytest.raises(LeaseHeld):
        store.leases.take("r", 3.0)
    assert tables._held == {}


def test_a_record_that_was_put_back_does_not_split_a_run(store, beside, postgres):
    """An older copy of the tables forgets an epoch; its lock is held all the same, so there are not two of it."""
    beside.say("take", "r", 1.0)
    postgres.ask("DELETE FROM aether.leases")
    with pytest.raises(LeaseHeld) as caught:
        store.leases.take("r", 2.0)
    assert "a process whose record was replaced" in caught.value.what


def test_letting_go_where_the_server_is_gone_is_fine(store, postgres):
    """The lock went with the connection; releasing it is no error, and the run can be taken later."""
    store.leases.take("r", 1.0)
    postgres.stop()
    try:
        store.leases.release("r", 1)
        with pytest.raises(StoreError):
            store.leases.holder("r")
    finally:
        postgres.start()
    assert not store.leases.holder("r").alive
    assert store.leases.take("r", 2.0).epoch == 2


def test_a_lock_is_moved_to_its_new_epoch(tables, store):
    """A process holds a run in one epoch at a time."""
    store.log.append("r", 0, (STARTED,), 1.0)
    locks = tables.locks
    assert isinstance(locks, ServerLocks)
    assert (locks.hold("r", 1), locks.hold("r", 2)) == (True, True)
    assert (locks.is_held("r", 1), locks.is_held("r", 2), tables._held) == (False, True, {"r": 2})


# ---- hosts that vanish


def test_the_server_asks_whether_a_host_is_there(store, tables):
    """Half a minute of silence, and a session of a dead host ends, with its locks; so does a transaction left open."""
    store.leases.take("r", 1.0)
    shown = [
        tables.select(f"SELECT current_setting('{name}') WHERE 1 = ?", (1,))[0][0]
        for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
    ]
    assert list(map(int, shown)) == [15, 5, 4]
    idle = tables.select("SELECT current_setting('idle_in_transaction_session_timeout') WHERE 1 = ?", (1,))
    assert idle == [("30s",)]


def test_a_host_that_vanished_is_noticed_by_the_server(fast, store, tables, beside):
    """Nobody closes anything: the lock is held until the server has asked in vain, and then the run is free."""
    store.leases.take("r", 1.0)
    assert beside.say("holder", "r")[4]
    vanish(tables)
    assert "LeaseHeld" in beside.say("take", "r", 2.0)
    deadline = time.monotonic() + 20
    while beside.say("holder", "r")[4] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert beside.say("take", "r", 3.0)[3:] == [2, True]


def test_a_host_that_vanished_can_be_taken_over_by_force_at_once(store, tables, beside):
    """The old lock is one of another epoch and shuts nobody out."""
    epoch = store.leases.take("r", 1.0).epoch
    vanish(tables)
    assert beside.say("take", "r", 2.0, True)[3:] == [2, True]
    assert beside.say("begin", "r", 0, 2) == 1
    with pytest.raises(StoreError) as caught:
        store.log.append("r", 1, (STARTED,), 3.0, epoch)
    assert caught.value.what == "Run r was taken over."


def test_a_lost_connection_ends_its_former_self(store, tables, beside, postgres, address):
    """The server still thinks that the old one is there, with its lock: the new one ends it and takes the lock back."""
    mine = store.leases.take("r", 1.0)
    (former,) = tables._name[:1]
    vanish(tables)
    assert store.leases.holder("r") == mine
    assert tables._name[0] != former
    assert postgres.ask(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {former}") == [(0,)]
    assert "LeaseHeld" in beside.say("take", "r", 2.0)


def test_who_stands_still_in_the_middle_of_a_write_shuts_nobody_out(monkeypatch, store, tables, beside, postgres):
    """A process that was suspended inside a transaction loses it, and its lease, after a while."""
    monkeypatch.setattr(session, "IDLE_SECONDS", 1)
    mine = store.leases.take("r", 1.0)

    def stand_still(name):
        monkeypatch.setattr(points, "reached", None)
        answer = beside.say("take", "r", 2.0, True)
        assert answer[3:] == [2, True]

    monkeypatch.setattr(points, "reached", stand_still)
    with pytest.raises(StoreError):
        store.log.append("r", 0, (STARTED,), 3.0, mine.epoch)
    assert list(store.log.read("r")) == []


@pytest.mark.crash
def test_a_stopped_process_keeps_its_runs(store, beside):
    """One that stands in a debugger, or computes without end, is alive: no clock says otherwise."""
    beside.say("take", "r", 1.0)
    os.kill(beside.process.pid, signal.SIGSTOP)
    try:
        time.sleep(0.5)
        with pytest.raises(LeaseHeld):
            store.leases.take("r", 2.0)
    finally:
        with suppress(ProcessLookupError):
            os.kill(beside.process.pid, signal.SIGCONT)
    with closing(store.log):
        assert store.leases.take("r", 3.0, force=True).epoch == 2
