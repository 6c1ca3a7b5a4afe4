"""Which cell of the user's made a variable, as far as his own cells tell by themselves.

It looks at the text of IPython's history and runs nothing. It does not know what the variable holds.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache

from aether_nb.live.keeping.limits import Clock
from aether_nb.live.keeping.sources import binds
from aether_nb.live.reading.source import parse

__all__ = ["cell_of"]

CELLS = 300
LONGEST = 20_000
"""Characters of a cell that is still looked into."""


def cell_of(name: str, namespace: Mapping[str, object], clock: Clock) -> str:
    """The last cell that binds a name at its top level, as ``In[3]``; empty when none does, or there was no time."""
    history = namespace.get("In")
    if not isinstance(history, list):
        return ""
    for number in range(len(history) - 1, max(-1, len(history) - 1 - CELLS), -1):
        code = history[number]
        if clock.left <= 0:
            return ""
        if type(code) is str and name in code and len(code) <= LONGEST and name in _bound_in(code):
            return f"In[{number}]"
    return ""


@lru_cache(maxsize=512)
def _bound_in(code: str) -> frozenset[str]:
    try:
        with warnings.catch_warnings(action="ignore"):
            tree, _ = parse(code)
        return frozenset() if tree is None else frozenset(name for node in tree.body for name in binds(node))
    except (RecursionError, MemoryError):
        return frozenset()
