"""Tools that raise what is no error: the end of the program, a cancellation of their own, something unforeseen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.events import kinds as k
from harness.agent import call, stage


@pytest.mark.parametrize(("sides", "code"), [(1, 3), (2, "a text for a terminal")])
def test_a_tool_that_would_end_the_program_has_failed(sides: int, code: Any) -> None:
    """Also beside another one: the model is told, and neither the run nor the program ends; what it says stays here."""

    @tool(risk="low", effect="pure", where="loop")
    async def parse(text: str) -> str:
        """Parse it."""
        raise SystemExit(code)

    play = stage([[call("parse", text=str(n)) for n in range(sides)], "Done."], tools=[parse])
    assert play.drive().answer == "Done."
    ends = 3 if code == 3 else 1
    assert play.told() == f"error: parse would have ended the program, with exit code {ends}."


@pytest.mark.parametrize("sides", [1, 2])
def test_a_tool_whose_own_task_was_cancelled_has_failed(sides: int) -> None:
    """Nobody has stopped the run, so it goes on."""

    @tool(risk="low", effect="pure", where="loop")
    async def wait_for(text: str) -> str:
        """Wait for it."""
        task = asyncio.create_task(asyncio.sleep(9))
        task.cancel()
        await task
        return text

    play = stage([[call("wait_for", text=str(n)) for n in range(sides)], "Done."], tools=[wait_for])
    assert play.drive().answer == "Done."
    assert play.told() == "error: wait_for waited for something that was cancelled."


def test_whatever_breaks_the_loop_the_log_says_how_the_run_ended() -> None:
    """Even an error that nobody foresaw leaves a settled log behind."""

    class Unforeseen(BaseException):
        """No error that a tool may raise."""

    @tool(risk="low", effect="pure", where="loop")
    async def leave() -> str:
        """Leave."""
        raise Unforeseen(3)

    play = stage([call("leave")], tools=[leave])
    try:
        play.drive()
    except Unforeseen:
        pass
    assert play.kinds[-2:] == ["call.failed", "run.ended"]
    assert play.run.state.ended == k.RunEnded("failed", "The run broke off with Unforeseen.", "3")
