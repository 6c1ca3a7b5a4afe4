"""Taking back what code did to the user's variables, in place, so that every other reference sees it too.

    reach         which variables code can reach
    walking       all objects that can be reached from them
    kinds         by what an object is copied: the table of types
    copies        Python's own containers
    objects       attributes, functions, classes
    tables        arrays and frames, by copy-on-write where the library has it
    points        what was before, what was changed, and putting it back
    kept          the points of one kernel, and what a run's tools are handed
    files         files that tools write: their earlier bytes, beside the record
    surroundings  working directory, environment, options, random numbers

A point holds the objects themselves and shallow copies of what they hold. After the code has run, only what it changed
is kept. What a library keeps in C alone is not copied; a variable that is such an object is named. This package does
not know what ran, nor what it did outside the kernel.
"""

from __future__ import annotations

from aether_nb.live.undo.files import Earlier, differs, put_back
from aether_nb.live.undo.kept import Points, RunPoints
from aether_nb.live.undo.points import Before, Done, too_large
from aether_nb.live.undo.walking import Budget

__all__ = [
    "Before",
    "Budget",
    "Done",
    "Earlier",
    "Points",
    "RunPoints",
    "differs",
    "put_back",
    "too_large",
]
