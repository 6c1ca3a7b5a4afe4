"""That a call was undone, or cannot be, as people see it."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.messages import Text, ToolCall
from aether_nb.widgets import plain, wording
from aether_nb.widgets.transcript import bundle
from aether_nb.widgets.view import view_of


def view(*more: k.Event):
    """A run with a call that changed ``x``, and what came after it."""
    events = (
        k.RunStarted("change it", "script"),
        k.CallProposed(ToolCall("c1", "run_python", {"code": "x = 1"}), "h", "medium", "namespace"),
        k.CallBegun("c1", "h"),
        k.NamespaceChanged("c1", (k.Change("x", "changed", "int"),)),
        k.UndoLimited("c1", ("big (4.1 GB) is too large to keep",)),
        k.UndoLimited("elsewhere", ("no card",)),
        k.CallFinished("c1", (Text("done"),), 0.1),
        k.RunEnded("done"),
        *more,
    )
    return view_of(k.Entry("run1", n, float(n), event) for n, event in enumerate(events, 1))


UNDONE = k.UndoDone("u1", ("c1",), "cell", (k.Change("x", "changed"),), left=("big was too large",))


def test_a_card_says_what_cannot_be_undone_and_then_that_it_was():
    """Done once more, it says what cannot be undone again."""
    assert plain.changes(view().cards[0])[-1] == "! cannot be undone: big (4.1 GB) is too large to keep"
    assert plain.changes(view(UNDONE).cards[0])[-1] == "↩ undone"
    again = view(UNDONE, k.UndoDone("u2", ("c1",), "cell", undoes="u1"))
    assert not again.cards[0].undone
    assert [wording.undone(event).what for event in (UNDONE, k.UndoDone("u2", ("c1",), "cell", undoes="u1"))] == [
        "Undone in a cell: 1 call.",
        "Done once more in a cell: 1 call.",
    ]


def test_every_face_of_the_transcript_says_so():
    """HTML, Markdown and text, with what stayed as it was."""
    for text in bundle(view(UNDONE)).values():
        assert "undone" in text
        assert "Undone in a cell: 1 call." in text
        assert "big was too large" in text


def test_an_undo_after_the_end_moves_no_clock():
    """How long a run took does not depend on what was done to it afterwards."""
    assert view(UNDONE).seconds(99.0) == view().seconds(99.0)
