"""What a call did to the variables, told in short sentences: each kind of change, and no false alarms."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

from aether_nb.events.kinds import Change
from aether_nb.live.changes import compare, photograph, photographs


def frame() -> pd.DataFrame:
    return pd.DataFrame({"k": [1, 2, 3, 4], "x": [1.0, 2.0, 3.0, 4.0], "s": list("abcd")})


def after(code: str, **variables: object) -> tuple[Change, ...]:
    """What is told after ``code`` has run on ``variables``."""
    namespace: dict[str, Any] = {**variables, "pd": pd, "np": np}
    before = photograph(namespace)
    exec(code, namespace)
    return compare(before, namespace)


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("df = df[df['x'] < 4]", ("rows 4 → 3", "bound to a new object", "(row loss: 1 of 4 rows are gone)")),
        ("df['ratio'] = df['x'] / 2", ("new column 'ratio'", "changed in place")),
        ("del df['x']", ("column removed: 'x'", "changed in place")),
        ("df['k'] = df['k'].astype(float)", ("changed in place", "(dtype: `k` int64 → float64)")),
        ("df['k'] = df['k'].astype(str)", ("changed in place", "dtype: `k` int64 → str")),
        (
            "df.loc[1, 'x'] = None",
            ("values changed in 'x'", "changed in place", "new missing values: `x` 0 → 1"),
        ),
        (
            "df.loc[1, 's'] = None",
            ("values changed in 's'", "changed in place", "new missing values: `s` 0 → 1"),
        ),
        (
            "df['k'] = df['k'].where(df['k'] > 1)",
            ("changed in place", "new missing values: `k` 0 → 1", "dtype: `k` int64 → float64"),
        ),
        ("df = df.iloc[:0]", ("rows 4 → 0", "bound to a new object", "row loss: 4 of 4 rows are gone")),
        ("df.loc[3, 'x'] = 9", ("values changed in 'x'", "changed in place")),
        ("df = df[::-1]", ("bound to a new object", "(order: the rows are in another order)")),
        (
            "df = df.sample(frac=1, random_state=1, ignore_index=True)",
            ("bound to a new object", "(order: the rows are in another order)"),
        ),
        (
            "df = pd.concat([df, df.head(1)])",
            (
                "rows 4 → 5",
                "bound to a new object",
                "duplicate keys: `k` is no longer unique: 1 of 5 repeat",
            ),
        ),
        ("df = df[['s', 'x', 'k']]", ("order of the columns changed", "bound to a new object")),
        ("df = df.rename(columns={'x': 'y'})", ("column 'x' renamed to 'y'", "bound to a new object")),
        ("df = df.copy()", ("bound to another object with the same content",)),
        ("df.index = list('wxyz')", ("index or names changed", "changed in place")),
    ],
)
def test_a_frame_is_told_by_what_people_ask(code: str, details: tuple[str, ...]) -> None:
    """Rows, columns, types, missing values, duplicates and order, and whether it is still the same object."""
    (change,) = after(code, df=frame())
    said = (f"{flag.kind}: {flag.text}" if flag.warn else f"({flag.kind}: {flag.text})" for flag in change.flags)
    assert (change.name, change.what, change.type) == ("df", "changed", "pandas.DataFrame")
    assert (*change.details, *said) == details


@pytest.mark.parametrize(
    ("value", "code", "change"),
    [
        (5, "v = 6", Change("v", "changed", "int", ("5 → 6",))),
        (5, "v = 'a'", Change("v", "changed", "str", ("type int → str", "bound to a new object"))),
        (5, "del v", Change("v", "removed", "int")),
        (5, "w = 6", Change("w", "added", "int", ("= 6",))),
        (5, "w = pd.DataFrame({'a': [1]})", Change("w", "added", "pandas.DataFrame", ("1 rows × 1 columns",))),
        ([1, 2], "v.append(3)", Change("v", "changed", "list", ("size 2 → 3", "changed in place"))),
        ([1, [2]], "v[1].append(3)", Change("v", "changed", "list", ("changed in place",))),
        ({"a": 1}, "v['b'] = 2", Change("v", "changed", "dict", ("size 1 → 2", "new key 'b'", "changed in place"))),
        ({1, 2}, "v.add(3)", Change("v", "changed", "set", ("size 2 → 3", "changed in place"))),
        (np.zeros(9), "v[4] = 1", Change("v", "changed", "numpy.ndarray", ("changed in place",))),
        (np.zeros(9), "v = v[:3]", Change("v", "changed", "numpy.ndarray", ("size 9 → 3", "bound to a new object"))),
        (
            pd.Series([1, 2]),
            "v.iloc[0] = 5",
            Change("v", "changed", "pandas.Series", ("values changed in 'values'", "changed in place")),
        ),
        (
            pl.DataFrame({"a": [1, 2]}),
            "v = v.with_columns(b=v['a'] * 2)",
            Change("v", "changed", "polars.DataFrame", ("new column 'b'", "bound to a new object")),
        ),
    ],
)
def test_each_kind_of_variable_is_told(value: object, code: str, change: Change) -> None:
    """Scalars by their values, containers by size and keys, arrays and tables by content."""
    assert after(code, v=value) == (change,)


def test_a_fitted_model_is_told_by_its_new_attributes() -> None:
    """An object that keeps its state in the ordinary way tells what it learnt."""
    found = after("m.fit([[1.0], [2.0]], [1.0, 2.0])", m=LinearRegression())
    assert (found[0].name, found[0].what) == ("m", "changed")
    assert "new attribute coef_" in found[0].details


def test_nothing_is_told_when_nothing_changed() -> None:
    """Reading, equal scalars, modules, private names and functions typed again are no change."""
    namespace: dict[str, Any] = {
        "df": frame(),
        "big": pd.DataFrame({"x": np.arange(3_000_000)}),
        "n": 5,
        "nan": math.nan,
        "xs": [1, {"a": 2}],
        "t": pl.DataFrame({"a": [1]}),
        "dates": pd.date_range("2020", periods=3),
        "objects": pd.DataFrame({"o": [[1], None]}),
    }
    exec("def f(x):\n    return [i + 1 for i in x]\nclass C:\n    def go(self):\n        return 1\nc = C()", namespace)
    before = photograph(namespace)
    exec(
        "import math, os\n_ = 5\nn = 2 + 3\nnan = float('nan')\n"
        "df.groupby('s')['x'].sum(); df.describe(); big['x'].mean(); xs[0]\n\n\n"
        "def f(x):\n    return [i + 1 for i in x]\nclass C:\n    def go(self):\n        return 1",
        namespace,
    )
    assert compare(before, namespace) == ()


def test_a_function_with_another_body_is_told() -> None:
    """A function that does something else now is a change."""
    found = after("def f(x):\n    return x + 2", f=eval("lambda x: x + 1"))
    assert [(change.name, change.what) for change in found] == [("f", "changed")]


def test_what_was_asked_for_is_looked_at_surely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any time for the rest, the variables that were asked for are still told; the others stay untold."""
    monkeypatch.setattr(photographs, "REST", -1)
    namespace: dict[str, Any] = {"a": [1], "b": [1], "df": frame(), "other": frame()}
    before = photograph(namespace, {"b", "df", "unheard_of"})
    exec("a.append(2); b.append(2); df.loc[0, 's'] = 'z'; other['k'] = 0", namespace)
    assert compare(before, namespace) == (
        Change("b", "changed", "list", ("size 1 → 2", "changed in place")),
        Change("df", "changed", "pandas.DataFrame", ("values changed in 's'", "changed in place")),
    )


