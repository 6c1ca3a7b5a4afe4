"""That a call was undone, or cannot be, as people see it."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.messages import Text, ToolCall
from aether_nb.widgets import plain, wire, wording
from aether_nb.widgets.transcript import bundle
from aether_nb.widgets.view import view_of


def view(*more: k.Event, ended: bool = True):
    """A run with a call that changed ``x``, its end, and what came after it."""
    events = (
        k.RunStarted("change it", "script"),
        k.CallProposed(ToolCall("p1", "plan", {"items": []}), "h", "low", "pure"),
        k.CallProposed(ToolCall("c1", "run_python", {"code": "x = 1"}), "h", "medium", "namespace"),
        k.CallBegun("c1", "h"),
        k.NamespaceChanged("c1", (k.Change("x", "changed", "int"),)),
        k.UndoLimited("c1", ("big (4.1 GB) is too large to keep",)),
        k.UndoLimited("elsewhere", ("no card",)),
        k.CallFinished("c1", (Text("done"),), 0.1),
        *([k.RunEnded("done")] if ended else ()),
        *more,
    )
    return view_of(k.Entry("run1", n, float(n), event) for n, event in enumerate(events, 1))


UNDONE = k.UndoDone("u1", ("c1",), "cell", (k.Change("x", "changed"),), left=("big was too large",))


def test_a_card_says_what_cannot_be_undone_and_then_that_it_was():
    """At its end it says what is typed for it. Done once more, it says what cannot be undone again."""
    limit, command = "! cannot be undone: big (4.1 GB) is too large to keep", "↩ %aether undo --run run1 2"
    assert plain.changes(view().cards[0])[-2:] == [limit, command]
    assert plain.changes(view(ended=False).cards[0])[-1] == limit
    assert plain.changes(view(UNDONE).cards[0])[-1] == "↩ undone"
    again = view(UNDONE, k.UndoDone("u2", ("c1",), "cell", undoes="u1"))
    assert not again.cards[0].way.undone
    told = (UNDONE, k.UndoDone("u2", ("c1",), "cell", undoes="u1"), k.UndoDone("u3", (), "cell"))
    assert [wording.undone(event).what for event in told] == [
        "Undone in a cell: 1 call.",
        "Done once more in a cell: 1 call.",
        "Nothing could be put back in a cell.",
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


def way(*more: k.Event):
    """What the card of the same run, while it is at work, offers to click."""
    return wire.block(view(*more, ended=False).cards[0])["undo"]


def test_a_card_offers_its_way_back_while_its_run_is_at_work():
    """Undo, then Redo of that very undo, then Undo again. The end of the run changes nothing that is sent of it."""
    offered = {"id": "c1", "word": "Undo", "text": "", "sure": "", "shown": 0, "number": 2}
    again = k.UndoDone("u2", ("c1",), "signal:panel", undoes="u1")
    assert (way(), way(UNDONE, again)) == (offered, offered)
    assert way(UNDONE) == offered | {"id": "u1", "word": "Redo"}
    assert wire.block(view().cards[0]) == wire.block(view(ended=False).cards[0])


def test_nothing_is_offered_where_nothing_can_be_taken_back():
    """A kernel that has died holds no earlier values, but files are kept; what is too large is not kept at all."""
    assert way(k.RunResumed("kernel", fresh=False)) is not None
    assert way(k.RunResumed("kernel", fresh=True)) is None
    assert way(k.RunForked("run0", 5)) is None
    written = k.FileWritten("c1", k.FileChange("/work/x.txt", "", "sha"))
    assert way(k.RunResumed("kernel", fresh=True), written) is not None
    assert way(k.UndoLimited("c1", ("x (4.1 GB) is too large to keep",))) is None


def test_what_was_not_done_is_shown_on_the_card_until_it_is_or_the_run_is_over():
    """The same answer to a second click counts as a new one, so that the panel draws it again."""
    shown = k.UndoShown("c1", "In conflict: \x1b[1mx", "s1")
    said = {"text": "In conflict: x", "sure": "s1", "shown": 2}
    assert way(shown, shown) == {"id": "c1", "word": "Undo", "number": 2} | said
    assert way(shown, UNDONE) == {"id": "u1", "word": "Redo", "text": "", "sure": "", "shown": 1, "number": 2}
    assert (ended := way(shown, k.RunEnded("done"))) and not ended["text"]
    elsewhere = (k.UndoShown("elsewhere", "?"), k.FileWritten("elsewhere", k.FileChange("/x", "", "sha")))
    assert way(*elsewhere) == way()
    assert view(shown, ended=False).cards[0].way.shown == 1
