"""Leases in a folder: what is the same on a server, and what happens to the file of locks."""

from __future__ import annotations

import os
import sys
from contextlib import closing

import pytest

from aether_nb.errors import LeaseHeld, StoreError, StoreReadOnly
from aether_nb.events.kinds import CallBegun, RunEnded, RunStarted
from aether_nb.store import locks
from aether_nb.store.locks import lock_file
from aether_nb.store.processes import started, this_process
from aether_nb.store.store import open_store
from contracts.shared_lease_contract import SharedLeaseContract
from harness.beside import Beside
from harness.forked import in_a_fork

# Python 3.12 and later warn of forks beside threads; a fork beside a thread is what some of these are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

STARTED = RunStarted("how many rows?", "analyst")


@pytest.fixture
def store(folder):
    """A store in a folder."""
    store = open_store(folder, "a.ipynb")
    with closing(store.log):
        yield store


@pytest.fixture
def again(folder):
    """Opens the same store once more."""
    return lambda: open_store(folder)


@pytest.fixture
def beside(store):
    """Another process on it."""
    with Beside(store.log.folder, "b.ipynb") as other:
        yield other


class TestSharedLeases(SharedLeaseContract):
    """Laws of leases between processes."""


def test_a_forked_child_writes_by_a_connection_of_its_own(store):
    """A run that nobody leases may go on in the child; the parent's file is whole, and it sees what was written."""
    store.log.append("r", 0, (STARTED,), 1.0)
    with store.log.database._lock:  # held by another thread at the moment of the fork
        assert in_a_fork(lambda: len(store.log.append("r", 1, (CallBegun("a", "h"),), 2.0))) == "1"
    assert in_a_fork(lambda: (store.log.close(), store.log.close())) == "(None, None)"
    assert [entry.seq for entry in store.log.read("r")] == [1, 2]
    assert store.log.append("r", 2, (RunEnded("done"),), 3.0)


def test_a_lock_file_that_was_removed_is_made_anew(store, beside):
    """What is held is locked in the new file, and is seen by others there."""
    store.leases.take("r", 1.0)
    (store.log.folder / locks.FILE).unlink()
    assert store.leases.holder("r").alive
    (store.log.folder / locks.FILE).unlink()
    assert "LeaseHeld" not in beside.say("take", "s", 2.0)
    assert store.leases.holder("r").alive
    assert "LeaseHeld" in beside.say("take", "r", 2.0)


def test_what_is_held_nowhere_is_let_go_in_peace(folder):
    """Letting go, or asking, before anything was ever locked makes no file."""
    file = locks.LockFile(folder / "lock")
    file.drop("r", 1)
    assert (file.is_held("r", 1), file.held("r"), folder.exists()) == (False, 0, False)


def test_what_another_locked_in_the_new_file_is_lost(store, beside):
    """Between the removal and our next look somebody else may have taken the run."""
    store.leases.take("r", 1.0)
    (store.log.folder / locks.FILE).unlink()
    assert beside.say("take", "r", 2.0)[3] == 2
    assert lock_file(store.log.folder).held("r") == 1
    assert store.leases.holder("r").epoch == 2
    with pytest.raises(LeaseHeld):
        store.leases.take("r", 3.0)


def test_a_record_that_was_put_back_does_not_split_a_run(store, beside):
    """An older copy of the file forgets an epoch; its lock is held all the same, so there are not two of it."""
    beside.say("take", "r", 1.0)
    store.leases.holder("r")
    store.log.database.write(("lease",), lambda db: db.execute("DELETE FROM leases"))
    with pytest.raises(LeaseHeld) as caught:
        store.leases.take("r", 2.0)
    assert "a process whose record was replaced" in caught.value.what


def test_a_lost_lock_is_not_taken_for_ours(store, beside):
    """When the new file knows our byte under another holder, we let go of it."""
    store.leases.take("r", 1.0)
    (store.log.folder / locks.FILE).unlink()
    store.log.database.write(("lease",), lambda db: db.execute("DELETE FROM leases"))
    assert beside.say("take", "r", 2.0)[3] == 1
    store.leases.take("s", 3.0)
    assert lock_file(store.log.folder).held("r") == 0


def test_a_lock_file_that_cannot_be_made_is_said(store, folder, monkeypatch):
    """Where the folder lets nobody write, the error is that of a read-only record."""
    store.log.append("r", 0, (STARTED,), 1.0)
    monkeypatch.setattr(locks.os, "open", lambda *a: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(StoreReadOnly):
        store.leases.take("r", 1.0)
    assert store.leases.holder("r") is None


def test_a_lock_that_the_system_cannot_give_is_said(store, monkeypatch):
    """Some network file systems have no locks: then there is no lease, and an error instead."""
    import fcntl

    def refused(*arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refused)
    with pytest.raises(StoreError) as caught:
        store.leases.take("r", 1.0)
    assert "No locks available" in caught.value.why


# ---- what a process is called


def test_a_process_has_one_name(tmp_path):
    """Its host, its number and when it started; a child has another one."""
    assert this_process() == this_process()
    assert f":{os.getpid()}:" in this_process()
    assert in_a_fork(lambda: this_process()) != repr(this_process())


def test_a_reused_number_is_another_process(tmp_path):
    """The start is read from the system; without it a word is drawn, which nobody draws twice."""
    for ticks, boot in ((77, "b1"), (78, "b1"), (77, "b2")):
        proc = tmp_path / f"{ticks}{boot}"
        (proc / "self").mkdir(parents=True)
        (proc / "sys/kernel/random").mkdir(parents=True)
        fields = " ".join(["S", *map(str, range(18)), str(ticks), "0"])
        (proc / "self/stat").write_text(f"12 (a) b) {fields}")
        (proc / "sys/kernel/random/boot_id").write_text(f"{boot}-1234567890\n")
    names = [started(proc) for proc in sorted(tmp_path.iterdir())]
    assert names == ["77-b1-12345", "77-b2-12345", "78-b1-12345"]
    assert started(tmp_path / "none") != started(tmp_path / "none")


# ---- Windows


class FakeMsvcrt:
    """What Windows does, as far as we use it: exclusive locks of bytes, a second one of the same byte is refused."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self):
        self.locked = set()

    def locking(self, handle, mode, count):
        """Lock or unlock the byte at which the file stands."""
        place = os.lseek(handle, 0, os.SEEK_CUR)
        if mode == self.LK_UNLCK:
            self.locked.remove(place)
        elif place in self.locked:
            raise PermissionError(13, "Permission denied")
        else:
            self.locked.add(place)


def test_windows_has_the_same_face(tmp_path, monkeypatch):
    """Positions stay within 32 bits; who looks leaves no lock behind."""
    fake = FakeMsvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    one, two = (locks.LockFile(tmp_path / "lock", system="windows_locks") for _ in range(2))
    assert (one.hold("r", 1), two.hold("r", 1), two.is_held("r", 1), two.is_held("r", 2)) == (True, False, True, False)
    assert one.is_held("r", 1)
    assert max(fake.locked) < 2**31
    assert one.hold("r", 2)
    one.drop("r", 2)
    assert (set(fake.locked), two.hold("r", 1)) == (set(), True)
