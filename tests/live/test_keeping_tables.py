"""Frames and arrays: each comes back with its types, labels and index, or is refused; equal ones have equal hashes."""

from __future__ import annotations

import subprocess
import sys
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aether_nb.live.keeping import Clock, NotPossible, content_hash, load, matches, save
from aether_nb.live.keeping import formats as keeping_formats

BASE = pd.DataFrame({"a": [1, 2, 3], "s": ["x", None, "z"], "f": [1.5, np.nan, -0.0]})
TIMES = pd.date_range("2024-03-31", periods=3, freq="h", tz="Europe/Berlin")
FRAMES = {
    "plain": BASE,
    "empty": pd.DataFrame(),
    "no columns": pd.DataFrame(index=[1, 5]),
    "no rows": BASE.head(0),
    "categories": BASE.assign(c=pd.Categorical(["b", "a", "b"], categories=["b", "a", "z"], ordered=True)),
    "number categories": BASE.assign(c=pd.Categorical([1, None, 2])),
    "zones": BASE.assign(t=TIMES, u=TIMES.tz_convert("UTC"), n=TIMES.tz_localize(None)),
    "seconds": BASE.assign(t=np.array(["2020", "NaT", "2021"], dtype="M8[s]"), d=np.array([1, 2, 3], dtype="m8[ms]")),
    "masked": BASE.assign(i=pd.array([1, None, 3], dtype="Int16"), b=pd.array([True, None, False], dtype="boolean")),
    "masked floats": BASE.assign(i=pd.array([1.5, None, 3], dtype="Float32")),
    "periods": BASE.assign(p=pd.period_range("2020-01", periods=3, freq="M"), i=pd.interval_range(0, 3, closed="left")),
    "old texts": BASE.assign(s=pd.array(["a", None, "b"], dtype="string[python]")),
    "arrow texts": BASE.assign(s=pd.array(["a", None, "b"], dtype="string[pyarrow]")),
    "arrow": BASE.assign(l=pd.array([[1], None, [2, 3]], dtype=pd.ArrowDtype(pa.list_(pa.int8())))),
    "objects": BASE.assign(o=pd.Series([1, "a", None], dtype=object), t=pd.Series([(1,), {2}, {"k": 3}], dtype=object)),
    "object texts": BASE.assign(o=pd.Series(["a", None, "b"], dtype=object)),
    "decimals": BASE.assign(d=[Decimal("1.10"), Decimal("2"), None]),
    "labels": BASE.set_axis([1, ("t", 2), None], axis=1),
    "number labels": BASE.set_axis([10, 20, 30], axis=1),
    "twice": BASE.set_axis(["a", "a", "b"], axis=1),
    "named labels": BASE.rename_axis(columns="kind"),
    "levels in labels": BASE.set_axis(
        pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["u", None]), axis=1
    ),
    "levels": BASE.set_index(["s", "a"]),
    "index": BASE.set_index("s"),
    "index with frequency": BASE.set_axis(pd.date_range("2020", periods=3, freq="2D", name="day"), axis=0),
    "index of categories": BASE.set_axis(pd.CategoricalIndex(["a", "b", "a"]), axis=0),
    "index that steps": BASE.set_axis(pd.RangeIndex(10, 40, 10, name="n"), axis=0),
    "attributes": BASE.copy(),
    "narrow": BASE.astype({"a": "int8", "f": "float32"}),
    "complex": BASE.assign(c=np.array([1j, complex("nan"), 2])),
}
FRAMES["attributes"].attrs = {"source": ("a", 1)}
OTHERS = {
    "series": pd.Series([1, 2], name=("a", 1), index=["x", "y"]),
    "unnamed": pd.Series(["a", None]),
    "times": pd.Series(TIMES),
    "with attributes": pd.Series([1.0]),
    "index": pd.Index([1, "a", None], name="n"),
    "range": pd.RangeIndex(5),
    "days": pd.date_range("2020", periods=3),
    "deltas": pd.timedelta_range(0, periods=3, freq="h"),
    "polars": pl.DataFrame(
        {"i": [1, None], "s": ["x", None], "l": [[1], None], "b": [True, None], "f": [np.nan, None]}
    ),
    "polars types": pl.DataFrame(
        {
            "e": pl.Series(["a", None], dtype=pl.Enum(["b", "a"])),
            "c": pl.Series(["q", "q"], dtype=pl.Categorical),
            "t": pl.Series([1, None]).cast(pl.Datetime("us", "Europe/Berlin")),
            "d": pl.Series([Decimal("1.5"), None]),
            "st": [{"x": 1}, None],
        }
    ),
    "polars series": pl.Series("n", [1, 2]),
    "polars nothing": pl.DataFrame(),
    "table": pa.table(
        {"i": [1, None], "s": ["x", None], "d": pa.array(["u", "u"]).dictionary_encode(), "l": [[1], None]}
    ),
    "table types": pa.table(
        {
            "t": pa.array([1, None], pa.timestamp("ms", "UTC")),
            "d": pa.array([1, None], pa.date32()),
            "b": pa.array([b"q", None]),
            "o": pa.array([True, None]),
        }
    ).replace_schema_metadata({"k": "v"}),
    "no rows": pa.table({"i": pa.chunked_array([], pa.int64()), "s": pa.array([], pa.string())}),
    "fields": np.array([(1, "a", 2.5)], dtype=np.dtype([("i", "i1"), ("s", "U2"), ("f", "f8")])),
    "columns first": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "other end": np.arange(4, dtype=">i4"),
    "nothing": np.array(5.5),
    "long": np.array([np.longdouble(1) / 3, np.nan]),
    "array of objects": np.array([["a", None], [(1,), 2]], dtype=object),
    "strided": np.arange(20).reshape(4, 5)[::2, ::3],
}
OTHERS["with attributes"].attrs = {"k": [1]}


