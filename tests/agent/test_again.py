"""Performing a record again: replies from the record, code anew, outside effects never; and what drifts is said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent.again import Again, Recalled, Record, opening, record_again, record_of
from aether_nb.agent.asking import Asking, Nobody, Person
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.drift import Was, drifted, read
from aether_nb.agent.replaying import replay
from aether_nb.agent.run import Run
from aether_nb.agent.waiting import Waiting
from aether_nb.errors import ModelError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.models.base import Request
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Result, Tool
from aether_nb.tools.builtin import BUILT_IN
from harness.agent import NO, YES, Script, Stage, call, here, look, stage

DID: list[str] = []


@tool(risk="low", effect="namespace", where="loop")
async def make(what: str) -> str:
    """Make something."""
    DID.append(what)
    return f"made {what}"


@tool(risk="low", effect="external", where="loop")
async def post(to: str) -> str:
    """Post something."""
    DID.append(f"post {to}")
    return f"posted to {to}"


def entries_of(play: Stage) -> list[k.Entry]:
    """The record of a run."""
    return list(play.run.log.read(play.run.id))


def again(
    entries: Sequence[k.Entry], tools: Sequence[Any] = (), person: Person | None = None, own: bool = True
) -> tuple[Record, Run]:
    """Perform a record again as run ``two``; its own record is replayed, too."""
    DID.clear()
    record = record_of(entries)
    offered: dict[str, Tool] = {tool.spec.name: tool for tool in (*BUILT_IN, *tools)}
    run = Run(MemoryLog(), "two")
    asking = Recalled(Asking([person or Nobody("deny")]), record)
    host = Host(SimpleNamespace(user_ns={}, user_ns_hidden={}), Path("/nowhere"), here)
    calls = Calls(run, record.tools(offered), host, asking)
    run.append(replace(record.started, model=record.model.name), record.composed, *opening(record, "c0", own))
    asyncio.run(Again(record, run, lambda _: record.model, calls, Waiting(asking)).drive())
    two = list(run.log.read("two"))
    assert asyncio.run(replay("two", two)).state == run.state
    return record, run


def drifts(run: Run) -> list[k.ReplayDrifted]:
    """What was said to be not as it was."""
    return [entry.event for entry in run.log.read("two") if isinstance(entry.event, k.ReplayDrifted)]


def test_code_is_performed_again_and_outside_effects_are_not() -> None:
    """Pure and namespace calls run with the real tools; of an external one the recorded result is told."""
    items = [{"title": "Make", "tool": "make"}]
    replies = [call("plan", items=items), call("make", what="x"), call("post", to="a"), call("look"), "Done."]
    play = stage(replies, tools=[make, post, look])
    play.drive()
    _, run = again(entries_of(play), [make, post, look])
    assert DID == ["x"]
    assert [message.text for message in run.state.messages if message.role == "tool"] == [
        "ok", "made x", "posted to a", "saw it",
    ]  # fmt: skip
    assert (run.state.answer, run.state.ended, drifts(run)) == ("Done.", k.RunEnded("done"), [])
    assert [item.status for item in run.state.plan] == ["done"]
    assert (run.state.model, run.state.usage) == ("record:aether:scripted", Usage(cost=0.0))


def test_what_was_refused_or_stopped_is_not_performed() -> None:
    """A no in the record stays a no, whoever is there now; a call that could not be read stays one."""

    @tool(risk="high", effect="namespace", where="loop")
    async def risky() -> str:
        """Do something risky."""
        DID.append("risky")
        return "did it"

    play = stage(
        [call("risky"), call("nonsense"), call("look", where=1), "ok"], tools=[risky, look], person=Script([NO])
    )
    play.drive()
    _, run = again(entries_of(play), [risky, look], Script([YES]))
    assert DID == []
    told = [message.text for message in run.state.messages if message.role == "tool"]
    assert told[0] == "error: denied by the user: not now\nSo it is recorded."
    assert told[1].startswith("error: error: There is no tool 'nonsense'.")
    assert told[2].startswith("error: look cannot be called like this.")


def test_the_usual_gates_are_asked_again() -> None:
    """An old yes does not count for code that is performed anew; a no now is a drift."""

    @tool(risk="medium", effect="namespace", where="loop")
    async def change() -> str:
        """Change something."""
        DID.append("change")
        return "changed"

    play = stage([call("change", id="c1"), "ok"], tools=[change], person=Script([YES]))
    play.drive()
    _, run = again(entries_of(play), [change], Script([YES]))
    assert (DID, drifts(run)) == (["change"], [])
    _, run = again(entries_of(play), [change], Script([NO]))
    assert DID == []
    assert drifts(run) == [k.ReplayDrifted("c1", "result", "changed", "denied by the user: not now")]


def test_an_edited_call_is_performed_as_it_was_edited() -> None:
    """What a person made of a call is what was done, and what is done again."""

    @tool(risk="medium", effect="namespace", where="loop")
    async def change(what: str) -> str:
        """Change something."""
        DID.append(what)
        return f"changed {what}"

    person = Script([replace(YES, arguments={"what": "b"})])
    play = stage([call("change", what="a"), "ok"], tools=[change], person=person)
    play.drive()
    again(entries_of(play), [change], Script([YES]))
    assert DID == ["b"]


def test_questions_of_calls_are_answered_from_the_record() -> None:
    """What a person said then is said again; a question that is new is asked."""
    play = stage([call("ask_user", question="Which?"), "ok"], person=Script([], ["red"]))
    play.drive()
    _, run = again(entries_of(play))
    assert run.state.messages[-2].text == "red"
    answered = [entry.event for entry in run.log.read("two") if isinstance(entry.event, k.QuestionAnswered)]
    assert [(event.answer, event.by) for event in answered] == [("red", "record:run1")]
    record = record_of(entries_of(play))
    asking = Recalled(Asking([Script([YES], ["new"])]), record)
    assert asyncio.run(asking.answer(k.QuestionAsked("q", "Limit?"))) == ("new", "panel")
    assert asyncio.run(asking.approve(next(iter(record.state.calls.values())))) == YES


def test_somebody_elses_code_is_performed_after_one_yes() -> None:
    """One question for the whole run; with a no, or nobody there, every result is the recorded one."""
    play = stage([call("make", what="x"), call("make", what="y"), "Done."], tools=[make])
    play.drive()
    for answers, did in (([k.CONSENT_YES], ["x", "y"]), (["only show it"], []), ([None], [])):
        person = Script([], list(answers))
        record, run = again(entries_of(play), [make], person, own=False)
        assert (len(person.asked), DID, run.state.answer) == (1, did, "Done.")
        assert [message.text for message in run.state.messages if message.role == "tool"] == ["made x", "made y"]
        assert drifts(run) == []
        two = list(run.log.read("two"))
        taken = record_again(two, lambda _: entries_of(play))
        assert taken is not None and (taken.performing, record.performing) == (bool(did), bool(did))
    asked = record_again(two[:4], lambda _: entries_of(play))
    assert asked is not None and not asked.performing
    assert record_again(entries_of(play), lambda _: []) is None


def test_a_record_in_which_nothing_was_made_asks_nobody() -> None:
    """Where no code is performed again there is nothing to ask, whoever recorded it."""
    play = stage([call("post", to="a"), "Done."], tools=[post])
    play.drive()
    person = Script()
    again(entries_of(play), [post], person, own=False)
    assert (person.asked, DID) == ([], [])


def test_a_tool_that_is_not_here_is_told_of() -> None:
    """What cannot be performed because its cell was not run keeps its recorded result."""
    play = stage([call("make", what="x"), "Done."], tools=[make])
    play.drive()
    record, run = again(entries_of(play))
    assert run.state.messages[-2].text == "made x"
    missing = record.tools({})["make"]
    assert (missing.where, missing.together, missing.reads, missing.care.timeout) == ("loop", False, False, None)
    assert missing.spec.name == "make" and missing.check({"a": 1}) == {"a": 1}
    known = record.tools({"make": make})["make"]
    assert (known.where, known.together, known.reads) == ("loop", True, False)


def test_a_record_that_ends_too_early_is_a_failure_of_its_model() -> None:
    """A run that went no further cannot be performed further; the model of the record says so."""
    play = stage([call("look"), "ok"], tools=[look])
    play.drive()
    entries = entries_of(play)[:7]
    _, run = again(entries, [look])
    assert run.state.ended is not None and run.state.ended.outcome == "failed"
    assert "has no reply for request 2" in run.state.ended.what
    record = record_of(entries)
    with pytest.raises(ModelError, match="has no reply"):
        asyncio.run(anext(record.model.stream(Request((*run.state.messages, Message.of("assistant", "x"))))))


def test_the_last_word_counts_when_somebody_said_more() -> None:
    """An answer after which the run was told something is not where its replay ends."""
    play = stage(["First."])
    play.drive()
    told = [
        *[entry.event for entry in entries_of(play)][:-1],
        k.SignalReceived("s", "tell", "me", text="more"),
        k.ModelAsked("m", 2),
        k.ModelAnswered("m", Message.of("assistant", "Second."), Usage(cost=0.0), "stop", 0.0),
        k.RunEnded("done"),
    ]
    _, run = again([k.Entry("run1", n, float(n), event) for n, event in enumerate(told, 1)])
    assert run.state.answer == "Second."


def test_a_replay_of_a_replay_names_the_first_record() -> None:
    """Who answered, and when, stays what it was, however often a record is performed again."""
    play = stage(["ok"])
    play.drive()
    _, run = again(entries_of(play))
    record = record_of(run.log.read("two"))
    (begun,) = opening(record, "c1", own=True)
    assert isinstance(begun, k.ReplayBegun)
    assert (begun.source, begun.model, begun.recorded) == ("two", "aether:scripted", entries_of(play)[0].time)
    assert record.model.name == "record:aether:scripted"


# ---- drift


def test_each_way_of_drifting_is_said() -> None:
    """Another text, other variables, other contents; a hash that is not comparable says nothing."""
    change = k.Change("x", "added", "int")
    kept, untold = k.Kept("x", "int", "sha256:1"), k.Kept("y", "int", "sample:1")
    outcomes = iter(
        [
            Result(
                (Text("line\nabc"),), (), (k.NamespaceChanged("c1", (change,)), k.NamespaceKept("c1", (kept, untold)))
            ),
            Result(
                (Text("line\nabd"),),
                (),
                (
                    k.NamespaceChanged("c1", (replace(change, type="float"),)),
                    k.NamespaceKept("c1", (replace(kept, hash="sha256:2"),)),
                ),
            ),
        ]
    )

    @tool(risk="low", effect="namespace", where="loop")
    async def vary() -> Result:
        """Come to something else each time."""
        return next(outcomes)

    play = stage([call("vary", id="c1"), "ok"], tools=[vary])
    play.drive()
    _, run = again(entries_of(play), [vary])
    assert drifts(run) == [
        k.ReplayDrifted("c1", "result", "abc", "abd"),
        k.ReplayDrifted("c1", "changes", "added x (int)", "added x (float)"),
        k.ReplayDrifted("c1", "content", "x sha256:1", "x sha256:2"),
    ]
    assert list(drifted(None, "c1", run.state, ())) == []


def test_what_became_of_each_call_is_read_off_the_record() -> None:
    """Finished, failed, stopped, in doubt, settled, denied; only what was done to its end is done again."""
    proposed = k.CallProposed(call("make", id="c1", what="x"), "h", "low", "namespace")
    opening = [k.RunStarted("q", "m"), k.ContextComposed(()), proposed]
    begun = k.CallBegun("c1", "h")
    for events, again_ in (
        ([begun, k.CallFinished("c1", (), 0.0)], True),
        ([begun, k.CallFailed("c1", "no")], True),
        ([begun, k.CallFailed("c1", "stopped", stopped=True)], False),
        ([begun, k.CallDoubtful("c1", "lost")], False),
        ([begun, k.CallDoubtful("c1", "lost"), k.CallSettled("c1", "ran", "me")], True),
        ([begun, k.CallDoubtful("c1", "lost"), k.CallSettled("c1", "skip", "me")], False),
        ([k.PlanMade(())], False),
    ):
        whole = [*opening, *events]
        _, _, calls = read([k.Entry("r", n, 1.0, event) for n, event in enumerate(whole, 1)])
        assert isinstance(calls["c1"], Was) and calls["c1"].again is again_


@pytest.mark.parametrize("proposed", [True, False])
def test_a_record_cannot_talk_its_way_around_the_question(proposed: bool) -> None:
    """Somebody else's record that calls its code harmless, or says nothing of a call, is asked about all the same."""
    play = stage([call("make", "c1", what="x"), "done"], tools=[make])
    play.drive()
    forged = []
    for entry in entries_of(play):
        event = entry.event
        if isinstance(event, k.CallProposed):
            event = replace(event, effect="pure")
        if proposed or not isinstance(event, k.CallProposed | k.CallBegun | k.CallFinished):
            forged.append(event)
    _, run = again([k.Entry("run1", n, float(n), event) for n, event in enumerate(forged, 1)], [make], own=False)
    assert run.state.answer == "done" and DID == []


def test_what_a_hosted_agent_did_is_performed_again_without_it() -> None:
    """What it said is in the record: its function and the models that it asked are not wanted for that."""

    async def agent(house: Any) -> str:
        await house.model("How?")
        return str(await house.call("make", what="it"))

    play = stage(["so"], tools=[make], agent=agent)
    play.drive()
    record, run = again(entries_of(play), [make])
    assert DID == ["made it"] or DID == ["it"]
    assert [reply.model for reply in record.replies] == ["agent:guest", "agent:guest"]
    assert run.state.answer == "made it"
