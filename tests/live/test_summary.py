"""The summary of a namespace: its exact format, its bounds, and that nothing breaks or executes it."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LinearRegression

from aether_nb.events.messages import Text
from aether_nb.live.changes import compare, photograph
from aether_nb.live.inspecting import inspect
from aether_nb.live.summary import summarize


class Hostile:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("iter")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        return 1


class Riddle(type):
    """A class of classes that do not say who they are."""

    @property
    def __module__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("module")

    @property
    def __name__(cls) -> str:
        raise RuntimeError("name")


class Shy:
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("repr")


class LyingList(list):
    """Says that it is endless."""

    def __len__(self) -> int:
        return sys.maxsize

    def __iter__(self) -> Iterator[int]:
        while True:
            yield 0


class BrokenFrame(pd.DataFrame):
    """Redefines what would be asked of a frame."""

    @property
    def shape(self) -> Any:
        raise RuntimeError("shape")


@dataclasses.dataclass
class Options:
    depth: int = 3
    name: str = "x"


def area(width: float, height: float = 2.0, *, unit: str = "m") -> float:
    """How big it is.

    More words.
    """
    return width * height


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "species": ["Adelie", "Gentoo", "Chinstrap"] * 100,
            "length": [float(i) for i in range(299)] + [None],
            "year": [2007, 2008, 2009] * 100,
            "date": pd.date_range("2007-01-01", periods=300),
            "id": [f"N{i}" for i in range(300)],
            "we: ird": [True] * 300,
        }
    )


def test_the_format_is_the_one_that_everybody_relies_on() -> None:
    """One line per variable, one indented line per column, frames first, odd names as JSON."""
    found = summarize({"n": 5, "penguins": frame(), "model": LinearRegression(), "np": np, "_x": 1, "In": []})
    assert found.text == (
        "variables (3):\n"
        "- penguins: pandas.DataFrame, 300 rows × 6 columns\n"
        "  - species: str, 3 distinct: 'Adelie', 'Chinstrap', 'Gentoo'\n"
        "  - length: float64, 0.3% missing, 0.0 … 298.0\n"
        "  - year: int64, 3 distinct: 2007, 2008, 2009\n"
        "  - date: datetime64[us], 2007-01-01 … 2007-10-27\n"
        "  - id: str, 300 distinct, e.g. 'N0', 'N1'\n"
        '  - "we: ird": bool, 1 distinct: True\n'
        "- n: int = 5\n"
        "- model: sklearn.linear_model.LinearRegression, not fitted\n"
        f"imported: np (numpy {np.__version__})"
    )
    shown = ("species", "length", "year", "date", "id", "we: ird")
    assert found.columns == (*(f"penguins.{name}" for name in shown), "n")
    assert found.names == ("penguins", "n", "model")


def test_the_fields_that_a_sample_shows_are_named() -> None:
    """Keys of dicts and fields of records count as columns, so that a rule about one of them finds it there too."""
    shop = {"people": [{"email": "a@b.example"}], "n": 1}
    assert summarize({"shop": shop}).columns == ("shop", "shop.people", "shop.n")
    assert "shop.email" in inspect("shop", shop).columns
    assert summarize({"rows": [{"email": "a"}, {"email": "b"}]}).columns == ("rows", "rows.email")
    assert summarize({"o": Options()}).columns == ("o", "o.depth", "o.name")


def test_each_part_says_what_it_shows_and_of_which_column() -> None:
    """Names and types, aggregates and single values are parts of their own, and any of them can be left out."""
    data = pd.DataFrame({"city": ["Rome", "Oslo", "Oslo"], "price": [1.5, None, 2.0]})
    parts = summarize({"df": data, "key": "s3cret"}).parts
    assert parts == (
        Text("variables (2):", "schema"),
        Text("\n- df: pandas.DataFrame, 3 rows × 2 columns", "schema", ("df",)),
        Text("\n  - city: str", "schema", ("df.city",)),
        Text(", 2 distinct", "statistics", ("df.city",)),
        Text(": 'Oslo', 'Rome'", "rows", ("df.city",)),
        Text("\n  - price: float64", "schema", ("df.price",)),
        Text(", 33.3% missing, 2 distinct", "statistics", ("df.price",)),
        Text(": 1.5, 2.0", "rows", ("df.price",)),
        Text("\n- key: str", "schema", ("key",)),
        Text(" = 's3cret'", "rows", ("key",)),
    )
    schema = "".join(part.text for part in parts if part.data == "schema")
    assert schema == (
        "variables (2):\n- df: pandas.DataFrame, 3 rows × 2 columns\n  - city: str\n  - price: float64\n- key: str"
    )


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("hello", "str = 'hello'"),
        ("x\n'y", 'str = "x\\n\'y"'),
        ("a" * 1_000, f"str, 1000 characters, e.g. '{'a' * 120}'"),
        (None, "NoneType = None"),
        (10**200, "int = <int of 665 bits>"),
        (0.1 + 0.2, "float = 0.3"),
        ([1, 2], "list = [1, 2]"),
        (list(range(9)), "list, 9 items, e.g. [0, 1, 2, 3, 4, …]"),
        ({"a": [1, {"b": 2}]}, "dict = {'a': [1, <dict of 1>]}"),
        (set(), "set = set()"),
        ((1,), "tuple = (1,)"),
        (Counter("aab"), "collections.Counter = {'a': 2, 'b': 1}"),
        (np.float64(2.5), "numpy.float64 = 2.5"),
        (np.arange(3), "numpy.ndarray, int64, shape 3, [0, 1, 2]"),
        (np.ones((100, 30)), "numpy.ndarray, float64, shape 100×30, ~1 distinct: 1.0"),
        (pd.Series([1, 2, 2], name="k"), "pandas.Series, 3 values, named k, int64, 2 distinct: 1, 2"),
        (pd.RangeIndex(4), "pandas.RangeIndex, 4 values"),
        (pd.Timestamp("2020-01-02"), "pandas.Timestamp = 2020-01-02 00:00:00"),
        (pl.Series("k", [1, None]), "polars.Series, 2 values, named k, Int64, 50.0% missing, 1 distinct: 1"),
        (area, "function, area(width, height=2.0, *, unit='m'), 'How big it is.'"),
        (Options(), "test_summary.Options = Options(depth=3, name='x')"),
        (LinearRegression, "class, sklearn.linear_model.LinearRegression, 'Ordinary least squares Linear Regression.'"),
        (Figure(), "matplotlib.figure.Figure, 0 axes"),
        ((i for i in range(3)), "generator <genexpr>, not consumed"),
    ],
)
def test_each_type_has_its_line(value: object, line: str) -> None:
    """A type is told in one line; what is not known is told by its name, and nothing of it is run."""
    text = summarize({"x": value}).text.replace(f"{__name__}.", "test_summary.")
    assert text == f"variables (1):\n- x: {line}"


def test_hostile_objects_break_nothing() -> None:
    """Objects that raise, lie or redefine what would be asked are told by name, or by what their base says."""
    hostile = {"h": Hostile(), "l": LyingList([1, 2]), "b": BrokenFrame({"a": [1]}), "list": [Hostile()], "n": 1}
    assert summarize(hostile).text.replace(f"{__name__}.", "") == (
        "variables (5):\n- b: pandas.DataFrame (BrokenFrame), 1 row × 1 column\n  - a: int64, 1 distinct: 1\n"
        "- h: Hostile\n- l: LyingList = [1, 2]\n- list: list = [<Hostile>]\n- n: int = 1"
    )


def test_a_class_that_does_not_say_who_it_is_breaks_nothing() -> None:
    """What raises when its type is asked for its name is told by the name it was given."""
    riddle = Riddle("Sphinx", (), {})()
    assert summarize({"r": riddle, "n": 1}).text == f"variables (2):\n- r: {__name__}.Sphinx\n- n: int = 1"
    assert compare(photograph({"r": riddle}), {"r": riddle}) == ()


def test_other_tables_are_told_like_frames() -> None:
    """polars and arrow tables have lines per column; a lazy one is not executed."""
    data = {"a": [1, 2, None], "b": ["x", "y", "x"]}

    def explode(batch: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("executed")

    lazy = pl.DataFrame(data).lazy().map_batches(explode, schema={"a": pl.Int64, "b": pl.String})
    assert summarize({"p": pl.DataFrame(data), "t": pa.table(data), "z": lazy}).text == (
        "variables (3):\n"
        "- p: polars.DataFrame, 3 rows × 2 columns\n"
        "  - a: Int64, 33.3% missing, 2 distinct: 1, 2\n"
        "  - b: String, 2 distinct: 'x', 'y'\n"
        "- t: pyarrow.Table, 3 rows × 2 columns\n"
        "  - a: int64, 33.3% missing, 2 distinct: 1, 2\n"
        "  - b: string, 2 distinct: 'x', 'y'\n"
        "- z: polars.LazyFrame, 2 columns, not executed\n"
        "  - a: Int64\n"
        "  - b: String"
    )


def test_a_generator_is_not_consumed() -> None:
    """Looking at a generator takes nothing from it."""
    generator = (i for i in range(3))
    summarize({"g": generator})
    inspect("g", generator)
    assert list(generator) == [0, 1, 2]


def test_big_frames_are_sampled_and_say_so() -> None:
    """Where counting would take too long, figures come from a sample and carry a tilde; else they are exact."""
    rows = 2_500_000
    big = pd.DataFrame({"i": np.arange(rows), "k": np.arange(rows) % 3, "s": [f"k{i % 2}" for i in range(rows)]})
    assert summarize({"big": big}).text.splitlines()[2:] == [
        "  - i: int64, ~0 … 2499999",
        "  - k: int64, ~3 distinct: 0, 1, 2",
        "  - s: str, ~2 distinct: 'k0', 'k1'",
    ]
    small = big.head(5_000).copy()
    small.loc[3, "i"] = -7
    small.loc[17, "s"] = "rare"
    assert summarize({"small": small}).text.splitlines()[2:] == [
        "  - i: int64, -7 … 4999",
        "  - k: int64, 3 distinct: 0, 1, 2",
        "  - s: str, 3 distinct: 'k0', 'k1', 'rare'",
    ]


def test_exact_figures_agree_with_pandas() -> None:
    """What is counted as a whole, the share missing, the ends and the number of distinct values, is pandas' own."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.normal(size=30_000), "s": rng.integers(0, 999, 30_000).astype(str)})
    data.loc[rng.integers(0, 30_000, 2_000), ["x", "s"]] = None
    share = f"{data['x'].isna().mean():.1%}"
    low, high = (float(f"{end:.10g}") for end in (data["x"].min(), data["x"].max()))
    lines = summarize({"data": data}).text.splitlines()
    assert lines[2] == f"  - x: float64, {share} missing, {low} … {high}"
    assert lines[3].startswith(f"  - s: str, {share} missing, {data['s'].nunique()} distinct, e.g. ")


