"""Which of the user's variables a piece of code can reach: those it names, and those that what it names uses itself.

It reads code and never runs any. It does not know what a variable holds: following objects is the business of
``walking``.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from aether_nb.live.reading import names_in

__all__ = ["names_used", "open_figures", "reached", "users_names"]

REACHING = frozenset(
    """
    globals locals vars eval exec compile get_ipython __import__ __main__ __builtins__ builtins gc inspect sys
    importlib ctypes runpy code pdb
    """.split()
)
"""Words with which code can get at any variable."""


def reached(code: str, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """The variables that the code names, in the order of the namespace; all of them where it may name any."""
    names = names_in(code)
    if not names or names & REACHING:
        return users_names(namespace)
    return tuple(name for name in namespace if name in names)


def open_figures(namespace: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The figures that are open, when one of these names is pyplot, which draws in them without being handed any."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not any(namespace[name] is pyplot for name in names):
        return None
    return sys.modules["matplotlib._pylab_helpers"].Gcf.figs


def users_names(namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that are the user's or the agent's, private ones included: not IPython's own and not Python's."""
    return tuple(name for name in list(namespace) if type(name) is str and not _is_ipythons(name))


def _is_ipythons(name: str) -> bool:
    if not name.startswith("_"):
        return name in {"In", "Out", "get_ipython", "exit", "quit"}
    rest = name.lstrip("_")
    return not rest or name.startswith("__") or rest.lstrip("i").isdigit() or set(rest) == {"i"} or rest in _HISTORIES


_HISTORIES = {"dh", "ih", "oh", "exit_code"}


def names_used(thing: Any, namespace: Mapping[str, Any]) -> Iterator[str]:
    """The variables that a function uses, in its own code and in what is defined inside; of a class, all its methods'.

    Args:
        thing: A function or a class of the user's.
        namespace: Its variables.
    """
    used: set[str] = set()
    for function in (thing,) if isinstance(thing, FunctionType) else _methods(thing):
        _collect(function.__code__, used)
    yield from users_names(namespace) if used & REACHING else (name for name in used if name in namespace)


def _methods(kind: type) -> Iterator[FunctionType]:
    members: Collection[Any] = list(type.__dict__["__dict__"].__get__(kind).values())
    for member in members:
        for function in (member, *(getattr(member, part, None) for part in ("__func__", "fget", "fset", "fdel"))):
            if type(function) is FunctionType:
                yield function


def _collect(code: CodeType, used: set[str]) -> None:
    used.update(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _collect(constant, used)
