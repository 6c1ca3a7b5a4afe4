"""What a recorded piece of code needs and gives, read off it: the names it reads, imports and defines.

Nothing is run. It does not know what the names stand for, nor the log.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from aether_nb.live.reading.source import parse

__all__ = ["Source", "binds", "reads_in", "source_of"]

SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
"""What has names of its own."""


@dataclass(frozen=True)
class Source:
    """A piece of code.

    Attributes:
        reads: The names it takes from the namespace.
        imports: The names it imports at its top level, each with the statement that does.
        defines: The functions and classes it defines at its top level, each with its own text and what that reads.
        problem: Why it cannot be run again; empty when it can.
    """

    reads: frozenset[str] = frozenset()
    imports: Mapping[str, str] = field(default_factory=dict)
    defines: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    problem: str = ""


@lru_cache(maxsize=256)
def source_of(code: str) -> Source:
    """What a piece of code needs and gives."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree, magic = parse(code)
    except (RecursionError, MemoryError):
        return Source(problem="its code is nested too deeply")
    if tree is None or magic:
        return Source(problem="its code has a shell command or a magic in it")
    awaits = any(isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) for node in _outside_functions(tree))
    imports = {name: text for node in tree.body for name, text in _imported(node)}
    defines = {
        node.name: (ast.unparse(node), _reads([node]))
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    again = {name for node in tree.body if not hasattr(node, "name") for name in binds(node)}
    defines = {name: defined for name, defined in defines.items() if name not in again}
    problem = "its code awaits something" if awaits else ""
    return Source(_reads(tree.body), imports, defines, problem)


def reads_in(code: str) -> frozenset[str]:
    """The names that code takes from the namespace, and nothing else about it: this is asked before every call."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree, magic = parse(code)
    except (RecursionError, MemoryError):
        return frozenset()
    return frozenset() if tree is None or magic else _reads(tree.body)


def _reads(body: list[ast.stmt]) -> frozenset[str]:
    """The names that statements take from outside: not what an earlier one of them has bound in any case."""
    bound: set[str] = set()
    read: set[str] = set()
    for node in body:
        read |= _globals_of(node) - bound
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom) or hasattr(node, "name"):
            bound |= set(binds(node))
    return frozenset(name for name in read if not hasattr(builtins, name))


def _globals_of(node: ast.stmt) -> set[str]:
    """The names that a statement looks up in the namespace, also from within its functions."""
    inner = list(ast.walk(node))
    changed = {n.target.id for n in inner if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    if not any(isinstance(one, SCOPES) for one in inner):
        return changed | {one.id for one in inner if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Store)}
    try:
        text = ast.unparse(node)
        if any(isinstance(one, ast.ListComp | ast.SetComp | ast.DictComp) for one in inner):
            text = ast.unparse(_Apart().visit(ast.parse(text)))  # a copy, which costs more than all the rest
        table = symtable.symtable(text, "<aether>", "exec")
    except (SyntaxError, RecursionError):
        return {one.id for one in inner if isinstance(one, ast.Name)}
    found: set[str] = set()
    waiting = [table]
    while waiting:
        current = waiting.pop()
        top = current.get_type() == "module"
        found |= {s.get_name() for s in current.get_symbols() if s.is_referenced() and (top or s.is_global())}
        waiting += current.get_children()
    return found | changed


class _Apart(ast.NodeTransformer):
    """Comprehensions as generators, with the same names: since 3.12 those of others count to what is around them."""

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _outside_functions(child)


def _imported(node: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            if alias.name != "*":
                yield (alias.asname or alias.name).split(".")[0], ast.unparse(node)


def binds(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds at the top level, in its blocks too but not in its functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    if isinstance(node, ast.alias):
        yield (node.asname or node.name).split(".")[0]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from binds(child)
