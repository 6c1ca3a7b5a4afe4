"""Each type has its line: what the libraries that people use make is told by what it is, and not executed."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import functools
import io
import sqlite3
import sys
import types
from concurrent.futures import Future
from typing import Any, NamedTuple

import dask
import dask.array
import dask.bag
import dask.dataframe
import duckdb
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pydantic
import pytest
import scipy.sparse
import xarray
from PIL import Image
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aether_nb import skill, tool
from aether_nb.agent.suspecting import suspicion
from aether_nb.live.inspecting import inspect
from aether_nb.live.summary import summarize


class Point(NamedTuple):
    x: int
    y: int


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(slots=True)
class Slotted:
    depth: int = 3
    name: str = "x"


class Settings(pydantic.BaseModel):
    host: str = "localhost"
    token: pydantic.SecretStr = pydantic.SecretStr("s3cret")


class Shop:
    """Sells things."""

    def __init__(self) -> None:
        self.city, self.sales, self._private = "Rome", [1, 2], 0


class Derived(pd.DataFrame):
    """A frame of somebody's own."""


class Cells(np.ndarray):
    """An array of somebody's own."""


@functools.cache
def slow(a: int, /, b: int, *rest: int, c: int = 2, **more: int) -> int:
    """Adds."""
    return a + b


def told(value: object) -> str:
    """The line about a value, and those about its columns."""
    text = summarize({"x": value}).text.removeprefix("variables (1):\n- x: ")
    return text.replace(f"{__name__}.", "")


