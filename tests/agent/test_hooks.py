"""Hooks of calls: what they may alter, refuse and fail at, and that none of it goes round a gate or is asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aether_nb import plugins, registry, tool
from aether_nb.agent.asking import Answer
from aether_nb.agent.egress import Egress, Rules
from aether_nb.agent.hook_answers import TIMES
from aether_nb.agent.hooking import Hooking
from aether_nb.agent.hooks import Hook, hook, registered
from aether_nb.agent.run import Run
from aether_nb.errors import OptionError, RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Image, Text
from aether_nb.events.ruling import Policy, parsed
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Result
from harness.agent import NO, YES, Script, Stage, call, look, resumed, send, stage


def hooked(play: Stage, *hooks: Hook, rules: Rules | None = None) -> Stage:
    """The same run with these hooks."""
    play.driver.calls.hooks = Hooking([replace(one, name=one.name or "h") for one in hooks], play.run, rules or Rules())
    return play


def says(event: str, answer: Any, **more: Any) -> Hook:
    """A hook that always answers this."""
    return Hook(event, lambda told: answer, **more)


def took(play: Stage) -> list[tuple[str, str, str, str]]:
    """What hooks did, as it is recorded."""
    events = [event for event in play.stored if isinstance(event, k.HookTook)]
    return [(event.hook, event.did, event.what, event.reason) for event in events]


def test_a_veto_is_told_to_the_model_and_nothing_runs() -> None:
    """A refused call is refused as by a rule, whatever the mode and whatever was allowed; the record says by whom."""
    told: list[Any] = []

    def guard(about: Mapping[str, Any]) -> dict[str, str] | None:
        told.append(dict(about))
        return {"veto": "not today"} if about["tool"] == "look" else None

    play = stage([call("look"), call("send", to="x"), "ok"], tools=[look, send], mode="auto")
    play.driver.calls.host = replace(play.driver.calls.host, policy=Policy(allow=parsed(["look"])))
    hooked(play, Hook("before_tool", guard, name="guard", source="here"), says("before_tool", None, match="other"))
    play.drive()
    assert took(play) == [("guard", "vetoed", "refused the call of look", "not today")]
    assert play.told(1) == "denied by the hook guard: not today"
    assert play.told() == "sent to x"
    assert told[0] == {
        "event": "before_tool", "hook": "guard", "run": "run1", "parent": "", "workspace": "",
        "tool": "look", "arguments": {"what": "it"}, "call": "call_1", "risk": "low", "effect": "pure",
        "purpose": "Look at something", "path": "",
    }  # fmt: skip


def test_changed_arguments_are_what_is_asked_about_and_what_runs() -> None:
    """A person approves the arguments as hooks have left them, and exactly them; the model is told of the change."""
    person = Script([YES])
    play = hooked(
        stage([call("send", to="everybody"), "ok"], tools=[send], person=person),
        says("before_tool", {"arguments": {"to": "one"}}, name="less"),
        says("before_tool", {"arguments": {"to": "none"}}, name="still", order=1),
        says("before_tool", {"arguments": {"to": "none"}}, name="same", order=2),
    )
    play.drive()
    (asked,) = person.asked
    assert (asked.proposed.call.arguments, asked.proposed.altered) == ({"to": "none"}, "less, still")
    assert asked.proposed.reasons[-1] == "the hook less, still changed its arguments"
    assert play.told() == "(the hook less, still changed the arguments of this call)\nsent to none"
    assert [row[:3] for row in took(play)] == [
        ("less", "altered", "changed the arguments of send"),
        ("still", "altered", "changed the arguments of send"),
    ]


@pytest.mark.parametrize(("risk", "asked"), [("high", 1), ("medium", 1), ("low", 0)])
def test_a_risk_is_raised_and_never_lowered(risk: str, asked: int) -> None:
    """What only reads is asked about when a hook says so; what is risky stays so. It holds when it is judged again."""
    person = Script([YES])
    hooked(stage([call("look"), "ok"], tools=[look], person=person), says("before_tool", {"risk": risk})).drive()
    assert len(person.asked) == asked
    lowered = Script([NO])
    hooked(
        stage([call("send", to="x"), "ok"], tools=[send], person=lowered), says("before_tool", {"risk": risk})
    ).drive()
    assert [one.proposed.risk for one in lowered.asked] == ["high" if risk == "high" else "medium"]


def died_after(left: Stage, kind: str) -> Stage:
    """The run as it is in the record of a process that died just after its first event of this kind."""
    log = MemoryLog()
    for entry in left.run.log.read("run1"):
        log.append("run1", entry.seq - 1, (entry.event,), entry.time)
        if entry.event.kind == kind:
            break
    return replace(left, run=Run(log, "run1"))


def test_a_raised_risk_outlives_the_process() -> None:
    """Whoever goes on with the run asks about what a hook has raised, though the hook is there no more."""
    left = stage([call("look"), "ok"], tools=[look], person=Script([YES]))
    hooked(left, says("before_tool", {"risk": "high"})).drive()
    person = Script([NO])
    again = resumed(died_after(left, "call.proposed"), ["ok"], tools=[look], person=person)
    again.drive()
    assert [one.proposed.risk for one in person.asked] == ["high"]
    assert again.told() == "denied by the user: not now"
    approved = Script([YES])
    again = resumed(died_after(left, "gate.answered"), ["ok"], tools=[look], person=approved)
    again.drive()
    assert (approved.asked, again.told()) == ([], "saw it"), "judged again, it is still what was approved"


def test_what_a_person_edits_is_shown_to_the_hooks_as_well() -> None:
    """An edit is no way round a hook: it may refuse it, or change it, and then is asked about again."""

    def guard(about: Mapping[str, Any]) -> dict[str, Any] | None:
        to = about["arguments"]["to"]
        return {"veto": "never prod"} if to == "prod" else {"arguments": {"to": "test"}} if to == "stage" else None

    edits = [Answer("approve", "panel", arguments={"to": "stage"}), YES]
    person = Script(edits)
    play = hooked(stage([call("send", to="x"), "ok"], tools=[send], person=person), Hook("before_tool", guard))
    play.drive()
    assert [one.proposed.call.arguments["to"] for one in person.asked] == ["x", "test"]
    assert play.told().endswith("sent to test")
    person = Script([Answer("approve", "panel", arguments={"to": "prod"})])
    play = hooked(stage([call("send", to="x"), "ok"], tools=[send], person=person), Hook("before_tool", guard))
    play.drive()
    assert play.told().endswith("denied by the hook h: never prod")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"approve": True}, "it answered 'approve': before_tool may answer veto, arguments, risk; nothing that"),
        (False, "it answered bool, which is neither nothing nor an object"),
        ({"risk": "none"}, "its risk cannot be 'none'"),
        ({"arguments": {"nonsense": 1}}, "its arguments cannot be used: send cannot be called like this."),
        ({"arguments": {1: 1}}, "its arguments cannot be"),
    ],
)
@pytest.mark.parametrize("required", [False, True])
def test_an_answer_that_is_none_is_a_failure_which_closes_only_what_is_required(
    answer: Any, reason: str, required: bool
) -> None:
    """It is said and the run goes on; a required hook that fails is a veto. No answer approves anything."""
    person = Script([] if required else [YES])
    play = stage([call("send", to="x"), "ok"], tools=[send], person=person)
    hooked(play, says("before_tool", answer, required=required)).drive()
    ((_, did, what, said),) = took(play)
    assert reason in said
    assert (did, what) == (("vetoed", "refused the call of send") if required else ("failed", ""))
    assert len(person.asked) == (not required)
    assert play.told().startswith("denied by the hook h: it failed, and it is required" if required else "sent to x")


def test_what_a_hook_raises_and_how_long_it_takes_breaks_nothing() -> None:
    """An exception, an exit and a timeout are failures of the hook, plain or async; calls are counted and timed."""

    def broken(_: Any) -> None:
        raise SystemExit(3)

    async def slow(_: Any) -> None:
        await asyncio.sleep(60)

    async def fine(_: Any) -> None:
        return None

    TIMES.clear()
    play = hooked(
        stage([call("look"), "ok"], tools=[look]),
        Hook("before_tool", broken, name="a"),
        Hook("before_tool", slow, name="b", timeout=0.01),
        Hook("before_tool", fine, name="c"),
        Hook("before_tool", lambda _: fine(_), name="d"),
    )
    play.drive()
    assert [row[3] for row in took(play)] == ["SystemExit: 3", "it took longer than 0.01 s"]
    assert play.told() == "saw it"
    assert {name: times.calls for name, times in TIMES.items()} == {"a": 1, "b": 1, "c": 1, "d": 1}


def test_hooks_are_called_in_their_order_and_the_first_veto_is_the_last_word() -> None:
    """Small numbers first, of equal ones that which was there before; after a veto, and where a rule denies, nobody."""
    heard: list[str] = []

    def one(name: str, order: int, answer: Any = None) -> Hook:
        return Hook("before_tool", lambda _: (heard.append(name), answer)[1], name=name, order=order)

    hooks = (one("c", 5), one("a", -1), one("b", 5, {"veto": ""}), one("d", 6))
    play = hooked(stage([call("look"), "ok"], tools=[look]), *hooks)
    play.drive()
    assert heard == ["a", "c", "b"]
    assert took(play) == [("b", "vetoed", "refused the call of look", "it gave no reason")]
    denied = stage([call("look"), "ok"], tools=[look], policy=Policy(deny=parsed(["look(what=it)"])))
    hooked(denied, *hooks).drive()
    assert heard == ["a", "c", "b"]


def test_a_call_that_cannot_be_read_is_no_business_of_hooks() -> None:
    """The model mends it; hooks see what could run."""
    play = hooked(stage([call("nothing"), "ok"]), says("before_tool", {"veto": "no"}))
    play.drive()
    assert took(play) == []


@tool(risk="low", effect="pure", where="loop")
async def picture() -> Result:
    """Draw something."""
    return Result((Text("key 123 and "), Image("image/png", "aGk="), Text("12")), ({"text/plain": "key 123"},))


def test_a_result_is_covered_or_replaced_before_the_model_sees_it() -> None:
    """What is covered is covered for people too, longest first; a replacement counts as free output; pictures stay."""
    play = hooked(
        stage([call("picture"), "ok"], tools=[picture]),
        says("after_tool", {"mask": ["12", "123"]}, name="cover"),
        says("after_tool", {"mask": ["gone"]}, name="nothing", order=1),
    )
    play.drive()
    (finished,) = [event for event in play.stored if isinstance(event, k.CallFinished)]
    assert [part.text for part in finished.parts if isinstance(part, Text)] == ["key *** and ", "***"]
    assert finished.outputs == ({"text/plain": "key ***"},)
    assert took(play) == [("cover", "altered", "covered parts of the result of picture", "")]
    play = hooked(
        stage([call("picture"), "ok"], tools=[picture]),
        says("after_tool", {"result": "short"}),
        says("after_tool", {"result": "short"}, order=1),
    )
    play.drive()
    (finished,) = [event for event in play.stored if isinstance(event, k.CallFinished)]
    assert finished.parts == (Text("short", "output"), Image("image/png", "aGk="))
    assert [row[2] for row in took(play)] == ["changed the result of picture"]


def test_a_withheld_result_and_a_failing_hook_are_said() -> None:
    """A veto leaves the reason in the result's place, and asks nobody after it; a failure changes nothing."""
    play = hooked(
        stage([call("look"), "ok"], tools=[look]),
        says("after_tool", {"add": "x"}, name="odd"),
        says("after_tool", {"veto": "secret"}, name="guard"),
        says("after_tool", {"result": "later"}, order=1),
    )
    play.drive()
    assert play.told() == "(withheld by the hook guard: secret)"
    assert [row[:2] for row in took(play)] == [("odd", "failed"), ("guard", "vetoed")]


