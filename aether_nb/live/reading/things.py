"""Things: what an expression may be, as far as its source and the types of the user's variables tell.

Plain values. It does not know how things come about, nor which of them are dangerous.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

__all__ = ["MATPLOTLIB", "NOTHING", "SOMETHING", "Thing", "either", "gathered", "is_variable", "method"]


@dataclass(frozen=True, slots=True)
class Thing:
    """What an expression may be.

    Where it may be one of several, everything is joined: what any of them may do, it may do.

    Attributes:
        kind: data; frame (one of the user's tables itself); path (of a file); own (a function or class written here);
            made (one that this run made before); library (a function, class or value of one); module; builtin; unknown.
        path: Its dotted name, for library, module and builtin; for own and made the name of the definition.
        roots: The user's variables that it may be, or be a part of: who changes it changes them. ``(f`` is an argument
            of the function ``f`` that is written here, ``(.m`` one of a method ``m``, ``[line:column`` a container
            that is written here, ``[self.x`` an attribute of the objects that are.
        holds: The same for what it may hold: it is new, its items are not.
        unread: Those among the variables whose code nobody read, if it may be theirs.
        odd: The same for what it may hold.
        texts: The strings that it may be or hold, None when they are not known.
        buffer: Whether it is a file in memory.
    """

    kind: str = "data"
    path: str = ""
    roots: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    odd: frozenset[str] = frozenset()
    texts: frozenset[str] | None = frozenset()
    buffer: bool = False

    def __or__(self, other: Thing) -> Thing:
        same = (self.kind, self.path) == (other.kind, other.path)
        kind = self.kind if same or self.kind == other.kind == "data" else "unknown"
        if kind == "unknown" and not {self.kind, other.kind} & {"module", "unknown"}:
            kind = "data"
        return Thing(
            kind,
            self.path if same else "",
            self.roots | other.roots,
            self.holds | other.holds,
            self.unread | other.unread,
            self.odd | other.odd,
            None if self.texts is None or other.texts is None else self.texts | other.texts,
            self.buffer and other.buffer,
        )

    @property
    def last(self) -> str:
        """The last name of its path."""
        return self.path.rpartition(".")[2]

    @property
    def deep(self) -> frozenset[str]:
        """The variables that it may be a part of, or hold a part of."""
        return self.roots | self.holds

    def data(self) -> Thing:
        """The same, whatever it was called."""
        return replace(self, kind="data", path="")

    def part(self) -> Thing:
        """Something inside it: what it held, it may be now."""
        if self.kind == "unknown":
            return self
        unread = self.unread | self.odd
        return replace(self.data(), roots=self.deep, holds=self.deep, unread=unread, odd=unread, buffer=False)


NOTHING = Thing()
"""A value that is new, and holds no text."""
SOMETHING = Thing(texts=None)
"""A value that is new; which one is not known."""
MATPLOTLIB = Thing(texts=frozenset({"matplotlib"}))


def either(things: Iterable[Thing]) -> Thing:
    """One of these, or a part of one of them."""
    return reduce(Thing.__or__, (thing.data() | thing.part().data() for thing in things), NOTHING)


def gathered(things: Iterable[Thing], origin: str = "") -> Thing:
    """A new container that holds these.

    Args:
        things: What is in it.
        origin: Where it is written, when what is put into it later has to be noticed.
    """
    whole = either(things)
    roots = frozenset({origin} if origin else ())
    unread = whole.unread | whole.odd
    return replace(whole, roots=roots, holds=whole.deep, unread=frozenset(), odd=unread, buffer=False)


def method(name: str) -> str:
    """The root of an argument of any method of this name that is written here."""
    return f"(.{name}"


def is_variable(root: str) -> bool:
    """Whether a root is a variable of the namespace."""
    return not root.startswith(("(", "["))
