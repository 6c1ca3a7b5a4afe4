"""A store as a whole: a run's record that is confirmed when it is read, and being the one who advances a run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aether_nb import plugins, registry
from aether_nb.config.address import Address
from aether_nb.errors import LeaseHeld, OptionError, StoreError, StoreTampered
from aether_nb.events import kinds as k
from aether_nb.store.prune import prune
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store, memory_store, open_store


def test_a_whole_record_is_confirmed_before_it_is_given(tmp_path: Path) -> None:
    """What was written comes back with whether it is one's own; a record that somebody has changed is refused."""
    store = open_store(tmp_path / "record", "test", sealer=Sealer(tmp_path / "own"))
    store.log.append("r1", 0, (k.RunStarted("q", "m"), k.RunEnded("done")), 1.0)
    entries, own = store.whole("r1")
    assert ([entry.event.kind for entry in entries], own) == (["run.started", "run.ended"], True)
    store.log.close()
    with closing(sqlite3.connect(next((tmp_path / "record").glob("*.db")))) as database, database:
        database.execute("UPDATE events SET payload = replace(payload, '\"q\"', '\"p\"') WHERE seq = 1")
    with pytest.raises(StoreTampered):
        store.whole("r1")


def test_how_a_run_stands_is_told_by_its_whole_name(tmp_path: Path) -> None:
    """A run that is not there has no state, also where another one's name begins so."""
    store = open_store(tmp_path / "record", "test")
    assert store.state("r1") is None
    store.log.append("r1-a", 0, (k.RunStarted("q", "m"), k.RunEnded("done")), 1.0)
    found = store.state("r1-a")
    assert found is not None
    assert (found.run, found.ended, store.state("r1")) == ("r1-a", k.RunEnded("done"), None)


def test_a_lease_is_let_go_of_whatever_happens(tmp_path: Path) -> None:
    """Who advances a run holds it meanwhile, and no longer, also when that breaks off."""
    store = open_store(tmp_path / "record", "test")
    store.log.append("r1", 0, (k.RunStarted("q", "m"),), 1.0)

    def working() -> None:
        with store.leased("r1") as lease:
            holder = store.leases.holder("r1")
            assert holder is not None
            assert (holder.alive, holder.epoch) == (True, lease.epoch)
            raise RuntimeError("broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        working()
    holder = store.leases.holder("r1")
    assert holder is None or not holder.alive


def test_who_would_take_what_is_held_is_refused_before_anything_is_prepared(tmp_path: Path) -> None:
    """Unless he takes it by force; who held a run last is told, and nothing is written by asking."""
    store = open_store(tmp_path / "record", "test")
    assert store.last_holder("r1") is None
    with store.leased("r1") as lease:
        with pytest.raises(LeaseHeld, match="at work in this kernel"):
            store.last_holder("r1")
        assert store.last_holder("r1", force=True) == lease == store.leases.holder("r1")
    last = store.last_holder("r1")
    assert last is not None and (last.epoch, last.alive) == (lease.epoch, False)
    store.log.close()


def test_a_store_is_registered_for_its_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address finds the one that is registered for it; one that nobody is registered for says who there is."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])
    ours = memory_store()
    asked: list[Any] = []

    def opened(place: Address, name: str, sealer: Sealer | None) -> Store:
        asked.append((place.plain, name, sealer))
        return ours

    plugins.register("store", "mine", opened)
    assert open_store(Address("MINE://me:secret@there"), "book") is ours
    assert asked == [("MINE://me:secret@there", "book", None)]
    with pytest.raises(StoreError) as caught:
        open_store(Address("theirs://me:secret@there"))
    assert caught.value.what == "There is no store for theirs://me:***@there."
    assert caught.value.why == "There are stores in folders, and for postgresql://, postgres://, mine://."
    with pytest.raises(StoreError, match=r"Runs in mine://there cannot be dropped from here\."):
        prune(Address("mine://there"), 0.0, runs=["r1"])
    with pytest.raises(OptionError, match="cannot stand before ://"):
        plugins.register("store", "Mine", opened)
    with pytest.raises(OptionError, match="It is a int"):
        plugins.register("store", "other", 7)
