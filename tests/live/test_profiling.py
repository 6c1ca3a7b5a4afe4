"""The profile of a table: its figures against pandas' own, what each part shows, and what is not computed."""

from __future__ import annotations

import dask.dataframe
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from aether_nb.events.messages import Text
from aether_nb.live import profiling
from aether_nb.live.inspecting import inspect
from aether_nb.live.profiling import profile

DATA = {
    "price": [1.0, 2.0, 2.0, None, 10.0, 2.0],
    "twice": [2.0, 4.0, 4.0, None, 20.0, 4.0],
    "city": ["Rome", "Oslo", "Oslo", None, "Rome", "Oslo"],
}


def test_a_profile_in_full() -> None:
    """A line per column with missing, distinct, quartiles, mean and top values; then duplicates and correlations."""
    assert profile("df", pd.DataFrame(DATA)).text == (
        "profile of df: pandas.DataFrame, 6 rows × 3 columns\n"
        "- price: float64, 16.7% missing, 3 distinct, min / quartiles / max 1 / 2 / 2 / 2 / 10, mean 3.4, std 3.71484, "
        "most frequent: 2.0 (60.0%), 1.0 (20.0%), 10.0 (20.0%)\n"
        "- twice: float64, 16.7% missing, 3 distinct, min / quartiles / max 2 / 4 / 4 / 4 / 20, mean 6.8, std 7.42967, "
        "most frequent: 4.0 (60.0%), 2.0 (20.0%), 20.0 (20.0%)\n"
        "- city: str, 16.7% missing, 2 distinct, most frequent: 'Oslo' (60.0%), 'Rome' (40.0%)\n"
        "duplicate rows: 2\n"
        "correlations: price and twice 1.00"
    )


def test_each_part_says_what_it_shows() -> None:
    """Types are schema, figures are statistics, values are rows, and each names its columns."""
    parts = profile("df", pd.DataFrame(DATA)[["city", "price"]]).parts
    assert parts[:4] == (
        Text("profile of df: pandas.DataFrame, 6 rows × 2 columns", "schema"),
        Text("\n- city: str", "schema", ("df.city",)),
        Text(", 16.7% missing, 2 distinct", "statistics", ("df.city",)),
        Text(", most frequent: 'Oslo' (60.0%), 'Rome' (40.0%)", "rows", ("df.city",)),
    )
    assert parts[-1] == Text("\nduplicate rows: 2", "statistics", ("df.city", "df.price"))


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["polars", "pyarrow"])
def test_other_libraries_have_the_same_figures(make: object) -> None:
    """The figures do not depend on who holds the table; only the names of the types do."""
    ours = profile("df", make(DATA)).text.splitlines()  # type: ignore[operator]
    theirs = profile("df", pd.DataFrame(DATA)).text.splitlines()
    assert [line.partition(", ")[2] for line in ours[1:4]] == [line.partition(", ")[2] for line in theirs[1:4]]
    assert ours[4:] == theirs[4:]


def test_figures_agree_with_pandas() -> None:
    """Mean, deviation, quartiles, distinct and correlation are those that pandas computes from the same rows."""
    random = np.random.default_rng(0)
    data = pd.DataFrame({"x": random.normal(size=5_001)})
    data["y"] = 2 * data.x + random.normal(size=5_001)
    line, _, duplicates, correlation = profile("d", data).text.splitlines()[1:]
    low, first, middle, third, high = data.x.quantile([0, 0.25, 0.5, 0.75, 1])
    assert f"{low:.6g} / {first:.6g} / {middle:.6g} / {third:.6g} / {high:.6g}" in line
    assert f"mean {data.x.mean():.6g}, std {data.x.std():.6g}" in line
    assert f"{data.x.nunique()} distinct" in line
    assert duplicates == "duplicate rows: 0"
    assert abs(float(correlation.split()[-1]) - data.x[::1].corr(data.y)) < 0.02


def test_a_sample_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above so many rows, all figures come from some of them, and carry a tilde."""
    monkeypatch.setattr(profiling, "ROWS", 100)
    lines = profile("d", pd.DataFrame({"a": range(1_000), "b": [1] * 1_000})).text.splitlines()
    assert lines[0].endswith("1000 rows × 2 columns; the figures come from 100 rows, spread evenly (~)")
    assert lines[2].startswith("- b: int64, ~1 distinct, min / quartiles / max ~1 / 1 / 1 / 1 / 1, mean ~1")
    assert lines[3] == "duplicate rows: 0 among the 100 rows that were looked at"


def test_only_the_columns_that_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns can be chosen, and of too many the rest is named."""
    text = profile("df", pd.DataFrame(DATA), ["city"]).text
    assert "- city" in text and "price" not in text
    monkeypatch.setattr(profiling, "COLUMNS", 2)
    assert "\n- … 1 more columns (names only): city" in profile("df", pd.DataFrame(DATA)).text


