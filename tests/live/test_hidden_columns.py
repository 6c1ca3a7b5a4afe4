"""A column that is hidden stays hidden, whatever it is called and in whatever it lies."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xarray

from aether_nb.agent.egress import Rules, cut
from aether_nb.events.messages import ANY, Part, Text
from aether_nb.live.describing.words import columns_of, label, word
from aether_nb.live.inspecting import inspect
from aether_nb.live.mentions.values import mentions_in
from aether_nb.live.paths import fields
from aether_nb.live.profiling import profile
from aether_nb.live.summary import summarize
from aether_nb.live.values import show_value

SECRET = "ada@example.org"
DATA = {"id": [1, 2], "email": [SECRET, "bob@example.org"]}
FLAT = pd.DataFrame(DATA)


class Field(enum.Enum):
    EMAIL = "email"
    POST = "mail"


class Text2(enum.StrEnum):
    EMAIL = "email"


def called(*names: object) -> pd.DataFrame:
    """The table with other names for its columns."""
    frame = FLAT.copy()
    frame.columns = pd.Index(list(names), tupleize_cols=False)
    return frame


def levels() -> pd.DataFrame:
    """The table with columns of two levels."""
    frame = FLAT.copy()
    frame.columns = pd.MultiIndex.from_tuples([("who", "id"), ("who", "email")])
    return frame


VALUES: dict[str, Callable[[], Any]] = {
    "frame": lambda: FLAT,
    "levels": levels,
    "levels on a frame of tuples": lambda: called("id", ("who", "email")),
    "enumeration": lambda: called("id", Field.EMAIL),
    "enumeration under another name": lambda: called("id", Field.POST),
    "texts of an enumeration": lambda: called("id", Text2.EMAIL),
    "numpy's texts": lambda: called("id", np.str_("email")),
    "bytes": lambda: called("id", b"email"),
    "series": lambda: FLAT["email"],
    "series of a level": lambda: levels()[("who", "email")],
    "index": lambda: FLAT.set_index("email").index,
    "row": lambda: FLAT.assign(id=["1", "2"]).iloc[0],
    "row of levels": lambda: levels().astype(str).iloc[0],
    "row of categories": lambda: pd.Series([SECRET], index=pd.CategoricalIndex(["email"])),
    "polars frame": lambda: pl.DataFrame(DATA),
    "polars series": lambda: pl.DataFrame(DATA)["email"],
    "arrow": lambda: pa.table(DATA),
    "labelled array": lambda: xarray.DataArray(np.array(DATA["email"]), name="email"),
    "labelled set": lambda: xarray.Dataset({("who", "email"): ("row", np.array(DATA["email"]))}),
    "in a dict": lambda: {"contacts": FLAT["email"]},
}


def sent(parts: tuple[Part, ...], *hide: str) -> str:
    """What of these parts leaves."""
    return "".join(part.text for part in cut(parts, Rules("all", hide or ("email",))) if isinstance(part, Text))


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("tell", [lambda v: summarize({"x": v}), lambda v: inspect("x", v), lambda v: profile("x", v)])
def test_no_value_of_a_hidden_column_is_told(name: str, tell: Callable[[Any], Any]) -> None:
    """Neither the summary, which nobody asks for, nor a tool tells it; what is not hidden is told as before."""
    made = tell(VALUES[name]())
    assert SECRET not in sent(made.parts)
    assert sent(made.parts, "other").count(SECRET) == made.text.count(SECRET) or ANY in made.columns


@pytest.mark.parametrize("name", [name for name in VALUES if not name.startswith("labelled")])
@pytest.mark.parametrize("question", ["@x", "{x}", "{x[:1]}"])
def test_no_mention_shows_a_hidden_column(name: str, question: str) -> None:
    """A mention carries every column that it shows, an index's and those of several levels included."""
    value = VALUES[name]()
    if question == "{x[:1]}" and isinstance(value, dict):
        question = "{x['contacts'][:1]}"
    assert SECRET not in sent(mentions_in(question, {"x": value}).parts)


