"""How values are told to a model."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from aether_nb.live.values import CHARACTERS, Shown, show_value, value_text


def test_a_frame_is_csv():
    """A frame is told as CSV with its size; a plain index is left out, and so are missing values."""
    frame = pd.DataFrame({"species": ["Adelie", None], "count": [151, 2], "mean": [190.1, float("nan")]})
    assert show_value(frame) == Shown(
        "DataFrame, 2 rows × 3 columns, as CSV:\nspecies,count,mean\nAdelie,151,190.1\n,2,",
        rows=2,
        columns=("species", "count", "mean"),
    )


def test_a_named_index_is_told():
    """An index that says something is told before the columns."""
    frame = pd.DataFrame({"x": [1.5]}, index=pd.Index(["a"], name="key"))
    assert value_text(frame) == "DataFrame, 1 row × 1 column, as CSV:\nkey,x\na,1.5"


def test_a_series_is_csv():
    """A series is told as a table of one column, with its index."""
    series = pd.Series([1, 2], index=["a", "b"])
    assert show_value(series) == Shown("Series, 2 rows, as CSV:\nindex,value\na,1\nb,2", 2, ("index", "value"))


def test_levels_are_flattened():
    """The levels of columns stand side by side, and every level of the index is a column."""
    frame = pd.DataFrame({"g": ["a", "a"], "h": [1, 2], "x": [1.0, 3.0]}).groupby(["g", "h"]).agg({"x": ["min", "max"]})
    assert value_text(frame) == ("DataFrame, 2 rows × 2 columns, as CSV:\ng,h,x | min,x | max\na,1,1,1\na,2,3,3")


def test_a_pivot_table_keeps_columns_that_are_not_text():
    """Columns and index of any type are told by their text; dates without a time as dates."""
    frame = pd.DataFrame({2007: [1]}, index=pd.to_datetime(["2007-01-01"]))
    assert value_text(frame) == "DataFrame, 1 row × 1 column, as CSV:\nindex,2007\n2007-01-01,1"


def test_long_tables_end_with_a_note():
    """At most sixty rows and columns are told, and how many more there are."""
    shown = show_value(pd.DataFrame([[0] * 61] * 62))
    lines = shown.text.splitlines()
    assert lines[0] == "DataFrame, 62 rows × 61 columns, as CSV:"
    assert (len(lines), lines[-2], lines[-1]) == (1 + 1 + 60 + 2, "… 2 more rows", "… 1 more column")
    assert (shown.rows, len(shown.columns)) == (60, 60)


def test_numbers_keep_the_digits_that_count():
    """Floats have six significant digits, but never fewer than stand before the point, and all cents of a sum."""
    frame = pd.DataFrame({"x": [1 / 3, 1234567.891, 151.0, 1e-9, float("inf"), 2e20]})
    assert value_text(frame).splitlines()[2:] == ["0.333333", "1234568", "151", "1e-09", "inf", "2e+20"]
    frame = pd.DataFrame({"x": [128454.80000000002, 0.1 + 0.2, 13050.39, -0.0, -1e-4, 100.0, 1e14 + 0.25]})
    cents = ["128454.8", "0.3", "13050.39", "0", "-0.0001", "100", "100000000000000.25"]
    assert value_text(frame).splitlines()[2:] == cents


def test_other_values_are_printed_within_bounds():
    """Anything else is printed as IPython would, and cut when it is long; what cannot be printed is told."""

    class Broken:
        def __repr__(self):
            raise ValueError("no")

    assert value_text({"a": [1, 2]}) == "{'a': [1, 2]}"
    assert value_text("it's") == '"it\'s"'
    assert value_text(Broken()) == "a Broken that cannot be printed: ValueError: no"
    assert value_text("x" * (CHARACTERS + 5)) == repr("x" * CHARACTERS) + " … 5 characters more"
    assert len(value_text([["y" * 100] * 100] * 100)) < CHARACTERS + 50


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (pl.DataFrame, "polars.DataFrame"),
        (pa.table, "pyarrow.Table"),
        (pa.RecordBatch.from_pydict, "pyarrow.RecordBatch"),
    ],
)
def test_tables_of_other_libraries_are_csv_too(make, name):
    """Whoever holds a table, it is told whole up to the same bounds, and what is left out is said."""
    small = make({"city": ["Rome", None], "n": [1 / 3, 2.0]})
    text = f"{name}, 2 rows × 2 columns, as CSV:\ncity,n\nRome,0.333333\n,2"
    assert show_value(small) == Shown(text, 2, ("city", "n"))
    shown = show_value(make({f"c{place}": list(range(62)) for place in range(61)}))
    lines = shown.text.splitlines()
    assert lines[0] == f"{name}, 62 rows × 61 columns, as CSV:"
    assert (len(lines), lines[-2], lines[-1]) == (1 + 1 + 60 + 2, "… 2 more rows", "… 1 more column")
    assert (shown.rows, len(shown.columns)) == (60, 60)


def test_a_series_of_polars_is_csv():
    """It has no index; without a name its column is the value."""
    assert show_value(pl.Series("n", [1, None])) == Shown('polars.Series, 2 rows, as CSV:\nn\n1\n""', 2, ("n",))
    assert value_text(pl.Series([1])) == "polars.Series, 1 row, as CSV:\nvalue\n1"


def test_a_column_that_python_has_no_values_for_hides_no_other():
    """A day in a year that Python does not know is said to be unreadable, in its column."""
    table = pa.table({"n": [1], "t": pa.array([2**62], pa.timestamp("us"))})
    assert value_text(table).splitlines()[1:] == ["n,t", "1,not readable (OverflowError)"]