def there_and_back(value):
    """What a value is after it was written and read, and in which format that was."""
    format, data = save(value)
    return load(format, bytes(data)), format


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_comes_back(name):
    """Types, labels, index, names, frequency and attributes are what they were."""
    frame = FRAMES[name]
    found, _ = there_and_back(frame)
    assert content_hash(found) == content_hash(frame)
    assert repr(found.columns) == repr(frame.columns) and found.attrs == frame.attrs
    with warnings.catch_warnings(action="ignore"):
        pd.testing.assert_frame_equal(found, frame, check_freq=True)


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_comes_back_without_arrow(name, monkeypatch):
    """As without pyarrow: every column as what it is made of."""
    monkeypatch.setattr(keeping_formats, "loaded", lambda module: None)
    frame = FRAMES[name]
    found, format = there_and_back(frame)
    assert (format, content_hash(found)) == ("columns", content_hash(frame))


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_table_and_array_comes_back(name):
    """Series, indexes, frames of polars, tables of Arrow, arrays of numpy; also inside of a dict, as one object."""
    value = OTHERS[name]
    found, _ = there_and_back(value)
    assert (type(found), content_hash(found)) == (type(value), content_hash(value))
    inside, format = there_and_back({"k": [value, value]})
    assert format == "bundle" and inside["k"][0] is inside["k"][1]
    assert content_hash(inside["k"][0]) == content_hash(value)


def test_all_of_them_have_hashes_of_their_own():
    """No two of these are taken for each other."""
    hashes = [content_hash(value) for value in [*FRAMES.values(), *OTHERS.values()]]
    assert len(set(hashes)) == len(hashes) and all(hash.startswith("sha256:") for hash in hashes)


