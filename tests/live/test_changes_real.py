"""What is told of real code: examples and notebooks that ship inside installed packages, cell by cell."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from harness import cells

ROOT = Path(__file__).parents[2]


def shares(counts: Counter[str]) -> str:
    """What was counted, in a line."""
    unknown = counts["unknown"] / max(counts["reach"], 1)
    wrong = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("missed", "false", "unseen"))
    told = f"{counts['cells']} cells, {counts['variables']} variables looked at, {counts['reach']} within reach"
    return f"{told}; {counts['judged']} judged: {wrong}; could not tell {unknown:.1%}"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # examples leave files open
def test_documented_examples_are_told_as_a_full_comparison_tells_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Any, full: bool
) -> None:
    """Of the examples in the docstrings of pandas, polars, numpy and others no change is missed and none is made up."""
    monkeypatch.chdir(tmp_path)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    end = time.monotonic() + (1_200 if full else 6)
    for name, code in cells.documented(1 if full else 23):
        if time.monotonic() > end:
            break
        namespace: dict[str, Any] = {"np": np, "pd": pd, "pl": pl, "__name__": "__main__"}

        def run(source: str, namespace: dict[str, Any] = namespace) -> None:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                exec(source, namespace)

        with warnings.catch_warnings(action="ignore"):
            wrong += [f"{name}: {one}" for one in cells.judge(code, namespace, run, counts)]
    figure("changes: documented examples", shares(counts))
    assert not wrong
    assert counts["changed"] and counts["unknown"] < 0.05 * counts["reach"]


@pytest.mark.full
def test_notebooks_are_told_as_a_full_comparison_tells_them(figure: Any) -> None:
    """The same for our own notebooks and for all that installed packages bring."""
    paths = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *cells.notebooks()]
    command = [sys.executable, cells.__file__, "1200", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1_500, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    counts, wrong = json.loads(done.stdout.splitlines()[-1])
    counts = Counter(counts)
    figure("changes: notebooks that ship inside packages", f"{counts['notebooks']} notebooks, {shares(counts)}")
    assert not wrong
    assert counts["unknown"] <= 0.05 * counts["reach"]
