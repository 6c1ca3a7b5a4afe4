"""Hooks of requests, replies and conversations: what is added, covered and refused, recorded once and replayed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from aether_nb.agent import hooking
from aether_nb.agent.covering import cover_values
from aether_nb.agent.hook_answers import left
from aether_nb.agent.hooking import Hooking
from aether_nb.agent.hooks import Hook
from aether_nb.events import kinds as k
from aether_nb.events.hooks import covered
from aether_nb.events.messages import Image, Message, Origin, Text, Usage
from aether_nb.models.scripted import Say
from harness.agent import Stage, call, look, resumed, stage


def hooked(play: Stage, *hooks: Hook) -> Stage:
    """The same run with these hooks."""
    play.driver.calls.hooks = Hooking(hooks, play.run)
    return play


def says(event: str, answer: Any, **more: Any) -> Hook:
    """A hook that always answers this."""
    return Hook(event, lambda told: answer, name="h", **more)


def took(play: Stage) -> list[tuple[str, str]]:
    """What hooks did, as it is recorded."""
    return [(event.did, event.what) for event in play.stored if isinstance(event, k.HookTook)]


def asked(play: Stage, n: int) -> list[str]:
    """The texts of the n-th request."""
    return [message.text for message in play.model.requests[n].messages]


def test_what_a_hook_adds_is_said_once_in_a_run() -> None:
    """It stands in the conversation from there on, however often it is asked; one that fails is said each time."""
    added = says("before_model", {"add": " Use euros. "})
    play = hooked(stage([call("look"), "ok"], tools=[look]), added, says("before_model", {"add": "\n"}))
    play.drive()
    assert asked(play, 0) == ["rules", "the question", "(added by the hook h) Use euros."]
    assert asked(play, 1) == [*asked(play, 0), "", "saw it"]
    assert took(play) == [("altered", "added words")]
    broken = hooked(stage([call("look"), "ok"], tools=[look]), says("before_model", 3))
    broken.drive()
    assert took(broken) == [("failed", ""), ("failed", "")]


def test_what_a_hook_covers_is_covered_in_every_later_request_also_in_calls() -> None:
    """The conversation itself is another one from there on, so a run that goes on needs no hook for it."""
    told: list[Any] = []

    def cover(about: Mapping[str, Any]) -> dict[str, Any]:
        told.append(about["messages"])
        return {"mask": ["question", "secret"]}

    left_open = hooked(stage([call("look", what="secret"), "ok"], tools=[look]), Hook("before_model", cover, name="h"))
    left_open.drive()
    assert asked(left_open, 0) == ["rules", "the ***"]
    assert asked(left_open, 1) == ["rules", "the ***", "", "saw ***"]
    assert left_open.model.requests[1].messages[2].calls[0].arguments == {"what": "***"}
    assert took(left_open) == [("altered", "covered parts of 1 messages"), ("altered", "covered parts of 2 messages")]
    assert told[1][2:] == [
        {"role": "assistant", "text": "", "calls": [{"tool": "look", "arguments": {"what": "secret"}}]},
        {"role": "tool", "text": "saw secret", "call": "call_1"},
    ]


def test_a_long_conversation_is_not_gone_through_for_what_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message is looked at once for all requests, and only those are covered in which something stands."""
    counts = dict.fromkeys(("coverable", "cover"), 0)

    def counted(name: str, done: Any, *given: Any) -> Any:
        counts[name] += 1
        return done(*given)

    for name in counts:
        monkeypatch.setattr(hooking, name, partial(counted, name, getattr(hooking, name)))
    calls = [call("look", what=f"secret {n}") for n in range(20)]
    play = hooked(stage([*calls, "ok"], tools=[look]), says("before_model", {"mask": ["secret 7", "nowhere"]}))
    messages = play.drive().messages
    assert counts == {"cover": 2, "coverable": len(messages) - 1 + 2}  # the answer is not, both that changed are again
    assert took(play) == [("altered", "covered parts of 2 messages")]


