"""Comparing embedders on questions about what is kept, in a copy of some passages: the index itself is only read.

Questions are given with the place of their answer, or made of what is kept: a heading asks for what stands under it, a
docstring's first sentence for the code. What a question was made of is taken out of all passages, for else the words
would be found and nothing else. How vectors are made is handed in. It knows no settings and no model.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log2
from pathlib import Path
from statistics import median
from typing import NamedTuple

from aether_nb.errors import KnowledgeMissing, ModelError, OptionError
from aether_nb.events.messages import Text
from aether_nb.knowledge.embed import Embed
from aether_nb.knowledge.fusing import fuse
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Chunk, Document, Embedder, Hit, data_of
from aether_nb.knowledge.recall import DEEP

__all__ = ["Material", "Quality", "Question", "Tried", "chosen", "generated", "given", "quality", "tried"]

QUESTIONS, PASSAGES = 100, 1_000
"""How many questions are asked, and among how many passages their answers are looked for."""

AT_ONCE = 32
PURPOSE = "a comparison of embedders"
HEADING = re.compile(r"^#{1,6} +(?P<words>.+?)\s*$", re.MULTILINE)
DOCSTRING = re.compile(r'(?:^|\n)[ \t]*[rRuU]?"""[ \t]*(?P<words>[A-Z][^"]{14,400}?)(?:\.(?=\s|""")|\n\s*\n|""")')
CODE = "python"
SHORTEST = 80
"""Characters that have to be left of a passage when its question is taken out of it."""


class Question(NamedTuple):
    """What is asked, and the ids of the passages that answer it."""

    text: str
    right: frozenset[str]


class Material(NamedTuple):
    """What embedders are compared on; ``passages`` are texts by the ids of their chunks."""

    questions: tuple[Question, ...]
    passages: Mapping[str, tuple[Hit, str]]


class Quality(NamedTuple):
    """Means over all questions: nDCG of the first ten, how often a right one is among five, 1/rank up to ten."""

    ndcg: float
    recall: float
    mrr: float


class Tried(NamedTuple):
    """How an embedder did. ``chunks`` is how many a second; ``why`` says what went wrong, when it did."""

    embedder: str
    quality: Quality = Quality(0.0, 0.0, 0.0)
    milliseconds: float = 0.0
    chunks: float = 0.0
    why: str = ""


def quality(ranks: Sequence[int]) -> Quality:
    """How good rankings are.

    Args:
        ranks: Of each question, where the first right passage stands, counted from 1; 0 where none does.
    """
    top = [rank if rank <= 10 else 0 for rank in ranks]
    count = max(1, len(top))
    return Quality(
        sum(1 / log2(rank + 1) for rank in top if rank) / count,
        sum(0 < rank <= 5 for rank in top) / count,
        sum(1 / rank for rank in top if rank) / count,
    )


# ---- the questions


def generated(hits: Sequence[Hit]) -> Material:
    """Questions made of what is kept, and all passages without what they were made of."""
    bare: dict[str, tuple[Hit, str]] = {}
    asked: list[tuple[str, str]] = []
    for hit in hits:
        found, rest = _parted(hit)
        bare[hit.id] = (hit, rest)
        if len(rest) >= SHORTEST:
            asked += [(words, hit.id) for words in found]
    often = Counter(words.casefold() for words, _ in asked)
    questions = (Question(words, frozenset((id,))) for words, id in asked if often[words.casefold()] == 1)
    return Material(tuple(questions), bare)


def _parted(hit: Hit) -> tuple[list[str], str]:
    """The questions that a passage answers, and the rest of it."""
    if hit.kind == CODE:
        found = [" ".join(match["words"].split()) for match in DOCSTRING.finditer(hit.text)]
        rest = DOCSTRING.sub(lambda match: match[0].replace(match["words"], "", 1), hit.text)
    else:
        found = [match["words"] for match in HEADING.finditer(hit.text)]
        rest = HEADING.sub("", hit.text)
    return [words for words in found if 2 <= len(words.split()) <= 40], rest.strip()


def given(text: str, hits: Sequence[Hit]) -> Material:
    """Questions that somebody wrote down, a line each: ``QUESTION => PLACE``, a place as answers cite it.

    Args:
        text: The lines; empty ones and those that begin with # are passed over.
        hits: All that is kept.

    Raises:
        OptionError: A line has no place.
        KnowledgeMissing: Nothing is kept at a place.
    """
    questions = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words, arrow, place = line.partition("=>")
        if not arrow or not words.strip() or not place.strip():
            raise OptionError(f"Line {number} says no place: {line[:60]!r}.", "", "QUESTION => docs/a.md:12-30")
        right = frozenset(_standing(place.strip().strip("[]"), hits))
        if not right:
            raise KnowledgeMissing(f"Line {number}: nothing is kept at {place.strip()!r}.", "", "%aether know")
        questions.append(Question(words.strip(), right))
    return Material(tuple(questions), {hit.id: (hit, hit.text) for hit in hits})


def _standing(place: str, hits: Sequence[Hit]) -> Iterator[str]:
    """The ids of the passages at a place: a path or the end of one, with lines or a page where some are meant."""
    match = re.fullmatch(r"(?P<path>.+?)(?:(?::|, \w+ )(?P<first>\d+)(?:-(?P<last>\d+))?)?", place)
    assert match is not None
    first = int(match["first"] or 0)
    last = int(match["last"] or first)
    for hit in hits:
        here = hit.path == match["path"] or hit.path.endswith(f"/{match['path']}")
        if here and (not first or (hit.start <= last and first <= hit.end)):
            yield hit.id


def chosen(material: Material, questions: int = QUESTIONS, passages: int = PASSAGES) -> Material:
    """As much of it as is tried: the same each time."""
    chance = random.Random(7)
    asked = material.questions
    if len(asked) > questions:
        asked = tuple(chance.sample(asked, questions))
    wanted = {id for question in asked for id in question.right}
    others = sorted(material.passages.keys() - wanted)
    room = max(0, passages - len(wanted))
    kept = wanted.union(others if len(others) <= room else chance.sample(others, room))
    return Material(asked, {id: material.passages[id] for id in sorted(kept)})


# ---- the trial


def tried(
    name: str,
    embedder: Embedder | None,
    embed: Embed,
    material: Material,
    folder: Path,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> Tried:
    """How well the questions are answered by words, and by what an embedder adds to them.

    Args:
        name: What the embedder goes by.
        embedder: None for words alone.
        embed: How vectors are made.
        material: Questions and passages.
        folder: A folder for the copy; the next embedder may have the same.
        progress: Told how many passages have vectors, how many there are, and the name.
    """
    total = len(material.passages)
    try:
        with Index.open(folder, embedder=embedder) as index:
            index.put_all(
                (Document(id, kind=hit.kind), (Chunk(text, hit.path),)) for id, (hit, text) in material.passages.items()
            )
            done, spent = 0, 0.0
            while embedder is not None and (rows := index.unembedded(AT_ONCE)):
                progress(done, total, name)
                begun = time.perf_counter()
                vectors = embed(embedder, [Text(row.text, data_of(row.kind)) for row in rows], PURPOSE)
                spent += time.perf_counter() - begun
                index.set_vectors([row.id for row in rows], vectors)
                done += len(rows)
            progress(total, total, name)
            index.tidy()
            ranks, times = zip(*(_asked(index, question, embed) for question in material.questions), strict=True)
    except ModelError as error:
        return Tried(name, why=f"{error.what} {error.why}".strip())
    return Tried(name, quality(ranks), median(times), done / spent if spent else 0.0)


def _asked(index: Index, question: Question, embed: Embed) -> tuple[int, float]:
    """Where the first right passage stands, 0 for nowhere; and how many milliseconds that took."""
    begun = time.perf_counter()
    found = index.text_search(question.text, DEEP)
    if index.embedder is not None:
        point = embed(index.embedder, [Text(question.text)], PURPOSE)[0]
        found = fuse(found, index.vector_search(point, DEEP))
    took = (time.perf_counter() - begun) * 1000
    return next((rank for rank, hit in enumerate(found, 1) if hit.path in question.right), 0), took
