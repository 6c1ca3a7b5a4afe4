"""Attributes and items: what is taken out of a thing, and which attributes lead out of the data.

It does not know what is done with what was taken.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from dataclasses import replace

from aether_nb.live.reading.findings import Findings
from aether_nb.live.reading.modules import DANGER_OF, Modules
from aether_nb.live.reading.things import NOTHING, Thing
from aether_nb.live.reading.variables import Variables
from aether_nb.live.reading.words import FRAMES

__all__ = ["PATH_MAKERS", "Attributes", "copies_on_write", "is_path_class", "is_self", "own_member"]

PLAIN_INTERNALS = {"_asdict", "_replace", "_fields", "__name__", "__doc__", "__version__", "__init__"}
METHODS_OF_CONTAINERS = {name for kind in (list, dict, set, str, deque) for name in dir(kind)}
NEW_FROM_FRAMES = set("T dtypes shape size style str dt cat plot empty ndim name names".split())
"""Attributes of tables that are new each time."""
PATH_MAKERS = set("cwd home joinpath with_suffix with_name with_stem relative_to resolve absolute expanduser".split())
PATH_READERS = {"read_text", "read_bytes"}
PATH_FACTS = set(
    """
    name stem suffix suffixes parts anchor drive root exists is_file is_dir is_absolute is_relative_to as_posix match
    """.split()
)
"""What a path may be asked without reaching its file."""


class Attributes:
    """Takes things apart."""

    def __init__(self, variables: Variables, modules: Modules, findings: Findings) -> None:
        self.variables, self.modules, self.findings = variables, modules, findings

    def attribute(self, thing: Thing, name: str, holder: ast.expr) -> Thing:
        """``thing.name``; ``holder`` is how the thing is written."""
        self.spelling(name, holder)
        if name == "obj" and thing.kind == "data" and not is_self(holder):
            return self.findings.high("takes what an exception is about, which may be anything (obj)")
        if thing.kind == "module":
            return self.modules.member(thing.path, name)
        if thing.kind == "unknown":
            return replace(thing, path=f"{thing.path}.{name}")
        if thing.kind == "path" or is_path_class(thing):
            return self._of_a_path(thing, name)
        if thing.kind == "frame" and name in {"loc", "iloc", "at", "iat"}:
            return thing
        if thing.kind == "frame" and name in {"values", "array", "attrs", "flags"}:
            return replace(thing, kind="data")
        if self.variables.has_column(thing, name):
            return self.item(thing, shared=True)
        if is_self(holder):
            root = own_member(name)
            return Thing("library", f".{name}", frozenset({root}), texts=None) | self._put(root, name)
        if thing.kind == "own":
            thing = thing | replace(self.findings.learnt.returns.get(thing.path, NOTHING), kind="own", path=thing.path)
        inside = replace(self.item(thing), texts=None)
        if thing.kind == "frame" and name not in NEW_FROM_FRAMES:
            inside = replace(inside, roots=thing.roots)  # a method that may change it, or its index
        if thing.kind == "frame" or name in METHODS_OF_CONTAINERS:
            inside = replace(inside, unread=thing.unread)  # the container's own, whatever is in it
        path = thing.path if thing.kind in {"library", "builtin"} else ""
        return replace(inside, kind="library", path=f"{path}.{name}")

    def _put(self, root: str, name: str) -> Thing:
        """What an object that is written here keeps under a name."""
        return replace(self.findings.learnt.put.get(root, NOTHING), kind="library", path=f".{name}", texts=None)

    def item(self, thing: Thing, shared: bool = False) -> Thing:
        """An item: what is taken out of a table is a copy, unless ``shared`` and pandas does not copy on write."""
        part = self.findings.part(thing)
        if thing.kind != "frame" or (shared and not copies_on_write()):
            return part
        return replace(part, roots=frozenset(), holds=frozenset())

    def spelling(self, name: str, holder: ast.AST) -> None:
        """Attributes that lead out of the data, whatever they are taken from."""
        if name in PLAIN_INTERNALS or not (name.startswith("_") or FRAMES.fullmatch(name)):
            return
        if name.startswith("__") or FRAMES.fullmatch(name):
            self.findings.high(f"reaches into Python's internals ({name})")
        elif not is_self(holder):
            self.findings.high(f"reaches into internals ({name})")

    def _of_a_path(self, thing: Thing, name: str) -> Thing:
        if name in {"parent", "parents"}:
            return replace(thing, kind="path", path="", texts=None)
        if name in PATH_MAKERS | PATH_READERS | PATH_FACTS:
            return replace(thing, kind="library", path=f"pathlib.Path.{name}")
        return self.findings.uses(f"pathlib.Path.{name}", DANGER_OF["pathlib"])


def is_path_class(thing: Thing) -> bool:
    """Whether a thing is the class of paths."""
    return thing.kind == "library" and thing.path.startswith("pathlib.") and thing.path.count(".") == 1


def own_member(name: str) -> str:
    """The place where objects that are written here keep an attribute."""
    return f"[self.{name}"


def is_self(node: ast.AST) -> bool:
    """Whether this is the object whose method is being read."""
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def copies_on_write() -> bool:
    """Whether a column taken out of a pandas table is a copy as soon as it is changed."""
    version = str(getattr(sys.modules.get("pandas"), "__version__", "3"))
    return not version.startswith(("0.", "1.", "2."))
