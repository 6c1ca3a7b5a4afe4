"""Runs that work for another run, as a call sees them that wants one."""

from __future__ import annotations

from dataclasses import replace

from aether_nb import tool
from aether_nb.tools.base import Context, Errand, Report
from harness.agent import call, stage


def test_where_nobody_begins_other_runs_a_call_is_told_so() -> None:
    """A program keeps to itself: a call that wants another agent gets an error that it can work around."""

    @tool(risk="low", effect="idempotent", where="loop")
    async def delegate(context: Context) -> str:
        """Give it away."""
        return (await context.spawn(Errand("do it", ()))).answer

    play = stage([call("delegate"), "ok"], tools=[delegate])
    play.drive()
    assert "No other run can be begun here." in play.told()


def test_where_somebody_does_the_call_gets_the_report() -> None:
    """The errand goes to whoever begins other runs, with the call that wants one, and its report comes back."""
    given: list[tuple[str, str]] = []

    async def begin(errand: Errand, context: Context) -> Report:
        given.append((errand.task, context.call_id))
        return Report("child", "done", "It is done.")

    @tool(risk="low", effect="idempotent", where="loop")
    async def delegate(context: Context) -> str:
        """Give it away."""
        return (await context.spawn(Errand("do it", ()))).answer

    play = stage([call("delegate", "c1"), "ok"], tools=[delegate])
    play.driver.calls.host = replace(play.driver.calls.host, spawn=begin)
    play.drive()
    assert (play.told(), given) == ("It is done.", [("do it", "c1")])
