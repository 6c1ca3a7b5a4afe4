"""Cleaning: what may go goes and is written down, what is needed stays."""

from __future__ import annotations

import os
from contextlib import closing
from hashlib import sha256

import pytest

from aether_nb.errors import StoreError, StoreFull
from aether_nb.events import kinds as k
from aether_nb.events.children import child_of
from aether_nb.events.messages import Text
from aether_nb.store import points
from aether_nb.store import prune as subject
from aether_nb.store.database import Database
from aether_nb.store.log import JOURNAL
from aether_nb.store.prune import GRACE, Pruned, prune
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store
from harness.beside import Beside

NOW = 5_000.0


@pytest.fixture
def store(folder):
    """A store in the folder."""
    store = open_store(folder)
    with closing(store.log):
        yield store


def add(store, run, time, *events, ended=True, size=10):
    """A run that began at that time and lasted a second."""
    events = (k.RunStarted("q", "m"), k.CallBegun("a", "h"), k.CallFinished("a", (Text("x" * size),), 1.0), *events)
    store.log.append(run, 0, events, time)
    if ended:
        store.log.append(run, len(events), (k.RunEnded("done"),), time + 1)


def kept(store, data, age=2 * GRACE):
    """An event that speaks of bytes which were put in some time before NOW."""
    hash = store.blobs.put(data)
    moment = NOW - age
    os.utime(store.blobs.plain.folder / hash[:2] / hash[2:], (moment, moment))
    return k.NamespaceKept("a", (k.Kept("df", "DataFrame", "sha256:1", hash, "parquet", len(data)),))


def left(store):
    """The runs that are still listed, by name."""
    return sorted(summary.id for summary in store.log.runs())


def test_a_named_run_goes_with_all_that_is_known_of_it(store, folder):
    """Its events, calls, signals and lease; the rest stays whole."""
    for run in ("r1", "r2"):
        add(store, run, 10.0)
        store.signals.send(Signal(run, "tell", "cell", id="s"))
    store.leases.release("r1", store.leases.take("r1", 20.0).epoch)
    assert prune(folder, NOW, ["r1"]).runs == ("r1",)
    assert (list(store.log.read("r1")), store.ledger.calls("r1"), store.signals.pending("r1")) == ([], [], [])
    assert store.leases.holder("r1") is None
    assert left(store) == ["r2"]
    assert store.chain.verify("r2").ok
    assert (len(store.ledger.calls("r2")), len(store.signals.pending("r2"))) == (1, 1)


def test_what_was_dropped_is_written_down(store, folder):
    """With the number of its events and its last hash; the journal is a chain, and is itself never dropped."""
    for run in ("r1", "r2"):
        add(store, run, 10.0)
    heads = [store.chain.head(run) for run in ("r1", "r2")]
    prune(folder, 100.0, ["r1"], why="asked for by anna")
    prune(folder, 90.0, ["r2", JOURNAL])
    assert [(entry.time, entry.event) for entry in store.log.read(JOURNAL)] == [
        (100.0, k.RunsPruned("r1", 4, heads[0], "asked for by anna")),
        (90.0, k.RunsPruned("r2", 4, heads[1], "asked for")),
    ]
    assert store.chain.verify(JOURNAL).ok
    assert prune(folder, 1e12, [JOURNAL], before=1e12, largest=0) == Pruned()


def test_a_run_that_has_not_ended_stays(store, folder):
    """Whatever is asked: by name, by age or by size."""
    add(store, "open", 10.0, ended=False)
    done = prune(folder, NOW, ["open", "nobody"], before=NOW, largest=0)
    assert (done.runs, done.spared) == ((), {"open": "it has not ended"})
    assert left(store) == ["open"]


def test_a_run_that_somebody_holds_stays(store, folder):
    """Until its holder lets go, or dies."""
    add(store, "r1", 10.0)
    with Beside(folder, "b.ipynb") as beside:
        name = beside.say("take", "r1", 20.0)[0]
        done = prune(folder, NOW, ["r1"], before=NOW)
        assert (done.runs, done.spared) == ((), {"r1": f"{name} holds it"})
        beside.kill()
        assert prune(folder, NOW, ["r1"]).runs == ("r1",)


def test_a_run_that_works_for_one_that_has_not_ended_stays(store, folder):
    """Whoever goes on with that one takes what this one has found, and has nothing done twice."""
    child = child_of("open", "a")
    add(store, "open", 10.0, ended=False)
    add(store, child, 11.0)
    assert prune(folder, NOW, [child], before=NOW).spared == {child: "the run that it works for, open, has not ended"}
    store.log.append("open", 3, (k.RunEnded("done"),), 20.0)
    assert prune(folder, NOW, before=NOW).runs == ("open", child)


def test_old_runs_go(store, folder):
    """By when they ended, not by when they began."""
    for run, time in (("r1", 10.0), ("r2", 19.5), ("r3", 30.0)):
        add(store, run, time)
    assert prune(folder, NOW, before=20.0).runs == ("r1",)
    assert left(store) == ["r2", "r3"]


def test_the_oldest_go_until_the_rest_is_small_enough(store, folder):
    """What is open counts and stays; nothing goes when all of it fits."""
    add(store, "r0", 5.0, ended=False, size=100_000)
    for n in (1, 2, 3):
        add(store, f"r{n}", n * 10.0, size=100_000)
    assert prune(folder, NOW, largest=500_000).runs == ()
    assert prune(folder, NOW, largest=250_000).runs == ("r1", "r2")
    assert left(store) == ["r0", "r3"]


