"""Connections: when they are given up, kept, shared and left alone."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from aether_nb.events.messages import Message
from aether_nb.models.base import Delta
from harness.chat import HELLO, HI, ask, asking, chat
from harness.loopback import Play, events, loopback, says


async def test_whole_is_whole() -> None:
    """A connection that breaks after the finish reason takes nothing away from the answer."""
    async with loopback(Play([events(says(content="hi", finish="stop"), done=False)], end="cut")) as server:
        assert (await ask(chat(server.url))).message == Message.of("assistant", "hi")


async def test_cancelling_hangs_up() -> None:
    """A stream that is cancelled while it waits closes its connection at once, and the model may be asked again."""
    async with loopback(Play([events(says(content="hi"), done=False)], end="never"), HI) as server:
        model = chat(server.url)
        first = asyncio.Event()

        async def listen() -> None:
            async for _ in model.stream(HELLO):
                first.set()

        task = asyncio.create_task(listen())
        await asyncio.wait_for(first.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 30)
        assert (await ask(model)).message.text == "hi"


async def test_leaving_early_hangs_up() -> None:
    """A stream that is closed before its end closes its connection."""
    async with loopback(Play([events(says(content="hi"), done=False)], end="never")) as server:
        model = chat(server.url)
        async with aclosing(model.stream(HELLO)) as stream:
            assert await anext(stream) == Delta("hi")
        await asyncio.wait_for(server.left.wait(), 30)
        await model.aclose()


async def test_a_server_that_does_not_hang_up() -> None:
    """The reply is there at the closing mark, whatever the server does with the connection afterwards."""
    async with loopback(Play([events(says(content="hi"))], end="never")) as server:
        assert (await ask(chat(server.url))).message.text == "hi"


async def test_two_event_loops() -> None:
    """One model may be asked from several event loops, each with connections of its own."""
    async with loopback(HI, HI, HI) as server:
        model = chat(server.url)
        texts = [(await asking(model)).message.text]
        texts.append((await asyncio.to_thread(lambda: asyncio.run(ask(model)))).message.text)
        texts.append((await ask(model)).message.text)
    assert texts == ["hi"] * 3
    assert [asked.connection for asked in server.asked] == [1, 2, 1]


async def test_no_proxy_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is not asked for a server on this very machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with loopback(HI) as server:
        assert (await ask(chat(server.url))).message.text == "hi"


def sockets() -> int:
    """How many this process has open."""
    with os.scandir("/proc/self/fd") as files:
        return sum(file.is_symlink() and Path(os.path.realpath(file.path)).name.startswith("socket:") for file in files)


@pytest.mark.skipif(sys.platform != "linux", reason="only there can the sockets of a process be counted")
async def test_event_loops_that_are_closed() -> None:
    """What a closed event loop left open is closed by the next one that asks: sockets do not pile up."""
    async with loopback(*[HI] * 21) as server:
        model = chat(server.url)

        def many() -> list[int]:
            return [asyncio.run(counted()) for _ in range(20)]

        async def counted() -> int:
            await asking(model)
            return sockets()

        counts = await asyncio.to_thread(many)
        await ask(model)
    assert counts[1:] == [counts[1]] * 19
