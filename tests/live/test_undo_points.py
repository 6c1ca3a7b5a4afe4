"""Undo points: what is kept, what is said when it cannot be, conflicts, surroundings, and the types one by one."""

from __future__ import annotations

import array
import collections
import copy
import dataclasses
import os
import random
import sys
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pydantic
import pytest
from sklearn.linear_model import LinearRegression, SGDClassifier
from sklearn.preprocessing import StandardScaler

from aether_nb.live.undo import Budget, Done, too_large
from harness.undoing import done, picture, space


class Model(pydantic.BaseModel):
    """A model of pydantic's."""

    name: str
    items: list[int] = []


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A record that cannot be changed, holding something that can."""

    items: list[int]


FITTED = StandardScaler().fit([[0.0], [2.0]])

CASES = {
    "pydantic": (Model(name="a", items=[1]), "v.name = 'b'; v.items.append(2)"),
    "frozen record": (Frozen([1]), "v.items.append(2); object.__setattr__(v, 'items', [])"),
    "estimator fitted again": (FITTED, "v.fit([[1.0], [9.0]]); v.mean_ += 1"),
    "estimator in place": (
        SGDClassifier(random_state=0).partial_fit([[0.0], [1.0]], [0, 1], classes=[0, 1]),
        "v.partial_fit([[5.0]], [0]); v.coef_[...] = 3",
    ),
    "estimator never fitted": (LinearRegression(), "v.fit([[1.0], [2.0]], [1, 2]); v.set_params(positive=True)"),
    "counter": (collections.Counter("aab"), "v.update('b'); v['z'] += 1"),
    "array of the standard library": (array.array("d", [1.0]), "v.append(2.0); v[0] = 7.0"),
    "numpy, another size": (np.arange(6), "v.resize((2,), refcheck=False)"),
    "numpy, another form": (np.arange(6), "v.shape = (2, 3); v.dtype = 'uint64'"),
    "masked array": (np.ma.array([1, 2, 3], mask=[0, 1, 0]), "v[0] = np.ma.masked; v.data[2] = 9"),
    "structured array": (np.zeros(2, dtype=[("a", int), ("b", float)]), "v['a'][0] = 5"),
    "numbers at random": (np.random.default_rng(3), "v.random(3)"),
    "numbers at random, legacy": (np.random.RandomState(3), "v.rand(3)"),
    "numbers at random, Python's": (random.Random(3), "v.random()"),
    "series of polars": (pl.Series("s", [1, 2]), "v[0] = 5; v.rename('t')"),
    "index with a name": (pd.Index([1, 2], name="k"), "v.name = 'other'"),
    "several indexes": (pd.MultiIndex.from_product([[1], ["a"]], names=["x", "y"]), "v.names = ['p', 'q']"),
    "nested": ({"a": [{"b": (1, [2])}]}, "v['a'][0]['b'][1].append(3)"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_changed_object_is_itself_again(case):
    """Whatever the type: the same object, with what it held; and once more what the code had made of it."""
    value, code = copy.deepcopy(CASES[case][0]), CASES[case][1]
    namespace = space(v=value)
    dumped = [repr(_plain(value))]
    change = done(namespace, code)
    dumped.append(repr(_plain(value)))
    assert dumped[0] != dumped[1]
    with warnings.catch_warnings(action="error"):  # what NumPy advises code against is said of nothing that we do
        again = change.undo(namespace)
        assert namespace["v"] is value
        assert repr(_plain(value)) == dumped[0]
        again.undo(namespace)
    assert repr(_plain(value)) == dumped[1]


def _plain(value: Any) -> Any:
    """What an object holds, as text that says all of it."""
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, np.random.RandomState):
        return value.get_state()[1].tolist(), value.get_state()[2]
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tolist()
    if isinstance(value, pd.Index):
        return value.names, list(value)
    if isinstance(value, pl.Series):
        return value.name, value.to_list()
    attributes = {name: _plain(held) for name, held in vars(value).items()} if hasattr(value, "__dict__") else {}
    return repr(value), attributes


def test_a_closure_and_a_global_function_see_the_old_content():
    """What a function has closed over, or reads by its name, is the object that was put back."""
    namespace = space()
    exec(
        "kept = [1]\ndef outer():\n    return lambda: kept\nread = outer()\ndef grow():\n    kept.append(2)", namespace
    )
    namespace.pop("__builtins__")
    change = done(namespace, "grow()")
    assert namespace["read"]() == [1, 2]
    change.undo(namespace)
    assert namespace["read"]() == [1]
    assert namespace["read"]() is namespace["kept"]


def test_a_view_and_its_base_stay_one_memory():
    """An array and a view of it see the same numbers after undo, and after a later write."""
    base = np.arange(5)
    namespace = space(base=base, view=base[1:3])
    done(namespace, "view[:] = 0").undo(namespace)
    assert base.tolist() == [0, 1, 2, 3, 4]
    namespace["view"][0] = 9
    assert base[1] == 9


def test_two_frames_that_share_columns_are_both_restored():
    """A frame and a shallow copy of it are put back apart, whoever was written."""
    frame = pd.DataFrame({"a": [1, 2]})
    namespace = space(frame=frame, other=frame.copy(deep=False))
    done(namespace, "other.loc[0, 'a'] = 9; frame['b'] = 1").undo(namespace)
    assert namespace["other"]["a"].tolist() == [1, 2]
    assert list(frame.columns) == ["a"]


def test_surroundings_come_back(tmp_path, monkeypatch):
    """Working directory, environment, options and random numbers, when the code has changed them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AETHER_TEST_STAYS", "1")
    (tmp_path / "inner").mkdir()
    namespace = space(mpl=mpl, random=random)
    code = (
        "os.chdir('inner'); os.environ['NEW'] = '1'; del os.environ['AETHER_TEST_STAYS']\n"
        "mpl.rcParams['font.size'] = 33; pd.set_option('display.max_rows', 7); random.random(); np.random.rand()"
    )
    before = mpl.rcParams["font.size"], pd.get_option("display.max_rows"), random.getstate()
    change = done(namespace, code)
    names = ("the working directory", "the environment", "matplotlib's options", "pandas' options")
    assert set(change.before.names) == {*names, "Python's random numbers", "numpy's random numbers"}
    again = change.undo(namespace)
    assert Path.cwd() == tmp_path
    assert ("NEW" in os.environ, os.environ["AETHER_TEST_STAYS"]) == (False, "1")
    assert (mpl.rcParams["font.size"], pd.get_option("display.max_rows"), random.getstate()) == before
    again.undo(namespace)
    assert (Path.cwd().name, mpl.rcParams["font.size"]) == ("inner", 33)
    change.undo(namespace)


