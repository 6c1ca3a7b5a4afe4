"""A Stop, and a tool that makes something else of it: nothing is begun after it, however often it has to be said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from aether_nb import tool
from aether_nb.agent.mail import Mail
from aether_nb.agent.sealing import signal_fields
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import memory_store
from harness.agent import call, send, stage


@pytest.mark.parametrize("by", ["a word", "the task"])
def test_a_tool_that_does_not_let_itself_be_ended_is_the_last_one(tmp_path: Path, by: str) -> None:
    """It makes a result of the Stop, or waits for another: nothing outside is begun after it."""
    store, sealer = memory_store(), Sealer(tmp_path / "key")
    begun, stops = asyncio.Event(), asyncio.Queue[int]()

    @tool(risk="low", effect="pure", where="loop")
    async def poll() -> str:
        """Wait for something."""
        for n in (1, 2):
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                stops.put_nowait(n)
        return "gave up waiting"

    def stop(running: asyncio.Task[RunState], n: int) -> None:
        if by == "the task":
            running.cancel()
            return
        signal = Signal("run1", "stop", "cli:anna", {}, f"s{n}")
        store.signals.send(replace(signal, seal=sealer.seal(signal_fields(signal))))

    async def stopped() -> None:
        running = asyncio.create_task(play.driver.drive())
        await begun.wait()
        for n in (1, 2):
            stop(running, n)
            assert await stops.get() == n
        (ended,) = await asyncio.gather(running, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError if by == "the task" else RunState)

    mail = Mail(store.signals, "run1", sealer, poll=0.005)
    replies = [call("poll"), call("send", to="a"), "never"]
    play = stage(replies, tools=[poll, send], log=store.log, mail=mail)
    asyncio.run(stopped())
    assert play.run.state.ended is not None and play.run.state.ended.outcome == "cancelled"
    assert [(one.name, one.status) for one in play.run.state.calls.values()] == [("poll", "finished")]
    heard = [(event.type, event.used) for event in play.stored if isinstance(event, k.SignalReceived)]
    assert heard == ([("stop", True)] * 2 if by == "a word" else [])