def test_what_a_hook_makes_of_what_it_is_told_is_its_own() -> None:
    """Who is asked next is told of the messages as they are."""
    told: list[list[dict[str, Any]]] = []

    def careless(about: Mapping[str, Any]) -> None:
        told.append([dict(message) for message in about["messages"]])
        for message in about["messages"]:
            message.clear()

    play = hooked(stage([call("look", what="x"), "ok"], tools=[look]), Hook("before_model", careless, name="h"))
    play.drive()
    assert told[1][:2] == told[0] == [{"role": "system", "text": "rules"}, {"role": "user", "text": "the question"}]


def test_values_that_are_no_texts_stay_as_they_are() -> None:
    """Numbers, lists and objects in arguments and outputs are gone through, and only texts change."""
    assert cover_values({"a": [1, "xb", None], "b": ("b",)}, ["b"]) == {"a": [1, "x***", None], "b": ("***",)}


def test_a_covered_message_loses_what_its_provider_wanted_back() -> None:
    """It may hold the text as well; pictures stay; a place that is not there, in a record of anybody's, is none."""
    before = Message(
        "assistant", (Text("a b"), Image("image/png", "aGk=")), thinking="b", origin=Origin("p", {"raw": "b"})
    )
    play = hooked(stage(["ok"]), says("before_model", {"mask": ["b"]}))
    play.run.append(k.ContextComposed((before,)))
    play.drive()
    (after,) = play.model.requests[0].messages
    assert after == Message("assistant", (Text("a ***"), Image("image/png", "aGk=")), thinking="***")
    odd = k.HookTook("h", "", "before_model", "altered", messages=(k.Covered(7, before), k.Covered(0, before)))
    assert covered([after], odd) == [before]


def test_a_request_that_is_refused_ends_the_run_and_sends_nothing() -> None:
    """The model is not asked; the run says who refused and why, and is gone on with when it is resumed."""
    play = hooked(stage(["ok"]), says("before_model", {"veto": "not at night"}), says("before_model", {"add": "x"}))
    state = play.drive()
    assert state.ended is not None
    assert (state.ended.what, state.ended.why) == ("The hook h refused the request to the model.", "not at night")
    assert play.model.requests == []
    assert took(play) == [("vetoed", "refused the request")]


def test_a_required_hook_that_fails_closes_the_way_to_the_model() -> None:
    """Nobody there means no."""
    state = hooked(stage(["ok"]), says("before_model", [], required=True)).drive()
    assert state.ended is not None
    assert state.ended.why.startswith("it failed, and it is required: it answered list")


def test_a_reply_is_covered_and_its_calls_stay_what_they_are() -> None:
    """What is recorded, and sent later, is covered; what a call was to do is not changed by that."""
    told: list[Any] = []
    hooks = (
        Hook("after_model", lambda about: (told.append(dict(about)), {"mask": ["secret"]})[1], name="h"),
        says("after_model", {"mask": ["gone"]}),
        says("after_model", "nonsense"),
    )
    play = hooked(stage([call("look", what="secret"), "a secret"], tools=[look]), *hooks)
    state = play.drive()
    assert state.answer == "a ***"
    assert "saw secret" in asked(play, 1)
    assert took(play) == [("failed", ""), ("altered", "covered parts of the reply"), ("failed", "")]
    assert told[0]["calls"] == [{"tool": "look", "arguments": {"what": "secret"}}]
    assert (told[1]["text"], told[1]["finish"]) == ("a secret", "stop")


def test_a_refused_reply_is_paid_and_not_kept() -> None:
    """Its words stand nowhere, its tokens do; resumed, the run asks again."""
    hooks = (says("after_model", None), says("after_model", {"veto": "rude"}))
    play = hooked(stage([Say("something rude", usage=Usage(3, 4))]), *hooks)
    state = play.drive()
    assert state.ended is not None
    assert (state.ended.outcome, state.ended.why) == ("failed", "rude")
    assert state.usage.tokens == 7
    assert "something rude" not in repr(play.stored)
    assert play.kinds[-4:] == ["hook.took", "model.answered", "model.failed", "run.ended"]


