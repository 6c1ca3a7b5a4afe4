"""Texts that stand in the code: what they give away, and the code that some of them are.

A text may be a format that reaches into objects, a script for the browser, or a query, which is code of its own. It
does not know what is done with a text.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from aether_nb.live.reading.names import is_dunder
from aether_nb.live.reading.words import FILE_WRITERS

__all__ = ["Query", "given_away", "query"]

LOUD = {"to_sql", "to_clipboard", "text.usetex", "usetex"} | FILE_WRITERS
QUIET = {"__main__", "__name__", "__doc__", "__all__"}
SCRIPT = re.compile(r"(?i)<script|javascript:|\bon(error|load)\s*=")
CALLS = re.compile(r"@\s*[\w.]+\s*[(\[]|@\s*\w+\.|__")
"""Parts of a query that call or take apart what is not a column."""


def given_away(text: str) -> str:
    """What a text is suspected of; empty when of nothing."""
    if re.search(r"\{[^}]*__", text):
        return "reaches into Python's internals by a format text"
    if text in LOUD or text.startswith("module://") or (is_dunder(text) and text not in QUIET):
        return f"names {text} in a text"
    return "holds a script for the browser in a text" if SCRIPT.search(text) else ""


@dataclass(frozen=True, slots=True)
class Query:
    """The text of ``query`` or ``eval`` as code: the variables it names by ``@``, and all its expressions.

    ``problem`` says why it cannot be read.
    """

    variables: tuple[str, ...] = ()
    expressions: tuple[ast.expr, ...] = ()
    problem: str = ""


def query(written: ast.expr | None) -> Query:
    """The code in an argument, as pandas would run it."""
    text = written.value if isinstance(written, ast.Constant) else None
    if not isinstance(text, str):
        return Query(problem="runs computed text as code")
    columns = re.findall(r"`([^`]*)`", text)
    # A quote between backticks may end a text there, and what looks like the name of a column is code.
    hidden = text.count("`") % 2 or any(re.search(r"['\"#\\]", column) for column in columns)
    if hidden or CALLS.search(text):
        return Query(problem="calls functions from inside the text")
    plain = re.sub(r"`[^`]*`", "column", text).replace("@", "")
    try:
        parts = [part for part in ast.walk(ast.parse(plain.strip())) if isinstance(part, ast.expr)]
    except SyntaxError:
        return Query(problem="runs text as code that cannot be read")
    read = tuple(part for part in parts if not isinstance(getattr(part, "ctx", None), ast.Store))
    return Query(tuple(re.findall(r"@\s*(\w+)", text)), read)
