"""The log in memory keeps the contract."""

from __future__ import annotations

import pytest

from aether_nb.errors import LogConflict, StoreError
from aether_nb.events import kinds as k
from aether_nb.store.memory import MemoryLog
from contracts.log_contract import LogContract


class TestMemoryLog(LogContract):
    """Laws of the log in memory."""

    @pytest.fixture
    def log(self):
        """An empty one."""
        return MemoryLog()


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
