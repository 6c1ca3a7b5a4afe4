"""Types as they are typed behind ``--as``: what they mean here, and which values are of them."""

from __future__ import annotations

import datetime
import enum
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import BaseModel

from aether_nb.errors import OptionError
from aether_nb.live.wanted import Unfit, Wanted, check_typed


@dataclass
class Point:
    """A class of the notebook."""

    x: int
    y: int = 0


class Report(BaseModel):
    """A model of the notebook."""

    rows: int


class Colour(enum.Enum):
    """An enumeration of the notebook."""

    RED = "red"


SPACE: dict[str, Any] = {"Point": Point, "Report": Report, "Colour": Colour, "pd": pd, "pl": pl, "np": np, "x": 5}
FRAME = pd.DataFrame({"a": [1, 2]})


MADE = "__import__('pydantic').TypeAdapter({0}).validate_python(v)"


@pytest.mark.parametrize(
    ("text", "value", "fitted", "code"),
    [
        ("float", 3, 3.0, "float(v)"),
        ("float", 2.5, 2.5, "v"),
        ("float", np.float64(2.5), 2.5, "float(v)"),
        ("int", np.int64(3), 3, "int(v)"),
        ("int", 3.0, 3, "int(v)"),
        ("bool", np.bool_(True), True, "bool(v)"),
        ("str", "a", "a", "v"),
        ("list[int]", np.array([1, 2]), [1, 2], "v.tolist()"),
        ("list[int]", FRAME["a"], [1, 2], "v.tolist()"),
        ("list[str]", ["a"], ["a"], "v"),
        ("dict[str, int]", {"a": 1}, {"a": 1}, "v"),
        ("int | None", None, None, "v"),
        ("Optional[int]", 3, 3, "v"),
        ("Literal['a', 'b']", "a", "a", "v"),
        ("tuple[int, str]", [1, "a"], (1, "a"), MADE.format("tuple[int, str]")),
        ("Point", {"x": 1}, Point(1), "__import__('pydantic').TypeAdapter(Point).validate_python(v)"),
        ("Point", Point(2), Point(2), "v"),
        ("list[Point]", [{"x": 1}], [Point(1)], "__import__('pydantic').TypeAdapter(list[Point]).validate_python(v)"),
        ("Report", {"rows": 1}, Report(rows=1), "__import__('pydantic').TypeAdapter(Report).validate_python(v)"),
        ("Colour", "red", Colour.RED, "__import__('pydantic').TypeAdapter(Colour).validate_python(v)"),
        ("date", datetime.date(2026, 1, 2), datetime.date(2026, 1, 2), "v"),
        ("Any", 1j, 1j, "v"),
    ],
)  # fmt: skip
def test_a_value_fits_with_the_code_that_makes_it_fit(text, value, fitted, code):
    """The value comes as one of the type, and the code says how it was made of the expression."""
    found = Wanted(text, SPACE).fit(value, "v")
    assert (found.value, type(found.value), found.code) == (fitted, type(fitted), code)


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("int", 3.5, "Input should be a valid integer"),
        ("int", "3", "it is a text, and a value of type int is wanted"),
        ("float", FRAME, "Input should be a valid number"),
        ("list[str]", [1], "0: Input should be a valid string"),
        ("Point", {"y": 1}, "x: Field required"),
        ("DataFrame", [1], "it is a list, and a DataFrame is wanted"),
        ("pl.DataFrame", FRAME, "it is a DataFrame, and a pl.DataFrame is wanted"),
    ],
)
def test_what_does_not_fit_says_why(text, value, why):
    """A model can mend what it is told."""
    with pytest.raises(Unfit, match=why.replace("[", r"\[")):
        Wanted(text, SPACE).fit(value, "v")


def test_tables_are_those_of_the_loaded_libraries():
    """DataFrame is any that is loaded, unless the notebook says which; values stay the very same object."""
    assert Wanted("DataFrame", {}).fit(FRAME, "df").value is FRAME
    assert Wanted("DataFrame", {}).fit(pl.DataFrame({"a": [1]}), "df").code == "df"
    assert Wanted("pd.Series", SPACE).fit(FRAME["a"], "s").value.tolist() == [1, 2]
    with pytest.raises(Unfit):
        Wanted("DataFrame", {"DataFrame": pl.DataFrame}).fit(FRAME, "df")
    with pytest.raises(OptionError):
        Wanted("nothing.DataFrame", {})


@pytest.mark.parametrize(
    "text",
    [
        "print(1)",
        "lambda: 1",
        "(x := 1)",
        "1 +",
        "[a for a in x]",
        "f'{x}'",
        "x + 1",
        "x if x else x",
        "list['print(1)']",
        "Optional['x']",
    ],
)
def test_a_type_that_does_something_is_none(text):
    """Reading a type runs nothing: names, dots, brackets and bars are all that it may hold."""
    with pytest.raises(OptionError, match="is no type"):
        check_typed(text)


@pytest.mark.parametrize("text", ["flaot", "x", "pd", "list['no such']", "int[str]", "object.nope", "Opaque"])
def test_a_type_that_means_nothing_here_is_said(text):
    """A slip, a value, a class that cannot be checked."""

    class Opaque:
        pass

    with pytest.raises(OptionError) as caught:
        Wanted(text, SPACE | {"Opaque": Opaque})
    assert text in caught.value.what


def test_not_a_number_is_a_number():
    """NaN is a float, and is bound as one."""
    found = Wanted("float", {}).fit(math.nan, "v")
    assert math.isnan(found.value) and found.code == "v"


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [("float", "**42.5**", 42.5), ("int", "7.", 7), ("bool", "true", True), ("str", "Rome is *it*.", "Rome is *it*."),
     ("date", "2026-01-02", datetime.date(2026, 1, 2)), ("Literal['a', 'b']", "`b`", "b")],
)  # fmt: skip
def test_a_short_plain_answer_is_a_value(text, said, value):
    """A figure, a word, a date may be said; emphasis and a full stop are no part of it."""
    assert Wanted(text, SPACE).said(said) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("float", "About 42."),
        ("int", "3 of 4"),
        ("float", "4" * 100),
        ("list[str]", '["a"]'),
        ("DataFrame", "a"),
        ("Point", "1"),
    ],
)
def test_data_is_never_said(text, said):
    """What is more than a short plain value has to be computed."""
    with pytest.raises(Unfit):
        Wanted(text, SPACE).said(said)
