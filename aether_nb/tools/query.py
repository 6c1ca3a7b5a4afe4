"""``query``: SQL over the notebook's live tables, by DuckDB, where they lie.

The database is made for the one query, knows the tables that the query names and nothing else: no files, no network, no
extensions, no settings. So a query only reads, whatever it says. It does not know relations and connections of the
person's own DuckDB, which would have to be executed.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import CallCoded, NamespaceChanged, NamespaceKept
from aether_nb.events.messages import ANY, Text
from aether_nb.live.binding import own_word
from aether_nb.live.changes import compare, photograph
from aether_nb.live.values import ROWS, show_value
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare

__all__ = ["query"]

CLOSED: dict[str, Any] = {"enable_external_access": False, "python_enable_replacements": False, "temp_directory": ""}
"""Also what does not fit into memory is not written to a file: it may be of a column that must not reach the disk."""
HEARS = 0.2
"""Seconds after which a waiting main thread hears a signal that has reached another one, as on Windows."""
TABLES = {
    ("pandas", "DataFrame"),
    ("polars", "DataFrame"),
    ("pyarrow", "Table"),
    ("pyarrow", "RecordBatch"),
}
"""What DuckDB reads where it lies. A lazy frame of polars is not: reading it would execute it."""
WIDE = {"HUGEINT", "UHUGEINT"}
"""Whole numbers, such as every sum of whole numbers, of which DuckDB makes floats for pandas."""


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """A query only reads; keeping its result under a name that is taken changes a variable."""
    name = arguments.get("into") or ""
    if not name:
        return Assessment("low", "pure")
    _check_name(name)
    if name in context.shell.user_ns and name not in context.made:
        return Assessment("medium", "namespace", (f"changes your variable {name}",), f"puts the result into {name}")
    return Assessment("low", "namespace", (), f"puts the result into {name}")


@declare(judge=judge, where="main", title=lambda call: f"Query {' '.join(call['sql'].split())[:60]}")
def query(sql: str, context: Context, into: str | None = None) -> Result:
    """Query tables of the notebook with SQL (DuckDB's dialect); each is a table under its variable's name.

    It reads pandas and polars frames and arrow tables without copying them, and cannot touch files.

    Args:
        sql: One SELECT.
        into: A variable that keeps the whole result as a frame; without it the first 60 rows come back.
    """
    try:
        import duckdb
    except ImportError as error:
        raise RepairableToolError("DuckDB is not installed.", hint="Use run_python, or install duckdb.") from error
    namespace, begun = context.shell.user_ns, time.monotonic()
    with closing(duckdb.connect(":memory:", config=CLOSED)) as database:
        database.execute("SET lock_configuration=true")
        try:
            tables = _registered(duckdb, database, sql, namespace)
            relation = database.sql(sql)
            if relation is None:
                raise RepairableToolError("That is no query.", hint="Send one SELECT.")
            wanted = relation if into else relation.limit(ROWS + 1)
            frame, made = _fetched(database, lambda: _frame(duckdb, wanted, namespace, tables))
        except duckdb.Error as error:
            known = ", ".join(sorted(name for name, value in namespace.items() if _is_table(value)))
            raise RepairableToolError("The query cannot be run.", str(error), f"Tables: {known or 'none'}") from error
    if not into:
        return _told(frame, "")
    code = f"import duckdb\n\n{into} = duckdb.sql({_literal(sql)}){made}"
    return _kept(frame, into, context, begun, code, tables)


def _registered(duckdb: Any, database: Any, sql: str, namespace: Mapping[str, Any]) -> list[str]:
    """Make the tables that a query names known to the database; returns their names.

    Raises:
        RepairableToolError: It is more or something else than one SELECT, or names what is no table.
    """
    statements = duckdb.extract_statements(sql)
    if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
        raise RepairableToolError("Only one SELECT is run.", hint="Change data with run_python.")
    names = _named(duckdb, database, sql, namespace)
    known = [name for name in names if name in namespace]
    if len({name.lower() for name in known}) < len(known):
        raise RepairableToolError(f"SQL cannot tell {', '.join(known)} apart.", "Capital letters mean nothing to it.")
    for name in names:
        if name not in namespace:
            continue  # a table function, a name of the query's own, or an error that DuckDB words better
        value = namespace[name]
        if not _is_table(value):
            kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__qualname__}"
            raise RepairableToolError(f"{name} is no table ({kind}).", hint="Make a frame of it with run_python.")
        database.register(name, value)
    return names


def _named(duckdb: Any, database: Any, sql: str, namespace: Mapping[str, Any]) -> list[str]:
    """The names of the tables in a query. Where DuckDB cannot tell, as in ``JOIN … USING``, every word that is one."""
    try:
        return sorted(database.get_table_names(sql))
    except duckdb.BinderException:
        words = set(re.findall(r"[^\W\d]\w*", sql))
        return sorted(word for word in words if word in namespace and _is_table(namespace[word]))


def _fetched(database: Any, fetch: Callable[[], Any]) -> Any:
    """What a query gives, fetched beside the main thread: inside DuckDB, Stop is not always heard, here it is."""
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(fetch)
        try:
            while not wait([fetching], HEARS).done:
                pass
            return fetching.result()
        except BaseException:
            database.interrupt()
            raise


def _is_table(value: object) -> bool:
    return any((base.__module__.partition(".")[0], base.__name__) in TABLES for base in type(value).__mro__)


def _frame(duckdb: Any, relation: Any, namespace: Mapping[str, Any], tables: list[str]) -> tuple[Any, str]:
    """The result as what the person works with, and the code that makes it of a relation.

    It is polars when that is what was asked about, else pandas, else arrow.
    """
    asked = {type(namespace[name]).__module__.partition(".")[0] for name in tables if name in namespace}
    if asked == {"polars"}:
        return relation.pl(), ".pl()"
    if "pandas" not in asked and "pandas" not in sys.modules:
        return relation.to_arrow_table(), ".to_arrow_table()"
    wide = [place for place, kind in enumerate(relation.types, 1) if str(kind) in WIDE]
    if not wide:
        return relation.df(), ".df()"
    exact = _exact(relation.columns, dict.fromkeys(wide, "BIGINT"))
    try:
        return relation.project(exact).df(), f".project({exact!r}).df()"
    except duckdb.ConversionException:
        counts = ", ".join(f"count(#{place}) = count(TRY_CAST(#{place} AS BIGINT))" for place in wide)
        (fits,) = relation.aggregate(counts).fetchall()
    kinds = {place: "BIGINT" if fit else "VARCHAR" for place, fit in zip(wide, fits, strict=True)}
    exact = _exact(relation.columns, kinds)
    return relation.project(exact).df(), f".project({exact!r}).df()"


def _exact(columns: Sequence[str], kinds: Mapping[int, str]) -> str:
    """The columns of a relation as SQL, those at some places, from 1 on, as other types under the same name."""
    names = [name.replace('"', '""') for name in columns]
    return ", ".join(
        f'CAST(#{place} AS {kinds[place]}) AS "{name}"' if place in kinds else f"#{place}"
        for place, name in enumerate(names, 1)
    )


def _told(frame: Any, lead: str) -> Result:
    shown = show_value(frame[:ROWS] if len(frame) > ROWS else frame)
    cut = f"\n… only the first {ROWS} rows; use into= to keep them all" if len(frame) > ROWS else ""
    columns = (*shown.columns, ANY)  # SQL can give any column another name
    return Result((Text(f"{lead}{shown.text}{cut}", "rows", columns, shown.rows),), ({"text/plain": shown.text},))


def _kept(frame: Any, name: str, context: Context, begun: float, code: str, tables: list[str]) -> Result:
    """The result under a name of the notebook's; a model is told its size and its first rows."""
    namespace = context.shell.user_ns
    _check_name(name)
    before, keeper, undo = photograph(namespace, (name,)), context.keeper, context.undo
    inputs = keeper.read(namespace, "\n".join(filter(str.isidentifier, tables))) if keeper else ()
    if undo is not None:
        undo.before(context.call_id, namespace, f"{name} = None")
    namespace[name] = frame
    changes = compare(before, namespace)
    limited = undo.after(context.call_id, changes) if undo is not None else ()
    kept = keeper.keep(namespace, (name,), time.monotonic() - begun, again=False) if keeper else ()
    noted = (NamespaceKept(context.call_id, kept, inputs),) if kept or inputs else ()
    told = _told(frame[:5], f"{name} holds {len(frame):,} rows × {len(frame.columns)} columns. The first ones:\n")
    events = (NamespaceChanged(context.call_id, changes), *noted, *limited, CallCoded(context.call_id, code))
    return Result(told.parts, told.outputs, events)


def _literal(sql: str) -> str:
    """The query as it is written in Python: in lines of its own where it has several."""
    plain = "\n" in sql and not any(sign in sql for sign in ("\\", '"""', "\r"))
    return f'"""\n{sql.strip()}\n"""' if plain else repr(sql)


def _check_name(name: str) -> None:
    if not name.isidentifier() or name.startswith("_") or own_word(name):
        raise RepairableToolError(f"{name!r} is no name for a variable.", hint="Give one such as totals.")
