"""How objects with fields are told: dataclasses, pydantic's and attrs' classes, enumerations, and any other object.

Fields are read as they are stored. What a class computes (a property, ``__getattr__``, ``__repr__``) is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from aether_nb.live.describing.containers import fields_in, short
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import ancestors, class_name, held, holdings, members, slots
from aether_nb.live.describing.words import one_line, value_text

__all__ = ["enumeration", "fields_of", "plain_object", "record"]

FIELDS = 8
"""So many fields are shown."""
PLACES = ("__dataclass_fields__", "__pydantic_fields__", "__attrs_attrs__")
"""Where classes of records keep what they know of their fields."""


def fields_of(klass: type) -> list[str]:
    """The names of the fields of a class of records; none of any other class."""
    for one in ancestors(klass):
        for place in PLACES:
            found = members(one).get(place)
            if issubclass(type(found), dict) and found:
                return [name for name in islice(found, 200) if type(name) is str]
            if issubclass(type(found), tuple) and found:
                names: Iterable[Any] = (held(field, "name") for field in found[:200])
                return [name for name in names if type(name) is str]
    return []


def record(value: Any, name: str, fields: list[str]) -> Description:
    """An object whose class says which fields it has."""
    nothing = object()
    pairs = [(field, item) for field in fields[:FIELDS] if (item := held(value, field, nothing)) is not nothing]
    shown = ", ".join(f"{field}={short(item, 1)}" for field, item in pairs)
    more = ", …" if len(fields) > FIELDS else ""
    holds = [name for field, item in pairs for name in (field, *fields_in(item, 1))]
    text = one_line(f"{class_name(type(value))}({shown}{more})", 300)
    return Description(name, sample=f" = {text}", holds=tuple(dict.fromkeys(holds)))


def enumeration(value: Any, name: str) -> Description:
    """A member of an enumeration."""
    return Description(
        name, sample=f" = {one_line(str(held(value, '_name_')), 60)} ({value_text(held(value, '_value_'))})"
    )


def plain_object(value: Any, name: str, look: Look) -> Description:
    """Some object: the names of the attributes that it keeps in the ordinary way."""
    text = value_text(value, 120)
    if text != f"<{name}>":
        return Description(name, sample=f" = {text}")
    names = [key for key in [*islice(holdings(value), 200), *islice(slots(value), 200)] if _public(key)]
    if not names:
        return Description(name)
    most = 60 if look.patient else 6
    more = ", …" if len(names) > most else ""
    return Description(f"{name}, attributes {one_line(', '.join(names[:most]), 40 * most)}{more}")


def _public(name: object) -> bool:
    return type(name) is str and name.isidentifier() and not name.startswith("_")
