"""Each type of variable: a change in place is told of all its names, looking is not, and what is too large is said."""

from __future__ import annotations

import functools
import subprocess
import sys
import types
from dataclasses import dataclass, field
from typing import Any

import duckdb
import matplotlib.figure
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from pydantic import BaseModel
from sklearn.tree import DecisionTreeClassifier

from aether_nb.events.kinds import Change
from aether_nb.live.changes import compare, pandases, photograph, photographs
from aether_nb.live.changes.looking import LOOKERS
from aether_nb.live.reading import names_in


def after(code: str, **variables: Any) -> dict[str, Change]:
    """What is told after ``code`` has run on ``variables``, by name."""
    namespace: dict[str, Any] = {**variables, "pd": pd, "np": np, "pl": pl, "pa": pa, "__name__": "__main__"}
    before = photograph(namespace, names_in(code))
    exec(code, namespace)
    return {change.name: change for change in compare(before, namespace)}


@dataclass
class Point:
    x: int = 1
    tags: list[str] = field(default_factory=list)


class Slotted:
    __slots__ = ("inner", "other")

    def __init__(self):
        self.inner = [1]


class Settings(BaseModel):
    name: str = "a"
    sizes: list[int] = []


def figure_with_axes() -> matplotlib.figure.Figure:
    made = matplotlib.figure.Figure()
    made.add_subplot()
    return made


