"""Joining: which two frames a request wants joined, on which columns, and what is asked of the joined rows.

A join is wanted in words (``join orders and customers on customer_id``), or by a question that names columns of two
frames which share a key. What the keys hold, and whether the join is safe, is not known here: it has to be counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from aether_nb.models.analyst.code import columns_of
from aether_nb.models.analyst.intents import INTENTS
from aether_nb.models.analyst.matching import Vocabulary
from aether_nb.models.analyst.namespace import Column, Frame, Namespace
from aether_nb.models.analyst.parsing import parse
from aether_nb.models.analyst.phrasing import listed
from aether_nb.models.analyst.question import Ambiguous, Join, Question, Unclear
from aether_nb.models.analyst.words import canon, tokenise

__all__ = ["asked_join", "implied_join", "joined_frame", "named_elsewhere", "questions_of", "shared"]

_CONJUNCTION = r"\s*(?:,|\band\b|\bwith\b|\bto\b|\bonto\b|&)\s*(?:with\s+)?"
_NOUN = r"(?:the\s+)?(?:(?:frames?|tables?|dataframes?)\s+)?"
_HOW = r"(?P<{0}>inner|left|right|outer|full)(?:\s+outer)?"
_SEEING = re.compile(
    r"(?:show|tell|check|say|report|count|see|give|me|us|the|a|how|many|result|rows?|counts?|first|few|five|5|what|"
    r"changed|happened|happens|was|were|is|are|lost|whether|if|any|get|gets|got|fan-out|fan|out|before|and|after|"
    r"unmatched|there|which|key|keys|unique|uniqueness|of|it|in|each|by|for|to|joined|frame|does|do|did|that|"
    r"multiplied|multiply|dropped|duplicated|compare|no|match|have|without|partner|left|remain|sizes?|much|[\s,;.:?!])*",
    re.IGNORECASE,
)
"""A wish to see what a join does to the rows: it is always told."""


_COUNTED = r"\b(how many|number of|count of|count|share of|percentage of|fraction of|most|fewest)"
_CALLED = re.compile(
    r"[,;]?\s*(?:and\s+)?(?:(?:call|name)\s+(?:it|the\s+result)|(?:keep|save)\s+(?:it|the\s+result)\s+as)\s+`?([^\W\d]\w*)`?(?![\w.])",
    re.IGNORECASE,
)
"""A name for the joined frame."""


def asked_join(prompt: str, names: Namespace) -> Join | None:
    """The join that a request wants in so many words; None when it wants none.

    Raises:
        Unclear: It wants one that cannot be read, or of frames that share no key.
    """
    text = re.sub(r"^(?:please|now|can you|could you)\s+", "", prompt.strip().rstrip(".?!"), flags=re.IGNORECASE)
    frames = {frame.name.casefold(): frame for frame in names.frames}
    name = "|".join(re.escape(frame) for frame in sorted(frames, key=len, reverse=True))
    source = re.search(
        rf"[,;]?\s+(?:with|taking|using)\s+(?:the\s+)?[\w ]+?\s+(?:from|of|in)\s+{_NOUN}`?({name})`?$", text, re.I
    )
    if source and not re.match(r"(?:join|merge)", text, re.IGNORECASE):
        return _sourced(text[: source.start()], frames[source[1].casefold()], names)
    match = re.match(
        rf"(?:do\s+)?(?:an?\s+)?(?:{_HOW.format('how')}[\s-]+)?(?:join|merge|combine)\s+{_NOUN}`?(?P<left>{name})`?"
        rf"(?P<together>{_CONJUNCTION})(?:the\s+)?`?(?P<right>{name})`?(?!\w)(?P<more>.*)$",
        text, re.IGNORECASE | re.DOTALL,
    ) or re.match(
        rf"`?(?P<left>{name})`?\s+(?:{_HOW.format('how')}\s+)?join(?P<together>s|ed)?(?:\s+with)?\s+`?(?P<right>{name})`?(?!\w)(?P<more>.*)$",
        text, re.IGNORECASE | re.DOTALL,
    )  # fmt: skip
    if match is None:
        return None
    left, right = frames[match["left"].casefold()], frames[match["right"].casefold()]
    if left is right:
        raise Unclear("a frame is not joined with itself here")
    on, more = _keys(left, right, match["more"])
    how, more = _how(match["how"], more, left, right)
    called = _CALLED.search(more)
    more = _CALLED.sub("", more)
    rest = re.sub(r"^(?:\s*[,;.:]\s*|\s*\b(?:and|then)\b\s*)+", "", more).strip()
    if re.match(rf"(?:with\s+)?`?(?:{name})`?(?!\w)", rest, re.IGNORECASE):
        raise Unclear("I join two frames at a time")
    rest = "" if _SEEING.fullmatch(rest) else rest
    return _asking(Join(left, right, on, how, name=called[1] if called else ""), rest)


def implied_join(prompt: str, frames: Sequence[Frame]) -> list[Join]:
    """The joins after which a question could be answered, because it names columns of both frames."""
    found = []
    for left, right in combinations(frames, 2):
        try:
            join = _asking(Join(left, right, shared(left, right)), prompt)
            if _answers(join):
                found.append(join)
        except Unclear:
            continue
    return found


def _answers(join: Join) -> bool:
    """Whether the join answers what is asked: with columns of both frames, or by a name that both have.

    Raises:
        Unclear: It cannot be read.
    """
    try:
        return _both_sides(join, _parsed(join))
    except Ambiguous as problem:
        both = {f"{name}_{frame.name}" for name in _same(join) for frame in (join.left, join.right)}
        return set(problem.options) <= both


def questions_of(join: Join) -> list[Question] | None:
    """What is asked of the joined rows; None when a name in it stands for columns of both.

    Raises:
        Unclear: It cannot be read.
    """
    try:
        return _parsed(join)
    except Ambiguous:
        return None


def _parsed(join: Join) -> list[Question]:
    """What is asked of the joined rows.

    Raises:
        Unclear: It cannot be read.
        Ambiguous: A name in it may be one of several columns.
    """
    return parse(join.rest, Vocabulary(joined_frame(join, "joined")), INTENTS)


def joined_frame(join: Join, name: str) -> Frame:
    """The frame that the join makes, as far as it can be known without making it."""
    same = _same(join)
    keys = {there.name for here, there in join.on if here.name == there.name}
    columns = [_suffixed(column, join.left, same) for column in join.left.columns if not column.index]
    columns += [
        _suffixed(column, join.right, same)
        for column in join.right.columns
        if not column.index and column.name not in keys
    ]
    return Frame(name, tuple(columns), None, len(columns))


def _same(join: Join) -> set[str]:
    """Names that both frames have, beside the keys."""
    keys = {there.name for here, there in join.on if here.name == there.name}
    return {column.name for column in join.left.columns} & {column.name for column in join.right.columns} - keys


def _suffixed(column: Column, frame: Frame, same: set[str]) -> Column:
    return replace(column, name=f"{column.name}_{frame.name}") if column.name in same else column


def _both_sides(join: Join, questions: Sequence[Question]) -> bool:
    """Whether a question uses columns of either frame that are no keys."""
    used = {column.name for question in questions for column in columns_of(question)}
    keys = {column.name for pair in join.on for column in pair}
    return all(
        used & ({column.name for column in frame.columns} - keys) or join.counted == frame.name
        for frame in (join.left, join.right)
    )


def named_elsewhere(prompt: str, frame: Frame, frames: Sequence[Frame]) -> list[tuple[str, str]]:
    """Columns that a prompt names by their whole names, and that only other frames have; with one of these frames."""
    said = f" {' '.join(token.text.casefold() for token in tokenise(prompt)).replace('_', ' ')} "
    own = {_folded(column) for column in frame.columns}
    return [
        (column.name, other.name)
        for other in frames
        for column in other.columns
        if f" {_folded(column)} " in said and _folded(column) not in own
    ]


def _folded(column: Column) -> str:
    return column.name.casefold().replace("_", " ")


def _sourced(text: str, source: Frame, names: Namespace) -> Join:
    """``sales per region, with the regions from shops``: the other frame is the one with which it can be answered.

    Raises:
        Unclear: None is, or several are.
    """
    others = [frame for frame in names.frames if frame is not source]
    found = [join for other in others for join in implied_join(text, (other, source))]
    if len(found) != 1:
        which = listed([join.left.name for join in found], "or")
        raise Unclear(f"{source.name} could be joined with {which}" if found else f"nothing to join {source.name} with")
    return found[0]


def _asking(join: Join, rest: str) -> Join:
    """The join with what is asked of it, in words that speak of columns only; whose rows are counted is kept apart."""
    counted = ""
    for frame in (join.left, join.right):
        name = rf"`?{re.escape(frame.name)}`?(?!\w)"
        count = rf"{_COUNTED}\s+(?:the\s+|all\s+)?{name}"
        if re.search(count, rest, re.IGNORECASE):
            counted = frame.name
            rest = re.sub(count, r"\1 rows", rest, flags=re.IGNORECASE)
        where = r"\s+(?:in|from|of|over|across|for)\s+(?:the\s+)?(?:frames?\s+|tables?\s+)?"
        other = join.right.name if frame is join.left else join.left.name
        rest = re.sub(rf"{where}{name}(?:\s+and\s+`?{re.escape(other)}`?(?!\w))?", "", rest, flags=re.IGNORECASE)
    return replace(join, rest=rest.strip(), counted=counted)


def _keys(left: Frame, right: Frame, more: str) -> tuple[tuple[tuple[Column, Column], ...], str]:
    """The columns the frames meet in: those that are named, else the one they share; and the words after them.

    Raises:
        Unclear: They are not in both frames, or hold different kinds.
    """
    match = re.match(
        r"\s*,?\s*(?:on|by|using|via|over|along)\s+(?:the\s+)?(?:(?:key|column)s?\s+)?", more, re.IGNORECASE
    )
    if match is None or re.match(r"\s*,?\s*using\s+an?\s", more, re.IGNORECASE):
        return shared(left, right), more
    at, found = match.end(), list[tuple[Column, Column]]()
    while (step := next(_named(left, right, more[at:]), None)) is not None:
        here, there, length = step
        found.append((here, there))
        at += length
        again = re.match(r"\s*(?:,|\band\b|,\s*and\b)\s*(?=\S)", more[at:])
        if again is None or next(_named(left, right, more[at + again.end() :]), None) is None:
            break
        at += again.end()
    if not found:
        raise Unclear(f"'{more[at:].split(',')[0].strip()[:40]}' is no column of both {left.name} and {right.name}")
    for here, there in found:
        if not _alike(here, there):
            raise Unclear(f"{here.name} holds {here.kind} in {left.name} and {there.kind} in {right.name}")
    return tuple(found), more[at:]


def _named(left: Frame, right: Frame, text: str) -> Iterator[tuple[Column, Column, int]]:
    """The pairs of columns that a text begins with, the longest names first, and how long that is."""
    for here in sorted(left.columns, key=lambda column: -len(column.name)):
        begin = re.match(rf"`?(?:{re.escape(left.name)}\.)?{_spelt(here.name)}`?(?!\w)", text, re.IGNORECASE)
        if begin is None or here.index:
            continue
        for there in right.columns:
            given = re.match(
                rf"\s*(?:==?|equals)\s*`?(?:{re.escape(right.name)}\.)?{_spelt(there.name)}`?(?!\w)",
                text[begin.end() :], re.IGNORECASE,
            )  # fmt: skip
            if given:
                yield here, there, begin.end() + given.end()
        same = next((column for column in right.columns if column.name == here.name and not column.index), None)
        if same is not None:
            yield here, same, begin.end()


def _spelt(name: str) -> str:
    return re.escape(name).replace("_", "[ _]")


def _alike(here: Column, there: Column) -> bool:
    """Whether the values of two columns can be equal."""
    kinds = {"text" if "text" in column.kind else column.kind for column in (here, there)}
    return len(kinds) == 1 and "broken" not in kinds


def shared(left: Frame, right: Frame) -> tuple[tuple[Column, Column], ...]:
    """The column that two frames share, or that one calls ``id`` and the other by the frame's name.

    Raises:
        Unclear: There is none, or it is not clear which.
    """
    other = {column.name: column for column in right.columns if not column.index}
    same = [(column, other[column.name]) for column in left.columns if column.name in other and not column.index]
    pairs = [pair for pair in same if _alike(*pair)]
    telling = [pair for pair in pairs if re.search(r"(?:^|_)(?:id|code|key|no|sku)$|[a-z]Id$", pair[0].name)]
    if len(telling) == 1 and telling[0][0].name.casefold() != "id":
        return (telling[0],)
    if len(pairs) == 1 and pairs[0][0].name.casefold() != "id":
        return (pairs[0],)
    crossed = [pair for pair in _crossed(left, right) if _alike(*pair)]
    if len(crossed) == 1:
        return (crossed[0],)
    names = [pair[0].name for pair in pairs]
    if not names:
        raise Unclear(f"{left.name} and {right.name} share no column to join on")
    raise Unclear(f"{left.name} and {right.name} share {listed(names)}; say on which to join them")


def _crossed(left: Frame, right: Frame) -> list[tuple[Column, Column]]:
    """``customer_id`` of one frame and ``id`` of the frame ``customers``."""
    found = []
    for one, two in ((left, right), (right, left)):
        wanted = f"{canon(two.name)}_id"
        pairs = [(a, b) for a in one.columns for b in two.columns if a.name.casefold() == wanted and b.name == "id"]
        found += pairs if one is left else [(b, a) for a, b in pairs]
    return found


def _how(said: str | None, more: str, left: Frame, right: Frame) -> tuple[str, str]:
    """Which rows are kept, and the text without the words for it."""
    found = re.search(
        rf"\s*,?\s*(?:with|as|using|by)\s+an?\s+{_HOW.format('how')}\s+join|\s*,?\s*how\s*=\s*['\"]?(?P<code>\w+)['\"]?",
        more,
        re.I,
    )
    keeping = re.search(
        rf"\s*,?\s*(?:and\s+)?keep(?:ing)?\s+(?:all|every)(?:\s+(?:the\s+)?rows?)?(?:\s+of)?\s+(?:the\s+)?`?({re.escape(left.name)}|{re.escape(right.name)})`?(?!\w)",
        more, re.IGNORECASE,
    )  # fmt: skip
    if found:
        said, more = found["how"] or found["code"], more[: found.start()] + more[found.end() :]
    elif keeping:
        said = "left" if keeping[1].casefold() == left.name.casefold() else "right"
        more = more[: keeping.start()] + more[keeping.end() :]
    how = {"full": "outer"}.get((said or "").casefold(), (said or "").casefold())
    if how not in ("", "inner", "left", "right", "outer"):
        raise Unclear(f"I know no join '{how}'")
    return how, more
