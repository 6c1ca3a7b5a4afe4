"""Python's own data as a flat table of plain JSON, from which it comes back as what it was.

    {"root": ITEM, "nodes": [["list", [ITEM, …]], ["dict", [KEY, VALUE, …]], …]}

An item is a JSON scalar that means itself, or ``[TAG, …]``; ``["@", 3]`` is the container in the fourth node. So lists
within lists take no recursion, a container that is in two places is one again, and cycles are nothing special. The same
content gives the same table in every process: sets are in order. No method of a class that is not Python's own is
called here. What libraries hold is for ``embed``, which is handed in. ``unplain`` is the way back.
"""

from __future__ import annotations

import json
import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aether_nb.live.keeping.atoms import ATOMS, other_atom
from aether_nb.live.keeping.limits import Clock, NotPossible, TooMuch
from aether_nb.live.keeping.objects import class_name, class_path, fields_of

__all__ = ["Embed", "Encoder", "written"]

Embed: TypeAlias = Callable[[Any], list[Any] | None]
"""What a value of a library is as an item; None when it is none."""

SHARED: dict[type, str] = {
    list: "list",
    dict: "dict",
    set: "set",
    OrderedDict: "odict",
    Counter: "counter",
    defaultdict: "ddict",
    deque: "deque",
}
"""Containers that can change: who they are matters. A tuple is its content, wherever it came from."""
FACTORIES = {None: "", int: "int", float: "float", str: "str", bool: "bool", list: "list", dict: "dict", set: "set"}
MOST_NODES = 2_000_000
ITEM = 100
"""Bytes that could be hashed in the time that one simple item takes."""
EVERY = 512
"""So many items are looked at between two looks at the clock."""


def written(document: Any) -> bytes:
    """A table as bytes, always the same ones."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


@dataclass
class Encoder:
    """Makes the table of one value.

    Args:
        clock: What there is time for.
        embed: What becomes of values of libraries.
        objects: Whether instances of dataclasses are told by their fields: enough for a hash, but nobody could make
            them again from it.
    """

    clock: Clock
    embed: Embed
    objects: bool = False
    nodes: list[list[Any]] = field(default_factory=list)
    _places: dict[int, int] = field(default_factory=dict)
    _waiting: deque[tuple[list[Any], Any]] = field(default_factory=deque)
    _alive: list[Any] = field(default_factory=list)
    _seen: int = 0

    def document(self, value: Any) -> dict[str, Any]:
        """The table of a value.

        Raises:
            TooMuch: There is no time for all of it.
            NotPossible: It holds something that is no plain data; says what.
        """
        root = self._item(value)
        while self._waiting:
            node, container = self._waiting.popleft()
            self._fill(node, container)
        return {"root": root, "nodes": self.nodes}

    # ---- one item

    def _item(self, value: Any) -> Any:
        self._seen += 1
        if self._seen % EVERY == 0:
            self.clock.check()
        kind = type(value)
        if kind is float and math.isfinite(value):
            return value
        atom = ATOMS.get(kind)
        if atom is not None:
            if (kind is str or kind is bytes) and len(value) > EVERY:
                self.clock.afford(len(value))
            return atom(value)
        if kind in SHARED:
            place = self._places.get(id(value))
            return ["@", self._node(SHARED[kind], value) if place is None else place]
        if kind is tuple or kind is frozenset:
            return ["@", self._node("tuple" if kind is tuple else "frozenset", value)]
        item = other_atom(value) or self.embed(value)
        if item is None:
            item = self._object(value)
        if item is None:
            raise NotPossible(f"it is or holds a {class_name(kind)}, which is not plain data")
        return item

    def _object(self, value: Any) -> list[Any] | None:
        place = self._places.get(id(value))
        if place is not None:
            return ["@", place]
        held = fields_of(value) if self.objects else None
        if held is None:
            return None
        self._alive.append(value)
        self._places[id(value)] = place = self._node(f"object {class_path(type(value))}", held)
        return ["@", place]

    def _node(self, tag: str, value: Any) -> int:
        place = len(self.nodes)
        if place >= MOST_NODES:
            raise TooMuch("it holds too many containers")
        node: list[Any] = [tag]
        self.nodes.append(node)
        self._places[id(value)] = place
        self._alive.append(value)  # an address is good as long as its owner lives
        self._waiting.append((node, value))
        return place

    # ---- what a container holds

    def _fill(self, node: list[Any], value: Any) -> None:
        kind = type(value)
        self.clock.afford(len(value) * ITEM)
        if kind in (set, frozenset):
            node.append(self._in_order(kind, value))
        elif kind in (list, tuple, deque):
            node.append(_as_they_are(value) or [self._item(item) for item in kind.__iter__(value)])
        else:
            node.append([self._item(one) for pair in dict.items(value) for one in pair])
        if kind is deque:
            node.append(value.maxlen)
        elif kind is defaultdict:
            if value.default_factory not in FACTORIES:
                raise NotPossible("it is a defaultdict whose values are made by a function")
            node.append(FACTORIES[value.default_factory])

    def _in_order(self, kind: Any, value: Any) -> list[Any]:
        """The items of a set, each as a table of its own when it is a tuple: nothing outside can change them."""
        items = []
        for item in kind.__iter__(value):
            inner = Encoder(self.clock, self.embed, self.objects)
            document = inner.document(item)
            items.append(["whole", document] if inner.nodes else document["root"])
            self._seen += 1
            if self._seen % EVERY == 0:
                self.clock.check()
        return sorted(items, key=written)


def _as_they_are(value: Any) -> list[Any] | None:
    """The items of a long list that all mean themselves, found without a look at each in turn."""
    if len(value) < 64 or type(value) not in (list, tuple):
        return None
    kinds = set(map(type, value))
    if kinds <= {int, bool, type(None)}:
        numbers = [item for item in value if item is not None]
        return list(value) if not numbers or (min(numbers) > -(2**63) and max(numbers) < 2**63) else None
    if kinds == {float}:
        return list(value) if all(map(math.isfinite, value)) else None
    if kinds == {str}:
        try:
            "".join(value).encode()
        except UnicodeEncodeError:
            return None
        return list(value)
    return None
