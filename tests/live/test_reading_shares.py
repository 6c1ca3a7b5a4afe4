"""The user's own things, reached through views, copies, containers, arguments and code written here: all are asked."""

from __future__ import annotations

import pytest

from aether_nb.live.reading import read
from harness.notebook import notebook

KEEPER = "class A:\n    def __init__(self, x):\n        self.x = x\n"

CHANGED = [
    ("df.drop(**{'columns': 'a', 'inplace': True})", "df"),
    ("df.eval('z = a + b', inplace=True)", "df"),
    ("pd.eval('z = a + b', target=df, inplace=True)", "df"),
    ("pd.DataFrame.drop(df, columns='a', inplace=True)", "df"),
    ("pd.DataFrame.insert(df, 0, 'z', 1)", "df"),
    ("import functools\nfunctools.partial(df.drop, columns='a', inplace=True)()", "df"),
    ("put = df.insert\nput(0, 'z', 1)", "df"),
    ("df.index.name = 'i'", "df"),
    ("df.columns.names = ['i']", "df"),
    ("memoryview(arr)[0] = 1", "arr"),
    ("np.asarray(arr)[0] = 1", "arr"),
    ("np.split(arr, 2)[0][0] = 1", "arr"),
    ("np.add(arr, 1, arr)", "arr"),
    ("np.clip(arr, 0, 1, arr)", "arr"),
    ("np.nan_to_num(arr, copy=False)", "arr"),
    ("np.random.default_rng().shuffle(arr)", "arr"),
    ("import scipy.linalg as la\nla.lu_factor(arr, overwrite_a=True)", "arr"),
    ("from sklearn.preprocessing import scale\nscale(arr, copy=False)", "arr"),
    ("import random\nrandom.Random(1).shuffle(lst)", "lst"),
    ("import functools, operator\nfunctools.reduce(operator.iadd, [[1]], lst)", "lst"),
    ("import copy\ncopy.copy(d)['k'].append(2)", "d"),
    ("d.copy()['k'].append(2)", "d"),
    ("import operator\noperator.itemgetter('k')(d).append(2)", "d"),
    ("(nested + [])[0].append(2)", "nested"),
    ("first, *rest = nested\nrest[0].append(1)", "nested"),
    ("import itertools\nfor x in itertools.chain(nested):\n    x.append(1)", "nested"),
    ("import random\nrandom.choice(nested).append(1)", "nested"),
    ("import collections\nq = collections.deque()\nq.append(lst)\nq[0].append(1)", "lst"),
    ("def f():\n    k = []\n    k.append(lst)\n    k[0].append(1)\nf()", "lst"),
    ("k = []\nj = k\nj.append(lst)\nk[0].append(1)", "lst"),
    ("def put(box, x):\n    box.append(x)\nb = []\nput(b, lst)\nb[0].append(1)", "lst"),
    ("def wipe(box):\n    box[0].clear()\nwipe([lst])", "lst"),
    ("def f(x=lst):\n    x.append(1)\nf()", "lst"),
    ("class A: pass\na = A()\na.x = lst\na.x.append(1)", "lst"),
    ("class A:\n    x = lst\nA.x.append(1)", "lst"),
    (f"{KEEPER}    def go(self):\n        self.x.append(1)\nA(lst).go()", "lst"),
    (f"{KEEPER}A(lst).x.append(1)", "lst"),
    ("df.plot(ax=canvas)", "canvas"),
    ("canvas.figure.suptitle('x')", "canvas"),
    ("from sklearn.pipeline import make_pipeline as p\np(scaler, model).fit(df[['a']], df['b'])", "model"),
    ("In [1]: n = 5", "n"),
    ("def f():\n    global lst\n    del lst\nf()", "lst"),
    ("class A:\n    global lst\n    del lst", "lst"),
    ("k = [lst]\nk[0] += [1]", "lst"),
    ("{'k': lst}['k'] += [1]", "lst"),
    ("list(nested)[0] += [1]", "nested"),
    ("k = [x for x in nested]\nk[0] += [1]", "nested"),
    ("k = {'a': arr}\nk['a'] *= 2", "arr"),
    ("k = [lst]\nk[0] *= 2", "lst"),
    ("u = []\nt = [u]\nt[0] += [lst]\nu[0].clear()", "lst"),
    ("class A: pass\na = A()\na.x = lst\na.x += [1]", "lst"),
    ("getattr(lst, 'clear')()", "lst"),
    ("getattr(df, 'pop')('a')", "df"),
    ("df.isetitem(0, [1] * 6)", "df"),
    ("put = df.isetitem\nput(0, [1] * 6)", "df"),
    ("arr.setfield(0, int)", "arr"),
    ("scaler.set_output(transform='pandas')", "scaler"),
]

