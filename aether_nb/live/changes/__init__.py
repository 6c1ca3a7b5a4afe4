"""What a call did to the user's variables: a photograph before, a comparison after.

    photographs   keep all variables as they are, the ones that matter first
    looking       how each type of variable is looked at
    tables        columns, frames and arrays
    prints        small values that stand for what Python's own objects hold
    shots         what is kept of one variable
    telling       the difference of two photographs, in short sentences

A photograph keeps no variable alive and copies none: it keeps who an object is, its size, and a print of its content.
The print is of everything while that is cheap, else of up to 256 positions a column; then a change elsewhere is not
seen, and when the data moved but the sample is the same, it is said that nobody can tell. Both are bounded in time.
This package does not know what ran in between, nor who is told.
"""

from __future__ import annotations

from aether_nb.live.changes.photographs import Photograph, photograph
from aether_nb.live.changes.telling import compare

__all__ = ["Photograph", "compare", "photograph"]
