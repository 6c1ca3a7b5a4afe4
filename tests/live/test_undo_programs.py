"""Random programs over random namespaces, undone and done again."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from aether_nb.live.undo import Before
from harness.undoing import CHANGING, MAKING, opened, picture, run, statement

STEP = st.tuples(*[st.integers(0, 200)] * 4)
CALL = st.lists(st.tuples(st.booleans(), STEP), min_size=1, max_size=4)
PROGRAM = st.tuples(st.lists(STEP, max_size=12), st.lists(CALL, min_size=1, max_size=3))


def check(program):
    """Run the calls, take them back one after the other, and do them once more; every state must be the very same."""
    making, calls = program
    namespace, kept = opened(), []
    for step in making:
        run(statement(step, namespace, MAKING), namespace)
    states, done = [], []
    for steps in calls:
        code = "\n".join(statement(step, namespace, MAKING if making else CHANGING) for making, step in steps)
        states.append(picture(namespace))
        before = Before.of(namespace, code)
        run(code, namespace)
        assert before.missed == {}
        done.append(before.close(namespace))
        assert done[-1].conflicts(namespace) == {}, code
    states.append(picture(namespace))
    again = []
    for number in reversed(range(len(calls))):
        again.append(done[number].undo(namespace))
        kept.append(picture(namespace))
        assert kept[-1][0] == states[number][0]
        assert again[-1].conflicts(namespace) == {}
    for number in range(len(calls)):
        again.pop().undo(namespace)
        kept.append(picture(namespace))
        assert kept[-1][0] == states[number + 1][0]


def law(count, **how):
    """The law over so many programs."""

    @settings(max_examples=count, suppress_health_check=list(HealthCheck), **how)
    @given(PROGRAM)
    def holds(program):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas, about what random programs do
            check(program)

    return holds


def test_undo_and_redo_restore_the_very_same_objects(figure):
    """After undo every name refers to the object that it did, with what it held then; after redo likewise."""
    law(500)()
    figure("undo: random programs, undone and redone, wrong", "0 of 500")


@pytest.mark.full
@pytest.mark.parametrize("part", range(10))
def test_undo_and_redo_over_ten_thousand_programs(part, figure):
    """The same over the whole number, in ten parts with programs of their own."""
    seed(part)(law(1_000, derandomize=False))()
    figure(f"undo: random programs, undone and redone, wrong (part {part + 1} of 10)", "0 of 1,000")
