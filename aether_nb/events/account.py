"""Where data went: a fold of what the requests of a run carried, and the sum of several runs.

Each request of a conversation says again what the earlier ones said, so what left for a host with them is what the
largest held; requests beside it (for vectors, for small work) say something else each time, and are added up. Bounded,
as its parts are. This module knows ``leaving`` and the events that carry it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

from aether_nb.events.kinds import Beside, Entry, Event, InstructionsFound, KnowledgeRecalled, Left, ModelAsked
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
    """What went where, with the conversation and beside it; no host: it did not leave this machine.

    ``found`` counts orders that stood in data.
    """

    talked: Mapping[str, Went] = field(default_factory=dict)
    beside: Mapping[str, Went] = field(default_factory=dict)
    found: int = 0

    @property
    def went(self) -> Mapping[str, Went]:
        """All that was sent, by host."""
        return _added(self.talked, self.beside) if self.beside else self.talked

    @property
    def away(self) -> Mapping[str, Went]:
        """What left this machine, by host."""
        return {host: went for host, went in self.went.items() if host}


def counted(account: Account, event: Event) -> Account:
    """The account after one more event."""
    match event:
        case InstructionsFound():
            return replace(account, found=account.found + 1)
        case ModelAsked(left=Left(to=host) as left):
            return replace(account, talked={**account.talked, host: account.talked.get(host, Went()).plus(left)})
        case Beside(left=left):
            return replace(account, beside=_added(account.beside, {left.to: Went().plus(left)}))
        case KnowledgeRecalled(sent=sent):
            return reduce(counted, sent, account)
    return account


def account_of(entries: Iterable[Entry]) -> Account:
    """The account of one run."""
    account = Account()
    for entry in entries:
        account = counted(account, entry.event)
    return account


def total(accounts: Iterable[Account]) -> Account:
    """The account of several runs."""
    went: Mapping[str, Went] = {}
    found = 0
    for account in accounts:
        found += account.found
        went = _added(went, account.went)
    return Account(went, found=found)


def _added(some: Mapping[str, Went], more: Mapping[str, Went]) -> Mapping[str, Went]:
    """The sums, by host."""
    return {**some, **{host: some[host].beside(went) if host in some else went for host, went in more.items()}}
