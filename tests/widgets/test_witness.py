"""What a saved notebook says of its runs is read back, and nothing else is taken for it."""

from __future__ import annotations

from aether_nb.widgets.blocks import View
from aether_nb.widgets.transcript import bundle
from aether_nb.widgets.witness import noted

CHAIN = "0123456789abcdef" * 4


def test_the_hash_that_a_transcript_shows_is_read_back() -> None:
    """Whole from the HTML, its beginning where there is only text; a run without one says nothing."""
    data = bundle(View(run="7f3", prompt="q", outcome="done", ended=1.0, chain=CHAIN))
    assert f"chain {CHAIN[:16]}" in data["text/plain"] and CHAIN[:17] not in data["text/plain"]
    book = {"cells": [{"outputs": [{"data": data}]}, {"outputs": [{"data": {"text/plain": [data["text/plain"]]}}]}]}
    assert noted(book) == [("7f3", CHAIN), ("7f3", CHAIN[:16])]
    assert noted({"cells": [{"outputs": [{"text": "aether · Done · run 7f3 · chain 0123456789abcdef\n"}]}]}) == [
        ("7f3", CHAIN[:16])
    ]
    bare = bundle(View(run="7f3", prompt="q", outcome="done", ended=1.0))
    assert noted({"cells": [{"outputs": [{"data": bare}]}]}) == []


def test_what_is_no_notebook_says_nothing() -> None:
    """Whatever lies in the file."""
    for odd in ({}, {"cells": 1}, {"cells": [1, {"outputs": 1}, {"outputs": [1, {"data": {"text/plain": 1}}]}]}):
        assert noted(odd) == []
