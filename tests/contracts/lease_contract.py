"""What all ``Leases`` have to keep, with the log that asks for them. Subclass it, give a fixture ``store``."""

from __future__ import annotations

import pytest

from aether_nb.errors import LeaseHeld, LeaseLost
from aether_nb.events import kinds as k
from aether_nb.store.lease import Leases

STARTED = k.RunStarted("how many rows?", "analyst")


class LeaseContract:
    """The laws of leases, as one process sees them."""

    def test_they_are_leases(self, store):
        """The object has the methods that the contract names, and nobody holds what nobody took."""
        assert isinstance(store.leases, Leases)
        assert store.leases.holder("r") is None
        store.leases.release("r", 1)

    def test_who_takes_a_run_holds_it(self, store):
        """The first epoch is 1; the run need not exist."""
        mine = store.leases.take("r", 5.0)
        assert (mine.epoch, mine.since, mine.alive, bool(mine.name), bool(mine.process)) == (1, 5.0, True, True, True)
        assert store.leases.holder("r") == mine
        assert store.log.runs() == []

    def test_a_run_has_one_holder_also_within_a_process(self, store):
        """Two drivers in one kernel would do things twice as two kernels would; the second is told what to do."""
        mine = store.leases.take("r", 5.0)
        with pytest.raises(LeaseHeld) as caught:
            store.leases.take("r", 9.0)
        assert caught.value.what == "Run r is at work in this kernel already."
        assert caught.value.hint == "Look at it: %aether trace r · end it: %aether stop r"
        assert store.leases.holder("r") == mine

    def test_who_was_taken_over_within_a_process_lets_go_of_nothing(self, store):
        """By force there is a new epoch; the old holder's writes are refused, and its end is not the new one's."""
        old = store.leases.take("r", 5.0)
        new = store.leases.take("r", 9.0, force=True)
        store.leases.release("r", old.epoch)
        assert (new.epoch, store.leases.holder("r")) == (2, new)
        with pytest.raises(LeaseLost):
            store.log.append("r", 0, (STARTED,), 9.0, old.epoch)
        store.leases.release("r", new.epoch)
        assert not store.leases.holder("r").alive

    def test_what_was_let_go_can_be_taken(self, store):
        """The last holder is still named; the next one has a higher epoch."""
        mine = store.leases.take("r", 5.0)
        store.leases.release("r", 1)
        store.leases.release("r", 1)
        last = store.leases.holder("r")
        assert (last.name, last.since, last.epoch, last.alive) == (mine.name, 5.0, 1, False)
        again = store.leases.take("r", 3.0)  # the clock went back
        assert (again.epoch, again.since, again.alive) == (2, 3.0, True)

    def test_runs_are_leased_one_by_one(self, store):
        """Letting go of one keeps the other."""
        for run in "rs":
            store.leases.take(run, 1.0)
        store.leases.release("r", 1)
        assert [store.leases.holder(run).alive for run in "rs"] == [False, True]

    def test_a_writer_says_its_epoch(self, store):
        """Under the epoch of the lease appends go through, by the holder and after it let go."""
        epoch = store.leases.take("r", 1.0).epoch
        store.log.append("r", 0, (STARTED,), 1.0, epoch)
        store.leases.release("r", 1)
        store.log.append("r", 1, (k.RunEnded("done"),), 2.0, epoch)
        assert [entry.seq for entry in store.log.read("r")] == [1, 2]

    @pytest.mark.parametrize("epoch", [0, 1, 3])
    def test_a_writer_of_another_epoch_is_refused(self, store, epoch):
        """Neither an old holder nor one without a lease, nor one that never was, writes anything."""
        store.leases.take("r", 1.0)
        store.leases.release("r", 1)
        store.leases.take("r", 2.0)
        with pytest.raises(LeaseLost):
            store.log.append("r", 0, (STARTED,), 3.0, epoch)
        assert list(store.log.read("r")) == []
        assert store.log.append("r", 0, (STARTED,), 3.0, 2)

    def test_a_run_without_a_lease_has_no_epoch(self, store):
        """Who believes in a lease that the store does not know is refused."""
        store.log.append("r", 0, (STARTED,), 1.0)
        with pytest.raises(LeaseLost) as caught:
            store.log.append("r", 1, (k.RunEnded("done"),), 2.0, 1)
        assert caught.value.what == "Run r is not leased to this kernel any more."

    def test_the_refusal_says_who_took_over(self, store):
        """It comes before that of a wrong head: the new holder has gone on meanwhile."""
        old = store.leases.take("r", 1.0)
        store.leases.release("r", 1)
        new = store.leases.take("r", 1_700_000_000.0)
        store.log.append("r", 0, (STARTED,), 1.0, new.epoch)
        with pytest.raises(LeaseLost) as caught:
            store.log.append("r", 0, (STARTED,), 1.0, old.epoch)
        assert caught.value.what == "Run r was taken over."
        assert new.name in caught.value.why and "2023-11-1" in caught.value.why
        assert caught.value.hint == "Look at it: %aether trace r · take it back: %aether resume r --take"
        with pytest.raises(LeaseLost) as caught:
            store.log.append("r", 1, (STARTED,), 1.0)
        assert caught.value.what == "Run r is leased."
