"""The code of a run: a fold of its log that leaves out what failed and what only looked."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.coding import Piece, RunCode, code_of, one_line
from aether_nb.events.messages import Text, ToolCall


def log(*events: k.Event) -> list[k.Entry]:
    """A log with these events, after its beginning."""
    return [k.Entry("r", n, float(n), event) for n, event in enumerate((k.RunStarted("Why?", "m"), *events), 1)]


def proposed(id: str, name: str = "run_python", effect: k.Effect = "namespace", **arguments: object) -> k.CallProposed:
    """A call that was proposed."""
    return k.CallProposed(ToolCall(id, name, arguments), "h", "low", effect, purpose=f"purpose of {id}")


def finished(id: str) -> k.CallFinished:
    """Its end."""
    return k.CallFinished(id, (Text("ok"),), 0.1)


def test_pieces_stand_in_order_with_the_items_they_worked_on():
    """A title is that of the plan's item, else what the call was for; neighbours of one item are one cell."""
    plan = k.PlanMade((k.PlanItem("Look", "run_python"), k.PlanItem("Sum", "run_python")))
    code = code_of(
        log(
            plan,
            proposed("a", code="x = 1"), finished("a"), k.ItemFinished(0),
            proposed("b", code="y = 2"), finished("b"),
            k.PlanRevised((k.PlanItem("Look"), k.PlanItem("Add up")), 1),
            proposed("c", code="z = 3"), finished("c"), k.ItemFinished(1),
            proposed("d", code="w = 4"), finished("d"), k.ItemFinished(7),
        )
    )  # fmt: skip
    assert [(piece.call_id, piece.title) for piece in code.pieces] == [
        ("a", "Look"), ("b", "purpose of b"), ("c", "Add up"), ("d", "purpose of d"),
    ]  # fmt: skip
    assert (code.run, code.prompt) == ("r", "Why?")
    assert code.text.startswith("# 1. Look\nx = 1\n\n# 2. purpose of b\ny = 2\n\n")


def test_what_failed_looked_or_said_nothing_is_left_out():
    """Only calls that came to their end count, and only those whose code is known."""
    code = code_of(
        log(
            k.ItemFinished(0),
            proposed("a", code="boom"), k.CallFailed("a", "it failed"),
            proposed("b", "inspect_variable", variable="df"), finished("b"),
            proposed("c", code="  "), finished("c"),
            proposed("d", "write_file", path="out.csv", variable="x"), finished("d"),
            proposed("e", code="lost()"), k.CallDoubtful("e", "?"), k.CallSettled("e", "skip", "me"),
            proposed("f", code="ran()"), k.CallDoubtful("f", "?"), k.CallSettled("f", "ran", "me"),
            finished("never proposed"),
        )
    )  # fmt: skip
    assert [piece.code for piece in code.pieces] == ["ran()"]
    assert code.files == ("out.csv",)


def test_a_call_that_says_its_own_code_is_told_by_it():
    """A value that was bound, a query, a picture: the statement that does the same."""
    code = code_of(log(proposed("a", "answer_with", expression="1 + x"), k.CallCoded("a", "it = 1 + x"), finished("a")))
    assert code.pieces == (Piece("a", "it = 1 + x", "purpose of a"),)


def test_what_was_undone_is_left_out_until_that_is_undone():
    """An undo takes its calls away, and an undo of that undo brings them back."""
    calls = (proposed("a", code="x = 1"), finished("a"), proposed("b", code="y = 2"), finished("b"))
    undone = (*calls, k.UndoDone("u1", ("b",), "cell"))
    assert [piece.call_id for piece in code_of(log(*undone)).pieces] == ["a"]
    back = (*undone, k.UndoDone("u2", ("b",), "cell", undoes="u1"))
    assert [piece.call_id for piece in code_of(log(*back)).pieces] == ["a", "b"]


def test_edited_code_counts_as_it_was_run():
    """A call that a person changed before he said yes has the code that he said yes to."""
    code = code_of(log(proposed("a", code="old"), proposed("a", code="new"), finished("a")))
    assert [piece.code for piece in code.pieces] == ["new"]


def test_inputs_are_what_was_found_and_made_is_what_was_left():
    """Modules become imports, variables are needs; what each piece made is known with its hash."""
    module, alias = k.Kept("math", "module", why="math"), k.Kept("pd", "module", why="pandas")
    odd, df = k.Kept("odd", "module", why="not a name"), k.Kept("df", "pandas.DataFrame", "sha256:1", cell="In[2]")
    changed = k.Change("x", "added", "int", ("= 1",))
    kept = k.Kept("x", "int", "sha256:2")
    code = code_of(
        log(
            proposed("a", "run_python", "external", code="x = 1"),
            k.NamespaceChanged("a", (changed,)),
            k.NamespaceKept("a", (kept,), (module, alias, odd, df)),
            finished("a"),
            k.NamespaceKept("", (), (k.Kept("df", "other"),)),
        )
    )
    assert code.imports == ("import math", "import pandas as pd")
    assert code.needs == (df,)
    assert code.pieces == (Piece("a", "x = 1", "purpose of a", "external", (kept,), (changed,)),)
    assert code.pieces[0].outside and not Piece("b", "y").outside


def test_an_empty_run_has_no_code():
    """Nothing is made up; a piece without a title stands without one."""
    assert code_of([]) == RunCode()
    assert (RunCode().text, RunCode(pieces=(Piece("a", "x = 1\n"),)).text) == ("", "x = 1")


def test_a_title_cannot_leave_its_comment():
    """Line breaks and control signs of a title are spaces, and a long one is cut."""
    assert one_line("a\nimport os\x1b[0m\u2028b") == "a import os [0m b"
    assert len(one_line("x" * 500)) == 160
