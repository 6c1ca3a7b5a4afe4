"""Source: the tree of a piece of code as IPython would run it, and the names that are in it.

IPython changes code before it runs: prompts are taken off, magics become calls, and a line that begins with the name
of a magic is one. It does not know what the code does.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Collection, Iterator

__all__ = ["names_in", "parse", "writes_past"]

DRAWING = {
    ast.dump(ast.parse(f"get_ipython().run_line_magic('matplotlib', {where!r})").body[0])
    for where in ("inline", "widget", "notebook")
}
"""``%matplotlib inline`` and its like only say where figures are shown."""
MAGIC = re.compile(r"^\s*[!%?,;/]|=\s*[!%]\w|\?\s*$", re.MULTILINE)
FIRST_WORD = re.compile(r"\s*([^\W\d]\w*)[\w.*]*\s*(.?)")


def parse(code: str, names: Collection[str] | None = None) -> tuple[ast.Module | None, bool]:
    """The tree of the code, None when it is not valid Python; and whether it has shell commands or magics in it.

    Args:
        code: Python as a cell would hold it.
        names: The variables that there are: a line that begins with another word may be a magic. None: it is none.

    Raises:
        RecursionError: The code is nested too deeply.
        MemoryError: The same.
    """
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        plain = TransformerManager().transform_cell(code)
    except (SyntaxError, ImportError):
        plain = code
    if names is not None and _is_magic_by_name(plain, names):
        return None, True
    try:
        tree = ast.parse(plain)
    except (SyntaxError, ValueError):
        return None, "get_ipython()" in plain or MAGIC.search(code) is not None
    tree.body = [statement for statement in tree.body if ast.dump(statement) not in DRAWING]
    put_in = "get_ipython" not in code
    return tree, put_in and any(isinstance(node, ast.Name) and node.id == "get_ipython" for node in ast.walk(tree))


def _is_magic_by_name(code: str, names: Collection[str]) -> bool:
    """Whether IPython may take a single line for a magic: ``pip install x``. A name of a variable comes first."""
    found = FIRST_WORD.match(code)
    if len(code.splitlines()) != 1 or not found:
        return False
    word, rest = found.groups()
    known = word in names or word.startswith("__") or hasattr(builtins, word) or keyword.iskeyword(word)
    return not known and word not in {"display", "get_ipython"} and (not rest or rest not in "=,(:")


def names_in(code: str) -> frozenset[str]:
    """All names that the code loads, binds or deletes, at any depth; none when it is not Python or has magics in it."""
    try:
        tree, magic = parse(code)
    except (RecursionError, MemoryError):
        return frozenset()
    if tree is None or magic:
        return frozenset()
    return frozenset(name for node in ast.walk(tree) for name in _names(node))


PAST = {"array", "_mgr", "_values", "_data", "_ndarray", "setflags", "writeable"}
"""What leads past a table's library to its memory, which can be written to there."""
READ_ONLY = {"values", "to_numpy"}
"""What gives memory that only some libraries let be written to: it counts where something is put into it."""


def writes_past(code: str) -> bool:
    """Whether code may write into the memory of a table without its library noticing: ``df["a"].array[0] = 1``."""
    try:
        tree, _ = parse(code)
    except (RecursionError, MemoryError):
        return True
    if tree is None:
        return False
    nodes = list(ast.walk(tree))
    put = [node.value for node in nodes if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)]
    inside = {one.attr for target in put for one in ast.walk(target) if isinstance(one, ast.Attribute)}
    return bool(inside & READ_ONLY) or any(isinstance(node, ast.Attribute) and node.attr in PAST for node in nodes)


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
        case ast.alias():
            yield (node.asname or node.name).split(".")[0]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
