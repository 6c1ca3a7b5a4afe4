"""Answering from documents: the passages that were found, quoted with their places, and not a word more.

No language model reads them, so nothing is concluded from them: a person is shown the sentences that have most of the
question's words, and told where they stand.
"""

from __future__ import annotations

import re
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

NOTHING = (
    "Your documents say nothing about that, as far as I can find it: nothing relevant is kept. What is in there: "
    "`%aether know`."
)

HEAD = re.compile(r"^\d+\. \[(?P<place>[^\]\n]+)\](?P<about>[^\n]*)$", re.MULTILINE)
SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\s|$)|\n|$)")
WORD = re.compile(r"\w{3,}")
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
    quotes = [f"{_quote(passage, talk.prompt)}\n\n— {_source(passage)}" for passage in passages[:SHOWN]]
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
    """The passage, or the part of it round the sentence with most of the question's words, as a quotation."""
    text = passage.text
    if len(text) > LONGEST:
        wanted = {word.lower() for word in WORD.findall(question)}
        sentences = list(SENTENCE.finditer(text))
        best = max(sentences, key=lambda one: len(wanted & {word.lower() for word in WORD.findall(one.group())}))
        begin = max(0, text.rfind("\n\n", 0, best.start()) + 2 if best.start() > LONGEST // 2 else 0)
        cut = text[begin : begin + LONGEST]
        text = ("… " if begin else "") + cut + (" …" if begin + LONGEST < len(text) else "")
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
