"""How two lists of what was found become one: weighed, thinned out, neighbours put together. Pure functions of hits.

Each way of searching has scores of its own; both are stretched to 0…1 and added, six parts vectors to four parts words.
That weight was chosen by measuring (tests/benchmarks/recall.py): it finds more than either alone, and more than adding
up ranks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from aether_nb.knowledge.material import Hit

__all__ = ["best_of", "coverage", "fuse", "joined", "thinned"]

VECTOR_SHARE = 0.6
"""How much of a score comes from vectors; from 0.5 to 0.7 it makes no difference."""

EACH = 3
"""So many chunks of one document are shown at most."""

WORD = re.compile(r"[^\W_]+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
EMPTY_WORDS = frozenset(
    (
        "a about according after all also an and any are as at be been before but by can could did do does done for "
        "from get give had has have he her here him his how i if in into is it its just let like make many may me "
        "might more most much must my need no not now of on one only or other our out over please shall she should "
        "show so some such tell than that the their them then there these they this those to too up us use used using "
        "very want was way we well were what when where which while who whose why will with work works would you your"
    ).split()
)
ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s")


def fuse(text: Sequence[Hit], vectors: Sequence[Hit], share: float = VECTOR_SHARE) -> list[Hit]:
    """One list of what was found by words and by vectors, the best first; scores from 0 to 1.

    Args:
        text: Found by words, with ``legs["text"]``.
        vectors: Found by vectors, with ``legs["vector"]``.
        share: How much of a score comes from vectors.
    """
    found: dict[str, Hit] = {}
    scores: Counter[str] = Counter()
    both = bool(text) and bool(vectors)
    for hits, weight in ((text, 1 - share if both else 1.0), (vectors, share if both else 1.0)):
        for hit, score in zip(hits, _stretched([hit.score for hit in hits]), strict=True):
            known = found.get(hit.id)
            found[hit.id] = replace(known, legs={**known.legs, **hit.legs}) if known else hit
            scores[hit.id] += weight * score  # type: ignore[assignment]  # a Counter of floats
    return _ranked(replace(hit, score=float(scores[id])) for id, hit in found.items())


def _stretched(scores: Sequence[float]) -> list[float]:
    """Scores from 0, for the least, to 1, for the most; one that is alone is 1."""
    if not scores:
        return []
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def best_of(lists: Iterable[Sequence[Hit]]) -> list[Hit]:
    """One list of what several queries found: each chunk with the best of its scores."""
    found: dict[str, Hit] = {}
    for hit in (hit for hits in lists for hit in hits):
        known = found.get(hit.id)
        if known is None or hit.score > known.score:
            found[hit.id] = hit
    return _ranked(found.values())


def _ranked(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.path, hit.order))


def thinned(hits: Iterable[Hit], each: int = EACH) -> list[Hit]:
    """The hits, with at most ``each`` of one document."""
    seen: Counter[str] = Counter()
    kept = []
    for hit in hits:
        seen[hit.doc] += 1
        if seen[hit.doc] <= each:
            kept.append(hit)
    return kept


def joined(hits: Sequence[Hit]) -> list[Hit]:
    """The hits, with neighbours of one document put together in the place of the better one."""
    by_place = {(hit.doc, hit.order): hit for hit in hits}
    made: list[Hit] = []
    taken: set[tuple[str, int]] = set()
    for hit in hits:
        if (hit.doc, hit.order) in taken:
            continue
        first = last = hit.order
        while (hit.doc, first - 1) in by_place.keys() - taken:
            first -= 1
        while (hit.doc, last + 1) in by_place.keys() - taken:
            last += 1
        run = [by_place[hit.doc, order] for order in range(first, last + 1)]
        taken |= {(hit.doc, order) for order in range(first, last + 1)}
        made.append(_one(hit, run) if len(run) > 1 else hit)
    return made


def _one(hit: Hit, run: Sequence[Hit]) -> Hit:
    """Neighbours as one hit, which goes by the best of them."""
    legs = {leg: max(one.legs.get(leg, 0.0) for one in run) for leg in {leg for one in run for leg in one.legs}}
    text = run[0].text  # an empty line between two was cut off with them
    for before, one in pairwise(run):
        text += ("\n\n" if one.start - before.end > 1 else "\n") + one.text
    ends = (one.end for one in run)
    return replace(hit, text=text, start=run[0].start, end=max(ends), order=run[0].order, legs=legs)


def coverage(query: str) -> Callable[[str], float]:
    """Tells how much of what a query asks for stands in a text: the share of its telling words, from 0 to 1.

    One word of several is no sign of anything.
    """
    wanted = _stems(query)

    def share(text: str) -> float:
        there = len(wanted & _stems(text))
        return there / len(wanted) if there > 1 or there == len(wanted) > 0 else 0.0

    return share


def _stems(text: str) -> set[str]:
    """The telling words of a text without their endings; of a name in camelCase its parts, too."""
    words = {word.lower() for way in {text, CAMEL.sub(" ", text)} for word in WORD.findall(way)}
    return {_stem(word) for word in words - EMPTY_WORDS}


@lru_cache(maxsize=4096)  # the lines of a log have few words, again and again
def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word
