"""What every embedder promises: a vector for each text, the same each time, of its own length, and like for like."""

from __future__ import annotations

import math

from aether_nb.knowledge.material import Embedder


class EmbedderContract:
    """Subclasses have a fixture ``embedder``."""

    def test_a_vector_for_each_text_in_their_order(self, embedder: Embedder) -> None:
        """Together or alone, first or last: a text's vector is its own."""
        texts = ["merge two tables on a key", "draw a line", "merge the tables by their key"]
        together = embedder.embed(texts)
        assert [len(vector) for vector in together] == [embedder.dimensions] * 3
        for text, vector in zip(texts, together, strict=True):
            (alone,) = embedder.embed([text])
            assert all(abs(a - b) < 1e-5 for a, b in zip(alone, vector, strict=True))
        assert len(embedder.embed([])) == 0

    def test_vectors_can_be_searched(self, embedder: Embedder) -> None:
        """Finite, not zero, of length one where it says so, and like texts lie nearer than unlike ones."""
        one, two, other = (list(map(float, v)) for v in embedder.embed(["merge tables", "merge my tables", "red sky"]))
        for vector in (one, two, other):
            assert math.isfinite(sum(vector))
            assert math.hypot(*vector) > 0
            assert not embedder.normalised or abs(math.hypot(*vector) - 1) < 1e-5
        assert _cosine(one, two) > _cosine(one, other)

    def test_any_text_has_a_vector(self, embedder: Embedder) -> None:
        """Nothing, signs, other scripts, and more than it can read at once."""
        texts = ["", " \n", "!?", "機械学習", "x" * 5_000, "many words " * 3_000]
        assert all(math.isfinite(sum(map(float, vector))) for vector in embedder.embed(texts))

    def test_it_says_what_it_is(self, embedder: Embedder) -> None:
        """A name that no other embedder has, and how much of a text it reads."""
        assert embedder.id.strip()
        assert embedder.max_tokens > 0


def _cosine(one: list[float], two: list[float]) -> float:
    return sum(a * b for a, b in zip(one, two, strict=True)) / math.hypot(*one) / math.hypot(*two)
