"""The verbs about the code of runs. Plain data."""

from __future__ import annotations

from dataclasses import replace

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON, LAST, RUN, SAID, STORE

__all__ = ["VERBS"]

VERBS: tuple[Verb, ...] = (
    Verb(
        "insert",
        "Put the code of a run into a cell below: what failed is left out, items are set apart by comments.",
        (replace(RUN, help=LAST),),
        ("notebook",),
        examples=("insert", "insert 7f3a"),
    ),
    Verb(
        "export",
        "Write the code of a run to a notebook or a script, one cell for each item of its plan.",
        (
            replace(RUN, help=LAST),
            Option(("out",), "the file, .ipynb or .py; one that exists is left alone", default="", metavar="FILE"),
            SAID,
            replace(STORE, terminal=True),
        ),
        examples=("export last code.py", "export 7f3a code.ipynb"),
    ),
    Verb(
        "verify-code",
        "Run the code of a run top to bottom in a fresh kernel: it reproduces, or where it first differs.",
        (
            replace(RUN, help=LAST),
            Option(("--outside",), "run code that acts outside of the notebook, too", flag=True),
            Option(("--anyway",), "run it, whoever recorded it", flag=True),
            JSON,
            replace(STORE, terminal=True),
        ),
        examples=("verify-code", "verify-code 7f3a --outside"),
    ),
)
