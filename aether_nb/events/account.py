"""Where data went: a fold of what the requests of a run carried, and the sum of several runs.

Each request of a run says again what the earlier ones said, so what left for a host is what its largest request held.
Bounded, as its parts are. This module knows ``leaving`` and the event that carries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aether_nb.events.kinds import Entry, Event, InstructionsFound, Left, ModelAsked
from aether_nb.events.leaving import COLUMNS

__all__ = ["Account", "Went", "account_of", "counted", "total"]


@dataclass(frozen=True, slots=True)
class Went:
    """What went to one host: in how many requests, and the rows, pictures and columns that it was shown.

    ``withheld`` and ``masked`` count pieces and keys that were kept back.
    """

    requests: int = 0
    rows: int = 0
    images: int = 0
    columns: tuple[str, ...] = ()
    more: int = 0
    withheld: int = 0
    masked: int = 0

    def plus(self, left: Left) -> Went:
        """With one more request of the same run."""
        return Went(
            self.requests + 1,
            max(self.rows, left.rows),
            max(self.images, left.images),
            *_union(self, left.columns, left.more),
            max(self.withheld, left.withheld),
            max(self.masked, left.masked),
        )

    def beside(self, other: Went) -> Went:
        """With what went there in another run."""
        return Went(
            self.requests + other.requests,
            self.rows + other.rows,
            self.images + other.images,
            *_union(self, other.columns, other.more),
            self.withheld + other.withheld,
            self.masked + other.masked,
        )


def _union(went: Went, columns: Iterable[str], more: int) -> tuple[tuple[str, ...], int]:
    """The first columns by name, and how many there are beside them, as far as that can be told."""
    names = sorted({*went.columns, *columns})
    return tuple(names[:COLUMNS]), max(went.more, more, len(names) - COLUMNS)


@dataclass(frozen=True, slots=True)
class Account:
    """What went where; no host: it did not leave this machine. ``found`` counts orders that stood in data."""

    went: Mapping[str, Went] = field(default_factory=dict)
    found: int = 0

    @property
    def away(self) -> Mapping[str, Went]:
        """What left this machine, by host."""
        return {host: went for host, went in self.went.items() if host}


def counted(account: Account, event: Event) -> Account:
    """The account after one more event."""
    if isinstance(event, InstructionsFound):
        return Account(account.went, account.found + 1)
    if not isinstance(event, ModelAsked) or event.left is None:
        return account
    host = event.left.to
    return Account({**account.went, host: account.went.get(host, Went()).plus(event.left)}, account.found)


def account_of(entries: Iterable[Entry]) -> Account:
    """The account of one run."""
    account = Account()
    for entry in entries:
        account = counted(account, entry.event)
    return account


def total(accounts: Iterable[Account]) -> Account:
    """The account of several runs."""
    went: dict[str, Went] = {}
    found = 0
    for account in accounts:
        found += account.found
        for host, more in account.went.items():
            went[host] = went[host].beside(more) if host in went else more
    return Account(went, found)
