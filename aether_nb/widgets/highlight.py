"""Code as coloured pieces: which characters are keywords, strings, names, numbers, comments.

Gives text and classes, never HTML: the panel makes elements of them, the transcript spans with inline styles. What
looks like code but cannot be read as such comes back as one plain piece.
"""

from __future__ import annotations

from functools import cache
from typing import Any

Piece = tuple[str, str]
"""A class and a text. The classes: ``k`` keyword, ``s`` string, ``m`` number, ``c`` comment, ``f`` name of a function
or class, ``b`` built-in, ``o`` operator, and nothing."""

LONGEST = 20_000
"""Longer code is not coloured: a lexer's time is not bounded by its size alone."""


def pieces(code: str, language: str) -> list[Piece]:
    """Split code into coloured pieces whose texts join to the code again.

    Args:
        code: The code.
        language: ``python``, ``sql`` or ``json``; anything else gives one plain piece.
    """
    if language not in ("python", "sql", "json") or len(code) > LONGEST:
        return [("", code)] if code else []
    from pygments import lex
    from pygments.lexers.data import JsonLexer
    from pygments.lexers.python import PythonLexer
    from pygments.lexers.sql import SqlLexer

    lexer = {"python": PythonLexer, "sql": SqlLexer, "json": JsonLexer}[language](ensurenl=False, stripnl=False)
    merged: list[Piece] = []
    for token, text in lex(code.replace("\r\n", "\n"), lexer):
        kind = _kind(token)
        if merged and (merged[-1][0] == kind or not text.strip()):
            merged[-1] = (merged[-1][0], merged[-1][1] + text)
        elif text:
            merged.append((kind, text))
    return merged


@cache
def _kind(token: Any) -> str:
    """The class of a lexer's token type."""
    from pygments import token as t

    classes = (
        (t.Comment, "c"),
        (t.Keyword, "k"),
        (t.Operator.Word, "k"),
        (t.String, "s"),
        (t.Number, "m"),
        (t.Name.Function, "f"),
        (t.Name.Class, "f"),
        (t.Name.Decorator, "f"),
        (t.Name.Tag, "f"),
        (t.Name.Builtin, "b"),
        (t.Name.Exception, "b"),
        (t.Operator, "o"),
    )
    return next((kind for family, kind in classes if token in family), "")
