"""What an undo makes of a run's state, and what its model is told."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.folds import fold, step
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.events.telling import undone


def entries(*more: k.Event) -> list[k.Entry]:
    """A run with one call, which made ``x``, and what came after it."""
    call = ToolCall("c1", "run_python", {"code": "x = 1"})
    events = (
        k.RunStarted("make it", "script"),
        k.ContextComposed((Message.of("user", "make it"),)),
        k.ModelAsked("script", 1),
        k.ModelAnswered("script", Message("assistant", (), calls=(call,)), Usage(), "tool_calls", 0.1),
        k.CallProposed(call, "h", "low", "namespace"),
        k.CallBegun("c1", "h"),
        k.NamespaceChanged("c1", (k.Change("x", "added"),)),
        k.CallFinished("c1", (Text("done"),), 0.1),
        *more,
    )
    return [k.Entry("run1", n, float(n), event) for n, event in enumerate(events, 1)]


GONE = k.UndoDone("u1", ("c1", "unknown"), "cell", (k.Change("x", "removed"),))
BACK = k.UndoDone("u2", ("c1",), "cell", (k.Change("x", "added"),), undoes="u1", again=("x",))


def test_a_call_that_was_undone_is_marked_and_what_it_made_is_no_longer_the_runs():
    """Taken back and done once more; folding all at once comes to the same as event by event."""
    once, twice = fold(entries(GONE)), fold(entries(GONE, BACK))
    assert (once.calls["c1"].undone, once.made) == (True, ())
    assert (twice.calls["c1"].undone, twice.made) == (False, ("x",))
    state = fold(entries())
    for entry in entries(GONE, BACK)[-2:]:
        state = step(state, entry)
    assert state == twice


def test_a_variable_of_the_users_that_is_there_again_is_not_the_runs():
    """Only what the run had made counts as its own, which it may change unasked."""
    back = k.UndoDone("u1", ("c1",), "cell", (k.Change("theirs", "added"),))
    assert fold(entries(back)).made == ("x",)


def test_a_run_that_goes_on_is_told_and_one_that_is_over_is_not():
    """After its answer, or its end, nothing is said to it any more."""
    assert fold(entries(GONE)).messages[-1].text.startswith("The user took back what these calls had done: c1")
    answer = k.ModelAnswered("script", Message.of("assistant", "Done."), Usage(), "stop", 0.1)
    over = fold(entries(k.ModelAsked("script", 2), answer, k.RunEnded("done"), GONE))
    assert (over.answer, over.answered) == ("Done.", True)
    failed = fold(entries(k.RunEnded("failed"), GONE))
    assert failed.messages == fold(entries()).messages


def test_of_an_undo_that_could_put_nothing_back_the_model_is_told_nothing():
    """Nothing is other than it was."""
    nothing = k.UndoDone("u1", (), "cell", left=("f.txt: its bytes are gone",))
    assert fold(entries(nothing)).messages == fold(entries()).messages


def test_the_model_is_told_each_thing_that_was_put_back():
    """Names that are gone, there again and as before, and files."""
    changes = (k.Change("a", "removed"), k.Change("b", "added"), k.Change("c", "changed"))
    event = k.UndoDone("u1", ("c1",), "cell", changes, (k.FileChange("/w/f.txt", "", "h"),))
    assert undone(event) == (
        "The user took back what these calls had done: c1.\nGone: a.\nThere again: b.\nAs before: c.\n"
        "Files put back: /w/f.txt.\nLook at a variable before you use it."
    )
