"""Photographs: all variables of a namespace as they are now, the ones that matter first.

It does not know what is about to run; whoever does says which names are in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from aether_nb.live.changes.looking import shoot
from aether_nb.live.changes.reaching import ALONE, EVERYTHING, arrays_in, in_reach
from aether_nb.live.changes.shots import Atom, Purse, Shot
from aether_nb.live.describing.words import root
from aether_nb.live.owning import users_own

__all__ = ["HOLD", "Photograph", "in_order", "own_variables", "photograph"]

SURELY = 60_000_000
"""Nominal nanoseconds for the variables within reach: enough for any ordinary notebook, and an end for every other."""
REST = 4_000_000
"""Nominal nanoseconds for the others, of which each may have an eighth: a large one leaves something to the next."""
HOLD = 1_000_000_000
"""Bytes of tables that are kept alive until the comparison, so that it can be told what they held."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """All variables as they were; ``names`` were asked for, ``reach`` is what code with these names can get at.

    ``past`` says that the code may write past the libraries of tables.
    """

    shots: Mapping[str, Shot | Atom]
    names: frozenset[str] = frozenset()
    reach: frozenset[str] = frozenset()
    past: bool = False


def photograph(namespace: Mapping[str, object], names: Collection[str] = (), past: bool = False) -> Photograph:
    """Keep what is needed to tell later what changed.

    Tables are kept alive until the photograph is let go, up to ``HOLD`` bytes; besides them only what cannot change.

    Args:
        namespace: The user's variables; modules, private names and IPython's own are left out.
        names: The variables to look at first and surely, with all that can be reached through them.
        past: Whether the code may write to the memory of tables past their libraries, by whose habits else is told
            whether they were changed: then those that it can reach are read, as far as that can be paid.
    """
    variables = own_variables(namespace)
    reach = in_reach(variables, names)
    exposed, hold = arrays_in(variables.values()), Purse(HOLD)
    shots: dict[str, Shot | Atom] = {
        name: Atom(value)
        if type(value) in ALONE
        else shoot(value, purse, hold, EVERYTHING if past and name in reach else exposed)
        for name, value, purse in in_order(variables, reach)
    }
    return Photograph(shots, frozenset(names), reach, past)


def own_variables(namespace: Mapping[str, object]) -> dict[str, object]:
    """The user's variables, without modules."""
    return {n: v for n, v in users_own(namespace).items() if not issubclass(type(v), ModuleType)}


def in_order(variables: Mapping[str, object], first: Collection[str]) -> Iterator[tuple[str, object, Purse]]:
    """The variables to look at with what may be spent: those that matter, then the others, each the cheap ones first.

    Args:
        variables: The user's variables.
        first: The names that come first.
    """
    tables = {"pandas", "polars", "pyarrow", "numpy", "torch"}
    cheap_first = sorted(
        variables.items(), key=lambda item: type(item[1]) not in ALONE and root(type(item[1])) in tables
    )
    for chosen, amount, most in ((True, SURELY, SURELY), (False, REST, REST // 8)):
        left = amount
        for name, value in cheap_first:
            if (name in first) is chosen:
                purse = Purse(min(left, most))
                left -= purse.left
                yield name, value, purse
                left += purse.left
