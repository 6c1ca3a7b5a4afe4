"""Cells as people write them: the examples in the documentation of installed libraries, and installed notebooks."""

from __future__ import annotations

import doctest
import inspect
import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse
import sklearn.cluster
import sklearn.decomposition
import sklearn.ensemble
import sklearn.impute
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.tree
import statsmodels.api

SOURCES: tuple[Any, ...] = (
    pd, pd.DataFrame, pd.Series, pd.Index, pd.Categorical, np, np.ma, np.ndarray, np.random.RandomState, pl.DataFrame,
    pl.Series, scipy.sparse, sklearn.cluster, sklearn.decomposition, sklearn.ensemble, sklearn.impute,
    sklearn.linear_model, sklearn.pipeline, sklearn.preprocessing, sklearn.tree, statsmodels.api,
)  # fmt: skip
"""Modules and classes; the examples of all that they offer are taken."""

OUTSIDE = (
    "http",
    "sqlalchemy",
    "psycopg",
    "to_clipboard",
    "read_clipboard",
    "input(",
    "breakpoint",
    "show(",
    "s3://",
    "sleep",
)
"""What examples do that a test must not."""


def documented() -> Iterator[tuple[str, list[str]]]:
    """The examples of each documented thing, in order: its name, and its cells."""
    parser, seen = doctest.DocTestParser(), set[int]()
    for source in SOURCES:
        for name in sorted(dir(source)):
            thing = inspect.getattr_static(source, name)
            thing = getattr(source, name) if inspect.ismodule(source) else thing
            text = getattr(thing, "__doc__", None)
            if name.startswith("_") or inspect.ismodule(thing) or not isinstance(text, str) or id(thing) in seen:
                continue
            seen.add(id(thing))
            try:
                cells = [example.source for example in parser.get_examples(text)]
            except ValueError:  # it speaks of an option that only its own library knows
                continue
            if cells and not any(word in cell for cell in cells for word in OUTSIDE):
                yield f"{getattr(source, '__name__', source)}.{name}", cells


def notebooks() -> Iterator[tuple[str, list[str]]]:
    """The notebooks that lie in installed packages: path, and the cells that are plain Python."""
    folder = Path(sysconfig.get_paths()["purelib"])
    for path in sorted(folder.rglob("*.ipynb")):
        try:
            cells = json.loads(path.read_text(encoding="utf-8")).get("cells", [])
        except ValueError:  # one that is broken on purpose
            continue
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        yield str(path.relative_to(folder)), [text for text in code if not any(word in text for word in OUTSIDE)]
