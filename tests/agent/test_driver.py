"""The loop: what is asked, acted and recorded, in which order, and what becomes of everything that fails."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from aether_nb import FatalToolError, InterventionRequired, RepairableToolError, tool
from aether_nb.errors import ModelUnavailable
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, Usage
from harness.agent import NO, YES, Script, call, look, send, stage


def test_the_sequence_of_a_run_with_one_call_is_the_documented_one() -> None:
    """A run's events come in the order that the vocabulary documents."""
    play = stage([call("look"), "It was there."], tools=[look])
    state = play.drive()
    assert play.kinds == [
        "run.started",
        "context.composed",
        "model.asked",
        "model.answered",
        "call.proposed",
        "call.begun",
        "call.finished",
        "model.asked",
        "model.answered",
        "run.ended",
    ]
    assert (state.answer, state.ended) == ("It was there.", k.RunEnded("done"))
    assert play.told() == "saw it"


def test_the_states_that_users_see_follow_the_work() -> None:
    """PLANNING, TOOL_CALLING, OBSERVING, THINKING, COMPILING and the end are shown in this order."""
    play = stage([call("look"), "Done."], tools=[look])
    play.drive()
    words = [entry.event.state for entry in play.seen if isinstance(entry.event, k.StateChanged)]
    assert words == ["PLANNING", "TOOL_CALLING", "OBSERVING", "THINKING", "COMPILING", "ENDED"]


def test_a_gate_pauses_and_an_approval_lets_the_exact_call_run() -> None:
    """A medium call waits for a person; approved, it runs and the log says who approved it."""
    person = Script([YES])
    play = stage([call("send", to="a"), "ok"], tools=[send], person=person)
    play.drive()
    assert "PAUSED" in [e.event.state for e in play.seen if isinstance(e.event, k.StateChanged)]
    answered = next(event for event in play.stored if isinstance(event, k.GateAnswered))
    proposed = next(event for event in play.stored if isinstance(event, k.CallProposed))
    assert answered == k.GateAnswered(proposed.call.id, proposed.hash, "approve", "panel")
    assert play.told() == "sent to a"


def test_a_denial_reaches_the_model_with_its_reason_and_nothing_runs() -> None:
    """A denied call is never begun, and the model reads why."""
    play = stage([call("send", to="a"), "I did not send it."], tools=[send], person=Script([NO]))
    play.drive()
    assert "call.begun" not in play.kinds
    assert play.told() == "denied by the user: not now"


def test_nobody_there_means_no() -> None:
    """Without a person and with the default policy, what would be asked is refused."""
    play = stage([call("send", to="a"), "no"], tools=[send])
    play.drive()
    assert "call.begun" not in play.kinds
    assert play.told() == "denied by policy:deny: nobody was there to approve it"


def test_an_edited_call_is_judged_again_and_runs_with_the_persons_arguments() -> None:
    """Editing at the gate replaces the call; the approval is bound to what was edited, and the model is told."""
    from dataclasses import replace

    person = Script([replace(YES, arguments={"to": "b"})])
    play = stage([call("send", to="a"), "ok"], tools=[send], person=person)
    play.drive()
    first, second = (event for event in play.stored if isinstance(event, k.CallProposed))
    answered = next(event for event in play.stored if isinstance(event, k.GateAnswered))
    assert (first.edited, second.edited, answered.hash) == (False, True, second.hash)
    assert play.told() == "(the user edited this call before approving it)\nsent to b"


def test_an_edit_that_cannot_be_used_keeps_the_gate_open() -> None:
    """A broken edit is refused with its reason and asked again; nothing is lost and nothing runs by it."""
    from dataclasses import replace

    person = Script([replace(YES, arguments={"whom": "b"}), YES])
    play = stage([call("send", to="a"), "ok"], tools=[send], person=person)
    play.drive()
    notes = [entry.event.note for entry in play.seen if isinstance(entry.event, k.Progress)]
    assert len(notes) == 1 and notes[0].startswith("Your edit cannot be used. send cannot be called like this.")
    assert play.told() == "sent to a"


