"""Statements: walks through the code in its order, and keeps account of names, blocks and definitions.

It does not know what expressions may be; it hands them on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from aether_nb.live.reading.attributes import is_self, own_member
from aether_nb.live.reading.expressions import Expressions, parameters
from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.modules import Modules
from aether_nb.live.reading.names import CLASS, Names
from aether_nb.live.reading.things import NOTHING, SOMETHING, Thing, gathered, is_variable
from aether_nb.live.reading.words import is_risky

__all__ = ["Statements"]


class Statements:
    """Reads blocks of statements."""

    def __init__(self, expressions: Expressions, names: Names, modules: Modules, findings: Findings) -> None:
        self.expressions, self.names, self.modules, self.findings = expressions, names, modules, findings
        self._rules: dict[type[ast.AST], Callable[[Any], None]] = {
            ast.Match: self._match,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Assign: self._assign,
            ast.AnnAssign: self._ann_assign,
            ast.AugAssign: self._aug_assign,
            ast.Delete: self._delete,
            ast.Global: self._global,
            ast.Nonlocal: self._nonlocal,
            ast.For: self._for,
            ast.With: self._with,
            ast.Return: self._return,
            ast.FunctionDef: self._function_def,
            ast.ClassDef: self._class_def,
            ast.AsyncFor: self._for,
            ast.AsyncWith: self._with,
            ast.AsyncFunctionDef: self._function_def,
        }

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """A block that runs as it stands."""
        for statement in statements:
            self._rules.get(type(statement), self._other)(statement)

    def inner(self, *blocks: Iterable[ast.stmt]) -> None:
        """Blocks that may run or not, or more than once."""
        with self.names.maybe():
            for block in blocks:
                self.body(block)

    def _other(self, node: ast.AST) -> None:
        """Whatever has no rule of its own: its expressions are read, then its blocks."""
        if isinstance(node, ast.ExceptHandler) and node.name:
            self.names.bind(node.name, SOMETHING)
        for _, value in ast.iter_fields(node):
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.expr):
                    self.expressions.value(item)
                elif isinstance(item, ast.stmt):
                    self.inner([item])
                elif isinstance(item, ast.AST):
                    self._other(item)

    def _match(self, node: ast.Match) -> None:
        thing = self.expressions.loose(node.subject)
        with self.names.maybe():
            for case in node.cases:
                self._pattern(case.pattern, replace(self.findings.part(thing), texts=None))
                if case.guard:
                    self.expressions.value(case.guard)
                self.body(case.body)

    def _pattern(self, pattern: ast.pattern, thing: Thing) -> None:
        for part in ast.walk(pattern):
            name = getattr(part, "rest" if isinstance(part, ast.MatchMapping) else "name", None)
            if isinstance(name, str):
                self.names.bind(name, thing)
            for attribute in getattr(part, "kwd_attrs", ()):
                self.expressions.attributes.spelling(attribute, pattern)
            if isinstance(part, (ast.MatchValue, ast.MatchClass)):
                self.expressions.value(part.value if isinstance(part, ast.MatchValue) else part.cls)

    # -- names come and go

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            thing = self.modules.module(alias.name)
            if not alias.asname and "." in alias.name:
                thing = self.modules.module(alias.name.split(".")[0])
            self.names.bind(alias.asname or alias.name.split(".")[0], thing)

    def _import_from(self, node: ast.ImportFrom) -> None:
        parent = self.modules.module(node.module or ".")
        for alias in node.names:
            if alias.name == "*":
                self.findings.high(f"imports everything from {node.module}")
            elif parent.kind == "module":
                self.names.bind(alias.asname or alias.name, self.modules.member(parent.path, alias.name))

    def _assign(self, node: ast.Assign) -> None:
        thing = self.expressions.value(node.value)
        for target in node.targets:
            self.expressions.store(target, thing)

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        self._annotation(node.annotation)
        if node.value:
            self.expressions.store(node.target, self.expressions.value(node.value))

    def _aug_assign(self, node: ast.AugAssign) -> None:
        thing = self.expressions.value(node.value)
        before = self.expressions.target(node.target)
        self.findings.operated([before, thing])
        self.findings.changes(self.names.variables.changed_in_place(before.roots, node))
        if isinstance(node.target, ast.Name):
            self.findings.put(before.roots, self.findings.part(thing))
            self.names.bind(node.target.id, replace(before.data(), texts=None) | replace(thing.part(), texts=None))
        else:  # what was there, or a new value that holds parts of both
            outer = self.expressions.target(node.target.value).roots
            if isinstance(node.target, ast.Attribute) and is_self(node.target.value):
                outer |= {own_member(node.target.attr)}
            self.findings.put(before.roots - outer, self.findings.part(thing))
            new = replace(gathered([thing]), unread=thing.unread, texts=None)
            self.expressions.store(node.target, new)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.names.delete(target.id)
            else:
                self.expressions.store(target, NOTHING)

    def _global(self, node: ast.Global) -> None:
        self.names.declare(node.names, "global")

    def _nonlocal(self, node: ast.Nonlocal) -> None:
        self.names.declare(node.names, "nonlocal")

    # -- blocks

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        with self.names.maybe():
            self.expressions.store(node.target, self.expressions.each(node.iter))
        self.inner(node.body, node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            thing = self.expressions.value(item.context_expr)
            self.findings.calls(thing, "enters and leaves your object")
            if item.optional_vars:
                self.expressions.store(item.optional_vars, thing)
        self.inner(node.body)  # a context manager may swallow what ends it early

    # -- definitions

    def _return(self, node: ast.Return) -> None:
        if node.value:
            self.expressions.returned(node.value)

    def _function_def(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        applied = self._applied(node.decorator_list)
        for annotation in (node.returns, *(arg.annotation for arg in parameters(node.args))):
            self._annotation(annotation)
        self._type_parameters(node)
        owner = self.names.owner or node.name
        self._inherits(owner, applied)
        self.names.bind(node.name, Thing("own", owner))
        with self.expressions.function(node.args, node.name):
            self.body(node.body)

    def _class_def(self, node: ast.ClassDef) -> None:
        applied = self._applied([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        self._inherits(self.names.owner or node.name, applied)
        self._type_parameters(node)
        self.names.bind(node.name, Thing("own", self.names.owner or node.name))
        with self.names.owned(node.name) as owner, self.names.scope(kind=CLASS) as members:
            self.body(node.body)
        for name, thing in members.items():
            if thing.kind == "module" or (thing.kind == "library" and is_risky(thing.last)):
                self.findings.high(f"passes {thing.path} around as {node.name}.{name}")
            self.findings.calls(thing, "keeps in a class what is in your object")
        known = self.findings.learnt.returns
        known[owner] = known.get(owner, NOTHING) | gathered(members.values())

    def _applied(self, expressions: Iterable[ast.expr]) -> list[Thing]:
        """Decorators and what a class is made from: they are called with what is defined."""
        applied: list[Thing] = []
        for expression in expressions:
            thing = self.expressions.target(expression)
            if thing.path != "dataclasses.dataclass":  # there, and only there, it is given what stands in the code
                thing = self.expressions.value(expression)
            theirs = thing.roots if thing.kind == "data" else frozenset()
            self.findings.calls(replace(thing, unread=thing.unread | theirs), "calls what is in your variable")
            applied.append(thing)
        return applied

    def _inherits(self, owner: str, applied: Iterable[Thing]) -> None:
        """A class does what those do that it is made from, and a decorated function what its decorator does."""
        learnt = self.findings.learnt
        for thing in applied:
            made_here = thing.kind == "data" and not any(map(is_variable, thing.roots))  # by a function written here
            for known in (learnt.mutators, learnt.callers):
                if known if made_here else known & {thing.path, f".{thing.last}"}:
                    known.add(owner)
            if thing.kind == "own":
                learnt.returns[owner] = learnt.returns.get(owner, NOTHING) | learnt.returns.get(thing.path, NOTHING)

    def _type_parameters(self, node: ast.AST) -> None:
        for parameter in getattr(node, "type_params", ()):
            self._other(parameter)

    def _annotation(self, node: ast.expr | None) -> None:
        """An annotation is an expression; as text it may be run by whoever asks for the types."""
        if node is None:
            return
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and re.search(r"\(|__", part.value):
                self.findings.high("hides code in an annotation")
        self.expressions.value(node)
