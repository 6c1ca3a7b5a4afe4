"""Two lists become one: weighed, thinned out, neighbours put together, and judged by the words of the question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aether_nb.knowledge.fusing import best_of, coverage, fuse, joined, thinned
from harness.retrieval import hit


def test_scores_are_stretched_and_weighed() -> None:
    """Each list counts from its least to its most; what both have found gets both parts, and keeps both scores."""
    text = [replace(hit(name, score), legs={"text": score}) for name, score in (("a", 9.0), ("b", 5.0), ("c", 1.0))]
    vectors = [replace(hit(name, score), legs={"vector": score}) for name, score in (("b", 0.8), ("d", 0.2))]
    found = fuse(text, vectors)
    assert [(one.id, round(one.score, 3)) for one in found] == [("b", 0.8), ("a", 0.4), ("c", 0.0), ("d", 0.0)]
    assert found[0].legs == {"text": 5.0, "vector": 0.8}


def test_one_list_is_enough() -> None:
    """Without vectors, or without words, the other list is all there is; one that is alone is the best there is."""
    text = [hit("a", 7.0), hit("b", 3.0)]
    assert [(one.id, one.score) for one in fuse(text, [])] == [("a", 1.0), ("b", 0.0)]
    assert [one.score for one in fuse([], [hit("x", 0.1)])] == [1.0]
    assert fuse([], []) == []


def test_several_queries_count_by_their_best() -> None:
    """A chunk that one query finds is as good as that query says, whatever the others say."""
    found = best_of([[hit("a", 0.9), hit("b", 0.2)], [hit("b", 1.0), hit("c", 0.1)]])
    assert [(one.id, one.score) for one in found] == [("b", 1.0), ("a", 0.9), ("c", 0.1)]


def test_no_document_takes_all_places() -> None:
    """Three chunks of a document at most; the others make room."""
    hits = [hit(f"a{n}", doc="a.md", order=n) for n in range(5)] + [hit("b")]
    assert [one.id for one in thinned(hits)] == ["a0", "a1", "a2", "b"]


def test_neighbours_are_one_passage() -> None:
    """Chunks that follow one another stand together in their order, in the place of the best; others stay apart.

    The empty line between two that was cut off is there again.
    """
    hits = [
        replace(hit("a2", 0.9, doc="a.md", order=2, start=20, end=29), legs={"vector": 0.5}),
        hit("b0", 0.8, doc="b.md"),
        replace(hit("a1", 0.7, doc="a.md", order=1, start=10, end=19), legs={"vector": 0.6, "text": 2.0}),
        hit("a4", 0.6, doc="a.md", order=4),
    ]
    first, second, third = joined(hits)
    assert (first.text, first.start, first.end, first.score) == ("a1\na2", 10, 29, 0.9)
    assert first.legs == {"vector": 0.6, "text": 2.0}
    assert (second.id, third.id) == ("b0", "a4")
    (gap,) = joined([hit("c1", doc="c.md", start=1, end=2), hit("c2", doc="c.md", order=1, start=4, end=5)])
    assert (gap.text, gap.start, gap.end) == ("c1\n\nc2", 1, 5)


@pytest.mark.parametrize(
    ("query", "text", "share"),
    [
        ("How do I merge tables?", "Merging a table with another one", 1.0),
        ("KeyError in read_csv", "read_csv raises a KeyError when", 1.0),
        ("group rows by weekday and hour", "Groups of rows are made", 0.5),
        ("group by weekday", "Groups are made by hour", 0.0),
        ("bake bread", "Merging tables", 0.0),
        ("what is it", "anything", 0.0),
        ("camelCaseName", "the camel case of a name", 0.75),
    ],
)
def test_how_much_of_a_question_a_text_has(query: str, text: str, share: float) -> None:
    """Telling words count, in any of their forms; those that every text has do not, nor does one of several."""
    assert coverage(query)(text) == pytest.approx(share)
