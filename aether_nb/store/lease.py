"""What a lease is: who may advance a run, so that two kernels never do.

A lease is a lock that the system lets go of when its holder dies, and a number, the *epoch*, that grows with each
holder. Every write to a run under a lease says its epoch, and the log refuses one that is no longer the newest: whoever
was taken over cannot write any more, even if it has not noticed. Nor can a forked child, which has its parent's memory
and not its lease. This module knows no run and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["Holder", "Leases"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a run: a name for people (host, process, notebook), since when, and by which epoch.

    ``alive``: its process is there and holds the lock. ``process`` is the same string for the same process and differs
    for any other, also for one that got the same number later.
    """

    name: str
    process: str
    since: float
    epoch: int
    alive: bool


@runtime_checkable
class Leases(Protocol):
    """Who may advance which run. May be used from any thread and any process."""

    def take(self, run: str, time: float, force: bool = False) -> Holder:
        """Become the one who may advance a run. A run has one holder, also among those who work in one process.

        Args:
            run: The run's whole id; it need not exist yet.
            time: Now, in seconds since the epoch.
            force: Take it from a holder who is alive; its writes are refused from now on.

        Raises:
            LeaseHeld: Somebody holds it: says who, and since when.
            StoreError: It could not be written.
        """

    def release(self, run: str, epoch: int) -> None:
        """Let go, so that anybody may take it. The epoch stays.

        Nothing happens when it is not held here in that epoch: whoever was taken over lets go of nothing.
        """

    def holder(self, run: str) -> Holder | None:
        """Who holds it or held it last; None when nobody ever did."""
