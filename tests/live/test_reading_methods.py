"""Methods, operators and decorators that are written in the code, and what they do with what they are given."""

from __future__ import annotations

import pytest

from aether_nb.live.reading import read
from harness.notebook import notebook

WIPER = "class A:\n    def {}(self, t):\n        t.clear()\n"
GOER = "class A:\n    def {}(self, t):\n        t.go()\n"
GET = "class A:\n    def __init__(self, x):\n        self.x = x\n    def get(self):\n        return self.x\n"
DECO = "def deco(f):\n    def inner(t):\n        t.clear()\n    return inner\n"

CHANGED = [
    (WIPER.format("go") + "A().go(lst)", "lst"),
    (WIPER.format("go") + "a = A()\ndo = a.go\ndo(lst)", "lst"),
    (WIPER.format("go") + "list(map(A().go, [lst]))", "lst"),
    (WIPER.format("go") + "class B(A): pass\nB().go(lst)", "lst"),
    ("class A:\n    @staticmethod\n    def go(t):\n        t.clear()\nA.go(lst)", "lst"),
    (WIPER.format("__init__") + "class B(A): pass\nB(lst)", "lst"),
    (WIPER.format("__init__") + "class B(A):\n    def __init__(self, t):\n        super().__init__(t)\nB(lst)", "lst"),
    (WIPER.format("__call__") + "A()(lst)", "lst"),
    (WIPER.format("__call__") + "list(map(A(), [lst]))", "lst"),
    (WIPER.format("__add__") + "A() + lst", "lst"),
    (WIPER.format("__iadd__") + "a = A()\na += lst", "lst"),
    (WIPER.format("__contains__") + "lst in A()", "lst"),
    (WIPER.format("__getitem__") + "A()[lst]", "lst"),
    ("class A:\n    def __setitem__(self, k, t):\n        t.clear()\nA()[0] = lst", "lst"),
    ("class A:\n    def same(self, t):\n        return t\nA().same(lst).clear()", "lst"),
    ("class A:\n    def get(self):\n        return lst\nA().get().clear()", "lst"),
    (f"{GET}A(lst).get().append(1)", "lst"),
    ("class A:\n    def __init__(self):\n        self.b = []\n    def go(self):\n        self.b += [lst]\n"
     "        self.b[0].clear()\nA().go()", "lst"),
    (f"{DECO}@deco\ndef g(t): pass\ng(lst)", "lst"),
    ("def make(k):\n    def deco(f):\n        def inner(t):\n            t.clear()\n        return inner\n"
     "    return deco\n@make(1)\ndef g(t): pass\ng(lst)", "lst"),
    ("def deco(f):\n    f(lst)\n    return f\n@deco\ndef g(t):\n    t.clear()", "lst"),
    ("def g():\n    t = yield\n    t.clear()\nx = g()\nnext(x)\nx.send(lst)", "lst"),
    ("def f(t):\n    t.clear()\n[f][0](lst)", "lst"),
    (GOER.format("do") + "A().do(robot)", "robot"),
    (GOER.format("__add__") + "A() + robot", "robot"),
]  # fmt: skip

UNCHANGED = [
    "class Total:\n    def __init__(self, start):\n        self.sum = start\n    def add(self, v):\n"
    "        self.sum += v\nt = Total(n)\nfor x in lst:\n    t.add(x)\nt.sum",
    "class Clean:\n    def __init__(self, names):\n        self.names = names\n    def run(self, frame):\n"
    "        return frame.drop(columns=self.names)\nout = Clean(['a']).run(df)\nout['z'] = 1",
    "class P:\n    def __init__(self, x):\n        self.x = x\n    def __add__(self, o):\n"
    "        return P(self.x + o.x)\nP(1) + P(2)",
    "class Node:\n    def __init__(self, v):\n        self.v, self.kids = v, []\n    def add(self, kid):\n"
    "        self.kids.append(kid)\n        return self\ntop = Node(1)\nfor g in df['g']:\n    top.add(Node(g))",
    "import functools\ndef timed(f):\n    @functools.wraps(f)\n    def inner(*args, **more):\n"
    "        return f(*args, **more)\n    return inner\n@timed\ndef g(frame):\n    return frame.describe()\ng(df)",
    "def mean():\n    total = 0\n    while True:\n        x = yield total\n        total += x\nm = mean()\n"
    "next(m)\nm.send(n)",
    "steps = [lambda f: f.dropna(), lambda f: f.head()]\nout = df\nfor step in steps:\n    out = step(out)",
    WIPER.format("mean") + "df.mean(numeric_only=True)\ndf['a'].mean()",
]


@pytest.mark.parametrize(("code", "name"), CHANGED)
def test_what_a_method_may_do_with_a_variable_is_told(code: str, name: str) -> None:
    """Whoever calls it: by name, by an operator, by a decorator, or through a container."""
    found = read(code, notebook())
    assert found.risk == "medium", found.reasons
    assert name in " ".join(found.reasons).split()


@pytest.mark.parametrize("code", UNCHANGED)
def test_classes_and_decorators_that_change_nothing_of_the_users_stay_low(code: str) -> None:
    """An object that counts, a method that returns a new table, a decorator that only calls."""
    found = read(code, notebook())
    assert (found.risk, found.effect) == ("low", "namespace"), found.reasons
