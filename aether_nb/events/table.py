"""A mapping that is never changed: putting a value in gives a new one that shares nearly all with the old one.

A fold keeps every call of a run by its id and puts each in four or five times. Copying a whole dict for that makes a
long run cost the square of its length; here a put copies a few dozen entries. Knows nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

__all__ = ["Filling", "Table"]

V = TypeVar("V")

RECENT = 32
"""How many entries are copied with a put, at most, before they are merged into the rest."""


class Table(Mapping[str, V]):
    """Values by name, in the order in which their names came."""

    __slots__ = ("_recent", "_rest")

    def __init__(self, rest: Mapping[str, V] | None = None, recent: Mapping[str, V] | None = None) -> None:
        self._rest: Mapping[str, V] = {} if rest is None else rest
        self._recent: Mapping[str, V] = {} if recent is None else recent

    def put(self, name: str, value: V) -> Table[V]:
        """The same table with this value under this name."""
        recent = {**self._recent, name: value}
        return Table(self._rest, recent) if len(recent) <= RECENT else Table({**self._rest, **recent})

    def __getitem__(self, name: str) -> V:
        recent = self._recent
        return recent[name] if name in recent else self._rest[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of this name; a default where there is none."""
        recent = self._recent
        return recent[name] if name in recent else self._rest.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._recent or name in self._rest

    def __iter__(self) -> Iterator[str]:
        yield from self._rest
        for name in self._recent:
            if name not in self._rest:
                yield name

    def __len__(self) -> int:
        return len(self._rest) + sum(name not in self._rest for name in self._recent)

    def __repr__(self) -> str:
        return f"Table({dict(self)!r})"


class Filling(dict[str, V]):
    """What becomes a table while a log is folded: nobody else has seen it yet, so that a put may change it."""

    def put(self, name: str, value: V) -> Filling[V]:
        """The same, with this value under this name."""
        self[name] = value
        return self
