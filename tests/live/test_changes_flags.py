"""What a careful reader of a table would stop at: each kind of flag with its figures, and no false alarm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from aether_nb.live.changes import compare, photograph
from aether_nb.live.reading import names_in

ORDERS = pd.DataFrame({"id": range(1000), "customer": [n % 200 for n in range(1000)], "zip": range(10_000, 11_000)})
CUSTOMERS = pd.DataFrame({"customer": range(200), "name": [f"n{n}" for n in range(200)], "age": range(200)})
SOME = CUSTOMERS.head(176)
TWICE = pd.concat([CUSTOMERS, CUSTOMERS.head(40)])
PRICES = pd.DataFrame({"id": [*range(1000), *range(340)], "price": 1.0})
CODES = TWICE.rename(columns={"customer": "code"})
READINGS = pd.DataFrame({"id": range(8), "value": list("1234x678")})


def flags(code: str, name: str = "m", **variables: Any) -> list[str]:
    """The flags of a variable after ``code``; notes are in brackets."""
    namespace: dict[str, Any] = {"pd": pd, "np": np, "pl": pl}
    namespace |= {name: value.copy() if isinstance(value, pd.DataFrame) else value for name, value in variables.items()}
    before = photograph(namespace, names_in(code))
    exec(code, namespace)
    (change,) = (change for change in compare(before, namespace) if change.name == name)
    return [f"{f.kind}: {f.text}" if f.warn else f"({f.kind}: {f.text})" for f in change.flags]


LOST = "row loss: 120 of 1,000 rows of `a` are gone: key `customer` has no match in `b`"
MISSING = "new missing values: `name` 0 → 120, `age` 0 → 120 (introduced by the join)"
FANNED = "fan-out: 1,000 rows became 1,200; key `customer` repeats in `a` and in `b`"


@pytest.mark.parametrize(
    ("code", "left", "right", "told"),
    [
        ("m = a.merge(b, on='customer')", ORDERS, CUSTOMERS, []),
        ("m = a.merge(b, on='customer')", ORDERS, SOME, [LOST]),
        (
            "m = a.merge(b, on='customer', how='left')",
            ORDERS,
            SOME,
            [MISSING, "dtype: `age` int64 → float64 (rows without a match)"],
        ),
        ("m = a.merge(b, on='customer')", ORDERS, TWICE, [FANNED]),
        ("m = pd.merge(a.query('zip > 0'), b).assign(more=1)", ORDERS, TWICE, [FANNED]),
        (
            "m = a.merge(b, on='id')",
            ORDERS,
            PRICES,
            ["fan-out: 1,000 rows became 1,340; key `id` is no longer unique: it repeats in `b`"],
        ),
        ("m = a.merge(b, on='customer')", CUSTOMERS, ORDERS, []),
        ("m = a.merge(b, left_on='customer', right_on='code')", ORDERS, CODES, [FANNED]),
        ("m = a.join(b, on='id')", ORDERS, READINGS[["value"]], ["…"]),
        (
            "m = a.merge(b, how='cross')",
            CUSTOMERS.head(10),
            READINGS,
            ["(fan-out: each of 10 rows of `a` with each of 8 of `b`: 80)"],
        ),
        ("m = a.merge(b, how='cross').head(70)", CUSTOMERS.head(10), READINGS, ["fan-out: 10 rows became 70"]),
        ("m = a.merge(b, on='id', how='outer')", READINGS, PRICES.iloc[4:8], ["…"]),
    ],
    ids=[
        "clean",
        "inner",
        "left",
        "many to many",
        "derived",
        "one to many",
        "detail",
        "two names",
        "index",
        "cross",
        "part of a cross",
        "outer",
    ],
)
def test_joins_are_found_by_columns_and_keys(code: str, left: Any, right: Any, told: list[str]) -> None:
    """Rows that a join repeats, loses or leaves without values are told with figures; a clean join is not."""
    found = flags(code, a=left, b=right)
    if told == ["…"]:
        assert all(flag.startswith(("new missing values: ", "dtype: ")) for flag in found) and found
    else:
        assert found == told


@pytest.mark.parametrize("library", ["polars", "arrow"])
def test_joins_of_other_libraries_are_found(library: str) -> None:
    """Polars and Arrow tables are told in the same words."""
    make = pl.from_pandas if library == "polars" else lambda frame: pa.Table.from_pandas(frame, preserve_index=False)
    on = "on='customer'" if library == "polars" else "'customer', join_type='inner'"
    assert flags(f"m = a.join(b, {on})", a=make(ORDERS), b=make(SOME)) == [LOST]
    assert flags(f"m = a.join(b, {on})", a=make(ORDERS), b=make(TWICE)) == [FANNED]
    assert flags(f"m = a.join(b, {on})", a=make(ORDERS), b=make(CUSTOMERS)) == []


def test_a_join_under_the_same_name_is_told_by_what_was_there_before() -> None:
    """Rebinding a name hides nothing: the rows are compared with those that the name had."""
    assert flags("a = a.merge(b, on='customer')", "a", a=ORDERS, b=TWICE) == [FANNED]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("m = a[a.zip > 10_500]", []),
        ("m = a.groupby('customer').size().reset_index(name='n')", []),
        ("m = a.drop(columns='zip')", []),
        ("m = a[['customer', 'zip']].drop_duplicates()", []),
        ("m = pd.concat([a.head(500), a.tail(500)])", []),
    ],
)
def test_a_smaller_frame_under_a_new_name_is_no_loss(code: str, told: list[str]) -> None:
    """Who filters or groups into a new name has lost nothing."""
    assert flags(code, a=ORDERS) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("a = a[a.id > 2]", ["(row loss: 3 of 8 rows are gone)"]),
        ("a = a.drop(index=[0, 1])", ["(row loss: 2 of 8 rows are gone)"]),
        ("a = a[a.id > 99]", ["row loss: 8 of 8 rows are gone"]),
        ("a = a.groupby('value').size().reset_index(name='n')", []),
        (
            "a['value'] = pd.to_numeric(a['value'], errors='coerce')",
            ["new missing values: `value` 0 → 1", "(dtype: `value` str → float64)"],
        ),
        ("a['id'] = a['id'].astype(float)", ["(dtype: `id` int64 → float64)"]),
        ("a['id'] = a['id'].astype(str)", ["dtype: `id` int64 → str"]),
        ("a = pd.concat([a, a.head(2)])", ["duplicate keys: `id` is no longer unique: 2 of 10 repeat"]),
        ("a['id'] = a['id'] // 2", ["duplicate keys: `id` is no longer unique: 4 of 8 repeat"]),
        ("a = a.sort_values('value')", ["(order: the rows are in another order)"]),
        ("a['value'] = a['value'].str.upper()", []),
        ("a['more'] = 1", []),
        ("a = a.rename(columns={'value': 'v'})", []),
    ],
)
def test_a_table_is_compared_with_what_it_was(code: str, told: list[str]) -> None:
    """Warnings for what nobody may have meant, notes for what was probably meant, nothing for ordinary work."""
    assert flags(code, "a", a=READINGS) == told


def test_parts_that_share_keys_are_told_when_they_are_put_together() -> None:
    """A key that told rows apart in every part has to do so in the whole."""
    told = flags("m = pd.concat([a, b])", a=ORDERS.head(600), b=ORDERS.tail(600))
    assert told == ["duplicate keys: `id` is unique in each part, but 200 of 1,200 repeat"]


def test_names_from_data_cannot_break_a_sentence() -> None:
    """A hostile column name stands in a flag as it would in code."""
    frame = pd.DataFrame({"x\n- ok": [1.0, 2.0]})
    assert flags("a.iloc[0, 0] = None", "a", a=frame) == ["new missing values: `x\\n- ok` 0 → 1"]
