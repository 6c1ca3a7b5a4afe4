"""One variable in depth: columns with what they amount to, the parts of what is nested, docstring and source.

Parts are told by the way that leads to them (``['model']['layers'][0]``), so that they can be named in code. Nothing is
changed, executed or computed, and the text is bounded. It does not know the question, nor the other variables.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import islice
from types import FunctionType
from typing import Any

from aether_nb.events.messages import Text
from aether_nb.live.composing import Block, written
from aether_nb.live.describing.containers import CONTAINERS, short
from aether_nb.live.describing.functions import docstring, source, unwrapped
from aether_nb.live.describing.kinds import describe, is_table
from aether_nb.live.describing.looks import Description, Line, Look
from aether_nb.live.describing.records import fields_of
from aether_nb.live.describing.safely import all_of, class_module, held, holdings, slots
from aether_nb.live.describing.words import one_line
from aether_nb.live.summary import Summary

__all__ = ["inspect"]

BUDGET = 23_000
"""Characters of the text."""
SECONDS = 1.0
"""After so long nothing more is looked into."""
COUNTING = 200_000_000
"""Nanoseconds of counting; after that figures come from samples."""
ITEMS = 12
"""So many parts of one object are told."""
PARTS = 80
"""So many parts in all."""
DEPTH = 6
"""So many levels deep."""
NAME = re.compile(r"[^\W\d][\w \-.]{0,60}")
"""What a key looks like that names a part, as a column is named."""
SOURCE = 8_000
DOCSTRING = 3_000


def inspect(name: str, value: object) -> Summary:
    """One variable in full: all columns up to 60, up to 30 distinct values of each, what is nested six levels deep.

    Args:
        name: What it is called, as a person would type it.
        value: The object.
    """
    look = Look(columns=60, distinct=30, left=COUNTING, until=time.monotonic() + SECONDS, patient=True)
    told = describe(value, look)
    if not told.columns:
        inside = _parts(value, "", 0, (id(value),), look)
        told = Description(told.head, told.facts, told.sample, islice(inside, PARTS), holds=told.holds)
    block = Block(name, told, frozenset())
    block.begin(BUDGET)
    block.fill(BUDGET)
    parts = [Text("variables (1):", "schema"), *block.parts, *_words_of(value)]
    return Summary(tuple(written(parts)), (name,))


def _words_of(value: Any) -> Iterator[Text]:
    """The docstring of a function or a class, and the source of a function, each line marked as a quotation."""
    if not issubclass(type(value), type | FunctionType):
        return
    if "\n" in (doc := docstring(value)):
        yield Text(_quoted("docstring", doc, DOCSTRING), "schema")
    if type(value) is FunctionType and (code := source(unwrapped(value))):
        yield Text(_quoted("source", code, SOURCE), "text")


def _quoted(title: str, text: str, limit: int) -> str:
    cut = text if len(text) <= limit else f"{text[:limit]}\n… {len(text) - limit} characters more"
    return f"\n  {title}:" + "".join(f"\n  | {line}" for line in cut.splitlines())


def _parts(value: Any, path: str, depth: int, above: tuple[int, ...], look: Look) -> Iterator[Line]:
    """A line about each part of something nested, and about the parts of the part."""
    children = _children(value)
    for step, item in islice(children, ITEMS):
        here = one_line(path + step, 300)
        key = step.strip("[]'\".")
        if id(item) in above:
            yield Line(key, f"{here}: the object above that holds it")
            continue
        told = describe(item, look)
        if step.startswith("['") and not NAME.fullmatch(key):  # a key that is no name may be a value of the data
            yield Line(key, "", "", f"{here}: {told.head}{told.facts}{told.sample}", told.holds)
        else:
            yield Line(key, f"{here}: {told.head}", told.facts, told.sample, told.holds)
        if depth + 1 < DEPTH and not is_table(item):
            yield from _parts(item, path + step, depth + 1, (*above, id(item)), look)
    if next(children, None) is not None:
        yield Line("", f"{one_line(path, 300) or 'it'} has more parts than these")


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of an object and the steps that lead to them, as they are stored; none of a plain value."""
    kind = type(value)
    for base in CONTAINERS[:3]:
        if issubclass(kind, base):
            yield from _items(value, base)
            return
    if fields := fields_of(kind):
        nothing = object()
        found = ((name, held(value, name, nothing)) for name in fields)
        yield from ((f".{name}", item) for name, item in found if item is not nothing)
    elif not issubclass(kind, type | FunctionType) and class_module(kind) not in {"builtins", "enum"}:
        names = [name for name in (*islice(holdings(value), 200), *islice(slots(value), 200)) if _public(name)]
        yield from ((f".{name}", held(value, name)) for name in names)


def _items(value: Any, base: Any) -> Iterator[tuple[str, Any]]:
    """The items of a container; a list of plain values is one thing and not many."""
    if base is dict:
        yield from ((f"[{one_line(short(key, 1), 60)}]", item) for key, item in islice(dict.items(value), ITEMS + 1))
        return
    items = list(islice(base.__iter__(value), ITEMS + 1))
    if not all_of(items, int, float, str, bool, type(None)):
        yield from ((f"[{place}]", item) for place, item in enumerate(items))


def _public(name: object) -> bool:
    return type(name) is str and name.isidentifier() and not name.startswith("_")
