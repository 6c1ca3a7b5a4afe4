"""The keeper: what is hashed, what is written, what is too dear, and that no value and no store can disturb a run."""

from __future__ import annotations

import asyncio

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from aether_nb.events import kinds as k
from aether_nb.live.keeping import Budget, Keeper
from aether_nb.live.keeping.cells import cell_of
from aether_nb.live.keeping.limits import Clock
from aether_nb.live.keeping.sources import reads_in, source_of
from aether_nb.tools.base import PartlyDone
from aether_nb.tools.code import run_python
from harness.keeping import MemoryBlobs, new_shell
from harness.tools import ToolContext


@pytest.fixture
def keeper():
    """A keeper with an empty store."""
    return Keeper(MemoryBlobs())


def test_a_quick_call_is_hashed_and_a_slow_one_written(keeper):
    """Bytes cost only after a call that took long, or when the run is parked."""
    (quick,) = keeper.keep({"x": [1]}, ["x"], 0.1)
    assert (quick.blob, quick.why) == ("", "the call was quick; it is made again from its code")
    assert keeper.blobs.kept == {}
    (slow,) = keeper.keep({"x": [1]}, ["x"], 1.5)
    assert (slow.name, slow.type, slow.hash, slow.format, slow.why) == ("x", "list", quick.hash, "json", "")
    assert keeper.blobs.has(slow.blob) and slow.size == len(keeper.blobs.get(slow.blob))


def test_what_cannot_be_made_again_is_written_at_once(keeper):
    """However quick the call was: nothing but its bytes leads back to it. What would take too long says so."""
    (kept,) = keeper.keep({"x": [1]}, ["x"], 0.001, again=False)
    assert keeper.blobs.has(kept.blob) and kept.why == ""
    hasty = Keeper(MemoryBlobs(), Budget(once=0.01))
    (large,) = hasty.keep({"x": np.zeros(10_000_000)}, ["x"], 0.001, again=False)
    assert (large.blob, large.why) == ("", "it is too large to look at all of it")


def test_what_is_written_already_is_not_written_again(keeper):
    """The same content under any name is one blob, also after a quick call."""
    (first,) = keeper.keep({"x": [1]}, ["x"], 2)
    (again,) = keeper.keep({"y": [1]}, ["y"], 0.001)
    assert (again.blob, len(keeper.blobs.kept)) == (first.blob, 1)


def test_the_budget_for_one_and_for_all():
    """A variable that is too large, or for which there is no room any more, says so."""
    keeper = Keeper(MemoryBlobs(), Budget(total=400, each=300))
    namespace = {"a": "x" * 250, "b": "y" * 250, "c": np.zeros(1000)}
    a, b, c = keeper.keep(namespace, namespace, 2)
    assert (bool(a.blob), b.why, c.why) == (
        True,
        "what may be kept for this run is used up",
        "it is too large to look at all of it",
    )
    (wide,) = Keeper(MemoryBlobs(), Budget(each=50)).keep({"a": "é" * 40}, ["a"], 2)
    assert wide.why == "it is larger than what is kept of one variable"
    assert c.hash.startswith("sample:")


def test_a_full_store_is_a_reason(keeper):
    """What the store refuses is not kept, and the run goes on."""
    keeper.blobs.full = True
    assert keeper.keep({"x": [1]}, ["x"], 2)[0].why == "There is no room on the disk."


