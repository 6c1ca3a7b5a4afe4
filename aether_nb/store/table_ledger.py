"""The ledger in tables: what the table ``calls`` says. Its rows are written by ``derived``, with the events."""

from __future__ import annotations

from aether_nb.store.ledger import CallRow
from aether_nb.store.rows import Tables

__all__ = ["TableLedger"]

_CALLS = """
    SELECT run, call, attempt, tool, state, effect, hash, epoch, begun FROM calls WHERE run = ?
    ORDER BY proposed, call, attempt
"""


class TableLedger:
    """A ``Ledger`` in the tables of a log.

    Args:
        tables: Those tables.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def calls(self, run: str) -> list[CallRow]:
        """See ``Ledger.calls``."""
        return [CallRow(*row) for row in self._tables.select(_CALLS, (run,))]

    def begun(self, run: str) -> list[CallRow]:
        """See ``Ledger.begun``."""
        return [row for row in self.calls(run) if row.state == "begun"]
