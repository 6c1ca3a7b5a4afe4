"""What all ``Across`` have to keep. Subclass it as ``Test…`` and give a fixture ``store``."""

from __future__ import annotations

from aether_nb.events.kinds import CallBegun, Entry, GrantRevoked, RunEnded, RunStarted
from aether_nb.store.across import Across
from aether_nb.store.log import JOURNAL


class AcrossContract:
    """The laws of events of many runs."""

    def test_it_is_across(self, store):
        """The object has the method that the contract names, and finds nothing where nothing is."""
        assert isinstance(store.across, Across)
        assert list(store.across.of_kinds(("run.started",))) == []

    def test_runs_are_together_and_in_order(self, store):
        """However the events of runs came, those of one stand together, in order, and only of the kinds asked for."""
        began, ended = RunStarted("how many?", "analyst"), RunEnded("done")
        for run in ("b", "a"):
            store.log.append(run, 0, (began, CallBegun("c", "h")), 10.0)
        for run in ("a", "b"):
            store.log.append(run, 2, (ended,), 12.0)
        found = list(store.across.of_kinds({"run.started", "run.ended"}))
        assert {entry.run for entry in found} == {"a", "b"}
        for run in ("a", "b"):
            assert [entry for entry in found if entry.run == run] == [
                Entry(run, 1, 10.0, began),
                Entry(run, 3, 12.0, ended),
            ]
        assert found[0].run == found[1].run

    def test_only_what_happened_since(self, store):
        """A time leaves out what is older, to the moment."""
        store.log.append("a", 0, (RunStarted("how many?", "analyst"),), 10.0)
        store.log.append("a", 1, (RunEnded("done"),), 12.0)
        kinds = ("run.started", "run.ended")
        assert [entry.seq for entry in store.across.of_kinds(kinds, 10.5)] == [2]
        assert [entry.seq for entry in store.across.of_kinds(kinds, 12.0)] == [2]
        assert list(store.across.of_kinds(kinds, 12.5)) == []

    def test_the_journal_is_one_of_them(self, store):
        """What the store notes of itself is found by its kind, too."""
        store.log.append(JOURNAL, 0, (GrantRevoked("g", "the user"),), 10.0)
        assert [entry.run for entry in store.across.of_kinds(("grant.revoked",))] == [JOURNAL]
