"""Matching: which tokens of a question are columns, values, frames or words of the lexicon.

The longest match wins; of equal ones a column wins over a value, a value over a word. What nothing matches stays
``unknown``, and the parser declines rather than guess. Everything is matched against one frame at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aether_nb.models.analyst.homonyms import hides_column, named_column
from aether_nb.models.analyst.lexicon import PHRASES
from aether_nb.models.analyst.namespace import Column, Frame
from aether_nb.models.analyst.nouns import ENTITIES, FILLERS, FOREIGN, MONTHS, UNITS, VALUE_WORDS
from aether_nb.models.analyst.question import Ambiguous
from aether_nb.models.analyst.words import Token, abbreviates, canon, column_words, join, same_root, same_stem, similar

__all__ = ["Tag", "Vocabulary", "meaning_of", "single", "tag_tokens"]

_LONGEST = 8
_LEXICON = {tuple(canon(word) for word in phrase): meaning for phrase, meaning in PHRASES.items()}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_NUMBERS = {word: number for number, word in enumerate("zero one two three four five six seven eight nine ten".split())}
_EXACT, _SAME, _SHORT, _PART, _SPELT = range(5)
_GRAMMAR = tuple("agg by count which and or not in verb stop top row to share more distinct".split())


@dataclass(slots=True)
class Tag:
    """A piece of the question and what it stands for.

    ``kind`` is column, value, frame, entity, number, quantile, date, month, ordinal, file, sep, unit, literal,
    unknown, or a kind of the lexicon. ``used`` is set by whoever has understood it.
    """

    kind: str
    text: str
    value: Any = None
    extra: str = ""
    used: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a question may speak of: a frame, the frames' names, what a person chose, values that were looked up."""

    frame: Frame
    frame_names: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """The column of that exact name."""
        return next((column for column in self.frame.columns if column.name == name), None)


def tag_tokens(tokens: list[Token], words: Vocabulary) -> list[Tag]:
    """Give every token, or run of tokens, its meaning."""
    tags: list[Tag] = []
    at = 0
    while at < len(tokens):
        tag, length = _longest(tokens, at, words, tags)
        if tag.kind != "stop":
            tags.append(tag)
        at += length
    return tags


def _longest(tokens: list[Token], at: int, words: Vocabulary, before: list[Tag]) -> tuple[Tag, int]:
    """The best tag that begins at a token, and how many tokens it takes."""
    fixed = _fixed(tokens[at], words)
    if fixed is not None:
        return fixed, 1
    for length in range(min(_LONGEST, len(tokens) - at), 0, -1):
        span = tokens[at : at + length]
        if any(token.kind not in ("word", "number", "sign", "quantile") for token in span):
            continue
        if any(token.kind == "sign" and token.text not in "()%" for token in span) and length > 1:
            continue
        tag = _homonym(span, tokens[at + length : at + length + 2], words, before)
        if tag is None:
            tag = _match(" ".join(token.text for token in span), words, before, length)
            if tag is not None and hides_column([token.text for token in span], tag.kind, words.frame):
                continue
        if tag is not None:
            return tag, length
    return _leftover(tokens[at], words), 1


def _homonym(span: list[Token], following: list[Token], words: Vocabulary, before: list[Tag]) -> Tag | None:
    """A word of the lexicon that is a column here."""
    meaning = _LEXICON.get((canon(span[0].text),)) if len(span) == 1 else None
    if meaning is None:
        return None
    text, kinds = span[0].text, [tag.kind for tag in before]
    column = named_column(text, meaning.partition(":")[0], kinds, [token.text for token in following], words.frame)
    return Tag("column", text, [column]) if column else None


def _fixed(token: Token, words: Vocabulary) -> Tag | None:
    """Tokens that mean something by their form alone."""
    if token.kind in ("file", "date"):
        return Tag(token.kind, token.text, token.text)
    if token.kind == "op":
        names = {">": ">", ">=": ">=", "≥": ">=", "<": "<", "<=": "<=", "≤": "<=", "=": "==", "==": "=="}
        return Tag("op", token.text, names.get(token.text, "!="))
    if token.kind == "quoted":
        return _quoted(token.text, words)
    if token.kind == "sign" and token.text in "?!.;,:":
        return Tag("sep", token.text, token.text)
    if token.kind == "sign" and token.text in "()":
        return Tag("stop", token.text)
    return None


