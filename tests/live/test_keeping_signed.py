"""Pickles: only with this user's key, and nothing of a foreign one ever runs."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import pytest

from aether_nb.events import kinds as k
from aether_nb.live.keeping import Clock, Keeper, NotPossible, TooMuch, load, plan_restore, restore, save
from aether_nb.live.keeping.signed import MAGIC
from harness.keeping import Key, MemoryBlobs, Told, new_shell

RAN: list[str] = []


class Evil:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return RAN.append, ("it ran",)


EVIL = pickle.dumps(Evil())
KEY, OTHER = Key(), Key(b"other")


def signed(payload, key):
    """A payload as the house writes it, signed by this key."""
    signature = key.sign(MAGIC + payload).encode()
    return MAGIC + len(signature).to_bytes(4, "little") + signature + payload


@pytest.fixture(autouse=True)
def _nothing_ran():
    """At the end of every test nothing has run."""
    RAN.clear()
    yield
    assert RAN == []


@pytest.mark.parametrize("signer", [None, KEY])
@pytest.mark.parametrize(
    "data",
    [EVIL, MAGIC + EVIL, MAGIC + b"\xff\xff\xff\xff" + EVIL, signed(EVIL, OTHER), signed(EVIL, KEY)[:-1] + b" ", b""],
)
def test_what_this_user_did_not_sign_is_not_unpickled(data, signer):
    """Without the right signature, nothing of a pickle runs; without a key, nothing is unpickled at all."""
    with pytest.raises(NotPossible):
        load("pickle", data, signer)


@pytest.mark.parametrize("format", ["json", "bundle", "npy", "arrow", "table", "polars", "polars-series", "columns"])
def test_no_other_format_unpickles(format):
    """A pickle under the name of another format is refused, and so is an array of objects."""
    npy = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }" + b" " * 58 + b"\n" + EVIL
    for data in (EVIL, npy):
        with pytest.raises(NotPossible):
            load(format, data, KEY)


@pytest.mark.parametrize("format", ["pickle", "json", "npy"])
def test_an_evil_pickle_in_the_blobs_never_runs(format):
    """Planted under its right SHA-256 and named in the log, it is missing, and nothing of it has run."""
    run = Told()
    run.call("x = [1]", effect="external")
    planted = run.blobs.put(EVIL)
    run.events[-2] = k.NamespaceKept("c1", (k.Kept("x", "list", "", planted, format, len(EVIL)),))
    for signer in (None, KEY):
        shell = new_shell()
        restored = restore(shell, plan_restore(run.entries), run.blobs, signer)
        assert [gone.name for gone in restored.missing] == ["x"]
        assert "x" not in shell.user_ns


def test_what_is_signed_comes_back():
    """An object of a library is pickled with the key, and read with the same one only."""
    value = SimpleNamespace(a=[1])
    format, data = save(value, KEY)
    assert (format, load(format, data, KEY)) == ("pickle", value)
    with pytest.raises(NotPossible, match="not signed with this user's key"):
        load(format, data, OTHER)
    with pytest.raises(NotPossible, match="not plain data"):
        save(value)


def test_code_of_the_notebook_is_not_run_to_pickle_it():
    """A class of the user's that says itself how it is pickled is not asked."""
    shell = new_shell()
    shell.run_cell(
        "ran = []\nclass Mine:\n    def __reduce__(self):\n        ran.append(1)\n        return (list, ())\nx = Mine()"
    )
    for value in (shell.user_ns["x"], [shell.user_ns["x"]]):
        with pytest.raises(NotPossible, match="Mine decides itself"):
            save(value, KEY)
    assert shell.user_ns["ran"] == []


def test_a_pickle_is_bounded_in_size_and_what_fails_is_said():
    """A pickle that grows too large is given up while it is written; an open file has none."""
    with pytest.raises(TooMuch):
        save(SimpleNamespace(a=b"x" * 2_000_000), KEY, Clock(most=1_000_000))
    with pytest.raises(NotPossible, match="cannot be pickled"):
        save((n for n in ()), KEY)


def test_without_a_key_the_keeper_says_why():
    """What could only be pickled is not kept, and the reason is in words."""
    (kept,) = Keeper(MemoryBlobs()).keep({"x": SimpleNamespace()}, ["x"], 2)
    assert (kept.blob, kept.why) == ("", "it is or holds a types.SimpleNamespace, which is not plain data")
