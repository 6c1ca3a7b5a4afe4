"""What telling changes costs: a photograph and a comparison of 500 variables, and how that grows with their rows.

    python tests/benchmarks/changes.py [--rounds 9] [--rows 10000000]

The variables are numbers, texts, lists, nested dicts, sets, arrays, small and large frames; the code names
four of them. Milliseconds of CPU, the least of the rounds. The floor is IPython's own ``%whos`` over the
same names in the same run. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd
import polars as pl
from IPython.core.interactiveshell import InteractiveShell

from aether_nb.live.changes import compare, photograph

TARGET = 20.0
"""Milliseconds for 500 variables, before and after a call together."""
GROWTH = 1.5
"""How much more a thousand times as many rows may cost."""
NAMED = ("large0", "large1", "v2", "v3")
"""What the code names."""


def namespace_of(rows: int) -> dict[str, Any]:
    """500 variables; four frames, a polars frame and a text column have so many rows."""
    random = np.random.default_rng(1)
    kinds: list[Callable[[int], Any]] = [
        lambda n: n,
        lambda n: f"text {n}",
        lambda n: list(range(50)),
        lambda n: {f"k{i}": i for i in range(20)},
        lambda n: n * 1.5,
        lambda n: {"a": [1, 2, {"b": (1, 2)}]},
        lambda n: (n, "a"),
        lambda n: np.arange(100),
        lambda n: {1, 2, 3},
        lambda n: pd.DataFrame({"a": np.arange(10), "b": list("abcdefghij")}) if n % 20 == 9 else [n],
    ]
    held = {f"v{n}": kinds[n % 10](n) for n in range(495)}
    numbers = random.random((rows, 5))
    held |= {f"large{n}": pd.DataFrame(numbers.copy(), columns=list("abcde")) for n in range(3)}
    held["texts"] = pd.DataFrame({"s": pd.Series(["a", "bc"] * (rows // 2))})
    held["polars"] = pl.DataFrame({"a": random.random(rows)})
    return held


def least(function: Callable[[], Any], rounds: int) -> float:
    """Milliseconds of CPU."""
    taken = []
    for _ in range(rounds):
        begun = time.thread_time()
        function()
        taken.append((time.thread_time() - begun) * 1000)
    return min(taken)


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=10_000_000)
    options = parser.parse_args()
    shell, costs = InteractiveShell.instance(), []
    for rows in (10_000, options.rows):
        held = namespace_of(rows)
        shell.user_ns.update(held)

        def whos() -> None:
            with redirect_stdout(io.StringIO()):
                shell.run_line_magic("whos", "")

        ours = least(lambda held=held: compare(photograph(held, NAMED), held), options.rounds)
        floor = least(whos, 3)
        costs.append(ours)
        print(f"{rows:>12,} rows  {ours:6.1f} ms  %whos {floor:6.1f} ms  ratio {ours / floor:5.2f}")
    growth = costs[1] / costs[0]
    print(f"growth with rows {growth:.2f}")
    return int(max(costs) > TARGET or growth > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
