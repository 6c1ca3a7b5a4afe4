"""Tools that ask: however deep and however many at once, nobody waits for a thread that never comes."""

from __future__ import annotations

import asyncio

import pytest

from aether_nb import Aether
from aether_nb.client.answering import DEEPEST
from aether_nb.events.messages import ToolCall
from aether_nb.live.threads import Threads
from aether_nb.models.scripted import ScriptedModel
from harness.client import ADD, add, scripted


@pytest.fixture(autouse=True)
def _closed(threads):
    """No thread is left behind."""


def asking(how, levels):
    """A tool that asks a client that has the same tool, and what its innermost failed call told."""
    told = []

    def model():
        return ScriptedModel([ToolCall("", "deeper", {}), "up"])

    def ask():
        inner = model()
        levels.append(inner)
        return inner, Aether(inner, tools=[deeper])

    def plain() -> str:
        """Ask."""
        inner, ai = ask()
        answer = ai.ask_sync("x").text
        told.append(inner.requests[-1].messages[-1].text)
        return answer

    async def awaiting() -> str:
        """Ask."""
        inner, ai = ask()
        answer = (await ai.ask("x")).text
        told.append(inner.requests[-1].messages[-1].text)
        return answer

    deeper = plain if how == "threads" else awaiting
    deeper.__name__ = "deeper"
    return deeper, told


@pytest.mark.parametrize("how", ["threads", "loop"])
def test_a_tool_that_asks_itself_is_told_when_it_is_too_deep(how):
    """The innermost question is refused, its model is told why, all others are answered; others go on working."""
    levels = []
    deeper, told = asking(how, levels)
    outer = ScriptedModel([ToolCall("", "deeper", {}), "up"])
    assert Aether(outer, tools=[deeper]).ask_sync("x").text == "up"
    assert len(levels) == DEEPEST
    assert told[0].startswith("error: A tool asks itself too deep.")
    assert told[1:] == ["up"] * (DEEPEST - 2)
    assert scripted(ADD, "3", tools=[add])[0].ask_sync("x").text == "3"


async def test_functions_that_wait_for_others_do_not_take_their_threads():
    """As many as there are threads, each waiting for one of the same kind."""
    threads = Threads(4, "test")

    def outer():
        return asyncio.run(threads.run(lambda: "inner"))

    async with asyncio.timeout(30):
        assert await asyncio.gather(*[threads.run(outer) for _ in range(12)]) == ["inner"] * 12