def test_filters_of_warnings_are_put_back_and_those_of_libraries_stay():
    """What the code silenced is heard again; a filter for one module, as libraries bring them, is left alone."""
    before = list(warnings.filters)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        change = done(
            space(warnings=warnings),
            "warnings.filterwarnings('ignore')\nwarnings.filterwarnings('always', module='some_library')",
        )
        assert change.before.names == ("the filters of warnings",)
        again = change.undo({})
        with pytest.warns(UserWarning, match="heard"):
            warnings.warn("heard", stacklevel=1)
        assert any(one[0] == "always" and one[3] is not None for one in warnings.filters)
        again.undo({})
        assert [one[0] for one in warnings.filters[:2]] == ["always", "ignore"]
    assert warnings.filters == before


def test_a_folder_that_is_gone_is_said_and_the_rest_is_put_back(tmp_path, monkeypatch):
    """What cannot be put back is named; the variables are back all the same."""
    (tmp_path / "old").mkdir()
    monkeypatch.chdir(tmp_path / "old")
    namespace = space(x=[1])
    change = done(namespace, "os.chdir('..'); x.append(2); os.rmdir('old')")
    again = change.undo(namespace)
    assert namespace["x"] == [1]
    assert list(again.missed) == ["the working directory"]


def test_an_object_that_refuses_is_said():
    """A bytearray whose memory somebody holds cannot get its old size back; the others are put back."""
    namespace = space(held=bytearray(b"abc"), x=[1])
    change = done(namespace, "held.extend(b'de'); x.append(2)")
    window = memoryview(namespace["held"])
    again = change.undo(namespace)
    assert namespace["x"] == [1]
    assert "BufferError" in again.missed["held"]
    window.release()


# ---- what cannot be kept


def test_what_is_too_large_is_known_before_the_call_and_not_half_restored():
    """The reason names the variable and its size; its name can still be bound to it again, and others are whole."""
    big = np.zeros(1000)
    namespace = space(big=big, small=[1], holder={"in": [big, [2]]})
    budget = Budget(bytes=4000)
    code = "big[:] = 1; small.append(2); holder['in'][1].append(3); big = None"
    assert too_large(namespace, code, budget) == {
        "big": "(8.0 kB) is too large to keep",
        "holder": "(8.0 kB) is too large to keep",
    }
    change = done(namespace, code, budget=budget)
    assert set(change.missed) == {"big", "holder"}
    change.undo(namespace)
    assert namespace["small"] == [1]
    assert namespace["big"] is big
    assert namespace["holder"]["in"][1] == [2, 3]


