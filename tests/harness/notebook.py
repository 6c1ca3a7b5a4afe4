"""A notebook's namespace with the usual imports, frames and containers, and with things whose code nobody read."""

from __future__ import annotations

import io
import os
import pathlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler


class Robot:
    """An object of the user's that nobody read."""

    def go(self) -> None: ...


def helper(x: Any) -> Any:
    return x


def count() -> Iterator[int]:
    yield 1


def notebook() -> dict[str, object]:
    """A fresh one."""
    days = pd.date_range("2020-01-01", periods=6)
    df = pd.DataFrame({"a": [1, 2, 3, 4, 5, 6], "b": [2.0] * 6, "g": list("xyxyxy"), "day": days, "open": [1] * 6})
    return {
        "pd": pd, "np": np, "os": os, "df": df, "penguins": df.copy(), "arr": np.arange(6), "lst": [1, 2],
        "d": {"k": [1]},
        "n": 5, "name": "g", "helper": helper, "robot": Robot(), "Robot": Robot, "model": LinearRegression(),
        "place": pathlib.Path("x"), "stream": io.StringIO(), "gen": count(), "db": sqlite3.Connection, "s": df["a"],
        "danger": os.system, "reader": pd.read_csv, "writer": df.to_csv, "fns": [os.system], "words": ["mean", "sum"],
        "robots": [Robot()], "paths": [pathlib.Path("a")], "nested": [[1], [2]], "scaler": StandardScaler(),
        "odd": pd.DataFrame({"a": [1], "f": [len], "p": [pathlib.Path("x")]}), "handle": io.TextIOWrapper(io.BytesIO()),
        "canvas": matplotlib.figure.Figure().add_subplot(), "execvp": os.execvp, "Path": pathlib.Path,
    }  # fmt: skip
