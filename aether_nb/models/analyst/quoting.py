"""Answering from documents: the passages that were found, quoted with their places, and not a word more.

No language model reads them, so nothing is concluded from them: a person is shown the sentences that have most of the
question's words, and told where they stand.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from aether_nb.models.analyst.conversation import Conversation
from aether_nb.models.analyst.phrasing import plain
from aether_nb.models.analyst.script import Action, Plan, Script

__all__ = ["asks_documents", "quoted"]

TOOL = "recall"
SHOWN = 2
"""So many passages are quoted."""
LONGEST = 600
"""Characters of one quote."""
NEAR = 300
"""Characters within which the words of a question are looked for together."""

NOTHING = (
    "Your documents say nothing about that, as far as I can find it: nothing relevant is kept. What is in there: "
    "`%aether know`."
)

HEAD = re.compile(r"^\d+\. \[(?P<place>[^\]\n]+)\](?P<about>[^\n]*)$", re.MULTILINE)
WORD = re.compile(r"\w{2,}")
ENDING = re.compile(r"(?<=\w{3})(?:es|s|ed|ing)$")
MARKDOWN = re.compile(r"\.(?:md|markdown|mdx|qmd|rmd|ipynb)\b", re.IGNORECASE)
LAID_OUT = re.compile(r"^(?: {2,}|\t)\S|^>>> |^([=~^-])\1{3,}$", re.MULTILINE)
"""What Markdown would spoil: indented lines, examples of code, titles of reStructuredText."""
ASKS = re.compile(
    r"\b(?:according to|in|from|what does|what do) (?:the|my|our|these|this) (?:\w+ )?"
    r"(?:docs?|documents?|documentation|notes?|manual|guide|paper|pdf|handbook|sources?)\b(?: say)?(?: about|:|,)?",
    re.IGNORECASE,
)


class Passage(NamedTuple):
    """A passage as the tool tells it."""

    place: str
    about: str
    text: str


def asks_documents(talk: Conversation) -> bool:
    """Whether a question speaks of documents, and they can be looked up."""
    return TOOL in talk.tools and ASKS.search(talk.prompt) is not None


def quoted(talk: Conversation) -> Script:
    """Look the question up and quote what stands there; empty when nothing relevant does, or it cannot be looked up."""
    if TOOL not in talk.tools:
        return ""
    yield Plan((("Look it up in the documents", TOOL),))
    query = ASKS.sub(" ", talk.prompt).strip() or talk.prompt
    outcome = yield Action(TOOL, {"query": query}, "I look whether the documents say something about it.")
    passages = _passages(outcome.text) if outcome.status == "done" else []
    if not passages:
        return NOTHING if asks_documents(talk) else ""
    quotes = [f"{_quote(passage, query)}\n\n— {_source(passage)}" for passage in passages[:SHOWN]]
    more = [_source(passage) for passage in passages[SHOWN:]]
    also = [f"See also {', '.join(more)}."] if more else []
    said = "I am no language model, so I quote what your documents say and conclude nothing from it:"
    return "\n\n".join([said, *quotes, *also])


def _passages(text: str) -> list[Passage]:
    heads = list(HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
    return [
        Passage(head["place"], head["about"].strip(), text[head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
    ]


def _source(passage: Passage) -> str:
    changed = " (the document has changed since it was read)" if "has changed since" in passage.about else ""
    return f"[{plain(passage.place)}]{changed}"


def _quote(passage: Passage, question: str) -> str:
    """The passage, or the part of it that has most of the question's words, as a quotation; laid out as it was."""
    text = passage.text if len(passage.text) <= LONGEST else _part(passage.text, question)
    if LAID_OUT.search(text) and not MARKDOWN.search(passage.place):
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`+", text))])
        text = f"{fence}text\n{text}\n{fence}"
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _part(text: str, question: str) -> str:
    """Whole lines, from the paragraph on in which most of the question's words stand together, rare ones above all."""
    first, last = _nearest(text, {_stem(word) for word in WORD.findall(question)})
    paragraph = text.rfind("\n\n", 0, first) + 2 if "\n\n" in text[:first] else 0
    begins = (paragraph, text.rfind("\n", 0, first) + 1)
    begin = 0 if last <= NEAR else next((at for at in begins if last - at <= LONGEST), first)
    cut = text[begin : begin + LONGEST]
    if begin + LONGEST < len(text):
        least = max(LONGEST // 2, last - begin)
        cut = cut[: next((at for mark in ("\n\n", "\n", " ") if (at := cut.rfind(mark)) >= least), LONGEST)] + "\n…"
    return f"…\n{cut}" if begin else cut


def _nearest(text: str, wanted: set[str]) -> tuple[int, int]:
    """Where the words that are wanted stand together: the best place's first and last sign."""
    found = [(one, stem) for one in WORD.finditer(text) if (stem := _stem(one.group())) in wanted]
    often = Counter(stem for _, stem in found)
    best, place = 0.0, (0, 0)
    for at, (one, _) in enumerate(found):
        near = [(other, stem) for other, stem in found[at:] if other.end() - one.start() <= NEAR]
        worth, seen, end = 0.0, set[str](), one.end()
        for other, stem in near:
            if stem not in seen:
                seen.add(stem)
                worth, end = worth + 1 / often[stem], other.end()
        if worth > best or (worth == best and end - one.start() < place[1] - place[0]):
            best, place = worth, (one.start(), end)
    return place


def _stem(word: str) -> str:
    return ENDING.sub("", word.lower())
