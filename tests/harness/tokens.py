"""How many tokens a text has, estimated on the high side: no tokenizer is at hand where nothing can be downloaded."""

from __future__ import annotations

import re

__all__ = ["tokens"]

PIECE = re.compile(r" ?[^\W\d_]+|\d{1,3}|_+|[^\w\s]+|\s+")
"""A word with the space before it, up to three digits, signs in a row, white space: how byte-pair encodings cut."""
LETTERS = 5
"""A long word is more than one token: at least so many letters each."""


def tokens(text: str) -> int:
    """An estimate that is above what the tokenizers of today's models make of such a text.

    Args:
        text: A description of variables.
    """
    return sum(max(1, -(-len(piece.strip()) // LETTERS)) for piece in PIECE.findall(text))
