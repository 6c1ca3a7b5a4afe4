"""Seals: what this user sealed is known again, and nothing else is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.errors import StoreError, StoreReadOnly
from aether_nb.store import seal as subject
from aether_nb.store.seal import FILE, Sealer

SEALING = """
import pathlib, sys
from aether_nb.store.seal import Sealer
print(Sealer(pathlib.Path(sys.argv[1])).seal(["yes", "h"]))
"""

texts = st.lists(st.text(max_size=5), max_size=4)


@pytest.fixture(scope="module")
def sealer(tmp_path_factory):
    """A sealer with a key."""
    return Sealer(tmp_path_factory.mktemp("own"))


@given(texts, texts)
def test_a_seal_is_for_exactly_these_fields(sealer, fields, other):
    """In their order and at their borders."""
    seal = sealer.seal(fields)
    assert sealer.verifies(fields, seal)
    assert sealer.verifies(other, seal) == (other == fields)


def test_borders_count(sealer):
    """Fields that run together into the same text have other seals; half a surrogate pair is text as well."""
    kinds = (["ab", "c"], ["a", "bc"], ["abc"], ["", "abc"], ["abc", ""], [], [""], ["\ud800"])
    assert len({sealer.seal(fields) for fields in kinds}) == len(kinds)


@pytest.mark.parametrize("seal", ["", "x", "é", "\ud800", "0" * 64])
def test_what_is_no_seal_verifies_nothing(sealer, seal):
    """Whatever a record says there."""
    assert not sealer.verifies(["a"], seal)


def test_the_key_lasts_and_is_the_users_own(tmp_path):
    """Another process of the same user knows the seal again; another user's key does not."""
    folder = tmp_path / "config" / "aether-nb"
    seal = Sealer(folder).seal(["yes", "h"])
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert (folder / FILE).stat().st_size == 32
    assert [path.name for path in folder.iterdir()] == [FILE]
    done = subprocess.run([sys.executable, "-c", SEALING, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == seal
    assert not Sealer(tmp_path / "other").verifies(["yes", "h"], seal)


def test_looking_makes_no_key(tmp_path):
    """Without a key nothing verifies, and none is made."""
    assert not Sealer(tmp_path / "none").verifies(["a"], "0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_of_many_who_make_the_key_one_wins(tmp_path):
    """All of them seal with the one that lies there."""
    sealers = [Sealer(tmp_path / "own") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        seals = set(pool.map(lambda sealer: sealer.seal(["a"]), sealers))
    assert seals == {Sealer(tmp_path / "own").seal(["a"])}


def test_who_comes_second_takes_the_key_of_the_first(tmp_path, monkeypatch):
    """A key that has appeared while one was made is the key: what was sealed with it stays sealed."""
    link = os.link

    def slow(part, file):
        monkeypatch.undo()
        Sealer(tmp_path).seal(["first"])
        link(part, file)

    monkeypatch.setattr(subject.os, "link", slow)
    second = Sealer(tmp_path)
    assert Sealer(tmp_path).verifies(["yes"], second.seal(["yes"]))
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_where_links_are_unknown_the_key_is_moved_into_place(tmp_path, monkeypatch):
    """Some file systems cannot give a file a second name."""

    def refused(*names):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(subject.os, "link", refused)
    assert Sealer(tmp_path).verifies(["a"], Sealer(tmp_path).seal(["a"]))
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_key_that_others_can_read_is_refused(tmp_path):
    """It may be anybody's by now."""
    Sealer(tmp_path).seal(["a"])
    (tmp_path / FILE).chmod(0o640)
    for act in (lambda: Sealer(tmp_path).seal(["a"]), lambda: Sealer(tmp_path).verifies(["a"], "0")):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.what == f"The key {tmp_path / FILE} is open to others."
        assert f"chmod 600 {tmp_path / FILE}" in caught.value.hint


@pytest.mark.parametrize("size", [0, 31, 33, 4096])
def test_a_key_of_another_size_is_refused(tmp_path, size):
    """A file that was cut off, or that is something else, is no key."""
    Sealer(tmp_path).seal(["a"])
    (tmp_path / FILE).write_bytes(b"k" * size)
    with pytest.raises(StoreError) as caught:
        Sealer(tmp_path).seal(["a"])
    assert caught.value.what == f"The key {tmp_path / FILE} is not whole."


def test_where_no_key_can_be_made_is_said(tmp_path):
    """A file in the way of the folder."""
    (tmp_path / "own").write_text("mine")
    with pytest.raises(StoreReadOnly) as caught:
        Sealer(tmp_path / "own").seal(["a"])
    assert "cannot be used" in caught.value.what


def test_a_key_that_vanishes_is_said(tmp_path, monkeypatch):
    """Somebody who removes it as fast as it is made is told so, instead of a loop without end."""
    monkeypatch.setattr(Sealer, "_make", lambda self: None)
    with pytest.raises(StoreReadOnly) as caught:
        Sealer(tmp_path).seal(["a"])
    assert "was removed while it was made" in caught.value.why


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_elses_key_is_refused(tmp_path):
    """A key that another user put there is his, not ours."""
    Sealer(tmp_path).seal(["a"])
    os.chown(tmp_path / FILE, 65534, 65534)
    with pytest.raises(StoreError):
        Sealer(tmp_path).seal(["a"])
