"""Changing: what a request wants dropped, kept or filled, and of which frame. It computes nothing.

``drop rows with missing price and show what changed``, ``remove duplicates and check``, ``fill missing age with the
median and compare before and after``. A request of which a word is left over is not guessed at.
"""

from __future__ import annotations

import re

from aether_nb.models.analyst.intents import INTENTS
from aether_nb.models.analyst.matching import Vocabulary, tag_tokens
from aether_nb.models.analyst.namespace import Column, Frame
from aether_nb.models.analyst.parsing import parse
from aether_nb.models.analyst.question import Ambiguous, Change, Condition, Unclear
from aether_nb.models.analyst.words import tokenise

__all__ = ["asks_change", "read_change"]

_ROWS = r"(?:rows?|records?|entries|entry|observations?|lines?)"
_DROP = r"(?:drop|remove|delete|exclude|discard|throw\s+(?:out|away)|get\s+rid\s+of|filter\s+out)"
_GONE = r"(?:missing|null|nan|empty|na|blank)"
_SMALL = r"(?:(?:the|all|any|every|exact|those|only|a|an|fully|full|other)\s+)*"
_ASKS = re.compile(
    rf"(?:{_DROP}|keep|fill(?:\s+in)?|impute|replace|deduplicate|dropna|drop_duplicates)\b", re.IGNORECASE
)
_POLITE = re.compile(r"^(?:(?:please|now|then|can you|could you|i want to|let us|let's)\s+)+", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:\s*[,;.:]\s*|\s+)(?:and\s+|then\s+|but\s+)*"
    r"(?=(?:show|check|compare|tell|report|see|say|give|verify|count|how|what|with\s+a\s+(?:check|comparison))\b)",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?:call|name)\s+(?:it|the\s+result|the\s+new\s+frame)\s+`?([^\W\d]\w*)`?", re.IGNORECASE)
_CHECKED = frozenset(
    "a after against and any are average averages before both by change changed changes check compare comparison "
    "count counts did difference differences do does dropped duplicates each effect every filled for frame give "
    "gone happened happens has have how if in is it it's kept left lost many me mean means missing much new number "
    "numbers of out please remain remains removed report result results row rows say see show size sizes summary "
    "tell that the then this to us value values verify versus vs was were what with you".split()
)
"""Words of a wish to see what changed: rows, missing values and means are always shown."""

_DUPLICATES = re.compile(
    rf"(?:{_DROP}\s+{_SMALL}(?:duplicate|duplicated|repeated)s?(?:\s+{_ROWS})?|deduplicate|drop_duplicates)"
    r"(?:\s+(?:by|on|in|based\s+on|with\s+the\s+same|with\s+respect\s+to|judged\s+by|of)\s+(?P<columns>.+))?",
    re.IGNORECASE,
)
_INCOMPLETE = re.compile(
    rf"(?:{_DROP}\s+{_SMALL}incomplete\s+{_ROWS}|dropna|keep\s+{_SMALL}complete\s+{_ROWS}"
    rf"|{_DROP}\s+{_SMALL}{_GONE}(?:\s+values?)?(?:\s+(?:in|of|for|from)\s+(?P<of>.+))?"
    rf"|{_DROP}\s+{_SMALL}{_ROWS}\s+(?:with|that\s+(?:have|contain)|which\s+have|having|containing)\s+{_SMALL}{_GONE}"
    r"(?:\s+(?:values?|data|entries|cells))?(?:\s+(?:in|of|for))?(?:\s+(?P<columns>.+))?"
    rf"|{_DROP}\s+{_SMALL}{_ROWS}\s+(?:where|whose|in\s+which|with)\s+(?P<where>.+?)\s+(?:is|are)\s+(?:both\s+)?{_GONE}"
    rf"|{_DROP}\s+{_SMALL}{_ROWS}\s+without\s+{_SMALL}(?P<without>.+))",
    re.IGNORECASE,
)
_FILL = re.compile(
    rf"(?:fill(?:\s+in)?|impute|replace)\s+{_SMALL}(?:{_GONE}|gaps)(?:\s+(?:values?|data|entries|cells))?"
    rf"(?:\s+(?:in|of|for))?(?:\s+(?P<columns>.+?))?(?:\s+(?:column|values))?\s+(?:with|by|using)\s+(?P<value>.+)",
    re.IGNORECASE,
)
_FILTER = re.compile(
    rf"(?P<verb>{_DROP}|keep)\s+{_SMALL}{_ROWS}\s+(?:of\s+)?(?P<test>(?:where|with|whose|in\s+which|that|which|from|of|in)\s+.+)",
    re.IGNORECASE,
)
_COLUMNS = re.compile(rf"{_DROP}\s+{_SMALL}(?:columns?\s+(?P<after>.+)|(?P<before>.+?)\s+columns?)", re.IGNORECASE)
_VALUE = re.compile(
    r"(?:the\s+|its\s+|their\s+|a\s+)*(?:(?P<stat>mean|average|median|mode|most\s+(?:frequent|common)(?:\s+value)?)"
    r"(?:\s+value)?(?:\s+of\s+(?:the|that|each)\s+column)?|(?P<number>[-+]?\d[\d,]*(?:\.\d+)?)|(?P<zero>zeros?)"
    r"|[\"'`](?P<text>[^\"'`]+)[\"'`]|(?P<word>unknown|none|other|n/a))",
    re.IGNORECASE,
)


