"""Events of many runs at once, for figures over all of them.

What is given here is not looked at by the chain: it is for counting. What a run did is read from its log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol, runtime_checkable

from aether_nb.events.kinds import Entry

__all__ = ["Across"]


@runtime_checkable
class Across(Protocol):
    """The events of a whole store by their kind. May be used from any thread."""

    def of_kinds(self, kinds: Collection[str], since: float = 0.0) -> Iterator[Entry]:
        """The events of these kinds in all runs, the journal included: a run's together, in order.

        Args:
            kinds: Kinds of stored events.
            since: The time from which on, in seconds since the epoch.

        Returns:
            The entries; what cannot be read is left out.
        """