def test_values_that_misbehave_are_kept_apart(keeper, monkeypatch):
    """One that breaks everything is a reason, and the others are kept."""
    (bad, good) = keeper.keep({"bad": (n for n in ()), "good": 1}, ["bad", "good"], 2)
    assert bad.why == "it is or holds a generator, which is not plain data" and good.blob
    monkeypatch.setattr("aether_nb.live.keeping.keeper.fingerprint", lambda *_: 1 / 0)
    assert keeper.keep({"x": 1}, ["x"], 2)[0].why == "it could not be looked into (ZeroDivisionError)"
    monkeypatch.setattr("aether_nb.live.keeping.keeper.fingerprint", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        keeper.keep({"x": 1}, ["x"], 2)


def _interrupt(*_):
    raise KeyboardInterrupt


def test_functions_and_figures_are_not_written(keeper):
    """A function is made from its code; a figure or a model without a key has a reason."""
    from matplotlib.figure import Figure

    f, fig = keeper.keep({"f": test_a_full_store_is_a_reason, "fig": Figure()}, ["f", "fig"], 2)
    assert f.why == "it is made again from its code"
    assert fig.why == "it is or holds a matplotlib.Figure, which is not plain data"


def test_many_variables_share_the_time(keeper):
    """When the time is over, the rest is named without a look."""
    frames = {f"f{n}": pd.DataFrame(np.zeros((1000, 200))) for n in range(80)}
    kept = keeper.keep(frames, frames, 0.001)
    assert kept[-1].why == "there was no time to look at it"


def test_names_of_one_object_are_noted(keeper):
    """The first name stands for all; equal objects that are two are not noted, nor are numbers."""
    x = [1]
    namespace = {"b": x, "a": x, "c": [1], "n": 5, "m": 5}
    kept = {one.name: one.same_as for one in keeper.keep(namespace, namespace, 0)}
    assert kept == {"a": "", "b": "a", "c": "", "n": "", "m": ""}


def test_inputs_are_noted_once_with_their_cell(keeper):
    """What a call takes from the user is noted before it runs; what the run itself made is none of that."""
    keeper.budget = Budget(quick=5.0)  # however busy the machine is
    namespace = {"In": ["", "x = 1\ndf = 2", "df = [3]", "print(df)"], "df": [3], "x": 1, "pd": pd, "own": 1}
    keeper.keep(namespace, ["own"], 0)
    noted = keeper.read(namespace, "y = df + x + own; pd.DataFrame()")
    assert [(one.name, one.type, one.cell) for one in noted] == [
        ("df", "list", "In[2]"),
        ("pd", "module", ""),
        ("x", "int", "In[1]"),
    ]
    assert keeper.read(namespace, "df") == ()
    frame = {"f": pd.DataFrame({"a": [1]})}
    assert len(keeper.read(frame, "f")) == 1 and keeper.read(frame, "f") == ()
    assert len(keeper.read({"f": pd.DataFrame({"a": [2]})}, "f")) == 1


def test_the_cell_that_made_a_name():
    """The last one that binds it at its top level, in a block too, but not in a function; without time, none."""
    cells = [
        "",
        "import numpy as np",
        "def f():\n    x = 1",
        "if 1:\n    x = 2",
        "y = [x for x in y]",
        "1 +",
        "!ls x",
        5,
    ]
    found = {name: cell_of(name, {"In": cells}, Clock()) for name in ("np", "f", "x", "y", "z")}
    assert found == {"np": "In[1]", "f": "In[2]", "x": "In[3]", "y": "In[4]", "z": ""}
    assert cell_of("x", {}, Clock()) == "" == cell_of("x", {"In": cells}, Clock(until=0))
    assert cell_of("q", {"In": ["", f"q = {'(' * 500}1{')' * 500}"]}, Clock()) == ""


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("y = x + 1; x = 2; z = x", {"x"}),
        ("x = 1; y = x", set()),
        ("x += 1", {"x"}),
        ("df['a'] = 1", {"df"}),
        ("def f(a, b=d):\n    c = a + e\n    return [g for g in c]", {"d", "e"}),
        ("import numpy as np; np.zeros(n)", {"n"}),
        ("if a:\n    x = 1\nprint(x)", {"a", "x"}),
        ("class A(B):\n    c = d", {"B", "d"}),
        ("def f():\n    global x\n    x = y\nf()", {"y"}),
        ("await f(x)", {"f", "x"}),
        ("x = 1\ndel x", set()),
        ("y = = 1", set()),
        ("y = [g + a for g in x if g]", {"a", "x"}),
        ("y = {g for h in x for g in h} | {g: [h for h in v] for g, v in d.items()}", {"d", "x"}),
        ("n = [n for n in n]", {"n"}),
        ("y = [n for n in x]; print(n)", {"n", "x"}),
        ("y = [await f(n) async for n in x]", {"f", "x"}),
    ],
)
def test_what_code_reads(code, reads):
    """Names that it takes from the namespace: not its own, not Python's, not what it has bound before."""
    assert source_of(code).reads == reads_in(code) == reads


def test_code_that_is_too_deep_is_said_to_be():
    """Nothing is raised."""
    deep = "(" * 3000 + ")" * 3000
    assert source_of(deep).problem and reads_in(deep) == frozenset()


# ---- beside the tool


class Shelled(ToolContext):
    """A context with a real shell and a keeper."""

    real: InteractiveShell

    @property
    def shell(self):
        return self.real


@pytest.fixture
def context(keeper):
    """A context whose calls are kept."""
    made = Shelled(keeper=keeper)
    made.real = new_shell()
    return made


def use(context, code):
    """Run code as a call does."""
    return asyncio.run(run_python.run(run_python.check({"code": code}), context))


def test_a_call_notes_what_it_made_and_read(context):
    """Beside the changes stands what was kept of them, and what the code took."""
    context.real.user_ns["mine"] = [1]
    events = use(context, "x = mine + [2]").events
    assert [type(event) for event in events] == [k.NamespaceChanged, k.NamespaceKept]
    assert [(one.name, one.why[:18]) for one in events[1].kept] == [("x", "the call was quick")]
    assert [one.name for one in events[1].inputs] == ["mine"]
    assert use(context, "1 + 1").events == ()


AWAITS = "import asyncio; await asyncio.sleep(0); x = [1]"


@pytest.mark.parametrize(("effect", "code"), [("external", "x = [1]"), ("namespace", AWAITS)])
def test_what_code_made_that_is_not_run_again_is_written_at_once(context, effect, code):
    """Code that may act outside, or that awaits, is never run again to have its variables: they are kept."""
    context.effect = effect
    assert use(context, code).events[1].kept[0].blob


def test_a_slow_call_is_written_also_when_it_awaits(context):
    """The time is that of the code, for code that awaits too."""
    context.keeper.budget = Budget(slow=0.1, share=5)
    for code in ("import time; time.sleep(0.12); x = [1]", "import asyncio; await asyncio.sleep(0.12); y = [2]"):
        assert use(context, code).events[1].kept[0].blob


def test_what_a_failed_or_stopped_call_left_is_noted_too(context):
    """After an error its half is noted; after Stop it is hashed, and nothing is written."""
    with pytest.raises(PartlyDone) as caught:
        use(context, "x = [1]\nx[5]")
    assert [event.kind for event in caught.value.events] == ["namespace.changed", "namespace.kept"]
    context.keeper.budget = Budget(slow=0.0001)
    with pytest.raises(KeyboardInterrupt):
        use(context, "y = [2]\nraise KeyboardInterrupt")
    assert [(one.name, one.blob) for one in context.left[1][1].kept] == [("y", "")]
