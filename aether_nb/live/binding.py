"""Names that no value may be given, because Python or IPython needs them itself.

A notebook whose ``get_ipython`` is a number understands no magic any more, that of undo included. This module knows no
variables.
"""

from __future__ import annotations

import builtins
import keyword
import re

__all__ = ["own_word"]

OF_IPYTHON = re.compile(r"In|Out|exit|quit|get_ipython|_{1,3}|_i{0,3}\d*|_[iod]h|__\w+__")


def own_word(name: str) -> bool:
    """Whether a name is one of Python's words or functions, or one that IPython keeps something under."""
    return keyword.iskeyword(name) or hasattr(builtins, name) or OF_IPYTHON.fullmatch(name) is not None
