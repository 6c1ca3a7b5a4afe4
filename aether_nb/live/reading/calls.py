"""Calls: what a function does with what it is given, and what comes out.

It knows the kinds of functions: built-ins, those written here, those of libraries, methods. It does not walk through
code: whoever calls it has read the arguments.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from aether_nb.live.reading.attributes import PATH_MAKERS, is_path_class
from aether_nb.live.reading.effects import Effects
from aether_nb.live.reading.files import Files
from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.given import Call, place
from aether_nb.live.reading.options import Options
from aether_nb.live.reading.things import NOTHING, SOMETHING, Thing, either, gathered, method
from aether_nb.live.reading.variables import Variables
from aether_nb.live.reading.words import (
    BUILTIN_WORDS,
    HANDING_ON,
    PASSING,
    SAME_DATA,
    VIEWS,
)

__all__ = ["Calls"]

FUNCTION_MAKERS = {"partial", "vectorize", "frompyfunc", "itemgetter", "poly1d", "interp1d"}
RENAMING = {"rename", "replace", "copy", "move"}


class Calls:
    """Judges one call after another."""

    def __init__(self, variables: Variables, findings: Findings) -> None:
        self.variables, self.findings, self.learnt = variables, findings, findings.learnt
        self.effects, self.files, self.options = Effects(variables, findings), Files(findings), Options(findings)

    def judge(self, call: Call) -> Thing:
        """What comes out of a call; what it could do is noted."""
        function, given = call.function, call.given
        self.effects.of_any(call)
        match function.kind:
            case "builtin":
                return self._builtin(call)
            case "own":
                self.options.keywords(call)
                return self._own(call)
            case "made":
                self.options.keywords(call)
                return replace(either(given.values()), texts=None)
            case "unknown":
                return self.findings.high(f"calls {function.path or 'something'}, which is not known")
            case "module":
                return SOMETHING
            case "library":
                return self._library(call)
        theirs = replace(function, unread=function.roots | function.unread)
        self.findings.calls(theirs, "calls what is in your variable")
        return replace(either([function, *given.values()]), texts=None)

    def _own(self, call: Call) -> Thing:
        """A function or class that is written here."""
        given, name = call.given, call.function.path
        whole = either(given.values())
        result = either([whole, self.learnt.returns.get(name, NOTHING)])
        return replace(result, roots=result.roots | {place(call.node)}, texts=None, buffer=False)

    def _builtin(self, call: Call) -> Thing:
        name, first = call.name, call.given.get("0", SOMETHING)
        if name in {"globals", "locals", "vars"}:
            return self.findings.high(f"uses {name}, which reaches every variable by a computed name")
        if name in BUILTIN_WORDS:
            texts = self.findings.texts(first)
            self.findings.dangers.add(BUILTIN_WORDS[name])
            target = min(texts) if name == "open" and texts else ""
            return self.findings.high(f"{BUILTIN_WORDS[name]} ({target or name})")
        if name == "type":
            single = set(call.given) == {"0"}
            return Thing("library", "a type") if single else self.findings.high("makes a class while it runs (type)")
        if name == "print":
            self.files.stream(call, "file")
        if name == "display":
            self.options.judge(call)
        if name == "next":
            self.findings.changes(first.roots, "takes the next item of your variable")
        if name == "memoryview":
            return replace(first.data(), texts=None)
        return self._passing(call) if name in PASSING else SOMETHING

    def _passing(self, call: Call) -> Thing:
        """A built-in whose result holds what it was given, or is a part of it."""
        name, given = call.name, call.given
        parts = [self.variables.each(thing) for thing in given.values()]
        if name in {"next", "min", "max"}:
            return either([*parts, *given.values()])
        result = gathered([*parts, *given.values()] if name == "dict" else parts, place(call.node))
        texts = [self.findings.texts(thing) for thing in given.values()]
        if name == "map" or (name == "iter" and len(given) > 1) or None in texts:
            return replace(result, texts=None)
        keys = frozenset(key for key in given if name == "dict" and not key.isdigit())
        return replace(result, texts=(result.texts or frozenset()) | keys)

    # -- libraries

    def _library(self, call: Call) -> Thing:
        """A function of a library, or a method of anything."""
        name, path = call.name, call.function.path
        if path.startswith(".") or call.function.unread:
            self.findings.calls(call.function)
        self.effects.of_library(call)
        if path in {"io.StringIO", "io.BytesIO"}:
            return Thing(buffer=True)
        self.options.judge(call)
        if path.startswith("pathlib."):
            return self._path(call)
        self.files.judge(call)
        if path == "dataclasses.dataclass":
            return Thing("library", path)
        if self.learnt.files and name in RENAMING:
            self._may_rename(call)
        return self._returned(call, self._result(call))

    def _returned(self, call: Call, result: Thing) -> Thing:
        """What comes out of a method: it may be one that is written here."""
        for owner in self.learnt.methods.get(call.name, ()) if self.effects.written_here(call.function) else ():
            known = self.learnt.returns.get(owner, NOTHING)
            things = [*call.given.values()] if method(call.name) in known.deep else []
            things += [call.function] if f"({owner}" in known.deep else []
            roots, holds = (frozenset(r for r in all_ if r[0] != "(") for all_ in (known.roots, known.holds))
            result |= either([*things, replace(known, roots=roots, holds=holds)])
        return result

    def _path(self, call: Call) -> Thing:
        """Paths are made and asked; what reaches files has been noticed where it was named."""
        self.learnt.files = True
        texts = [self.findings.texts(thing) for thing in call.given.values()]
        if is_path_class(call.function):
            known = texts[0] if len(texts) == 1 else None
            return Thing("path", "", roots=either(call.given.values()).roots, texts=known)
        if call.name in {"read_text", "read_bytes"}:
            self.files.path("reads", call.name, call.holder)
        return Thing("path", texts=None) if call.name in PATH_MAKERS else SOMETHING

    def _may_rename(self, call: Call) -> None:
        """``x.rename(y)`` of a table takes names, of a path it moves the file; here there are paths."""
        names = isinstance(call.written("0"), ast.Dict | ast.Lambda)
        if set(call.given) in ({"0"}, {"target"}) and call.holder.kind != "frame" and not names:
            self.findings.high(f"may rename a file ({call.name})")

    def _result(self, call: Call) -> Thing:
        """What a library's function returns: new, or a part of what it was given."""
        name, path, holder = call.name, call.function.path, call.holder
        top = path.split(".")[0]
        if top == "csv" or name == "NamedAgg":
            return replace(either(call.given.values()), buffer=call.first().buffer)
        if name in FUNCTION_MAKERS and top:
            made = either(call.given.values())
            return replace(made, kind="library", path=path, roots=made.roots | {place(call.node)}, texts=None)
        if top == "polars":
            whole = either([call.function, *call.given.values()])
            new = frozenset({place(call.node)})
            return replace(whole, kind="library", path=path, roots=new, holds=frozenset(), texts=None)
        shared = [holder] if name in SAME_DATA or call.function.unread else []
        if top in HANDING_ON or (top == "numpy" and name in VIEWS):
            shared += call.given.values()
        thing = replace(self._parts(shared), texts=None)
        if path == ".copy" and holder.kind == "data" and self.variables.are_containers(holder.roots):
            thing = replace(gathered([holder]), texts=None)
        if top == "sklearn" and (name[0].isupper() or name.startswith("make_")):
            models = self.variables.models(either(call.given.values()).deep)  # it fits them with itself
            thing = replace(thing, roots=thing.roots | models)
        odd = either(call.given.values()).unread  # whatever comes out may hold what was given
        return replace(thing, roots=thing.roots | {place(call.node)}, odd=thing.odd | odd)

    def _parts(self, things: list[Thing]) -> Thing:
        """Any of these or a part of one; what is taken out of a table is a copy."""
        tables = [thing for thing in things if thing.kind == "frame"]
        whole = either([self.findings.part(thing) for thing in things if thing.kind != "frame"])
        return replace(whole, unread=whole.unread.union(*(table.odd for table in tables)))