def fitted() -> Any:
    """A pipeline that was fitted to a frame."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0]})
    return make_pipeline(StandardScaler(), Ridge(alpha=0.5)).fit(frame, [1, 2, 3])


SMALL = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (Point(1, 2), "Point = Point(x=1, y=2)"),
        (Colour.RED, "Colour = RED (1)"),
        (Slotted(), "Slotted = Slotted(depth=3, name='x')"),
        (Settings(), "Settings = Settings(host='localhost', token=<pydantic.types.SecretStr>)"),
        (Settings, "class, Settings, fields host, token"),
        (Shop(), "Shop, attributes city, sales"),
        (collections.deque([1, [2]], 5), "collections.deque, 2 items, e.g. 1, [2]"),
        (collections.defaultdict(list, a=[1]), "collections.defaultdict = {'a': [1]}"),
        (bytearray(b"ab"), "bytearray = b'ab'"),
        (memoryview(b"ab"), "memoryview, 2 bytes, format 'B'"),
        (range(0, 9, 2), "range = range(0, 9, 2)"),
        (datetime.date(2020, 1, 2), "datetime.date = 2020-01-02"),
        (slow, "functools._lru_cache_wrapper of a function, slow(a, /, b, *rest, c=2, **more), 'Adds.'"),
        (functools.partial(slow.__wrapped__, 1, c=3), "functools.partial of slow(1, c=3)"),
        (Shop().__init__, "method, __init__(self) of Shop"),  # type: ignore[misc]
        (len, "builtin_function_or_method, len($module, obj, /), 'Return the number of items in a container.'"),
        (iter([1]), "list_iterator, not consumed"),
        (map(int, "12"), "map, not consumed"),
        (Future(), "concurrent.futures.Future, pending"),
        (io.StringIO("x"), "io.StringIO, not consumed"),
        (sqlite3.connect(":memory:"), "sqlite3.Connection, not asked what it holds"),
        (duckdb.connect(), "duckdb.DuckDBPyConnection, not asked what it holds"),
        (Derived({"a": [1]}), "pandas.DataFrame (Derived), 1 row × 1 column\n  - a: int64, 1 distinct: 1"),
        (np.arange(3).view(Cells), "numpy.ndarray (Cells), int64, shape 3, [0, 1, 2]"),
        (
            np.ma.masked_array([1, 2], [False, True]),
            "numpy.ma.MaskedArray, int64, shape 2, 50.0% missing, 1 distinct: 1",
        ),
        (np.array([Shop()]), "numpy.ndarray, object, shape 1"),
        (
            np.array([(1, 2.5)], [("id", "i4"), ("x", "f8")]),
            "numpy.ndarray, 1 row × 2 columns\n  - id: int32, 1 distinct: 1\n  - x: float64, 1 distinct: 2.5",
        ),
        (
            scipy.sparse.eye(4, format="csr"),
            "scipy.sparse.csr_matrix, float64, shape 4×4, 4 stored (25% of the cells), ",
        ),
        (scipy.sparse.lil_array((2, 3)), "scipy.sparse.lil_array, float64, shape 2×3"),
        (Ridge(alpha=0.5), "sklearn.linear_model.Ridge(alpha=0.5), not fitted"),
        (fitted()[-1], "sklearn.linear_model.Ridge(alpha=0.5), fitted on 2 columns"),
        (fitted()[0], "sklearn.preprocessing.StandardScaler, fitted on 2 columns: a, b"),
        (pa.array([1, None]), "pyarrow.Int64Array, 2 values, int64, 50.0% missing, 1 distinct: 1"),
        (pa.chunked_array([[1], [2]]), "pyarrow.ChunkedArray, 2 values, int64, 2 distinct: 1, 2"),
        (pa.record_batch({"a": [1]}), "pyarrow.RecordBatch, 1 row × 1 column\n  - a: int64, 1 distinct: 1"),
        (Image.new("RGB", (4, 3)), "PIL.Image.Image, RGB, 4×3 pixels"),
        (dask.delayed(slow.__wrapped__)(1, 2), "dask.delayed.Delayed of slow, not computed"),
        (dask.array.ones((8, 6), chunks=4), "dask.array.Array, float64, shape 8×6, in 4 chunks, not computed"),
        (dask.bag.from_sequence([1, 2], npartitions=2), "dask.bag.Bag, in 2 partitions, not computed"),
        (pa.dataset.dataset(pa.table({"a": [1]})), "pyarrow.InMemoryDataset, 1 column, not read\n  - a: int64"),
        (pd.Series([1, 2], dtype="Int64", name="n"), "pandas.Series, 2 values, named n, Int64, 2 distinct: 1, 2"),
        (pd.MultiIndex.from_tuples([(1, "a")], names=["n", "s"]), "pandas.MultiIndex, 1 value, named n, s"),
        (pd.Series([pd.NaT, pd.NaT]), "pandas.Series, 2 values, datetime64[s], 100.0% missing"),
        (pl.Series("o", [Shop()], dtype=pl.Object), "polars.Series, 1 value, named o, Object"),
        (np.datetime64("2020-01-02"), "numpy.datetime64 = 2020-01-02"),
        (1 + 2j, "complex = (1+2j)"),
        (Ellipsis, "ellipsis = Ellipsis"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_line(value: object, line: str) -> None:
    """A type is told in one line, by what it is and what it holds."""
    assert told(value).startswith(line)


def test_dask_frames_show_what_they_know_of_their_columns() -> None:
    """The empty frame that stands for a dask frame tells its columns; nothing is computed."""
    lazy = dask.dataframe.from_pandas(SMALL, npartitions=2)
    text = told(lazy.map_partitions(explode, meta=lazy._meta))
    assert text == "dask.dataframe.DataFrame, 2 columns, not computed\n  - a: int64\n  - b: string"
    assert told(lazy.a) == "dask.dataframe.Series, named a, int64, not computed"


def explode(*_: object) -> Any:
    """Must not be called."""
    raise AssertionError("computed")


def test_xarray_shows_dimensions_units_and_what_lies_in_memory() -> None:
    """Variables have dtype, dimensions, unit and figures; what dask or a file holds has none."""
    values = np.arange(6.0).reshape(2, 3)
    data = xarray.Dataset(
        {
            "temperature": (("time", "x"), values, {"units": "K"}),
            "lazy": (("time",), dask.array.from_delayed(dask.delayed(explode)(), (2,), float)),
        },
        coords={"time": pd.date_range("2020-01-01", periods=2)},
    )
    assert told(data) == (
        "xarray.Dataset, 2 variables, time 2 × x 3\n"
        "  - temperature: float64, time 2 × x 3, in K, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]\n"
        "  - lazy: float64, time 2, not computed\n"
        "  - time (coordinate): datetime64[us], time 2, 2020-01-01 … 2020-01-02"
    ).replace("[us]", f"[{np.datetime_data(data.time.dtype)[0]}]")
    assert told(data.temperature).startswith("xarray.DataArray, named temperature, float64, time 2 × x 3")


def test_figures_tell_their_axes() -> None:
    """A figure tells how many axes it has, axes what is drawn in them, with their titles as values."""
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    axes.set(title="Sales", xlabel="day")
    assert told(figure) == "matplotlib.figure.Figure, 1 axes, titles 'Sales'"
    assert told(axes) == "matplotlib.axes.Axes, 1 line, title 'Sales', x 'day'"
    plt.close(figure)


def test_an_open_file_is_told_by_its_name(tmp_path: Any) -> None:
    """The name, the mode and whether it is open; nothing is read from it."""
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with path.open() as file:
        assert told(file) == f"io.TextIOWrapper {str(path)!r}, mode rb, open, not read"
        assert file.tell() == 0
    assert told(file).endswith("closed, not read")


def test_a_database_engine_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind of server and the database, and nothing that opens it or says the password."""

    class Url(NamedTuple):
        drivername: str
        password: str
        database: str

    class Engine:
        def __init__(self) -> None:
            self.url = Url("postgresql", "hunter2", "shop")

        def __getattr__(self, name: str) -> Any:
            raise AssertionError("asked")

    module = types.ModuleType("sqlalchemy")
    module.Engine = Engine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sqlalchemy", module)
    assert told(Engine()).endswith("Engine, postgresql, shop, not connected")


