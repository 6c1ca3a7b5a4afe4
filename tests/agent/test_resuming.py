"""Taking up a run that was left: by which rules it goes, and that a fork goes its own way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from aether_nb import tool
from aether_nb.agent.profiles import Profile
from aether_nb.agent.resuming import advanced, check, versions
from aether_nb.agent.steps import Finish, next_step
from aether_nb.errors import ResumeRefused
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.events.state import RunState
from aether_nb.tools.base import Care
from aether_nb.tools.function import declare
from harness.agent import NO, Script, call, look, send, stage


def begun(names: dict[str, str]) -> RunState:
    """A run that was begun by these rules."""
    return fold([k.Entry("r1", 1, 1.0, k.RunStarted("q", "m", versions=names))])


def test_a_run_goes_on_by_the_rules_it_began_with() -> None:
    """The same tools and rules: fine, also with a tool more."""
    tools = {"look": look, "send": send}
    assert check(begun(versions({"look": look})), tools) is None


def test_a_tool_that_is_missing_or_changed_stops_the_resume() -> None:
    """The refusal names the tool, says why, and how to go on all the same."""
    state = begun(versions({"look": look, "send": send}))
    with pytest.raises(ResumeRefused) as caught:
        check(state, {"look": look})
    assert "send" in caught.value.what and caught.value.hint.endswith("%aether resume r1 --anyway")

    @tool(name="send", risk="low")
    def another(to: str) -> str:
        """Do something else."""
        return to

    with pytest.raises(ResumeRefused) as caught:
        check(state, {"look": look, "send": another})
    assert caught.value.what == "Run r1 was begun by other rules: send has changed since."


def test_a_hosted_agent_that_has_changed_stops_the_resume() -> None:
    """Its code is a rule of the run as that of a tool is."""
    was = Profile("guest", agent=lambda house: 1)
    now = Profile("guest", agent=lambda house: house.task)
    state = begun(versions({}, was))
    assert check(state, {}, agent=was) is None
    with pytest.raises(ResumeRefused) as caught:
        check(state, {}, agent=now)
    assert caught.value.what == "Run r1 was begun by other rules: agent guest has changed since."


def test_a_function_without_source_has_a_version_too() -> None:
    """Typed into a prompt or made by exec: its compiled code tells it apart."""
    made: dict[str, object] = {}
    exec('def one(n: int) -> int:\n    """Count."""\n    return n + 1', made)
    exec('def two(n: int) -> int:\n    """Count."""\n    return abs(n)', made)
    one, two = (tool(risk="low")(made[name]).care.version for name in ("one", "two"))  # type: ignore[arg-type]
    assert one and two and one != two


def test_a_fork_is_open_again_and_what_was_said_of_its_end_is_forgotten() -> None:
    """A copy that goes its own way has not ended, whatever its source did."""
    reply = k.ModelAnswered("m", Message("assistant", (Text("yes"),)), Usage(), "stop", 0.1)
    events = (
        k.RunStarted("q", "m"),
        reply,
        k.RunEnded("done"),
        k.RunForked("r0", 3),
        k.SignalReceived("s", "tell", "me", text="and now?"),
    )
    state = fold(k.Entry("r1", n, float(n), event) for n, event in enumerate(events, 1))
    assert (state.ended, state.answered, state.messages[-1].text) == (None, False, "(said while you work) and now?")


def test_what_a_restart_did_to_the_variables_is_told_to_the_model() -> None:
    """What is gone is gone from what the run has made, too."""
    changed = k.NamespaceChanged("c1", (k.Change("a", "added"), k.Change("b", "added")))
    restored = k.NamespaceRestored(("a",), (), (k.Gone("b", "it was a connection"),), (k.Gone("df", "other rows"),))
    state = fold(
        k.Entry("r1", n, float(n), event) for n, event in enumerate((k.RunStarted("q", "m"), changed, restored), 1)
    )
    assert state.made == ("a",)
    told = state.messages[-1].text
    assert all(word in told for word in ("a", "b", "it was a connection", "other rows"))


def test_a_run_that_had_answered_is_not_asked_again_after_a_restart() -> None:
    """The answer was paid for: all that is left to do is to end."""
    reply = k.ModelAnswered("m", Message("assistant", (Text("yes"),)), Usage(), "stop", 0.1)
    events = (k.RunStarted("q", "m"), reply, k.RunResumed("here", True), k.NamespaceRestored(("a",)))
    state = fold(k.Entry("r1", n, float(n), event) for n, event in enumerate(events, 1))
    assert next_step(state) == Finish() and state.answer == "yes"


def test_what_a_restart_did_waits_until_no_call_stands_between() -> None:
    """A model never reads it between its call and the result."""
    asked = k.ModelAnswered("m", Message("assistant", calls=(call("send", "c1", to="a"),)), Usage(), "tool_calls", 0.1)
    events = (k.RunStarted("q", "m"), asked, k.NamespaceRestored(), k.CallFailed("c1", "lost"))
    state = fold(k.Entry("r1", n, float(n), event) for n, event in enumerate(events, 1))
    assert [message.role for message in state.messages] == ["assistant", "tool", "user"] and state.told == ()


def test_a_tool_that_cannot_tell_whether_it_acted_leaves_it_to_a_person() -> None:
    """A rule without a verifier is no rule; a tool of anybody's may be made so."""

    @declare(risk="low", effect="external", where="loop", care=Care(timeout=0.01, on_doubt="verify"))
    async def hang() -> str:
        """Never end."""
        await asyncio.sleep(60)
        return ""

    play = stage([call("hang"), "done"], tools=[hang], person=Script(answers=["it ran"]))
    assert play.drive().answer == "done"