@tool(risk="low", effect="pure", where="loop", retries=1, backoff=0.0)
async def breaks() -> str:
    """Break."""
    raise RepairableToolError("no key 123", "it is 123", "try 4")


def test_the_words_of_a_failure_are_covered_too() -> None:
    """An error may quote a secret; of an attempt that is tried again the model hears nothing, nor do hooks."""
    play = hooked(stage([call("breaks"), "ok"], tools=[breaks]), says("after_tool", {"mask": ["123"]}))
    play.drive()
    assert play.told() == "error: no key ***\nit is ***\ntry 4"
    play = hooked(stage([call("breaks"), "ok"], tools=[breaks]), says("after_tool", None))
    play.drive()
    (failed,) = [event for event in play.stored if isinstance(event, k.CallFailed)]
    assert (failed.what, failed.why, failed.hint) == ("no key 123", "it is 123", "try 4")


def test_a_finished_call_is_shown_to_no_hook_again() -> None:
    """A run that goes on uses what is recorded: the hook was asked once, before its kernel died."""
    heard: list[str] = []
    count = Hook("after_tool", lambda told: (heard.append(told["result"]), {"result": "kept"})[1])
    left = hooked(stage([call("look"), "ok"], tools=[look]), count)
    left.drive()
    again = hooked(resumed(died_after(left, "call.finished"), ["ok"], tools=[look]), count)
    again.drive()
    assert heard == ["saw it"]
    assert again.told() == "kept"