def test_columns_of_more_rows_are_counted_where_that_is_cheap() -> None:
    """What is beyond the sample is found: the rare value, the end of the range, the missing one, in every library."""
    numbers = [float(n) for n in range(2_000)]
    numbers[3] = -7.0
    texts = ["often" if n % 2 else "seldom" for n in range(2_000)]
    texts[3], texts[5] = "once", None  # type: ignore[call-overload]
    data = {"n": numbers, "t": texts, "d": [datetime.date(2020, 1, 1 + n % 9) for n in range(2_000)]}
    for frame in (pd.DataFrame(data), pl.DataFrame(data)):
        text = told(frame)
        assert "-7.0 … 1999.0" in text
        assert "0.1% missing, 3 distinct: 'often', 'once', 'seldom'" in text
        assert "2020-01-01 … 2020-01-09" in text
    assert "~" in told(pa.table(data))


def test_geopandas_tells_places_and_coordinates() -> None:
    """A frame of places is a frame with a geometry, its kinds and its coordinate system."""
    geopandas = pytest.importorskip("geopandas", reason="geopandas is not installed here")
    from shapely.geometry import Point as Place

    frame = geopandas.GeoDataFrame({"a": [1, 2]}, geometry=[Place(0, 0), None], crs="EPSG:4326")
    assert told(frame) == (
        "geopandas.GeoDataFrame, 2 rows × 2 columns, geometry geometry (Point, missing, EPSG:4326)\n"
        "  - a: int64, 2 distinct: 1, 2\n  - geometry: geometry"
    )
    assert told(frame.geometry) == ("geopandas.GeoSeries, 2 values, Point, missing, EPSG:4326")


def test_torch_tells_tensors_and_networks() -> None:
    """A tensor has dtype, shape, device and figures; a network its layers and the number of its parameters."""
    torch = pytest.importorskip("torch", reason="torch is not installed here")
    assert told(torch.arange(3)) == "torch.Tensor, int64, shape 3, cpu, [0, 1, 2]"
    assert told(torch.arange(100.0)) == "torch.Tensor, float32, shape 100, cpu, 0.0 … 99.0"
    assert told(torch.empty(3, device="meta")) == "torch.Tensor, float32, shape 3, meta"
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    assert told(network).endswith('.Sequential, 8 parameters, in training, layers "0" Linear, "1" ReLU')


def test_on_a_patient_look_a_class_tells_its_methods() -> None:
    """Asked for by itself, a class tells what it comes from and its methods, a model what it has learned."""
    assert "methods __init__(self)" in inspect("Shop", Shop).text
    assert "holds n_features_in_, coef_" in inspect("model", fitted()[-1]).text


def test_a_tool_of_the_users_is_told_like_its_function() -> None:
    """Its fields are ours and mean nothing to a model; written out they would look like a call of a tool."""

    @tool(risk="low", effect="pure")
    def vat(net: float, rate: float = 0.19) -> float:
        """Add the tax to a price."""
        return net * (1 + rate)

    text = summarize({"vat": vat}).text
    assert "vat(net, rate=0.19), 'Add the tax to a price.'" in text
    assert suspicion(text) is None


def test_a_skill_of_the_users_is_told_like_its_function() -> None:
    """For the same reason, whoever writes a skill in a cell is not warned of it in every run that follows."""

    @skill(category="reports")
    def house_chart(column: str, unit: str = "mm") -> str:
        """Draw a chart the way we like it."""
        return f"Bars of {column}, in {unit}."

    text = summarize({"house_chart": house_chart}).text
    assert "house_chart(column, unit='mm'), 'Draw a chart the way we like it.'" in text
    assert suspicion(text) is None