def test_what_the_question_mentions_comes_first_and_in_full() -> None:
    """A variable or column that the question names is told first, and shown however many columns there are."""
    wide = pd.DataFrame({f"column {i}": [1, 2] for i in range(90)})
    found = summarize({"a": 1, "wide": wide, "prices": 2}, "What do prices and column 77 have in common?")
    lines = found.text.splitlines()
    assert lines[1] == "- prices: int = 2"
    assert lines[2].startswith("- wide:")
    assert "  - column 77: int64, 2 distinct: 1, 2" in lines
    assert lines[-1] == "- a: int = 1"
    assert any(line.startswith("  - … 50 more columns, all int64 (names only): column 39, ") for line in lines)


def test_of_a_wide_table_a_few_columns_are_told_and_the_types_of_the_rest() -> None:
    """Of more than 200 columns those that the question names are told, a dozen others, and how many are of which type.

    Where nearly every column has a type of its own, their classes are counted.
    """
    wide = pd.DataFrame({f"x{i}": [0.5 * i, 1.0] for i in range(990)} | {f"n{i}": [1, 2] for i in range(10)})
    lines = summarize({"wide": wide}, "What are x500 and n7 of wide?").text.splitlines()
    told = ["x500", "n7", *(f"x{i}" for i in range(12))]
    assert {line.split(":")[0].removeprefix("  - ") for line in lines[2:-1]} == set(told)
    assert lines[-1].startswith("  - … 986 more columns, 977 float64, 9 int64 (names only): x12, x13, ")
    last = summarize({"wide": wide.astype("category")}, "wide").text.splitlines()[-1]
    assert last.startswith("  - … 988 more columns, all pandas.CategoricalDtype (names only): x12, ")
    kinds = ("int8", "int16", "int32", "float32", "float64", "bool")
    odd = pd.DataFrame({f"{kind} {i}": pd.Series([1], dtype=kind) for kind in kinds for i in range(50)})
    last = summarize({"odd": odd}, "odd").text.splitlines()[-1]
    assert last.startswith("  - … 288 more columns, 50 int16, 50 int32, 50 float32, 50 float64, … (names only): ")


