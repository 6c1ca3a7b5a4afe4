"""From a text to the numbers of its pieces, as BERT's uncased encoders were taught to read.

Words are split at spaces and punctuation, lower-cased, stripped of accents, and cut into the longest pieces that the
vocabulary has. It gives the numbers that the ``tokenizers`` package gives. It does not know what is done with them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

__all__ = ["WordPiece"]

LONGEST_WORD = 100
"""Characters; a longer word is unknown as a whole."""

REMEMBERED = 50_000
"""Words whose pieces are remembered: most of a text is made of few of them."""

SPECIAL = re.compile(r"(\[(?:PAD|UNK|CLS|SEP|MASK)\])")
PLAIN_WORD = re.compile(r"[A-Za-z0-9]+|[!-/:-@\[-`{-~]")
"""The words of a text that is ASCII throughout: runs of letters and digits, and each other sign by itself."""

IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
"""Signs that are words by themselves, by their numbers."""


class WordPiece:
    """Cuts texts into the pieces of a vocabulary.

    Args:
        vocabulary: The pieces in the order of their numbers; a piece inside a word begins with ``##``.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self.numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self.unknown, self.begin, self.end = (self.numbers[name] for name in ("[UNK]", "[CLS]", "[SEP]"))
        self._words: dict[str, tuple[int, ...]] = {}

    @classmethod
    def load(cls, file: Path) -> WordPiece:
        """The one of a ``vocab.txt``: a piece a line."""
        return cls(file.read_text(encoding="utf-8").rstrip("\n").split("\n"))

    def encode(self, text: str, most: int) -> list[int]:
        """The numbers of a text's pieces between those of its begin and end; at most ``most`` in all."""
        found = [self.begin]
        for part in SPECIAL.split(text):
            if SPECIAL.fullmatch(part):
                found.append(self.numbers[part])
                continue
            for word in _words(part):
                found += self._words.get(word) or self._cut(word)
                if len(found) >= most:
                    break
        return [*found[: most - 1], self.end]

    def _cut(self, word: str) -> tuple[int, ...]:
        """The longest pieces from the left; one unknown for a word that cannot be made of pieces."""
        found: list[int] = []
        begin = 0
        while begin < len(word) <= LONGEST_WORD:
            for end in range(len(word), begin, -1):
                number = self.numbers.get(word[begin:end] if begin == 0 else f"##{word[begin:end]}")
                if number is not None:
                    found.append(number)
                    begin = end
                    break
            else:
                break
        pieces = tuple(found) if begin == len(word) else (self.unknown,)
        if len(self._words) < REMEMBERED:
            self._words[word] = pieces
        return pieces


def _words(text: str) -> list[str]:
    """The words of a text as the vocabulary writes them, punctuation by the sign."""
    if text.isascii():
        if not text.isprintable():
            text = "".join(sign if sign.isprintable() else " " if sign in "\t\n\r" else "" for sign in text)
        return PLAIN_WORD.findall(text.lower())
    clean = "".join(map(_cleaned, text))
    bare = (sign for sign in unicodedata.normalize("NFD", clean) if unicodedata.category(sign) != "Mn")
    lower = "".join(sign.lower() for sign in bare)
    return "".join(f" {sign} " if _is_punctuation(sign) else sign for sign in lower).split()


def _cleaned(sign: str) -> str:
    """What stands for a sign: a space for every kind of space, nothing for what cannot be seen."""
    if sign in "\t\n\r":
        return " "
    if sign == "\ufffd" or unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs"):
        return ""
    if sign.isspace():
        return " "
    number = ord(sign)
    return f" {sign} " if any(first <= number <= last for first, last in IDEOGRAPHS) else sign


def _is_punctuation(sign: str) -> bool:
    return (sign.isascii() and sign.isprintable() and not sign.isalnum() and sign != " ") or (
        unicodedata.category(sign).startswith("P")
    )
