"""The undo points of one kernel, and the part of them that a run's tools are handed.

Points die with the kernel. When all of them together take too much, the oldest go first. It does not know the log.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aether_nb.events.kinds import Change, Event, FileWritten, UndoLimited
from aether_nb.live.undo.copies import MISSING
from aether_nb.live.undo.files import Earlier
from aether_nb.live.undo.points import Before, Done, too_large
from aether_nb.live.undo.walking import Budget
from aether_nb.store.blobs import Blobs

__all__ = ["Points", "RunPoints"]

TOTAL = 2_000_000_000
"""Bytes that all points of a kernel may take."""

REBINDING = ("replaces your variable", "deletes your variable")
"""How the reading begins to say that a name is bound to something else."""


@dataclass
class Points:
    """What can be taken back in this kernel, by run and call; the newest last."""

    total: int = TOTAL
    _done: dict[tuple[str, str], Done] = field(default_factory=dict)
    _sizes: dict[tuple[str, str], int] = field(default_factory=dict)
    _taken: int = 0
    """Bytes of all points: what a table takes is not added up again at each call."""
    _open: dict[tuple[str, str], tuple[Before, Mapping[str, Any]]] = field(default_factory=dict)
    dropped: set[tuple[str, str]] = field(default_factory=set)
    """Points that were given up, because all of them took too much."""

    def begin(self, run: str, call: str, before: Before, namespace: Mapping[str, Any]) -> None:
        """Remember how things were before a call."""
        self._open[run, call] = before, namespace

    def end(self, run: str, call: str) -> Done:
        """Say that a call is over, and what it has changed."""
        before, namespace = self._open.pop((run, call))
        done = before.close(namespace)
        self.put(run, call, done)
        return done

    def put(self, run: str, name: str, done: Done) -> None:
        """Keep a point under a name."""
        size = done.size
        self._taken += size - self._sizes.get((run, name), 0)
        self._done[run, name], self._sizes[run, name] = done, size
        while len(self._done) > 1 and self._taken > self.total:
            oldest = next(iter(self._done))
            del self._done[oldest]
            self._taken -= self._sizes.pop(oldest)
            self.dropped.add(oldest)

    @contextmanager
    def rebinding(self, run: str, name: str, namespace: Mapping[str, Any], variable: str) -> Iterator[None]:
        """Keep under a name what a variable is bound to before something inside binds it anew. On the main thread."""
        before = namespace.get(variable, MISSING)
        yield
        if (after := namespace.get(variable, MISSING)) is not before:
            self.put(run, name, Done({variable: (before, after)}, []))

    def get(self, run: str, name: str) -> Done | None:
        """What a call has changed; None when that is not known here. One that was broken off is over by now."""
        if (run, name) in self._open:
            self.end(run, name)
        return self._done.get((run, name))


@dataclass(frozen=True)
class RunPoints:
    """The points of one run; what its tools are handed as ``Context.undo``.

    Args:
        points: Those of the kernel.
        run: The run.
        blobs: Where the earlier bytes of files are kept.
        budget: What one call may take.
    """

    points: Points
    run: str
    blobs: Blobs
    budget: Budget = field(default_factory=Budget)

    def cannot(self, namespace: Mapping[str, Any], code: str, concerning: Iterable[str] | None) -> tuple[str, ...]:
        """What could not be taken back if this code changed it, a sentence each. Nothing is copied.

        Args:
            namespace: The user's variables.
            code: What is about to run.
            concerning: Sentences that say which variables it changes; None: any that it reaches.
        """
        missed = too_large(namespace, code, self.budget)
        words = None
        if concerning is not None:  # the name of a variable can be bound to its old object again, however large that is
            inside = [said for said in concerning if not said.startswith(REBINDING)]
            words = {word for said in inside for word in re.findall(r"\w+", said)}
        return tuple(
            f"cannot be undone: {name} {why}" for name, why in missed.items() if words is None or name in words
        )

    def before(self, call: str, namespace: Mapping[str, Any], code: str, safe: Collection[str] = ()) -> None:
        """Keep what code is about to change; ``safe`` are names that it only reads. On the main thread."""
        self.points.begin(self.run, call, Before.of(namespace, code, safe, self.budget), namespace)

    def after(self, call: str, changes: Iterable[Change]) -> tuple[Event, ...]:
        """Say that the code is over; what is to be recorded: that some of its changes cannot be taken back.

        Args:
            call: The call.
            changes: What was seen of them.
        """
        done = self.points.end(self.run, call)
        seen = {change.name for change in changes if change.what in ("changed", "unknown")}
        why = tuple(f"{name} {why}" for name, why in done.missed.items() if name in seen and name not in done.names)
        return (UndoLimited(call, why),) if why else ()

    def file(self, file: Path) -> Earlier:
        """Keep a file as it is before it is written."""
        return Earlier(file, self.blobs)

    def wrote(self, call: str, earlier: Earlier) -> FileWritten:
        """What is to be recorded of a file that was written."""
        return FileWritten(call, earlier.now())
