"""Effects: which variables a call changes, and which objects it calls, as far as names and arguments tell.

It does not know files or options, nor what a call returns.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.given import Call
from aether_nb.live.reading.things import Thing, either, is_variable
from aether_nb.live.reading.variables import Variables
from aether_nb.live.reading.words import FILLING, FRAME_MUTATING, MUTATING, MUTATING_FUNCTIONS

__all__ = ["Effects"]

IN_PLACE = {"inplace", "in_place", "overwrite_a", "overwrite_b", "overwrite_x", "overwrite_data", "overwrite_input"}
OUT_AT = {
    **dict.fromkeys("clip cumsum cumprod sum prod mean std var take compress choose".split(), 3),
    **dict.fromkeys("dot max min amax amin any all argmax argmin median round around concatenate outer".split(), 2),
}
"""Where numpy's functions take an array for the result by position; for the others it is after their arguments."""


class Effects:
    """Judges calls by what they change."""

    def __init__(self, variables: Variables, findings: Findings) -> None:
        self.variables, self.findings, self.learnt = variables, findings, findings.learnt

    def of_any(self, call: Call) -> None:
        """What matters whoever is called: functions written here that change or call things, places for a result."""
        given = call.given
        whole = either([call.holder, *given.values()])
        for thing in (call.function, *given.values()):
            own = self.written_here(thing)
            passed = thing.kind == "library" and thing is not call.function
            if own in self.learnt.mutators or (passed and _is_mutating(thing)):
                self.findings.changes(whole.deep)
                self.findings.put(whole.deep, whole)
            if thing.kind == "made":
                self._made(thing.path, whole)
            if own in self.learnt.callers:
                self.findings.calls(whole)
            if thing.kind == "data" and ".__call__" in self.learnt.mutators | self.learnt.callers:
                self.findings.operated([whole])
        if call.function.kind == "data" and self.learnt.mutators:  # any of the functions that are written here
            self.findings.changes(whole.deep, "may change your variable", sure=False)
        for key in {"out", "ax"} & set(given):
            self.findings.changes(given[key].deep)
        if call.function.kind == "own" and _is_in_place(call):
            self.findings.changes(whole.deep)

    def written_here(self, thing: Thing) -> str:
        """By which name a function that is written here was learnt: of a method, only how it is called is known."""
        if thing.kind == "own":
            return thing.path
        if thing.kind != "library" or not thing.path.startswith("."):
            return ""
        theirs = thing.roots and all(map(is_variable, thing.roots)) and not thing.roots & self.learnt.changed
        return "" if theirs else f".{thing.last}"

    def _made(self, name: str, whole: Thing) -> None:
        """A function that this run made before is looked into again, as far as its steps tell."""
        changed = self.variables.changed_by(name)
        if changed is not None:
            self.findings.changes(whole.deep | changed, "may change your variable", sure=False)
        self.findings.calls(whole)

    def of_library(self, call: Call) -> None:
        """What a function of a library, or a method of anything, changes by its name and its arguments."""
        name, holder, first = call.name, call.holder, call.first()
        method = call.function.path.startswith(".")
        mutates = name in (FRAME_MUTATING if holder.kind == "frame" else MUTATING)
        if mutates or (self.variables.drawn(holder.roots) and not name.startswith("get")):
            self.findings.changes(holder.roots)
        on_class = holder.kind in {"library", "builtin"} and name in MUTATING  # a method called on its class
        if on_class or name in {"shuffle", "setp"} or (name in MUTATING_FUNCTIONS and not method):
            self.findings.changes(first.roots)
        if _is_in_place(call) or (name == "nan_to_num" and not method and {"copy", "1"} & set(call.given)):
            roots = holder.roots | call.given.get("target", holder).roots
            self.findings.changes(roots if method and holder.kind != "library" else roots | first.roots)
        if name in FILLING | MUTATING_FUNCTIONS | MUTATING:
            given = dict(call.given)
            if name == "setdefault":  # a key is no item
                given["0"] = replace(first, roots=frozenset(), holds=frozenset())
            self.findings.put(holder.deep | first.roots, either(given.values()))
        self._places_for_results(call)

    def _places_for_results(self, call: Call) -> None:
        """Where numpy's functions are given an array to write into without ``out=``."""
        top = call.function.path.split(".")[0]
        held = vars(sys.modules[top]).get(call.name) if top == "numpy" and top in sys.modules else None
        start = getattr(held, "nin", None)  # a ufunc
        start = start if isinstance(start, int) else OUT_AT.get(call.name) if top == "numpy" else None
        for key, thing in call.given.items():
            if start is not None and key.isdigit() and int(key) >= start:
                self.findings.changes(thing.roots)


def _is_mutating(thing: Thing) -> bool:
    """Whether a function of a library, handed on to be called, changes what it is given."""
    return not thing.path.startswith(".") and thing.last in MUTATING_FUNCTIONS


def _is_in_place(call: Call) -> bool:
    """Whether a call is told to change what it is given."""
    asked = any(key in call.given and not call.is_literal(key, False) for key in IN_PLACE)
    return asked or call.is_literal("copy", False)
