"""The benchmarks of recall: what they count is right, and what they found still holds."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from math import log2
from pathlib import Path
from types import ModuleType

import pytest

from harness.retrieval import hit, local


def loaded(name: str) -> ModuleType:
    """A benchmark, as a module."""
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recall, chunking = loaded("recall"), loaded("chunking")


def test_quality_counts_where_the_right_one_stands() -> None:
    """First, third, seventh, eleventh and missing: each counts as its measure says, and no more."""
    others = [f"o{n}" for n in range(12)]
    ranking = {
        "a": ["a", *others], "b": [*others[:2], "b"], "c": [*others[:6], "c"], "d": [*others[:10], "d"], "e": others,
    }  # fmt: skip
    found = recall.quality(ranking)
    assert found.ndcg == pytest.approx((1 + 1 / log2(4) + 1 / log2(8)) / 5)
    assert found.recall == pytest.approx(2 / 5)
    assert found.mrr == pytest.approx((1 + 1 / 3 + 1 / 7) / 5)


def test_ranks_are_added() -> None:
    """What both lists have comes before what one has first."""
    one, two, three = hit("a"), hit("b"), hit("c")
    assert [found.id for found in recall.by_rank([one, two], [three, two])] == ["b", "a", "c"]


def test_docstrings_are_cut_out_of_code_and_the_lines_stay_right() -> None:
    """A question is never answered by its own docstring; the lines of its answer are those of the code that is left."""
    body = "\n".join(f"    x{n} = {n}" for n in range(9))
    source = f'"""Module."""\nimport os\n\n\ndef f():\n    """Say what the function is for, in a sentence."""\n{body}\n'
    text, found = chunking._bare(source)
    assert "Say what" not in text
    assert "Module" not in text
    ((question, first, last),) = found
    assert question == "Say what the function is for, in a sentence."
    assert text.splitlines()[first - 1 : last] == body.splitlines()
    parts = chunking.windows(40)("f.py", text)
    assert "".join(part.text for part in parts) == text
    assert (parts[0].start, parts[-1].end) == (1, len(text.splitlines()))


@pytest.mark.full
def test_both_ways_find_more_than_either_and_than_ranks(figure: Callable[[str, str], None]) -> None:
    """Hybrid beats words, vectors and added ranks on thousands of docstrings, by a margin that is no accident."""
    local()
    count, found = recall.measured(2_000, 600)
    for way, one in found.items():
        figure(f"recall of {count} docstrings, {way}", f"nDCG@10 {one.ndcg:.3f}, recall@5 {one.recall:.3f}")
    ours = found["min-max, 60% vectors"]
    for other in ("words", "vectors", "ranks added (RRF, 60)"):
        assert ours.ndcg > found[other].ndcg + 0.005
        assert ours.mrr > found[other].mrr + 0.005


@pytest.mark.full
def test_definitions_under_a_header_are_found_best(figure: Callable[[str, str], None]) -> None:
    """Of code that is cut at its definitions, with a header, more is found and shown than of windows of characters."""
    local()
    count, found = chunking.measured(30)
    for way, one in found.items():
        figure(f"{count} questions about code, {way}", f"first {one.first:.3f}, coverage {one.coverage:.3f}")
    ours = found["definitions with header"]
    for other in ("windows of 1,000", "windows of 2,000"):
        assert ours.five > found[other].five
        assert ours.coverage > found[other].coverage + 0.05
