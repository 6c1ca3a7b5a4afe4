"""By what an object is copied: the table of types.

To add a type, write a copy and add a line. An object of Python's own, or of a class written in Python, needs no line.
"""

from __future__ import annotations

import array
import random
import sys
from collections import OrderedDict, deque
from dataclasses import dataclass
from io import IOBase
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FrameType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
)
from weakref import ReferenceType

from aether_nb.live.describing.safely import root
from aether_nb.live.undo.copies import (
    Bytes,
    Copy,
    Deque,
    Dict,
    List,
    OrderedDictionary,
    Random,
    Set,
)
from aether_nb.live.undo.objects import HEAP_TYPE, Attributes, Class, Function
from aether_nb.live.undo.tables import Array, Bits, Frame, Index, NumpyRandom, Polars

__all__ = ["UNCHANGING", "Kind", "kind_of"]

UNCHANGING: frozenset[type] = frozenset(
    {int, float, complex, bool, str, bytes, type(None), range, type(...), type(NotImplemented), object}
    | {ModuleType, CodeType, FrameType, TracebackType, MemberDescriptorType, ReferenceType}
)
"""Types whose objects hold nothing that can change, or nothing that is the user's."""

FIXED = frozenset({"datetime", "decimal", "fractions", "uuid", "pathlib", "re", "pyarrow", "zoneinfo"})
"""Libraries whose objects do not change."""

HOLDERS: tuple[type, ...] = (tuple, frozenset, slice, CellType, MethodType, BuiltinFunctionType, BaseException)
"""Types whose objects do not change by themselves, and may hold some that do."""

LIBRARIES: dict[tuple[str, str], type[Copy]] = {
    ("numpy", "ndarray"): Array,
    ("numpy", "RandomState"): NumpyRandom,
    ("numpy", "BitGenerator"): Bits,
    ("pandas", "DataFrame"): Frame,
    ("pandas", "Series"): Frame,
    ("pandas", "Index"): Index,
    ("polars", "DataFrame"): Polars,
    ("polars", "Series"): Polars,
}
"""How the objects of a library are copied, by the name of the type or of one of its bases."""

OWN: tuple[tuple[type, type[Copy]], ...] = (
    (list, List),
    (OrderedDict, OrderedDictionary),
    (dict, Dict),
    (set, Set),
    (deque, Deque),
    (bytearray, Bytes),
    (array.array, Bytes),
    (random.Random, Random),
)
"""How Python's own are copied, and what inherits from them."""

WHOLE = (Frame, Index, Polars, NumpyRandom, Bits)
"""Copies that hold an object's attributes as well."""

STATE = ("__next__", "__setitem__", "write", "execute")
"""Methods by which an object shows that it has a state of its own."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is done with the objects of a type.

    Args:
        copies: By what they are copied.
        follow: Whether what they refer to is known to Python only.
        opaque: Whether they have a state that is in none of the copies.
        deep: Whether that matters wherever one is found, and not only when a variable is one.
    """

    copies: tuple[type[Copy], ...] = ()
    follow: bool = False
    opaque: bool = False
    deep: bool = False


def kind_of(kind: type) -> Kind | None:
    """What is done with the objects of a type; None for those that are left alone."""
    library = root(kind)
    if kind in UNCHANGING or library in FIXED or issubclass(kind, (ModuleType, ReferenceType)):
        return None
    if library == "numpy" and issubclass(kind, _numpy_values()):
        return None
    if issubclass(kind, type):
        return Kind((Class,))
    if issubclass(kind, FunctionType):
        return Kind((Function,))
    bases = type.mro(kind)
    for base in bases:
        if (copying := LIBRARIES.get((root(base), base.__name__))) is not None:
            return Kind((copying,) if base is kind or copying in WHOLE else (copying, Attributes))
    for own, copying in OWN:
        if issubclass(kind, own):
            return Kind((copying,) if kind is own and not own.__dictoffset__ else (copying, Attributes))
    parts: tuple[type[Copy], ...] = (Attributes,) if kind.__flags__ & HEAP_TYPE and _in_python(kind) else ()
    if all(_in_python(base) for base in bases if base is not object):
        return Kind(parts)
    opaque = not issubclass(kind, HOLDERS) and any(hasattr(kind, name) for name in STATE)
    deep = opaque and hasattr(kind, "__setitem__") and not issubclass(kind, IOBase)
    return Kind(parts, follow=True, opaque=opaque, deep=deep)


def _in_python(kind: type) -> bool:
    """Whether a class is written in Python, so that its objects hold nothing but attributes."""
    members = type.__dict__["__dict__"].__get__(kind)
    return bool(kind.__flags__ & HEAP_TYPE) and ("__dict__" in members or "__slots__" in members or _plain(kind))


def _plain(kind: type) -> bool:
    """Whether a class adds nothing to the objects of its base."""
    base = kind.__base__
    return base is not None and kind.__basicsize__ == base.__basicsize__ and "__module__" in vars(kind)


def _numpy_values() -> tuple[type, ...]:
    numpy = sys.modules["numpy"]
    return numpy.generic, numpy.dtype, numpy.ufunc
