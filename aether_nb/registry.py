"""Names for what can be added from outside: models, tools, and whatever later rooms look up by a name.

It holds things and knows none of them: a room asks for its own kind, checks what it gets, and says in its own words
what is missing. Imports no room, and so raises Python's own errors.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

__all__ = ["get", "names", "register", "remove"]

_lock = Lock()
_things: dict[str, dict[str, Any]] = {}


def register(kind: str, name: str, thing: Any) -> None:
    """Give a name to a thing; an earlier thing of the same kind and name is replaced.

    Args:
        kind: What it is for: ``model``, ``tool``, …
        name: What people type.
        thing: The thing itself or, where its kind says so, a function that makes one.

    Raises:
        ValueError: The kind or the name is no word.
    """
    for what, word in (("kind", kind), ("name", name)):
        if not isinstance(word, str) or not word.strip() or word != word.strip():
            raise ValueError(f"{word!r} cannot be the {what} of a thing: register('model', 'mine', …) takes two words.")
    with _lock:
        _things[kind] = {**_things.get(kind, {}), name: thing}


def remove(kind: str, name: str) -> None:
    """Take a name away; nothing happens when nothing is registered so."""
    with _lock:
        _things[kind] = {known: thing for known, thing in _things.get(kind, {}).items() if known != name}


def get(kind: str, name: str) -> Any:
    """The thing of that kind and name.

    Raises:
        LookupError: Nothing is registered so; the message has the nearest names.
    """
    known = _things.get(kind, {})
    if name in known:
        return known[name]
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(known)) or 'none yet'}."
    raise LookupError(f"No {kind} is registered as '{name}'. {hint}")


def names(kind: str) -> tuple[str, ...]:
    """The names of that kind, in the order in which they were first given."""
    return tuple(_things.get(kind, {}))
