"""What a call did to the user's variables: a photograph before, a comparison after.

    photographs   keep all variables as they are, the ones within the code's reach first
    reaching      what code can get at through the names in it
    looking       how each type of variable is looked at
    prints        plain values that stand for what Python's own objects hold
    buffers       arrays by their bytes
    tables        what all tables have in common
    pandases      pandas, which copies before it writes
    arrows        Arrow and polars, which do not write to what they share
    others        other libraries
    shots         what is kept of one variable, and what may be spent
    telling       the difference of two photographs, in short sentences
    columns       the difference of two tables
    flags, joins  what a careful reader of a table would stop at

A photograph copies nothing large. Whether something large was written to is told by its library's own habits where it
has such (pandas, polars and Arrow do not write to data that is shared, and the photograph shares it), else by a sum of
its bytes, else by a sample, and then it is said that nobody can tell. What is spent is counted, not timed. This package
does not know what ran in between, nor who is told.
"""

from __future__ import annotations

from aether_nb.live.changes.photographs import Photograph, photograph
from aether_nb.live.changes.telling import compare

__all__ = ["Photograph", "compare", "photograph"]
