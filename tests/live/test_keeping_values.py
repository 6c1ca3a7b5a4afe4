"""Content hashes and plain data: everything comes back as what it was, and no value can make keeping misbehave."""

from __future__ import annotations

import datetime
import itertools
import subprocess
import sys
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field, make_dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.live.keeping import Clock, NotPossible, TooMuch, content_hash, hashing, load, matches, save
from aether_nb.live.keeping.hashing import fingerprint

surrogates = st.text(st.characters(codec=None, categories=["Cs", "Lu", "So"]), max_size=6)
zones = st.sampled_from([None, datetime.UTC, datetime.timezone(datetime.timedelta(hours=-3, seconds=7), "odd")])
hashables = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | surrogates
    | st.binary(max_size=9)
    | st.dates()
    | st.datetimes(timezones=zones)
    | st.times(timezones=zones)
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.uuids(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
plain = st.recursive(
    hashables,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashables, inner, max_size=3)
        | st.sets(hashables, max_size=4)
        | st.tuples(inner)
        | st.lists(inner, max_size=3).map(deque)
        | st.lists(st.floats() | st.integers() | st.text(), min_size=64, max_size=70)
    ),
    max_leaves=12,
)


def back(value, signer=None):
    """A value saved and loaded."""
    format, data = save(value, signer)
    return load(format, bytes(data), signer)


@given(plain)
def test_plain_data_comes_back_as_it_was(value):
    """Type, order and content are the same, down to the sign of a zero and half a surrogate pair."""
    found = back(value)
    assert (type(found), content_hash(found)) == (type(value), content_hash(value))
    assert repr(found) == repr(value) or "{" in repr(value)


@given(plain, plain)
def test_another_content_has_another_hash(one, other):
    """What Python writes differently has another hash."""
    if repr(one) != repr(other) and "{" not in repr(one) + repr(other):
        assert content_hash(one) != content_hash(other)


ODD = [
    *(
        10**6000,
        -(2**64),
        float("nan"),
        float("-inf"),
        -0.0,
        1.0,
        1,
        True,
        "\ud83d\ude00",
        "😀",
        "",
        b"",
        bytearray(b"x"),
    ),
    *(range(3, 9, 2), slice(1, None, -1), ..., Decimal("sNaN"), Decimal("-1E+5"), Fraction(1, 3), uuid.UUID(int=5)),
    *(PurePosixPath("a/\udcff"), Path("x"), ZoneInfo("Europe/Berlin"), datetime.UTC),
    datetime.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    *(OrderedDict(b=1, a=2), Counter("aab"), defaultdict(list, a=[1]), deque([1, 2], maxlen=3), {(1, "a"): [None]}),
    *(np.float64("nan"), np.int8(5), np.datetime64("2020-01-01", "D"), np.str_("é"), np.bytes_(b"q"), np.bool_(True)),
    *(pd.NaT, pd.NA, pd.Timestamp("2020-01-01 01:02:03.000000004", tz="Europe/Berlin"), pd.Timestamp("2020")),
    *(pd.Timedelta("1ns"), pd.Period("2020-03", "M"), np.longdouble(1) / 3, np.str_("")),
]


@pytest.mark.parametrize("value", ODD, ids=[f"{type(value).__name__}-{n}" for n, value in enumerate(ODD)])
def test_odd_single_values_come_back(value):
    """Each of them by itself and inside of a list; the hash is of the value and its type."""
    for kept in (value, [value, {"in": value}]):
        found = back(kept)
        assert (type(found), content_hash(found)) == (type(kept), content_hash(kept))


def test_no_two_of_them_have_the_same_hash():
    """1, 1.0 and True are three values, and so are two halves of a pair and the sign that they make."""
    hashes = [content_hash(value) for value in ODD]
    assert len(set(hashes)) == len(ODD) and all(hash.startswith("sha256:") for hash in hashes)


