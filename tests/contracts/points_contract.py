"""What all stores that make anything last have to keep of their commits. Subclass it, give a fixture ``store``."""

from __future__ import annotations

from functools import partial

import pytest

from aether_nb.events import kinds as k
from aether_nb.store import points
from aether_nb.store.signals import Signal

STARTED = k.RunStarted("how many rows?", "analyst")


class PointsContract:
    """The laws of the points at which a test may stop the world."""

    def test_everything_that_lasts_passes_two_points(self, store, monkeypatch):
        """Just before its commit, where nothing of it is there yet, and just after, where all of it is."""
        reached = []
        monkeypatch.setattr(points, "reached", reached.append)
        epoch = store.leases.take("r", 1.0).epoch
        store.signals.send(Signal("r", "stop", "panel"))
        store.log.append("r", 0, (STARTED, k.RunEnded("done")), 1.0, epoch)
        store.blobs.put(b"x")
        store.blobs.put(b"x")
        names = ["schema", "lease", "signal", "run.started+run.ended", "blob"]
        assert reached == [f"{side} {name}" for name in names for side in ("before", "after")]

    def test_what_stops_before_the_commit_leaves_nothing(self, store, monkeypatch):
        """And what stops after it leaves all."""
        store.log.append("r", 0, (STARTED,), 1.0)

        def stop(where, name):
            if name.startswith(where):
                raise KeyboardInterrupt

        for side, there in (("before", [1]), ("after", [1, 2])):
            monkeypatch.setattr(points, "reached", partial(stop, side))
            with pytest.raises(KeyboardInterrupt):
                store.log.append("r", 1, (k.CallBegun("a", "h"),), 2.0)
            assert [entry.seq for entry in store.log.read("r")] == there
            assert len(store.ledger.calls("r")) == len(there) - 1
