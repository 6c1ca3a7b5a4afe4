"""Which variables a piece of code changes, where that is plain: a yes may be for these alone."""

from __future__ import annotations

import pytest

from aether_nb.live.reading import read
from harness.notebook import notebook

PLAIN = [
    ("df['x'] = df['a'] * 2", "df"),
    ("df = df.dropna()\nfresh = df.copy()\nfresh['y'] = 1", "df"),
    ("part = df\npart.drop(columns='a', inplace=True)", "df"),
    ("df['x'] = arr\nlst.append(3)\nn += 1", "df lst n"),
    ("def f(frame):\n    frame['z'] = 1\nf(penguins)", "penguins"),
    ("del d['k']", "d"),
    ("del name", "name"),
    ("next(gen)", "gen"),
    ("lst.append(1)\nt = [d]\nt[0] |= {'a': 9}", "d lst"),
]

UNCLEAR = [
    ("df['x'] = helper(1)", "a function of the user's may change anything"),
    ("df['x'] = 1\nrobot.go()", "so may a method of an object that nobody read"),
    ("df['x'] = 1\ndf.to_csv('x.csv')", "a file is more than a variable"),
    ("df['x'] = 1\nlist = 3", "a built-in is everybody's"),
    ("df['x'] = 1\nimport shutil\nshutil.rmtree('x')", "high risk"),
    ("total = df['a'].sum()", "nothing is changed that anybody has to be asked about"),
    ("%cd ..", "a command"),
]


@pytest.mark.parametrize(("code", "names"), PLAIN)
def test_plain_changes_are_told_by_name(code: str, names: str) -> None:
    """All variables of the user's that the code changes, and no other."""
    assert read(code, notebook()).variables == tuple(names.split())


@pytest.mark.parametrize(("code", "why"), UNCLEAR)
def test_where_it_is_not_plain_there_are_none(code: str, why: str) -> None:
    """A yes for variables is not offered where the code may do anything else."""
    assert read(code, notebook()).variables == (), why


def test_what_the_run_made_itself_is_no_variable_of_the_users() -> None:
    """It needs no yes."""
    assert read("df['x'] = 1\nlst.append(2)", notebook(), made=("lst",)).variables == ("df",)


def test_a_variable_with_another_name_is_not_plain() -> None:
    """Who changes it changes what stands under the other name; values that never change may have many."""
    space = notebook()
    space |= {"again": space["df"], "m": space["n"], "_last": space["lst"]}
    assert read("df['x'] = 1", space).variables == ()
    assert read("n = 7\nlst.append(1)", space).variables == ("lst", "n")