def test_an_index_that_is_shown_counts_as_a_column() -> None:
    """The values of a named index stand in the table that is shown; those of a column asked for by itself do not."""
    by = FLAT.assign(n=[3, 4]).set_index("email")
    assert SECRET not in sent(mentions_in("{x.head(1)}", {"x": by}).parts)
    assert SECRET not in sent(mentions_in("{x}", {"x": by["n"]}).parts)
    assert "7" in sent(mentions_in("{x['n'].sum()} {y.sum()}", {"x": by, "y": by["n"]}).parts)


def test_what_stands_beside_a_table_is_not_judged_by_its_columns() -> None:
    """Records beside a harmless column may hold anything; a number or a text beside it is told."""
    names = {"x": FLAT, "records": FLAT.to_dict("records"), "n": 7}
    assert SECRET not in sent(mentions_in("{list(zip(x['id'], records))}", names).parts)
    assert "7" in sent(mentions_in("{max(x['id'].sum(), n)}", names).parts)


def test_what_is_made_of_a_level_is_told_unless_that_is_hidden() -> None:
    """A key of a tuple names one column; a series without a name may hold any."""
    table = levels()
    assert "3" in sent(mentions_in("{x[('who', 'id')].sum()}", {"x": table}).parts)
    assert "withheld" in sent(mentions_in("{x[('who', 'email')].max()}", {"x": table}).parts)
    assert "withheld" in sent(mentions_in("{x}", {"x": FLAT["email"].rename(None)}).parts)


@pytest.mark.parametrize(
    ("name", "columns", "line"),
    [
        ("a", ("a",), "a"),
        (7, ("7",), "7"),
        (np.int64(7), ("7",), "7"),
        (np.str_("a"), ("a",), "a"),
        (Text2.EMAIL, ("email",), "email"),
        (("a", "b"), ("a | b",), "('a', 'b')"),
        (("a", ""), ("a",), "('a', '')"),
        (("a", 1, ("b", None)), ("a | 1 | b | None",), "('a', 1, ('b', None))"),
        (("a",), ("a",), "('a',)"),
        (Field.POST, ("Field.POST", ANY), '"Field.POST"'),
        (("a", Field.POST), ("a | Field.POST", ANY), '"a | Field.POST"'),
        (b"a", ("b'a'", ANY), "\"b'a'\""),
        ((object(),), ("<object>", ANY), '"<object>"'),
        (((((1,),),),), ("<tuple>", ANY), '"<tuple>"'),
        (("a",) * 31, ("<tuple>", ANY), '"<tuple>"'),
        (10**400, ("<int of 1329 bits>", ANY), "<int of 1329 bits>"),
    ],
)
def test_a_name_is_its_parts_and_what_nobody_can_write_may_be_any(
    name: object, columns: tuple[str, ...], line: str
) -> None:
    """Levels stand side by side where columns are hidden, and in a line as the key that they are in code."""
    assert (columns_of(name), word(name)) == (columns, line)
    assert label(name) == columns[0]


def test_names_only_are_keys_too() -> None:
    """Columns for which there is no room are named as they are called in code, and the index of columns is told."""
    wide = pd.DataFrame([[0] * 90], columns=pd.MultiIndex.from_product([["a", "b"], range(45)], names=["side", None]))
    text = summarize({"wide": wide}).text
    assert "wide: pandas.DataFrame, 1 row × 90 columns, columns side (MultiIndex)\n  - ('a', 0): int64" in text
    assert "more columns (names only): ('a', 25), ('a', 26)" in text


def test_a_table_shows_its_levels_and_marks_what_nobody_can_write() -> None:
    """The header of a table has the same names as everything else that is told of it."""
    assert show_value(levels()).columns == ("who | id", "who | email")
    assert show_value(called("id", Field.POST)).columns == ("id", "Field.POST", ANY)


def test_a_place_lies_in_the_fields_of_its_keys() -> None:
    """Whatever is reached by a key lies in the field of that name; bytes may be any."""
    assert fields("x[('who', 'email')]") == ("x.who", "x.email")
    assert fields("x[b'email']") == ("x.b'email'", ANY)
