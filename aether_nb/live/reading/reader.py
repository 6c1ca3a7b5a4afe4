"""The reader: puts the parts together and reads a piece of code until it has learnt what there is to learn.

It does not know any rule; each is in the file of its subject.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from aether_nb.live.reading.attributes import Attributes
from aether_nb.live.reading.calls import Calls
from aether_nb.live.reading.expressions import Expressions
from aether_nb.live.reading.findings import Announced, Findings, Learnt, Reading
from aether_nb.live.reading.glance import can_change
from aether_nb.live.reading.modules import Modules
from aether_nb.live.reading.names import Names
from aether_nb.live.reading.sharing import are_shared
from aether_nb.live.reading.source import parse
from aether_nb.live.reading.statements import Statements
from aether_nb.live.reading.variables import Variables
from aether_nb.live.reading.words import SHELL

__all__ = ["read"]

TOO_DEEP = Reading("high", "external", ("is nested too deeply to be read",))
LONGEST_PATH = 1000
TIMES = 3
"""What a loop or a later line binds is known the second time, what is made of that the third."""


def read(code: str, namespace: Mapping[str, object], made: Collection[str] = ()) -> Reading:
    """Read code before it runs.

    Args:
        code: Python as a cell would hold it.
        namespace: The user's variables, for what the names in the code are now.
        made: The names that this run bound itself; it may change them without being asked.
    """
    try:
        tree, magic = parse(code, namespace)
        if magic:
            said = Announced(frozenset({SHELL}), texts=frozenset(code.split()))
            return Reading("high", "external", (SHELL,), said)
        if tree is None:
            return Reading("low", "namespace", ("this is not valid Python; it will fail",))
        variables, learnt = dict(namespace), Learnt()
        fixed = frozenset(name for name, value in variables.items() if not can_change(value))
        for _ in range(TIMES - 1):
            _read_once(tree, variables, made, Findings(learnt, fixed))
        reading = _read_once(tree, variables, made, Findings(learnt, fixed)).reading()
        if reading.risk != "high":
            return replace(reading, variables=()) if are_shared(reading.variables, namespace) else reading
        return replace(reading, announced=replace(reading.announced, texts=frozenset(_texts(tree))))
    except (RecursionError, MemoryError):
        return TOO_DEEP


def _texts(tree: ast.Module) -> Iterator[str]:
    """The texts in code that a person is shown and asked about: any of them may be the file that is meant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) <= LONGEST_PATH:
            yield node.value


def _read_once(
    tree: ast.Module, namespace: Mapping[str, object], made: Collection[str], findings: Findings
) -> Findings:
    modules = Modules(findings)
    variables = Variables(namespace, frozenset(made), findings, modules)
    names = Names(variables, findings)
    attributes = Attributes(variables, modules, findings)
    expressions = Expressions(names, attributes, Calls(variables, findings), findings)
    Statements(expressions, names, modules, findings).body(tree.body)
    return findings
