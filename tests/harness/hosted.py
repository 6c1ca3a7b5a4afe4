"""A run without a kernel on which a hosted agent works, and ways in which it is killed and stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aether_nb.events import kinds as k
from harness.agent import YES, Script, Stage, look, send, stage

TOOLS = (look, send)


async def asks_and_looks(house: Any) -> str:
    """Looks, asks a model about it, sends what it said."""
    seen = await house.call("look", what="the sky")
    said = await house.model(["What is that?", seen])
    return f"{said.text} · {await house.call('send', to='ann')}"


def plain(house: Any) -> str:
    """The same, as a plain function."""
    seen = house.call("look", what="the sky")
    said = house.model(["What is that?", seen])
    return f"{said.text} · {house.call('send', to='ann')}"


def works(agent: Any, *replies: Any, **more: Any) -> Stage:
    """A run on which an agent works, with a person who says yes once."""
    return stage(replies, tools=TOOLS, agent=agent, **{"person": Script([YES])} | more)


def cut(play: Stage, kind: str, nth: int = 1) -> Stage:
    """The same run, dead right after the n-th event of a kind was recorded."""
    count = 0

    class Killed(BaseException):
        pass

    def kill(entry: k.Entry) -> None:
        nonlocal count
        count += entry.event.kind == kind
        if count == nth:
            raise Killed

    tell, run = play.run._show, play.run

    def show(entry: k.Entry) -> None:
        tell(entry)
        kill(entry)

    run._show = show  # type: ignore[method-assign]
    run.append = _dead_after(run.append, Killed)  # type: ignore[method-assign]
    with pytest.raises(Killed):
        asyncio.run(play.driver.drive())
    return play


def _dead_after(append: Any, killed: type[BaseException]) -> Any:
    dead = False

    def appended(*events: k.Event) -> None:
        nonlocal dead
        if dead:
            raise killed
        try:
            append(*events)
        except killed:
            dead = True
            raise

    return appended


class Absent(Script):
    """Somebody who is there and does not answer."""

    async def approve(self, call: Any) -> Any:
        await asyncio.sleep(30)


async def stopped(play: Stage, when: str) -> None:
    task, come = asyncio.ensure_future(play.driver.drive()), asyncio.Event()
    play.run.watchers.append(lambda entry: come.set() if entry.event.kind == when else None)
    await asyncio.wait_for(come.wait(), 10)
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
