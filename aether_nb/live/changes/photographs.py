"""Photographs: all variables of a namespace as they are now, the ones that matter first.

It does not know what is about to run; whoever does says which variables that is about.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from aether_nb.live.changes.looking import shoot
from aether_nb.live.changes.shots import Clock, Shot
from aether_nb.live.describing.words import root
from aether_nb.live.summary import users_own

__all__ = ["Photograph", "in_order", "photograph"]

SURELY = 0.25
"""Seconds for the variables that were asked for: enough for any ordinary notebook, and an end for every other."""
SECONDS = 0.018
"""Seconds for the rest. A comparison has twice as long, and looks into nothing that the photograph had no time for."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """All variables as they were; ``names`` are those that were asked for."""

    shots: Mapping[str, Shot]
    names: frozenset[str] = frozenset()


def photograph(namespace: Mapping[str, object], names: Collection[str] = ()) -> Photograph:
    """Keep what is needed to tell later what changed.

    Args:
        namespace: The user's variables; modules, private names and IPython's own are left out.
        names: The variables to look at first and surely; the others are looked at as far as the time goes.
    """
    asked = frozenset(names)
    return Photograph({name: shoot(value, clock) for name, value, clock in in_order(namespace, asked)}, asked)


def in_order(
    namespace: Mapping[str, object], asked: frozenset[str], longer: int = 1
) -> Iterator[tuple[str, object, Clock]]:
    """The variables to look at with the time there is: the ones asked for, then the others, each the cheap ones first.

    Args:
        namespace: The user's variables.
        asked: The names that come first.
        longer: How many times the usual time there is.
    """
    variables = {n: v for n, v in users_own(namespace).items() if not issubclass(type(v), ModuleType)}
    cheap_first = sorted(variables.items(), key=lambda item: root(type(item[1])) in {"pandas", "polars"})
    for chosen, seconds in ((True, SURELY), (False, SECONDS)):
        clock = Clock(time.monotonic(), longer * seconds)
        yield from ((name, value, clock) for name, value in cheap_first if (name in asked) is chosen)