def _quoted(text: str, words: Vocabulary) -> Tag:
    """Something in quotes: a column, a value, a file's name, a frame, else a literal text."""
    if column := words.column(text):
        return Tag("column", text, [column])
    values = _values(text, words, exact=True)
    if values:
        return Tag("value", text, values)
    columns = _columns(text, words.frame, _SHORT)
    if columns:
        return Tag("column", text, columns)
    if text in words.frame_names:
        return Tag("frame", text, text)
    return Tag("literal", text, text)


def _match(text: str, words: Vocabulary, before: list[Tag], length: int) -> Tag | None:
    """The meaning of a run of words, if it has one."""
    pieces = tuple(canon(piece) for piece in text.split())
    meaning = _LEXICON.get(pieces)
    kind, _, value = (meaning or "").partition(":")
    chosen = words.choices.get(" ".join(pieces))
    if (
        chosen is not None
        and (column := words.column(chosen))
        and not any(c == column for c, _ in _values(text, words))
    ):
        return Tag("column", text, [column])
    # The name of a frame is no abbreviation of a column, nor another form of its verb: visits is not visited.
    columns = _columns(text, words.frame, _SAME if text in words.frame_names else _SHORT)
    if columns and not (meaning and length == 1 and _grammatical(kind, text, columns)):
        return Tag("column", text, columns)
    if meaning and len(text) == 2 and text.isupper() and not _found_in(text, words) and _after_place(before):
        return Tag("unknown", text)
    if meaning and text.isupper() and _written_so(text, words, before):
        return Tag("value", text, [pair for pair in _values(text, words) if pair[1] == text])
    found = _value_tag(text, pieces, words, before) if not (meaning and kind in _GRAMMAR) else None
    if found:
        return found
    if _is_frame(text, words):
        return Tag("frame", text, next(name for name in words.frame_names if _same_frame(text, name)))
    if meaning:
        value, _, extra = value.partition(":")
        return Tag(kind, text, value, extra)
    if length == 1 and not text[0].isdigit() and pieces[0] not in FILLERS:
        parts = _columns(text, words.frame, _PART)
        if parts and len(pieces[0]) > 1 and pieces[0] not in MONTHS and text.casefold() not in UNITS:
            return Tag("column", text, parts)
    elif length > 1:
        parts = _columns(text, words.frame, _PART)
        if parts and not any(_LEXICON.get((piece,)) for piece in pieces[:1] + pieces[-1:]):
            return Tag("column", text, parts)
    return None


def _grammatical(kind: str, text: str, columns: list[Column]) -> bool:
    """Whether a single word that is both grammar and a column is rather grammar: ``count`` or ``mean`` mostly are."""
    if kind == "freq" and text.casefold().endswith("ly"):
        return True
    if kind in ("freq", "data", "cols", "valueword", "task", "period", "ref"):
        return not any(canon(join(text)) == canon(join(column.name)) for column in columns) and kind != "freq"
    return kind in _GRAMMAR


def _columns(text: str, frame: Frame, worst: int) -> list[Column]:
    """The columns that a phrase fits best, none worse than ``worst``."""
    best: dict[int, list[Column]] = {}
    for column in frame.columns:
        tier = _tier(text, column.name)
        if tier is not None and tier <= worst:
            best.setdefault(tier, []).append(column)
    return best[min(best)] if best else []


