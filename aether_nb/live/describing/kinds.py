"""Who tells which type: the tables in which a type is found, and how any value is described.

To add a type, write one function ``(value, name, look) -> Description`` and add one line here. A class counts as a
library's only when the library's module holds it under that name, and nothing is imported to find out. Of a class that
somebody derived from it, no code is run: it is read as its base, or by what is stored in the object, or it is told by
its name alone. This module does not know the namespace, the question or the budget.
"""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import enum
import functools
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)
from typing import Any, TypeAlias

from aether_nb.live.describing import (
    arrays,
    arrows,
    connections,
    containers,
    functions,
    labelled,
    lazies,
    learners,
    pandases,
    pictures,
    polarses,
    records,
)
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import ancestors, class_name, members, root
from aether_nb.live.describing.words import type_name

__all__ = ["KINDS", "Describer", "Kind", "describe", "is_table", "plain_form"]

Describer: TypeAlias = Callable[[Any, str, Look], Description]
"""A value, what its type is called, and how closely to look, to what is told of it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one class of a library is told.

    Attributes:
        library: The module that holds the class under its public name.
        name: That name.
        describe: Tells it.
        plain: Makes a plain one of an object of a derived class, without running code of that class.
        stored: ``describe`` reads only what is stored in the object, whatever its class.
        table: It has columns, and comes before what has none.
    """

    library: str
    name: str
    describe: Describer
    plain: Callable[[Any], Any] | None = None
    stored: bool = False
    table: bool = False


KINDS: tuple[Kind, ...] = (
    Kind("pandas", "DataFrame", pandases.frame, pandases.plain_frame, table=True),
    Kind("pandas", "Series", pandases.series, pandases.plain_series),
    Kind("pandas", "Index", pandases.index),
    Kind("geopandas", "GeoDataFrame", pandases.geo_frame, table=True),
    Kind("geopandas", "GeoSeries", pandases.geo_series),
    Kind("polars", "DataFrame", polarses.frame, table=True),
    Kind("polars", "Series", polarses.series),
    Kind("polars", "LazyFrame", polarses.query, table=True),
    Kind("pyarrow", "Table", arrows.arrow_table, table=True),
    Kind("pyarrow", "RecordBatch", arrows.arrow_table, table=True),
    Kind("pyarrow", "Array", arrows.array),
    Kind("pyarrow", "ChunkedArray", arrows.array),
    Kind("pyarrow.dataset", "Dataset", arrows.dataset, table=True),
    Kind("duckdb", "DuckDBPyRelation", lazies.duckdb_relation, table=True),
    Kind("duckdb", "DuckDBPyConnection", lazies.duckdb_connection, stored=True),
    Kind("dask.dataframe", "DataFrame", lazies.dask_frame, stored=True, table=True),
    Kind("dask.dataframe", "Series", lazies.dask_frame, stored=True),
    Kind("dask.dataframe", "Index", lazies.dask_frame, stored=True),
    Kind("dask.array", "Array", lazies.dask_array, stored=True),
    Kind("dask.bag", "Bag", lazies.dask_bag, stored=True),
    Kind("dask.delayed", "Delayed", lazies.dask_delayed, stored=True),
    Kind("pyspark.sql", "DataFrame", lazies.spark_frame, table=True),
    Kind("pyspark.sql.classic.dataframe", "DataFrame", lazies.spark_frame, table=True),
    Kind("pyspark.sql.connect.dataframe", "DataFrame", lazies.spark_frame, table=True),
    Kind("numpy", "ndarray", arrays.numpy_array, arrays.plain_array),
    Kind("numpy.ma", "MaskedArray", arrays.masked),
    Kind("numpy", "generic", arrays.scalar),
    Kind("scipy.sparse", "spmatrix", arrays.sparse),
    Kind("scipy.sparse", "sparray", arrays.sparse),
    Kind("torch", "Tensor", arrays.tensor),
    Kind("torch.nn", "Module", learners.torch_module, stored=True),
    Kind("xarray", "Dataset", labelled.dataset, stored=True, table=True),
    Kind("xarray", "DataArray", labelled.data_array, stored=True),
    Kind("sklearn.base", "BaseEstimator", learners.estimator, stored=True),
    Kind("matplotlib.figure", "Figure", pictures.figure),
    Kind("matplotlib.axes", "Axes", pictures.axes),
    Kind("PIL.Image", "Image", pictures.image, stored=True),
    Kind("sqlite3", "Connection", connections.sqlite, stored=True),
    Kind("sqlalchemy", "Engine", connections.engine, stored=True),
    Kind("aether_nb.tools.function", "FunctionTool", functions.tool, stored=True),
    Kind("aether_nb.tools.skills.written", "Written", functions.tool, stored=True),
)
"""What libraries make. The nearest one among the classes that an object's class comes from counts."""