def test_series_arrays_and_odd_columns() -> None:
    """One column, an array, times, a column of objects and an empty table have a profile as well."""
    assert "- s: int64, 2 distinct, min" in profile("s", pd.Series([1, 2, 2], name="s")).text
    assert "- s: Int64, 2 distinct, min" in profile("s", pl.Series("s", [1, 2, 2])).text
    assert profile("a", np.arange(6.0).reshape(3, 2)).text.startswith("profile of a: numpy.ndarray, 3 rows × 2 columns")
    times = profile("t", pd.DataFrame({"t": pd.date_range("2020-01-01", periods=3)})).text
    assert ", 3 distinct, 2020-01-01 00:00:00 … 2020-01-03 00:00:00, e.g. " in times
    assert (
        "- o: object, not compared: values of <object>" in profile("o", pd.DataFrame({"o": [object(), object()]})).text
    )
    assert "- a: float64, 0 distinct" in profile("e", pd.DataFrame({"a": pd.Series([], dtype=float)})).text
    assert "- a: float64, 1 distinct, min / quartiles / max inf" in profile("i", pd.DataFrame({"a": [np.inf]})).text


@pytest.mark.parametrize(
    "lazy",
    [
        lambda: pl.DataFrame({"a": [1]}).lazy().map_batches(lambda _: 1 / 0, schema={"a": pl.Int64}),
        lambda: duckdb.sql("select error('executed') as a"),
        lambda: dask.dataframe.from_pandas(pd.DataFrame({"a": [1]}), npartitions=1).map_partitions(
            lambda _: 1 / 0, meta={"a": int}
        ),
        lambda: {"a": [1]},
    ],
    ids=["polars", "duckdb", "dask", "dict"],
)
def test_what_is_no_table_in_memory_is_not_computed(lazy: object) -> None:
    """It is told with its columns, and what to do to have a profile."""
    found = profile("q", lazy())  # type: ignore[operator]
    assert found.text.startswith("not profiled:\n- q: ")
    assert "was not computed" in found.text and "run_python" in found.text
    assert {part.data for part in found.parts} <= {"schema", "rows"}


def test_columns_of_one_name_are_columns_of_their_own() -> None:
    """Figures go by where a column stands: none overwrites another, and keys of several levels are told as such."""
    a = np.random.default_rng(0).random(50)
    frame = pd.DataFrame(np.c_[a, a * 2, np.random.default_rng(1).random(50)], columns=["x", "y", "x"])
    twice = profile("d", frame).text
    assert "more columns" not in twice and "correlations: x and y 1.00; " in twice
    frame.columns = pd.MultiIndex.from_tuples([("s", "x"), ("s", "y"), ("t", "x")])
    found = profile("d", frame)
    assert "duplicate rows: 0\ncorrelations: ('s', 'x') and ('s', 'y') 1.00; " in found.text
    assert found.columns == ("d.s | x", "d.s | y", "d.t | x")
    for asked in ("s | y", "('s', 'y')"):
        assert [line[:12] for line in profile("d", frame, [asked]).text.splitlines()[1:]] == ["- ('s', 'y')"]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("values", [[["a"], ["b"]], [{"k": 1}, {"k": 2}]], ids=["lists", "dicts"])
def test_what_cannot_be_compared_is_not_counted(make: object, values: list[object]) -> None:
    """Of lists and the like nobody says how many differ, nor how many rows are there twice."""
    text = profile("d", make({"id": [1, 1], "tags": values})).text  # type: ignore[operator]
    kind = type(values[0]).__name__
    assert f"not compared: values of <{kind}>" in text and "Odd" not in text
    assert text.endswith("duplicate rows: not counted, for values of tags are not compared")
    assert "33.3% missing, not compared" in profile("d", pd.DataFrame({"tags": [*values, None]})).text


def test_texts_are_compared_to_their_end() -> None:
    """Two texts that begin alike are two, here and in the summary; so are two bytes."""
    begin = "x" * 300
    frame = pd.DataFrame({"id": [1, 1], "text": [begin + "a", begin + "b"]})
    assert "2 distinct" in profile("d", frame).text.splitlines()[2]
    assert profile("d", frame).text.endswith("duplicate rows: 0")
    mixed = pd.Series([begin.encode() + b"a", begin.encode() + b"b"], dtype=object)
    assert "2 distinct" in inspect("s", mixed).text


def test_numbers_beyond_floats_have_figures() -> None:
    """A number that no float holds, or whose square does not fit, takes no figure from the rest of its column."""
    huge = profile("d", pd.DataFrame({"a": pd.Series([1, 10**400], dtype=object)})).text
    assert (
        "2 distinct, min / quartiles / max 1 / 1 / 1 / <int of 1329 bits> / <int of 1329 bits>, too large for" in huge
    )
    assert "max 1 / 1 / 1 / 1e+200 / 1e+200, too large for a mean" in profile("d", pd.DataFrame({"a": [1, 1e200]})).text


def test_duplicates_say_by_which_columns_they_were_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are alike in some columns may differ in others; a column that cannot be read is not named twice."""
    assert profile("df", pd.DataFrame(DATA), ["city", "price"]).text.endswith("duplicate rows: 2, by 2 of 3 columns")
    monkeypatch.setattr(profiling, "_column", lambda *_: 1 / 0)
    assert "more columns" not in profile("df", pd.DataFrame(DATA)).text
