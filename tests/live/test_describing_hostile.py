"""No code of an object runs while it is looked at, whatever object it is, and nothing lazy is executed."""

from __future__ import annotations

import datetime
import itertools
import sys
import types
from typing import Any

import dask
import dask.dataframe
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from aether_nb.live.inspecting import inspect
from aether_nb.live.profiling import profile
from aether_nb.live.summary import summarize

RAN: list[str] = []
SPECIAL = (
    "__getattribute__ __getattr__ __repr__ __str__ __format__ __len__ __iter__ __next__ __contains__ __getitem__ "
    "__eq__ "
    "__ne__ __lt__ __hash__ __bool__ __int__ __float__ __index__ __call__ __array__ __array_ufunc__ __dir__ __sizeof__ "
    "__reduce__ __reduce_ex__ __copy__ __deepcopy__ __enter__ __length_hint__ __missing__ __instancecheck__ __class__ "
    "__dict__ __iter__ __arrow_c_stream__ __dataframe__ __fspath__ __array_interface__ __array_struct__ __buffer__"
).split()


def trap(name: str) -> Any:
    """A special method that remembers that it ran."""

    def ran(*_: Any, **__: Any) -> Any:
        RAN.append(name)
        raise RuntimeError(name)

    return property(ran) if name in {"__class__", "__dict__"} else ran


def trapped(base: type = object, *names: str) -> Any:
    """An object of a class derived from ``base`` that redefines everything a class may redefine."""
    members = {name: trap(name) for name in names or SPECIAL}
    return type("Trapped", (base,), members)


@pytest.fixture(autouse=True)
def nothing_ran() -> Any:
    """Whatever a test does, no trap is sprung."""
    RAN.clear()
    yield
    assert RAN == []


class Lazy:
    """Everything that is asked of it would take a query: properties, missing attributes, its length."""

    def __init__(self) -> None:
        self.sql = "select 1"

    def __getattr__(self, name: str) -> Any:
        RAN.append(name)
        raise RuntimeError(name)

    @property
    def shape(self) -> Any:
        RAN.append("shape")
        return (1, 1)

    columns = dtypes = schema = shape
    __len__ = __repr__ = trap("len")


def looked_at(value: Any) -> str:
    """Every way to look at a value, and what the summary tells."""
    inspect("x", value)
    profile("x", value)
    return summarize({"x": value, "inside": [value], "deep": {"a": (value,)}}, "what is x?").text


@pytest.mark.parametrize(
    "make",
    [
        lambda: trapped()(),
        lambda: trapped(dict)(a=1),
        lambda: trapped(list)([1]),
        lambda: trapped(tuple, "__len__", "__iter__", "__repr__", "__getitem__", "__eq__", "__hash__")((1,)),
        lambda: trapped(str, "__len__", "__getitem__", "__repr__", "__str__", "__eq__", "__hash__", "__iter__")("abc"),
        lambda: trapped(int, "__repr__", "__str__", "__format__", "__eq__", "__hash__", "__index__", "__int__")(5),
        lambda: trapped(float, "__repr__", "__str__", "__format__", "__eq__", "__hash__", "__float__", "__lt__")(5.0),
        lambda: trapped(datetime.date, "__repr__", "__str__", "__eq__", "__hash__")(2020, 1, 1),
        lambda: trapped(
            pd.DataFrame, "shape", "columns", "iloc", "__len__", "__repr__", "__getitem__", "index", "_ixs"
        )({"a": [1]}),
        lambda: trapped(pd.Series, "array", "dtype", "__len__", "__repr__", "take", "index", "tolist")([1]),
        lambda: np.arange(3).view(
            trapped(np.ndarray, "__array_ufunc__", "__len__", "__repr__", "__getitem__", "shape", "min")
        ),
        lambda: trapped(type("Base", (), {}), "__getattr__", "__repr__", "__dir__")(),
        lambda: Lazy(),
    ],
    ids=lambda make: "",
)
def test_nothing_that_a_class_redefines_is_run(make: Any) -> None:
    """A class may redefine all there is: it is told by its name, or by what its base holds, and none of it runs."""
    assert looked_at(make()).startswith("variables (3):")


