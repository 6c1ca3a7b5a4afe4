"""A server of the newer era, by its standard input and by an address: no handshake, and questions as answers."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aether_nb.errors import EffectUnknown, RepairableToolError
from aether_nb.events.kinds import Progress
from aether_nb.events.messages import Text
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.mcp.connection import Connection
from harness.servers import connected, tools_of
from harness.tools import ToolContext

MODERN = Path(__file__).parents[1] / "harness" / "modern_server.py"


async def said(connection: Connection, tool: str, context: ToolContext | None = None, **arguments: object) -> str:
    """The text that a call brings."""
    result = await tools_of(connection)[tool].run(arguments, context or ToolContext())
    return "".join(part.text for part in result.parts if isinstance(part, Text))


async def used(connection: Connection) -> None:
    """What has to work, whatever the transport: a tool that appears later is heard of, too."""
    assert connection.protocol == "2026-07-28"
    assert await said(connection, "add", a=2, b=3) == "5"
    with pytest.raises(RepairableToolError):
        await said(connection, "add", a="x", b=3)
    context = ToolContext()
    assert await said(connection, "count", context, steps=3) == "counted"
    assert [one.done for one in context.emitted if isinstance(one, Progress)][-1] == 3
    asked = ToolContext()
    replies = iter(["12", "yes"])

    async def ask(text: str, options: tuple[str, ...] = ()) -> str | None:
        asked.asked.append((text, options))
        return next(replies)

    asked.ask = ask  # type: ignore[method-assign]
    assert await said(connection, "load", asked) == "12 rows, dry: True"
    assert asked.asked[0] == (
        "The server modern asks: How much shall be loaded?\nRows (How many rows): a whole number",
        ("decline",),
    )
    assert await said(connection, "load") == "decline"
    if "grown" not in {tool.name for tool in connection.tools}:
        await said(connection, "grow")
    async with asyncio.timeout(10):
        while "grown" not in {tool.name for tool in connection.tools}:  # noqa: ASYNC110  # another process tells of it
            await asyncio.sleep(0.02)


@pytest.mark.full
async def test_by_its_standard_input(tmp_path: Path) -> None:
    """Listed, called, with progress; what it asks is asked of the person of that call."""
    definition = Definition("modern", "a test", command=(sys.executable, str(MODERN)))
    async with connected(definition, tmp_path) as connection:
        await used(connection)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The same server on a port of this machine, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, str(MODERN), str(port)], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while True:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < until
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp", process
    finally:
        process.kill()
        process.wait()


async def test_by_an_address(address: tuple[str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    """The same by streamable HTTP; when it is killed in the middle of a call, that is in doubt."""
    definition = Definition("modern", "a test", "http", address=address[0], headers={"X-Mine": "a"})
    async with connected(definition, tmp_path) as connection:
        await used(connection)
        add = tools_of(connection)["add"]
        assert add.assess({}, ToolContext()).reasons[-1] == "what is sent goes to 127.0.0.1"
        ruled = ToolContext()
        ruled.forbids = lambda path="", host="": f"*(host={host})"  # type: ignore[method-assign]
        with pytest.raises(RepairableToolError, match="may not be spoken to"):
            await add.run({"a": 1, "b": 2}, ruled)
        call = asyncio.create_task(said(connection, "count", steps=200))
        await asyncio.sleep(0.3)
        address[1].kill()
        with pytest.raises(EffectUnknown):
            await call
