"""What it takes to describe a namespace: CPU time, characters, tokens, and how both grow with the data.

    python tests/benchmarks/namespace.py [--rounds 15] [--rows 100000000]

Five hundred variables of all kinds, a frame of 100 million rows among them; then variables one by one, small and big.
CPU time is the least of the rounds, in milliseconds; beside it what ``%whos``-like naming of the types takes (the
floor), and their ratio. Tokens are estimated on the high side, for no tokenizer is at hand. The exit code is 1 when a
target is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from aether_nb.live.describing.words import type_name
from aether_nb.live.inspecting import inspect
from aether_nb.live.profiling import profile
from aether_nb.live.summary import summarize
from harness.tokens import tokens

ALL_TARGET, ONE_TARGET, TOKEN_TARGET, GROWTH_TARGET = 40.0, 2.0, 4_000, 1.5
"""Milliseconds for all variables and for any one, tokens, and the ratio of 1e8 rows to 1e4."""

Point = make_dataclass("Point", ["x", "y"])


def big_frame(rows: int) -> pd.DataFrame:
    """A frame of so many rows that takes little memory: its columns are of one byte a row."""
    codes = np.arange(rows, dtype=np.int8)
    return pd.DataFrame({"code": codes, "flag": codes > 60}, copy=False)


def mixed(rows: int) -> dict[str, Any]:
    """Five hundred variables."""
    random = np.random.default_rng(1)
    found: dict[str, Any] = {"big": big_frame(rows)}
    makers: list[Callable[[int], Any]] = [
        lambda n: n,
        lambda n: n / 7,
        lambda n: f"a text, the {n}th " * 20,
        lambda n: list(range(1_000)),
        lambda n: {"model": {"layers": [1, 2, {"n": n}]}, "tags": {"a", "b"}},
        lambda n: random.random((100, 100)),
        lambda n: frame(500),
        lambda n: lambda x, y=n: x + y,
        lambda n: type(f"Made{n}", (), {"size": n}),
        lambda n: Point(n, n),
    ]
    for n in range(499):
        found[f"variable_{n}"] = makers[n % len(makers)](n)
    return found


def frame(rows: int) -> pd.DataFrame:
    """A frame as people have it."""
    random = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "day": pd.date_range("2020-01-01", periods=rows, freq="min"),
            "shop": random.choice(["Oslo", "Rome", "Bern"], rows),
            "price": random.random(rows),
            "count": random.integers(0, 9, rows),
            "code": random.integers(0, rows, rows).astype(str),
        }
    )


def single(rows: int) -> dict[str, Any]:
    """Variables that are big or wide."""
    return {
        "frame of a million rows": frame(1_000_000),
        "frame of 100,000 rows": frame(100_000),
        "frame of 30,000 rows": frame(30_000),
        "frame of 1,000 rows": frame(1_000),
        "frame of 1,000 columns": pd.DataFrame(np.random.default_rng(3).random((2_000, 1_000))),
        "polars, a million rows": pl.from_pandas(frame(1_000_000)),
        "polars query": pl.from_pandas(frame(1_000)).lazy().filter(pl.col("count") > 3),
        "arrow, a million rows": pa.Table.from_pandas(frame(1_000_000)),
        "array of 200 MB": np.ones((5_000, 5_000)),
        "text of 10 MB": "x" * 10_000_000,
        "list of a million": list(range(1_000_000)),
        "dict of 100,000 dicts": {f"k{n}": {"a": [n]} for n in range(100_000)},
        "set of a million": set(range(1_000_000)),
        f"frame of {rows} rows": big_frame(rows),
    }


def least(function: Callable[[], Any], rounds: int) -> float:
    """Milliseconds of CPU."""
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        function()
        taken.append(time.process_time() - begun)
    return min(taken) * 1_000


def whos(namespace: Mapping[str, Any]) -> str:
    """The floor: every name and its type."""
    return "\n".join(f"{name}: {type_name(type(value))}" for name, value in namespace.items())


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    missed = 0
    print(f"{'what':<34}{'CPU ms':>9}{'floor':>9}{'ratio':>8}{'characters':>12}{'tokens':>8}  target")

    def row(what: str, ms: float, floor: float, text: str, target: float) -> None:
        nonlocal missed
        met = ms <= target and tokens(text) <= TOKEN_TARGET
        missed += not met
        ratio = f"{floor:9.3f}{ms / floor:8.1f}"
        print(f"{what:<34}{ms:9.2f}{ratio}{len(text):12}{tokens(text):8}  ≤ {target:g} ms {'' if met else 'MISSED'}")

    def described(what: str, namespace: dict[str, Any], question: str, target: float) -> None:
        floor = least(lambda: whos(namespace), options.rounds)
        ms = least(lambda: summarize(namespace, question), options.rounds)
        row(f"{what}{', mentioned' if question else ''}", ms, floor, summarize(namespace, question).text, target)

    everything = mixed(options.rows)
    for question in ("", "How do price and shop go together in variable_6 and big?"):
        described("500 variables", everything, question, ALL_TARGET)
    for name, value in single(options.rows).items():
        for question in ("", "what is in data?"):
            described(name, {"data": value}, question, ONE_TARGET)
    few, many = big_frame(10_000), big_frame(options.rows)
    growth = min(
        least(lambda: summarize({"x": many}), options.rounds) / least(lambda: summarize({"x": few}), options.rounds)
        for _ in range(3)
    )
    missed += growth > GROWTH_TARGET
    print(f"{options.rows} rows : 10000 rows = {growth:.2f}  ≤ {GROWTH_TARGET:g}")
    big = frame(1_000_000)
    print(f"inspect, a million rows {least(lambda: inspect('big', big), 3):.1f} ms")
    print(f"profile, a million rows {least(lambda: profile('big', big), 3):.1f} ms")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
