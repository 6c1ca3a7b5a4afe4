"""A sequence that is never changed: adding to it gives a new one that shares all that was there.

A run's conversation grows by two messages a turn. Copying a tuple for each of them makes a long run cost the square of
its length; here the newest version adds to the list that all versions share, each of which sees only its own part of
it. Knows nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, overload

__all__ = ["Growing"]

T = TypeVar("T")


class Growing(Sequence[T]):
    """Values in their order."""

    __slots__ = ("_length", "_shared")

    def __init__(self, values: Iterable[T] = ()) -> None:
        self._shared = list(values)
        self._length = len(self._shared)

    @classmethod
    def of(cls, values: Iterable[T]) -> Growing[T]:
        """These values; the same object where they are one already."""
        return values if isinstance(values, Growing) else cls(values)

    def plus(self, *values: T) -> Growing[T]:
        """These values behind all that are here."""
        shared = self._shared
        if len(shared) != self._length:  # another version has grown on it already
            shared = shared[: self._length]
        shared.extend(values)
        grown: Growing[T] = object.__new__(Growing)
        grown._shared, grown._length = shared, self._length + len(values)
        return grown

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...

    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        places = range(self._length)[index]
        return tuple(map(self._shared.__getitem__, places)) if isinstance(places, range) else self._shared[places]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return islice(self._shared, self._length)

    def __reversed__(self) -> Iterator[T]:
        return islice(reversed(self._shared), len(self._shared) - self._length, None)

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Growing | tuple):
            return NotImplemented
        return tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # equal to a tuple, which hashes another way

    def __repr__(self) -> str:
        return f"Growing({list(self)!r})"
