"""Random programs over random namespaces: what they start from, and every way they can change it.

A program is a list of numbers, so that hypothesis can make it smaller; which statement a number means depends on what
the variable is when its turn comes.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse
from pydantic import BaseModel
from sklearn.linear_model import LinearRegression

__all__ = ["LARGE", "MAKERS", "Program", "namespace_of"]


@dataclass
class Point:
    """A dataclass of the user's."""

    x: int = 1
    tags: list[Any] = field(default_factory=list)


class Slotted:
    """An object with slots, one of them unset."""

    __slots__ = ("inner", "unset")

    def __init__(self) -> None:
        self.inner = [1, 2]


class Counter:
    """An object that keeps its state private, and changes it by a method."""

    def __init__(self) -> None:
        self._items: dict[str, Any] = {"a": [1]}

    def add(self, value: Any) -> None:
        self._items["a"].append(value)


class Model(BaseModel):
    """A pydantic model."""

    n: int = 1
    names: list[str] = []


def closure() -> Any:
    kept = [1]

    def push(value: int = 1) -> list[int]:
        kept.append(value)
        return kept

    return push


def frame(rows: int = 6) -> pd.DataFrame:
    numbers = np.arange(rows)
    return pd.DataFrame(
        {
            "id": numbers,
            "x": numbers / 2,
            "y": numbers * 1.5,
            "s": [f"t{n % 5}" for n in numbers],
            "c": pd.Categorical([f"k{n % 3}" for n in numbers]),
            "n": pd.array([None if n % 4 == 0 else n for n in numbers], dtype="Int64"),
            "t": pd.date_range("2020", periods=rows),
            "o": [[int(n)] for n in numbers],
        }
    )


def cyclic() -> list[Any]:
    out: list[Any] = [1, [2]]
    out.append(out)
    return out


STRUCTURED = [("a", "i4"), ("b", "f8")]
MAKERS: dict[str, Any] = {
    "int": lambda: 5,
    "nan": lambda: float("nan"),
    "text": lambda: "some text",
    "list": lambda: [1, 2, 3],
    "floats": lambda: [1.0, float("nan"), -0.0],
    "nested": lambda: [1, [2, {"a": [3, (4, [5])]}], {"b": {1, 2}}],
    "dict": lambda: {"a": 1, "b": [1, 2], "c": {"d": [np.arange(3)]}},
    "set": lambda: {1, 2, "x"},
    "tuple": lambda: (1, [2, 3], "x"),
    "bytes": lambda: bytearray(b"abc"),
    "cyclic": cyclic,
    "point": Point,
    "slotted": Slotted,
    "counter": Counter,
    "model": Model,
    "closure": closure,
    "array": lambda: np.arange(12.0),
    "matrix": lambda: np.asfortranarray(np.arange(12).reshape(3, 4)),
    "objects": lambda: np.array([1, [2], "x"], dtype=object),
    "records": lambda: np.zeros(4, STRUCTURED),
    "masked": lambda: np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False]),
    "frame": frame,
    "series": lambda: frame()["x"],
    "texts": lambda: frame()["s"],
    "index": lambda: pd.Index([3, 1, 2], name="k"),
    "polars": lambda: pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "l": [[1], [2], []]}),
    "polars series": lambda: pl.Series("a", [1.0, None, 3.0]),
    "arrow": lambda: pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]}),
    "sparse": lambda: scipy.sparse.csr_matrix(np.eye(4)),
    "estimator": LinearRegression,
    "frames": lambda: {"train": frame(4), "test": [frame(3)]},
}
LARGE: dict[str, Any] = {
    "large frame": lambda: frame(40_000).drop(columns="o").assign(z=np.arange(40_000.0)),
    "large array": lambda: np.arange(600_000.0),
    "large list": lambda: list(range(200_000)),
    "large dict": lambda: {n: [n] for n in range(3_000)},
    "large polars": lambda: pl.DataFrame({"a": np.arange(400_000), "s": [f"t{n % 9}" for n in range(400_000)]}),
}