PYTHON: tuple[tuple[type, Describer], ...] = (
    *((base, containers.text) for base in (str, bytes, bytearray)),
    *((base, containers.container) for base in containers.CONTAINERS),
    (collections.deque, containers.deque),
    (memoryview, containers.memory),
    (FunctionType, functions.function),
    (MethodType, functions.method),
    (BuiltinFunctionType, functions.built_in),
    (functools.partial, functions.partial),
    (type(functools.cache(len)), functions.wrapped),
    (type, functions.klass),
    (ModuleType, functions.module),
    (GeneratorType, lazies.generator),
    (AsyncGeneratorType, lazies.generator),
    (CoroutineType, lazies.awaitable),
    (concurrent.futures.Future, lazies.future),
    (asyncio.Future, lazies.consumable),
    (io.TextIOWrapper, connections.file),
    (io.BufferedReader, connections.file),
    (io.BufferedWriter, connections.file),
)
"""What Python makes. An object of a derived class is read by the methods of the base."""

_BY_NAME: dict[str, list[Kind]] = {}
for _kind in KINDS:
    _BY_NAME.setdefault(_kind.name, []).append(_kind)

_EXACTLY = {id(base): describer for base, describer in PYTHON}

ORDINARY = {"__module__", "__doc__", "__init__", "__dict__", "__weakref__", "__qualname__", "__annotations__"}
ORDINARY |= {"__firstlineno__", "__static_attributes__", "__parameters__", "__orig_bases__", "_abc_impl"}
"""What every class redefines without meaning anything by it."""
UNREADABLE = {"__getattribute__", "__class__", "_mgr", "index", "name", "dtype"}
"""What redefines one of these cannot even be made plain without running its code."""
OF_ITSELF = {
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "matplotlib",
    "pyarrow",
    "polars",
    "torch",
    "pyspark",
    "geopandas",
    "dask",
    "xarray",
    "duckdb",
    "PIL",
}
"""Libraries that may derive from a class of their own or of each other and are trusted to answer quickly."""


def describe(value: object, look: Look) -> Description:
    """Any value described, whatever it does when it is looked at: nothing is changed, executed or consumed."""
    klass = type(value)
    name = "?"
    try:
        name = type_name(klass)
        if look.late:
            return Description(name)
        found, redefined = _kind_of(klass)
        if found is not None:
            return _of_library(value, name, found, redefined, look)
        return _of_python(value, klass, name, look)
    except Exception as problem:  # noqa: BLE001 - an odd object is told by its type, and hides no other
        return Description(f"{name}, not readable ({class_name(type(problem))})")


def plain_form(value: Any) -> Any:
    """A table or array as a plain one of its library, whose items can be asked for; None when it is none of these."""
    kind, redefined = _kind_of(type(value))
    if kind is None or kind.name not in {"DataFrame", "Series", "ndarray", "Table"} or kind.stored:
        return None
    if kind.plain is not None:
        return kind.plain(value) if not redefined & UNREADABLE else None
    return value if not redefined and root(type(value)) in {"polars", "pyarrow"} else None


def is_table(value: object) -> bool:
    """Whether it has columns that are told line by line."""
    try:
        found, _ = _kind_of(type(value))
    except Exception:  # noqa: BLE001 - a class that cannot be read is no table; describe says what is wrong with it
        return False
    return found is not None and found.table


def _kind_of(klass: type) -> tuple[Kind | None, frozenset[str]]:
    """The kind of the nearest class that is known, and what classes of others redefine on the way there."""
    own: set[str] = set()
    for one in ancestors(klass)[:-1]:
        for kind in _BY_NAME.get(class_name(one), ()):
            module = sys.modules.get(kind.library)
            if module is not None and vars(module).get(kind.name) is one:
                own -= ORDINARY
                return kind, frozenset(n for n in own if any(n in members(above) for above in ancestors(one)))
        if root(one) not in OF_ITSELF:
            own.update(members(one))
    return None, frozenset()


def _of_library(value: Any, name: str, kind: Kind, redefined: frozenset[str], look: Look) -> Description:
    base = f"{kind.library}.{kind.name}"
    if root(type(value)) not in OF_ITSELF and kind.plain is not None and not redefined & UNREADABLE:
        return kind.describe(kind.plain(value), f"{base} ({name})", look)
    if redefined and not kind.stored:
        return Description(name)
    public = class_name(type(value)) == kind.name and root(type(value)) in OF_ITSELF
    return kind.describe(value, base if public else name, look)


def _of_python(value: Any, klass: type, name: str, look: Look) -> Description:
    if (exact := _EXACTLY.get(id(klass))) is not None:
        return exact(value, name, look)
    for base, describer in PYTHON:
        if issubclass(klass, base):
            return describer(value, name, look)
    if any(one is enum.Enum for one in ancestors(klass)):
        return records.enumeration(value, name)
    if fields := records.fields_of(klass):
        return records.record(value, name, fields)
    if any("__next__" in members(one) for one in ancestors(klass)):
        return lazies.consumable(value, name, look)
    return records.plain_object(value, name, look)
