"""Leases between real processes: who is refused, who is fenced off, and what the death of a holder does."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import closing

import pytest

from aether_nb.errors import LeaseHeld, LeaseLost, StoreError, StoreReadOnly
from aether_nb.events.kinds import CallBegun, RunEnded, RunStarted
from aether_nb.store import locks, points
from aether_nb.store.locks import lock_file
from aether_nb.store.processes import started, this_process
from aether_nb.store.store import open_store
from harness.beside import Beside

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
def beside(store):
    """Another process on it."""
    with Beside(store.log.folder, "b.ipynb") as other:
        yield other


def test_who_is_alive_keeps_its_run(store, beside):
    """The refusal names the holder, says since when, and what to type."""
    name, process, since, epoch, alive = beside.say("take", "r", 1_700_000_000.0)
    assert (since, epoch, alive) == (1_700_000_000.0, 1, True)
    assert process != this_process()
    with pytest.raises(LeaseHeld) as caught:
        store.leases.take("r", 2.0)
    assert caught.value.what == f"Run r is being advanced by {name}."
    assert name.startswith(f"b.ipynb (process {beside.process.pid} on ")
    assert "2023-11-1" in caught.value.why
    assert "%aether resume r --take" in caught.value.hint
    assert store.leases.take("s", 2.0).epoch == 1


def test_what_another_let_go_can_be_taken(store, beside):
    """And both see it the same way."""
    beside.say("take", "r", 1.0)
    beside.say("release", "r")
    assert not store.leases.holder("r").alive
    mine = store.leases.take("r", 2.0)
    assert (mine.epoch, mine.name.startswith("a.ipynb (process ")) == (2, True)
    assert beside.say("holder", "r") == [mine.name, this_process(), 2.0, 2, True]


def test_who_was_taken_over_cannot_write(store, beside):
    """By force the epoch grows, whatever the holder believes; its next append says who took over."""
    mine = store.leases.take("r", 1.0)
    store.log.append("r", 0, (STARTED,), 1.0, mine.epoch)
    assert "LeaseHeld" in beside.say("take", "r", 2.0)
    name, _, _, epoch, alive = beside.say("take", "r", 2.0, True)
    assert (epoch, alive) == (2, True)
    with pytest.raises(LeaseLost) as caught:
        store.log.append("r", 1, (RunEnded("done"),), 3.0, mine.epoch)
    assert name in caught.value.why
    assert beside.say("begin", "r", 1, 2) == 1


def test_who_took_over_is_alive_until_it_dies(store, beside):
    """Its lock is its own, also while the process that it fenced off still holds the old one."""
    store.leases.take("r", 1.0)
    beside.say("take", "r", 2.0, True)
    with pytest.raises(LeaseHeld):
        store.leases.take("r", 3.0)
    store.leases.release("r")
    assert store.leases.holder("r").alive
    assert store.leases.take("r", 4.0, force=True).epoch == 3
    assert "LeaseHeld" in beside.say("take", "r", 5.0)


@pytest.mark.crash
@pytest.mark.parametrize("with_child", [False, True])
def test_a_killed_holder_lets_go_at_once(store, beside, with_child):
    """Also when a process that it had forked lives on, as the workers of joblib do."""
    beside.say("take", "r", 1.0)
    child = beside.say("fork") if with_child else 0
    try:
        assert store.leases.holder("r").alive
        beside.kill()
        assert not store.leases.holder("r").alive
        assert store.leases.take("r", 2.0).epoch == 2
        if with_child:
            os.kill(child, 0)  # it is still there
    finally:
        if with_child:
            os.kill(child, signal.SIGKILL)


def in_a_fork(act):
    """What ``act`` returned in a forked child, as text; or what it raised."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            said = repr(act())
        except Exception as error:  # noqa: BLE001  # the parent is told
            said = type(error).__name__ if isinstance(error, StoreError) else traceback.format_exc()
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as out:
        said = out.read()
    os.waitpid(child, 0)
    return said


def test_a_forked_child_holds_nothing(store):
    """It has the memory of its parent, and neither its lease nor its right to write; the parent keeps both."""
    epoch = store.leases.take("r", 1.0).epoch
    store.log.append("r", 0, (STARTED,), 1.0, epoch)
    assert in_a_fork(lambda: store.leases.take("r", 2.0)) == "LeaseHeld"
    assert in_a_fork(lambda: store.log.append("r", 1, (RunEnded("done"),), 2.0, epoch)) == "LeaseLost"
    assert in_a_fork(lambda: store.leases.release("r")) == "None"
    assert in_a_fork(lambda: store.leases.holder("r").alive) == "True"
    assert in_a_fork(lambda: [entry.seq for entry in store.log.read("r")]) == "[1]"
    assert store.leases.holder("r").alive
    assert store.log.append("r", 1, (CallBegun("a", "h"),), 2.0, epoch)


def test_a_forked_child_writes_by_a_connection_of_its_own(store):
    """A run that nobody leases may go on in the child; the parent's file is whole, and it sees what was written."""
    store.log.append("r", 0, (STARTED,), 1.0)
    with store.log.database._lock:  # held by another thread at the moment of the fork
        assert in_a_fork(lambda: len(store.log.append("r", 1, (CallBegun("a", "h"),), 2.0))) == "1"
    assert in_a_fork(lambda: (store.log.close(), store.log.close())) == "(None, None)"
    assert [entry.seq for entry in store.log.read("r")] == [1, 2]
    assert store.log.append("r", 2, (RunEnded("done"),), 3.0)


def test_two_stores_of_one_process_are_one_holder(store, folder):
    """It is the process that holds a run, whichever of its sessions asked for it."""
    mine = store.leases.take("r", 1.0)
    second = open_store(folder)
    with closing(second.log):
        assert second.leases.take("r", 2.0) == mine
        second.leases.release("r")
    assert not store.leases.holder("r").alive


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
    file.drop("r")
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


def test_a_take_that_was_not_written_holds_nothing(store, beside, monkeypatch):
    """When the commit fails, the lock is let go as well."""

    def full(name):
        if name == "before lease":
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(points, "reached", full)
        with pytest.raises(StoreError):
            store.leases.take("r", 1.0)
    assert store.leases.holder("r") is None
    assert beside.say("take", "r", 2.0)[3] == 1


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


def test_a_time_that_is_no_date_is_still_said(store, beside):
    """A row that somebody wrote by hand does not break the message about it."""
    beside.say("take", "r", 1e300)
    with pytest.raises(LeaseHeld) as caught:
        store.leases.take("r", 1.0)
    assert "at a time that is no date" in caught.value.why


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
    one.drop("r")
    assert (set(fake.locked), two.hold("r", 1)) == (set(), True)
