"""Writing into the store's own run, the journal: several kernels may do so at once, and none of them holds it.

It knows no meaning of what is written there.
"""

from __future__ import annotations

from collections.abc import Sequence

from aether_nb.errors import LogConflict
from aether_nb.events.kinds import Event
from aether_nb.store.log import JOURNAL, Log

__all__ = ["TRIES", "Journal"]

TRIES = 5
"""How often it is appended to when somebody else was faster."""


class Journal:
    """The journal of a store, for one writer among others.

    Args:
        log: The store's log.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._head: int | None = None  # where it ended when this one wrote last: counting it anew each time takes long

    def note(self, events: Sequence[Event], time: float) -> None:
        """Add events, all of them or none.

        Raises:
            LogConflict: Others were faster, again and again.
            StoreError: They could not be written.
        """
        tries = 0
        while True:
            if self._head is None:
                self._head = sum(1 for _ in self._log.read(JOURNAL))
            tries += 1
            try:
                self._log.append(JOURNAL, self._head, events, time)
                self._head += len(events)
                return
            except LogConflict:
                self._head = None
                if tries == TRIES:
                    raise