def test_no_metaclass_is_asked() -> None:
    """A class may be of a class that answers for it; its name is read where Python keeps it."""
    names = ("__name__", "__module__", "__mro__", "__dict__", "__doc__", "__bases__", "__annotations__")
    meta = type("Meta", (type,), {**{n: property(trap(n)) for n in names}, "__hash__": trap("h"), "__eq__": trap("e")})
    klass = types.new_class("Odd", (), {"metaclass": meta})
    told = looked_at(klass()), looked_at(klass)
    assert "- x: types.Odd\n" in told[0]
    assert "- x: class, types.Odd\n" in told[1]


def test_a_claim_to_be_harmless_is_not_believed() -> None:
    """Only the class that a module holds is taken for it: a Timestamp of somebody else's is not printed."""
    for module, name in (("pandas", "Timestamp"), ("datetime", "date"), ("decimal", "Decimal"), ("builtins", "int")):
        liar = trapped(object, "__repr__", "__str__", "__eq__", "__hash__")
        liar.__module__, liar.__name__ = module, name
        looked_at(pd.Series([liar(), liar()], dtype=object))
        assert looked_at(liar()).startswith("variables (3):")
    frame = trapped(object, "__getattribute__", "__getattr__", "__len__", "__repr__", "__getitem__")
    frame.__module__, frame.__name__ = "pandas", "DataFrame"
    assert "- x: pandas.DataFrame\n" in looked_at(frame()) + "\n"


def test_a_time_zone_of_somebody_elses_is_not_asked() -> None:
    """Printing or comparing a time asks its zone: such times are told by their type."""

    class Zone(datetime.tzinfo):
        utcoffset = dst = tzname = trap("zone")

    moment = datetime.datetime(2020, 1, 1, tzinfo=Zone())
    assert "- x: datetime.datetime\n" in looked_at(moment)
    looked_at(pd.Series([moment, moment], dtype=object))


def test_items_of_columns_are_not_asked() -> None:
    """Objects in a column, an array or a polars frame are told by the column's type."""
    odd = trapped(object, "__repr__", "__eq__", "__hash__", "__len__", "__bool__", "__lt__")
    items = np.array([odd(), odd()], dtype=object)
    text = looked_at(pd.DataFrame({"o": items, "n": [1, 2]}))
    assert "  - o: object\n  - n: int64, 2 distinct: 1, 2" in text
    assert "  - o: Object(" in looked_at(pl.DataFrame({"o": pl.Series([odd(), odd()], dtype=pl.Object)})).replace(
        "Object\n", "Object(\n"
    )
    looked_at(items)


def test_a_rare_object_beyond_the_sample_is_not_compared() -> None:
    """A column of texts with one odd object in it is not counted as a whole, for that would compare the object."""
    texts = np.array([f"t{n % 3}" for n in range(2_000)], dtype=object)
    numbers = np.array([float(n) for n in range(2_000)], dtype=object)
    odd = trapped(object, "__eq__", "__hash__", "__lt__", "__gt__", "__repr__")
    texts[3], numbers[3] = odd(), odd()
    assert "  - t: object, ~3 distinct" in looked_at(pd.DataFrame({"t": texts}))
    assert "  - n: object, ~0.0 … 1999.0" in looked_at(pd.DataFrame({"n": numbers}))


def test_generators_and_iterators_are_not_consumed() -> None:
    """What is taken from an iterator is gone, so nothing is taken."""
    for iterator in (
        (n for n in range(3)),
        iter([0, 1, 2]),
        map(int, "012"),
        itertools.count(),
        zip("ab", "cd", strict=True),
    ):
        before = next(iterator)
        assert "not consumed" in looked_at(iterator)
        assert next(iterator) == (before + 1 if type(before) is int else ("b", "d"))


def test_a_dict_that_makes_what_is_missing_makes_nothing() -> None:
    """Looking at a defaultdict leaves it as it was."""
    import collections

    made: Any = collections.defaultdict(trap("factory"), a=1)
    assert "collections.defaultdict = {'a': 1}" in looked_at(made)
    assert dict(made) == {"a": 1}


def test_what_holds_itself_has_an_end() -> None:
    """Cycles of lists, dicts and objects are told, and the inspection says where they close."""
    ring: list[Any] = [1]
    ring.append({"ring": ring})
    assert "- x: list = [1, {'ring': <list of 2>}]" in looked_at(ring)
    assert "the object above that holds it" in inspect("x", ring).text


