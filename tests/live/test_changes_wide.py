"""What telling of a wide table costs: its columns, and not their square. Instructions are counted, not seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from aether_nb.live.changes import compare, photograph
from harness.instructions import instructions

FEW, MANY = 24, 120
MOST = 1.1
"""Times the growth of a table by which the cost of telling may grow."""
KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
}


def wide(columns: int, prefix: str = "c") -> pd.DataFrame:
    """A table of so many columns, and a key."""
    named = {f"{prefix}{n}": np.arange(6.0) * n for n in range(columns)}
    return pd.DataFrame({**named, "key": [1, 2, 3, 4, 5, 6]})


def keyless(columns: int) -> pd.DataFrame:
    """One of texts, which has no key."""
    return wide(columns, "t").drop(columns="key").astype("str")


CASES: dict[str, Callable[[pd.DataFrame], dict[str, pd.DataFrame]]] = {
    "a column more": lambda frame: {"v": frame.assign(more=1.0)},
    "other values": lambda frame: {"v": frame + 1},
    "other types": lambda frame: {"v": frame.astype("float32")},
    "all renamed": lambda frame: {"v": frame.add_suffix("_r")},
    "half of them gone": lambda frame: {"v": frame.iloc[:, len(frame.columns) // 2 :]},
    "twice as many": lambda frame: {"v": pd.concat([frame, frame.add_suffix("_z")], axis=1)},
    "joined": lambda frame: {"m": frame.merge(wide(len(frame.columns) - 1, "o"), on="key")},
    "side by side": lambda frame: {"m": pd.concat([frame, keyless(len(frame.columns) - 1)], axis=1)},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_table_is_told_in_the_time_of_its_columns(kind: str, case: str) -> None:
    """Five times the columns cost about five times as much, whatever became of them."""

    def cost(columns: int) -> int:
        frame = wide(columns)
        tables = {"v": frame, "w": wide(columns, "o"), "x": keyless(columns)}
        namespace = {name: KINDS[kind](table) for name, table in tables.items()}
        before = photograph(namespace, tables)
        namespace |= {name: KINDS[kind](table) for name, table in CASES[case](frame).items()}
        assert compare(before, namespace)  # what is made once, is made
        return instructions(lambda: compare(before, namespace))

    few, many = cost(FEW), cost(MANY)
    assert many / few <= MOST * MANY / FEW, (few, many)