SEQUENCE = ("{v}.append({k})", "{v}[0] = {k}", "{v}.pop()", "{v}.reverse()", "{v}.insert(1, [{k}])", "{v} += [{k}]")
ARRAY = (
    "{v}[{k} % len({v})] = {v}[0]",
    "{v}[-1:] = 0",
    "{v} += 1",
    "{v}.sort()",
    "{v}.resize(2, refcheck=False)",
    "{v}.T[0] = 7",
    "{w} = {v}[::2]",
    "{w} = {v}[1:]; {w}[0] = 9",
    "np.put({v}, [1], [{k}])",
    "{v} = {v} * 1",
)
OWN: dict[type, tuple[str, ...]] = {
    int: ("{v} += {k}", "{v} = {v} + 0"),
    float: ("{v} = float('nan')", "{v} = {k} / 7"),
    str: ("{v} += 'x'", "{v} = {v}.upper()", "{v} = ''.join({v})"),
    list: (*SEQUENCE, "{v}[1].append({k})", "{v}[1][1]['a'].append(0)", "{v}[2]['b'].add({k})", "{v} = list({v})"),
    dict: (
        "{v}['new'] = {k}",
        "{v}.pop(next(iter({v})))",
        "{v}['b'].append({k})",
        "{v}['c']['d'][0][1] = {k}",
        "{v}['train'].loc[1, 'x'] = {k}",
        "{v}['test'][0]['s'] = 'q'",
        "{v}.update(a={k})",
        "{v}[7].append(1)",
    ),
    set: ("{v}.add({k})", "{v}.discard(1)", "{v}.clear()"),
    tuple: ("{v}[1].append({k})", "{v} += ({k},)"),
    bytearray: ("{v}.append(65)", "{v}[0] = 66"),
    Point: ("{v}.x += 1", "{v}.tags.append({k})", "{v}.more = {k}", "{v}.__dict__['x'] = {k}"),
    Slotted: ("{v}.inner.append({k})", "{v}.unset = {k}", "del {v}.inner"),
    Counter: ("{v}.add({k})", "{v}._items['b'] = {k}", "{v}._items['a'] = list({v}._items['a'])"),
    Model: ("{v}.n = {k}", "{v}.names.append('x')"),
    type(closure()): ("{v}({k})", "{v}.mark = {k}", "def {v}(x): return x + {k}", "{v}.__defaults__ = ({k},)"),
    np.ndarray: (
        *ARRAY,
        "{v}[1].append({k})",
        "{v}['a'][1] = {k}",
        "{w} = pd.DataFrame({v}, copy=False)",
        "{w} = pd.DataFrame({{'q': {v}}}); {v}[1] = {k}",
        "{w} = pl.DataFrame({{'q': {v}}}); {v}[1] = {k}",
    ),
    np.ma.MaskedArray: ("{v}[0] = np.ma.masked", "{v}[1] = {k}", "{v}.mask[0] = True", "{v}.data[2] = {k}"),
    pd.DataFrame: (
        "{v}.loc[{v}.index[1], 'x'] = {k}",
        "{v}['new'] = {k}",
        "del {v}['y']",
        "{v}.iloc[-1, 0] = {k}",
        "{v}.sort_values('id', ascending=False, inplace=True)",
        "{v}.drop(index={v}.index[0], inplace=True)",
        "{v}.columns = {v}.columns[::-1]",
        "{v}.index = {v}.index[::-1]",
        "{v}['s'] = {v}['s'].str.upper()",
        "{v}.loc[{v}.index[1], 's'] = None",
        "{v}.iat[0, 7].append({k})",
        "{v}.rename(columns={{'x': 'z'}}, inplace=True)",
        "{v}['c'] = {v}['c'].cat.rename_categories({{'k0': 'k1', 'k1': 'k0'}})",
        "{v}['n'].array[1] = {k}",
        "{v}['x'] = {v}['x'].astype('float32')",
        "{w} = {v}[['x', 'y']]; {w}.iloc[0, 0] = {k}",
        "{v}.index.name = 'k{k}'",
        "{v} = {v}.dropna()",
        "{v} = {v}.merge({v}[['id']], on='id')",
        "{w} = {v}['x']; {w}.iloc[0] = {k}",
        "{v}.insert(0, 'first', {k})",
        "{v} = {v}.copy()",
        "{v}.attrs['a'] = 1",
        "{v}.fillna({{'s': 'q'}}, inplace=True)",
        "{w} = {v}.x.to_numpy(); {w}.flags.writeable = True; {w}[0] = {k}",
    ),
    pd.Series: (
        "{v}.iloc[0] = {v}.iloc[1]",
        "{v}.name = 'other'",
        "{v}.index = {v}.index[::-1]",
        "{v}.update({v}[::-1].reset_index(drop=True))",
        "{w} = {v}.to_frame()",
        "{v}.drop(index={v}.index[0], inplace=True)",
    ),
    pd.Index: ("{v}.name = 'z{k}'", "{v} = {v}[::-1]", "{v} = {v}.copy()"),
    pl.DataFrame: (
        "{v}[0, 'a'] = {k}",
        "{v} = {v}.with_columns(z=pl.lit({k}))",
        "{v}.insert_column(0, pl.Series('q', [0] * {v}.height))",
        "{v} = {v}.clone()",
        "{v}.columns = [c + '_' for c in {v}.columns]",
        "{v}.extend({v})",
        "{v}.drop_in_place('a')",
        "{v} = {v}.sort('a', descending=True)",
    ),
    pl.Series: ("{v}[0] = {k}", "{v} = {v} + 0", "{v}.append({v})", "{v} = {v}.alias('z')"),
    pa.Table: (
        "{v} = {v}.slice(1)",
        "{v} = {v}.append_column('z', pa.array([0] * {v}.num_rows))",
        "{v} = pa.table({v})",
    ),
    scipy.sparse.csr_matrix: ("{v}.data[0] = {k}", "{v}[0, 1] = {k}", "{v} = {v} * 1", "{v}.resize(2, 2)"),
    LinearRegression: (
        "{v}.fit([[1.0], [2.0]], [1.0, {k}])",
        "{v}.set_params(fit_intercept=False)",
        "{v}.coef_[0] = {k}",
    ),
}
ANY = (
    "{w} = {v}",
    "del {v}",
    "{w} = copy.copy({v})",
    "{w} = copy.deepcopy({v})",
    "{v} = copy.deepcopy({v})",
    "{w} = [{v}, {v}]",
    "{w} = {{'in': {v}}}",
    "{v} = 3",
    "str({v})",
    "touch()",
    "globals()['{v}'] = {k}",
    "{w} = None",
)
READ = ("repr({v})", "len({v})", "list({v})", "{v} == {v}", "hash(str({v}))", "{v}.sum()", "sorted({v})")


