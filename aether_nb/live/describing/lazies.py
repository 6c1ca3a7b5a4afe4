"""How things are told that would have to be computed, consumed or awaited to know their values: none of it is done.

Of dask and spark only what they already know about themselves is read, as it is stored: their own questions may start
a computation (the number of partitions of a sorted dask frame does). It does not know the namespace.
"""

from __future__ import annotations

from typing import Any

from aether_nb.live.describing.columns import NAMES, lazy
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import class_name, genuine, held, holdings
from aether_nb.live.describing.words import label, many, one_line, root, word

__all__ = [
    "awaitable",
    "consumable",
    "dask_array",
    "dask_bag",
    "dask_delayed",
    "dask_frame",
    "duckdb_connection",
    "duckdb_relation",
    "future",
    "generator",
    "spark_frame",
]


def duckdb_relation(value: Any, name: str, look: Look) -> Description:
    """A duckdb relation: its columns, which it has known since it was made."""
    return lazy(name, list(value.columns), list(value.types), look, "not executed")


def duckdb_connection(value: Any, name: str, look: Look) -> Description:
    """A connection: to ask for its tables would end a result that is still being read."""
    return Description(f"{name}, not asked what it holds")


def dask_frame(value: Any, name: str, look: Look) -> Description:
    """A dask frame or series, by the empty frame that stands for its columns."""
    meta: Any = holdings(held(value, "_expr")).get("_meta")
    if root(type(meta)) != "pandas" or not genuine(type(meta)):
        return Description(f"{name}, not computed")
    if class_name(type(meta)) != "DataFrame":
        named = f", named {word(meta.name)}" if getattr(meta, "name", None) is not None else ""
        return Description(f"{name}{named}, {meta.dtype}, not computed")
    return lazy(name, list(meta.columns[:NAMES]), list(meta.dtypes.iloc[:NAMES]), look, "not computed")


def dask_array(value: Any, name: str, look: Look) -> Description:
    """A dask array: its shape and the pieces it is cut into."""
    chunks, meta = held(value, "_Array__chunks"), held(value, "_meta")
    if type(chunks) is not tuple:
        return Description(f"{name}, not computed")
    shape = "×".join(str(sum(sizes)) if len(sizes) < 10_000 else "?" for sizes in chunks) or "a single value"
    pieces = 1
    for sizes in chunks:
        pieces *= len(sizes)
    dtype = f", {meta.dtype}" if root(type(meta)) == "numpy" else ""
    return Description(f"{name}{dtype}, shape {shape}, in {many(pieces, 'chunk')}, not computed")


def dask_bag(value: Any, name: str, look: Look) -> Description:
    """A dask bag: in how many pieces it is."""
    pieces = holdings(value).get("npartitions")
    told = f", in {many(pieces, 'partition')}" if type(pieces) is int else ""
    return Description(f"{name}{told}, not computed")


def dask_delayed(value: Any, name: str, look: Look) -> Description:
    """A delayed call, by the name of its function. Every attribute of it would be another delayed call."""
    key = held(value, "_key")
    called = f" of {one_line(key.rsplit('-', 5)[0], 60)}" if type(key) is str else ""
    return Description(f"{name}{called}, not computed")


def spark_frame(value: Any, name: str, look: Look) -> Description:
    """A spark frame: its columns, where it has been asked for them before; asking goes to another process.

    A patient look asks: the plan is analysed then, and nothing is computed.
    """
    schema = held(value, "_schema") or held(value, "_cached_schema")
    if schema is None and look.patient and class_name(type(value)) == "DataFrame":
        schema = value.schema
    fields = getattr(schema, "fields", None)
    if type(fields) is not list:
        return Description(f"{name}, not computed, its columns were not asked for")
    types = [field.dataType.simpleString() for field in fields[:NAMES]]
    return lazy(name, [field.name for field in fields[:NAMES]], types, look, "not computed")


def generator(value: Any, name: str, look: Look) -> Description:
    """A generator, by the name of its function."""
    return Description(f"{name} {one_line(value.__name__, 80)}, not consumed")


def awaitable(value: Any, name: str, look: Look) -> Description:
    """A coroutine, by the name of its function."""
    return Description(f"{name} {one_line(value.__name__, 80)}, not awaited")


def consumable(value: Any, name: str, look: Look) -> Description:
    """Some iterator: what is taken from it is gone."""
    return Description(f"{name}, not consumed")


def future(value: Any, name: str, look: Look) -> Description:
    """A future, by its state as it is stored."""
    state = holdings(value).get("_state")
    return Description(f"{name}, {label(one_line(state.lower(), 20))}" if type(state) is str else name)
