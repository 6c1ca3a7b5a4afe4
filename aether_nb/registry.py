"""Names for what can be added: tools, providers, models, stores, embedders, loaders, skills, profiles, hooks.

It holds things, and who brought each of them, and knows none of them: ``plugins`` says which kinds there are and where
they are looked at. Two who bring a thing of one name do not lose it: the later one counts, and when he is taken out the
earlier one is there again. Imports no room, and so raises Python's own errors.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

__all__ = ["HOUSE", "added", "brought", "get", "names", "own", "register", "remove", "things", "withdraw"]

HOUSE = "aether-nb"
"""Who brings what is built in. Whenever that comes, everybody else's counts before it."""

_lock = Lock()
_things: dict[str, dict[str, dict[str, Any]]] = {}
"""By kind, by name, by who brought it; of those the last one counts."""


def register(kind: str, name: str, thing: Any, by: str = "") -> None:
    """Give a name to a thing; an earlier one of the same kind and name, by the same hand, is replaced.

    Args:
        kind: What it is for: ``model``, ``tool``, …
        name: What people type.
        thing: The thing itself or, where its kind says so, a function that makes one.
        by: Who brings it: a plugin's name, ``HOUSE``, or nobody but the notebook or program that runs.

    Raises:
        ValueError: The kind or the name is no word.
    """
    for what, word in (("kind", kind), ("name", name)):
        if not isinstance(word, str) or not word.strip() or word != word.strip():
            raise ValueError(f"{word!r} cannot be the {what} of a thing: register('model', 'mine', …) takes two words.")
    with _lock:
        known = _things.get(kind, {})
        others = {whose: one for whose, one in known.get(name, {}).items() if whose != by}
        _things[kind] = {**known, name: {by: thing, **others} if by == HOUSE else {**others, by: thing}}


def remove(kind: str, name: str) -> None:
    """Take a name away, whoever brought it; nothing happens when nothing is registered so."""
    with _lock:
        _things[kind] = {known: hands for known, hands in _things.get(kind, {}).items() if known != name}


def withdraw(by: str) -> None:
    """Take out everything that somebody has brought; what it replaced stands in its place."""
    with _lock:
        for kind, known in _things.items():
            left = {name: {whose: one for whose, one in hands.items() if whose != by} for name, hands in known.items()}
            _things[kind] = {name: hands for name, hands in left.items() if hands}


def get(kind: str, name: str) -> Any:
    """The thing of that kind and name.

    Raises:
        LookupError: Nothing is registered so; the message has the nearest names.
    """
    known = things(kind)
    if name in known:
        return known[name]
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(known)) or 'none yet'}."
    raise LookupError(f"No {kind} is registered as '{name}'. {hint}")


def names(kind: str) -> tuple[str, ...]:
    """The names of that kind: those of the house, then the others in the order in which they were first given."""
    return tuple(things(kind))


def own(kind: str) -> dict[str, Any]:
    """What the house has brought of a kind, by name."""
    return {name: hands[HOUSE] for name, hands in _things.get(kind, {}).items() if HOUSE in hands}


def added(kind: str) -> dict[str, Any]:
    """What others have brought of a kind, by name."""
    return {name: thing for name, thing in things(kind).items() if set(_things[kind][name]) != {HOUSE}}


def things(kind: str) -> dict[str, Any]:
    """What there is of a kind by name, in the order of ``names``."""
    ordered = sorted(_things.get(kind, {}).items(), key=lambda item: HOUSE not in item[1])
    return {name: next(reversed(hands.values())) for name, hands in ordered}


def brought(by: str) -> tuple[tuple[str, str], ...]:
    """What somebody has brought, as ``(kind, name)``."""
    return tuple((kind, name) for kind, known in _things.items() for name, hands in known.items() if by in hands)
