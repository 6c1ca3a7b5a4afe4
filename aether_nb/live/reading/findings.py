"""Findings: what was noticed so far, each once, and what is made of it in the end.

It does not know the code, nor why something is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

from aether_nb.events.kinds import Effect, Risk
from aether_nb.live.reading.things import NOTHING, SOMETHING, Thing, either, is_variable

__all__ = ["Announced", "Findings", "Learnt", "Reading"]


@dataclass(frozen=True, slots=True)
class Announced:
    """What the person who agrees to the code was told, for whoever watches it run.

    Attributes:
        dangers: What it is said to reach, in the words of the reasons: ``reaches the network``.
        files: Files that it is said to write, as they stand in the code.
        texts: Every text in code that may reach files in some other way: one of them may be the file that is meant.
    """

    dangers: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a piece of code could do, in plain words for the person who is asked.

    ``variables`` are those of the user's that it changes, where that is all that there is to ask about and it is plain
    which they are; else there are none.
    """

    risk: Risk
    effect: Effect
    reasons: tuple[str, ...] = ()
    announced: Announced = field(default=Announced(), compare=False)
    variables: tuple[str, ...] = ()


@dataclass(slots=True)
class Learnt:
    """What is known about the whole code once it was read: the next time it is read, it is known from the start.

    Attributes:
        ever: What a name is bound to anywhere at the top level.
        returns: What a function that is written here may return.
        methods: The classes that are written here and have a method of this name.
        mutators: Functions that are written here and change what they are given; ``.m`` is a method, of any class.
        callers: Functions that are written here and call what they are given, or methods of it.
        changed: Variables, and containers that are written here, that are changed anywhere: their texts are not known.
        put: What is put into those containers and variables.
        files: Whether a path of a file is made anywhere: then ``x.rename(y)`` may be one that renames a file.
    """

    ever: dict[str, Thing] = field(default_factory=dict)
    returns: dict[str, Thing] = field(default_factory=dict)
    methods: dict[str, set[str]] = field(default_factory=dict)
    mutators: set[str] = field(default_factory=set)
    callers: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    put: dict[str, Thing] = field(default_factory=dict)
    files: bool = False


def is_operator(name: str) -> bool:
    """Whether a function that is written here is a method which Python calls by itself, for an operator."""
    return name.startswith(".__") and name not in {".__init__", ".__post_init__"}


class Findings:
    """The notes of one reading, in the order of the code; ``fixed`` are the variables whose values cannot change."""

    def __init__(self, learnt: Learnt, fixed: frozenset[str] = frozenset()) -> None:
        self.learnt, self.fixed = learnt, fixed
        self.notes: dict[str, tuple[Risk, bool]] = {}
        self.dangers: set[str] = set()
        self.files: set[str] = set()
        self.variables: set[str] = set()
        self.plain = True

    def note(self, risk: Risk, text: str, external: bool = True, variable: str = "") -> None:
        """Keep a reason, once; ``variable`` is the one that is plainly changed, and nothing else with it."""
        if variable:
            self.variables.add(variable)
        else:
            self.plain = False
        words = " ".join(text.split())[:200]
        if words not in self.notes or risk == "high":
            self.notes[words] = (risk, external)

    def high(self, text: str) -> Thing:
        """Keep a reason to be asked in any case; the value it is about is of no known kind."""
        self.note("high", text)
        return SOMETHING

    def uses(self, what: str, danger: str) -> Thing:
        """Something is spoken of that is dangerous in this way."""
        self.dangers.add(danger)
        return self.high(f"uses {what}, which {danger}")

    def changes(self, roots: frozenset[str], how: str = "changes your variable", sure: bool = True) -> None:
        """What belongs to the user's variables is changed; or to an argument of a function written here.

        Not ``sure``: there may be others.
        """
        for name in sorted(roots):
            self.learnt.changed.add(name)
            if name.startswith("("):
                self.learnt.mutators.add(name[1:])
            elif is_variable(name) and name not in self.fixed:
                self.note("medium", f"{how} {name}", external=False, variable=name if sure else "")

    def calls(self, thing: Thing, how: str = "calls your object") -> None:
        """A thing, or a method of it, is called: nobody has read what an object of the user's does then."""
        self.learnt.callers.update(root[1:] for root in thing.roots if root.startswith("("))
        for name in sorted(filter(is_variable, thing.unread)):
            self.note("medium", f"{how} {name}")

    def operated(self, things: Iterable[Thing]) -> None:
        """An operator is applied to things: a class that is written here may give it a meaning."""
        learnt = self.learnt
        if any(is_operator(name) for name in learnt.mutators):
            self.changes(either(things).deep, "may change your variable", sure=False)
        if any(is_operator(name) for name in learnt.callers):
            self.calls(either(things))

    def put(self, roots: frozenset[str], thing: Thing) -> None:
        """Something is put into a container, written here or a variable: from then on it may be found in it."""
        for name in roots:
            if not name.startswith("("):
                self.learnt.put[name] = self.learnt.put.get(name, NOTHING) | thing.data()

    def part(self, thing: Thing) -> Thing:
        """Something inside of a thing, or inside of what was put into it."""
        more = [self.learnt.put[name] for name in thing.deep if name in self.learnt.put]
        return reduce(Thing.__or__, more, thing.part()) if thing.kind != "unknown" else thing

    def texts(self, thing: Thing) -> frozenset[str] | None:
        """The strings that a thing may be or hold; None when something else may have been put into it."""
        return None if thing.deep & self.learnt.changed else thing.texts

    def reading(self) -> Reading:
        """The highest risk decides; every reason is told."""
        risks = {risk for risk, _ in self.notes.values()}
        risk: Risk = "high" if "high" in risks else "medium" if "medium" in risks else "low"
        outside = any(external for _, external in self.notes.values())
        announced = Announced(frozenset(self.dangers), frozenset(self.files))
        variables = tuple(sorted(self.variables)) if self.plain and risk == "medium" else ()
        return Reading(risk, "external" if outside else "namespace", tuple(self.notes), announced, variables)
