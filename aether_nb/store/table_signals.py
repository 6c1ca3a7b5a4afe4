"""The letter box in tables: what the table ``signals`` holds. That one was heard is written by ``derived``."""

from __future__ import annotations

import json
from typing import Any

from aether_nb.errors import StoreCorrupt
from aether_nb.store.rows import Tables
from aether_nb.store.signals import Signal, body_text

__all__ = ["TableSignals"]

_SEND = """
    INSERT INTO signals (run, id, time, type, by, body, seal, applied) VALUES (?, ?, ?, ?, ?, ?, ?, 0)
    ON CONFLICT DO NOTHING
"""
_PENDING = """
    SELECT run, type, by, CAST(body AS BLOB), id, time, seal FROM signals WHERE run = ? AND applied = 0 ORDER BY place
"""


class TableSignals:
    """``Signals`` in the tables of a log.

    Args:
        tables: Those tables.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def send(self, signal: Signal) -> bool:
        """See ``Signals.send``."""
        row = (signal.run, signal.id, signal.time, signal.type, signal.by, body_text(signal), signal.seal)
        return self._tables.write(("signal",), lambda db: db.execute(_SEND, row).rowcount == 1)

    def pending(self, run: str) -> list[Signal]:
        """See ``Signals.pending``."""
        return [_signal(*row) for row in self._tables.select(_PENDING, (run,))]


def _signal(run: str, type: Any, by: str, body: bytes | str, id: str, time: float, seal: str) -> Signal:
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise StoreCorrupt(
            f"Signal {id} to run {run} cannot be read.",
            "It holds no JSON object: it is damaged, or somebody wrote it by hand.",
            f"See what the run waits for and say it again: %aether trace {run}",
        )
    return Signal(run, type, by, values, id, time, seal)
