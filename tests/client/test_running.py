"""Runs in a program's hand: events, answer, Stop."""

from __future__ import annotations

import asyncio

import pytest

from aether_nb.errors import ModelError, RunFailed, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.tools.function import tool
from harness.client import ADD, add, scripted


async def test_a_run_is_followed_and_awaited():
    """Iterating gives every entry, awaiting the answer; the state is the run's own."""
    ai, _ = scripted(ADD, "It is 3.", tools=[add])
    handle = ai.run("1+2?")
    kinds = [entry.event.kind async for entry in handle]
    assert (kinds[0], kinds[-2:]) == ("run.started", ["run.ended", "state.changed"])
    assert {"model.asked", "text.delta", "call.begun", "call.finished"} < set(kinds)
    answer = await handle
    assert (answer.text, handle.state.answer, handle.state.steps) == ("It is 3.", "It is 3.", 2)
    assert await handle is answer


async def test_who_comes_late_gets_the_stored_events():
    """After the end the log is still there, from its beginning, for as many as want it."""
    ai, _ = scripted("x")
    handle = ai.run("x")
    await handle
    for _ in range(2):
        events = [entry.event for entry in [entry async for entry in handle]]
        assert [event.kind for event in events] == [
            "run.started",
            "context.composed",
            "model.asked",
            "model.answered",
            "run.ended",
        ]


async def test_two_can_follow_at_once():
    """Each reader gets everything."""
    ai, _ = scripted("one two three", delay=0.001)
    handle = ai.run("x")

    async def kinds():
        return [entry.event.kind async for entry in handle if entry.event.stored]

    first, second = await asyncio.gather(kinds(), kinds())
    assert first == second == [entry.event.kind async for entry in handle]
    assert first[-1] == "run.ended"


async def test_stop_ends_the_run_and_its_log_says_so():
    """Following ends in peace, awaiting says that it was stopped."""
    ai, _ = scripted("word " * 10_000)
    handle = ai.run("x")
    seen = []
    async for entry in handle:
        seen.append(entry.event)
        if isinstance(entry.event, k.TextDelta):
            await asyncio.to_thread(handle.stop)
    assert [event for event in seen if event.stored][-1] == k.RunEnded("cancelled", "Stopped by the user.")
    with pytest.raises(RunFailed, match=r"The run was stopped\."):
        await handle
    handle.stop()  # again: it has ended, and nothing happens


async def test_a_failed_run_raises_only_where_it_is_awaited():
    """Following shows the failure as an event; whoever only follows is not interrupted."""
    ai, _ = scripted(ModelError("No."))
    handle = ai.run("x")
    ends = [entry.event async for entry in handle if isinstance(entry.event, k.RunEnded)]
    assert [end.what for end in ends] == ["No."]
    with pytest.raises(ModelError, match=r"^No\.$"):
        await handle


async def test_the_code_of_a_run_is_what_it_ran():
    """A tool that says its code is told by it; a run that only answers has none."""
    code = "total = 1 + 1"

    @tool(name="run_python", risk="low", effect="namespace")
    def run_it(code: str) -> str:
        """Run code."""
        return code

    ai, _ = scripted(ToolCall("", "run_python", {"code": code}), "done", tools=[run_it])
    handle = ai.run("x")
    await handle
    assert handle.code == f"# 1. Run code\n{code}"
    handle = scripted("words")[0].run("x")
    await handle
    assert handle.code == ""


async def test_cancelling_who_awaits_stops_the_run():
    """A run does not go on behind the back of a task that was cancelled."""
    ai, _ = scripted("word " * 10_000)
    handle = ai.run("x")

    async def wait():
        return await handle

    task = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert handle.state.ended.outcome == "cancelled"


def test_without_a_loop_there_is_a_twin():
    """The error names it."""
    ai, _ = scripted("x")
    with pytest.raises(UsageFault) as caught:
        ai.run("x")
    assert caught.value.hint == "Use run_sync(task)."
