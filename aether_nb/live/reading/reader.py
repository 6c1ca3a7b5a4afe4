"""The reader: puts the parts together and reads a piece of code until it has learnt what there is to learn.

It does not know any rule; each is in the file of its subject.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aether_nb.live.reading.attributes import Attributes
from aether_nb.live.reading.calls import Calls
from aether_nb.live.reading.expressions import Expressions
from aether_nb.live.reading.findings import Findings, Learnt, Reading
from aether_nb.live.reading.modules import Modules
from aether_nb.live.reading.names import Names
from aether_nb.live.reading.source import parse
from aether_nb.live.reading.statements import Statements
from aether_nb.live.reading.variables import Variables

__all__ = ["read"]

TOO_DEEP = Reading("high", "external", ("is nested too deeply to be read",))
TIMES = 3
"""What a loop or a later line binds is known the second time, what is made of that the third."""


def read(code: str, namespace: Mapping[str, object], made: Collection[str] = ()) -> Reading:
    """Read code before it runs.

    Args:
        code: Python as a cell would hold it.
        namespace: The user's variables, for what the names in the code are now.
        made: The names that this run bound itself; it may change them without being asked.
    """
    learnt, found = Learnt(), Findings(Learnt())
    try:
        tree, magic = parse(code, namespace)
        if magic:
            return Reading("high", "external", ("runs a shell command or a magic",))
        if tree is None:
            return Reading("low", "namespace", ("this is not valid Python; it will fail",))
        for _ in range(TIMES):
            found = Findings(learnt)
            _statements(dict(namespace), frozenset(made), found).body(tree.body)
    except (RecursionError, MemoryError):
        return TOO_DEEP
    return found.reading()


def _statements(namespace: Mapping[str, object], made: Collection[str], findings: Findings) -> Statements:
    modules = Modules(findings)
    variables = Variables(namespace, made, findings, modules)
    names = Names(variables, findings)
    attributes = Attributes(variables, modules, findings)
    expressions = Expressions(names, attributes, Calls(variables, findings), findings)
    return Statements(expressions, names, modules, findings)