def test_a_huge_frame_is_kept_for_nothing():
    """Under copy-on-write a frame of any size fits into no budget at all."""
    namespace = space(df=pd.DataFrame({"a": np.arange(1000.0)}), pf=pl.DataFrame({"a": range(1000)}))
    assert too_large(namespace, "df['a'] = 0; pf[0, 'a'] = 1", Budget(bytes=2000)) == {}


def test_too_many_objects_are_too_many():
    """A list of more lists than may be copied is said to be so."""
    assert too_large(space(rows=[[n] for n in range(50)]), "rows[0].append(1)", Budget(objects=20)) == {
        "rows": "holds too many objects to keep"
    }


class Evil:
    """Its class lies, and looking at it raises."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    __hash__ = None  # type: ignore[assignment]


def test_what_is_kept_in_c_alone_is_named(tmp_path):
    """A generator, an open file and a connection have a state that is in no copy; a plain object's code is not run."""
    import sqlite3

    with (tmp_path / "f").open("w") as file:
        namespace = space(it=iter([1, 2]), gen=(n for n in [1]), file=file, db=sqlite3.connect(":memory:"), evil=Evil())
        missed = too_large(namespace, "it, gen, file, db, evil")
        namespace["db"].close()
    assert set(missed) == {"it", "gen", "file", "db"}
    assert missed["gen"] == "what a generator holds cannot be kept"


def test_names_that_are_only_read_are_copied_only_while_that_is_cheap():
    """Of a variable that the code leaves alone nothing is missed, however large it is."""
    namespace = space(big=np.zeros(5_000_000), small=[1])
    change = done(namespace, "x = big.sum(); small.append(1)", safe=("big", "small"))
    assert change.missed == {}
    change.undo(namespace)
    assert namespace["small"] == [1]
    assert "x" not in namespace


# ---- conflicts


def test_what_was_changed_since_is_a_conflict_and_what_was_not_is_none():
    """A rebound name, a changed object, and an object that the code had made and somebody has added to."""
    namespace = space(a=[1], b=[2], c=1, d={})
    change = done(namespace, "a.append(2); b.append(3); c = 2; made = [1]; d['k'] = [0]; new = {}")
    assert change.conflicts(namespace) == {}
    exec("a.append('mine'); c = 'mine'; made.append('mine'); d['k'].append('mine'); del new", namespace)
    assert change.conflicts(namespace) == {
        "a": "its content was changed since",
        "c": "it was bound to something else since: 'mine'",
        "made": "its content was changed since",
        "d": "its content was changed since",
        "new": "it was deleted since",
    }


def test_undo_of_a_conflict_can_be_undone():
    """What somebody had changed since is there again when the undo is taken back."""
    namespace = space(a=[1])
    change = done(namespace, "a.append(2)")
    namespace["a"].append("mine")
    again = change.undo(namespace)
    assert namespace["a"] == [1]
    again.undo(namespace)
    assert namespace["a"] == [1, 2, "mine"]


def test_several_calls_are_one():
    """Calls that are taken back together go back to what was before the first of them."""
    namespace = space(a=[1], c=1)
    one = done(namespace, "a.append(2); c = 2; made = [0]")
    two = done(namespace, "a.append(3); c = 1; made.append(1); other = 1; os.environ['AETHER_TEST_TWO'] = '1'")
    both = Done.together([one, two])
    assert set(both.told()) == {"a", "made", "other"}
    assert both.conflicts(namespace) == {}
    state = picture(namespace)
    again = both.undo(namespace)
    assert (namespace["a"], namespace["c"], "made" in namespace) == ([1], 1, False)
    assert "AETHER_TEST_TWO" not in os.environ
    again.undo(namespace)
    now = picture(namespace)
    assert now[0] == state[0]
    del os.environ["AETHER_TEST_TWO"]


def test_what_becomes_of_each_name_is_told():
    """Removed, there again, or changed, with what it becomes."""
    namespace = space(a=[1], gone="text", c=1)
    change = done(namespace, "a.append(2); del gone; c = 2; made = 1")
    assert change.told() == {
        "a": ("changed", "its content as before"),
        "gone": ("back", "'text'"),
        "c": ("changed", "1 again"),
        "made": ("removed", ""),
    }
    assert bool(change)
    assert not done(namespace, "a == c")


def test_nothing_is_imported():
    """Undo works where neither pandas nor numpy is loaded, and loads neither."""
    import subprocess

    code = (
        "import sys; from aether_nb.live.undo import Before; ns = {'x': [1]}; b = Before.of(ns, 'x.append(1)');"
        "ns['x'].append(1); b.close(ns).undo(ns); assert ns == {'x': [1]};"
        "assert not {'pandas', 'numpy', 'polars', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
