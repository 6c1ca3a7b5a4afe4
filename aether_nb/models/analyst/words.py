"""Words: how a question is cut into tokens, and when two words are the same one.

It knows spelling, plurals and abbreviations; it does not know what any word means.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from aether_nb.models.analyst.nouns import FILLERS, SAME, UNITS

__all__ = ["Token", "abbreviates", "canon", "column_words", "join", "same_root", "same_stem", "similar", "tokenise"]

_TOKEN = re.compile(
    r"""
    (?P<quoted>`[^`\n]+`|"[^"\n]+"|(?<!\w)'[^'\n]+'(?!\w))
  | (?P<file>(?:[\w~.-]*[/\\])*[\w-]+(?:[.-][\w-]+)*\.(?:csv|json|txt|md|png|pdf|svg|xlsx|parquet)\b)
  | (?P<date>\b\d{4}-\d{2}(?:-\d{2})?\b)
  | (?P<quantile>\b\d{1,2}(?:\.\d+)?(?:st|nd|rd|th)\b)
  | (?P<number>(?<![\w.])[-+]?\$?\d{1,3}(?:,\d{3})+(?:\.\d+)?
              |(?<![\w.])[-+]?\$?\d*\.?\d+(?:[eE][-+]?\d+)?(?![\w.]*[A-Za-z_]))
  | (?P<op>>=|<=|==|!=|<>|>|<|=|≥|≤|≠)
  | (?P<word>[^\W\d_][\w/]*(?:['’][a-z]+)?|[\w/]+)
  | (?P<sign>[?!.;,:%()])
    """,
    re.VERBOSE,
)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ENDINGS = ("", "s", "d", "e", "ed", "es", "ing", "al", "or", "ors", "er", "ers", "r")
_NEAR = 0.86


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the question. ``kind`` is quoted, file, date, quantile, number, op, word or sign."""

    kind: str
    text: str


def tokenise(question: str) -> list[Token]:
    """Cut a question into tokens; characters that mean nothing are left out."""
    tokens = []
    text = re.sub(r"\s*(?:-+>|→)\s*", " to ", question.replace("’", "'"))
    text = re.sub(r"(?<=[A-Za-z0-9])-(?=[A-Za-z])", " ", text)
    text = re.sub(r"(?<=\d)(?=(?:mm|cm|kg|g|km|lbs|lb|%)\b)", " ", text)
    text = re.sub(r"\bper\s+capita\b", "percapita", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(\w+)n't\b", r"\1 not", text)
    text = re.sub(r"\b(\w+)'s\b", r"\1", text)
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "word"
        found = match.group()
        tokens.append(Token(kind, found[1:-1] if kind == "quoted" else found))
    return tokens


def canon(word: str) -> str:
    """The form under which two spellings of a word are the same: lower case, singular, one of its synonyms."""
    word = word.casefold()
    if word in SAME:
        return SAME[word]
    if len(word) > 3 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        word = word[:-2]
    elif len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return SAME.get(word, word)


def column_words(name: str) -> tuple[list[str], list[str]]:
    """The words in a column's name, canonical: all of them, and those left when fillers and a unit are dropped."""
    raw = [piece for part in re.split(r"[\W_]+", name) if part for piece in _CAMEL.split(part)]
    words = [canon(word) for word in raw]
    core = [canon(word) for word in raw if word.casefold() not in FILLERS]
    while len(core) > 1 and raw[-1].casefold() in UNITS and core[-1] == canon(raw[-1]):
        core, raw = core[:-1], raw[:-1]
    return words, core


def join(text: str) -> str:
    """Letters and digits only, in lower case."""
    return re.sub(r"[\W_]+", "", text.casefold())


def abbreviates(one: str, other: str) -> bool:
    """Whether one word is the beginning of the other, as ``exp`` of ``expectancy``."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= 3 and short.isalpha() and long.startswith(short))


def same_stem(one: str, other: str) -> bool:
    """Whether two words differ by an ending only, as ``survival`` and ``survived``."""
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return length >= 5 and one[length:] in _ENDINGS and other[length:] in _ENDINGS


def same_root(one: str, other: str) -> bool:
    """Whether two words are forms of one verb, as ``rating`` and ``rate``."""
    roots = {re.sub(r"(?:ing|ed|e|er)$", "", word) for word in (one, other)}
    return len(roots) == 1 and len(roots.pop()) >= 3


def similar(word: str, known: str) -> bool:
    """Whether ``word`` is probably ``known``, misspelt."""
    if len(word) < 5 or not known or word[0] != known[0] or word.isdigit() or known.isdigit():
        return False
    if _swapped(word, known):
        return True
    return difflib.SequenceMatcher(None, word, known, autojunk=False).ratio() >= _NEAR


def _swapped(word: str, known: str) -> bool:
    """Whether two neighbouring letters are the wrong way round."""
    if len(word) != len(known):
        return False
    wrong = [at for at, pair in enumerate(zip(word, known, strict=True)) if pair[0] != pair[1]]
    return (
        len(wrong) == 2
        and wrong[1] == wrong[0] + 1
        and word[wrong[0]] == known[wrong[1]]
        and word[wrong[1]] == known[wrong[0]]
    )
