"""What can be seen of a value at a glance: its texts, whether it is plain data, what a function of it would use.

Nothing of the value is run, and big values are not walked through. It does not know names, nor the code that is read.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from itertools import islice
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

from aether_nb.live.describing.safely import all_of, class_module, class_name, has_dict
from aether_nb.live.reading.modules import DANGER_OF, home
from aether_nb.live.reading.words import BUILTIN_WORDS, MUTATING, MUTATING_FUNCTIONS, is_risky

__all__ = [
    "CALLABLES",
    "UNCHANGING",
    "can_change",
    "changes_in_place",
    "dangerous_names",
    "gives_scalars",
    "holds_only_data",
    "identities",
    "is_container",
    "is_data",
    "may_change_things",
    "member_is_data",
    "names_used",
    "texts_in",
]

CALLABLES = (FunctionType, BuiltinFunctionType, MethodType, type)
DATA_ROOTS = set(
    """
    numpy pandas polars pyarrow scipy sklearn statsmodels matplotlib seaborn datetime decimal fractions collections
    re random zoneinfo string
    """.split()
)
"""Libraries whose objects compute and draw."""
PLAIN = set(
    """
    int float complex bool NoneType str bytes bytearray list tuple dict set frozenset range slice ellipsis memoryview
    mappingproxy dict_keys dict_values dict_items NotImplementedType enumerate zip map filter reversed
    """.split()
)
"""Python's own types that hold values and run no code of somebody else's."""
UNCHANGING = (int, float, complex, bool, str, bytes, type(None), range)
OPERATORS: dict[type, tuple[type[ast.operator], ...]] = {
    list: (ast.Add, ast.Mult),
    dict: (ast.BitOr,),
    set: (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub),
    tuple: (),
    frozenset: (),
}
"""With which of them, and ``=``, Python's own containers are changed in place."""
CONTAINERS = (dict, list, tuple, set, frozenset)
STORING = {"STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR", "STORE_ATTR", "DELETE_ATTR", "STORE_GLOBAL", "DELETE_GLOBAL"}
"""Steps of Python's own machine by which a function changes what it was given, or a variable."""
LOOKED_AT = 300
"""So many items of a container are looked at: the first ones."""


def can_change(value: object) -> bool:
    """Whether a value is of a type whose values can change."""
    return not all_of((value,), *UNCHANGING)


def is_data(kind: type) -> bool:
    """Whether objects of a type are values of Python's own or of a library that computes."""
    if class_module(kind) == "builtins":
        return class_name(kind) in PLAIN
    return home(kind) in DATA_ROOTS and not issubclass(kind, CALLABLES)


def is_container(value: object) -> bool:
    """Whether a value is a container of Python's own, which shares its items with a copy of it."""
    return issubclass(type(value), CONTAINERS) or home(type(value)) == "collections"


def holds_only_data(value: Any, depth: int = 3) -> bool:
    """Whether everything in a value is data too, as far as it is looked at; a column of objects is looked into."""
    kind = type(value)
    for base in CONTAINERS:
        if issubclass(kind, base):
            items: Any = dict.values(value) if base is dict else base.__iter__(value)
            return all(_is_data_throughout(item, depth - 1) for item in islice(items, LOOKED_AT))
    if home(kind) == "pandas" and class_name(kind) == "DataFrame":
        objects = [at for at, dtype in enumerate(value.dtypes) if dtype.kind == "O"]
        return all(holds_only_data(value.iloc[:LOOKED_AT, at].tolist(), 1) for at in objects[:20])
    if home(kind) == "pandas" and class_name(kind) == "Series":
        return value.dtype.kind != "O" or holds_only_data(value.iloc[:LOOKED_AT].tolist(), 1)
    if home(kind) == "numpy" and class_name(kind) == "ndarray":
        return value.dtype.kind != "O" or holds_only_data(list(islice(value.flat, LOOKED_AT)), 1)
    return True


