"""Which variables are the user's: a module of its own, for it is needed before anything is described.

It does not know what they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["users_own"]

IPYTHONS = {"In", "Out", "exit", "quit", "get_ipython"}


def users_own(namespace: Mapping[str, object], hidden: Collection[str] = ()) -> dict[str, object]:
    """The variables that the user made: not IPython's own, not ``hidden``, not private.

    When ``hidden`` is a mapping, a name in it counts as the user's as soon as it is bound to something else.
    """
    theirs = hidden if isinstance(hidden, Mapping) else None
    return {
        name: value
        for name, value in dict(namespace).items()
        if type(name) is str
        and not name.startswith("_")
        and name not in IPYTHONS
        and (name not in hidden or (theirs is not None and theirs[name] is not value))
    }
