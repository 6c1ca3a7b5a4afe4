"""query and plot: SQL over live tables and pictures of them, in a real shell; nothing outside is reached."""

from __future__ import annotations

import ast
import signal
import sys
import time
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.core.interactiveshell import InteractiveShell

from aether_nb import RepairableToolError
from aether_nb.events.kinds import CallCoded, NamespaceChanged
from aether_nb.events.messages import Text
from aether_nb.live.values import ROWS
from aether_nb.tools import plot as plotting
from aether_nb.tools.plot import plot
from aether_nb.tools.query import CLOSED, query
from harness.tools import Shelled, assessed, told, use


@pytest.fixture
def context(shell: InteractiveShell) -> Shelled:
    """A shell with tables of three libraries."""
    shell.reset(new_session=False)
    frame = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [1.5, 2.0, 3.0], "day": [1, 2, 3]})
    shell.user_ns.update(df=frame, pf=pl.from_pandas(frame), arrows=pa.Table.from_pandas(frame), number=3)
    return Shelled(real=shell)


SQL = "select city, sum(sales) as total from {} group by city order by city"


@pytest.mark.parametrize("name", ["df", "pf", "arrows"])
def test_tables_of_three_libraries_are_queried_where_they_lie(context: Shelled, name: str) -> None:
    """The result comes as rows, marked as such, with its columns."""
    (part,) = use(query, context, sql=SQL.format(name)).parts
    assert isinstance(part, Text)
    assert part.data == "rows"
    assert "Oslo" in part.text
    assert "4.5" in part.text


def test_a_join_of_two_libraries_is_one_query(context: Shelled) -> None:
    """pandas and polars meet in SQL, names of the query's own included."""
    sql = "with best as (select max(sales) as top from pf) select df.city from df, best where df.sales = best.top"
    assert "Rome" in told(query, context, sql=sql)


def test_a_join_by_using_finds_its_tables(context: Shelled) -> None:
    """``USING`` is a join of which DuckDB does not tell the tables beforehand; it is run all the same."""
    assert "Oslo" in told(query, context, sql="select city, count(*) as n from df join pf using (city) group by city")


@pytest.mark.parametrize(
    "sql",
    [
        "copy df to 'x.csv'",
        "create table t as select 1",
        "select 1; select 2",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from glob('/*')",
        "install httpfs",
        "attach 'x.db'",
        "set enable_external_access = true",
        "pragma database_list",
        "select * from nothing_here",
        "select * from number",
        "selec",
        "",
    ],
)
def test_nothing_but_one_select_over_tables_is_run(context: Shelled, sql: str, tmp_path: Path) -> None:
    """No file is read or written, no setting changed, and the error says what there is."""
    context.workspace = tmp_path
    with pytest.raises(RepairableToolError):
        use(query, context, sql=sql)
    assert list(tmp_path.iterdir()) == []


def test_the_database_of_a_query_is_its_own(context: Shelled) -> None:
    """Views and settings of the person's own DuckDB are neither used nor changed."""
    duckdb.sql("create or replace temp view mine as select 1 as a")
    with pytest.raises(RepairableToolError):
        use(query, context, sql="select * from mine")
    assert duckdb.sql("select a from mine").fetchall() == [(1,)]


def test_a_result_is_kept_under_a_name_and_the_change_is_reported(context: Shelled) -> None:
    """All rows are kept, as a frame of the library that was asked about; the model sees the first ones."""
    result = use(query, context, sql="select * from range(1000) r(n), df", into="big")
    assert len(context.shell.user_ns["big"]) == 3000
    event, coded = result.events
    assert isinstance(event, NamespaceChanged)
    assert isinstance(coded, CallCoded) and "big = duckdb.sql('select" in coded.code
    assert [(change.name, change.what) for change in event.changes] == [("big", "added")]
    use(query, context, sql=SQL.format("pf"), into="totals")
    assert isinstance(context.shell.user_ns["totals"], pl.DataFrame)