def test_limits_on_data_hold_after_hooks() -> None:
    """Where data is limited a hook's text is free output, its reasons are for people, and hidden columns silence it."""
    rules = Rules("schema")
    play = stage([call("look"), call("look", what="b"), "ok"], tools=[look])
    play.driver.egress = play.driver.calls.egress = Egress(rules)
    play.model.local = False  # type: ignore[attr-defined]  # it is elsewhere, and so nothing free may reach it
    hooked(
        play,
        Hook(
            "before_tool", lambda told: {"veto": "jane@x.org"} if told["arguments"]["what"] == "b" else None, name="v"
        ),
        says("after_tool", {"result": "jane@x.org"}),
        says("before_model", {"add": "jane@x.org"}),
        rules=rules,
    )
    play.drive()
    assert all("jane" not in message.text for request in play.model.requests for message in request.messages)
    assert ("v", "vetoed", "refused the call of look", "jane@x.org") in took(play)
    play = stage([call("look"), "ok"], tools=[look])
    hidden = Rules(hide=("email",))
    hooked(play, says("before_model", {"add": "x"}), says("before_tool", {"veto": "jane"}), rules=hidden).drive()
    assert [row[1:] for row in took(play)] == [
        ("failed", "", ""),
        ("vetoed", "refused the call of look", ""),
        ("failed", "", ""),
    ]


