"""A call as it stands in the code: what is called, on what, and what it is given.

It does not know what any function does.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from aether_nb.live.reading.things import NOTHING, Thing

__all__ = ["Call", "beginning", "keywords_of", "place"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        node: How it is written.
        function: What is called.
        holder: What a method is called on; nothing for a plain function.
        given: The arguments by keyword or position (``0``, ``1`` …); ``*0`` and ``**`` are what is unpacked.
    """

    node: ast.Call
    function: Thing
    holder: Thing
    given: Mapping[str, Thing]

    @property
    def name(self) -> str:
        """The last name of what is called."""
        return self.function.last

    def is_literal(self, key: str, value: object) -> bool:
        """Whether an argument is given, and is this constant."""
        found = self.written(key)
        return isinstance(found, ast.Constant) and type(found.value) is type(value) and found.value == value

    def written(self, key: str) -> ast.expr | None:
        """How an argument is written, if it is given by itself."""
        if key.isdigit():
            plain = not any(isinstance(arg, ast.Starred) for arg in self.node.args)
            return self.node.args[int(key)] if plain and int(key) < len(self.node.args) else None
        return dict(keywords_of(self.node)).get(key)

    def any_of(self, *keys: str) -> list[Thing]:
        """The arguments that are given under these names or at these places."""
        return [self.given[key] for key in keys if key in self.given]

    def first(self) -> Thing:
        """The first argument by position."""
        return self.given.get("0", NOTHING)


def keywords_of(node: ast.Call) -> list[tuple[str, ast.expr]]:
    """The arguments that are given by name; ``**{"a": 1}`` is ``a=1``, and any other ``**`` keeps that name."""
    found: list[tuple[str, ast.expr]] = []
    for keyword in node.keywords:
        value = keyword.value
        keys = value.keys if isinstance(value, ast.Dict) else []
        names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
        if keyword.arg is None and isinstance(value, ast.Dict) and len(names) == len(value.values):
            found += zip(names, value.values, strict=True)
        else:
            found.append((keyword.arg or "**", value))
    return found


def beginning(node: ast.expr | None) -> str:
    """How a text begins, as far as that stands in the code."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[first, *_]) | ast.BinOp(left=first, op=ast.Add() | ast.Mod()):
            return beginning(first)
        case _:
            return ""


def place(node: ast.AST) -> str:
    """The name of a container that is written here."""
    return f"[{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0)}:{getattr(node, 'end_col_offset', 0)}"
