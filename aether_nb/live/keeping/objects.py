"""Classes by name, and what an instance of a dataclass holds, without running a line of the class.

Properties, descriptors and ``__getattr__`` of the class are not asked. It does not know what is done with the fields.
"""

from __future__ import annotations

from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from aether_nb.live.describing.words import one_line, root

__all__ = ["class_name", "class_path", "fields_of"]


def class_path(kind: type) -> str:
    """The module and the name of a class, whatever its own class says about them."""
    module: Any = type.__dict__["__module__"].__get__(kind)
    return f"{module if isinstance(module, str) else '?'}.{type.__dict__['__qualname__'].__get__(kind)}"


def class_name(kind: type) -> str:
    """The name a user knows a class by: ``dict``, ``pandas.DataFrame``, ``sklearn.LinearRegression``."""
    name: str = type.__dict__["__name__"].__get__(kind)
    library = root(kind)
    return one_line(name if library in {"", "builtins", "__main__"} else f"{library}.{name}", 120)


def fields_of(value: object) -> dict[str, Any] | None:
    """The fields of an instance of a dataclass by name; None when it is none, or keeps them in a way of its own."""
    kind = type(value)
    spaces = [type.__dict__["__dict__"].__get__(one) for one in type.__dict__["__mro__"].__get__(kind)]
    named = next((space["__dataclass_fields__"] for space in spaces if "__dataclass_fields__" in space), None)
    if type(named) is not dict or any(type(name) is not str for name in named):
        return None
    own: dict[str, Any] = {}
    descriptor = next((space["__dict__"] for space in spaces if "__dict__" in space), None)
    if descriptor is not None:
        if type(descriptor) is not GetSetDescriptorType:
            return None
        own = descriptor.__get__(value)
    held: dict[str, Any] = {}
    for name in named:
        slot = next((space[name] for space in spaces if name in space), None)
        if name in own:
            held[name] = own[name]
        elif type(slot) is MemberDescriptorType:
            try:
                held[name] = slot.__get__(value)
            except AttributeError:  # a slot that was never filled
                return None
        else:
            return None
    return held