def test_what_was_not_asked_for_is_told_in_time() -> None:
    """Naming some variables hides no other: what changed elsewhere is told too."""
    namespace: dict[str, Any] = {"a": 1, "b": 1}
    before = photograph(namespace, {"b"})
    namespace.update(a=2, b=3)
    assert compare(before, namespace) == (
        Change("a", "changed", "int", ("1 → 2",)),
        Change("b", "changed", "int", ("1 → 3",)),
    )


class Unreadable(list):
    """Cannot be told apart: its class says nothing true."""

    __slots__ = ()


class Slotted:
    """Keeps its state where nobody looks."""

    __slots__ = ("x",)


def test_what_cannot_be_read_spoils_nothing_and_is_said() -> None:
    """A variable whose content raises is told as unknown; the others are told as ever."""
    odd = pd.DataFrame({"a": [1, 2]})
    namespace: dict[str, Any] = {"odd": odd, "n": 1, "slotted": Slotted(), "sub": Unreadable([1])}
    manager = odd._mgr
    del odd.__dict__["_mgr"]
    before = photograph(namespace)
    namespace["n"] = 2
    found = compare(before, namespace)
    odd._mgr = manager
    said = "could not tell whether it changed: it is not readable (AttributeError)"
    assert found == (Change("odd", "unknown", "pandas.DataFrame", (said,)), Change("n", "changed", "int", ("1 → 2",)))


def test_one_value_in_two_million_is_told() -> None:
    """A column that was replaced is compared as a whole: what it held before is still there."""
    found = after(
        "v = df['x'].to_numpy().copy(); v[12345] = -1; df['x'] = v; del v", df=pd.DataFrame({"x": np.arange(2_000_000)})
    )
    details = ("values changed in 'x'", "changed in place")
    assert found == (Change("df", "changed", "pandas.DataFrame", details),)


def test_a_photograph_keeps_alive_only_what_tables_hold_and_only_while_it_is_there() -> None:
    """Objects of the user's are freed as ever; the data of a table waits for the photograph to be let go."""
    import gc
    import weakref

    data, array, xs = frame(), np.zeros(9), [np.zeros(3)]
    alive = [weakref.ref(one) for one in (data, array, xs[0])]
    buffer = weakref.ref(data._mgr.blocks[0].values)
    before = photograph({"data": data, "array": array, "xs": xs})
    del data, array, xs
    gc.collect()
    assert all(one() is None for one in alive)
    assert buffer() is not None
    assert [change.what for change in compare(before, {})] == ["removed"] * 3
    del before
    gc.collect()
    assert buffer() is None


def test_text_from_data_is_quoted() -> None:
    """A hostile column name cannot break a sentence."""
    found = after("df['x\\n- ok'] = 1", df=frame())
    assert found[0].details[0] == "new column 'x\\n- ok'"


def test_looking_twice_at_periods_intervals_and_tasks_finds_no_change():
    """Values that a column makes anew for each look, and objects that hide what they hold, are not told as changes."""

    async def main():
        task = asyncio.create_task(asyncio.sleep(0))
        namespace = {
            "per": pd.Series([1.0, 2.0], index=pd.period_range("2020", "2021", freq="Y")),
            "iv": pd.DataFrame({"a": [1, 2]}, index=pd.interval_range(0, 2)),
            "cells": pd.DataFrame({"p": pd.period_range("2020", "2021", freq="Y")}),
            "task": task,
        }
        before = photograph(namespace)
        assert compare(before, namespace) == ()
        namespace["per"].index = pd.period_range("2021", "2022", freq="Y")
        assert [change.name for change in compare(before, namespace)] == ["per"]
        await task

    asyncio.run(main())