def asks_change(prompt: str) -> bool:
    """Whether a request is for a change at all."""
    return _ASKS.match(_POLITE.sub("", prompt.strip())) is not None


def read_change(prompt: str, frame: Frame, names: tuple[str, ...]) -> Change:
    """The change of a frame that a request wants; ``names`` are the frames that it may name.

    Raises:
        Unclear: It is no such request, or a word of it cannot be placed.
        Ambiguous: A phrase may mean several columns.
    """
    body, name = _without_tail(_POLITE.sub("", prompt.strip().rstrip(".!?")))
    body = _without_frame(body, names)
    words = Vocabulary(frame, names)
    if found := _DUPLICATES.fullmatch(body):
        return Change(frame, "duplicates", _columns(found["columns"], words), name=name)
    if (found := _FILL.fullmatch(body)) is not None:
        return _filling(frame, _columns(found["columns"], words), found["value"].strip(), name)
    if re.match(r"(?:fill|impute|replace)\b", body, re.IGNORECASE):
        raise Unclear("say with what the gaps are to be filled: the mean, median or mode of the column, or a value")
    if found := _INCOMPLETE.fullmatch(body):
        said = next((text for text in found.groups() if text), None)
        every = re.search(r"\bboth\b|\ball of\b", body, re.IGNORECASE) is not None
        said = re.sub(r"\bboth\b|\beither\b|\ball of\b", "", said, flags=re.IGNORECASE) if said else None
        if not (found["where"] and re.search(r"\b(?:not|or|and)\b.*\b(?:is|are)\b", found["where"])):
            return Change(frame, "incomplete", _columns(said, words), every=every, name=name)
    if found := _FILTER.fullmatch(body):
        conditions = _conditions(found["test"], words)
        return Change(frame, "keep" if found["verb"].casefold() == "keep" else "drop", (), conditions, name=name)
    if found := _COLUMNS.fullmatch(body):
        return Change(frame, "columns", _columns(found["after"] or found["before"], words), name=name)
    raise Unclear("I drop, keep and fill rows by missing values, duplicates and conditions, and this I cannot read")


def _without_tail(text: str) -> tuple[str, str]:
    """The change itself, and the name for its result; the wish to see what changed is left out.

    Raises:
        Unclear: Something else is wanted as well.
    """
    name = _NAMED.search(text)
    text = _NAMED.sub("", text)
    text = re.sub(r"(?:\s*,)?(?:\s+(?:and|then))*\s*$", "", text)
    cut = _TAIL.search(text)
    if cut and cut.start():
        tail = re.findall(r"[^\s,;.:?!]+", text[cut.end() :])
        left = [word for word in tail if word.casefold() not in _CHECKED]
        if left:
            raise Unclear("I cannot place " + ", ".join(f"'{word}'" for word in left), tuple(left))
        text = text[: cut.start()]
    return text.strip(), name[1] if name else ""


