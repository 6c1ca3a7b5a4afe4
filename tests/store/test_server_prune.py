"""Cleaning a store on a server: as in a folder, but for what another user's key has sealed."""

from __future__ import annotations

from contextlib import closing

import pytest

from aether_nb.errors import StoreError
from aether_nb.events import kinds as k
from aether_nb.store import points
from aether_nb.store.log import JOURNAL
from aether_nb.store.prune import GRACE, Pruned, prune
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store

DONE = (k.RunStarted("q", "m"), k.CallBegun("a", "h"), k.RunEnded("done"))


@pytest.fixture
def mine(tmp_path):
    """This user's key."""
    return Sealer(tmp_path / "mine")


@pytest.fixture
def store(address, mine):
    """A store on a server, as this user has it."""
    store = open_store(address, "a.ipynb", sealer=mine)
    with closing(store.log):
        yield store


def left(store):
    """The runs that are still listed, by name."""
    return sorted(summary.id for summary in store.log.runs())


def test_where_nothing_is_nothing_is_dropped(address, postgres):
    """Cleaning makes no store."""
    assert prune(address, 1.0, before=1.0) == Pruned()
    assert postgres.ask("SELECT to_regnamespace('aether')") == [(None,)]


def test_a_run_goes_with_all_that_is_known_of_it_and_is_written_down(store, address, mine):
    """Its events, calls, signals and lease; the journal, a chain, knows it; what is held or at work stays."""
    for run in ("r1", "r2", "r3"):
        store.log.append(run, 0, DONE, 10.0)
    store.log.append("open", 0, DONE[:2], 10.0)
    store.signals.send(Signal("r1", "tell", "cell", id="s"))
    store.leases.take("r3", 20.0)
    head = store.chain.head("r1")
    done = prune(address, 100.0, ["r1", "r3", "open", "nobody"], sealer=mine)
    assert done.runs == ("r1",) and set(done.spared) == {"r3", "open"}
    assert (store.ledger.calls("r1"), store.signals.pending("r1"), left(store)) == ([], [], ["open", "r2", "r3"])
    assert [entry.event for entry in store.log.read(JOURNAL)] == [k.RunsPruned("r1", 3, head, "asked for")]
    assert store.chain.verify(JOURNAL).ok and store.chain.verify("r2").ok
    store.leases.release("r3", 1)
    assert prune(address, 100.0, largest=400, sealer=mine).runs == ("r2", "r3")


def test_what_another_user_has_sealed_stays(store, address, mine, tmp_path):
    """However it is asked for, and its size does not push this user's own runs out."""
    theirs = open_store(address, sealer=Sealer(tmp_path / "theirs"))
    nobodys = open_store(address)
    for log, run in ((theirs.log, "theirs"), (store.log, "mine"), (nobodys.log, "nobodys")):
        log.append(run, 0, DONE, 10.0)
    assert prune(address, 100.0, ["theirs"], sealer=mine).spared == {"theirs": "another user's key has sealed it"}
    assert prune(address, 100.0, largest=3_000, sealer=mine).runs == ()
    assert prune(address, 100.0, before=50.0, sealer=mine).runs == ("mine", "nobodys")
    assert prune(address, 100.0, before=50.0).runs == ()
    assert left(store) == ["theirs"]


def test_bytes_that_no_run_speaks_of_go_after_a_while(store, address, postgres, mine):
    """What was put in lately stays, and so does what is put in again, or spoken of."""
    spoken, file, lone, again = (store.blobs.put(data) for data in (b"spoken", b"file", b"lone", b"again"))
    kept = k.NamespaceKept("a", (k.Kept("df", "DataFrame", "sha256:1", spoken, "parquet", 6),))
    written = k.FileWritten("a", k.FileChange("/w/report.md", file, ""))
    store.log.append("r", 0, (*DONE[:2], kept, written), 10.0)
    ((now,),) = postgres.ask("SELECT extract(epoch FROM now())::float8")
    assert prune(address, now, sealer=mine).blobs == 0
    postgres.ask("UPDATE aether.blobs SET since = 0")
    assert store.blobs.put(b"again") == again
    assert prune(address, now + GRACE / 2, sealer=mine).blobs == 1
    assert [hash for hash in (spoken, file, lone, again) if store.blobs.has(hash)] == [spoken, file, again]


def test_a_run_is_dropped_whole_or_not_at_all(store, address, mine, monkeypatch):
    """When it breaks off before its commit, everything is there, and the journal says nothing."""
    store.log.append("r1", 0, DONE, 10.0)

    def broken(point):
        if point == "before prune":
            raise StoreError("the server is gone")

    with monkeypatch.context() as patch:
        patch.setattr(points, "reached", broken)
        with pytest.raises(StoreError):
            prune(address, 100.0, ["r1"], sealer=mine)
    assert store.chain.verify("r1").events == 3 and list(store.log.read(JOURNAL)) == []
    assert prune(address, 100.0, ["r1"], sealer=mine).runs == ("r1",)
