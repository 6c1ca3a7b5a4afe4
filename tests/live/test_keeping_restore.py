"""A run's variables after a restart: what is loaded, made again, left alone, and said to be missing or different."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aether_nb.events import kinds as k
from aether_nb.live.keeping import Budget, Keeper, plan_restore, restore
from aether_nb.live.keeping.history import history_of
from harness.keeping import Key, MemoryBlobs, Told, names, new_shell

CELL = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': ['x', 'y', 'z']})"


@pytest.fixture
def run():
    """A run about to begin."""
    return Told()


def test_what_took_long_is_loaded_and_nothing_is_run_again(run):
    """A slow call's variables come back from their bytes; its code is not run."""
    run.call("import time\nx = [time.time()]", seconds=3)
    was = run.shell.user_ns["x"]
    namespace, restored = run.restart()
    assert (namespace["x"], restored) == (was, k.NamespaceRestored(loaded=("x",)))


def test_what_was_quick_is_made_again(run):
    """A quick call's variables are made by the same code again, from what earlier calls made."""
    run.call("x = [1, 2]")
    run.call("y = sum(x)")
    namespace, restored = run.restart()
    assert (namespace["x"], namespace["y"]) == ([1, 2], 3)
    assert restored == k.NamespaceRestored(remade=("x", "y"))


def test_dear_things_are_loaded_and_what_hangs_on_them_is_made_from_them(run):
    """Loading and running again are mixed: a quick call is run again on the loaded result of a slow one."""
    run.call("import time\nx = [time.time()]", seconds=3)
    run.call("y = [x[0] * 2]")
    twice = run.shell.user_ns["y"]
    namespace, restored = run.restart()
    assert (namespace["y"], restored) == (twice, k.NamespaceRestored(loaded=("x",), remade=("y",)))


def test_a_version_between_is_loaded_for_what_was_made_from_it(run):
    """What was made from an earlier version of a variable is made from that one again, and the last one comes back."""
    run.call("x = list(range(5))", seconds=3)
    run.call("y = sum(x)")
    run.call("x = ['later']", seconds=3)
    namespace, restored = run.restart()
    assert (namespace["y"], namespace["x"]) == (10, ["later"])
    assert (set(restored.loaded), restored.remade) == ({"x"}, ("y",))


def test_the_users_frame_that_the_run_changed_is_changed_again(run):
    """The user runs his cells again and has his original; what the run had done to it is done once more."""
    run.cell(CELL)
    run.call("df['c'] = df.a * 2")
    namespace, restored = run.restart(CELL)
    assert namespace["df"].c.tolist() == [2, 4, 6]
    assert restored == k.NamespaceRestored(remade=("df",))


def test_a_kept_frame_takes_the_place_of_the_original(run):
    """The same with bytes: they are put in the place of the original."""
    run.cell(CELL)
    run.call("df['c'] = df.a * 2", seconds=3)
    namespace, restored = run.restart(CELL)
    assert namespace["df"].c.tolist() == [2, 4, 6]
    assert restored == k.NamespaceRestored(loaded=("df",))


def test_what_the_user_made_anew_is_left_alone(run):
    """When the frame is another one than the run had found, it is the user's own, and it is said so."""
    run.cell(CELL)
    run.call("df['c'] = df.a * 2", seconds=3)
    namespace, restored = run.restart("import pandas as pd\ndf = pd.DataFrame({'q': [1]})")
    assert list(namespace["df"].columns) == ["q"]
    assert names(restored.differs) == {"df": "there is another variable of this name, and it was left as it is"}


def test_a_change_is_never_made_twice(run):
    """What has been changed already is not changed again to make something else that the same call had made."""
    run.cell("n = [1]")
    run.call("n.append(2); total = sum(n)")
    namespace, restored = run.restart("n = [1, 2]")
    assert (namespace["n"], "total" in namespace) == ([1, 2], False)
    assert names(restored.missing) == {"total": "it needs n as it was before, and that is not there any more"}


def test_what_is_there_and_the_same_is_left_as_it_is(run):
    """A variable that is in the new kernel with the same content is not touched and not spoken of."""
    run.call("x = [1, 2]", seconds=3)
    namespace, restored = run.restart("x = [1, 2]; mine = x")
    assert namespace["x"] is namespace["mine"]
    assert restored == k.NamespaceRestored()