def test_hashes_are_the_same_in_every_process():
    """Sets and texts are hashed the same whatever the seed of Python's own hashes."""
    code = (
        "from aether_nb.live.keeping import content_hash\n"
        "print(content_hash([{'a', 'b', 'c', (1, frozenset('xyz'))}, {'k': 1.5}, frozenset(range(50))]))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(found) == 1 and found.pop().startswith("sha256:")


def test_cycles_and_shared_containers_are_so_again():
    """A list that holds itself does so again; a list in two places is one list."""
    cycle: list = []
    cycle += [cycle, (cycle,), {"me": cycle}]
    inner = [1]
    cycle += [inner, inner]
    found = back(cycle)
    assert found[0] is found and found[1][0] is found and found[2]["me"] is found
    assert found[3] is found[4]
    looped = ([],)
    looped[0].append(looped)
    assert back(looped)[0][0][0] is back(looped)[0] or content_hash(back(looped)) == content_hash(looped)


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_deep_nesting_is_no_recursion(kind):
    """10,000 levels are hashed, written and read."""
    value = kind()
    for _ in range(10_000):
        value = {"in": value} if kind is dict else kind([value])
    assert content_hash(back(value)) == content_hash(value)


def test_deep_sets_and_frames_end_in_words():
    """What would take recursion is refused, not crashed on."""
    value = frozenset()
    for _ in range(3_000):
        value = frozenset([value])
    assert fingerprint(value, Clock()) == ("", "it is nested too deeply")
    with pytest.raises(NotPossible):
        save(value)
    array = np.empty(1, dtype=object)
    top = array
    for _ in range(30):
        array[0] = np.empty(1, dtype=object)
        array = array[0]
    assert fingerprint(top, Clock()) == ("", "it is nested too deeply")


class Angry:
    """Fails and tells on whoever asks it anything."""

    asked: ClassVar[list[str]] = []

    def __getattribute__(self, name):
        Angry.asked.append(name)
        raise RuntimeError(name)

    def __repr__(self):
        Angry.asked.append("repr")
        raise RuntimeError

    __str__ = __len__ = __iter__ = __hash__ = __bool__ = __reduce_ex__ = __array__ = __repr__


class Liar(list):
    """A list that lies about its length and its items."""

    def __len__(self):
        raise AssertionError("asked")

    __iter__ = __getitem__ = __len__


class Meta(type):
    """Classes that are asked nothing either."""

    def __getattribute__(cls, name):
        Angry.asked.append(f"class {name}")
        raise RuntimeError(name)


class Spoofed:
    """Says that it is a frame."""

    def __iter__(self):
        Angry.asked.append("iter")
        raise RuntimeError


Spoofed.__module__, Spoofed.__name__, Spoofed.__qualname__ = "pandas", "DataFrame", "DataFrame"


HOSTILE = {
    "angry": Angry,
    "liar": Liar,
    "class": lambda: type.__call__(Meta("Odd", (), {})),
    "spoofed": Spoofed,
    "object": object,
    "in a list": lambda: [Angry()],
    "in a dict": lambda: {1: Liar()},
}


@pytest.mark.parametrize("make", HOSTILE)
def test_hostile_values_are_not_asked_anything(make):
    """No method, property or attribute of an unknown class is used; there is no hash, and the reason is in words."""
    value = HOSTILE[make]()
    Angry.asked.clear()
    hash, why = fingerprint(value, Clock())
    assert (hash, Angry.asked) == ("", [])
    assert why.startswith("it is or holds a ")
    with pytest.raises(NotPossible):
        save(value)
    assert Angry.asked == []


def test_generators_and_lazy_things_are_not_touched():
    """A generator is not advanced, a lazy frame and a relation of a database are not computed."""
    import duckdb
    import polars as pl

    counted = itertools.count()
    generator = (next(counted) for _ in range(3))
    computed = []
    lazy = pl.LazyFrame({"a": [1]}).map_batches(lambda frame: computed.append(1) or frame)
    relation = duckdb.connect().sql("select 1 as a")
    for value in (generator, lazy, relation, iter([1]), map(str, [1]), open, sys, lambda: 1):
        hash, why = fingerprint([value], Clock())
        assert hash == "" and why
        with pytest.raises(NotPossible):
            save(value)
    assert (list(generator), computed) == ([0, 1, 2], [])


@dataclass
class Point:
    """Plain enough for a hash."""

    x: int
    other: list = field(default_factory=list)


@dataclass(slots=True)
class Slotted:
    """The same in slots."""

    x: int
    never: int = field(init=False)


def test_dataclasses_have_a_hash_and_no_format():
    """Two instances with the same fields have one hash; nobody could make them again from bytes alone."""
    assert content_hash(Point(1)) == content_hash(Point(1)) != content_hash(Point(2))
    looped = Point(1)
    looped.other.append(looped)
    assert content_hash(looped)
    filled = Slotted(1)
    assert content_hash(filled) == ""
    filled.never = 2
    assert content_hash(filled)
    strange = make_dataclass("Strange", ["x"], namespace={"__dict__": property(lambda self: 1 / 0)})
    assert content_hash(object.__new__(strange)) == ""
    with pytest.raises(NotPossible, match="Point, which is not plain data"):
        save(Point(1))
    bare = object.__new__(Point)
    assert content_hash(bare) == ""


def test_what_there_is_no_time_for_is_sampled(monkeypatch):
    """A few milliseconds do for no whole of these, but for a sample, the same each time; it matches only in kind."""
    monkeypatch.setattr(hashing, "SAMPLING", 60.0)  # a machine that is busy with other tests proves nothing
    words = [f"word {n}" for n in range(2_000_000)]
    for value in (words, dict.fromkeys(words, 1.0), "x" * 80_000_000, tuple(words), b"y" * 80_000_000):
        hash = content_hash(value, Clock.of(0.005))
        assert hash.startswith("sample:") and matches(value, hash)
    assert matches(words, content_hash([*words[1:], "else"], Clock.of(0.005))) is False
    assert fingerprint(set(words), Clock.of(0.005))[0] == ""
    assert matches(words, "") is None
    assert matches(words, "sha256:" + "0" * 64, Clock.of(0.001)) is None
    assert content_hash([1], Clock(until=0)).startswith("sample:")


def test_what_explodes_is_given_up():
    """A tuple of tuples of tuples that would be 2**60 items takes no more than the time there is."""
    value = ("a", "b")
    for _ in range(60):
        value = (value, value)
    assert fingerprint(value, Clock.of(0.05))[0] == ""
    with pytest.raises(TooMuch):
        save(value, budget=Clock.of(0.05))


def test_functions_make_no_defaults():
    """A defaultdict whose values are made by code is not plain data."""
    with pytest.raises(NotPossible, match="made by a function"):
        save(defaultdict(lambda: 1))
    with pytest.raises(NotPossible, match="slice"):
        save(slice("a", None))
    with pytest.raises(NotPossible, match="time zone"):
        save(datetime.datetime(2020, 1, 1, tzinfo=Zone()))


class Zone(datetime.tzinfo):
    """A zone of the user's own."""


BROKEN = [
    b"",
    b"[]",
    b"{}",
    b'{"root":["@",1],"nodes":[]}',
    b'{"root":["@",0],"nodes":[["tuple",[["@",0]]]]}',
    b'{"root":["@",0],"nodes":[["list"]]}',
    b'{"root":["nope"],"nodes":[]}',
    b'{"root":["path","os",""],"nodes":[]}',
    b'{"root":["numpy","|O","00"],"nodes":[]}',
    b'{"root":["pandas","eval","x"],"nodes":[]}',
    b'{"root":["@",0],"nodes":[["ddict",[],"eval"]]}',
    b'{"root":["whole",1],"nodes":[]}',
    b"[" * 100_000,
    b"aether1\n",
    b"aether1\n\x05\x00\x00\x00\x00\x00\x00\x00nope!",
    b'aether1\n\x1b\x00\x00\x00\x00\x00\x00\x00{"header":{},"sizes":[100]}',
    b"\x93NUMPY\x01\x00",
    b"ARROW1\x00\x00",
]


@pytest.mark.parametrize(
    "format", ["json", "bundle", "npy", "arrow", "table", "polars", "polars-series", "columns", "x"]
)
def test_bytes_of_anybody_are_refused_in_words(format):
    """Whatever the bytes are, reading them ends in a value or in a sentence."""
    for data in BROKEN:
        with pytest.raises(NotPossible):
            load(format, data)
