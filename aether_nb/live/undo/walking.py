"""Which objects have to be copied: all that can be reached from some variables and can change.

What would take more than the budget is known before anything is copied: one walk serves both. A walk counts objects
and bytes and reads no clock, so that it comes to the same each time. By what an object is copied stands in ``kinds``.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from aether_nb.live.describing.words import type_name
from aether_nb.live.undo.copies import Copy
from aether_nb.live.undo.kinds import UNCHANGING, Kind, kind_of
from aether_nb.live.undo.objects import Class, Function
from aether_nb.live.undo.reach import names_used

__all__ = ["Budget", "Walk", "size_text"]


@dataclass
class Budget:
    """What copies may take: bytes, and how many objects."""

    bytes: int = 512_000_000
    objects: int = 300_000


@dataclass
class Walk:
    """The copies of all that is reached, in the order in which it was.

    Args:
        namespace: The user's variables.
        budget: What they may take; what is left of it afterwards.
        take: Whether anything is copied; otherwise it is only counted.
    """

    namespace: Mapping[str, Any]
    budget: Budget = field(default_factory=Budget)
    take: bool = True
    copies: list[Copy] = field(default_factory=list)
    missed: dict[str, str] = field(default_factory=dict)
    """The variables that could not be copied as a whole, and why."""

    def __post_init__(self) -> None:
        self._seen: dict[int, Any] = {id(self.namespace): self.namespace}
        self._fresh: list[int] = []
        self._kinds: dict[type, Kind | None] = dict.fromkeys(UNCHANGING)
        self._main = self.namespace.get("__name__", "__main__")

    def reach(self, names: Iterable[str]) -> None:
        """Copy what can be reached from these variables."""
        for name in names:
            self.follow(name, self.namespace[name])

    def follow(self, name: str, value: Any) -> None:
        """Copy what can be reached from an object; ``name`` is what it is called."""
        begun, left = len(self.copies), (self.budget.bytes, self.budget.objects)
        try:
            self._follow(name, value)
        except (KeyboardInterrupt, SystemExit):
            raise
        except _TooMuch as reason:
            why = str(reason)
        except BaseException as problem:  # noqa: BLE001 - an object of anybody's; it spoils no other
            why = f"it could not be looked into ({type(problem).__name__})"
        else:
            return
        # Part of it would be put back without the rest: none of it is. What others share with it is found again.
        for identity in self._fresh:
            del self._seen[identity]
        del self.copies[begun:]
        self.budget.bytes, self.budget.objects = left
        self.missed[name] = why

    def _follow(self, name: str, value: Any) -> None:
        kinds, seen, fresh = self._kinds, self._seen, list[int]()
        self._fresh = fresh
        waiting = [value]
        while waiting:
            item = waiting.pop()
            type_ = type(item)
            kind = kinds[type_] if type_ in kinds else self._learn(type_)
            if kind is None or id(item) in seen:
                continue
            seen[id(item)] = item
            fresh.append(id(item))
            if kind.opaque and (kind.deep or item is value):
                self.missed[name] = f"what a {type_name(type_)} holds cannot be kept"
            for held in self._copied(item, kind, name):
                items = held if type(held) is list else list(held)
                known = {each: kinds[each] if each in kinds else self._learn(each) for each in set(map(type, items))}
                if any(found is not None for found in known.values()):
                    waiting += [each for each in items if known[type(each)] is not None]

    def _learn(self, type_: type) -> Kind | None:
        found = self._kinds[type_] = kind_of(type_)
        return found

    def _copied(self, item: Any, kind: Kind, name: str) -> Iterable[Iterable[Any]]:
        """Copy an object; gives what it refers to."""
        copies = kind.copies
        if copies == (Function,) or copies == (Class,):
            if item.__module__ != self._main:  # a library's: at most what it has closed over is the user's
                yield item.__closure__ or () if isinstance(item, FunctionType) else ()
                return
            yield [self.namespace[used] for used in names_used(item, self.namespace)]
        for copying in copies:
            copy = copying(item, name)
            self._pay(copy)
            self.copies.append(copy)
            yield copy.holds()
        if kind.follow:
            yield gc.get_referents(item)

    def _pay(self, copy: Copy) -> None:
        size, budget = copy.size(), self.budget
        if size > budget.bytes:
            raise _TooMuch(f"({size_text(size)}) is too large to keep")
        if budget.objects <= 0:
            raise _TooMuch("holds too many objects to keep")
        budget.bytes -= size
        budget.objects -= 1
        if self.take:
            copy.take()


class _TooMuch(Exception):
    """The budget is used up."""


def size_text(size: int) -> str:
    """A number of bytes: ``4.1 GB``."""
    for unit, whole in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= whole:
            return f"{size / whole:.1f} {unit}"
    return f"{size} bytes"
