"""Cells as people write them, each run as a call, undone and done once more."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from aether_nb.live.undo import Before
from harness.examples import documented, notebooks
from harness.undoing import picture

MOST_MISSED = 0.05
"""Of the cells; of them it is said that they cannot be undone."""


def run_cells(cells):
    """Run cells as calls in one namespace; how many there were, of how many it was said that they cannot be undone."""
    namespace, missed = {"__name__": "__main__", "pd": pd, "np": np, "pl": pl}, 0
    for code in cells:
        states = [picture(namespace)]
        before = Before.of(namespace, code)
        quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
        with quiet[0], quiet[1], contextlib.suppress(Exception, SystemExit, KeyboardInterrupt):
            exec(compile(code, "<cell>", "exec"), namespace)
        done = before.close(namespace)
        states.append(picture(namespace))
        missed += bool(done.missed)
        again = done.undo(namespace)
        states.append(picture(namespace))
        again.undo(namespace)
        states.append(picture(namespace))
        if not done.missed:
            assert states[2][0] == states[0][0], f"undo of {code!r}"
            assert states[3][0] == states[1][0], f"redo of {code!r}"
    return len(cells), missed


def check(groups, figure, what):
    """The law over groups of cells."""
    counts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, cells in groups:
            environment = dict(os.environ)
            try:
                counts.append(run_cells(cells))
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error
            finally:
                os.environ.clear()
                os.environ.update(environment)
    total, missed = map(sum, zip(*counts, strict=True))
    figure(f"undo: {what}, said to be not undoable", f"{missed} of {total:,} cells, 0 wrong")
    assert total and missed <= MOST_MISSED * total, (missed, total)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What examples write goes into a folder that is thrown away."""
    monkeypatch.chdir(tmp_path)


def test_examples_of_libraries_are_undone(figure):
    """A sample of what pandas, numpy, polars, scipy and scikit-learn show of themselves."""
    check(list(documented())[::40], figure, "examples of libraries (sample)")


@pytest.mark.full
@pytest.mark.parametrize("part", range(10))
def test_all_examples_of_libraries_are_undone(part, figure):
    """All of them, in ten parts."""
    check(list(documented())[part::10], figure, f"examples of libraries (part {part + 1} of 10)")


def test_installed_notebooks_are_undone(figure):
    """The notebooks that lie in installed packages, cell by cell."""
    check(notebooks(), figure, "notebooks in installed packages")
