"""One variable in depth, and the way to a place inside one, without running code of anybody."""

from __future__ import annotations

import dataclasses
import sys
import types
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from aether_nb.errors import RepairableToolError
from aether_nb.live.inspecting import inspect
from aether_nb.live.paths import look_up


@dataclasses.dataclass
class Layer:
    size: int = 3
    weights: Any = None


class Base:
    """Of which another class is made."""

    kind = "base"

    def greet(self, name: str = "you") -> str:
        """Say hello.

        To whoever is there.
        """
        return f"hello {name}"

    @staticmethod
    def still() -> int:
        return 1


class Model(Base):
    def __init__(self) -> None:
        self.layers = [Layer(), Layer(4)]
        self.config = {"rate": 0.1, "names": ["a", "b"], "table": FRAME}

    @property
    def loud(self) -> int:
        raise AssertionError("ran")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError("ran")

    def __getitem__(self, key: object) -> Any:
        raise AssertionError("ran")


FRAME = pd.DataFrame({"city": ["Rome", "Oslo"], "two words": [1.5, 2.5]})
SPACE: dict[str, Any] = {
    "model": Model(),
    "Model": Model,
    "df": FRAME,
    "pl_df": pl.DataFrame({"a": [1, 2]}),
    "table": pa.table({"a": [1, 2]}),
    "array": np.arange(6).reshape(2, 3),
    "series": pd.Series([5, 6], index=["x", "y"], name="s"),
    "nested": {"a": {"b": [10, {"c": "deep"}]}, 1: "one", ("t", 2): "pair"},
    "text": "abcdef",
    "dataclasses": dataclasses,
}


def told(name: str) -> list[str]:
    """The lines about a place."""
    return inspect(name, look_up(name, SPACE)).text.replace(f"{__name__}.", "").splitlines()


def test_what_is_nested_is_told_by_the_way_that_leads_there() -> None:
    """Each part has a line with its type, its size and its values, and a path that can be typed."""
    assert told("nested") == [
        "variables (1):",
        "- nested: dict = {'a': {'b': <list of 2>}, 1: 'one', ('t', 2): 'pair'}",
        "  - ['a']: dict = {'b': [10, <dict of 1>]}",
        "  - ['a']['b']: list = [10, {'c': 'deep'}]",
        "  - ['a']['b'][0]: int = 10",
        "  - ['a']['b'][1]: dict = {'c': 'deep'}",
        "  - ['a']['b'][1]['c']: str = 'deep'",
        "  - [1]: str = 'one'",
        "  - [('t', 2)]: str = 'pair'",
    ]


def test_an_object_is_told_by_what_it_stores() -> None:
    """Attributes are read where they are kept: no property and no __getattr__ is asked."""
    lines = told("model")
    assert lines[:7] == [
        "variables (1):",
        "- model: Model, attributes layers, config",
        "  - .layers: list = [<Layer>, <Layer>]",
        "  - .layers[0]: Layer = Layer(size=3, weights=None)",
        "  - .layers[0].size: int = 3",
        "  - .layers[0].weights: NoneType = None",
        "  - .layers[1]: Layer = Layer(size=4, weights=None)",
    ]
    assert "  - .config['table']: pandas.DataFrame, 2 rows × 2 columns" in lines


def test_keys_that_are_no_names_are_values() -> None:
    """A dict from people to figures holds data in its keys: the lines about them count as rows, not as schema."""
    parts = inspect("ages", {"ann@example.org": 5, "city": 1}).parts
    assert not any("ann@" in part.text for part in parts if part.data == "schema")
    assert "['city']: int" in "".join(part.text for part in parts if part.data == "schema")


def test_long_and_wide_things_have_an_end() -> None:
    """Of many parts some are told, and that there are more."""
    lines = inspect("many", {f"k{n}": {"a": n} for n in range(1_000)}).text.splitlines()
    assert len(lines) < 90
    assert lines[-1] == "  - it has more parts than these"


def test_a_function_is_told_with_docstring_and_source() -> None:
    """Each line of them is marked as a quotation, so that it cannot pass for one of ours."""
    lines = told("Model.greet")
    assert lines[1] == "- \"Model.greet\": function, greet(self, name='you'), 'Say hello.'"
    assert lines[2:6] == ["  docstring:", "  | Say hello.", "  | ", "  | To whoever is there."]
    assert lines[6:8] == ["  source:", '  |     def greet(self, name: str = "you") -> str:']
    assert {part.data for part in inspect("f", Base.greet).parts} == {"schema", "text"}


