"""Taking up a run that was left: by which rules it goes, and that a fork goes its own way."""

from __future__ import annotations

import asyncio

import pytest

from aether_nb import tool
from aether_nb.agent.resuming import check, versions
from aether_nb.agent.steps import Finish, next_step
from aether_nb.errors import ResumeRefused
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.events.state import RunState
from aether_nb.tools.base import Care
from aether_nb.tools.function import declare
from harness.agent import Script, call, look, send, stage


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
