"""The namespace after a restart: what a run made is kept as it changes, and put back into a new kernel.

    keeper        notes what calls read and made, and writes what is dear to make again
      sources       what a piece of code reads, imports and defines
      cells         which cell of the user's made a variable
    hashing       the hash of what a value holds
    formats       values as bytes and back
      plain, unplain, atoms, objects    Python's own data
      numpys, arrows, pandases, polarses, columns, bundle    arrays and tables
      signed        pickles, only with this user's key
    history       what the log says of the variables: versions, and the calls that made them
    planning      what to load and what to run again
    restoring     doing it
    limits, digest, recognised        time and room, one hash of many pieces, whose class it is

Nothing foreign is ever unpickled, nothing lazy computed, and no library imported but to read what was kept in its form.
This package does not know the run, nor when it is parked or resumed.
"""

from __future__ import annotations

from aether_nb.live.keeping.formats import load, save
from aether_nb.live.keeping.hashing import content_hash, matches
from aether_nb.live.keeping.history import why_not_again
from aether_nb.live.keeping.keeper import Keeper
from aether_nb.live.keeping.limits import Budget, Clock, NotPossible, Signer, TooMuch
from aether_nb.live.keeping.planning import Plan, plan_restore
from aether_nb.live.keeping.restoring import restore

__all__ = [
    "Budget",
    "Clock",
    "Keeper",
    "NotPossible",
    "Plan",
    "Signer",
    "TooMuch",
    "content_hash",
    "load",
    "matches",
    "plan_restore",
    "restore",
    "save",
    "why_not_again",
]