def test_a_function_without_source_is_told_without() -> None:
    """What was made from a text that is gone has a signature and no source."""
    space: dict[str, Any] = {}
    exec("def gone(a): return a", space)
    assert inspect("gone", space["gone"]).text == "variables (1):\n- gone: function, gone(a)"


def test_a_class_is_told_with_its_bases_and_methods() -> None:
    """Its fields, what it comes from, and how its methods are called."""
    assert told("Model")[1] == "- Model: class, Model, from Base, methods __init__(self)"
    assert inspect("Layer", Layer).text.startswith(f"variables (1):\n- Layer: class, {__name__}.Layer")


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("model.layers[1].size", 4),
        ("model.config['names'][-1]", "b"),
        ("model.kind", "base"),
        ("Model.kind", "base"),
        ("nested['a']['b'][0:1]", [10]),
        ("nested['t', 2]", "pair"),
        ("text[1:3]", "bc"),
        ("series['y']", 6),
        ("array[1, 2]", 5),
        ("array.shape", (2, 3)),
        ("dataclasses.MISSING", dataclasses.MISSING),
        (" text ", "abcdef"),
    ],
)
def test_a_place_is_reached(place: str, found: object) -> None:
    """Attributes and items of Python's own types, of tables and arrays lead on."""
    assert look_up(place, SPACE) == found


def test_columns_are_reached_as_people_write_them() -> None:
    """A column by attribute or by item, in the frames of every library."""
    assert look_up("df.city", SPACE).tolist() == look_up("df['city']", SPACE).tolist() == ["Rome", "Oslo"]
    assert list(look_up("df[['two words']]", SPACE)) == ["two words"]
    assert look_up("pl_df['a']", SPACE).to_list() == look_up("table['a']", SPACE).to_pylist() == [1, 2]
    assert list(look_up("df.columns", SPACE)) == ["city", "two words"]


def test_functions_are_reached_through_their_class() -> None:
    """A method, also a static one, is the function that the class keeps."""
    assert look_up("model.greet", SPACE) is Base.greet
    assert look_up("Model.still", SPACE) is Base.still


@pytest.mark.parametrize(
    ("place", "what", "hint"),
    [
        ("modle", "There is no variable 'modle'.", "Did you mean model, Model?"),
        ("zzz", "There is no variable 'zzz'.", "Use list_variables to see what there is."),
        ("model layers", "'model layers' is no expression.", "Give a variable's name."),
        ("model.loud", "model.loud is computed when it is read.", "Use run_python when its code may run."),
        ("model['a']", "What ['a'] means is decided by the class of model,", "Use run_python when its code may run."),
        ("model.greet()", "'model.greet()' would have to be computed.", "Use run_python when its code may run."),
        ("nested[text]", "[text] would have to be computed.", "Use run_python when its code may run."),
        ("nested['A']", "nested has no key 'A'.", ""),
        ("df.cty", "df has no ['cty'].", "Did you mean city?"),
        ("nested['a']['b'][7]", "nested['a']['b'] has no [7]. list index out of range.", ""),
        ("model.layer", "model keeps no attribute 'layer'.", "It is a "),
        ("dataclasses.feilds", "dataclasses has no 'feilds'.", "Did you mean fields, field?"),
    ],
)
def test_what_is_not_there_or_would_run_code_is_refused(place: str, what: str, hint: str) -> None:
    """The answer says why, and what to type next."""
    with pytest.raises(RepairableToolError) as caught:
        look_up(place, SPACE)
    assert caught.value.what.startswith(what) and caught.value.hint.startswith(hint)


def test_a_lazy_module_is_not_loaded() -> None:
    """A module whose attributes come from __getattr__ is not asked for what it does not hold."""
    module = types.ModuleType("lazy")
    module.__getattr__ = lambda name: sys.exit(name)  # type: ignore[method-assign]
    with pytest.raises(RepairableToolError) as caught:
        look_up("lazy.heavy", {"lazy": module})
    assert caught.value.what == "lazy has no 'heavy'."
