"""The loop: what is asked, acted and recorded, in which order, and what becomes of everything that fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aether_nb import FatalToolError, InterventionRequired, RepairableToolError, tool
from aether_nb.errors import ModelUnavailable
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.models.scripted import Say
from harness.agent import NO, YES, Script, call, stage


@tool(risk="low", effect="pure", where="loop")
async def look(what: str = "it") -> str:
    """Look at something."""
    return f"saw {what}"


@tool(risk="medium", effect="external", where="loop")
async def send(to: str) -> str:
    """Send something."""
    return f"sent to {to}"


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
    assert finished[2:] == [Text("sent to x"), Text("3")]


def test_a_plan_is_made_ticks_by_itself_and_can_be_revised() -> None:
    """Items start and finish with the calls of their tools; an item without a tool ticks at the end."""
    items = [{"title": "Look", "tool": "look"}, {"title": "Send", "tool": "send"}, {"title": "Tell"}]
    revised = [{"title": "Look", "tool": "look", "done": True}, {"title": "Tell"}]
    replies = [[call("plan", items=items), call("look")], call("plan", items=revised, reason="no need"), "ok"]
    play = stage(replies, tools=[look, send])
    state = play.drive()
    plans = [event for event in play.stored if isinstance(event, k.PlanMade | k.PlanRevised)]
    assert plans == [
        k.PlanMade((k.PlanItem("Look", "look"), k.PlanItem("Send", "send"), k.PlanItem("Tell"))),
        k.PlanRevised((k.PlanItem("Look", "look"), k.PlanItem("Tell")), 1, "no need"),
    ]
    assert [event for event in play.stored if isinstance(event, k.ItemStarted | k.ItemFinished)] == [
        k.ItemStarted(0),
        k.ItemFinished(0),
        k.ItemFinished(1),
    ]
    assert [item.status for item in state.plan] == ["done", "done"]


def test_a_failed_attempt_leaves_its_item_open_for_the_next() -> None:
    """An item is done when a call of its tool succeeds, not when one was tried."""
    tries = iter([RepairableToolError("Not yet."), None])

    @tool(risk="low", effect="pure", where="loop")
    async def attempt() -> str:
        """Try."""
        if error := next(tries):
            raise error
        return "worked"

    plan = call("plan", items=[{"title": "Try", "tool": "attempt"}])
    play = stage([[plan, call("attempt")], call("attempt"), "ok"], tools=[attempt])
    play.drive()
    assert [kind for kind in play.kinds if kind.startswith(("item", "call.f"))] == [
        "call.finished",
        "item.started",
        "call.failed",
        "item.started",
        "call.finished",
        "item.finished",
    ]


def test_plan_only_ends_with_the_plan_and_offers_only_what_reads() -> None:
    """With --plan nothing acts: the model gets reading tools, and the run is done when the plan stands."""
    plan = call("plan", items=[{"title": "Send", "tool": "send"}])
    play = stage([[plan, call("send", to="a")]], tools=[look, send], plan_only=True, person=Script())
    state = play.drive()
    assert state.ended == k.RunEnded("done")
    assert "call.begun" in play.kinds and play.kinds.count("call.begun") == 1  # the plan itself
    offered = {spec.name for spec in play.model.requests[0].tools}
    assert "look" in offered and not offered & {"send", "run_python", "write_file"}


def test_mode_plan_refuses_whatever_acts_without_asking() -> None:
    """In mode plan a call that acts is refused by policy; nobody is bothered."""
    play = stage([call("send", to="a"), "I would send it."], tools=[send], mode="plan", person=Script())
    play.drive()
    assert play.told().startswith("denied by policy:plan: in mode plan only what reads is run")


def test_mode_auto_runs_medium_risk_without_a_question() -> None:
    """In mode auto a medium call runs; nobody is asked."""
    play = stage([call("send", to="a"), "ok"], tools=[send], mode="auto", person=Script())
    play.drive()
    assert play.told() == "sent to a"


@pytest.mark.parametrize(
    ("limits", "question"),
    [
        (k.Limits(steps=1), "This run has used its limit of 1 steps. Go on for another 1 steps?"),
        (k.Limits(tokens=10), "This run has used its limit of 10 tokens. Go on for another 10 tokens?"),
        (k.Limits(cost=0.5), "This run has used its limit of $0.50. Go on for another $0.50?"),
        (k.Limits(seconds=5), "This run has used its limit of 5 seconds. Go on for another 5 seconds?"),
    ],
)
def test_a_limit_pauses_and_asks_and_a_yes_raises_it(limits: k.Limits, question: str) -> None:
    """At a limit the run asks instead of dying; a yes gives it the same amount again."""
    person = Script(answers=["go on"])
    clock: list[Any] = []

    @tool(risk="low", effect="pure", where="loop")
    async def wait() -> str:
        """Let time pass."""
        clock[0].now += 6
        return "ok"

    play = stage([Say(calls=call("wait"), usage=Usage(8, 4, 0.6)), "done"], tools=[wait], limits=limits, person=person)
    clock.append(play.clock)
    assert play.drive().ended == k.RunEnded("done")
    assert [asked.text for asked in person.asked] == [question]


def test_a_no_at_a_limit_ends_the_run_and_says_how_to_raise_it() -> None:
    """Whoever declines, or nobody, ends the run at its limit, calmly."""
    play = stage([call("look"), "never"], tools=[look], limits=k.Limits(steps=1))
    ended = play.drive().ended
    assert ended == k.RunEnded(
        "cancelled", "The run was ended at its limit of 1 steps.", hint="Ask again, or raise it: AETHER_MAX_STEPS."
    )


def test_time_at_a_gate_does_not_count() -> None:
    """Seconds spent waiting for a person are not the run's."""
    play = stage([call("send", to="a"), "ok"], tools=[send], limits=k.Limits(seconds=60))

    class Slow(Script):
        async def approve(self, call: Any) -> Any:
            play.clock.now += 3600
            return YES

    play.driver.asking.people = [Slow()]
    state = play.drive()
    assert state.ended == k.RunEnded("done") and state.seconds < 1


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
    assert play.run.state.open == () and play.run.state.ended == k.RunEnded("cancelled", "Stopped by the user.")


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

    def forgetful(event: k.Event) -> None:
        nonlocal checked
        append(event)
        if event.stored:
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