def _is_data_throughout(value: object, depth: int) -> bool:
    return is_data(type(value)) and (depth <= 0 or holds_only_data(value, depth))


def texts_in(value: Any) -> frozenset[str] | None:
    """The strings that a plain value holds; None when they cannot be seen at a glance."""
    if type(value) is str:
        return frozenset({value}) if len(value) < 200 else None
    if type(value) in (list, tuple, set, dict) and len(value) <= 50:
        parts = [texts_in(item) for item in (value.items() if type(value) is dict else value)]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if len(known) == len(parts) else None
    return frozenset() if type(value) in (int, float, bool, type(None)) else None


def changes_in_place(value: Any, node: ast.AugAssign) -> bool:
    """Whether ``x += …`` may change a value in place, or what is in it, when ``x`` is it or is taken out of it."""
    if not can_change(value):
        return False
    operators = next((found for kind, found in OPERATORS.items() if type(value) is kind), None)
    if operators is None or len(value) > LOOKED_AT:
        return True
    if not all_of(value.values() if type(value) is dict else value, *UNCHANGING):
        return True
    number = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int | float | complex)
    return isinstance(node.op, operators) and not (number and isinstance(node.op, ast.Add))


def gives_scalars(value: Any) -> bool:
    """Whether going through a table, an array or a container gives names, numbers or texts, which nobody can change."""
    kind = type(value)
    where = home(kind), class_name(kind)
    if where == ("numpy", "ndarray"):
        return value.ndim == 1 and value.dtype.kind not in "OV"
    if any(kind is plain for plain in OPERATORS):
        return len(value) <= LOOKED_AT and all_of(value, *UNCHANGING)
    return where == ("pandas", "DataFrame") or (
        where == ("pandas", "Series") and (value.dtype.kind not in "OV" or str(value.dtype) in {"str", "string"})
    )


def member_is_data(value: object, name: str) -> bool:
    """Whether an attribute is plainly there and holds data; of anything else that is not known."""
    held = object.__getattribute__(value, "__dict__") if has_dict(type(value)) else {}
    return name in held and is_data(type(held[name])) and not hasattr(type(value), name)


def identities(value: Any, depth: int = 2) -> set[int]:
    """The things that a container, or an object of a class that was written in the notebook, holds."""
    kind = type(value)
    if class_module(kind) == "__main__" and has_dict(kind):
        value = object.__getattribute__(value, "__dict__")
    base = next((base for base in CONTAINERS if issubclass(type(value), base)), None)
    if base is None or not depth:
        return set()
    items = list(islice(dict.values(value) if base is dict else base.__iter__(value), LOOKED_AT))
    return {id(item) for item in items}.union(*(identities(item, depth - 1) for item in items))


def dangerous_names(value: object) -> list[str]:
    """What a function or class that this run made would be asked about again when it is called."""
    names = names_used(value)
    return sorted(n for n in names if is_risky(n) or n in BUILTIN_WORDS or n in DANGER_OF)


def names_used(value: object) -> set[str]:
    """Every name that a function or class uses, inner functions included."""
    return {name for code in _codes(value) for name in code.co_names}


def may_change_things(value: object) -> bool:
    """Whether a function or class stores into anything, or calls what does."""
    codes = list(_codes(value))
    keywords = {word for code in codes for constant in code.co_consts if type(constant) is tuple for word in constant}
    stores = any(step.opname in STORING for code in codes for step in dis.get_instructions(code))
    return stores or bool(names_used(value) & (MUTATING | MUTATING_FUNCTIONS)) or bool(keywords & {"inplace", "out"})


def _codes(value: object) -> Iterator[CodeType]:
    """The code of a function or class, and of all functions in it."""
    if isinstance(value, CodeType):
        yield value
        for constant in value.co_consts:
            yield from _codes(constant) if isinstance(constant, CodeType) else ()
    elif isinstance(value, FunctionType):
        yield from _codes(value.__code__)
    elif isinstance(value, type):
        for member in vars(value).values():
            yield from _codes(member) if isinstance(member, FunctionType) else ()