def _without_frame(text: str, names: tuple[str, ...]) -> str:
    """The text without the frame's name."""
    for name in names:
        named = rf"`?{re.escape(name)}`?(?!\w)(?:\s+(?:frame|table|dataframe|data))?"
        where = r"\s+(?:in|from|of)\s+(?:the\s+)?(?:frame\s+|table\s+|dataframe\s+)?"
        text = re.sub(where + named, "", text, flags=re.IGNORECASE)
        text = re.sub(rf"^(deduplicate|dropna|drop_duplicates)\s+{named}", r"\1", text, flags=re.IGNORECASE)
    return re.sub(
        r"\s+(?:in|from|of)\s+(?:the|this|my)\s+(?:data|dataset|table|frame|dataframe)\b", "", text, flags=re.IGNORECASE
    ).strip()


def _columns(text: str | None, words: Vocabulary) -> tuple[Column, ...]:
    """The columns in a list of them.

    Raises:
        Unclear: There is something else in it.
        Ambiguous: A phrase may mean several columns.
    """
    found: list[Column] = []
    for tag in tag_tokens(tokenise(text or ""), words):
        if tag.kind == "column":
            if len(tag.value) > 1:
                raise Ambiguous(tag.text, tuple(column.name for column in tag.value))
            found.append(tag.value[0])
        elif tag.kind not in ("and", "cols", "valueword", "values", "row") and tag.text not in (",", "or"):
            raise Unclear(f"I cannot place '{tag.text}' among the columns", (tag.text,))
    if text and not found:
        raise Unclear(f"'{text}' names no column")
    if any(column.index or column.kind == "broken" for column in found):
        raise Unclear("one of these is the index, or a column that cannot be read")
    return tuple(dict.fromkeys(found))


def _conditions(text: str, words: Vocabulary) -> tuple[Condition, ...]:
    """The conditions in a phrase, read as those of a count are."""
    questions = parse(f"how many rows {text}", words, INTENTS)
    one = questions[0]
    if len(questions) > 1 or one.task != "count" or one.columns or one.keys or one.flags or not one.conditions:
        raise Unclear("I cannot read the condition")
    if any(condition.column is not None and condition.column.index for condition in one.conditions):
        raise Unclear("I do not drop rows by the index")
    return tuple(one.conditions)


def _filling(frame: Frame, columns: tuple[Column, ...], said: str, name: str) -> Change:
    """What the gaps are filled with, if that fits the columns.

    Raises:
        Unclear: It does not.
    """
    found = _VALUE.fullmatch(said)
    if found is None:
        raise Unclear(f"I fill gaps with the mean, median or mode of the column or with a value, not with '{said}'")
    stat = re.sub(r"most.*", "mode", (found["stat"] or "").casefold()).replace("average", "mean")
    text = found["text"] or found["word"]
    value = text or ("" if stat else _number(found["number"] or "0"))
    if not columns:
        if frame.partial:
            raise Unclear(f"{frame.name} has more columns than were described to me; name those you mean")
        kinds = ("text",) if text else ("number", "text", "bool") if stat == "mode" else ("number",)
        columns = tuple(c for c in frame.of_kind(*kinds) if c.missing and not c.index)
        if not columns:
            raise Unclear("no column that this would fit has gaps")
    for column in columns:
        fits = column.kind == "text" if text else column.kind == "number" or (stat == "mode" and column.kind == "text")
        if not fits:
            raise Unclear(f"{column.name} holds {column.kind}, and '{said}' does not fit it")
    return Change(frame, "fill", columns, stat=stat, value=value, name=name)


def _number(text: str) -> int | float:
    value = float(text.replace(",", ""))
    return int(value) if value.is_integer() else value