def test_a_yes_for_the_run_covers_the_same_call_again_and_no_other() -> None:
    """A grant is bound to the exact arguments: repeating asks nobody, a changed argument asks again."""
    from dataclasses import replace

    person = Script([replace(YES, lasts="run"), NO])
    replies = [call("send", to="a"), call("send", to="a"), call("send", to="b"), "ok"]
    play = stage(replies, tools=[send], person=person)
    play.drive()
    assert len(person.asked) == 2
    by = [event.by.partition(":")[0] for event in play.stored if isinstance(event, k.GateAnswered)]
    assert by == ["panel", "grant", "panel"]
    assert [request.messages[-1].text for request in play.model.requests[1:]] == [
        "sent to a",
        "sent to a",
        "denied by the user: not now",
    ]


def test_an_answer_for_another_hash_counts_for_nothing() -> None:
    """An approval that does not name the exact call leaves the call waiting."""
    play = stage([call("send", id="c1", to="a"), "ok"], tools=[send], person=Script([YES]))
    run = play.run
    for event in (
        k.ModelAnswered("m", Message("assistant", (), (call("send", id="c1", to="a"),)), Usage(), "tool_calls", 0.0),
        k.CallProposed(call("send", id="c1", to="a"), "sha256:right", "medium", "external"),
        k.GateOpened("c1", "sha256:right"),
        k.GateAnswered("c1", "sha256:wrong", "approve", "panel"),
    ):
        run.append(event)
    assert (run.state.gate, run.state.calls["c1"].status) == ("c1", "proposed")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (RepairableToolError("No.", "Because.", "Try b."), "error: No.\nBecause.\nTry b."),
        (ValueError("odd"), "error: ValueError: odd\nthe tool fails raised it"),
    ],
)
def test_what_a_tool_raises_is_content_for_the_model(raised: Exception, told: str) -> None:
    """A tool's error is read by the model, which goes on; the run does not die of it."""

    @tool(risk="low", effect="pure", where="loop")
    async def fails() -> str:
        """Fail."""
        raise raised

    play = stage([call("fails"), "I gave up."], tools=[fails])
    assert play.drive().ended == k.RunEnded("done")
    assert play.told() == told


def test_a_fatal_error_ends_the_run_and_says_why() -> None:
    """FatalToolError stops the run; the log holds the reason and the next thing to type."""

    @tool(risk="low", effect="pure", where="loop")
    async def fails() -> str:
        """Fail."""
        raise FatalToolError("The disk is gone.", "It was unplugged.", "Plug it in.")

    play = stage([call("fails"), "never said"], tools=[fails])
    assert play.drive().ended == k.RunEnded("failed", "The disk is gone.", "It was unplugged.", "Plug it in.")
    assert len(play.model.requests) == 1


def test_an_intervention_is_asked_and_the_answer_reaches_the_model() -> None:
    """InterventionRequired puts a question to the person, and the model is told what they said."""

    @tool(risk="low", effect="pure", where="loop")
    async def fails() -> str:
        """Fail."""
        raise InterventionRequired("Two accounts fit.", hint="Which one?")

    person = Script(answers=["the first"])
    play = stage([call("fails"), "ok"], tools=[fails], person=person)
    play.drive()
    assert person.asked[0].text == "Two accounts fit. Which one?"
    assert play.told() == "error: Two accounts fit.\nthe user says: the first"


def test_a_failing_model_ends_the_run_with_its_own_words() -> None:
    """A ModelError becomes the run's end: what, why and what to type."""
    play = stage([ModelUnavailable("No answer.", "Refused.", "Start it.")])
    assert play.drive().ended == k.RunEnded("failed", "No answer.", "Refused.", "Start it.")


def test_a_model_that_breaks_off_is_a_failure_and_no_crash() -> None:
    """Whatever a model raises is recorded as its failure."""
    ended = stage([KeyError("x")]).drive().ended
    assert ended == k.RunEnded("failed", "The model aether:scripted broke off with KeyError.", "'x'")


def test_an_unknown_tool_and_wrong_arguments_are_told_to_the_model() -> None:
    """A call that cannot be read is failed before it is begun, with what would be right."""
    play = stage([call("loook"), call("look", colour="red"), "sorry"], tools=[look])
    play.drive()
    assert play.told(1) == "error: There is no tool 'loook'.\nThere is: look."
    assert play.told(2).startswith("error: look cannot be called like this.\ncolour: ")
    assert "call.begun" not in play.kinds