def test_a_run_that_is_stopped_twice_ends_once() -> None:
    """Whatever comes after its end adds nothing to its log."""
    play = stage(["done"])
    play.drive()
    head = play.run.state.head
    play.driver._end(k.RunEnded("cancelled"))
    assert play.run.state.head == head


def test_what_a_record_says_of_a_call_does_not_let_it_run() -> None:
    """It was judged elsewhere: before it begins it is judged here, and what could hurt is asked about."""
    play = stage(["ok"], tools=[send], person=Script([NO]))
    honest = play.driver.calls.judge(call("send", "c1", to="a"))
    play.driver.calls.judged.clear()
    reply = k.ModelAnswered("m", Message("assistant", calls=(call("send", "c1", to="a"),)), Usage(), "tool_calls", 0.1)
    play.run.append(k.ModelAsked("m", 1, play.run.state.sent))
    play.run.append(reply)
    play.run.append(replace(honest, risk="low", effect="pure", effect_text="only looks"))
    play.drive()
    assert "call.begun" not in play.kinds
    assert [event for event in play.stored if isinstance(event, k.CallProposed)][1] == honest


def test_a_run_that_somebody_else_has_written_is_looked_at_first() -> None:
    """It is refused with how to look at it and how to go on all the same, whatever its rules are."""
    with pytest.raises(ResumeRefused) as caught:
        check(begun({}), {}, "fork", own=False)
    assert caught.value.what == "The record of run r1 does not carry your seal."
    assert "%aether show r1" in caught.value.hint and caught.value.hint.endswith("%aether fork r1 --anyway")


def test_only_who_has_recorded_something_has_the_variables_of_a_run() -> None:
    """A lease that was taken and not written under, because the resume was refused or failed, tells of no kernel."""
    begun, taken = [k.RunStarted("q", "m")], [k.RunStarted("q", "m"), k.LeaseTaken(4, "me")]

    def record(events: list[k.Event]) -> list[k.Entry]:
        return [k.Entry("r", n, 1.0, event) for n, event in enumerate(events, 1)]

    assert advanced(record(begun), 1) and not advanced(record(begun), 2)
    assert advanced(record(taken), 4) and not advanced(record(taken), 5)
    assert advanced(record([*taken, k.RunForked("s", 2)]), 1)
