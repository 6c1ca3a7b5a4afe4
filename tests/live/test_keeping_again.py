"""Code that is run again in a new kernel: what it needs, when it is left alone, and whose variable wins."""

from __future__ import annotations

import pytest

from aether_nb.events import kinds as k
from harness.keeping import Told, names


@pytest.fixture
def run():
    """A run about to begin."""
    return Told()


def test_a_loop_that_awaits_inside_a_list_is_not_run_either(run):
    """What only turns out to await when it is to be run is not run, and the reason is told."""
    run.call("x = 1")
    run.events[0].call.arguments["code"] = "async def f():\n    yield 1\nx = [n async for n in f()]"
    _, restored = run.restart()
    assert names(restored.missing)["x"] == "its code awaits something"


def test_what_was_ours_before_is_replaced(run):
    """Where the user has run code that makes an earlier version of it again, the last version takes its place."""
    run.call("x = [1]")
    run.call("x.append(2); y = 3", seconds=3)
    namespace, restored = run.restart("x = [1]")
    assert (namespace["x"], set(restored.loaded)) == ([1, 2], {"x", "y"})


def test_a_variable_without_a_hash_is_left_to_the_user(run):
    """When nobody can tell whether it is the same, what the user has made stays, but for what the run had changed."""
    run.call("def f():\n    return 1")
    namespace, restored = run.restart("def f():\n    return 'mine'")
    assert (namespace["f"](), set(names(restored.differs))) == ("mine", {"f"})
    changed = Told()
    changed.cell("def g():\n    return 1")
    changed.call("def g():\n    return 2")
    namespace, restored = changed.restart("def g():\n    return 1")
    assert (namespace["g"](), restored.remade) == (2, ("g",))


def test_code_that_does_not_make_it_this_time_is_told(run):
    """A branch that is not taken again leaves a variable missing."""
    run.cell("flag = [1]")
    run.call("if flag:\n    x = 1")
    _, restored = run.restart("flag = []")
    assert names(restored.missing) == {"x": "its code was run again, but did not make it"}
    assert set(names(restored.differs)) == {"flag"}


def test_display_is_no_variable_that_could_be_missing(run):
    """What IPython builds in is there in every kernel; what is shown while code is run again does not show."""
    run.call("display(1)\nx = 1")
    _, restored = run.restart()
    assert restored.remade == ("x",)


def test_helpers_that_a_function_needs_are_there_when_it_is_called(run):
    """What is read within a function that the run had defined counts as read by the call."""
    run.call("rate = 3\ndef f(x):\n    return x * rate", seconds=3)
    run.call("y = f(2)")
    namespace, restored = run.restart()
    assert (namespace["y"], restored.missing) == (6, ())
    run.events[-1] = k.CallFinished("c2", (), 0.001)
    run.blobs.kept.clear()
    run.events[0] = k.CallProposed(run.events[0].call, "h", "low", "external")
    _, restored = run.restart()
    assert set(names(restored.missing)) == {"rate", "f", "y"}