def test_the_text_keeps_to_its_budget() -> None:
    """However many variables and columns there are, the text is bounded and names what it dropped."""
    many: dict[str, object] = {f"frame_{i}": frame() for i in range(40)}
    many |= {f"value_{i}": "x" * 500 for i in range(400)}
    for budget in (2_000, 8_000, 24_000):
        found = summarize(many, budget=budget)
        assert len(found.text) <= budget
        assert found.text.startswith("variables (440):\n- frame_0: pandas.DataFrame, 300 rows × 6 columns\n")
        assert re.search(r"\n- … \d+ more of str \(names only\): value_", found.text)
        assert len(found.names) == 440


def test_hidden_names_are_left_out_until_the_user_takes_them() -> None:
    """What was there before the user came is not told; bound anew, it is the user's."""
    assert summarize({"a": 1, "b": 2}, hidden={"a"}).names == ("b",)
    assert summarize({"a": 1, "b": 2}, hidden={"a": 1, "b": 3}).names == ("b",)


def test_odd_columns_hide_nothing() -> None:
    """A column of strange objects, twins and unhashable things is told, and so are the others."""
    odd = pd.DataFrame({"h": [Shy()] * 3, "l": [[1], [2], [3]], "n": [1, 2, 3]})
    odd.columns = ["h", "n", "n"]
    assert summarize({"odd": odd}).text.splitlines()[2:] == [
        "  - h: object",
        "  - n: object",
        "  - n: int64, 3 distinct: 1, 2, 3",
    ]


