"""Expressions: walks through them and finds out what they may be; what they could do is noted on the way.

It does not know statements. A function that is written here is read by whoever knows its body.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce

from aether_nb.live.reading.attributes import Attributes, is_path_class, is_self, own_member
from aether_nb.live.reading.calls import Calls
from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.given import Call, keywords_of, place
from aether_nb.live.reading.glance import member_is_data
from aether_nb.live.reading.names import COMPREHENSION, Names, is_exception
from aether_nb.live.reading.options import is_plain_setting
from aether_nb.live.reading.texts import given_away, query
from aether_nb.live.reading.things import NOTHING, SOMETHING, Thing, either, gathered, method
from aether_nb.live.reading.words import BUILTIN_WORDS, MUTATING, SAFE_BUILTINS, is_risky

__all__ = ["Expressions", "parameters"]

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Expressions:
    """Reads expressions, with names as they stand at the place."""

    def __init__(self, names: Names, attributes: Attributes, calls: Calls, findings: Findings) -> None:
        self.names, self.attributes, self.calls, self.findings = names, attributes, calls, findings
        self.learnt = findings.learnt

    # -- three ways to read one

    def value(self, node: ast.expr) -> Thing:
        """What an expression may be, when it is not called on the spot."""
        thing = self.target(node)
        last = thing.last
        if thing.kind == "builtin" and last not in SAFE_BUILTINS | {"display"} and not is_exception(last):
            return self.findings.high(f"{BUILTIN_WORDS.get(last, 'passes a dangerous function around')} ({last})")
        if thing.kind == "library" and (is_risky(last) or thing.path == "dataclasses.dataclass"):
            return self.findings.high(f"passes {last} around")
        if is_path_class(thing):
            self.learnt.files = True
        if thing.kind == "library" and last in MUTATING:
            if thing.path.startswith("."):
                self.findings.changes(thing.roots)
            elif thing.path.split(".")[0] in SAFE_BUILTINS:
                return self.findings.high(f"passes {thing.path} around")
        if thing.kind == "own" and not isinstance(node, (ast.Name, ast.Lambda)):
            return thing.data()
        return thing

    def loose(self, node: ast.expr) -> Thing:
        """A part of a container, or an argument: a module in one would be lost sight of, a method may be called."""
        thing = self.value(node)
        if thing.kind == "module":
            return self.findings.high(f"passes the module {thing.path} around")
        if not isinstance(node, ast.Name) and not self._is_plain_member(node):
            self.findings.calls(replace(thing, roots=frozenset()), "hands on what is in your object")
        return thing

    def target(self, node: ast.expr) -> Thing:
        """What an expression may be, before it is known what is done with it."""
        match node:
            case ast.Name():
                return self.names.thing(node.id)
            case ast.Constant():
                return self._constant(node.value)
            case ast.Attribute():
                return self.attributes.attribute(self.target(node.value), node.attr, node.value)
            case ast.Call():
                return self._call(node)
            case ast.Subscript():
                return self._item(node)
            case ast.NamedExpr():
                thing = self.value(node.value)
                self.names.bind_outside(node.target.id, thing)
                return thing
            case ast.Lambda():
                return self._lambda(node)
            case ast.IfExp():
                self.value(node.test)
                return self.value(node.body) | self.value(node.orelse)
            case ast.BoolOp():
                return reduce(Thing.__or__, [self.loose(part) for part in node.values])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Yield():
                if node.value:
                    self.returned(node.value)
                sent = frozenset({method("send"), method("asend")})
                return Thing(roots=sent, holds=sent, texts=None)
            case ast.Await():
                return self.findings.part(self.loose(node.value))
            case ast.YieldFrom():
                self.returned(node.value)
                return SOMETHING
            case ast.Starred():
                return self.findings.part(self.loose(node.value))
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
                return gathered(self._items(node), place(node))
            case _:
                return self._computed(node)

    # -- parts and wholes

    def _is_plain_member(self, node: ast.expr) -> bool:
        """Whether it is ``name.attribute``, and the attribute is plainly data."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return False
        return member_is_data(self.names.variables.namespace.get(node.value.id), node.attr)

    def _items(self, node: ast.List | ast.Tuple | ast.Set | ast.Dict) -> list[Thing]:
        if not isinstance(node, ast.Dict):
            return [self.loose(part) for part in node.elts]
        unpacked = [self.findings.part(self.loose(v)) for k, v in zip(node.keys, node.values, strict=True) if not k]
        pairs = [(k, v) for k, v in zip(node.keys, node.values, strict=True) if k]
        return [*unpacked, *(self.loose(part) for pair in pairs for part in pair)]

    def _item(self, node: ast.Subscript) -> Thing:
        holder, key = self.value(node.value), self.value(node.slice)
        self.findings.operated([holder, key])
        if holder.kind == "library":
            return holder.data() if not holder.roots else self.findings.part(holder)
        if holder.kind != "frame":
            return self.attributes.item(holder)
        texts = self.findings.texts(key)
        column = isinstance(node.slice, ast.Constant | ast.Slice | ast.Tuple) or bool(texts)
        thing = self.attributes.item(holder, shared=column)
        plain = self.names.variables.are_plain_columns(holder, texts)
        return replace(thing, unread=frozenset(), odd=frozenset()) if plain else thing

    def _computed(self, node: ast.AST) -> Thing:
        """A new value made from others: it shares their items at most, as ``list + list`` does."""
        parts: list[Thing] = []
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                parts.append(self.loose(part))
            elif isinstance(part, ast.AST):
                self._computed(part)
        self.findings.operated(parts)
        if not isinstance(node, ast.BinOp):
            return SOMETHING
        whole = either(parts)
        if isinstance(node.op, ast.Div) and "path" in {part.kind for part in parts}:
            return Thing("path", texts=None, unread=whole.unread)
        shared = gathered(p for p in parts if p.kind == "data" and self.names.variables.are_containers(p.roots))
        return replace(shared, unread=frozenset().union(*(part.unread for part in parts)), texts=None)

    def _constant(self, value: object) -> Thing:
        if not isinstance(value, str):
            return NOTHING
        if suspicion := given_away(value):
            self.findings.high(suspicion)
        return Thing(texts=frozenset({value}))

    def _comprehension(self, node: Comprehension) -> Thing:
        with self.names.scope(kind=COMPREHENSION):
            for generator in node.generators:
                self.store(generator.target, self.each(generator.iter))
                for test in generator.ifs:
                    self.value(test)
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            return gathered([self.loose(part) for part in parts], place(node))

    def each(self, node: ast.expr) -> Thing:
        """What comes out when something is gone through."""
        return self.names.variables.each(self.value(node))

    # -- functions that are written here

    @contextmanager
    def function(self, args: ast.arguments, name: str) -> Iterator[str]:
        """Inside a function written here: its defaults are read now, its body as if it were called with anything."""
        defaults, is_method = self._defaults(args), self.names.in_class
        with self.names.owned(name) as owner:
            root = frozenset({f"({owner}", method(name)} if is_method else {f"({owner}"})
            if is_method:
                self.learnt.methods.setdefault(name, set()).add(owner)
            given = Thing(roots=root, holds=root, texts=None)
            free = {arg.arg: SOMETHING if arg.arg in {"self", "cls"} else given for arg in parameters(args)}
            free |= {name: given | thing.data() for name, thing in defaults.items()}
            with self.names.scope(free):
                yield owner

    def _defaults(self, args: ast.arguments) -> dict[str, Thing]:
        plain = [*args.posonlyargs, *args.args]
        pairs = zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)
        named = zip(args.kwonlyargs, args.kw_defaults, strict=True)
        return {arg.arg: self.loose(default) for arg, default in (*pairs, *named) if default}

    def returned(self, node: ast.expr) -> None:
        """What the function that is being read may return."""
        owner, thing = self.names.owner, self.loose(node)
        self.learnt.returns[owner] = self.learnt.returns.get(owner, NOTHING) | thing

    def _lambda(self, node: ast.Lambda) -> Thing:
        with self.function(node.args, f"lambda in line {node.lineno}") as owner:
            self.returned(node.body)
        return Thing("own", owner)

    # -- calls

    def _call(self, node: ast.Call) -> Thing:
        by_text = isinstance(node.func, ast.Name) and node.func.id in {"getattr", "setattr", "delattr"}
        if by_text and self.target(node.func).kind == "builtin":
            return self._by_text(self.target(node.func).path, node)
        holder, called = NOTHING, self._spelt_out(node.func)
        if isinstance(called, ast.Attribute):
            holder = self.target(called.value)
            function = self.attributes.attribute(holder, called.attr, called.value)
        else:
            function = self.target(called)
        if function.kind == "library" and function.last in {"query", "eval"}:
            self._code_in_text(function.last, node, columns_only=function.path != "pandas.eval")
        given = {"*" * isinstance(arg, ast.Starred) + str(at): self.loose(arg) for at, arg in enumerate(node.args)}
        for key, value in keywords_of(node):
            thing = self.loose(value)
            given[key] = given[key] | thing if key in given else thing
        known = holder if holder.kind in {"data", "frame", "path", "library", "builtin"} else NOTHING
        return self.calls.judge(Call(node, function, known, given))

    def _spelt_out(self, node: ast.expr) -> ast.expr:
        """``getattr(x, "m")``, called on the spot, is ``x.m``; a name that is risky is left to be asked about."""
        match node:
            case ast.Call(ast.Name("getattr"), [holder, ast.Constant(str(text))], []) if not is_risky(text):
                if not isinstance(holder, ast.Starred) and self.names.thing("getattr").kind == "builtin":
                    return ast.copy_location(ast.Attribute(holder, text, ast.Load()), node)
        return node

    def _by_text(self, name: str, node: ast.Call) -> Thing:
        """``getattr`` and the like: plain attributes, when the text of the name stands in the code."""
        text = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else None
        rest = [self.loose(part) for part in (*node.args[2:], *(keyword.value for keyword in node.keywords))]
        if not isinstance(text, str) or isinstance(node.args[0], ast.Starred):
            return self.findings.high(f"uses {name} with a computed name")
        if name == "getattr":
            found = self.attributes.attribute(self.target(node.args[0]), text, node.args[0])
            found = self.findings.high(f"passes {text} around") if is_risky(text) else found
            return either([found, *rest]) if rest else found
        self.store(ast.Attribute(node.args[0], text, ast.Store()), either(rest))
        return NOTHING

    def _code_in_text(self, name: str, node: ast.Call, columns_only: bool) -> None:
        """The text of ``query`` and ``eval`` is code: read it as such."""
        found = query(node.args[0] if node.args else dict(keywords_of(node)).get("expr"))
        if found.problem:
            self.findings.high(f"{found.problem} ({name})")
        for variable in found.variables:
            self.loose(ast.Name(variable, ast.Load()))
        before, self.names.columns_only = self.names.columns_only, columns_only
        for expression in found.expressions:
            self.value(expression)
        self.names.columns_only = before

    # -- assignment

    def store(self, target: ast.expr, thing: Thing) -> None:
        """Something is assigned."""
        match target:
            case ast.Name():
                self.names.bind(target.id, thing)
            case ast.Starred():
                self.store(target.value, gathered([thing]))
            case ast.Tuple() | ast.List():
                for item in target.elts:
                    self.store(item, self.findings.part(thing))
            case ast.Attribute() | ast.Subscript():
                self._store_inside(target, thing)

    def _store_inside(self, target: ast.Attribute | ast.Subscript, thing: Thing) -> None:
        """``x.a = …`` and ``x[a] = …``: who holds ``x`` holds the new value too."""
        holder = self.target(target.value)
        self.findings.operated([holder, thing])
        if isinstance(target, ast.Subscript):
            self.findings.operated([holder, self.value(target.slice)])
        else:
            self.attributes.spelling(target.attr, target.value)
        if thing.kind == "module":
            self.findings.high(f"passes the module {thing.path} around")
        shared = holder.kind in {"module", "library", "builtin", "unknown"} and not holder.path.startswith(".")
        new = any(root.startswith("[") for root in holder.roots)
        if shared and not new and not is_plain_setting(target):
            self.findings.high(f"changes {holder.path or 'something unknown'} itself, for everything that uses it")
        self.findings.changes(holder.roots)
        self.findings.put(holder.deep, thing)
        if isinstance(target, ast.Attribute) and is_self(target.value):
            self.findings.put(frozenset({own_member(target.attr)}), thing)


def parameters(args: ast.arguments) -> list[ast.arg]:
    """All parameters of a function."""
    more = [arg for arg in (args.vararg, args.kwarg) if arg]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *more]