def namespace_of(kinds: list[str]) -> dict[str, Any]:
    """Variables ``v0``, ``v1``, … of these kinds; every third is also known by another name, or held by a list."""
    held: dict[str, Any] = {"copy": copy, "np": np, "pd": pd, "pl": pl, "pa": pa, "__name__": "__main__"}
    for at, kind in enumerate(kinds):
        held[f"v{at}"] = value = (MAKERS | LARGE)[kind]()
        if at % 3 == 1:
            held[f"a{at}"] = value
        if at % 3 == 2:
            held[f"a{at}"] = [value]
    exec("def touch():\n    v0.append(1)\n    v1.append(1)", held)
    return held


@dataclass(frozen=True)
class Program:
    """Statements by number: which variable, which way to change it, and a figure to do it with."""

    steps: list[tuple[int, int, int]]

    def run(self, namespace: dict[str, Any], say: Any) -> list[str]:
        """Run it a statement at a time; ``say`` is given the next one before it runs. A statement may fail half-way."""
        done = []
        for which, how, figure in self.steps:
            names = sorted(name for name in namespace if name[0] in "va" and name[1:].isdigit())
            if not names:
                break
            name = names[which % len(names)]
            ways = (*self._ways(namespace[name]), *ANY, *READ)
            code = ways[how % len(ways)].format(v=name, w=f"v{figure % 9}", k=figure)
            say(code)
            done.append(code)
            try:
                exec(code, namespace)
            except Exception:  # noqa: BLE001, S112 - half of a statement is a change too
                continue
        return done

    def _ways(self, value: Any) -> tuple[str, ...]:
        ways = next((OWN[base] for base in type(value).__mro__ if base in OWN), ())
        if isinstance(value, pd.DataFrame) and len(value) > 1_000:  # written to past pandas, it is only sampled
            return tuple(way for way in ways if ".array[" not in way and "writeable" not in way)
        return ways