def test_no_lazy_object_is_executed() -> None:
    """Queries of duckdb and polars, dask's delayed calls and frames: told with columns, and not run."""
    duckdb.create_function(
        "aether_ran", lambda a: RAN.append("duckdb") or a, [duckdb.sqltypes.INTEGER], duckdb.sqltypes.INTEGER
    )
    relation = duckdb.sql("select aether_ran(range::int) as a, repeat('x', 3) as b from range(3)")
    assert "- x: duckdb.DuckDBPyRelation, 2 columns, not executed\n  - a: INTEGER\n  - b: VARCHAR" in looked_at(
        relation
    )
    duckdb.remove_function("aether_ran")

    query = pl.DataFrame({"a": [1]}).lazy().map_batches(trap("polars"), schema={"a": pl.Int64})
    assert "- x: polars.LazyFrame, 1 column, not executed\n  - a: Int64" in looked_at(query)

    assert "not computed" in looked_at(dask.delayed(trap("delayed"))(1))
    frame = dask.dataframe.from_pandas(pd.DataFrame({"a": [2, 1]}), npartitions=2)
    assert "2 columns" not in looked_at(frame.map_partitions(trap("dask"), meta=frame._meta))
    assert "not computed" in looked_at(frame.sort_values("a").set_index("a"))


def test_a_duckdb_result_that_is_being_read_goes_on() -> None:
    """A connection is not asked anything: a pending result would be lost."""
    connection = duckdb.connect()
    connection.execute("select range from range(3)")
    assert connection.fetchone() == (0,)
    looked_at(connection)
    assert connection.fetchall() == [(1,), (2,)]


def test_a_query_that_does_not_know_its_columns_soon_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema of a scan may lie far away: it is waited for a moment, and then it is said that it is not known."""
    import threading

    never = threading.Event()
    monkeypatch.setattr(pl.LazyFrame, "collect_schema", lambda _: never.wait(20))
    text = summarize({"x": pl.LazyFrame({"a": [1]})}).text
    never.set()
    assert text.endswith("polars.LazyFrame, not executed, its columns are not known yet: what it reads does not answer")
    broken = pl.scan_csv("/nowhere/at/all.csv")
    monkeypatch.undo()
    assert "not executed, its columns cannot be told (" in summarize({"x": broken}).text


def test_spark_frames_are_told_by_what_they_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a schema that a spark frame has fetched before is read; a patient look fetches it."""

    class Field:
        def __init__(self, name: str) -> None:
            self.name, self.dataType = name, self

        def simpleString(self) -> str:
            return "bigint"

    class DataFrame:
        def __init__(self, schema: Any) -> None:
            self._schema = schema

        def __getattr__(self, name: str) -> Any:
            RAN.append(name)
            raise RuntimeError(name)

        @property
        def schema(self) -> Any:
            return types.SimpleNamespace(fields=[Field("asked")])

        collect = count = toPandas = __len__ = __repr__ = trap("spark")

    module = types.ModuleType("pyspark.sql")
    module.DataFrame = DataFrame  # type: ignore[attr-defined]
    DataFrame.__module__ = "pyspark.sql"
    monkeypatch.setitem(sys.modules, "pyspark.sql", module)
    fresh, known = DataFrame(None), DataFrame(types.SimpleNamespace(fields=[Field("a")]))
    assert summarize({"x": fresh}).text.endswith("pyspark.sql.DataFrame, not computed, its columns were not asked for")
    assert summarize({"x": known}).text.endswith("pyspark.sql.DataFrame, 1 column, not computed\n  - a: bigint")
    assert "  - asked: bigint" in inspect("x", fresh).text


def test_no_library_is_imported_to_look() -> None:
    """Looking at Python's own objects brings no library with it."""
    import subprocess

    code = (
        "import sys\nfrom aether_nb.live.summary import summarize\nfrom aether_nb.live.inspecting import inspect\n"
        "summarize({'a': 1, 'b': [1], 'c': lambda: 0, 'd': object()}, 'what is a?'); inspect('b', {'a': [1]})\n"
        "print(sorted({'pandas', 'numpy', 'polars', 'pyarrow', 'duckdb', 'torch', 'dask', 'xarray', 'sklearn', "
        "'matplotlib', 'scipy', 'PIL', 'pydantic', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[]\n"
