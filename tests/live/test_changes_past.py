"""Writes into a large table past its library: noticed, or it is said that nobody can tell; never unnoticed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from aether_nb.live.changes import compare, photograph, photographs
from aether_nb.live.reading import names_in, writes_past

ROWS = 400_000


def frame(rows: int = ROWS) -> pd.DataFrame:
    """More than a megabyte, of numbers and categories."""
    data = {"a": np.arange(rows, dtype=float), "c": pd.Categorical(np.array(["x", "y"])[np.arange(rows) % 2])}
    return pd.DataFrame(data)


def changed(code: str, **variables: Any) -> dict[str, str]:
    """What is told of the variables after the code ran."""
    namespace = {"np": np, "pd": pd, **variables}
    before = photograph(namespace, names_in(code), writes_past(code))
    exec(code, namespace)
    return {change.name: change.what for change in compare(before, namespace)}


@pytest.mark.parametrize(
    "code",
    [
        "df['a'].array[7] = -1.0",
        "df['c'].array[7] = 'x'",
        "df['c'].values[7] = 'x'",
        "values = df['a'].array; values[7] = -1.0",
        "numbers = df['a'].to_numpy(); numbers.setflags(write=True); numbers[7] = -1.0",
        "df._mgr.blocks[0].values[0, 7] = -1.0",
    ],
)
def test_one_value_of_a_large_frame_is_noticed(code: str) -> None:
    """pandas does not notice it, and its buffers stay where they are: they are read."""
    assert changed(code, df=frame())["df"] == "changed"


def test_of_a_huge_frame_it_is_said_that_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large to be read is not called unchanged; another frame that the code cannot reach is left alone."""
    monkeypatch.setattr(photographs, "SURELY", 500_000)  # as if it were a hundred times as large
    assert changed("df['a'].array[7] = 1.0", df=frame(), other=frame()) == {"df": "unknown"}


def test_ordinary_code_is_not_taken_for_such() -> None:
    """Reading values, or writing by the means of the library, costs nothing more and is told as before."""
    for code in ("df.values.sum()", "x = df['a'].to_numpy()", "df.loc[7, 'a'] = 1.0", "df['b'] = df['a'].values"):
        assert not writes_past(code)
    assert changed("total = df['a'].values.sum()", df=frame()) == {"total": "added"}
    assert changed("df.loc[7, 'a'] = -1.0", df=frame()) == {"df": "changed"}
    assert not writes_past("this is no Python")
