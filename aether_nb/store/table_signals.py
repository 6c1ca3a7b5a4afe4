"""The letter box in tables: what the table ``signals`` holds. That one was heard is written by ``derived``."""

from __future__ import annotations

import json
from typing import Any

from aether_nb.errors import StoreCorrupt
from aether_nb.store.contents import signal_place
from aether_nb.store.rows import Connection, Tables
from aether_nb.store.signals import Signal, body_text
from aether_nb.store.vault import Vault

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
        body = body_text(signal)

        def act(db: Connection) -> bool:
            vault = self._tables.vault
            kept = body if vault is None else vault.seal_text(body, *signal_place(signal.run, signal.id))
            row = (signal.run, signal.id, signal.time, signal.type, signal.by, kept, signal.seal)
            return db.execute(_SEND, row).rowcount == 1

        return self._tables.write(("signal",), act)

    def pending(self, run: str) -> list[Signal]:
        """See ``Signals.pending``."""
        rows = self._tables.select(_PENDING, (run,))
        vault = self._tables.vault if rows else None
        return [_signal(vault, *row) for row in rows]


def _signal(
    vault: Vault | None, run: str, type: Any, by: str, body: bytes | str, id: str, time: float, seal: str
) -> Signal:
    try:
        if vault is not None:
            text = body.decode(errors="replace") if isinstance(body, bytes) else body
            body = vault.open_text(text, *signal_place(run, id))
        values = json.loads(body)
    except (ValueError, StoreCorrupt):
        values = None
    if not isinstance(values, dict):
        raise StoreCorrupt(
            f"Signal {id} to run {run} cannot be read.",
            "It holds no JSON object of ours: it is damaged, or somebody wrote it by hand.",
            f"See what the run waits for and say it again: %aether trace {run}",
        )
    return Signal(run, type, by, values, id, time, seal)
