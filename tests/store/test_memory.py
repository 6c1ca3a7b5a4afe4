"""What a log in memory does that one on disk does not."""

from __future__ import annotations

import pytest

from aether_nb.errors import AlreadyBegun, LogConflict, StoreError
from aether_nb.events import kinds as k
from aether_nb.store.memory import MemoryLog
from aether_nb.store.seal import Sealer
from aether_nb.store.store import memory_store


def test_without_checking_it_keeps_what_no_file_could():
    """A program's own runs are not encoded: what is appended is what is read, and the order of heads still counts."""
    odd = k.CallBegun("c1", object())  # type: ignore[arg-type]
    log = MemoryLog(checked=False)
    log.append("r", 0, (k.RunStarted("p", "m"),), 1.0)
    log.append("r", 1, (odd,), 2.0)
    assert [entry.event for entry in log.read("r")] == [k.RunStarted("p", "m"), odd]
    with pytest.raises(LogConflict):
        log.append("r", 1, (odd,), 3.0)
    with pytest.raises(StoreError):
        MemoryLog().append("r", 0, (odd,), 1.0)


def test_without_checking_nothing_begins_twice():
    """The one law of the ledger that is cheap is kept; the append that breaks it leaves nothing."""
    log, begun = MemoryLog(checked=False), k.CallBegun("c1", "h")
    log.append("r", 0, (begun, k.CallBegun("c1", "h", 2)), 1.0)
    log.append("s", 0, (begun,), 1.0)
    with pytest.raises(AlreadyBegun):
        log.append("r", 2, (k.CallBegun("c2", "h"), begun), 2.0)
    assert (len(list(log.read("r"))), log.calls("r")) == (2, [])
    assert log.append("r", 2, (k.CallBegun("c2", "h"),), 2.0)


def test_with_a_key_behind_it_all_is_ones_own(tmp_path):
    """Nobody else writes into this process; without a key it is nobody's."""
    sealed, plain = memory_store(Sealer(tmp_path)), memory_store()
    for store in (sealed, plain):
        store.log.append("r", 0, (k.RunStarted("p", "m"),), 1.0)
    assert sealed.chain.verify("r").own and not sealed.chain.verify("nobody").own
    assert not plain.chain.verify("r").own
