"""What all ``Leases`` that live in a system have to keep between processes. Subclass it as ``Test…``.

Give the fixtures ``store``; ``again``, which opens the same store once more; and ``beside``, another process on it.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing

import pytest

from aether_nb.errors import LeaseHeld, LeaseLost, StoreError
from aether_nb.events.kinds import CallBegun, RunEnded, RunStarted
from aether_nb.store import points
from aether_nb.store.processes import this_process
from harness.forked import in_a_fork

STARTED = RunStarted("how many rows?", "analyst")


def full(name):
    """A disk on which no lease can be written."""
    if name == "before lease":
        raise OSError(28, "No space left on device")


class SharedLeaseContract:
    """The laws of leases between real processes: who is refused, who is fenced off, what a holder's death does."""

    patience = 0.0
    """Seconds after which a dead holder is known to be dead at the latest."""

    def dies(self, store, run):
        """Whether its holder is known to be dead in time."""
        deadline = time.monotonic() + self.patience
        while (alive := store.leases.holder(run).alive) and time.monotonic() < deadline:
            time.sleep(0.01)
        return not alive

    def test_who_is_alive_keeps_its_run(self, store, beside):
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

    def test_what_another_let_go_can_be_taken(self, store, beside):
        """And both see it the same way."""
        beside.say("take", "r", 1.0)
        beside.say("release", "r", 1)
        assert not store.leases.holder("r").alive
        mine = store.leases.take("r", 2.0)
        assert (mine.epoch, mine.name.startswith("a.ipynb (process ")) == (2, True)
        assert beside.say("holder", "r") == [mine.name, this_process(), 2.0, 2, True]

    def test_who_was_taken_over_cannot_write(self, store, beside):
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

    def test_who_took_over_is_alive_until_it_dies(self, store, beside):
        """Its lock is its own, also while the process that it fenced off still holds the old one."""
        store.leases.take("r", 1.0)
        beside.say("take", "r", 2.0, True)
        with pytest.raises(LeaseHeld):
            store.leases.take("r", 3.0)
        store.leases.release("r", 1)
        assert store.leases.holder("r").alive
        assert store.leases.take("r", 4.0, force=True).epoch == 3
        assert "LeaseHeld" in beside.say("take", "r", 5.0)

    @pytest.mark.crash
    @pytest.mark.parametrize("with_child", [False, True])
    def test_a_killed_holder_lets_go_at_once(self, store, beside, with_child):
        """Also when a process that it had forked lives on, as the workers of joblib do."""
        beside.say("take", "r", 1.0)
        child = beside.say("fork") if with_child else 0
        try:
            assert store.leases.holder("r").alive
            beside.kill()
            assert self.dies(store, "r")
            assert store.leases.take("r", 2.0).epoch == 2
            if with_child:
                os.kill(child, 0)  # it is still there
        finally:
            if with_child:
                os.kill(child, signal.SIGKILL)

    def test_a_forked_child_holds_nothing(self, store):
        """It has the memory of its parent, and neither its lease nor its right to write; the parent keeps both."""
        epoch = store.leases.take("r", 1.0).epoch
        store.log.append("r", 0, (STARTED,), 1.0, epoch)
        assert in_a_fork(lambda: store.leases.take("r", 2.0)) == "LeaseHeld"
        assert in_a_fork(lambda: store.log.append("r", 1, (RunEnded("done"),), 2.0, epoch)) == "LeaseLost"
        assert in_a_fork(lambda: store.leases.release("r", epoch)) == "None"
        assert in_a_fork(lambda: store.leases.holder("r").alive) == "True"
        assert in_a_fork(lambda: [entry.seq for entry in store.log.read("r")]) == "[1]"
        assert store.leases.holder("r").alive
        assert store.log.append("r", 1, (CallBegun("a", "h"),), 2.0, epoch)

    def test_two_stores_of_one_process_know_of_one_another(self, store, again):
        """What one of its sessions holds is held for the others as well, and may be let go by them."""
        mine = store.leases.take("r", 1.0)
        second = again()
        with closing(second.log):
            with pytest.raises(LeaseHeld):
                second.leases.take("r", 2.0)
            second.leases.release("r", mine.epoch)
        assert not store.leases.holder("r").alive

    def test_what_could_not_be_taken_over_stays_with_its_holder(self, store, beside, monkeypatch):
        """Taking it from somebody in the same process, and failing to write that: he holds it as before."""
        mine = store.leases.take("r", 1.0)
        with monkeypatch.context() as patch:
            patch.setattr(points, "reached", full)
            with pytest.raises(StoreError):
                store.leases.take("r", 2.0, force=True)
        assert store.leases.holder("r") == mine
        assert "LeaseHeld" in beside.say("take", "r", 3.0)
        store.log.append("r", 0, (STARTED,), 1.0, mine.epoch)

    def test_a_take_that_was_not_written_holds_nothing(self, store, beside, monkeypatch):
        """When the commit fails, the lock is let go as well."""
        with monkeypatch.context() as patch:
            patch.setattr(points, "reached", full)
            with pytest.raises(StoreError):
                store.leases.take("r", 1.0)
        assert store.leases.holder("r") is None
        assert beside.say("take", "r", 2.0)[3] == 1

    def test_a_time_that_is_no_date_is_still_said(self, store, beside):
        """A row that somebody wrote by hand does not break the message about it."""
        beside.say("take", "r", 1e300)
        with pytest.raises(LeaseHeld) as caught:
            store.leases.take("r", 1.0)
        assert "at a time that is no date" in caught.value.why
