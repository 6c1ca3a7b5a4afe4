"""The way back from a table of plain data (``plain``) to the values.

The bytes may come from anybody: what is not a table of this kind is refused, and nothing but plain data is made. What
belongs to a library is for ``embedded``, which is handed in.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

from aether_nb.live.keeping.atoms import BACK
from aether_nb.live.keeping.limits import NotPossible
from aether_nb.live.keeping.plain import FACTORIES

__all__ = ["Decoder"]

MADE_BY = {name: factory for factory, name in FACTORIES.items()}


class Decoder:
    """Makes values of one table.

    Args:
        document: The table.
        embedded: What an item of a library is.
    """

    def __init__(self, document: Any, embedded: Callable[[list[Any]], Any]) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("nodes"), list) or "root" not in document:
            raise NotPossible("it is no table of plain data")
        self._root, self._nodes, self._embedded = document["root"], document["nodes"], embedded
        self._built: dict[int, Any] = {}

    def value(self) -> Any:
        """The value at the root.

        Raises:
            NotPossible: It is no such table.
        """
        try:
            for place, node in enumerate(self._nodes):
                shell = _shell(node)
                if shell is not None:
                    self._built[place] = shell
            for place, node in enumerate(self._nodes):
                if node[0] in {"tuple", "frozenset"}:
                    self._freeze(place)
            for place, node in enumerate(self._nodes):
                self._fill(self._built[place], node)
            return self._item(self._root)
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise NotPossible(f"it is no table of plain data ({type(error).__name__})") from error

    def _item(self, item: Any) -> Any:
        if not isinstance(item, list):
            return item
        tag = item[0]
        if tag == "@":
            return self._built[item[1]]
        if tag == "whole":
            return Decoder(item[1], self._embedded).value()
        back = BACK.get(tag)
        return self._embedded(item) if back is None else back(item)

    def _freeze(self, place: int) -> None:
        """Build something that cannot change after it is there, and first what it consists of."""
        waiting, under_way = [place], set()
        while waiting:
            current = waiting[-1]
            if current in self._built:
                waiting.pop()
                continue
            tag, items = self._nodes[current][:2]
            missing = [item[1] for item in items if _refers(item) and item[1] not in self._built]
            if missing:
                if current in under_way:
                    raise NotPossible("it is no table of plain data (a tuple that holds itself)")
                under_way.add(current)
                waiting += missing
                continue
            values = map(self._item, items)
            self._built[current] = tuple(values) if tag == "tuple" else frozenset(values)
            waiting.pop()

    def _fill(self, shell: Any, node: list[Any]) -> None:
        if isinstance(shell, (list, deque)):
            shell.extend(map(self._item, node[1]))
        elif isinstance(shell, set):
            shell.update(map(self._item, node[1]))
        elif isinstance(shell, dict):
            items = iter(node[1])
            for key in items:
                dict.__setitem__(shell, self._item(key), self._item(next(items)))


def _refers(item: Any) -> bool:
    return isinstance(item, list) and item[0] == "@"


def _shell(node: Any) -> Any:
    """An empty container of the right class; None for one that is built at once."""
    match node:
        case ["list", list()]:
            return []
        case ["dict", list()]:
            return {}
        case ["set", list()]:
            return set()
        case ["odict", list()]:
            return OrderedDict()
        case ["counter", list()]:
            return Counter()
        case ["ddict", list(), str(name)]:
            return defaultdict(MADE_BY[name])
        case ["deque", list(), int() | None as most]:
            return deque(maxlen=most)
        case ["tuple" | "frozenset", list()]:
            return None
    raise NotPossible("it is no table of plain data")
