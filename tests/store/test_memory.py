"""The log in memory keeps the contract."""

from __future__ import annotations

import pytest

from aether_nb.store.memory import MemoryLog
from contracts.log_contract import LogContract


class TestMemoryLog(LogContract):
    """Laws of the log in memory."""

    @pytest.fixture
    def log(self):
        """An empty one."""
        return MemoryLog()
