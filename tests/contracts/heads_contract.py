"""What every store on disk or on a server keeps of whose a run is. Subclass it with a fixture ``opened``.

``opened(sealer)`` opens the same record as somebody: a key, or None for nobody.
"""

from __future__ import annotations

import pytest

from aether_nb.errors import StoreError
from aether_nb.events import kinds as k
from aether_nb.store.seal import FILE, Sealer
from harness.forging import forge, tables_of

STARTED = k.RunStarted("how many rows?", "analyst")
PLANTED = k.ModelFailed("m", "planted")


class HeadsContract:
    """The laws of the seal of a run's head."""

    @pytest.fixture
    def mine(self, tmp_path):
        """This user's key."""
        return Sealer(tmp_path / "mine")

    @pytest.fixture
    def store(self, opened, mine):
        """The record with two events of a run in it, as this user has it."""
        store = opened(mine)
        store.log.append("r", 0, (STARTED,), 1.0)
        store.log.append("r", 1, (k.CallBegun("c", "h"),), 2.0)
        return store

    def test_what_a_user_wrote_is_his_own_after_each_event(self, opened, store, mine):
        """Whoever opens it with his key sees that; a run that is not there is nobody's."""
        assert store.chain.verify("r").own and not store.chain.verify("nobody").own
        for head in range(2, 5):
            store.log.append("r", head, (k.RunParked("go"),) if head == 3 else (k.CallBegun(f"c{head}", "h"),), 3.0)
            assert opened(mine).chain.verify("r").own

    def test_it_is_not_somebody_elses(self, opened, store, tmp_path):
        """Neither with another key nor without one; and what is written without a key is nobody's own."""
        assert not opened(Sealer(tmp_path / "theirs")).chain.verify("r").own
        nobody = opened(None)
        assert not nobody.chain.verify("r").own
        nobody.log.append("s", 0, (STARTED,), 1.0)
        assert nobody.chain.verify("s").ok and not store.chain.verify("s").own

    @pytest.mark.parametrize(
        "change",
        [
            lambda events: [*events, PLANTED],
            lambda events: [*events[:-1], PLANTED],
            lambda events: events[:-1],
            lambda events: [PLANTED, *events],
        ],
        ids=["more", "other", "fewer", "before"],
    )
    def test_a_record_that_was_written_anew_is_nobodys_own(self, store, change):
        """Its chain is whole, so it is shown; but what is added to it does not make it this user's again."""
        forge(store, "r", change)
        verdict = store.chain.verify("r")
        assert verdict.ok and not verdict.own
        store.log.append("r", verdict.events, (k.CallBegun("d", "h"),), 3.0)
        store.log.append("r", verdict.events + 1, (k.RunResumed("me", True), k.RunParked("go")), 4.0)
        assert store.chain.verify("r").ok and not store.chain.verify("r").own

    def test_who_says_that_he_goes_on_makes_it_his(self, store):
        """Going on anyway says yes to what is there, and from then on all is sealed again."""
        forge(store, "r", lambda events: [*events, PLANTED])
        store.log.append("r", 3, (k.RunResumed("me", True, anyway=True),), 3.0)
        assert store.chain.verify("r").own
        store.log.append("r", 4, (k.CallBegun("d", "h"),), 3.0)
        assert store.chain.verify("r").own

    def test_what_another_user_adds_is_not_this_users(self, opened, store, tmp_path):
        """Nor is it the other one's: he has not said yes to the beginning."""
        other = opened(Sealer(tmp_path / "theirs"))
        other.log.append("r", 2, (k.CallBegun("d", "h"),), 3.0)
        assert not other.chain.verify("r").own and not store.chain.verify("r").own

    def test_a_seal_is_good_for_one_head_of_one_run(self, store):
        """Copied from another run, or kept from an earlier head, it says nothing; nor does what is no seal at all."""
        store.log.append("s", 0, (STARTED,), 1.0)
        tables = tables_of(store)
        ((of_s,),) = tables.select("SELECT seal FROM runs WHERE id = 's'")
        ((before,),) = tables.select("SELECT seal FROM runs WHERE id = 'r'")
        store.log.append("r", 2, (k.CallBegun("d", "h"),), 3.0)
        assert store.chain.verify("r").own
        for seal in (of_s, before, "", "ü", "0" * 64):
            tables.write(("forged",), lambda db, seal=seal: db.execute("UPDATE runs SET seal = ?", (seal,)), "r")
            assert not store.chain.verify("r").own

    def test_a_damaged_record_is_nobodys_own(self, store):
        """What is not what was written cannot be."""
        tables_of(store).write(("forged",), lambda db: db.execute("DELETE FROM events WHERE seq = 2"), "r")
        assert not store.chain.verify("r").ok and not store.chain.verify("r").own

    def test_without_the_key_nothing_is_sealed_and_all_is_read(self, opened, store, mine, tmp_path):
        """A key that cannot be used makes no record unreadable; who writes is told, and nothing of it is kept."""
        (tmp_path / "mine" / FILE).write_bytes(b"short")
        again = opened(Sealer(tmp_path / "mine"))
        assert again.chain.verify("r").ok and not again.chain.verify("r").own
        for run, head in (("r", 2), ("new", 0)):
            with pytest.raises(StoreError, match="is not whole"):
                again.log.append(run, head, (STARTED,), 3.0)
        assert (again.chain.verify("r").events, again.chain.head("new")) == (2, "")
        (tmp_path / "mine" / FILE).unlink()
        lost = opened(Sealer(tmp_path / "mine"))
        lost.log.append("r", 2, (k.CallBegun("d", "h"),), 3.0)  # with no key at all it goes on, as nobody's
        assert not lost.chain.verify("r").own and not (tmp_path / "mine" / FILE).exists()