@pytest.mark.parametrize(
    ("value", "look", "write"),
    [
        ({"a": [1, {"b": [2]}]}, "len(v['a'])", "v['a'][1]['b'].append(3)"),
        ([1, (2, [3])], "v[1][0]", "v[1][1].append(4)"),
        ({1, (2, 3)}, "1 in v", "v.add(4)"),
        (bytearray(b"ab"), "v[0]", "v[0] = 0"),
        (Point(), "v.x", "v.tags.append('new')"),
        (Slotted(), "v.inner", "v.other = 1"),
        (Settings(), "v.model_dump()", "v.sizes.append(1)"),
        (functools.partial(int, base=2), "v('1')", "v = functools.partial(int, base=3)"),
        (np.arange(12).reshape(3, 4), "v.sum()", "v[1, 2] = -1"),
        (np.array([[1], "x"], dtype=object), "v[0]", "v[0].append(2)"),
        (np.zeros(3, [("a", "i4"), ("b", "f8")]), "v['a']", "v['b'][2] = 1"),
        (np.ma.masked_array([1, 2], [False, True]), "v.sum()", "v[0] = np.ma.masked"),
        (pd.DataFrame({"a": [1, 2], "o": [[1], [2]]}), "v.describe()", "v.iloc[0, 1].append(9)"),
        (
            pd.DataFrame({"c": pd.Categorical(["x", "y"])}),
            "v.c.cat.codes",
            "v['c'] = v.c.cat.rename_categories(list('yx'))",
        ),
        (pd.Series([1.5, None], name="s"), "v.mean()", "v.name = 't'"),
        (pd.Series(pd.array([1, None], dtype="Int64")), "v.sum()", "v.array[0] = 5"),
        (pd.Index([1, 2]), "v + 1", "v.name = 'k'"),
        (pd.date_range("2020", periods=3), "v.year", "v = v + pd.Timedelta('1D')"),
        (pl.DataFrame({"a": [1, 2], "s": ["x", None]}), "v.describe()", "v[0, 's'] = 'q'"),
        (pl.Series("a", [[1], [2]]), "v.len()", "v = v.reverse()"),
        (pa.table({"a": [1.0, float("nan")]}), "v.num_rows", "v = v.slice(1)"),
        (pa.array(["a", None]), "v[0]", "v = pa.array(['b'])"),
        (scipy.sparse.csr_matrix(np.eye(3)), "v.sum(); v.has_sorted_indices", "v.data[1] = 7"),
        (scipy.sparse.dok_matrix(np.eye(3)), "v[0, 0]", "v[0, 1] = 7"),
        (DecisionTreeClassifier(), "v.get_params()", "v.fit([[0], [1]], [0, 1])"),
        (figure_with_axes(), "v.axes", "v.axes[0].plot([1, 2])"),
        (lambda x, kept=[1]: kept, "v(1)", "v(1).append(2)"),
        (pl.LazyFrame({"a": [1]}), "v.collect_schema()", "v = v.filter(pl.col('a') > 1)"),
        (duckdb.sql("select 1 as a"), "v.columns", "v = v.limit(1)"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_writing_is_told_and_looking_is_not(value: Any, look: str, write: str) -> None:
    """A change is told of the variable and of every other name of the same object; reading it changes nothing."""
    assert after(look, v=value, same=value, functools=functools) == {}
    found = after(f"{write}\nsame = v", v=value, same=value, functools=functools)
    assert {name: change.what for name, change in found.items()} == {"v": "changed", "same": "changed"}


@pytest.mark.parametrize("rows", [20, 400_000])
def test_a_change_through_a_view_is_a_change_of_the_base(rows: int) -> None:
    """Arrays, frames and tables that share an array's memory all change with it, and all are told."""
    base = np.arange(float(rows))
    frame, table = pd.DataFrame(base, columns=["x"], copy=False), pl.DataFrame({"x": base})
    found = after("part[3] = -1", base=base, part=base[5:], frame=frame, table=table, other=np.arange(float(rows)))
    assert set(found) == {"base", "part", "frame", "table"}


def test_what_a_function_does_to_globals_is_told() -> None:
    """Code that only calls a function reaches what the function uses, however large that is."""
    namespace: dict[str, Any] = {"held": np.zeros(4_000_000), "__name__": "__main__"}
    exec("def touch():\n    held[7] = 1\ndef outer():\n    touch()", namespace)
    before = photograph(namespace, ["outer"])
    namespace["outer"]()
    assert [change.name for change in compare(before, namespace)] == ["held"]


def test_what_is_too_large_is_said_of_what_code_reaches_and_of_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the budget nobody can tell; that is told of what the code can change, and the list is bounded."""
    monkeypatch.setattr(photographs, "SURELY", 100_000)
    monkeypatch.setattr(photographs, "REST", 100_000)
    large = {f"v{n}": np.zeros(2_000_000) for n in range(25)}
    found = after("v3", **large)
    said = "could not tell whether it changed: it is too large to compare all of it"
    assert found == {"v3": Change("v3", "unknown", "numpy.ndarray", (said,))}
    namespace: dict[str, Any] = dict(large)
    everything = compare(photograph(namespace, namespace), namespace)
    assert len(everything) == 21
    assert everything[-1].details == ("could not tell of 5 more variables",)


def test_where_pandas_writes_to_shared_data_frames_are_compared_by_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pandas that does not copy before it writes is found out, and then small frames are read, large ones in part."""
    monkeypatch.setattr(pandases, "_protects", lambda pandas: False)
    small, large = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": np.arange(40_000_000)})
    assert after("v['a'] = v['a'] + 0; v.shape", v=small) == {}
    found = after("v.iloc[1, 0] = 7", v=small)
    assert found["v"].what == "changed"
    assert after("v.shape", v=large)["v"].what == "unknown"


def test_frames_beyond_what_may_be_held_are_kept_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """A photograph keeps alive only so much; of a larger frame it knows some rows, and says so."""
    monkeypatch.setattr(photographs, "HOLD", 1_000)
    frame = pd.DataFrame({"a": np.arange(300_000.0)})
    found = after("v.loc[:, 'a'] = np.nan", v=frame)["v"]
    assert found.what == "changed"
    assert [(flag.kind, flag.text.endswith("(in a sample)")) for flag in found.flags] == [("new missing values", True)]


def test_one_value_written_past_pandas_into_a_large_frame_is_not_seen() -> None:
    """The limit that the documentation names: pandas has not written, and the sample does not hold that row."""
    frame = pd.DataFrame({"a": np.arange(500_000.0)})
    assert after("v['a'].array[12_345] = -1", v=frame) == {}
    assert set(after("v['a'].array[:] = -1", v=frame)) == {"v"}


class Tensor:
    """Stands in for torch's: what is asked of one is answered by numpy."""

    def __init__(self, data: Any, device: str = "cpu") -> None:
        self.data, self._version, self.layout = data, 0, "torch.strided"
        self.device = types.SimpleNamespace(type=device)
        self.dtype, self.shape = data.dtype, data.shape

    def numel(self) -> int:
        return self.data.size

    def element_size(self) -> int:
        return self.data.itemsize

    def data_ptr(self) -> int:
        return id(self.data)

    def detach(self) -> Tensor:
        return self

    contiguous = detach

    def reshape(self, size: int) -> Tensor:
        return Tensor(self.data.reshape(size))

    def view(self, dtype: Any) -> Tensor:
        return Tensor(self.data.view(dtype))

    def numpy(self) -> Any:
        return self.data


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_tensors_are_told_by_bytes_or_by_the_count_of_writes(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In ordinary memory the bytes count; elsewhere torch's own count of writes, and no change cannot be proven."""
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(uint8="u1"))
    monkeypatch.setattr(Tensor, "__module__", "torch")
    tensor = Tensor(np.zeros(8, "f4"), device)
    assert {name: change.what for name, change in after("v", v=tensor).items()} == (
        {} if device == "cpu" else {"v": "unknown"}
    )
    assert after("v.data[0] = 1; v._version += 1", v=tensor)["v"].what == "changed"


def test_labelled_arrays_are_told() -> None:
    """Values, coordinates and attributes of xarray's types; what is not in memory is not read."""
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(np.zeros((2, 3)), dims=("x", "y"), coords={"x": [1, 2]})
    data = xarray.Dataset({"t": array.copy()})
    assert after("a.sum(); d.t.mean()", a=array, d=data) == {}
    found = after("a[0, 0] = 1; d['t'].attrs['unit'] = 'K'", a=array, d=data)
    assert {name: change.details[0] for name, change in found.items()} == {
        "a": "attribute values changed",
        "d": "attribute t changed",
    }


def test_every_looker_is_of_a_library_that_is_not_imported_for_it() -> None:
    """The table names types by words: no library is loaded because its types are known."""
    heavy = {key[0] for key in LOOKERS} - {"enum"}
    code = f"import sys, aether_nb.live.changes; print(sorted({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout == "[]\n"
    assert all(len(key) == 2 and callable(looker) for key, looker in LOOKERS.items())
