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
    ("lst.append(d)\nlst[-1].clear()", "d lst"),
    ("d['k'] = df\nd['k']['z'] = 1", "d df"),
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


SEEN_ELSEWHERE = [
    ("box[0].pop('a')", {"box": "[df]"}),
    ("box.append(1)", {"box": "[df]"}),
    ("df['x'] = 1", {"box": "{'k': [df]}"}),
    ("arr[0] = 1", {"view": "arr[1:]"}),
    ("view[0] = 1", {"view": "arr[1:]"}),
    ("arr[0] = 1", {"box": "[arr[1:]]"}),
    ("arr[0] = 1", {"flat": "arr.reshape(2, 3).T"}),
    ("arr[0] = 1", {"table": "pd.DataFrame(arr.reshape(2, 3), copy=False)"}),
    ("df.iloc[0, 0] = 1", {"view": "df['a'].to_numpy()"}),
    ("raw[0] = 1", {"raw": "bytearray(9)", "view": "memoryview(raw)", "many": "np.frombuffer(raw, 'u1')"}),
    ("d['k'].append(2)", {"again": "[d['k']]"}),
    ("d['k'].append(2)", {"again": "d['k']"}),
    ("nested[0].append(2)", {"again": "nested[:]"}),
    ("lst.append(1)", {"thing": "Robot()", "set": "setattr(thing, 'x', lst)"}),
    ("lst.append(1)", {"queue": "__import__('collections').deque([lst])"}),
    ("many.append(1)", {"many": "[[] for _ in range(60_000)]"}),
]


@pytest.mark.parametrize(("code", "more"), SEEN_ELSEWHERE)
def test_what_is_seen_under_another_name_is_not_plain(code: str, more: dict[str, str]) -> None:
    """Views, tables that share their memory, and containers that hold the same object would change with it."""
    space = notebook()
    for name, value in more.items():
        space[name] = eval(value, {**space})
    assert read(code, space).risk == "medium"
    assert read(code, space).variables == ()


OWN = [
    ("box.append(1)", {"box": "[df.copy()]"}, "box"),
    ("head[0] = 1", {"head": "np.arange(6)[:3]", "tail": "arr[3:]"}, "head"),
    ("d['k'].append(2)", {"again": "{'k': [1]}"}, "d"),
    ("many.append(1)", {"many": "list(range(200_000))", "texts": "['a'] * 50_000"}, "many"),
    ("lst.append(1)", {"Out": "{1: lst}", "_1": "lst"}, "lst"),
]


@pytest.mark.parametrize(("code", "more", "names"), OWN)
def test_what_is_a_variables_own_stays_plain(code: str, more: dict[str, str], names: str) -> None:
    """Copies, equal values and what IPython keeps of the cells are no second name."""
    space = notebook()
    for name, value in more.items():
        space[name] = eval(value, {**space})
    assert read(code, space).variables == tuple(names.split())
