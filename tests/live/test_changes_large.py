"""What is too large to read: told by where it lies, by a sample, or not at all, and never as what it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from aether_nb.live.changes import compare, photograph, photographs


def told(namespace: dict[str, Any], code: str, names: tuple[str, ...] = ("v",)) -> dict[str, tuple[str, ...]]:
    """What is told after ``code``: for each name what happened, and its sentences."""
    before = photograph(namespace, names)
    exec(code, {"np": np, "pl": pl, "pa": pa}, namespace)
    return {change.name: (change.what, *change.details) for change in compare(before, namespace)}


def test_large_polars_frames_are_told_by_where_their_columns_lie() -> None:
    """Looking costs nothing that grows with rows; a value that is set, a copy and another order are told as such."""
    rows = 300_000
    frame = pl.DataFrame({"a": np.arange(rows), "s": [f"text number {n}" for n in range(rows)]})
    assert told({"v": frame}, "v.head()") == {}
    assert told({"v": frame.clone()}, "v[5, 's'] = 'x'") == {
        "v": ("changed", "values changed in 's'", "changed in place")
    }
    assert told({"v": frame}, "v = v.clone()") == {"v": ("changed", "bound to another object with the same content")}
    assert told({"v": frame}, "v = v[::-1]") == {"v": ("changed", "bound to a new object")}


def test_arrow_tables_are_told_like_others() -> None:
    """Columns, types, order and values; NaN is itself, and the same data under a new handle is the same."""
    table = pa.table({"a": [1.0, float("nan"), 3.0], "b": ["x", "y", None]})
    assert told({"v": table}, "v = v.select(['a', 'b'])")["v"][1:] == ("bound to another object with the same content",)
    remade = "v = pa.table({'a': [1.0, float('nan'), 3.0], 'b': ['x', 'y', None]})"
    assert told({"v": table}, remade)["v"][1:] == ("bound to another object with the same content",)
    assert told({"v": table}, "v = v.rename_columns(['a', 'c'])")["v"][1] == "column 'b' renamed to 'c'"
    assert told({"v": table}, "v = v.set_column(0, 'a', pa.array([1.0, 2.0, 3.0]))")["v"][1] == "values changed in 'a'"
    assert told({"v": table}, "v = v.sort_by([('b', 'descending')])")["v"][1:] == ("bound to a new object",)


@pytest.mark.parametrize(
    ("value", "write"),
    [
        ([[n] for n in range(5_000)], "v.pop()"),
        (list(range(100_000)), "v[0] = -1"),
        ({n: [n] for n in range(5_000)}, "v[0] = 1"),
        (set(range(100_000)), "v.add('x')"),
        (bytearray(10_000_000), "v[0] = 1"),
        (np.array([object() for _ in range(5_000)]), "v[0] = 1"),
        (np.zeros((3_000, 3_000))[::2, ::2], "v[0, 0] = 1"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_beyond_the_budget_a_sample_is_compared(value: Any, write: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unchanged, nobody can tell, which is said; a change that the sample holds is told; a copy is a new object."""
    monkeypatch.setattr(photographs, "SURELY", 20_000)
    assert told({"v": value}, "v")["v"][0] == "unknown"
    assert told({"v": value}, write)["v"][0] == "changed"
    again = told({"v": value}, "import copy; v = copy.copy(v)")["v"]
    assert again == ("changed", "bound to a new object", "what was compared of it is the same")


def test_what_nests_without_end_is_looked_at_to_a_depth() -> None:
    """A list in a list a thousand times over, or in itself, ends the look and not the call."""
    deep: list[Any] = []
    for _ in range(1_000):
        deep = [deep]
    round_and_round: list[Any] = [1]
    round_and_round.append(round_and_round)
    assert told({"v": deep}, "v")["v"][0] == "unknown"
    assert told({"w": round_and_round}, "w[1][1]", ("w",)) == {}
    assert told({"w": round_and_round}, "w[1][1].append(2)", ("w",))["w"][0] == "changed"


def test_long_texts_are_compared_as_a_whole() -> None:
    """A text cannot change: the same object is the same, and another one is compared."""
    text = "a" * 200_000
    assert told({"v": text}, "v") == {}
    assert told({"v": text}, "v = v[:100_000] + 'b' + v[100_001:]")["v"][0] == "changed"
