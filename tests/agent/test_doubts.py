"""Calls that fail, take too long, or end with their kernel: what is tried again, and what only a person may decide."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.errors import FatalToolError, OptionError, RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text
from aether_nb.tools.base import Care, Context, Result
from aether_nb.tools.function import declare
from harness.agent import Script, Stage, call, look, resumed, stage


class Died(BaseException):
    """The kernel ended here."""


def dying(effect: k.Effect, **more: Any) -> tuple[Any, list[str]]:
    """A tool that ends the kernel with its first call and works with the next one, and the keys it was called with."""
    keys: list[str] = []

    @tool(risk="low", effect=effect, where="loop", name="act", **more)
    async def act(context: Context) -> str:
        """Act."""
        keys.append(context.key)
        if len(keys) == 1:
            raise Died
        return "acted"

    return act, keys


def left(act: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A run whose kernel died in its only call: nothing was recorded after the call had begun."""
    play = stage([call("act")], tools=[act])
    monkeypatch.setattr(play.driver, "_end", lambda end: None)
    with pytest.raises(Died):
        play.drive()
    assert play.kinds[-1] == "call.begun"
    return play


@pytest.mark.parametrize("effect", ["pure", "idempotent", "namespace"])
def test_what_may_be_done_again_is_done_again(effect: k.Effect, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the death of its kernel such a call begins anew, with the same key, and nobody is asked."""
    act, keys = dying(effect)
    again = resumed(left(act, monkeypatch), ["done"], tools=[act])
    assert again.drive().answer == "done"
    assert len(keys) == 2 and keys[0] == keys[1]
    begun = [event.attempt for event in again.stored if isinstance(event, k.CallBegun)]
    retried = [event for event in again.stored if isinstance(event, k.CallRetried)]
    assert begun == [1, 2] and [event.lost for event in retried] == [True]


@pytest.mark.parametrize(
    ("said", "times", "status"), [("it ran", 1, "finished"), ("skip", 1, "skipped"), ("run it", 2, "finished")]
)
def test_an_external_call_in_doubt_is_decided_by_a_person(
    said: str, times: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never repeated by itself: it ran, it shall run, or it is left, and the model is told which."""
    act, keys = dying("external")
    person = Script(answers=[said])
    again = resumed(left(act, monkeypatch), ["done"], tools=[act], person=person)
    state = again.drive()
    assert (len(keys), state.calls["call_1"].status, state.answer) == (times, status, "done")
    question = person.asked[0]
    assert (question.options, question.doubt, question.call_id) == (("it ran", "run it", "skip"), True, "call_1")
    assert "call.doubtful" in again.kinds and "call.settled" in again.kinds


def test_nobody_there_means_that_it_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A doubt that nobody answers ends as skip, and the model knows that the call may have acted."""
    act, keys = dying("external")
    again = resumed(left(act, monkeypatch), ["done"], tools=[act])
    state = again.drive()
    assert (len(keys), state.calls["call_1"].status) == (1, "skipped")
    assert again.told(0).startswith("in doubt: it may have acted")


def test_in_the_same_kernel_a_change_of_variables_is_in_doubt_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how far it came: doing it again might do it twice."""
    act, keys = dying("namespace")
    again = resumed(left(act, monkeypatch), ["done"], tools=[act], fresh=False, person=Script(answers=["skip"]))
    again.drive()
    assert len(keys) == 1 and "call.doubtful" in again.kinds


@pytest.mark.parametrize(
    ("found", "times", "how"),
    [(True, 1, "ran"), (False, 2, "rerun"), (Result((Text("from the world"),)), 1, "ran")],
)
def test_a_verifier_asks_the_world(found: Any, times: int, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tool itself can tell is not asked of a person."""

    async def verify(arguments: Any, context: Context) -> Any:
        return found

    act, keys = dying("external", on_doubt="verify", verify=verify)
    again = resumed(left(act, monkeypatch), ["done"], tools=[act])
    again.drive()
    settled = [event for event in again.stored if isinstance(event, k.CallSettled)]
    assert (len(keys), [(event.how, event.by) for event in settled]) == (times, [(how, "tool:verify")])
    if isinstance(found, Result):
        assert again.told(0) == "from the world"


@pytest.mark.parametrize("broken", [False, True])
def test_a_verifier_that_cannot_tell_leaves_it_to_a_person(broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """None, or a failure of its own, is no answer."""

    def verify(arguments: Any, context: Context) -> None:
        if broken:
            raise OSError("no way to look")

    act, keys = dying("external", on_doubt="verify", verify=verify)
    again = resumed(left(act, monkeypatch), ["done"], tools=[act], person=Script(answers=["it ran"]))
    assert again.drive().answer == "done" and len(keys) == 1


@pytest.mark.parametrize(("rule", "times", "outcome"), [("rerun", 2, "done"), ("fail", 1, "failed")])
def test_a_tool_may_have_a_rule_of_its_own(
    rule: Any, times: int, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rerun does it again whatever happened; fail ends the run and says why."""
    act, keys = dying("external", on_doubt=rule)
    again = resumed(left(act, monkeypatch), ["done"], tools=[act])
    state = again.drive()
    assert state.ended is not None
    assert (len(keys), state.ended.outcome) == (times, outcome)
    if rule == "fail":
        assert state.ended.what == "act was interrupted, and nobody knows whether it acted."


def test_a_question_that_a_dead_call_had_asked_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call that asked is gone, so nobody is asked again for it; done again, it asks anew."""
    asked: list[str | None] = []

    @tool(risk="low", effect="pure", where="loop", name="act")
    async def act(context: Context) -> str:
        """Ask."""
        asked.append(await context.ask("Which?"))
        return str(asked[-1])

    class Dies(Script):
        async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
            raise Died

    play = stage([call("act")], tools=[act], person=Dies())
    monkeypatch.setattr(play.driver, "_end", lambda end: None)
    with pytest.raises(Died):
        play.drive()
    again = resumed(play, ["done"], tools=[act], person=Script(answers=["blue"]))
    assert (again.drive().answer, asked) == ("done", ["blue"])
    closed = [event for event in again.stored if isinstance(event, k.QuestionAnswered)]
    assert [(event.answer, event.by) for event in closed] == [(None, "policy:interrupted"), ("blue", "panel")]


def test_readers_beside_a_doubt_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of one reply keep their order: what came before the doubtful one has run, what comes after it has not."""
    act, _ = dying("external")
    play = stage([[call("look"), call("act"), call("look")]], tools=[act, look])
    monkeypatch.setattr(play.driver, "_end", lambda end: None)
    with pytest.raises(Died):
        play.drive()
    again = resumed(play, ["done"], tools=[act, look], person=Script(answers=["it ran"]))
    assert again.drive().answer == "done"
    assert again.kinds.index("call.settled") < len(again.kinds) - 1 - again.kinds[::-1].index("call.begun")


# ---- trying again


def failing(times: int, error: Exception, **more: Any) -> tuple[Any, list[float]]:
    """A tool that fails so often, and the times at which it was called."""
    calls: list[float] = []

    @declare(risk="low", effect="idempotent", where="loop", name="act", care=Care(**more))
    async def act() -> str:
        """Act."""
        calls.append(asyncio.get_running_loop().time())
        if len(calls) <= times:
            raise error
        return "acted"

    return act, calls


@pytest.mark.parametrize("error", [OSError("refused"), RepairableToolError("503", "try later")])
def test_a_call_that_fails_is_tried_again_with_growing_pauses(error: Exception) -> None:
    """Each attempt and its pause is recorded; the model hears of the last one only."""
    act, calls = failing(2, error, retries=2, backoff=0.02)
    play = stage([call("act"), "done"], tools=[act])
    assert play.drive().answer == "done" and len(calls) == 3
    retried = [(entry.event, entry.time) for entry in play.seen if isinstance(entry.event, k.CallRetried)]
    assert [(event.attempt, event.lost) for event, _ in retried] == [(1, False), (2, False)]
    assert [round(event.until - time, 2) for event, time in retried] == [0.02, 0.04]
    assert play.told() == "acted"


def test_after_the_last_attempt_the_model_is_told() -> None:
    """Retries are bounded; without any, the first failure is the last."""
    for retries in (0, 1):
        act, calls = failing(9, OSError("refused"), retries=retries, backoff=0.0)
        play = stage([call("act"), "done"], tools=[act])
        play.drive()
        assert (len(calls), play.told()) == (retries + 1, "error: OSError: refused\nthe tool act raised it")


def test_what_nothing_can_be_done_about_is_not_tried_again() -> None:
    """A fatal error ends the run at once."""
    act, calls = failing(9, FatalToolError("broken"), retries=3, backoff=0.0)
    state = stage([call("act")], tools=[act]).drive()
    assert state.ended is not None and (state.ended.outcome, len(calls)) == ("failed", 1)


@pytest.mark.parametrize(("effect", "kind"), [("pure", "call.failed"), ("external", "call.doubtful")])
def test_a_call_that_takes_longer_than_its_tool_allows_is_given_up(effect: k.Effect, kind: str) -> None:
    """Where it may have left a trace, it is in doubt."""

    @declare(risk="low", effect=effect, where="loop", care=Care(timeout=0.01))
    async def hang() -> str:
        """Never end."""
        await asyncio.sleep(60)
        return ""

    play = stage([call("hang"), "done"], tools=[hang], person=Script(answers=["skip"]))
    assert play.drive().answer == "done"
    found = next(event for event in play.stored if event.kind == kind)
    assert "0.01 s" in found.what  # type: ignore[attr-defined]


def test_a_slow_call_is_tried_again_when_its_tool_says_so() -> None:
    """A timeout is a failure like any other."""
    slow = [True]

    @declare(risk="low", effect="pure", where="loop", care=Care(timeout=0.05, retries=1, backoff=0.0))
    async def hang() -> str:
        """Hang once."""
        if slow.pop() if slow else False:
            await asyncio.sleep(60)
        return "quick"

    play = stage([call("hang"), "done"], tools=[hang])
    play.drive()
    retried = next(event for event in play.stored if isinstance(event, k.CallRetried))
    assert (retried.what, play.told()) == ("it took longer than 0.05 s", "quick")


def test_declarations_that_contradict_themselves_are_refused() -> None:
    """An external call is never repeated by itself, and a rule needs what it speaks of."""
    for wrong in ({"retries": 2}, {"on_doubt": "verify"}, {"verify": lambda *_: None}, {"on_doubt": "maybe"}):
        with pytest.raises(OptionError):
            tool(risk="low", effect="external", **wrong)  # type: ignore[call-overload]
