"""A place in the namespace, from text: a name, or attributes and items of one, reached without running code of theirs.

``config['model'].layers[0]`` is followed step by step by the methods of Python's own types and of tables. What a class
computes (a property, ``__getattr__``, ``__getitem__`` of its own) is refused with a reason. It does not know who asks.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import FunctionType, ModuleType
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import ANY
from aether_nb.live.composing import fields_of
from aether_nb.live.describing.containers import CONTAINERS
from aether_nb.live.describing.kinds import plain_form
from aether_nb.live.describing.safely import ancestors, held, members
from aether_nb.live.describing.words import columns_of, label, type_name, value_text

__all__ = ["fields", "look_up"]

MISSING = object()
TABLE_ATTRIBUTES = {"index", "columns", "dtypes", "dtype", "shape", "array", "T"}
"""What a table or an array answers quickly."""
RUN = "Use run_python when its code may run."


def look_up(text: str, namespace: Mapping[str, object]) -> Any:
    """The object at a place.

    Args:
        text: A name, or attributes and items of one.
        namespace: The user's variables.

    Raises:
        RepairableToolError: There is no such place, or reaching it would run code.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise RepairableToolError(f"{text!r} is no expression.", f"{error}.", "Give a variable's name.") from error
    return _reached(tree, namespace)


TURNED = {"T", "array", "index"}
"""Attributes of a table after which a value may be of any of its columns."""


def fields(text: str) -> tuple[str, ...]:
    """The fields that a place lies in, as ``variable.field``; ANY where it may be of any column. Of a name none.

    Args:
        text: A place, as ``look_up`` has taken it.
    """
    nodes = list(ast.walk(ast.parse(text.strip(), mode="eval").body))
    root = next((node.id for node in nodes if isinstance(node, ast.Name)), "")
    if len(nodes) <= 2:  # a name, and that it is read
        return ()
    attributes = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    keys = [column for node in nodes if isinstance(node, ast.Constant) for column in columns_of(node.value)]
    return fields_of(root, (*attributes, *keys, *((ANY,) if TURNED & set(attributes) else ())))


def _reached(node: ast.expr, namespace: Mapping[str, object]) -> Any:
    if isinstance(node, ast.Name):
        if node.id not in namespace:
            known = [name for name in namespace if not name.startswith("_")]
            raise _nothing(
                f"There is no variable {node.id!r}.", node.id, known, "Use list_variables to see what there is."
            )
        return namespace[node.id]
    if isinstance(node, ast.Attribute):
        return _attribute(_reached(node.value, namespace), node.attr, ast.unparse(node.value))
    if isinstance(node, ast.Subscript):
        return _item(_reached(node.value, namespace), _key(node.slice), ast.unparse(node.value))
    shown = ast.unparse(node)
    why = "Only a name, and attributes and items of one, can be looked at without running code."
    raise RepairableToolError(f"{shown[:200]!r} would have to be computed.", why, RUN)


def _nothing(what: str, wanted: str, known: Iterable[str], otherwise: str = "") -> RepairableToolError:
    near = get_close_matches(wanted, [name for name in known if type(name) is str][:2_000], 3)
    return RepairableToolError(what, hint=f"Did you mean {', '.join(near)}?" if near else otherwise)


def _key(node: ast.expr) -> Any:
    if isinstance(node, ast.Slice):
        return slice(*(None if end is None else _key(end) for end in (node.lower, node.upper, node.step)))
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        shown = ast.unparse(node)
        raise RepairableToolError(
            f"[{shown[:200]}] would have to be computed.", "A key is a text or a number.", RUN
        ) from error


# ---- attributes


def _attribute(value: Any, name: str, where: str) -> Any:
    kind = type(value)
    if issubclass(kind, ModuleType) or issubclass(kind, type):
        return _member(value, name, where)
    plain = plain_form(value)
    if plain is not None and name in TABLE_ATTRIBUTES:
        return getattr(plain, name)
    found = held(value, name, MISSING)
    if found is not MISSING:
        return found
    if plain is not None:
        return _item(value, name, where)
    for klass in ancestors(kind):
        member = members(klass).get(name, MISSING)
        if member is not MISSING:
            return _class_member(member, name, where)
    raise _nothing(f"{where} keeps no attribute {name!r}.", name, dir(kind), f"It is a {type_name(kind)}. {RUN}")


def _member(value: Any, name: str, where: str) -> Any:
    """An attribute of a module or a class, as it is stored."""
    if issubclass(type(value), type):
        places = [members(klass) for klass in ancestors(value)]
    else:
        places = [object.__getattribute__(value, "__dict__")]
    for place in places:
        if name in place:
            return _class_member(place[name], name, where)
    known = [known for place in places for known in place]
    raise _nothing(f"{where} has no {name!r}.", name, known, f"It may be made when it is asked for. {RUN}")


def _class_member(member: Any, name: str, where: str) -> Any:
    if type(member) in (staticmethod, classmethod):
        return member.__func__
    if type(member) is FunctionType or not any("__get__" in members(klass) for klass in ancestors(type(member))):
        return member
    raise RepairableToolError(f"{where}.{name} is computed when it is read.", "That would run its code.", RUN)


# ---- items


def _item(value: Any, key: Any, where: str) -> Any:
    kind = type(value)
    plain = plain_form(value)
    try:
        if issubclass(kind, dict):
            return _of_dict(value, key, where)
        for base in (*CONTAINERS[1:3], str, bytes):
            if issubclass(kind, base):
                return base.__getitem__(value, key)
        if plain is not None:
            return plain[key]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        names = getattr(plain, "columns", ())
        columns = [label(name) for name in list(names)[:2_000]]
        why = "" if isinstance(error, KeyError) else f"{error}."
        raise _nothing(f"{where} has no [{value_text(key)}]. {why}".strip(), str(key), columns) from error
    raise RepairableToolError(
        f"What [{value_text(key)}] means is decided by the class of {where}, {type_name(kind)}.",
        "That would run its code.",
        RUN,
    )


def _of_dict(value: Any, key: Any, where: str) -> Any:
    """An item of a dict; one that makes what is missing does not get to."""
    found = dict.get(value, key, MISSING)
    if found is MISSING:
        keys = [known for known in list(dict.keys(value))[:2_000] if type(known) is str]
        raise _nothing(f"{where} has no key {value_text(key)}.", str(key), keys)
    return found
