"""What tests of recall need: hits, an embedder of word counts, and the local one where its weights are installed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aether_nb.knowledge import weights
from aether_nb.knowledge.embed import Local, Thresholds
from aether_nb.knowledge.material import Hit
from harness.embedding import DIMENSIONS, vector

__all__ = ["Words", "hit", "local"]


def hit(id: str, score: float = 0.0, *, doc: str = "", order: int = 0, **more: Any) -> Hit:
    """A hit of a document of its own, unless one is named."""
    doc = doc or f"{id}.md"
    values = {"title": "", "kind": "text", "scope": "", "start": order + 1, "end": order + 1, "text": id} | more
    return Hit(id, doc, doc, score=score, order=order, **values)


class Words:
    """An embedder whose vectors count words: what shares words lies near. It says what it was given."""

    id, dimensions, normalised, max_tokens = "words-1", DIMENSIONS, False, 512
    thresholds = Thresholds(0.25, 0.35)

    def __init__(self, id: str = "words-1") -> None:
        self.id = id
        self.given: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text."""
        self.given += texts
        return [vector(text) for text in texts]


def local() -> Local:
    """The local embedder; the test is left out where its weights are not installed."""
    folder = weights.find(os.environ, Path("nowhere"))
    if folder is None:
        pytest.skip(f"could not import the weights: {weights.GET}")
    return Local(folder)
