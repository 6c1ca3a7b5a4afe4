"""How Python's own containers and texts are told: their size and their first items, read by the base type's methods.

A subclass that says it is endless is read as what it is made of. It does not know what else there is in the namespace.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import ancestors, class_name, members
from aether_nb.live.describing.words import one_line, value_text

__all__ = ["CONTAINERS", "container", "fields_in", "memory", "short", "text"]

CONTAINERS: tuple[Any, ...] = (dict, list, tuple, set, frozenset)
ITEMS = 5
"""So many items of a container are shown."""


def short(value: Any, depth: int = 2, base: Any = None) -> str:
    """A value in a few words: of a container its first items, ``depth`` levels deep, as ``base`` iterates it.

    What holds itself ends where the levels end.
    """
    kind = base or type(value)
    if not any(kind is known for known in CONTAINERS):
        return value_text(value)
    size = kind.__len__(value)
    if not depth:
        return f"<{class_name(kind)} of {size}>"
    if kind is dict:
        items = [
            f"{one_line(short(key, 1), 60)}: {short(item, depth - 1)}" for key, item in islice(dict.items(value), ITEMS)
        ]
    else:
        items = [short(item, depth - 1) for item in islice(kind.__iter__(value), ITEMS)]
    inside = ", ".join(items) + (", …" if size > ITEMS else "")
    if kind is list:
        return f"[{inside}]"
    if kind is tuple:
        return f"({inside},)" if size == 1 else f"({inside})"
    if kind is dict or (size and kind is set):
        return f"{{{inside}}}"
    return f"{class_name(kind)}({{{inside}}})" if size else f"{class_name(kind)}()"


def fields_in(value: Any, depth: int = 2, base: Any = None) -> tuple[str, ...]:
    """The keys of the dicts whose values ``short`` shows: the fields of which its text shows values."""
    kind = base or type(value)
    if not depth or not any(kind is known for known in CONTAINERS):
        return ()
    found: dict[str, None] = {}
    pairs = dict.items(value) if kind is dict else ((None, item) for item in kind.__iter__(value))
    for key, item in islice(pairs, ITEMS):
        if type(key) is str:
            found[key[:200]] = None
        found |= dict.fromkeys(fields_in(item, depth - 1))
    return tuple(found)


def container(value: Any, name: str, look: Look) -> Description:
    """Its size and first items; of a tuple with names, the names."""
    base = next(known for known in CONTAINERS if issubclass(type(value), known))
    size = base.__len__(value)
    if base is tuple and (fields := _fields(type(value), size)):
        shown = ", ".join(f"{key}={short(item, 1)}" for key, item in zip(fields, tuple.__iter__(value), strict=True))
        text = one_line(f"{class_name(type(value))}({shown})", 300)
        return Description(name, sample=f" = {text}", holds=(*fields, *fields_in(value, base=base)))
    shown, holds = one_line(short(value, base=base), 300), fields_in(value, base=base)
    if size <= ITEMS:
        return Description(name, sample=f" = {shown}", holds=holds)
    return Description(f"{name}, {size} items", sample=f", e.g. {shown}", holds=holds)


def _fields(klass: type, size: int) -> tuple[str, ...]:
    """The names of a tuple's items, when its class has some."""
    for one in ancestors(klass):
        fields = members(one).get("_fields")
        if type(fields) is tuple and len(fields) == size <= 30 and all(type(field) is str for field in fields):
            return fields
    return ()


def deque(value: Any, name: str, look: Look) -> Description:
    """A queue with two ends."""
    import collections

    base = collections.deque
    items, size = [short(item, 1) for item in islice(base.__iter__(value), ITEMS)], base.__len__(value)
    return Description(f"{name}, {size} items", sample=f", e.g. {one_line(', '.join(items), 300)}" if size else "")


def text(value: Any, name: str, look: Look) -> Description:
    """A text or bytes: the beginning, and how long it is when that is not all."""
    base: Any = next(known for known in (str, bytes, bytearray) if issubclass(type(value), known))
    size = base.__len__(value)
    most = 2_000 if look.patient else 120
    begin = base.__getitem__(value, slice(0, most))
    shown = value_text(bytes(begin) if base is bytearray else begin, most)
    if size <= most:
        return Description(name, sample=f" = {shown}")
    return Description(f"{name}, {size} {'characters' if base is str else 'bytes'}", sample=f", e.g. {shown}")


def memory(value: Any, name: str, look: Look) -> Description:
    """A view of memory."""
    return Description(f"{name}, {value.nbytes} bytes, format {value_text(value.format)}")