@lru_cache(maxsize=20_000)
def _tier(text: str, name: str) -> int | None:
    """How well a phrase fits a column's name: 0 is the name itself; None is not at all."""
    if text == name or (join(text) and join(text) == join(name)):
        return _EXACT
    said = text.replace("_", " ").casefold().split()
    if not said or said[0] in FILLERS or said[-1] in FILLERS:
        return None
    spoken = [canon(word) for word in said if word not in FILLERS]
    spoken = [piece for word in spoken for piece in [join(word)] if piece]
    every, core = column_words(name)
    if not spoken or not core:
        return None
    if sorted(spoken) in (sorted(core), sorted(every)) or "".join(spoken) == "".join(core):
        return _SAME
    initials = "".join(word[0] for word in every)
    if len(every) > 1 and len(spoken) == 1 and len(initials) > 2 and spoken[0] == initials:
        return _SHORT
    if len(core) == 1 and len(spoken) > 1 and core[0] == "".join(word[0] for word in spoken):
        return _SHORT
    if len(spoken) == len(core) and _abbreviated(spoken, core):
        return _SHORT
    if len(core) == len(spoken) == 1 and len(spoken[0]) >= 4 and core[0][1:] == spoken[0]:
        return _PART
    if set(spoken) < set(core) or (len(spoken) == len(core) == 1 and same_stem(spoken[0], core[0])):
        return _PART
    return None