def test_an_input_that_is_missing_or_differs_is_named_with_its_cell(run):
    """The run says which of the user's variables it misses, and which cell had made them."""
    run.cell("first = [1]")
    run.cell("second = [2]")
    run.call("y = first + second")
    namespace, restored = run.restart("second = [3]")
    assert names(restored.missing)["first"] == "it was the user's, and is not there any more; In[1] had made it"
    assert names(restored.missing)["y"] == "it needs first, which is gone"
    assert names(restored.differs) == {"second": "it is not what this run has read; In[2] had made it"}
    assert "y" not in namespace


def test_a_result_of_other_inputs_is_said_to_differ(run):
    """Code that is run again on other data makes something else, and that is told."""
    run.cell("first = [1]")
    run.call("y = sum(first)")
    namespace, restored = run.restart("first = [5]")
    assert namespace["y"] == 5
    assert set(names(restored.differs)) == {"first", "y"}


def test_random_numbers_show_as_a_difference(run):
    """What comes out differently each time is not taken for what it was."""
    run.call("import random\nx = [random.random() for _ in range(3)]")
    _, restored = run.restart()
    assert names(restored.differs) == {"x": "its code was run again, and made something else this time"}


def test_code_with_effects_outside_is_never_run_again(run, tmp_path):
    """A call that may do something outside of the notebook is not repeated; what it made is missing, and why."""
    code = f"with open({str(tmp_path / 'f')!r}, 'a') as f:\n    f.write('x')\ny = 1"
    run.call(code, effect="external")
    run.call("z = y + 1")
    _, restored = run.restart()
    assert (tmp_path / "f").read_text() == "x"
    assert {"y", "z"} <= set(names(restored.missing))
    assert "outside of the notebook" in names(restored.missing)["y"]
    assert names(restored.missing)["z"].startswith("it needs y, which is gone")
    assert {one.name: one.call_id for one in restored.missing if one.name in "yz"} == {"y": "c1", "z": "c2"}


def test_what_a_failed_call_left_behind_is_not_made_again(run):
    """Half of a call cannot be repeated."""
    run.call("x = 1; {}['x']", ends=False)
    _, restored = run.restart()
    assert names(restored.missing) == {"x": f"it did not come to its end; it was not kept: {run.kept('x').why}"}


def test_nothing_is_run_after_the_first_failure(run):
    """When code fails that is run again, the rest is left, and the reason is told of all that is missing for it."""
    run.cell("there = [1]")
    run.call("a = 1 // (1 if there else 0)")
    run.call("b = 'independent'")
    namespace, restored = run.restart("there = []")
    assert {"a", "b"} & set(namespace) == set()
    assert names(restored.missing) == {
        "a": "ZeroDivisionError: integer division or modulo by zero",
        "b": "call c1, run again before it, failed: ZeroDivisionError: integer division or modulo by zero",
    }


def test_functions_and_classes_are_made_from_their_code_alone(run):
    """The rest of a call that defined a function is not run again for it."""
    run.call("import math\ndef half(x):\n    return math.floor(x / unit)\nunit = 2\nslow = 1", seconds=3)
    run.call("class Box:\n    size = 1\ny = half(9)")
    namespace, restored = run.restart()
    assert (namespace["half"](9), namespace["Box"].size, namespace["y"]) == (4, 1, 4)
    assert set(restored.remade) == {"half", "Box", "y"}
    assert set(restored.loaded) == {"unit", "slow"}


def test_modules_are_imported_again(run):
    """What the run or the user had imported is there for the code that is run again."""
    run.cell("import math as m")
    run.call("import statistics as st\nx = st.mean([1, 3]) + m.floor(2.5)")
    namespace, restored = run.restart()
    assert (namespace["x"], namespace["m"].__name__, restored.missing) == (4, "math", ())


def test_a_module_that_is_not_there_is_missing(run):
    """An import that fails is told."""
    run.call("x = 1")
    run.events.insert(-1, k.NamespaceKept("c1", (), (k.Kept("nope", "module", why="not_a_module"),)))
    run.events.insert(-1, k.NamespaceKept("c1", (), (k.Kept("odd", "module", why="bad; name"),)))
    _, restored = run.restart()
    assert set(names(restored.missing)) == {"nope"}
    assert "ModuleNotFoundError" in names(restored.missing)["nope"]


