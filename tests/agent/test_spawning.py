"""Runs that work for another run, as a call sees them that wants one."""

from __future__ import annotations

from aether_nb import tool
from aether_nb.tools.base import Context, Errand
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
