"""The keeper: notes what each call of a run read and made, and writes what would be dear to make again.

Hashes are taken after every call, within a few milliseconds; bytes are written after a call that took long, after one
that cannot be made again, and when the run is parked. A value that misbehaves is noted with the reason and spoils
nothing. It works on the user's objects, so it runs on the main thread. It does not know the log, nor how anything is
restored.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, ModuleType
from typing import Any

from aether_nb.errors import AetherError
from aether_nb.events.kinds import Entry, Kept, NamespaceKept
from aether_nb.live.keeping.cells import cell_of
from aether_nb.live.keeping.formats import save
from aether_nb.live.keeping.hashing import fingerprint
from aether_nb.live.keeping.limits import Budget, Clock, NotPossible, Signer, TooMuch
from aether_nb.live.keeping.objects import class_name
from aether_nb.live.keeping.recognised import library_class
from aether_nb.live.keeping.sources import reads_in
from aether_nb.live.owning import users_own
from aether_nb.store.blobs import Blobs

__all__ = ["Keeper"]

QUICK = "the call was quick; it is made again from its code"
UNCHANGING = {int, float, complex, bool, str, bytes, type(None), tuple, frozenset, range}
BY_CODE = (FunctionType, type, ModuleType)


@dataclass
class Keeper:
    """Keeps the variables of one run.

    Args:
        blobs: Where bytes are kept.
        budget: What it may cost.
        signer: This user's key, when the folder is his own; without it nothing is pickled.
        why_not: Why nothing may be written; empty when it may.
    """

    blobs: Blobs
    budget: Budget = field(default_factory=Budget)
    signer: Signer | None = None
    why_not: str = ""
    touched: set[str] = field(default_factory=set)
    _written: dict[tuple[str, str], Kept] = field(default_factory=dict)
    _read: dict[str, Any] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)

    def recall(self, entries: Iterable[Entry]) -> None:
        """Know what an earlier keeper of the same run has kept."""
        for entry in entries:
            if isinstance(entry.event, NamespaceKept):
                self._read.update((kept.name, None) for kept in entry.event.inputs)
                for kept in entry.event.kept:
                    self._note(kept)

    def read(self, namespace: Mapping[str, object], code: str) -> tuple[Kept, ...]:
        """What code that is about to run takes from the user: each variable the first time, with the cell that made it.

        Args:
            namespace: The variables as they are now.
            code: The code.
        """
        clock = Clock.of(self.budget.quick)
        theirs = users_own(namespace)
        names = sorted(name for name in reads_in(code) & set(theirs) if name not in self.touched)
        fresh = [name for name in names if not self._known(name, theirs[name])]
        return tuple(self._input(name, theirs[name], namespace, clock) for name in fresh)

    def keep(
        self,
        namespace: Mapping[str, object],
        names: Collection[str],
        seconds_taken: float,
        force: bool = False,
        again: bool = True,
    ) -> tuple[Kept, ...]:
        """Note variables that a call has made or changed, and write them when that is worth it.

        Args:
            namespace: The variables as they are now.
            names: Those that the call has made or changed.
            seconds_taken: How long it took.
            force: Write them however quick it was: the run is being parked.
            again: Whether the call can be made again; what no other way leads back to is written at once, if it can be.
        """
        own = {name: namespace[name] for name in sorted(names) if name in namespace}
        self.touched.update(own)
        leaders = _leaders(namespace, own)
        seconds = self.budget.for_bytes(seconds_taken, force, again)
        clock = Clock.of(self.budget.for_hashes(seconds_taken) + seconds, self.budget.each)
        cheap_first = sorted(own, key=lambda name: library_class(own[name]) != "")
        kept = {}
        for name in cheap_first:
            one = self._one(name, own[name], clock, seconds > 0)
            kept[name] = replace(one, same_as=leaders.get(name, ""))
            self._note(kept[name])
        return tuple(kept[name] for name in own)

    def park(self, namespace: Mapping[str, object]) -> tuple[Kept, ...]:
        """Write everything that the run has made or changed and that is not written yet as it is now."""
        return self.keep(namespace, self.touched, 0.0, force=True)

    # ---- one variable

    def _one(self, name: str, value: object, clock: Clock, write: bool) -> Kept:
        """A variable as it is, with its bytes in the store if so wished; whatever it does, it raises nothing."""
        kind = "?"
        try:
            kind = class_name(type(value))
            if issubclass(type(value), BY_CODE):
                return Kept(name, kind, why="it is made again from its code")
            if clock.left < -self.budget.quick:
                return Kept(name, kind, why="there was no time to look at it")
            if self.why_not:
                return Kept(name, kind, why=self.why_not)  # without a hash: that of a short value gives it away
            hash, why = fingerprint(value, clock)
            before = self._written.get((kind, hash)) if hash.startswith("sha256:") else None
            if before is not None:
                return Kept(name, kind, hash, before.blob, before.format, before.size)
            if not write:
                return Kept(name, kind, hash, why=QUICK if hash else why)
            return self._put(Kept(name, kind, hash), value, clock)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as problem:  # noqa: BLE001 - a value of anybody's; the run goes on
            return Kept(name, kind, why=f"it could not be looked into ({type(problem).__name__})")

    def _put(self, kept: Kept, value: object, clock: Clock) -> Kept:
        try:
            format, data = save(value, self.signer, clock)
            size = memoryview(data).nbytes
            if size > self.budget.each:
                return replace(kept, why="it is larger than what is kept of one variable")
            if sum(self._sizes.values()) + size > self.budget.total:
                return replace(kept, why="what may be kept for this run is used up")
            return replace(kept, blob=self.blobs.put(data), format=format, size=size)
        except (NotPossible, TooMuch) as reason:
            return replace(kept, why=str(reason))
        except AetherError as error:
            return replace(kept, why=error.what)

    def _note(self, kept: Kept) -> None:
        self.touched.add(kept.name)
        if kept.blob:
            self._sizes[kept.blob] = kept.size
            self._written[kept.type, kept.hash] = kept

    # ---- what the user made

    def _known(self, name: str, value: object) -> bool:
        """Whether this very object was noted already; what cannot be told apart is noted once."""
        if name not in self._read:
            return False
        seen = self._read[name]
        return seen is None or seen() is value

    def _input(self, name: str, value: Any, namespace: Mapping[str, object], clock: Clock) -> Kept:
        try:
            self._read[name] = weakref.ref(value)
        except TypeError:
            self._read[name] = None
        cell = cell_of(name, namespace, clock)
        if issubclass(type(value), ModuleType):
            return Kept(name, "module", why=str(vars(value).get("__name__", "")), cell=cell)
        kind = class_name(type(value))
        hash, why = fingerprint(value, clock)
        return Kept(name, kind, hash, why=why, cell=cell)


def _leaders(namespace: Mapping[str, object], own: Mapping[str, object]) -> dict[str, str]:
    """The names that are bound to the same object as another one, which stands for them all."""
    by_object: dict[int, list[str]] = {}
    for name, value in users_own(namespace).items():
        if type(value) not in UNCHANGING:
            by_object.setdefault(id(value), []).append(name)
    groups = {name: by_object.get(id(value), [name]) for name, value in own.items()}
    return {name: min(group) for name, group in groups.items() if len(group) > 1 and min(group) != name}
