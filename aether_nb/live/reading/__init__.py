"""What a piece of code could do, found by reading it before it runs.

    source        the tree of the code as IPython would run it, and the names in it
    statements    walks through the code
    expressions   finds out what each expression may be
    texts         what a text that stands in the code gives away
    attributes    what is taken out of a thing
    calls         what a function does with what it is given
      effects       which variables it changes
      options       arguments that are code, or lead to code
      files         arguments that are files
      given         a call as it stands in the code
    names         what a name stands for at a place
    variables     what a variable of the user's is
      glance        what can be seen of its value
      sharing       whether what it holds has another name
    modules       which modules are harmless, and which are dangerous
    words         which names of functions are risky: the tables
    findings      what was noticed
    things        what an expression may be

It thinks in what is known to be harmless: analysis with known libraries, on values that come from them, from the code
itself or from the user's frames. A dangerous thing counts wherever it is *mentioned*, called or not, so that giving it
another name hides nothing. What is not known is high. Nothing is executed or imported here.

It does not know what the user's own functions do (they are medium), what a file or a column holds, or what a call
already approved has left behind in an object. It stops accidents and honest mistakes; it is no wall against hostile
code.
"""

from __future__ import annotations

from aether_nb.live.reading.findings import Announced, Reading
from aether_nb.live.reading.reader import read
from aether_nb.live.reading.source import names_in, writes_past

__all__ = ["Announced", "Reading", "names_in", "read", "writes_past"]