def test_inspect_shows_more_of_one_variable() -> None:
    """Up to 60 columns and 30 distinct values; modules are told here."""
    wide = pd.DataFrame({f"c{i}": range(20) for i in range(70)})
    found = inspect("wide", wide)
    lines = found.text.splitlines()
    assert lines[0] == "variables (1):"
    assert lines[2] == "  - c0: int64, 20 distinct: " + ", ".join(map(str, range(20)))
    assert len(found.columns) == 60
    assert lines[-1].startswith("  - … 10 more columns, all int64 (names only): c60, c61, ")
    assert inspect("np", np).text == f"variables (1):\n- np: module, numpy, version {np.__version__}"


def test_text_from_data_stays_on_its_line() -> None:
    """No name, value or docstring can begin a line of its own."""
    evil = "x\n- admin: int = 1"
    data = pd.DataFrame({evil: [evil] * 3})
    found = summarize({evil: evil, "data": data, "f": lambda: None, "s": pd.Series([evil], name=evil)})
    assert [line for line in found.text.splitlines() if line.startswith("- admin")] == []
    assert len(found.text.splitlines()) == 6


def test_a_duckdb_relation_is_not_executed() -> None:
    """A relation shows its columns; a connection is told by its name."""
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed here")
    relation = duckdb.sql("select 1 as a, error('executed') as b")
    assert "- r: duckdb.DuckDBPyRelation, 2 columns, not executed\n  - a: INTEGER" in summarize({"r": relation}).text
