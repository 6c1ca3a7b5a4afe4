"""Yeses that last for a notebook, kept for its later kernels in the store's journal.

Each is sealed with this user's key for this notebook, so one that came with somebody else's record, or from another
notebook, counts for nothing. Taking one back is written there too. Where no notebook is known nothing is kept: such a
yes ends with its kernel. This module does not know what a yes allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from aether_nb.events import kinds as k
from aether_nb.store.journal import Journal
from aether_nb.store.log import JOURNAL
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store

__all__ = ["Grants"]


@dataclass(frozen=True)
class Grants:
    """The yeses that last for one notebook.

    Args:
        store: The record.
        sealer: This user's key.
        notebook: The notebook's path; empty when it is not known.
        clock: Seconds since the epoch.
    """

    store: Store
    sealer: Sealer
    notebook: str
    clock: Callable[[], float] = time.time

    def standing(self) -> list[k.Grant]:
        """Those that this user gave here and has not taken back; none where the journal is not whole.

        Raises:
            StoreError: The journal cannot be read.
        """
        given, gone = (self._noted() if self.notebook else None) or ({}, set())
        return [grant for grant in given.values() if grant.id not in gone]

    def taken_back(self, given: Iterable[k.Grant]) -> Iterator[k.GrantRevoked]:
        """Which yeses of a run that goes on were taken back meanwhile.

        Where the journal is not whole nobody knows which, so it is all that were to last longer than the run.

        Raises:
            StoreError: The journal cannot be read.
        """
        noted = self._noted()
        for grant in given:
            if noted is None and grant.lasts == "notebook":
                yield k.GrantRevoked(grant.id, "policy:the journal of yeses is not whole")
            elif noted is not None and grant.id in noted[1]:
                yield k.GrantRevoked(grant.id, "the user")

    def _noted(self) -> tuple[dict[str, k.Grant], set[str]] | None:
        """What was given here, and the ids of what was taken back; None where the journal is not whole."""
        given: dict[str, k.Grant] = {}
        gone: set[str] = set()
        if not self.store.chain.verify(JOURNAL).ok:
            return None
        for entry in self.store.log.read(JOURNAL) if self.notebook else ():
            match entry.event:
                case k.GrantGiven(grant, seal) if self.sealer.verifies(self._fields(grant), seal):
                    given[grant.id] = grant
                case k.GrantRevoked(id):
                    gone.add(id)
        return given, gone

    def keep(self, *grants: k.Grant) -> None:
        """Keep yeses for later kernels.

        Raises:
            StoreError: They could not be written.
        """
        self._note([k.GrantGiven(grant, self.sealer.seal(self._fields(grant))) for grant in grants])

    def revoke(self, id: str) -> None:
        """Take one back, for later kernels too.

        Raises:
            StoreError: It could not be written: then it still stands there.
        """
        self._note([k.GrantRevoked(id, "the user")])

    def _note(self, events: list[k.GrantGiven] | list[k.GrantRevoked]) -> None:
        if self.notebook and events:
            Journal(self.store.log).note(events, self.clock())

    def _fields(self, grant: k.Grant) -> tuple[str, ...]:
        """What the seal of a yes binds."""
        what = (grant.id, grant.tool, grant.rule, grant.risk, grant.lasts, grant.by)
        return ("grant", f"notebook {self.notebook}", *what)
