"""What is whole of a record that somebody was at, and what is said of the rest."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from aether_nb.errors import StoreNewer
from aether_nb.events import kinds as k
from aether_nb.events.codec import encode
from aether_nb.store import tables
from aether_nb.store.store import open_store


def test_a_record_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    """What comes before the first event that is wrong is shown, and it is said that the rest is not as it was."""
    store = open_store(tmp_path)
    store.log.append("r1", 0, (k.RunStarted("q", "m"), k.ModelAsked("m", 1), k.RunEnded("done")), 1.0)
    entries, verdict = store.chain.whole("r1")
    assert ([entry.seq for entry in entries], verdict.warning) == ([1, 2, 3], "")
    store.log.close()
    with closing(sqlite3.connect(tmp_path / "runs.db")) as db, db:
        db.execute("UPDATE events SET payload = '{}' WHERE seq = 2")
    entries, verdict = store.chain.whole("r1")
    assert [entry.seq for entry in entries] == [1]
    assert verdict.warning == (
        "The record is not what was written: Event 2 was changed. What is shown came before that."
    )


@pytest.mark.parametrize("place", [1, 2, 3])
def test_an_event_that_cannot_be_read_is_named_and_hides_no_other(tmp_path: Path, place: int) -> None:
    """Its bytes are those that were written, and no event: what stands before it is shown, and reports go on."""
    store = open_store(tmp_path)
    events = (k.RunStarted("q", "m"), k.ModelAsked("m", 1), k.RunEnded("done"))
    odd = b'{"a":1}'
    with patch.object(tables, "recorded", side_effect=lambda e: (e, odd if e is events[place - 1] else encode(e))):
        store.log.append("r1", 0, events, 1.0)
    entries, verdict = store.chain.whole("r1")
    assert [entry.seq for entry in entries] == list(range(1, place))
    assert (verdict.events, verdict.seq, verdict.ok, verdict.own) == (place - 1, place, False, False)
    assert verdict.fault.startswith(f"Event {place} cannot be read. ") and "Field required" in verdict.fault
    assert verdict.head == (store.chain.hashes("r1")[place - 2] if place > 1 else "")
    store.log.close()


@pytest.mark.parametrize("collected", [True, False])
def test_reading_a_long_record_leaves_the_collector_as_it_was(tmp_path: Path, collected: bool) -> None:
    """It rests meanwhile: whoever had it on has it on afterwards, also after a record that cannot be read."""
    store = open_store(tmp_path)
    store.log.append("r1", 0, (k.RunStarted("q", "m"),), 1.0)
    with patch.object(tables, "decode_all", side_effect=StoreNewer("A newer version wrote it.")):
        gc.enable() if collected else gc.disable()
        try:
            with pytest.raises(StoreNewer):
                store.chain.whole("r1")
            assert gc.isenabled() is collected
        finally:
            gc.enable()
    store.log.close()
