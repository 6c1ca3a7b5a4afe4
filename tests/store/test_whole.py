"""What is whole of a record that somebody was at, and what is said of the rest."""

from __future__ import annotations

import gc
import sqlite3
from pathlib import Path
from unittest.mock import patch

import pytest

from aether_nb.errors import StoreCorrupt
from aether_nb.events import kinds as k
from aether_nb.store import tables
from aether_nb.store.store import open_store


def test_a_record_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    """What comes before the first event that is wrong is shown, and it is said that the rest is not as it was."""
    store = open_store(tmp_path)
    store.log.append("r1", 0, (k.RunStarted("q", "m"), k.ModelAsked("m", 1), k.RunEnded("done")), 1.0)
    entries, verdict = store.chain.whole("r1")
    assert ([entry.seq for entry in entries], verdict.warning) == ([1, 2, 3], "")
    store.log.close()
    with sqlite3.connect(tmp_path / "runs.db") as db:
        db.execute("UPDATE events SET payload = '{}' WHERE seq = 2")
    db.close()
    entries, verdict = store.chain.whole("r1")
    assert [entry.seq for entry in entries] == [1]
    assert verdict.warning == (
        "The record is not what was written: Event 2 was changed. What is shown came before that."
    )


@pytest.mark.parametrize("collected", [True, False])
def test_reading_a_long_record_leaves_the_collector_as_it_was(tmp_path: Path, collected: bool) -> None:
    """It rests meanwhile: whoever had it on has it on afterwards, also after a record that cannot be read."""
    store = open_store(tmp_path)
    store.log.append("r1", 0, (k.RunStarted("q", "m"),), 1.0)
    with patch.object(tables, "decode_all", side_effect=StoreCorrupt("It cannot be read.")):
        gc.enable() if collected else gc.disable()
        try:
            with pytest.raises(StoreCorrupt):
                store.chain.whole("r1")
            assert gc.isenabled() is collected
        finally:
            gc.enable()
    store.log.close()
