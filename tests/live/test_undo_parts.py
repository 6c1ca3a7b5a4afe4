"""Undo of what an object is made of, part by part, and of what code reaches in other ways than by its names."""

from __future__ import annotations

import collections

import numpy as np
import pandas as pd
import pytest

from harness.undoing import done, picture, space


def test_every_part_of_an_object_comes_back():
    """Class, dict, slots, members of a class, parts of a function, cells: whatever was changed, and nothing else."""
    namespace = space(collections=collections)
    exec(
        "class One:\n    shared = []\n    __slots__ = ('a', '__dict__')\n"
        "class Two(One):\n    __slots__ = ()\n"
        "o = One(); o.x = 1; o.a = 2\n"
        "def make():\n    n = [0]\n    def get(at=n, *, by=1):\n        return n\n    return get\n"
        "f = make(); od = collections.OrderedDict(a=1, b=2); q = collections.deque([1, 2], 2); s = {1, 2}",
        namespace,
    )
    namespace.pop("__builtins__")
    before = picture(namespace)
    code = (
        "o.__class__ = Two; o.__dict__ = {'y': 2}; del o.a; One.shared.append(1); One.extra = 1; del One.shared\n"
        "f.__defaults__ = None; f.__kwdefaults__['by'] = 2; f.note = 1\n"
        "od.move_to_end('a'); od['c'] = 3; q.append(9); s.clear()\n"
        "f.__closure__[0].cell_contents = 5"
    )
    change = done(namespace, code)
    after = picture(namespace)
    again = change.undo(namespace)
    back = picture(namespace)
    assert back[0] == before[0]
    again.undo(namespace)
    forth = picture(namespace)
    assert forth[0] == after[0]


def test_an_empty_cell_stays_empty():
    """A closure that was not bound yet is not bound after undo."""
    namespace = space()
    exec("def outer():\n    def get():\n        return late\n    return get\n    late = 1\nget = outer()", namespace)
    namespace.pop("__builtins__")
    change = done(namespace, "get.__closure__[0].cell_contents = 5")
    assert namespace["get"]() == 5
    change.undo(namespace)
    with pytest.raises(NameError):
        namespace["get"]()


def test_what_code_may_reach_by_other_means_is_kept_too():
    """globals(), a function that uses it, a class's methods, and the figures that pyplot draws in."""
    import matplotlib.pyplot as plt

    namespace = space(x=[1], y=[2], plt=plt, _private=[3])
    exec(
        "def sly():\n    globals()['x'].append(0)\nclass Sly:\n    @property\n    def go(self):\n        y.append(0)",
        namespace,
    )
    namespace.pop("__builtins__")
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    change = done(namespace, "sly(); Sly().go; plt.plot([3, 4]); _private.append(4)")
    change.undo(namespace)
    assert (namespace["x"], namespace["y"], namespace["_private"]) == ([1], [2], [3])
    assert len(axes.lines) == 1
    plt.close(figure)


def test_a_frame_keeps_its_attributes_and_what_lies_in_its_cells():
    """Attributes of a subclass, notes of a frame, lists inside of cells, and a table without copy-on-write."""

    class Marked(pd.DataFrame):
        _metadata: list[str] = ["mark"]  # noqa: RUF012

    frame = Marked({"a": [[1], [2]]})
    frame.mark = [0]
    namespace = space(frame=frame)
    change = done(namespace, "frame['a'].iloc[0].append(5); frame.mark.append(1); frame.attrs['n'] = 1")
    change.undo(namespace)
    assert (frame["a"].tolist(), frame.mark, frame.attrs) == ([[1], [2]], [0], {})


def test_an_object_that_cannot_be_looked_into_is_said_and_spoils_no_other():
    """Its size raises; the others are kept."""

    class Broken(np.ndarray):
        @property
        def nbytes(self) -> int:
            raise RuntimeError("no size")

    broken = np.arange(3).view(np.ndarray).copy().view(Broken)
    namespace = space(broken=broken.copy(), x=[1])
    change = done(namespace, "x.append(2); broken")
    assert change.missed == {"broken": "it could not be looked into (RuntimeError)"}
    change.undo(namespace)
    assert namespace["x"] == [1]
