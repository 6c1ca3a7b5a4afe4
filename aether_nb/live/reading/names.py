"""Names: what a name stands for at a place in the code, and what becomes of it when it is bound.

It knows scopes and the order of the code; it does not know how the values come about that names are bound to.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from contextlib import contextmanager

from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.things import SOMETHING, Thing
from aether_nb.live.reading.variables import Variables
from aether_nb.live.reading.words import BUILTIN_WORDS, REACHING, SAFE_BUILTINS

__all__ = ["CLASS", "COMPREHENSION", "Names", "is_dunder", "is_exception"]

COMPREHENSION = "(comprehension)"
"""Marks the scope of a comprehension, through which ``:=`` binds."""
CLASS = "(class)"
"""Marks the scope of a class, whose functions are methods."""
PLAIN_DUNDERS = set(
    """
    __doc__ __all__ __version__ __author__ __slots__ __match_args__ __init__ __post_init__ __repr__ __str__ __len__
    __iter__ __next__ __reversed__ __getitem__ __setitem__ __delitem__ __contains__ __missing__ __call__ __enter__
    __exit__ __aenter__ __aexit__ __aiter__ __anext__ __await__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __hash__
    __bool__ __int__ __float__ __index__ __complex__ __round__ __floor__ __ceil__ __trunc__ __abs__ __neg__ __pos__
    __invert__ __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ __mul__ __rmul__ __imul__ __truediv__
    __rtruediv__ __itruediv__ __floordiv__ __rfloordiv__ __mod__ __rmod__ __divmod__ __pow__ __rpow__ __matmul__
    __rmatmul__ __and__ __rand__ __iand__ __or__ __ror__ __ior__ __xor__ __rxor__ __lshift__ __rshift__ __format__
    __copy__ __deepcopy__ __getattr__ __array__
    """.split()
)
"""Special names that a class may give a meaning of its own."""
SHOWING = re.compile(r"_(repr|ipython)_\w+_?")
"""Methods by which an object decides what a browser is given."""


class Names:
    """The scopes at a place in the code, and where that place is.

    Attributes:
        owner: The outermost function or class that is being read; empty at the top level.
        nested: How many blocks around the place may not run, or run more than once.
        columns_only: The place is in the text of a query, where a name is first of all a column.
    """

    def __init__(self, variables: Variables, findings: Findings) -> None:
        self.variables, self.findings, self.learnt = variables, findings, findings.learnt
        self.owner = ""
        self.nested = 0
        self.columns_only = False
        self._now: dict[str, Thing] = {}
        self._scopes: list[dict[str, Thing]] = []
        self._globals: list[set[str]] = []
        self._outer: set[str] = set()

    # -- where we are

    @contextmanager
    def scope(self, given: dict[str, Thing] | None = None, kind: str = "") -> Iterator[dict[str, Thing]]:
        """Inside a function, a class or a comprehension, with the names that it is given."""
        inside = dict(given or {})
        self._scopes.append(inside)
        self._globals.append({kind} if kind else set())
        yield inside
        self._scopes.pop()
        self._globals.pop()

    @contextmanager
    def owned(self, name: str) -> Iterator[str]:
        """Inside the definition of ``name``; the outermost one is the owner of all that is in it."""
        before, self.owner = self.owner, self.owner or name
        yield self.owner
        self.owner = before

    @contextmanager
    def maybe(self) -> Iterator[None]:
        """Inside a block that may run or not, or more than once."""
        self.nested += 1
        yield
        self.nested -= 1

    @property
    def in_class(self) -> bool:
        """Whether what is defined here is a member of a class."""
        return bool(self._globals) and CLASS in self._globals[-1]

    def declare(self, names: list[str], outside: str) -> None:
        """``global`` and ``nonlocal``."""
        if outside == "nonlocal":
            self._outer.update(names)
        elif self._globals:
            self._globals[-1].update(names)

    # -- what a name stands for

    def thing(self, name: str) -> Thing:
        """What a name stands for here."""
        if self.columns_only:
            return SOMETHING
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        if not self._scopes and name in self._now:
            return self._now[name]
        if name in self.learnt.ever and (self._scopes or self.nested):
            ever = self.learnt.ever[name]
            return ever | self.variables.thing(name) if name in self.variables.namespace else ever
        if name in self.variables.namespace and not name.startswith("__"):
            return self.variables.thing(name)
        if name in SAFE_BUILTINS or is_exception(name) or name in BUILTIN_WORDS or name in REACHING | {"display"}:
            return Thing("builtin", name)
        if name.startswith("__") or hasattr(builtins, name):
            self.findings.high(f"uses {name}")
        return Thing("unknown", name, texts=None)

    # -- binding

    def bind(self, name: str, thing: Thing) -> None:
        """A name gets a value."""
        self._check(name)
        if name in self._outer:
            for scope in self._scopes:
                scope[name] = scope.get(name, thing) | thing
        if self.nested and name in self.variables.namespace and name not in self._now:
            thing = thing | self.variables.thing(name)  # the branch may not be taken
        if self._scopes and name not in self._globals[-1]:
            scope = self._scopes[-1]
            scope[name] = scope[name] | thing if name in scope else thing
            return
        if self.variables.is_theirs(name):
            again = thing.kind in {"module", "library", "builtin"} and thing == self.variables.thing(name)
            if not again:
                self.findings.note("medium", f"replaces your variable {name}", external=False, variable=name)
        elif _is_pythons(name) and name not in self.variables.made and not name.startswith("_"):
            self.findings.note("medium", f"gives the built-in {name} another meaning", external=False)
        inside = self.nested or self._scopes
        ever = self.learnt.ever
        self._now[name] = self._now[name] | thing if inside and name in self._now else thing
        ever[name] = ever[name] | thing if name in ever else thing

    def bind_outside(self, name: str, thing: Thing) -> None:
        """``:=`` binds outside the comprehension that it stands in."""
        depth = len(self._scopes)
        while depth and COMPREHENSION in self._globals[depth - 1]:
            depth -= 1
        scopes, names = self._scopes, self._globals
        self._scopes, self._globals = scopes[:depth], names[:depth]
        self.bind(name, thing)
        self._scopes, self._globals = scopes, names

    def delete(self, name: str) -> None:
        """``del name``."""
        if self._scopes and name not in self._globals[-1]:
            return
        if self.variables.is_theirs(name) and name not in self._now:
            self.findings.note("medium", f"deletes your variable {name}", external=False, variable=name)
        elif _is_pythons(name):
            self.findings.high(f"uncovers the built-in {name}")

    def _check(self, name: str) -> None:
        if name in BUILTIN_WORDS or name in REACHING:
            self.findings.high(f"gives the built-in {name} another meaning")
        elif is_dunder(name) and name not in PLAIN_DUNDERS:
            self.findings.high(f"gives {name} a meaning, which Python itself uses")
        elif self._scopes and SHOWING.fullmatch(name):
            self.findings.high(f"decides what the browser is given ({name})")


def is_dunder(name: str) -> bool:
    """Whether a name is one of Python's special ones."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def is_exception(name: str) -> bool:
    """Whether a name is that of an exception which does no harm when it is raised."""
    found = getattr(builtins, name, None)
    harmless = isinstance(found, type) and issubclass(found, Exception)
    return harmless or name in {"KeyboardInterrupt", "BaseException"}


def _is_pythons(name: str) -> bool:
    """Whether Python itself has something by that name; a shell adds ``display``, which code imports all the time."""
    return hasattr(builtins, name) and name != "display"
