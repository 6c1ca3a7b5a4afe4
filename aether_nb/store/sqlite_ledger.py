"""The ledger on disk: what the table ``calls`` says. Its rows are written by ``derived``, with the events."""

from __future__ import annotations

from aether_nb.store.database import Database
from aether_nb.store.ledger import CallRow

__all__ = ["SqliteLedger"]

_CALLS = """
    SELECT run, call, attempt, tool, state, effect, hash, epoch, begun FROM calls WHERE run = ?
    ORDER BY proposed, call, attempt
"""


class SqliteLedger:
    """A ``Ledger`` in the file of a log.

    Args:
        database: That file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def calls(self, run: str) -> list[CallRow]:
        """See ``Ledger.calls``."""
        return [CallRow(*row) for row in self._database.select(_CALLS, (run,))]

    def begun(self, run: str) -> list[CallRow]:
        """See ``Ledger.begun``."""
        return [row for row in self.calls(run) if row.state == "begun"]
