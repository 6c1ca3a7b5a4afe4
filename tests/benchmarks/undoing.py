"""What an undo point costs before a call, as ratios to copying the same data in the same process.

    python tests/benchmarks/undoing.py [--rows 1000000] [--rounds 7]

A frame of 11 columns of numbers (88 MB for a million rows), against ``copy.deepcopy`` of it; and 500 variables of all
sorts, all of which the code may reach, in milliseconds of CPU. Every figure is the least of its rounds, in CPU time;
the exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd

from aether_nb.live.undo import Before

FRAME_TARGET = 0.1
"""Of the time that a deep copy takes."""
MANY_TARGET = 20.0
"""Milliseconds."""


def least(function: Callable[[], Any], rounds: int) -> float:
    """Milliseconds of CPU."""
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        function()
        taken.append((time.process_time() - begun) * 1000)
    return min(taken)


def many(count: int = 500) -> dict[str, Any]:
    """A notebook with so many variables."""
    random = np.random.default_rng(1)
    makers: list[Callable[[int], Any]] = [
        lambda n: pd.DataFrame({"a": random.random(1000), "b": ["x", "y"] * 500}),
        lambda n: random.random(1000),
        lambda n: list(range(1000)),
        lambda n: {f"k{i}": [i] for i in range(20)},
        lambda n: n,
        lambda n: f"text {n}",
        lambda n: {1, 2, n},
        lambda n: pd.Series(range(100)),
        lambda n: (n, [n]),
        lambda n: {"rows": [{"id": i} for i in range(10)]},
    ]
    return {"__name__": "__main__"} | {f"v{n}": makers[n % len(makers)](n) for n in range(count)}


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    frame = pd.DataFrame(np.random.default_rng(1).random((options.rows, 11)), columns=[f"c{n}" for n in range(11)])
    copied = least(lambda: copy.deepcopy(frame), options.rounds)
    point = least(lambda: Before.of({"df": frame}, "df['c0'] = 0"), options.rounds)
    print(f"{'frame':<8} deepcopy {copied:8.2f} ms   point {point:8.2f} ms   ratio {point / copied:.3f}")
    namespace = many()
    all_of_them = least(lambda: Before.of(namespace, "globals()"), options.rounds)
    print(f"{'many':<8} {len(namespace) - 1} variables        point {all_of_them:8.2f} ms")
    return int(point > FRAME_TARGET * copied or all_of_them > MANY_TARGET)


if __name__ == "__main__":
    sys.exit(main())
