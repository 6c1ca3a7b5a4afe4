"""Variables as knowledge: texts, dictionaries and frames, by what they can do and not by where they are from."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from aether_nb.errors import SourceUnreadable
from aether_nb.knowledge.loaders import values
from aether_nb.knowledge.loaders.values import value


def nothing(_: str) -> bool:
    return False


def texts(name: str, thing: object, **more: object) -> list[tuple[str, str]]:
    loaded = value(name, thing, more.pop("hides", nothing), **more)
    return [(chunk.scope, chunk.text) for chunk in loaded.chunks]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_is_read_row_by_row(frame):
    """Each row by itself, missing values left out, by a template where there is one; hidden columns nowhere."""
    rows = frame({"name": ["Anna", "Bo"], "age": [7, None], "mail": ["a@x", "b@x"]})
    made = texts("people", rows, hides=lambda column: column in ("mail", "people.mail"))
    assert made[0][0] == "row 1" and made[0][1].startswith("name: Anna\nage: 7")
    assert "mail" not in made[0][1] and made[1:] == [("row 2", "name: Bo")]
    assert texts("people", rows, template="{name} ({mail})") == [("row 1", "Anna (a@x)"), ("row 2", "Bo (b@x)")]
    with pytest.raises(SourceUnreadable, match="'nam', which is no column of people"):
        texts("people", rows, template="{nam}")


def test_texts_and_dictionaries():
    """A text by its headings, texts one by one, names each with its meaning."""
    assert texts("note", "# A\nwords") == [("A", "# A\nwords")]
    assert texts("notes", ["one", "two"]) == [("item 1", "one"), ("item 2", "two")]
    assert texts("meaning", {"age": "in years"}) == [("age", "age: in years")]


@pytest.mark.parametrize(
    ("thing", "why"),
    [(7, "note is a int"), ("", "note is empty"), ([1], "is a list"), (pd.DataFrame({"a": []}), "empty")],
)
def test_what_cannot_be_read_is_said(thing, why):
    """A number, nothing at all, a list of numbers: what it is, and what could be added."""
    with pytest.raises(SourceUnreadable, match=why):
        value("note", thing, nothing)


def test_a_frame_that_is_too_long_is_refused(monkeypatch):
    """Every row is a passage of its own, so there is a limit to them."""
    monkeypatch.setattr(values, "MOST_ROWS", 2)
    with pytest.raises(SourceUnreadable, match="people has 3 rows"):
        value("people", pd.DataFrame({"a": [1, 2, 3]}), nothing)
