"""The summary's bounds, in counts: they are the same on every machine. Times are measured in tests/benchmarks."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from aether_nb.live import profiling
from aether_nb.live.guard import hook
from aether_nb.live.inspecting import inspect
from aether_nb.live.profiling import profile
from aether_nb.live.summary import BUDGET, summarize
from harness.tokens import tokens

TOKENS = 4_000
WIDE = {f"c{n}": [f"t{n}"] * 2_000 for n in range(1_000)}
"""A thousand columns of text."""


@pytest.fixture(autouse=True, scope="module")
def heard() -> None:
    """Python's audit hook is there, as after an agent's first call: what it is told of counts as a call, too."""
    hook._install()


def calls(function: Callable[[], object]) -> int:
    """How many functions are called, those in C included: what is done, whatever machine does it."""
    count = 0

    def counted(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    function()  # what is found out once is not counted
    gc.collect()  # nor is what becomes of the things of earlier tests
    gc.disable()
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        function()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def frame(rows: int) -> pd.DataFrame:
    """A frame as people have it."""
    number = np.arange(rows)
    return pd.DataFrame(
        {
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(number, unit="min"),
            "shop": np.array(["Oslo", "Rome", "Bern"])[number % 3],
            "price": number / 7,
            "count": number % 9,
            "code": number.astype(str),
        }
    )


def thin(rows: int) -> pd.DataFrame:
    """A frame that takes a byte a row and column."""
    code = np.zeros(rows, np.int8)
    code[::1_000] = 7
    return pd.DataFrame({"code": code, "flag": code > 0}, copy=False)


def mixed() -> dict[str, Any]:
    """Five hundred variables of all kinds."""
    makers: list[Callable[[int], Any]] = [
        lambda n: n,
        lambda n: n / 7,
        lambda n: f"a text, the {n}th " * 20,
        lambda n: list(range(1_000)),
        lambda n: {"model": {"layers": [1, 2, {"n": n}]}, "tags": {"a", "b"}},
        lambda n: np.ones((100, 100)) * n,
        lambda n: frame(500),
        lambda n: lambda x, y=n: x + y,
        lambda n: type(f"Made{n}", (), {"size": n}),
        lambda n: pl.DataFrame({"a": [n]}),
    ]
    return {f"variable_{n}": makers[n % len(makers)](n) for n in range(499)}


@pytest.mark.parametrize("question", ["", "How do price and shop go together in variable_6 and big?"])
def test_five_hundred_variables_and_a_hundred_million_rows(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They fit into 4,000 tokens, nothing is left unnamed, and no more is done than for a handful of rows."""
    namespace = {"big": thin(100_000_000), **mixed()}
    found = summarize(namespace, question)
    assert tokens(found.text) <= TOKENS
    assert len(found.text.encode()) <= BUDGET
    assert len(found.names) == 500
    small = {**namespace, "big": thin(10_000)}
    monkeypatch.setattr("aether_nb.live.summary.SECONDS", 60.0)  # counted, it takes longer: neither is cut short
    done = calls(lambda: summarize(namespace, question))
    assert done <= 1.5 * calls(lambda: summarize(small, question))
    assert done <= 200_000


def test_what_is_mentioned_is_told_in_full_among_five_hundred() -> None:
    """A frame that the question names has all its columns and comes first, however many other variables there are."""
    lines = summarize(mixed() | {"shops": frame(50)}, "Which shops are there?").text.splitlines()
    assert lines[1] == "- shops: pandas.DataFrame, 50 rows × 5 columns"
    assert [line.split(":")[0] for line in lines[2:7]] == [f"  - {name}" for name in frame(1)]


@pytest.mark.parametrize(
    "make", [thin, lambda rows: pl.DataFrame({"a": np.zeros(rows, np.int8)})], ids=["pandas", "polars"]
)
def test_growth_with_rows_is_flat(make: Callable[[int], Any]) -> None:
    """A hundred million rows take no more steps than a million, and at most half as many again as ten thousand."""
    few, more, many = ({"data": make(rows)} for rows in (10_000, 1_000_000, 100_000_000))
    done = calls(lambda: summarize(many, "data"))
    assert done <= 1.5 * calls(lambda: summarize(few, "data"))
    assert done <= 1.1 * calls(lambda: summarize(more, "data"))


def test_a_repeated_array_of_a_hundred_million_rows_is_not_made() -> None:
    """A broadcast array is looked at where it is: no more values are read than of a small one."""
    many = np.broadcast_to(np.arange(3.0), (100_000_000, 3))
    few = np.broadcast_to(np.arange(3.0), (10_000, 3))
    assert calls(lambda: summarize({"x": many})) <= 1.5 * calls(lambda: summarize({"x": few}))
    assert "shape 100000000×3, ~3 distinct: 0.0, 1.0, 2.0" in summarize({"x": many}).text


@pytest.mark.parametrize(
    "value",
    [
        frame(50_000),
        pd.DataFrame(np.random.default_rng(0).random((2_000, 1_000))),
        pd.DataFrame(WIDE),
        pl.DataFrame({f"c{n}": [n] for n in range(1_000)}),
        pa.table({f"c{n}": [n] for n in range(1_000)}),
        pd.DataFrame({f"c{n}": np.array([f"t{n}"] * 2_000, object) for n in range(1_000)}, dtype=object),
        *(pd.DataFrame(WIDE).astype(kind) for kind in ("string[python]", "string[pyarrow]", "category")),
        {f"k{n}": {"a": [n]} for n in range(100_000)},
        set(range(1_000_000)),
        "x" * 10_000_000,
        "字" * 1_000_000,
        pd.DataFrame({"字" * 1_000: ["文" * 1_000] * 50}),
        [[[["deep"] * 100] * 100] * 100] * 100,
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_single_variable_is_bounded(value: object) -> None:
    """However long, wide or deep it is, a variable takes so many steps and so much text, mentioned or not.

    Which way pandas keeps text depends on its version and on what else was imported, so each way is tried.
    """
    for question in ("", "data"):
        found = summarize({"data": value}, question)
        assert len(found.text.encode()) <= BUDGET and tokens(found.text) <= TOKENS
        assert calls(lambda question=question: summarize({"data": value}, question)) <= 16_000
    assert len(inspect("data", value).text.encode()) <= 24_000


def test_exact_counting_has_its_limit() -> None:
    """What all variables together may count is limited: after that, figures carry the tilde of a sample."""
    many = {f"v{n}": pd.DataFrame({"a": np.arange(400_000.0)}) for n in range(40)}
    lines = [line for line in summarize(many).text.splitlines() if line.startswith("  - a")]
    assert lines[0] == "  - a: float64, 0.0 … 399999.0"
    assert lines[-1] == "  - a: float64, ~0.0 … 399999.0"


def test_a_profile_looks_at_so_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure of a profile comes from the same bounded number of rows, and that is said."""
    monkeypatch.setattr(profiling, "ROWS", 1_000)
    text = profile("data", frame(20_000)).text
    assert "20000 rows × 5 columns; the figures come from 1000 rows, spread evenly (~)" in text
    few, many = frame(1_001), frame(100_000)
    assert calls(lambda: profile("data", many)) <= 1.1 * calls(lambda: profile("data", few))