def test_two_names_of_one_object_are_so_again(run):
    """A change through one name shows under the other, as before."""
    run.call("import time\na = [time.time()]; b = a", seconds=3)
    namespace, restored = run.restart()
    assert namespace["a"] is namespace["b"]
    assert set(restored.loaded) == {"a", "b"}


def test_names_that_went_their_own_ways_are_not_joined(run):
    """When one of two names was bound to something else later, both come back as they were."""
    run.call("a = [1]; b = a", seconds=3)
    run.call("a = [2]", seconds=3)
    namespace, _ = run.restart()
    assert (namespace["a"], namespace["b"]) == ([2], [1])


def test_lost_bytes_are_made_up_for_by_code(run):
    """When the bytes are gone or damaged, the code is run again; when it cannot be, both reasons are told."""
    run.call("x = [1, 2]", seconds=3)
    run.call("y = [3]", seconds=3, effect="external")
    run.blobs.kept.clear()
    namespace, restored = run.restart()
    assert (namespace["x"], restored.remade) == ([1, 2], ("x",))
    assert names(restored.missing) == {
        "y": "Its bytes are not here.; its code may also do something outside of the notebook"
    }


def test_bytes_of_another_value_are_not_taken(run):
    """What was kept under a hash must have that content."""
    run.call("x = [1, 2]", seconds=3, effect="external")
    other = run.blobs.put(b'{"root":7,"nodes":[]}')
    event = run.events[-2]
    run.events[-2] = k.NamespaceKept("c1", (k.Kept("x", "list", event.kept[0].hash, other, "json", 3),))
    namespace, restored = run.restart()
    assert "x" not in namespace
    assert names(restored.missing)["x"].startswith("what was kept is not what it says")


def test_parking_writes_what_quick_calls_made(run):
    """At parking everything is written: then it is loaded, also where its code could not be run again."""
    run.call("import time\nx = [time.time()]", effect="external")
    assert run.kept("x").blob == ""
    run.park()
    was = run.shell.user_ns["x"]
    namespace, restored = run.restart()
    assert (namespace["x"], restored.loaded) == (was, ("x",))


def test_what_is_cheaper_to_make_is_made_and_loaded_when_it_comes_out_differently(run):
    """A large variable of a quick call is made again; when that gives something else, its bytes are there."""
    run.call("import numpy as np\nbig = np.zeros(2_000_000)")
    run.call("rnd = np.random.default_rng().random(2_000_000)")
    run.park()
    was = run.shell.user_ns["rnd"]
    plan = plan_restore(run.entries)
    assert (len(plan.actions), plan.size, plan.seconds) == (2, 0, 0.002)
    namespace, restored = run.restart()
    assert restored == k.NamespaceRestored(loaded=("rnd",), remade=("big",))
    assert np.array_equal(namespace["rnd"], was)


def test_what_was_removed_does_not_come_back(run):
    """A variable that the run deleted is not made again, even when the code that made it is run for another."""
    run.call("tmp = 3; kept = tmp * 2")
    run.call("del tmp")
    namespace, restored = run.restart()
    assert (namespace["kept"], "tmp" in namespace, restored.remade) == (6, False, ("kept",))


def test_code_that_awaits_or_is_no_python_is_not_run_again(run):
    """The reason is told."""
    run.call("import asyncio\nx = 1")
    for code, why in (("await f()\nx = 1", "its code awaits something"), ("!ls", "its code has a shell command")):
        run.events[0].call.arguments["code"] = code
        _, restored = run.restart()
        assert names(restored.missing)["x"].startswith(why)


def test_what_many_calls_have_made_of_what_is_gone_names_the_reason_once(run):
    """However many calls lie between, the reason is what is at the bottom of it, and what is needed of that."""
    run.call("import time\nx = [time.time()]", effect="external")
    for _ in range(20):
        run.call("x = x + [1]")
    _, restored = run.restart()
    why = names(restored.missing)["x"]
    assert why.startswith("it needs x, which is gone: its code may also do something outside of the notebook;")
    assert why.count("which is gone") == 1


