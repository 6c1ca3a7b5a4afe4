"""Servers of the Model Context Protocol that others wrote: on three transports, of both eras, called and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from aether_nb.errors import EffectUnknown, RepairableToolError
from aether_nb.events.kinds import Progress
from aether_nb.events.messages import Image, Text
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.mcp.connection import Connection
from harness import node
from harness.servers import around, connected, tools_of
from harness.tools import ToolContext

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
LOOPBACK = HERE / "loopback.cjs"


def python() -> str:
    """The Python of an environment with servers of others. Without it none is run here, those from npm neither."""
    if not (found := os.environ.get("AETHER_TEST_MCP", "")):
        pytest.skip("needs servers of others: .ci/run installs them, AETHER_TEST_MCP is the Python that has them")
    return found


def served(server: str, *words: str) -> tuple[str, ...]:
    """The command of a server from npm."""
    python()
    program = node.modules(HERE) / "@modelcontextprotocol" / server / "dist" / "index.js"
    return (str(node.program()), str(program), *words)


def started(*words: str, port: int) -> subprocess.Popen[bytes]:
    """server-everything as a process of its own, on a port of this machine only."""
    command = served("server-everything", *words)
    environment = os.environ | {"PORT": str(port)}
    command = (command[0], "-r", str(LOOPBACK), *command[1:])
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@asynccontextmanager
async def everything(way: str, folder: Path) -> AsyncIterator[tuple[Connection, int]]:
    """server-everything, connected by a transport, and its process."""
    if way == "stdio":
        definition = Definition("every", "a test", command=served("server-everything", "stdio"))
        async with connected(definition, folder) as found:
            yield found, int(found.log.file.read_text().rpartition("as process ")[2].split()[0])
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = started("sse" if way == "sse" else "streamableHttp", port=port)
    try:
        until = time.monotonic() + 30
        while not _listens(port):
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
        address = f"http://127.0.0.1:{port}/{'sse' if way == 'sse' else 'mcp'}"
        async with connected(Definition("every", "a test", way, address=address), folder) as found:  # type: ignore[arg-type]
            yield found, process.pid
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


async def said(connection: Connection, tool: str, context: ToolContext | None = None, **arguments: Any) -> str:
    """The text that a call brings."""
    ours = tools_of(connection)[tool]
    result = await ours.run(ours.check(arguments), context or ToolContext())
    return "".join(part.text for part in result.parts if isinstance(part, Text))


@pytest.mark.parametrize("way", ["stdio", "http", "sse"])
async def test_everything_on_every_transport(way: str, tmp_path: Path) -> None:
    """Tools, errors, progress, cancelling, pictures, questions, roots, resources and prompts, the same on all three."""
    async with everything(way, tmp_path) as (server, _):
        assert {"echo", "get-sum", "get-structured-content"} <= {tool.name for tool in server.tools}
        assert await said(server, "echo", message="ünï") == "Echo: ünï"
        assert "temperature" in await said(server, "get-structured-content", location="Chicago")
        with pytest.raises(RepairableToolError, match="missing: message"):
            await said(server, "echo")
        assert (await server.call("echo", {"message": 3}, ToolContext(), None)).is_error
        image = await tools_of(server)["get-tiny-image"].run({}, ToolContext())
        assert any(isinstance(part, Image) for part in image.parts)
        context = ToolContext()
        await said(server, "trigger-long-running-operation", context, duration=1, steps=3)
        assert [one.done for one in context.emitted if isinstance(one, Progress)][-1] == 3
        call = asyncio.create_task(said(server, "trigger-long-running-operation", duration=30, steps=30))
        await asyncio.sleep(0.5)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert await said(server, "echo", message="alive") == "Echo: alive"
        assert tmp_path.as_uri() in await said(server, "get-roots-list")
        asked = ToolContext(answer="decline")
        assert "declined" in await said(server, "trigger-elicitation-request", asked)
        assert asked.asked[0][0].startswith("The server every asks:")
        assert len(await server.things("resources")) > 5
        assert (await server.read("demo://resource/static/document/architecture.md")).contents
        prompt = await server.prompt("args-prompt", {"city": "Rome"})
        assert "Rome" in prompt.messages[0].content.text


@pytest.mark.parametrize("way", ["stdio", "http", "sse"])
async def test_everything_killed_in_the_middle_of_a_call(way: str, tmp_path: Path) -> None:
    """The call is in doubt; a process of ours comes back, and an address that is gone is said to be."""
    async with everything(way, tmp_path) as (server, process):
        call = asyncio.create_task(said(server, "trigger-long-running-operation", duration=30, steps=30))
        await asyncio.sleep(0.5)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(EffectUnknown):
            await asyncio.wait_for(call, 20)
        if way == "stdio":
            assert await said(server, "echo", message="again") == "Echo: again"
        else:
            with pytest.raises(RepairableToolError, match="nothing was sent"):
                await said(server, "echo", message="again")


async def test_the_file_system_server(tmp_path: Path) -> None:
    """It reads inside its folder and says what it will not do outside."""
    (tmp_path / "a.txt").write_text("hello")
    async with connected(
        Definition("fs", "a test", command=served("server-filesystem", str(tmp_path))), tmp_path
    ) as fs:
        assert len(fs.tools) == 14
        assert await said(fs, "read_text_file", path=str(tmp_path / "a.txt")) == "hello"
        with pytest.raises(RepairableToolError, match="says that it failed"):
            await said(fs, "read_text_file", path="/etc/passwd")
        risks = {name: (tool.risk, tool.effect) for name, tool in tools_of(fs, trusted=True).items()}
        assert risks["read_text_file"] == ("low", "pure")
        assert risks["write_file"][0] == "high"


async def test_servers_of_the_newer_era(tmp_path: Path) -> None:
    """Two Python servers without a handshake: one tells the time, one refuses addresses of this machine."""
    interpreter = python()
    clock = Definition("time", "a test", command=(interpreter, "-m", "mcp_server_time", "--local-timezone", "UTC"))
    async with connected(clock, tmp_path) as server:
        assert server.protocol == "2026-07-28"
        assert "Asia/Tokyo" in await said(server, "get_current_time", timezone="Asia/Tokyo")
        with pytest.raises(RepairableToolError):
            await said(server, "get_current_time", timezone="Nowhere/None")
    fetch = Definition("fetch", "a test", command=(interpreter, "-m", "mcp_server_fetch", "--ignore-robots-txt"))
    async with connected(fetch, tmp_path) as server:
        with pytest.raises(RepairableToolError):
            await said(server, "fetch", url="http://127.0.0.1:9/")


@pytest.mark.full
async def test_five_servers_cost_what_the_slowest_costs(tmp_path: Path) -> None:
    """Started side by side; bounded by the two cores that they share."""
    command = served("server-filesystem", str(tmp_path))
    alone = await _seconds(1, command, tmp_path)
    assert await _seconds(5, command, tmp_path) < 3.5 * alone + 0.5


async def _seconds(count: int, command: tuple[str, ...], folder: Path) -> float:
    made = [Connection(Definition(f"fs{n}", "a test", command=command), around(folder)) for n in range(count)]
    began = time.monotonic()
    assert all(await asyncio.gather(*(one.ready() for one in made)))
    took = time.monotonic() - began
    await asyncio.gather(*(one.close() for one in made))
    return took