def _abbreviated(spoken: list[str], core: list[str]) -> bool:
    """Whether each spoken word goes with another word of the name, in whatever order."""
    left = list(core)
    for word in spoken:
        match = next((other for other in left if abbreviates(word, other) or same_root(word, other)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _values(text: str, words: Vocabulary, exact: bool = False) -> list[tuple[Column, Any]]:
    """The columns in which a phrase is a value, with the value as it is written there."""
    found: list[tuple[Column, Any]] = []
    for name, value in words.lookups.get(text.casefold(), ()):
        if (looked_up := words.column(name)) is not None and all(owner != looked_up for owner, _ in found):
            found.append((looked_up, value))
    if found:
        return found
    for column in words.frame.columns:
        for value in (*column.values, *column.examples):
            if isinstance(value, str) and (
                _same_value(text, value) if not exact else text.casefold() == value.casefold()
            ):
                found.append((column, value))
                break
    return found


@lru_cache(maxsize=20_000)
def _same_value(text: str, value: str) -> bool:
    """Whether a phrase names a value: its letters, a plural, an adjective (``rainy``), a word for it (``women``)."""
    one, other = text.casefold(), value.casefold()
    if one in (other, f"{other}s", f"{other}es") or (join(one) and join(one) == join(other)):
        return True
    spoken, written = [canon(word) for word in one.split()], [canon(word) for word in column_words(value)[0]]
    if spoken == written:
        return True
    if len(spoken) == 1:
        if other in VALUE_WORDS.get(spoken[0], ()):
            return True
        if one.endswith("y") and len(other) >= 3 and one in (f"{other}y", f"{other}{other[-1]}y"):
            return True
    return False


def _found_in(text: str, words: Vocabulary) -> bool:
    """Whether a text is a value, written exactly so."""
    return any(pair[1] == text for pair in _values(text, words))


def _after_place(before: list[Tag]) -> bool:
    """Whether a code such as ``OR`` or ``IN`` may follow: ``airports in OR``."""
    return bool(before) and before[-1].kind in ("in", "from", "column", "op")


def _written_so(text: str, words: Vocabulary, before: list[Tag]) -> bool:
    """Whether a word in capitals that also means something (``IT``, ``A``) is rather the value that is written so."""
    if not _found_in(text, words):
        return False
    kinds = [tag.kind for tag in before[-2:]]
    beside = kinds[-1:] in (["column"], ["op"], ["value"], ["not"], ["versus"], ["in"], ["from"])
    return len(text) > 1 or beside or (len(kinds) > 1 and kinds[-1] in ("and", "or") and kinds[0] == "value")


def _value_tag(text: str, pieces: tuple[str, ...], words: Vocabulary, before: list[Tag]) -> Tag | None:
    """A tag for a value; very short values count only where a value is to be expected."""
    values = _values(text, words)
    if len(text) <= 2:
        expected = bool(before) and before[-1].kind in ("column", "op", "verb", "value", "in", "from")
        exact = [pair for pair in values if pair[1] == text]
        if text.isupper() and pieces[0] in VALUE_WORDS:
            return Tag("value", text, values) if values else None
        values = exact if expected else []
    return Tag("value", text, values) if values else None


def _same_frame(text: str, name: str) -> bool:
    """Whether a phrase is a frame's name, or its singular or plural."""
    return text == name or (
        len(name) > 1 and [canon(word) for word in text.split()] == [canon(w) for w in name.split("_")]
    )


def _is_frame(text: str, words: Vocabulary) -> bool:
    return any(_same_frame(text, name) for name in words.frame_names)


def _leftover(token: Token, words: Vocabulary) -> Tag:
    """A token that fits nothing as it stands: a number, a misspelling, or unknown."""
    text, word = token.text, canon(token.text)
    if token.kind == "number":
        plain = text.replace(",", "").replace("$", "")
        return Tag("number", text, float(plain) if any(sign in plain for sign in ".eE") else int(plain))
    if token.kind == "quantile":
        return Tag("quantile", text, float(text[:-2]))
    if token.kind == "sign":
        return Tag("share" if text == "%" else "stop", text)
    if text.casefold().startswith("p") and text[1:].isdigit() and int(text[1:]) < 100:
        return Tag("agg", text, f"q{int(text[1:]) / 100:g}")
    if word in MONTHS:
        return Tag("month", text, MONTHS[word])
    if word in _ORDINALS:
        return Tag("ordinal", text, _ORDINALS[word])
    if word in _NUMBERS:
        return Tag("number", text, _NUMBERS[word])
    if text.casefold() in UNITS or word in UNITS:
        return Tag("unit", text, text.casefold())
    if word in ENTITIES and _plausible(word, words.frame):
        return Tag("entity", text, word)
    return Tag("unknown", text) if word in FOREIGN else _respelt(text, word, words)


def _plausible(word: str, frame: Frame) -> bool:
    """Whether the rows of this frame may well be such things."""
    names = {piece for column in frame.columns for piece in column_words(column.name)[0]}
    names |= {canon(piece) for piece in frame.name.split("_")}
    return any(
        hint in names or any(hint in name for name in names if len(hint) > 3) for hint in (*ENTITIES[word], word)
    )


def _respelt(text: str, word: str, words: Vocabulary) -> Tag:
    """The nearest known word to a misspelt one; unknown when there is none, or several."""
    if "_" in text or len(word) >= 5:
        columns = [column for column in words.frame.columns if similar(join(text), join(column.name))]
        if columns:
            return Tag("column", text, columns, "respelt")
    columns = [c for c in words.frame.columns if any(similar(word, piece) for piece in column_words(c.name)[1])]
    if columns:
        return Tag("column", text, columns, "respelt")
    values = [
        (column, value) for column in words.frame.columns for value in column.values
        if isinstance(value, str) and similar(word, value.casefold())
    ]  # fmt: skip
    if len(values) == 1:
        return Tag("value", text, values, "respelt")
    near = {meaning for phrase, meaning in _LEXICON.items() if len(phrase) == 1 and similar(word, phrase[0])}
    if len(near) == 1 and word not in ENTITIES:
        kind, _, value = near.pop().partition(":")
        value, _, extra = value.partition(":")
        return Tag(kind, text, value, extra)
    return Tag("unknown", text)


def meaning_of(word: str) -> str:
    """The kind of meaning a single word has in the lexicon; empty when it has none."""
    return _LEXICON.get((canon(word),), "").partition(":")[0]


def single(tag: Tag, hint: tuple[str, ...] = ()) -> Column:
    """The one column a tag stands for; ``hint`` are words of an attribute that may tell several apart.

    Raises:
        Ambiguous: It may be several.
    """
    columns: list[Column] = tag.value
    if len(columns) > 1 and hint:
        columns = [c for c in columns if set(column_words(c.name)[0]) & set(hint)] or columns
    if len(columns) > 1:
        raise Ambiguous(" ".join(canon(piece) for piece in tag.text.split()), tuple(c.name for c in columns))
    return columns[0]