def test_calls_that_only_read_run_side_by_side() -> None:
    """Two readers of one reply overlap in time; a gated call between them waits for its turn."""
    inside, most = 0, 0

    @tool(risk="low", effect="pure", where="loop")
    async def slow(n: int) -> str:
        """Take a while."""
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return str(n)

    calls = [call("slow", n=1), call("slow", n=2), call("send", to="x"), call("slow", n=3)]
    play = stage([calls, "ok"], tools=[slow, send], person=Script([YES]))
    play.drive()
    assert most == 2
    finished = [event.parts[0] for event in play.stored if isinstance(event, k.CallFinished)]
    assert sorted(part.text for part in finished[:2] if isinstance(part, Text)) == ["1", "2"]
    assert finished[2:] == [Text("sent to x", "output"), Text("3", "output")]


def test_stop_settles_every_open_call_and_ends_the_run() -> None:
    """A stopped run's log has no dangling call: external ones are doubtful, others failed, and the run is cancelled."""

    @tool(risk="low", effect="external", where="loop")
    async def hang() -> str:
        """Never end."""
        begun.set()
        await asyncio.sleep(3600)
        return ""

    begun = asyncio.Event()

    play = stage([[call("hang"), call("look")]], tools=[hang, look])

    async def stopped() -> None:
        task = asyncio.create_task(play.driver.drive())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    assert play.kinds[-3:] == ["call.doubtful", "call.failed", "run.ended"]
    state = play.run.state
    assert (state.open, state.calls["call_1"].status) == (("call_1",), "doubtful")  # whoever goes on is asked about it
    assert state.ended == k.RunEnded("cancelled", "Stopped by the user.")


def test_call_ids_are_made_unique_within_a_run() -> None:
    """A model that numbers its calls from zero in every reply does not confuse two calls."""
    play = stage([call("look", id="0", what="a"), call("look", id="0", what="b"), "ok"], tools=[look])
    state = play.drive()
    assert [(id, one.status) for id, one in state.calls.items()] == [("0", "finished"), ("0-2", "finished")]


def test_amnesia_changes_nothing() -> None:
    """Throwing the state away after every event and folding the log again gives the same state, always."""
    from dataclasses import replace

    person = Script([replace(YES, lasts="run")], ["go on"])
    plan = call("plan", items=[{"title": "Send", "tool": "send"}, {"title": "Tell"}])
    replies = [[plan, call("look")], call("send", to="a"), call("send", to="a"), "ok"]
    play = stage(replies, tools=[look, send], person=person, limits=k.Limits(steps=3))
    append = play.run.append
    checked = 0

    def forgetful(*events: k.Event) -> None:
        nonlocal checked
        append(*events)
        if events[0].stored:
            again = fold(play.run.log.read("run1"))
            assert again == play.run.state
            play.run.state = again
            checked += 1

    play.run.append = forgetful  # type: ignore[method-assign]
    assert play.drive().ended == k.RunEnded("done")
    assert checked > 20


def test_a_watcher_that_breaks_does_not_break_the_run(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a watcher raises, the run goes on; the failure is logged."""
    play = stage(["hello"])

    def broken(entry: k.Entry) -> None:
        raise RuntimeError("no")

    play.run.watchers.insert(0, broken)
    assert play.drive().answer == "hello"
    assert "a watcher of run run1 failed on model.asked" in caplog.text


def test_of_calls_side_by_side_each_is_recorded_before_it_begins() -> None:
    """Two that go on together: neither has acted while the record does not say that it begins."""
    known = list[list[str]]()

    @tool(risk="low", effect="pure", where="loop")
    async def peek(what: str) -> str:
        """Look into the record."""
        entries = play.run.log.read("run1")
        known.append([entry.event.call_id for entry in entries if isinstance(entry.event, k.CallBegun)])
        return what

    play = stage([[call("peek", id="a", what="a"), call("peek", id="b", what="b")], "ok"], tools=[peek])
    assert play.drive().answer == "ok"
    assert [begun[n] for n, begun in enumerate(known)] == ["a", "b"]


@pytest.mark.parametrize("value", [float("nan"), [1.0, float("inf")], {"a": {"b": float("-inf")}}, (float("nan"),)])
def test_a_number_that_json_cannot_say_is_none_from_the_beginning(value: object) -> None:
    """Else the record would speak of another call than the one that was judged, approved and made."""

    @tool(risk="low", effect="pure", where="loop")
    async def add(a: Any) -> str:
        """Add."""
        return json.dumps(a)

    play = stage([call("add", a=value), "ok"], tools=[add])
    play.drive()
    assert "null" in play.told() and "NaN" not in play.told()
    assert play.run.state == fold(play.run.log.read("run1"))