def test_what_was_added_before_a_death_is_not_added_again() -> None:
    """A process that dies between the hook and the request leaves words in the record; they are said once."""
    added = says("before_model", {"add": "Use euros."})
    first = hooked(stage([call("look")], tools=[look]), added)
    asyncio.run(first.driver.drive())
    texts = [message.text for message in first.run.state.messages]
    again = resumed(first, [])
    assert asyncio.run(_all(Hooking([added], again.run))) == []
    assert texts.count("(added by the hook h) Use euros.") == 1


async def _all(hooks: Hooking) -> list[Any]:
    return [event async for event in hooks.before_model()]


@pytest.mark.parametrize(
    ("answer", "kinds", "outcome"),
    [
        ({"add": "Hello."}, ["hook.took"], "done"),
        ({"veto": "closed"}, ["hook.took", "run.ended"], "failed"),
        (None, [], "done"),
    ],
)
def test_a_conversation_begins_with_its_hooks(answer: Any, kinds: list[str], outcome: str) -> None:
    """They are told what is asked; they may add to it, or refuse: then nobody is asked. A replay asks none of them."""
    told: list[Any] = []
    play = stage(["ok"])
    hooks = Hooking([Hook("session_start", lambda about: (told.append(about), answer)[1], name="h")], play.run)

    async def opened() -> None:
        async for said in hooks.opened():
            play.run.append(*said) if isinstance(said, tuple) else play.run.append(said)

    asyncio.run(opened())
    assert play.kinds[2:] == kinds
    state = play.drive()
    assert state.ended is not None
    assert state.ended.outcome == outcome
    assert len(play.model.requests) == (outcome == "done")
    assert told[0]["prompt"] == "the question"


def test_the_end_is_told_in_order_and_a_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What a hook of the end answers or raises changes nothing any more."""
    heard: list[str] = []

    def broken(_: Any) -> None:
        heard.append("broken")
        raise RuntimeError("no")

    def fine(told: Any) -> None:
        heard.append(f"{told['hook']} {told['runs']}")

    hooks = [
        Hook("session_end", fine, order=2, name="fine"),
        Hook("session_end", broken, name="b"),
        says("after_tool", {}),
    ]
    with caplog.at_level(logging.WARNING):
        asyncio.run(left(hooks, {"runs": 3}))
    assert heard == ["broken", "fine 3"]
    assert "the hook b failed: RuntimeError: no" in caplog.text


def test_hooks_hold_for_what_a_hosted_agent_asks_a_model() -> None:
    """They are told its own words, and add to, cover or refuse that request alone; the conversation stays as it is."""

    async def agent(house: Any) -> str:
        first = await house.model(["The key is geheim.", "What is it?"])
        return f"{first.text}, {(await house.model(['And now?'])).text}"

    added, covers = says("before_model", {"add": "Use euros."}), says("before_model", {"mask": ["geheim"]})
    covered_reply = says("after_model", {"mask": ["42"]})
    play = hooked(stage(["42", "43"], agent=agent), added, covers, covered_reply)
    state = play.drive()
    assert asked(play, 0) == ["The key is ***.", "What is it?", "(added by the hook h) Use euros."]
    assert asked(play, 1) == ["And now?", "(added by the hook h) Use euros."]
    assert [message.text for message in state.messages] == ["rules", "the question", state.answer]
    assert "42" not in state.answer
    refused = hooked(stage(["42"], agent=agent), says("before_model", {"veto": "no"}))
    ended = refused.drive().ended
    assert ended is not None
    assert "refused the request to the model" in ended.what
    assert refused.model.requests == []


def test_what_a_hook_adds_to_a_conversation_a_hosted_agent_finds_in_its_opening() -> None:
    """Also when it is run again, and whatever was said to the run since."""
    openings: list[list[str]] = []

    async def agent(house: Any) -> str:
        openings.append([message.text for message in house.opening])
        return str(await house.call("look"))

    play = stage([], tools=[look], agent=agent)
    play.run.append(k.HookTook("h", "cell", "session_start", "altered", "added words", told=(Text("Use euros."),)))
    play.run.append(k.RunResumed("test", True), k.NamespaceRestored((), (), (k.Gone("a", "it is gone"),)))
    assert play.drive().answer == "saw it"
    assert openings == [["rules", "the question", "Use euros."]]