CHANGES = {
    "a value": lambda f: f.assign(a=[1, 2, 4]),
    "a missing value": lambda f: f.assign(s=["x", "y", "z"]),
    "the order of rows": lambda f: f.iloc[::-1],
    "the order of columns": lambda f: f[["s", "a", "f"]],
    "a type": lambda f: f.astype({"a": "float64"}),
    "a label": lambda f: f.rename(columns={"a": "A"}),
    "the index": lambda f: f.set_axis([1, 2, 3], axis=0),
    "the name of the index": lambda f: f.rename_axis(index="n"),
    "the sign of a zero": lambda f: f.assign(f=[1.5, np.nan, 0.0]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_of_a_frame_changes_its_hash(change):
    """Whatever is different makes another hash."""
    assert content_hash(CHANGES[change](BASE)) != content_hash(BASE)


def test_how_it_lies_in_memory_does_not_matter():
    """Copies, views, chunks, slices and other missing values of the same kind have the same hash."""
    assert content_hash(BASE.copy()) == content_hash(pd.concat([BASE.iloc[:1], BASE.iloc[1:]]))
    assert content_hash(np.arange(20)[::2]) == content_hash(np.arange(20)[::2].copy())
    assert content_hash(np.array([np.nan])) == content_hash(np.array([-np.nan]))
    table = pa.table({"s": ["a", None, "b", "a"], "n": [1, None, 3, 4]})
    assert content_hash(pa.concat_tables([table.slice(0, 1), table.slice(1)])) == content_hash(table)
    assert content_hash(table.slice(1, 2)) == content_hash(table.take([1, 2]))
    frame = pl.DataFrame({"s": ["a", None], "n": [1, None]})
    assert content_hash(pl.concat([frame[:1], frame[1:]], rechunk=False)) == content_hash(frame)


@given(hnp.arrays(dtype=hnp.scalar_dtypes(), shape=hnp.array_shapes(max_dims=3, max_side=4)))
def test_arrays_of_any_type_come_back(array):
    """Any dtype and shape."""
    found, _ = there_and_back(array)
    assert (found.dtype, found.shape, content_hash(found)) == (array.dtype, array.shape, content_hash(array))


columns = st.one_of(
    st.lists(st.floats() | st.none(), min_size=3, max_size=3),
    st.lists(st.text(max_size=3) | st.none(), min_size=3, max_size=3),
    st.lists(st.booleans() | st.integers() | st.text(max_size=2), min_size=3, max_size=3),
    st.lists(st.datetimes(), min_size=3, max_size=3),
    st.lists(st.lists(st.integers(), max_size=2), min_size=3, max_size=3),
)


@given(st.dictionaries(st.text(max_size=4) | st.integers(-5, 5) | st.none(), columns, max_size=4))
def test_frames_of_any_columns_come_back(data):
    """Mixed columns, odd labels, huge numbers: the same frame, or the same refusal."""
    try:
        frame = pd.DataFrame(data)
    except (pd.errors.OutOfBoundsDatetime, OverflowError, UnicodeEncodeError):
        return
    found, _ = there_and_back(frame)
    assert content_hash(found) == content_hash(frame)


class Frame(pd.DataFrame):
    """A frame of somebody's own."""


def test_what_is_not_known_is_refused_in_words():
    """Subclasses, sparse columns, objects that are no data, and labels that are none."""
    for value, words in (
        (Frame({"a": [1]}), "Frame, which is not plain data"),
        (pd.DataFrame({"a": [object()]}), "object, which is not plain data"),
        (pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}), "SparseDtype, for which there is no format"),
        (pl.DataFrame({"a": [object()]}), "Python objects"),
        (np.array([(1,)], dtype=[("o", "O")]), "objects"),
        (np.ma.masked_array([1], [True]), "MaskedArray"),
        (pd.Interval(0, 1), "Interval"),
        (np.array([(1,)], dtype=[("i", "i4")])[0], "record"),
    ):
        with pytest.raises(NotPossible, match=words):
            save(value)
    assert content_hash(pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])})).startswith("sha256:")
    assert content_hash(np.array([b"ab"], dtype="V2")) == ""


@pytest.mark.parametrize("kind", ["pandas", "series", "index", "polars", "polars series", "arrow", "numpy", "strided"])
def test_large_tables_are_sampled_and_a_change_may_be_seen(kind):
    """What is too large for the time has a hash of some of its rows, and that matches what is the same."""
    numbers = np.arange(3_000_000, dtype="f8")
    value = {
        "pandas": lambda: pd.DataFrame({"a": numbers, "b": numbers}),
        "series": lambda: pd.Series(numbers),
        "index": lambda: pd.Index(numbers),
        "polars": lambda: pl.DataFrame({"a": numbers}),
        "polars series": lambda: pl.Series(numbers),
        "arrow": lambda: pa.table({"a": numbers}),
        "numpy": lambda: numbers,
        "strided": lambda: numbers.reshape(-1, 2)[:, ::2],
    }[kind]()
    hash = content_hash(value, Clock.of(0.004))
    assert hash.startswith("sample:") and matches(value, hash)
    assert matches(value, content_hash(numbers[::-1], Clock.of(0.004))) is False
    found, _ = there_and_back(value)
    assert content_hash(found) == content_hash(value)


def test_large_texts_come_back():
    """A column of many megabytes of text, in every library."""
    texts = [f"{n} é" * 4 for n in range(200_000)]
    for value in (pd.DataFrame({"s": texts}), pl.DataFrame({"s": texts}), pa.table({"s": texts}), {"s": texts}):
        found, _ = there_and_back(value)
        assert content_hash(found) == content_hash(value)


def test_without_the_library_it_is_said_which_is_missing():
    """Where pandas is not installed, a frame is not loaded, and the reason names it."""
    code = (
        "import sys\nsys.modules.update(pandas=None, pyarrow=None, polars=None)\n"
        "from aether_nb.live.keeping import load, NotPossible\n"
        "for format in ('arrow', 'table', 'polars'):\n"
        "    try:\n        load(format, b'')\n"
        "    except NotPossible as reason:\n        print(reason)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"the library {name} is not installed here" for name in ("pandas", "pyarrow", "polars")
    ]


def test_nothing_is_imported_to_look_or_to_write():
    """Hashing and writing Python's own data loads no library."""
    code = (
        "import sys\nfrom aether_nb.live.keeping import content_hash, save\n"
        "content_hash({'a': [1, (2.5, b'x')]}), save([1])\n"
        "print([name for name in ('numpy', 'pandas', 'pyarrow', 'polars') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