def test_a_user_variable_in_the_way_of_code_is_put_back(run):
    """Code that is run again for one variable may overwrite another that is the user's by now: it is put back."""
    run.call("x = [1]; y = [2]")
    namespace, restored = run.restart("y = 'mine'")
    assert (namespace["x"], namespace["y"], restored.remade) == ([1], "mine", ("x",))
    assert set(names(restored.differs)) == {"y"}


def test_the_variables_survive_two_restarts(run):
    """What was put back is as good as what was made: the next restart finds the same."""
    run.call("x = [1]", seconds=3)
    run.call("y = x + [2]")
    _, first = run.restart()
    _, second = run.restart()
    assert first == second == k.NamespaceRestored(loaded=("x",), remade=("y",))


def test_a_retried_call_counts_as_two(run):
    """What a failed attempt has changed is not made by running the next one; only that one is run again."""
    run.call("x = [1]", ends=False)
    proposed = run.events[0]
    run.events[-1] = k.CallRetried("c1", 1, "KeyError")
    run.call("x = [1, 2]; y = 3")
    begun = k.CallBegun("c1", "h", 2)
    again = [begun, *(replace(event, call_id="c1") for event in run.events[7:])]
    run.events = [proposed, *run.events[1:5], *again]
    run.events[0].call.arguments["code"] = "x = [1, 2]; y = 3"
    assert [step.problem for step in history_of(run.entries).steps] == ["it did not come to its end", ""]
    _, restored = run.restart()
    assert restored == k.NamespaceRestored(remade=("x", "y"))


def test_signed_models_come_back_and_unsigned_ones_do_not(run):
    """An object of a library needs this user's key to be kept and to be loaded."""
    from sklearn.linear_model import LinearRegression

    mine = Told(signer=Key())
    mine.shell.user_ns["model"] = LinearRegression()
    mine.call("model = model.fit([[1], [2]], [2, 4])", seconds=3, effect="external")
    assert mine.kept("model").format == "pickle"
    namespace, restored = mine.restart()
    assert (restored.loaded, round(float(namespace["model"].predict([[3]])[0]))) == (("model",), 6)
    shell = new_shell()
    foreign = restore(shell, plan_restore(mine.entries), mine.blobs, None)
    assert "no key here" in names(foreign.missing)["model"]
    assert "model" not in shell.user_ns


def test_a_new_keeper_knows_what_was_kept(run):
    """After a restart nothing is written twice, and what was noted of the user's is not noted again."""
    run.cell("mine = [1]")
    run.call("x = mine + [2]", seconds=3)
    keeper = Keeper(MemoryBlobs(full=True), Budget())
    keeper.recall(run.entries)
    assert keeper.read(run.shell.user_ns, "mine + x") == ()
    assert keeper.keep({"x": [1, 2]}, ["x"], 3)[0].blob == run.kept("x").blob
    assert keeper.touched == {"x"}


def test_frames_of_every_library_come_back():
    """A frame in pandas, polars and pyarrow, and an array, each kept after a slow call."""
    run = Told()
    run.call(
        "import pandas as pd, polars as pl, pyarrow as pa, numpy as np\n"
        "a = pd.DataFrame({'x': [1, None], 's': ['a', None]}); b = pl.DataFrame({'x': [1, None]})\n"
        "c = pa.table({'x': [1, None]}); d = np.arange(3); e = {'a': a, 'd': d}",
        seconds=10,
    )
    was = dict(run.shell.user_ns)
    namespace, restored = run.restart()
    assert set(restored.loaded) == {"a", "b", "c", "d", "e"}
    pd.testing.assert_frame_equal(namespace["a"], was["a"])
    assert namespace["b"].equals(was["b"]) and namespace["c"].equals(was["c"])
    assert namespace["e"]["d"].tolist() == [0, 1, 2]


def test_code_that_is_run_again_reaches_no_file(run, tmp_path):
    """Whatever it does to files was done once; a second time it is refused, and the variable said to be missing."""
    left = tmp_path / "left.txt"
    run.call(f"x = [open({str(left)!r}, 'w').close()]")
    left.unlink()
    namespace, restored = run.restart()
    assert not left.exists()
    assert "x" not in namespace
    assert "did not let the code write the file" in names(restored.missing)["x"]