def test_where_columns_are_hidden_the_record_holds_no_words_of_a_hook() -> None:
    """A record may be given away: what a hook made of a result is output as any other, and stays here."""
    rules = Rules(hide=("email",))
    play = stage([call("look"), "ok"], tools=[look])
    play.driver.egress = play.driver.calls.egress = Egress(rules)
    play.model.local = False  # type: ignore[attr-defined]
    hooked(play, says("after_tool", {"result": "jane@x.org"}), says("after_tool", {"result": 3}), rules=rules).drive()
    assert "jane" not in repr(play.stored)
    assert [row[:2] for row in took(play)] == [("h", "altered"), ("h", "failed")]


# ---- how they are registered


@pytest.fixture
def _nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_things", {})


@pytest.mark.usefixtures("_nothing_registered")
def test_a_decorated_function_is_registered_and_the_same_name_replaces_it() -> None:
    """The function stays what it was; what is registered otherwise is refused."""

    @hook("before_tool", match="shell | write_*", order=2, timeout=5, required=True)
    def guard(_: Any) -> None:
        return None

    hook("session_end", name="guard2")(guard)
    hook("after_model", name="guard2")(guard)
    with pytest.raises(OptionError, match="It needs to know its event"):
        plugins.register("hook", "odd", guard)
    first, second = registered()
    assert (first.name, first.event, first.order, first.timeout, first.required) == ("guard", "before_tool", 2, 5, True)
    assert first.source == __name__
    assert [first.wants("before_tool", name) for name in ("shell", "write_file", "look")] == [True, True, False]
    assert (second.name, second.event) == ("guard2", "after_model")
    assert guard(None) is None


@pytest.mark.parametrize(
    ("event", "more", "what"),
    [
        ("before_lunch", {}, "There is no hook 'before_lunch'."),
        ("before_tool", {"match": " "}, "match= cannot be ' '."),
        ("before_tool", {"match": 3}, "match= cannot be 3."),
        ("before_model", {"match": "shell"}, "A hook before_model is of no tool."),
        ("before_tool", {"order": True}, "order= cannot be True."),
        ("before_tool", {"order": "1"}, "order= cannot be '1'."),
        ("before_tool", {"timeout": 0}, "timeout= cannot be 0."),
        ("before_tool", {"timeout": True}, "timeout= cannot be True."),
        ("session_end", {"required": True}, "A hook session_end cannot be required."),
        ("before_tool", {"required": "yes"}, "A hook before_tool cannot be required."),
        ("before_tool", {"call": 3}, "A hook is a function."),
    ],
)
def test_what_makes_no_sense_is_said_at_once(event: str, more: dict[str, Any], what: str) -> None:
    """In the cell in which it was typed, not in the next run."""
    with pytest.raises(OptionError, match="^" + what.replace(".", r"\.")):
        Hook(event, **({"call": print} | more))
