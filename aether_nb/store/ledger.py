"""What a ledger is: which calls were proposed, have begun and have ended, so that none begins twice.

A ledger is a read view. Its rows are written by the log, in the transaction that appends the event which says so:
appending ``call.begun`` for an attempt that has begun already raises ``AlreadyBegun``, and there is no other way to
begin. A call that was denied does not begin either, nor a later attempt before the earlier one has failed. This module
knows events, and no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from aether_nb.events.kinds import Effect

__all__ = ["CallRow", "CallState", "Ledger"]

CallState: TypeAlias = Literal["proposed", "approved", "begun", "finished", "failed", "doubtful", "skipped"]


@dataclass(frozen=True, slots=True)
class CallRow:
    """One attempt of a call, as it stands.

    ``hash`` is that of its exact arguments. ``epoch`` is that of the lease under which it began, 0 before. ``begun`` is
    the number of the event with which it began, 0 before.
    """

    run: str
    call: str
    attempt: int
    tool: str
    state: CallState
    effect: Effect
    hash: str
    epoch: int = 0
    begun: int = 0


@runtime_checkable
class Ledger(Protocol):
    """A read view of the calls of runs."""

    def calls(self, run: str) -> list[CallRow]:
        """The calls of a run, in the order in which they were proposed, each with all its attempts."""

    def begun(self, run: str) -> list[CallRow]:
        """Those that have begun and not ended: what is in doubt when nobody holds the run."""
