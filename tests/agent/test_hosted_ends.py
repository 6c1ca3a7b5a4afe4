"""How a hosted agent's run ends before its time, or waits: Stop, limits, gates, words from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import pytest

from aether_nb.agent.hosted_driver import Hosted
from aether_nb.agent.mail import heard
from aether_nb.events import kinds as k
from aether_nb.store.signals import Signal
from harness.agent import YES, Script, resumed
from harness.hosted import TOOLS, Absent, asks_and_looks, stopped, works


@pytest.mark.parametrize("plainly", [True, False])
def test_stop_ends_the_run_and_the_function(plainly: bool) -> None:
    """Its thread, or its task, gets no answer any more and ends; a function that catches errors does not catch that."""
    ends: list[str] = []

    async def agent(house: Any) -> None:
        try:
            await house.call("send", to="ann")
        finally:
            with suppress(asyncio.CancelledError):
                await house.call("look")
                ends.append("more")
            ends.append("over")

    def beside(house: Any) -> None:
        try:
            house.call("send", to="ann")
        except Exception:  # noqa: BLE001  # what it must not be
            ends.append("an error")
        finally:
            ends.append("over")

    play = works(beside if plainly else agent, person=Absent())

    async def work() -> None:
        await stopped(play, "gate.opened")
        for _ in range(100):
            if ends:
                return
            await asyncio.sleep(0.01)

    asyncio.run(work())
    assert ends == ["over"]
    assert play.run.state.ended == k.RunEnded("cancelled", "Stopped by the user.")


def test_a_thread_that_cannot_be_stopped_can_do_nothing_more() -> None:
    """A plain function that computes goes on by itself; whatever it wants then is refused."""
    import threading

    go, ends = threading.Event(), list[str]()

    def agent(house: Any) -> None:
        house.call("look")
        go.wait(5)
        for want in (lambda: house.call("look"), lambda: house.say("hello"), lambda: house.model("How?")):
            try:
                want()
            except BaseException as error:  # noqa: BLE001  # whatever it is
                ends.append(type(error).__name__)

    play = works(agent)

    async def work() -> None:
        await stopped(play, "call.finished")
        go.set()
        for _ in range(200):
            if len(ends) == 2:
                return
            await asyncio.sleep(0.01)

    asyncio.run(work())
    assert ends == ["CancelledError", "CancelledError"]


def test_a_gate_parks_the_run_and_it_goes_on_from_there() -> None:
    """Whoever waits for a person costs nothing: the function is ended, and run again when somebody has answered."""
    play = works(asks_and_looks, "blue", person=Absent(), park_after=0.02)
    state = asyncio.run(play.driver.drive())
    assert state.parked == k.RunParked("gate", "call-2")
    later = resumed(play, [], tools=TOOLS, agent=asks_and_looks, person=Script([YES]))
    assert later.drive().answer == "blue · sent to ann"


def test_limits_hold_for_an_agent_that_never_ends() -> None:
    """Each thing that it wants is a step; seconds pass also while it wants nothing."""

    async def endless(house: Any) -> None:
        while True:
            await house.call("look")

    async def asleep(house: Any) -> None:
        await asyncio.sleep(30)

    for agent, limits, what in (
        (endless, k.Limits(steps=3), "3 steps"),
        (asleep, k.Limits(seconds=0.2), "0 seconds"),
    ):
        state = asyncio.run(works(agent, limits=limits, person=Script(answers=["stop here"])).driver.drive())
        assert state.ended is not None
        assert (state.ended.outcome, state.ended.what) == ("cancelled", f"The run was ended at its limit of {what}.")


def test_what_is_said_after_its_answer_changes_nothing() -> None:
    """A function that is over cannot hear: it says its answer once more, and the run ends."""
    play = works(lambda house: "so it is")
    told = k.SignalReceived("s1", "tell", "you", text="and now?")
    append = play.run.append

    def told_once(*events: k.Event) -> None:
        append(*events)
        if isinstance(events[0], k.AgentSaid) and not any(isinstance(e, k.SignalReceived) for e in play.stored):
            append(told)

    play.run.append = told_once  # type: ignore[method-assign]
    assert play.drive().answer == "so it is"
    assert play.kinds.count("agent.said") == 2


def test_a_word_to_a_function_is_received_and_not_used() -> None:
    """It stands in the record; nobody is made to believe that it was heard."""
    play = works(lambda house: "done")
    received = heard(play.run.state, Signal("run1", "tell", "you", {"text": "faster"}, "s1"))
    assert received == (k.SignalReceived("s1", "tell", "you", text="faster", used=False),)


def test_a_plain_function_that_gives_something_to_be_awaited_is_told_to_be_async() -> None:
    """Awaited in the loop, its blocking house would wait for itself for ever."""

    async def inner(house: Any) -> Any:
        return house.call("look")

    def outer(house: Any) -> Awaitable[Any]:
        return inner(house)

    state = works(outer).drive()
    assert state.ended is not None
    assert "async def" in state.ended.why


def test_a_run_that_is_over_runs_no_function() -> None:
    """Whoever takes it up finds its answer in the record."""
    ran: list[int] = []
    play = works(lambda house: ran.append(1))
    play.drive()
    again = Hosted(lambda house: ran.append(2), play.run, play.driver.choose, play.driver.calls, play.driver.waiting)
    assert asyncio.run(again.drive()).answer == "Done."
    assert ran == [1]
