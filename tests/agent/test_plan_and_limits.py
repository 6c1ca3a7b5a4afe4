"""Plans, modes and limits: what ticks, what is refused, and where a run pauses and asks."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb import RepairableToolError, tool
from aether_nb.events import kinds as k
from aether_nb.events.messages import Usage
from aether_nb.models.scripted import Say
from harness.agent import YES, Script, call, look, send, stage


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
        (k.Limits(steps=1), "This run has used its limit of 1 step. Go on for another 1 step?"),
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
        "cancelled", "The run was ended at its limit of 1 step.", hint="Ask again, or raise it: AETHER_MAX_STEPS."
    )


def test_time_at_a_gate_does_not_count() -> None:
    """Seconds spent waiting for a person are not the run's."""
    play = stage([call("send", to="a"), "ok"], tools=[send], limits=k.Limits(seconds=60))

    class Slow(Script):
        async def approve(self, call: Any) -> Any:
            play.clock.now += 3600
            return YES

    play.driver.waiting.asking.people = [Slow()]
    state = play.drive()
    assert state.ended == k.RunEnded("done") and state.seconds < 1