def test_what_does_not_fit_into_memory_is_not_written_to_a_file(
    context: Shelled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large sort would leave columns beside the notebook that are hidden, or that nobody wanted there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(CLOSED, "memory_limit", "60MB")
    with pytest.raises(RepairableToolError, match="cannot be run"):
        use(query, context, sql="select i, md5(i::varchar) m from range(3000000) t(i) order by m", into="sorted_")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "lines"),
    [
        ("select 1 as a", 1),
        ("\nselect sales\nfrom df\n", 4),
        ("select '\\n'\nas a", 1),
        ('select \'a"""\'\nas "b"', 1),
        ("select 'a'\nas \"b\"", 4),
    ],
)
def test_the_code_of_a_query_has_its_lines(context: Shelled, sql: str, lines: int) -> None:
    """A query of several lines is written as such, unless a sign in it would mean something else then."""
    coded = use(query, context, sql=sql, into="kept").events[-1]
    assert isinstance(coded, CallCoded)
    statement = ast.parse(coded.code).body[-1]
    said = [node.value for node in ast.walk(statement) if isinstance(node, ast.Constant)]
    assert [text.strip() for text in said if isinstance(text, str)] == [sql.strip()]
    assert (statement.end_lineno or 0) - statement.lineno + 1 == lines


def test_rows_are_bounded_and_the_rest_is_said(context: Shelled) -> None:
    """A model is told as many rows of a query as of any table, it is told so before, and how to have them all."""
    assert f"the first {ROWS} rows come back" in str(query.spec.parameters)
    for source in ("df", "pf", "arrows"):
        text = told(query, context, sql=f"select n from range(1000) r(n), {source} where day = 1")
        assert text.endswith(f"… only the first {ROWS} rows; use into= to keep them all")
        assert len(text.splitlines()) == ROWS + 3 and "more row" not in text


@pytest.mark.parametrize("source", ["df", "pf", "arrows"])
def test_sums_of_whole_numbers_are_exact(context: Shelled, source: str) -> None:
    """A sum is larger than what it adds: no last digit is lost, in the text or in what is kept, and the code agrees."""
    sql = f'select sum(9007199254740993 * day) as s, 2::uhugeint * 9223372036854775807 as u, 1 as "a" from {source}'
    assert "54043195528445958,18446744073709551614,1" in told(query, context, sql=sql)
    coded = use(query, context, sql=sql, into="sums").events[-1]
    assert isinstance(coded, CallCoded)
    again = dict(context.shell.user_ns)
    exec(coded.code, again)
    assert again["sums"].equals(context.shell.user_ns["sums"])


def test_a_sum_that_pandas_can_hold_is_a_whole_number(context: Shelled) -> None:
    """What fits is of an ordinary type, and what does not fit is kept as its digits, under the same names."""
    use(
        query,
        context,
        sql='select sum(day) as "a ""b""", sum(day) * 1000000000000 * 10000000000000 as h from df',
        into="sums",
    )
    kept = context.shell.user_ns["sums"]
    assert kept.to_dict("list") == {'a "b"': [6], "h": ["60000000000000000000000000"]}
    assert str(kept['a "b"'].dtype) == "int64"


@pytest.mark.parametrize("kind", ["bigint", "ubigint", "hugeint"])
def test_no_number_is_rounded_because_another_is_missing(context: Shelled, kind: str) -> None:
    """Ids that no float can hold are whole numbers also in a column that has gaps, and the code makes the same."""
    sql = f"select * from (values (9007199254740993::{kind}), (null)) t(id), df where day = 1"
    coded = use(query, context, sql=sql, into="ids").events[-1]
    kept = context.shell.user_ns["ids"]
    assert list(kept["id"].dropna()) == [9007199254740993] and kept["id"].isna().sum() == 1
    assert "9007199254740993" in told(query, context, sql=sql)
    again = dict(context.shell.user_ns)
    exec(coded.code, again)
    assert again["ids"].equals(kept)


def test_a_query_asks_only_when_it_changes_a_variable_of_the_persons(context: Shelled) -> None:
    """Reading is harmless; a new name too; one that is taken is asked about."""
    assert assessed(query, context, sql="select 1").effect == "pure"
    assert assessed(query, context, sql="select 1", into="new").risk == "low"
    assert assessed(query, context, sql="select 1", into="df").reasons == ("changes your variable df",)
    for name in ("a b", "class", "_x", "df.x", "In", "list", "get_ipython"):
        with pytest.raises(RepairableToolError):
            assessed(query, context, sql="select 1", into=name)


def test_tables_that_differ_by_capital_letters_are_not_mixed_up(context: Shelled) -> None:
    """SQL takes them for one, and would answer from either."""
    context.shell.user_ns["DF"] = pd.DataFrame({"sales": [100]})
    with pytest.raises(RepairableToolError, match="cannot tell DF, df apart"):
        use(query, context, sql="select * from df where sales < (select max(sales) from DF)")


