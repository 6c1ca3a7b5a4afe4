"""Undo points: the variables as they were before some code ran, and what it then changed.

A point is taken before the code and closed after it; then only what was changed is kept. Undoing one gives another
one, by which the undoing is undone. On the main thread only. It does not know who ran the code, nor which call it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

from aether_nb.live.describing.words import value_text
from aether_nb.live.undo.copies import MISSING, Copy
from aether_nb.live.undo.reach import open_figures, reached, users_names
from aether_nb.live.undo.surroundings import Surroundings
from aether_nb.live.undo.walking import Budget, Walk

__all__ = ["Before", "Done", "too_large"]

SHARED = Budget(bytes=16_000_000, objects=50_000)
"""What is copied of variables that the code does not change as far as can be read: to be sure, and only while cheap."""
WATCHED = Budget(bytes=64_000_000, objects=50_000)
"""What is copied of objects that the code made, only to notice that somebody has changed them since."""


def too_large(namespace: Mapping[str, Any], code: str, budget: Budget | None = None) -> dict[str, str]:
    """The variables that code can reach and that cannot be kept, and why. Nothing is copied.

    Args:
        namespace: The user's variables.
        code: What is about to run.
        budget: What may be kept.
    """
    walk = Walk(namespace, replace(budget or Budget()), take=False)
    walk.reach(reached(code, namespace))
    return walk.missed


@dataclass
class Before:
    """The variables as they were before code ran.

    Args:
        names: What each name was bound to.
        copies: What could change, as far as the code can reach it.
        missed: The variables that could not be kept, and why.
        surroundings: Working directory, environment, options.
    """

    names: dict[str, Any]
    copies: list[Copy]
    missed: dict[str, str]
    surroundings: Surroundings

    @classmethod
    def of(
        cls,
        namespace: Mapping[str, Any],
        code: str,
        safe: Collection[str] = (),
        budget: Budget | None = None,
    ) -> Before:
        """Take a point.

        Args:
            namespace: The user's variables.
            code: What is about to run; it says which variables come first.
            safe: Names that the code only reads: of them only little is copied.
            budget: What may be kept.
        """
        names = {name: namespace[name] for name in users_names(namespace)}
        found = reached(code, namespace)
        walk = Walk(namespace, replace(budget or Budget()))
        walk.reach(name for name in found if name not in safe)
        if figures := open_figures(namespace, found):
            walk.follow("the open figures", figures)
        missed, walk.missed = walk.missed, {}
        walk.budget = replace(SHARED)
        walk.reach(name for name in found if name in safe)
        return cls(names, walk.copies, missed, Surroundings.now())

    def close(self, namespace: Mapping[str, Any]) -> Done:
        """What the code has changed, now that it is over."""
        after = {name: namespace[name] for name in users_names(namespace)}
        names = {
            name: (self.names.get(name, MISSING), after.get(name, MISSING))
            for name in {**self.names, **after}
            if self.names.get(name, MISSING) is not after.get(name, MISSING)
        }
        changed = [(copy, copy.again()) for copy in self.copies if not copy.same()]
        before, now = self.surroundings, Surroundings.now()
        done = Done(names, changed, self.missed, before.where_not(now), now.where_not(before))
        done.watched = _made(namespace, names, changed)
        called = {id(value): name for name, value in reversed([*self.names.items()])}
        for copy in (*(copy for pair in changed for copy in pair), *done.watched):
            copy.root = called.get(id(copy.value), copy.root)
        return done


def _made(
    namespace: Mapping[str, Any], names: Mapping[str, tuple[Any, Any]], changed: list[tuple[Copy, Copy]]
) -> list[Copy]:
    """Copies of what the code made or put somewhere, as it left it."""
    walk = Walk(namespace, replace(WATCHED))
    for name, (_, after) in names.items():
        if after is not MISSING:
            walk.follow(name, after)
    for _, copy in changed:
        for held in list(copy.holds()):
            walk.follow(copy.root, held)
    known = {id(copy.value) for copy, _ in changed}
    return [copy for copy in walk.copies if id(copy.value) not in known]


@dataclass
class Done:
    """What code has changed: everything that undoing it takes.

    Args:
        names: What names were bound to before and after; ``MISSING`` stands for nothing.
        objects: The objects that were changed in place, as they were before and after.
        missed: Variables that could not be kept, and why.
        before: The surroundings that were changed, as they were before.
        after: And as the code left them.
        watched: Objects that the code made, as it left them.
    """

    names: dict[str, tuple[Any, Any]]
    objects: list[tuple[Copy, Copy]]
    missed: dict[str, str] = field(default_factory=dict)
    before: Surroundings = field(default_factory=Surroundings)
    after: Surroundings = field(default_factory=Surroundings)
    watched: list[Copy] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.names or self.objects or self.before)

    @property
    def size(self) -> int:
        """The bytes that are kept."""
        pairs = [copy for pair in self.objects for copy in pair]
        return sum(copy.size() for copy in (*pairs, *self.watched))

    @classmethod
    def together(cls, dones: Iterable[Done]) -> Done:
        """Several as one, the oldest first: what was before the first of them, and what was after the last."""
        names, objects, missed = dict[str, tuple[Any, Any]](), dict[int, tuple[Copy, Copy]](), dict[str, str]()
        before, after, watched = dict[str, Any](), dict[str, Any](), dict[int, Copy]()
        for done in dones:
            for name, pair in done.names.items():
                names[name] = names.get(name, pair)[0], pair[1]
            for copies in done.objects:
                key = id(copies[0].value)
                objects[key] = objects.get(key, copies)[0], copies[1]
            watched |= {id(copy.value): copy for copy in done.watched}
            missed |= done.missed
            before = done.before.values | before
            after |= done.after.values
        return cls(
            {name: pair for name, pair in names.items() if pair[0] is not pair[1]},
            list(objects.values()),
            missed,
            Surroundings(before),
            Surroundings(after),
            [copy for key, copy in watched.items() if key not in objects],
        )

    # ---- looking

    def conflicts(self, namespace: Mapping[str, Any]) -> dict[str, str]:
        """What is no longer as the code left it: somebody has changed it since, and undoing takes that away, too."""
        found = {
            name: _since(namespace.get(name, MISSING))
            for name, (_, after) in self.names.items()
            if namespace.get(name, MISSING) is not after
        }
        for copy in (*(after for _, after in self.objects), *self.watched):
            if copy.root not in found and not copy.same():
                found[copy.root] = f"its {copy.noun} was changed since"
        return found | self.after.differing()

    def told(self) -> dict[str, tuple[str, str]]:
        """What undoing does to each name: ``removed``, ``back`` or ``changed``, and in words what it becomes."""
        told = {}
        for name, (before, after) in self.names.items():
            if before is MISSING:
                told[name] = "removed", ""
            else:
                told[name] = ("back", _words(before)) if after is MISSING else ("changed", f"{_words(before)} again")
        for copy, _ in self.objects:
            told.setdefault(copy.root, ("changed", f"its {copy.noun} as before"))
        return told

    # ---- doing

    def undo(self, namespace: MutableMapping[str, Any]) -> Done:
        """Put everything back.

        Returns:
            What that has changed: undoing it does what was undone once more. Its ``missed`` says what refused.
        """
        names = {name: (namespace.get(name, MISSING), before) for name, (before, _) in self.names.items()}
        objects = [((after if after.same() else after.again()), before) for before, after in self.objects]
        failed: dict[str, str] = {}
        for before, _ in self.objects:
            try:
                before.put_back()
            except Exception as problem:  # noqa: BLE001 - an object that refuses; the others are put back all the same
                failed[before.root] = f"its {before.noun} could not be put back ({type(problem).__name__}: {problem})"
        for name, (_, before) in names.items():
            if before is MISSING:
                namespace.pop(name, None)
            else:
                namespace[name] = before
        now = self.before.as_they_are()
        return Done(names, objects, failed | self.before.put_back(), now, self.before)


def _since(now: Any) -> str:
    return "it was deleted since" if now is MISSING else f"it was bound to something else since: {_words(now)}"


def _words(value: Any) -> str:
    try:
        text = value_text(value)
        return f"{text}, {len(value):,} long" if text.startswith("<") and hasattr(type(value), "__len__") else text
    except Exception:  # noqa: BLE001 - an object of anybody's, of which only a word is wanted
        return "an object"