CALLED = [
    ("robots[0].go()", "robots"),
    ("[r.go() for r in robots]", "robots"),
    ("min(robots, key=lambda r: r.go())", "robots"),
    ("next(iter(robots)).go()", "robots"),
    ("dict(zip('a', robots))['a'].go()", "robots"),
    ("sorted(robots, key=id)[0].go()", "robots"),
    ("np.array(robots)[0].go()", "robots"),
    ("pd.DataFrame({'r': robots})['r'].iloc[0].go()", "robots"),
    ("import functools\nfunctools.reduce(lambda a, b: a.go(), [robot, 1])", "robot"),
    ("list(map(robot.go, [1]))", "robot"),
    ("with robot:\n    pass", "robot"),
    ("def f(z):\n    z.go()\nf(robot)", "robot"),
    ("def f(r=robot):\n    r.go()\nf()", "robot"),
    ("def f():\n    yield robot\nnext(f()).go()", "robot"),
    ("async def f():\n    return robot\n(await f()).go()", "robot"),
    ("class A:\n    r = robot\nA.r.go()", "robot"),
    ("class A:\n    pass\na = A()\na.r = robot\na.r.go()", "robot"),
    (f"{KEEPER}    def go(self):\n        self.x.go()\nA(robot).go()", "robot"),
    ("class A:\n    __getitem__ = robot.go\nA()[0]", "robot"),
    ("paths[0].rename('y')", "paths"),
    ("for p in paths:\n    p.rename('y')", "paths"),
    ("(place / 'x').rename('y')", "place"),
    ("odd['p'].iloc[0].rename('b')", "odd"),
    ("odd.at[0, 'p'].rename('b')", "odd"),
    ("odd['f'].iloc[0]('ls')", "odd"),
    ("list(map(fns[0], ['ls']))", "fns"),
    ("pd.Series(fns)[0]('ls')", "fns"),
    ("(lambda f: f('ls'))(*fns)", "fns"),
    ("class A:\n    __call__ = fns[0]\nA()('ls')", "fns"),
    ("@fns[0]\ndef ls(): pass", "fns"),
    ("import functools\nfunctools.partial(*fns, 'ls')()", "fns"),
    ("df.query('index.map(@helper)')", "helper"),
    ("print('x', file=handle)", "handle"),
    ("import contextlib\nwith contextlib.redirect_stdout(handle):\n    print('x')", "handle"),
    ("import pprint\npprint.pprint(d, stream=handle)", "handle"),
    ("print = 5", "print"),
]


@pytest.mark.parametrize(("code", "name"), CHANGED)
def test_a_variable_is_changed_whoever_holds_it(code: str, name: str) -> None:
    """What is changed through a view, a shallow copy, a container or an argument is still the user's."""
    found = read(code, notebook())
    assert (found.risk, found.effect) == ("medium", "namespace"), found.reasons
    assert name in " ".join(found.reasons).split()


@pytest.mark.parametrize(("code", "name"), CALLED)
def test_code_that_nobody_read_is_asked_about_wherever_it_comes_from(code: str, name: str) -> None:
    """An object of the user's stays one in containers, tables, arguments, classes and generators."""
    found = read(code, notebook())
    assert found.risk == "medium", found.reasons
    assert name in " ".join(found.reasons).split()