def test_stop_ends_a_query_that_would_take_for_ever(context: Shelled) -> None:
    """An interrupt is heard whatever DuckDB is busy with, as often as it is tried."""
    endless = "select count(*) from range(10000000) a, range(10000000) b, df where a.range * b.range % 7 = df.day"
    for _ in range(3):
        timer = Timer(0.7, signal.raise_signal, [signal.SIGINT])
        timer.start()
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            query.function(endless, context)
        assert time.monotonic() - begun < 15
        timer.join()


def test_without_duckdb_it_says_so(context: Shelled, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no part of the package; what to do instead is said."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(RepairableToolError, match="not installed"):
        use(query, context, sql="select 1")


PICTURES: list[dict[str, Any]] = [
    {"kind": "line", "x": "day", "y": "sales"},
    {"kind": "line", "x": "day", "y": "sales", "by": "city"},
    {"kind": "scatter", "x": "day", "y": "sales"},
    {"kind": "scatter", "x": "day", "y": "sales", "by": "city"},
    {"kind": "bar", "x": "city", "y": "sales"},
    {"kind": "bar", "x": "city", "y": "sales", "by": "day"},
    {"kind": "bar", "x": "city"},
    {"kind": "bar", "x": "city", "by": "day"},
    {"kind": "histogram", "x": "sales"},
    {"kind": "histogram", "x": "sales", "by": "city"},
    {"kind": "box", "y": "sales", "title": "Sales 'of' all"},
    {"kind": "box", "y": "sales", "by": "city"},
    {"kind": "heatmap"},
    {"kind": "heatmap", "by": "city"},
]


@pytest.mark.parametrize("name", ["df", "pf"])
@pytest.mark.parametrize("picture", PICTURES, ids=lambda p: " ".join(f"{k}={v}" for k, v in p.items()))
def test_every_picture_is_drawn_without_a_question_and_leaves_nothing(
    context: Shelled, picture: dict[str, Any], name: str
) -> None:
    """It is one figure; no variable is left, and the model is told that it was drawn and no value."""
    before = set(context.shell.user_ns)
    assert assessed(plot, context, data=name, **picture).risk == "low"
    result = use(plot, context, data=name, **picture)
    (part,) = result.parts
    assert isinstance(part, Text)
    assert (part.text, part.data) == (f"drew a {picture['kind']} of {name} from 3 rows; the user sees it", "schema")
    assert set(context.shell.user_ns) - before <= {"plt"}


def test_a_picture_takes_no_name_of_the_users(context: Shelled) -> None:
    """Variables that are called as the code calls its own things are there afterwards, as they were."""
    mine = {"drawn": [1], "group": "g", "points": 3, "plt": "mine"}
    context.shell.user_ns.update(mine)
    picture = {"data": "df", "kind": "scatter", "x": "day", "y": "sales", "by": "city"}
    assert assessed(plot, context, **picture).risk == "low"
    use(plot, context, **picture)
    assert {name: context.shell.user_ns[name] for name in mine} == mine
    assert not {"drawn_2", "group_2", "points_2"} & set(context.shell.user_ns)


def test_a_column_that_is_called_by_a_number_is_drawn(context: Shelled) -> None:
    """A model names columns by texts; one whose name nobody can write down as code is left to other code."""
    context.shell.user_ns["df"].columns = ["city", 5, pd.Timestamp("2026-01-01")]
    assert told(plot, context, data="df", kind="bar", x="city", y="5").startswith("drew a bar")
    with pytest.raises(RepairableToolError, match="not named by a text"):
        use(plot, context, data="df", kind="histogram", x="2026-01-01 00:00:00")


def test_many_rows_are_drawn_by_chance_and_that_is_said(context: Shelled, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture of more rows than eyes can tell apart is one of some of them."""
    monkeypatch.setattr(plotting, "MOST_POINTS", 2)
    text = told(plot, context, data="df", kind="scatter", x="day", y="sales")
    assert "from 2 of 3 rows, chosen by chance" in text


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": "df", "kind": "line", "x": "day"},
        {"data": "df", "kind": "histogram"},
        {"data": "df", "kind": "bar", "x": "town"},
        {"data": "number", "kind": "heatmap"},
        {"data": "df.head()", "kind": "heatmap"},
    ],
)
def test_a_picture_of_what_is_not_there_is_refused(context: Shelled, arguments: dict[str, Any]) -> None:
    """What is missing is named."""
    with pytest.raises(RepairableToolError):
        assessed(plot, context, **arguments)
