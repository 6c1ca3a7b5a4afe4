"""Prints: plain values that stand for what Python's own objects hold, made without running anything of theirs.

A print is a tuple whose first item says what it is a print of. Two that are equal mean the same content, as far as it
was looked at; whatever had to be left out is noted in the ``Look``. Types of libraries are looked at elsewhere, and
handed in. It does not know what is done with a print.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from struct import pack
from types import CodeType, FunctionType, MemberDescriptorType
from typing import Any, TypeAlias

from aether_nb.live.changes.shots import Purse, Token
from aether_nb.live.describing.figures import positions
from aether_nb.live.describing.safely import ancestors, class_name, flags, has_dict, members
from aether_nb.live.describing.words import root
from aether_nb.live.installed import is_installed

__all__ = [
    "ATOMS",
    "HEAP",
    "ITEMS",
    "Look",
    "Looker",
    "Lookers",
    "atom",
    "function",
    "plain_class",
    "plain_object",
    "small",
]

ATOMS = {int, float, complex, bool, type(None), str, bytes, type(...), range, type(NotImplemented), slice}
SIMPLE = {int, bool, str, bytes, type(None)}
"""Types of which ``==`` says all there is to know."""
FIXED = {
    *(("pandas", name) for name in ("Interval", "Period", "Timedelta", "Timestamp", "NAType", "NaTType")),
    *(("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")),
    *(("pathlib", name) for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("uuid", "UUID"),
}
"""Values of libraries that cannot change, and that are often made anew."""
ITEMS = 256
"""So many items are looked at of what is too large to be looked at as a whole."""
ATOM_COST, ITEM_COST = 40, 500
DEEPEST = 60
LONG = 10_000
HEAP = 1 << 9
"""The flag of a class that was written in Python."""

Looker: TypeAlias = Callable[[Any, "Look"], Any]
Lookers: TypeAlias = Callable[[type], Looker | None]


def atom(value: Any) -> Hashable:
    """A value that cannot change, by itself or by a part of it when it is long."""
    kind = type(value)
    if kind is float:
        return "float", pack("d", value)
    if kind is complex:
        return "complex", pack("dd", value.real, value.imag)
    if kind is slice:
        return "slice", small(value.start), small(value.stop), small(value.step)
    if (kind is str or kind is bytes) and len(value) > LONG:
        middle = len(value) // 2
        return kind, len(value), value[:2_000], value[middle : middle + 2_000], value[-2_000:]
    return kind, value


def small(value: Any, depth: int = 1) -> Hashable:
    """An item of what is too large: its value when it cannot change, else a little of what it holds."""
    kind = type(value)
    if kind in ATOMS:
        return atom(value)
    if (root(kind), class_name(kind)) in FIXED:
        return "fixed", kind, value
    if kind in (list, tuple, dict, set, frozenset):
        if not depth:
            return class_name(kind), len(value)
        items = value.items() if kind is dict else value
        return class_name(kind), len(value), tuple(small(item, depth - 1) for item in islice(items, 16))
    return Token(value)


class Look:
    """A look into one variable: who looks at which type, what may be spent, and whether anything was left out.

    ``hold`` is how many bytes of tables may be kept alive; ``exposed`` knows the memory of arrays.
    """

    __slots__ = ("exact", "exposed", "hold", "lookers", "path", "purse")

    def __init__(
        self, purse: Purse, lookers: Lookers, hold: Purse | None = None, exposed: Container[int] = frozenset()
    ) -> None:
        self.purse, self.lookers, self.exposed = purse, lookers, exposed
        self.hold = hold or Purse(0)
        self.exact = True
        self.path: dict[int, int] = {}

    def at(self, value: Any) -> Any:
        """The print of a value; what holds itself is told by how far up it is."""
        kind = type(value)
        if kind in ATOMS:
            return atom(value)
        if (above := self.path.get(id(value))) is not None:
            return "itself", len(self.path) - above
        if len(self.path) >= DEEPEST or not self.purse.pay(ITEM_COST):
            self.exact = False
            return small(value)
        self.path[id(value)] = len(self.path)
        try:
            return self._into(value, kind)
        finally:
            del self.path[id(value)]

    def _into(self, value: Any, kind: type) -> Any:
        if (looker := self.lookers(kind)) is not None:
            return looker(value, self)
        for base, looks in CONTAINERS.items():
            if issubclass(kind, base):
                inside = looks(value, self)
                return inside if kind is base else (*inside, class_name(kind), plain_object(value, self))
        if (root(kind), class_name(kind)) in FIXED:
            return "fixed", kind, value
        if issubclass(kind, FunctionType):
            return function(value, self)
        if issubclass(kind, type):
            return plain_class(value, self)
        return plain_object(value, self)

    def sequence(self, size: int, items: Callable[[], Iterable[Any]], one: Callable[[int], Any] | None = None) -> Any:
        """The prints of items in their order: of all when that can be paid, else of some, which ``one`` picks."""
        if self.purse.pay(size * ATOM_COST):
            kinds = set(map(type, items()))
            if len(kinds) == 1:
                (kind,) = kinds
                if kind in SIMPLE:
                    return kind, tuple(items())
                if kind is float:
                    return kind, array("d", items()).tobytes()
            if self.purse.pay(size * ITEM_COST // 2):
                return None, tuple(map(self.at, items()))
        self.exact = False
        picked = islice(items(), ITEMS) if one is None else map(one, positions(size, ITEMS))
        return "some", tuple(map(small, picked))


def _list(value: Any, look: Look) -> Any:
    size = list.__len__(value)
    return "list", size, look.sequence(size, lambda: list.__iter__(value), lambda at: list.__getitem__(value, at))


def _tuple(value: Any, look: Look) -> Any:
    size = tuple.__len__(value)
    return "tuple", size, look.sequence(size, lambda: tuple.__iter__(value), lambda at: tuple.__getitem__(value, at))


def _deque(value: Any, look: Look) -> Any:
    size = deque.__len__(value)
    return "deque", size, look.sequence(size, lambda: deque.__iter__(value), lambda at: deque.__getitem__(value, at))


def _dict(value: Any, look: Look) -> Any:
    size = dict.__len__(value)
    keys = look.sequence(size, lambda: iter(dict.keys(value)))
    return "dict", size, keys, look.sequence(size, lambda: iter(dict.values(value)))


def _set(value: Any, look: Look) -> Any:
    base: Any = frozenset if issubclass(type(value), frozenset) else set
    size = base.__len__(value)
    if not look.purse.pay(size * 2 * ATOM_COST):
        look.exact = False
        return "set", size, frozenset(small(item) for item in islice(base.__iter__(value), ITEMS))
    kinds = frozenset(map(type, base.__iter__(value)))
    if kinds <= SIMPLE:
        return "set", size, kinds, frozenset(base.__iter__(value))
    return "set", size, None, frozenset(_member(item) for item in base.__iter__(value))


def _member(item: Any) -> Hashable:
    """An item of a set: a value, tuples of values, or who it is. It is not hashed by its own code."""
    if type(item) is tuple:
        return "tuple", tuple(map(_member, item))
    return small(item) if type(item) is not frozenset else ("set", frozenset(map(_member, item)))


def _bytearray(value: Any, look: Look) -> Any:
    if look.purse.pay(len(value) // 4):
        return "bytearray", len(value), bytes(value)
    look.exact = False
    return "bytearray", len(value), bytes(value[at] for at in positions(len(value), ITEMS))


CONTAINERS: dict[Any, Looker] = {
    dict: _dict,
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _set,
    deque: _deque,
    bytearray: _bytearray,
}


def plain_object(value: object, look: Look) -> Any:
    """Some object by its attributes, those in slots too; of an installed library's classes only the public ones.

    An object of a library is itself too: what its private part holds is not looked at. So is one without attributes.
    """
    kind = type(value)
    installed, slots = _class_facts(kind)  # type: ignore[arg-type]
    held: dict[Any, Any] = {}
    if has_dict(kind):
        try:
            held = object.__getattribute__(value, "__dict__")
        except AttributeError:  # some types of C keep what they hold to themselves
            held = {}
    for name, member in slots.items():
        try:
            held = {**held, name: member.__get__(value, kind)}
        except AttributeError:  # not set
            continue
    seen = {key: item for key, item in held.items() if isinstance(key, str) and not (installed and key[:1] == "_")}
    bare = installed or not (has_dict(kind) or slots)
    if not look.purse.pay(len(seen) * ITEM_COST):
        look.exact = False
        return "object", class_name(kind), Token(value), ()
    return "object", class_name(kind), Token(value) if bare else None, tuple(seen), tuple(map(look.at, seen.values()))


@lru_cache(maxsize=512)
def _class_facts(kind: type) -> tuple[bool, Mapping[str, Any]]:
    """Whether a class comes with Python or from an installed package, and its slots."""
    module: Any = type.__dict__["__module__"].__get__(kind)
    file = getattr(sys.modules.get(module) if isinstance(module, str) else None, "__file__", "") or ""
    slots = {
        name: member
        for base in ancestors(kind)
        if "__slots__" in members(base)
        for name, member in members(base).items()
        if type(member) is MemberDescriptorType and name not in {"__dict__", "__weakref__"}
    }
    return is_installed(file) or not flags(kind) & HEAP, slots


def function(value: FunctionType, look: Look) -> Any:
    """A function by what it does and what it carries, wherever it was typed."""
    cells = []
    for cell in value.__closure__ or ():
        try:
            cells.append(cell.cell_contents)
        except ValueError:  # not bound yet
            cells.append(None)
    carried = (value.__defaults__, value.__kwdefaults__, cells, value.__dict__)
    return "function", _code(value.__code__), tuple(map(look.at, carried))


def plain_class(value: type, look: Look) -> Any:
    """A class by its members: defined again in the same words, it is the same. Those of libraries are themselves."""
    if _class_facts(value)[0]:
        return "class", Token(value)
    held = type.__dict__["__dict__"].__get__(value)
    members = [(name, _inner(member)) for name, member in held.items() if name not in UNTOLD]
    told = tuple((name, look.at(member) if _told(member) else class_name(type(member))) for name, member in members)
    return "class", class_name(value), told


UNTOLD = {
    f"__{name}__" for name in ("dict", "weakref", "module", "firstlineno", "static_attributes", "annotate", "doc")
}


def _inner(member: Any) -> Any:
    return member.__func__ if issubclass(type(member), (classmethod, staticmethod)) else member


def _told(member: Any) -> bool:
    return type(member) in ATOMS or issubclass(type(member), (FunctionType, list, dict, set, tuple))


def _code(code: CodeType) -> Hashable:
    constants = tuple(_code(c) if isinstance(c, CodeType) else repr(c)[:LONG] for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants
