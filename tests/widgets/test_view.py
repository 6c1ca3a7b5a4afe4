"""The fold of a run into what people see."""

from __future__ import annotations

import sys
import tracemalloc

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.widgets import wire
from aether_nb.widgets.blocks import HEADER, LIVE_KEPT, PLAN, TAIL, Card, Item, Question, Thinking, Touch, View, Words
from aether_nb.widgets.view import fold, view_of
from harness.story import (
    ANSWER,
    FAIL,
    LOOK,
    START,
    THINKING,
    WORK,
    WRITE,
    call,
    entries,
    first_half,
    hash_of,
    proposed,
    second_half,
)


def played(*events: k.Event, pace: float = 1.0) -> View:
    """The view after these events, a second apart."""
    return view_of(entries(events, pace=pace))


def started() -> k.RunStarted:
    """The beginning of any run."""
    return k.RunStarted("why?", "offline:analyst")


def answered(text: str = "", *calls: object, thinking: str = "", usage: Usage | None = None) -> k.ModelAnswered:
    """A reply with a text and calls."""
    message = Message("assistant", (Text(text),) if text else (), tuple(calls), thinking=thinking)  # type: ignore[arg-type]
    return k.ModelAnswered("m", message, usage or Usage(10, 5, 0.0), "stop", 0.1)


def test_story_is_told_in_order():
    """A whole run folds to its plan, its blocks in order, and its answer."""
    view = view_of(entries([*first_half(), *second_half()]))
    assert [(type(block).__name__, block.id) for block in view.blocks.values()] == [
        ("Thinking", "t1"),
        ("Words", "w1"),
        ("Card", "c:call_1"),
        ("Card", "c:call_2"),
        ("Card", "c:call_3"),
        ("Card", "c:call_4"),
    ]
    assert [(card.name, card.status) for card in view.cards] == [
        (LOOK.name, "finished"),
        (FAIL.name, "failed"),
        (WORK.name, "finished"),
        (WRITE.name, "finished"),
    ]
    assert [item.status for item in view.plan] == ["done"] * 4
    assert (view.state, view.outcome, view.answer, view.steps) == ("ENDED", "done", ANSWER, 5)
    assert view.usage == Usage(7018, 576, 0.0)
    assert view.blocks["t1"] == Thinking("t1", THINKING, done=True)


def test_transient_events_leave_no_trace():
    """The stored events alone give the same view at the end as all of them."""
    everything = entries([*first_half(), *second_half()])
    assert view_of(entry for entry in everything if entry.event.stored) == view_of(everything)


def test_every_prefix_can_be_folded_on():
    """Folding on from any point gives what folding everything gives: the view has no memory but itself."""
    everything = entries([*first_half(), *second_half()])
    for number in range(0, len(everything), 7):
        view = view_of(everything[:number])
        for entry in everything[number:]:
            fold(view, entry)
        assert view == view_of(everything)


def test_streamed_text_is_draft_until_the_reply_is_whole():
    """Deltas are appended to the tail; a reply with calls becomes a block, one without becomes the answer."""
    view = played(started(), k.ModelAsked("m", 1), k.TextDelta("Hel"), k.TextDelta("lo"))
    assert (view.draft, view.answer, view.state) == ("Hello", "", "COMPILING")
    touched = fold(view, k.Entry("r", 3, START + 9, k.TextDelta("!")))
    assert touched == [Touch(TAIL, "draft", "!")]
    fold(view, k.Entry("r", 4, START + 9, answered("Hello!", LOOK)))
    assert (view.draft, list(view.blocks.values())) == ("", [Words("w1", "Hello!")])


def test_waiting_does_not_count():
    """The clock stands still from the first open wait to the last, however they overlap."""
    view = played(
        started(),
        proposed(WRITE),
        k.GateOpened("call_4", hash_of(WRITE)),  # 2 s
        k.QuestionAsked("1", "which?"),
        k.GateAnswered("call_4", hash_of(WRITE), "approve", "panel"),
        k.QuestionAnswered("1", "this", "panel"),  # 5 s
        k.RunEnded("done"),
    )
    assert (view.waited, view.waiting_since, view.seconds(0)) == (3.0, None, 3.0)


def test_open_wait_stops_the_clock():
    """While a gate is open the seconds stay what they were when it opened."""
    view = played(started(), proposed(WRITE), k.GateOpened("call_4", hash_of(WRITE)))
    assert (view.state, view.seconds(START + 500)) == ("PAUSED", 2.0)


def test_answer_for_other_arguments_counts_for_nothing():
    """A yes that was given for another hash leaves the gate open."""
    view = played(
        started(),
        proposed(WRITE),
        k.GateOpened("call_4", hash_of(WRITE)),
        k.GateAnswered("call_4", "x", "approve", "panel"),
    )
    assert [(card.status, card.gate and card.gate.decision) for card in view.cards] == [("waiting", "")]


def test_edited_call_keeps_its_gate():
    """An edited proposal replaces the call and leaves it waiting; the approval of the new one is taken."""
    edited = call("call_4", "write_file", path="other.csv", variable="summary")
    view = played(
        started(),
        proposed(WRITE),
        k.GateOpened("call_4", hash_of(WRITE)),
        proposed(edited, edited=True),
        k.GateAnswered("call_4", hash_of(edited), "approve", "panel", "run"),
    )
    card = view.cards[0]
    assert (card.arguments["path"], card.edited, card.status) == ("other.csv", True, "proposed")
    assert card.gate is not None
    assert (card.gate.decision, card.gate.lasts, card.gate.opened) == ("approve", "run", START + 2)


def test_denied_stays_denied():
    """A call that was denied is not turned into a failed one by what the model is told about it."""
    view = played(
        started(),
        proposed(WRITE),
        k.GateOpened("call_4", hash_of(WRITE)),
        k.GateAnswered("call_4", hash_of(WRITE), "deny", "panel", reason="not now"),
        k.CallFailed("call_4", "denied by the user: not now"),
    )
    assert [(card.status, card.failure) for card in view.cards] == [("denied", None)]


def test_live_output_is_bounded():
    """A call that prints without end keeps the tail of it, and says how much went before."""
    view = played(started(), proposed(WORK), k.CallBegun("call_3", hash_of(WORK)))
    touches = [fold(view, k.Entry("r", 3, START, k.OutputDelta("call_3", "x" * 999 + "\n")))[0] for _ in range(100)]
    card = view.cards[0]
    assert len(card.live) <= 2 * LIVE_KEPT
    assert card.cut + len(card.live) == 100_000
    assert {(touch.field, len(touch.text)) for touch in touches} == {("live", 1_000), ("live", 0)}
    fold(view, k.Entry("r", 4, START, k.CallFinished("call_3", (Text("done"),), 1.0)))
    assert (card.live, card.cut, card.result) == ("", 0, "done")


def test_unusable_edit_keeps_the_gate_open():
    """Why an edit could not be used stands in the open gate and is counted; it is gone when the gate is answered."""
    asked = [started(), proposed(WRITE), k.GateOpened("call_4", hash_of(WRITE))]
    note = k.Progress("call_4", 0, note="Your edit cannot be used. path is missing")
    card = played(*asked, note, note).cards[0]
    assert card.gate is not None
    assert (card.status, card.gate.refused, card.gate.refusals, card.progress) == ("waiting", note.note, 2, None)
    for end in (k.GateAnswered("call_4", hash_of(WRITE), "approve", "panel"), k.RunEnded("cancelled")):
        assert played(*asked, note, end).cards[0].gate == played(*asked, end, end).cards[0].gate


@pytest.mark.parametrize("thought", ["", " \n ", "mean flipper  length by species.\n"])
def test_thought_that_says_nothing_is_left_out(thought: str):
    """A thought that is empty or only says what the next card says has no row, streamed or not."""
    whole = answered("", WORK, thinking=thought)
    purpose = "Mean flipper length by species"
    told = [started(), k.ModelAsked("m", 1), *([k.ThinkingDelta(thought)] * bool(thought)), whole]
    assert [block.id for block in played(*told, proposed(WORK, purpose=purpose)).blocks.values()] == ["c:call_3"]


def test_thought_of_its_own_stays():
    """A thought that says more than the card keeps its row."""
    told = [started(), k.ModelAsked("m", 1), answered("", WORK, thinking="Mean flipper length, but why?")]
    assert [block.id for block in played(*told, proposed(WORK)).blocks.values()] == ["t1", "c:call_3"]


def test_plan_has_no_card():
    """The plan's own call and the one that asks make no card: the plan and the question are shown instead."""
    ask = call("call_9", "ask_user", question="which?")
    view = played(
        started(),
        proposed(call("call_0", "plan")),
        k.PlanMade((k.PlanItem("a", "run_python"), k.PlanItem("b"))),
        proposed(ask),
        k.QuestionAsked("1", "which?", ("x", "y"), "call_9"),
        k.QuestionAnswered("1", None, "policy:deny"),
    )
    assert list(view.blocks.values()) == [Question("q:1", "which?", ("x", "y"), "", None, "policy:deny")]
    assert view.calls == 1


def test_revised_plan():
    """A revision keeps what is done and says why the rest changed."""
    view = played(
        started(), k.PlanMade((k.PlanItem("a"),)), k.PlanRevised((k.PlanItem("a"), k.PlanItem("c")), 1, "b was wrong")
    )
    assert (view.plan, view.revised, view.revision) == (
        [Item("a", "", "done"), Item("c", fresh=True)],
        True,
        "b was wrong",
    )


def test_stopped_run():
    """When a run is stopped, what was not begun is told as not run, the plan's rest as left out, the draft is gone."""
    view = played(
        started(),
        k.PlanMade((k.PlanItem("a", "run_python"), k.PlanItem("b"))),
        k.ItemStarted(0),
        proposed(WORK),
        proposed(WRITE),
        k.GateOpened("call_4", hash_of(WRITE)),
        k.QuestionAsked("1", "sure?"),
        k.ModelAsked("m", 2),
        k.ThinkingDelta("half a th"),
        k.TextDelta("half"),
        k.RunEnded("cancelled"),
    )
    assert [card.status for card in view.cards] == ["skipped", "skipped"]
    assert [item.status for item in view.plan] == ["skipped", "skipped"]
    assert (view.draft, view.state, view.waiting_since, "t2" in view.blocks) == ("", "ENDED", None, False)
    assert view.blocks["q:1"] == Question("q:1", "sure?", by="end")
    assert [wire.block(card)["gate"] for card in view.cards] == [None, None]


def test_cost_is_unknown_as_soon_as_one_is():
    """One reply of unknown price makes the sum unknown, which is not zero."""
    view = played(started(), answered(usage=Usage(1, 1, 0.5)), answered(usage=Usage(1, 1, None)))
    assert view.usage == Usage(2, 2, None)


def test_failure_of_a_hidden_call_is_told():
    """When the plan itself cannot be read there is no card for it, so the failure is a note."""
    view = played(started(), proposed(call("call_0", "plan")), k.CallFailed("call_0", "items must be a list"))
    assert [block.id for block in view.blocks.values()] == ["n1"]


def test_ids_of_providers_do_not_collide():
    """A provider may call its call t1 or n1; the blocks stay apart."""
    odd = call("t1", "run_python", code="1")
    view = played(started(), k.ModelAsked("m", 1), answered("", odd, thinking="hm"), proposed(odd))
    assert [type(block) for block in view.blocks.values()] == [Thinking, Card]


def test_touches_name_what_changed():
    """An event says which parts it changed, so that only those travel."""
    view = View()
    touched = [fold(view, entry) for entry in entries([started(), k.PlanMade((k.PlanItem("a"),)), proposed(WORK)])]
    assert touched == [[Touch(HEADER)], [Touch(PLAN)], [Touch("c:call_3")]]
    assert fold(view, k.Entry("r", 4, START, k.TextDelta("x"))) == [Touch(TAIL, "draft", "x"), Touch(HEADER)]


@pytest.mark.parametrize("piece", [k.TextDelta, k.ThinkingDelta])
def test_a_long_reply_grows_where_it_lies(piece: type[k.TextDelta]):
    """A piece of a long reply costs its own length: what came before it is not copied once more."""
    large, before = 4_000_000, sys.gettrace()
    sys.settrace(None)  # whoever looks on makes Python take the slow way
    tracemalloc.start()
    try:
        view = played(started(), k.ModelAsked("m", 1), *[piece("word ")] * 100, piece("x" * large))
        more = entries([piece("word ")])[0]
        fold(view, more)
        tracemalloc.reset_peak()
        held = tracemalloc.get_traced_memory()[0]
        fold(view, more)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        sys.settrace(before)
    assert held >= large
    assert peak < held + large / 10