def test_the_file_gets_smaller(store, folder):
    """What was dropped is given back to the system, and said."""
    for n in range(5):
        add(store, f"r{n}", float(n), size=200_000)
    done = prune(folder, NOW, ["r1", "r2", "r3"])
    assert done.freed > 500_000
    store.log.close()
    assert (folder / "runs.db").stat().st_size < 500_000
    assert store.chain.verify("r4").ok


def test_the_file_keeps_its_size_while_a_run_is_at_work(store, folder):
    """To make it smaller keeps everybody from writing, the longer the larger it is; the room is used all the same."""
    for n in range(3):
        add(store, f"r{n}", float(n), size=200_000)
    with Beside(folder, "b.ipynb") as beside:
        beside.say("take", "other", 20.0)
        done = prune(folder, NOW, ["r0"])
        assert (done.runs, done.unshrunk, prune(folder, NOW).unshrunk) == (("r0",), True, False)
        beside.kill()
    done = prune(folder, NOW, ["r1"])
    assert (done.unshrunk, done.freed > 300_000) == (False, True)


def test_bytes_that_no_run_speaks_of_go(store, folder):
    """With the last run that did; what another run speaks of stays, and so does what came just now."""
    add(store, "r1", 10.0, kept(store, b"only r1"), kept(store, b"both"))
    add(store, "r2", 20.0, kept(store, b"both"), kept(store, b"only r2"))
    kept(store, b"nobody")
    kept(store, b"on its way", age=10.0)
    assert prune(folder, NOW).blobs == 1
    assert prune(folder, NOW, ["r1"]).blobs == 1
    assert sorted(store.blobs.get(hash) for hash, _ in store.blobs.hashes()) == [b"both", b"on its way", b"only r2"]


def speaking(hash):
    """Events of each kind that speaks of bytes by their hash today."""
    change = k.FileChange("/w/report.md", hash, "0" * 64)
    kept = k.Kept("df", "DataFrame", "sha256:1", hash, "parquet", 3)
    return (
        k.FileWritten("a", change),
        k.UndoDone("u1", ("a",), "cell", files=(change,)),
        k.NamespaceKept("a", (kept,)),
    )


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("kind", ["", "file.invented"])
def test_whatever_the_kind_of_an_event_the_bytes_that_it_speaks_of_stay(store, folder, which, kind):
    """The only copy of a file that a tool wrote over is no variable; nor is what kinds that are made later speak of."""
    kept(store, data := b"three weeks of work")
    add(store, "r1", 10.0, speaking(sha256(data).hexdigest())[which], ended=False)
    if kind:
        store.log.database._db.execute("UPDATE events SET kind = ? WHERE seq = 4", (kind,))
    assert prune(folder, NOW).blobs == 0


def test_bytes_are_looked_for_in_all_of_a_long_run(store, folder):
    """Its events are read in parts."""
    told = speaking(kept(store, b"data").kept[0].blob)[0]
    store.log.append("r1", 0, (*[k.CallFailed("a", "x")] * 1_200, told, k.CallFailed("a", "x")), 10.0)
    assert prune(folder, NOW).blobs == 0


def test_what_was_put_in_while_a_run_is_held_stays(store, folder):
    """Code that runs for hours keeps a file at once, and its event comes when it is over."""
    event = kept(store, b"data")
    with Beside(folder, "b.ipynb") as beside:
        beside.say("take", "r1", NOW - 3 * GRACE)
        assert prune(folder, NOW).blobs == 0
        beside.kill()
    assert store.blobs.has(event.kept[0].blob)
    assert prune(folder, NOW).blobs == 1


def test_a_damaged_event_still_speaks_of_its_bytes(store, folder):
    """Nothing is thrown away because it could not be read."""
    add(store, "r1", 10.0, kept(store, b"data"))
    store.log.database._db.execute("UPDATE events SET payload = '}' || payload WHERE kind = 'namespace.kept'")
    assert prune(folder, NOW).blobs == 0
    assert len(list(store.blobs.hashes())) == 1


def test_a_folder_without_a_store_is_clean(folder):
    """Nothing is made by cleaning."""
    assert prune(folder, NOW, ["r1"], before=NOW, largest=0) == Pruned()
    assert not folder.exists()


def test_what_somebody_else_dropped_meanwhile_is_not_dropped_twice(store, folder, monkeypatch):
    """That a run may go is looked at again in the transaction that drops it."""
    add(store, "r1", 10.0)
    monkeypatch.setattr(subject, "_wanted", lambda *arguments: ["r1", "r1"])
    assert prune(folder, NOW, ["r1"]).runs == ("r1",)
    assert len(list(store.log.read(JOURNAL))) == 1


def test_a_prune_that_fails_drops_nothing(store, folder, monkeypatch):
    """The run and its entry in the journal go together."""
    add(store, "r1", 10.0)

    def full(name):
        if name == "before prune":
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(points, "reached", full)
        with pytest.raises(StoreFull):
            prune(folder, NOW, ["r1"])
    assert left(store) == ["r1"]
    assert list(store.log.read(JOURNAL)) == []


def test_without_room_for_a_smaller_copy_the_runs_are_dropped_all_the_same(store, folder, monkeypatch):
    """The disk may be full because nobody cleaned; any other fault is said."""
    for run, error in (("r1", StoreFull("full")), ("r2", StoreError("busy"))):
        add(store, run, 10.0)

        def shrink(database, error=error):
            raise error

        monkeypatch.setattr(Database, "shrink", shrink)
        if run == "r1":
            assert prune(folder, NOW, [run]).runs == (run,)
        else:
            with pytest.raises(StoreError):
                prune(folder, NOW, [run])
    assert left(store) == []
