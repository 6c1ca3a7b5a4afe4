"""The user's variables: what a name of the namespace stands for, judged by its type and never by running it.

It does not know what the code that is read binds itself.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from types import FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

from aether_nb.live.describing.safely import ancestors, class_module, class_name, members
from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.glance import (
    CALLABLES,
    can_change,
    changes_in_place,
    dangerous_names,
    gives_scalars,
    holds_only_data,
    identities,
    is_container,
    is_data,
    may_change_things,
    names_used,
    texts_in,
)
from aether_nb.live.reading.modules import DANGER_OF, PARTLY, UNKNOWN, Modules, home, is_harmless
from aether_nb.live.reading.things import Thing
from aether_nb.live.reading.words import BUILTIN_WORDS, is_risky

__all__ = ["Variables"]


class Variables:
    """The namespace that the code will run in, and which names in it this run bound itself."""

    def __init__(
        self, namespace: Mapping[str, object], made: Collection[str], findings: Findings, modules: Modules
    ) -> None:
        self.namespace, self.made = namespace, made
        self.findings, self.modules = findings, modules

    def is_theirs(self, name: str) -> bool:
        """Whether a name is a variable of the user's, which nobody changes unasked."""
        return name in self.namespace and name not in self.made and not name.startswith("_")

    def thing(self, name: str) -> Thing:
        """What a variable of the namespace is."""
        value = self.namespace[name]
        kind = type(value)
        if issubclass(kind, ModuleType):
            return self.modules.module(str(vars(value).get("__name__")))
        if name in self.made:
            return self._made_before(name, value)
        if name in BUILTIN_WORDS:
            return Thing("builtin", name)
        if issubclass(kind, CALLABLES) or class_name(kind) in {"ufunc", "partial"}:
            return self._callable(name, value)
        if any("__next__" in members(one) for one in ancestors(kind)):
            what = "generator" if issubclass(kind, GeneratorType) else class_name(kind)
            self.findings.note("medium", f"uses up your {what} {name}", external=False, variable=name)
        if is_data(kind) or issubclass(kind, GeneratorType):
            return self._data(name, value)
        return Thing(roots=frozenset({name}), unread=frozenset({name}), texts=None)

    def _data(self, name: str, value: Any) -> Thing:
        theirs = frozenset({name})
        frame = "frame" if home(type(value)) in {"pandas", "polars", "pyarrow"} else "data"
        odd = frozenset() if holds_only_data(value) else theirs
        return Thing(frame, "", theirs, odd=odd, texts=texts_in(value))

    def _made_before(self, name: str, value: Any) -> Thing:
        """A variable that this run made before: its own, unless it is another name for one of the user's."""
        kind = type(value)
        aliases = frozenset(n for n, v in self.namespace.items() if v is value and self.is_theirs(n))
        if issubclass(kind, CALLABLES) and not issubclass(kind, (FunctionType, type)):
            return self._callable(name, value)
        called = issubclass(kind, (FunctionType, type))
        if called or not is_data(kind):
            for used in dangerous_names(value if called else kind)[:3]:
                self.findings.high(f"calls {name}, which uses {used}")
        if called:
            return Thing("made", name, aliases, texts=None)
        held = identities(value)
        holds = frozenset(n for n, v in self.namespace.items() if id(v) in held and self._can_change(n))
        mine = frozenset({name})
        unread = mine if not is_data(kind) and class_module(kind) != "__main__" else frozenset()
        odd = frozenset() if holds_only_data(value) else mine
        return Thing("data", "", aliases, holds, unread, odd, texts_in(value))

    def _can_change(self, name: str) -> bool:
        """Whether a variable is the user's, and of a type whose values can change."""
        return self.is_theirs(name) and can_change(self.namespace[name])

    def changed_by(self, name: str) -> frozenset[str] | None:
        """The user's variables that a function which this run made may change itself; None when it changes nothing."""
        value = self.namespace[name]
        return frozenset(filter(self.is_theirs, names_used(value))) if may_change_things(value) else None

    def _callable(self, name: str, value: Any) -> Thing:
        """A function or class that a name is bound to: a library's, the user's, or a dangerous one."""
        kind = type(value)
        if issubclass(kind, type):  # whose metaclass may be anybody's
            module, called = class_module(value), class_name(value)
        else:
            module, called = str(getattr(value, "__module__", "") or ""), str(getattr(value, "__name__", name))
        top = module.split(".")[0].lstrip("_") if module != "__main__" else module
        if class_name(kind) == "ufunc":
            return Thing("library", f"numpy.{called}")
        if issubclass(kind, MethodType) or class_name(kind) == "partial" or module == "__main__":
            return self._unread(name) if not is_risky(called) else self._renamed(name, called)
        if top == "builtins":
            return Thing("builtin", called)
        partly = PARTLY.get(module, PARTLY.get(top))
        if (called in partly) if partly is not None else (is_harmless(top) or is_harmless(module)):
            return Thing("library", f"{top}.{called}")
        if top in DANGER_OF or top in PARTLY or top in sys.stdlib_module_names:
            return self.findings.uses(f"{module}.{called}", DANGER_OF.get(top, UNKNOWN))
        return self._unread(name)

    def _renamed(self, name: str, called: str) -> Thing:
        return self.findings.high(f"uses {called} under the name {name}")

    def _unread(self, name: str) -> Thing:
        what = "class" if issubclass(type(self.namespace[name]), type) else "function"
        self.findings.note("medium", f"calls your {what} {name}")
        return Thing("library", f"your.{name}", frozenset({name}))

    def has_column(self, thing: Thing, name: str) -> bool:
        """Whether a name is a column of the user's table that a thing is."""
        frames = [self.namespace.get(root) for root in thing.roots] if thing.kind == "frame" else []
        return any(name in getattr(frame, "columns", ()) for frame in frames)

    def are_plain_columns(self, thing: Thing, names: Collection[str] | None) -> bool:
        """Whether these are columns of the user's pandas table that hold nothing but data."""
        if thing.kind != "frame" or not names:
            return False
        frames: list[Any] = [self.namespace.get(root) for root in thing.roots]
        return all(
            class_name(type(frame)) == "DataFrame" and name in frame.columns and holds_only_data(frame[name])
            for frame in frames
            for name in names
        )

    def changed_in_place(self, roots: Collection[str], node: ast.AugAssign) -> frozenset[str]:
        """Those among what an item may be or be a part of which ``item += …`` changes, rather than making a new one."""
        found = (root for root in roots if root not in self.namespace or changes_in_place(self.namespace[root], node))
        return frozenset(found)

    def each(self, thing: Thing) -> Thing:
        """What comes out when a thing is gone through: numbers and names of columns are no part of it any more."""
        part, roots = self.findings.part(thing), thing.roots
        itself = thing.kind == "frame" or (thing.kind == "data" and not thing.holds)  # no part of the variable
        named = [self.namespace.get(root) for root in roots] if itself or thing.path == ".columns" else []
        if not named or roots & self.findings.learnt.changed or not all(map(gives_scalars, named)):
            return part
        return replace(part, roots=frozenset(), holds=frozenset())

    def are_containers(self, roots: Collection[str]) -> bool:
        """Whether a copy of these holds the same items: containers of Python's own, or of unknown type."""
        return all(root not in self.namespace or is_container(self.namespace[root]) for root in roots)

    def models(self, roots: Collection[str]) -> frozenset[str]:
        """Those among the user's variables that are models of scikit-learn, or containers that may hold some."""
        values = {root: self.namespace.get(root) for root in roots if root in self.namespace}
        return frozenset(r for r, value in values.items() if home(type(value)) == "sklearn" or is_container(value))

    def drawn(self, roots: Collection[str]) -> bool:
        """Whether any of these is a figure of the user's or a part of one."""
        return any(home(type(self.namespace.get(root))) == "matplotlib" for root in roots)
