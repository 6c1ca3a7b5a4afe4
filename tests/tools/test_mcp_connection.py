"""A connection to a real server in a process: what it brings, and what it does when the server misbehaves."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aether_nb.errors import EffectUnknown, RepairableToolError
from aether_nb.events.kinds import Progress
from aether_nb.events.messages import Image, Text
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.mcp.connection import Connection
from harness.servers import around, connected, odd, tools_of
from harness.tools import ToolContext


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Connection]:
    """The odd server, connected."""
    async with connected(odd(), tmp_path) as connection:
        yield connection


async def said(connection: Connection, tool: str, context: ToolContext | None = None, **arguments: Any) -> str:
    """The text that a call brings."""
    result = await tools_of(connection)[tool].run(arguments, context or ToolContext())
    return "".join(part.text for part in result.parts if isinstance(part, Text))


async def until(condition: Any, seconds: float = 10.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for happens in another process
            await asyncio.sleep(0.02)


async def test_it_is_listed_called_and_left(tmp_path: Path) -> None:
    """A server's tools are there, a call answers, and its process ends with the connection."""
    async with connected(odd(), tmp_path) as connection:
        assert (connection.state, len(connection.tools), connection.starts) == ("ready", 16, 1)
        assert await said(connection, "echo", text="ünï ✓") == "ünï ✓"
    assert connection.state == "stopped"
    assert "odd server on" in connection.log.file.read_text()
    assert "has ended with" in connection.log.file.read_text()


async def test_errors_are_told_as_they_are(server: Connection) -> None:
    """Bad arguments are mended before anything is sent; a server's own errors are what it says."""
    echo = tools_of(server)["echo"]
    with pytest.raises(RepairableToolError, match=r"missing: text.*It takes: text\."):
        echo.check({})
    with pytest.raises(RepairableToolError, match="of the wrong type: text"):
        echo.check({"text": 3})
    with pytest.raises(RepairableToolError, match="says that it failed") as failed:
        await said(server, "fail", text="the disk is full")
    assert failed.value.why == "the disk is full"
    with pytest.raises(RepairableToolError, match="refuses that") as refused:
        await server.call("nothing", {}, ToolContext(), None)
    assert "bad arguments" in refused.value.why
    with pytest.raises(RepairableToolError, match="cannot be read"):
        await said(server, "broken")
    assert server.state == "ready"


async def test_progress_is_shown_and_not_too_often(server: Connection) -> None:
    """A hundred steps in a moment are a handful on the card, and the last one is among them."""
    context = ToolContext()
    assert await said(server, "slow", context, seconds=0.3) == "done"
    shown = [event for event in context.emitted if isinstance(event, Progress)]
    assert 2 <= len(shown) <= 10
    assert (shown[-1].done, shown[-1].total, shown[-1].note) == (100, 100, "step 100")


async def test_a_cancelled_call_is_cancelled_there_too(server: Connection) -> None:
    """The server is told, and goes on living."""
    call = asyncio.create_task(said(server, "slow", seconds=30))
    await asyncio.sleep(0.3)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: "cancelled" in server.log.file.read_text())
    assert await said(server, "echo", text="alive") == "alive"


async def test_a_server_that_is_killed_leaves_its_call_in_doubt_and_comes_back(server: Connection) -> None:
    """kill -9 in the middle: nobody knows whether the call acted; the next call finds a new process."""
    call = asyncio.create_task(said(server, "hang"))
    await asyncio.sleep(0.3)
    text = server.log.file.read_text()
    os.kill(int(text.rpartition("as process ")[2].split()[0]), signal.SIGKILL)
    with pytest.raises(EffectUnknown, match="ended while it was at it"):
        await call
    assert await said(server, "echo", text="again") == "again"
    assert server.starts == 2


async def test_a_server_that_ends_by_itself_is_in_doubt_too(server: Connection, tmp_path: Path) -> None:
    """What it did before stays done once: the call is not sent again by itself."""
    file = tmp_path / "done"
    with pytest.raises(EffectUnknown):
        await said(server, "die", text=str(file))
    assert await said(server, "echo", text="back") == "back"
    assert file.read_text() == "x"
    assert "I am dying" in server.log.file.read_text()


async def test_a_server_that_floods_holds_nobody_up(server: Connection) -> None:
    """Twenty thousand messages wait at their own pipe; the loop turns, and other calls come through."""
    flood = asyncio.create_task(said(server, "flood"))
    await asyncio.sleep(0.1)
    longest, until = 0.0, time.monotonic() + 1.5
    while time.monotonic() < until:
        began = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - began)
    assert longest < 0.75
    flood.cancel()
    await asyncio.gather(flood, return_exceptions=True)
    await server.close()
    assert server.state == "stopped"


async def test_a_line_without_an_end_is_given_up(server: Connection) -> None:
    """Forty megabytes in one line are not kept: the connection is broken off, and the next call starts anew."""
    with pytest.raises(EffectUnknown):
        await said(server, "line")
    assert "a line had more than" in server.log.file.read_text()
    assert await said(server, "echo", text="again") == "again"


async def test_a_long_answer_is_bounded(server: Connection) -> None:
    """A million characters are shown by their beginning and their end."""
    text = await said(server, "huge", size=1_000_000)
    assert len(text) < 25_000 and "left out" in text


async def test_pictures_come_as_pictures_and_the_rest_in_words(server: Connection) -> None:
    """What no model can be shown is named."""
    result = await tools_of(server)["picture"].run({}, ToolContext())
    assert isinstance(result.parts[0], Image) and result.parts[0].mime == "image/png"
    words = [part.text for part in result.parts if isinstance(part, Text)]
    assert words == ["(a link to odd://a: a)", "odd://b:\ninside", "(a sound, audio/wav, which is not passed on)"]


async def test_tools_that_change_are_listed_again(server: Connection) -> None:
    """A tool that appears later is there for the next run."""
    before = server.version
    await said(server, "grow")
    await until(lambda: server.version > before)
    assert [tool.name for tool in server.tools][-1] == "grown_16"


async def test_a_description_that_gives_orders_is_withheld(server: Connection) -> None:
    """A model never reads it; what is wrong with it is said instead, and the tool stays as risky as any."""
    attack = tools_of(server)["attack"]
    assert "withheld" in attack.spec.description and "ssh" not in attack.spec.description
    assert (attack.risk, attack.effect) == ("high", "external")
    assert "withheld" not in tools_of(server)["echo"].spec.description


async def test_what_a_server_asks_is_asked_for_the_call(server: Connection) -> None:
    """Each field is a question of the call; nobody there means that it is declined."""
    context = ToolContext()
    replies = iter(["Ada", "many", "36", "yes"])

    async def ask(text: str, options: tuple[str, ...] = ()) -> str | None:
        context.asked.append((text, options))
        return next(replies, None)

    context.ask = ask  # type: ignore[method-assign]
    told = await said(server, "ask", context, text="Who are you?")
    assert told == '{"action": "accept", "content": {"name": "Ada", "age": 36, "sure": true}}'
    assert context.asked[0][0].startswith("The server odd asks: Who are you?\nname: a text")
    assert "'many' does not fit" in context.asked[2][0]
    assert await said(server, "ask", ToolContext(), text="Anybody?") == '{"action": "decline"}'


async def test_resources_and_prompts(server: Connection) -> None:
    """They are listed, read and filled in."""
    assert [(one.name, one.template) for one in await server.things("resources")] == [
        ("odd://notes", False),
        ("odd://{day}", True),
    ]
    assert (await server.read("odd://notes")).contents[0].text == "The sales of May are missing."
    assert [(one.name, one.takes) for one in await server.things("prompts")] == [("review", ("of",))]
    assert (await server.prompt("review", {"of": "df"})).messages[0].content.text == "Review df."


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        (Definition("gone", "x.json", command=("no-such-program",)), "no-such-program of the server gone is not here"),
        (Definition("var", "x.json", command=("python", "${NOT_SET_ANYWHERE}")), "NOT_SET_ANYWHERE, which is not set"),
        (Definition("bad", "x.json", command=("python3", "-c", "import sys; sys.exit('no key')")), "no key"),
        (Definition("mute", "x.json", command=("sleep", "60")), "did not answer within 1 s"),
        (Definition("off", "x.json", "http", address="http://127.0.0.1:9/mcp"), ""),
    ],
)
async def test_a_server_that_cannot_be_had_says_why(definition: Definition, why: str, tmp_path: Path) -> None:
    """It is given up at once or in time, with a reason, and nothing was sent."""
    connection = Connection(definition, around(tmp_path, timeout=1.0))
    assert not await connection.ready()
    assert connection.state == "failed" and why in connection.error
    with pytest.raises(RepairableToolError, match="nothing was sent"):
        await connection.call("echo", {}, ToolContext(), None)
    await connection.close()


async def test_a_rate_is_kept(tmp_path: Path) -> None:
    """A server that is asked at most so often lets a call wait for its turn."""
    async with connected(odd(per_minute=120.0), tmp_path) as connection:
        pace = connection._turns.pace
        assert pace is not None
        pace._most, pace._span = 2, 1.0
        began = time.monotonic()
        for _ in range(3):
            await said(connection, "echo", text="a")
        assert time.monotonic() - began > 0.9


async def test_five_servers_connect_in_the_time_of_the_slowest(tmp_path: Path) -> None:
    """Side by side: five that wait half a second each take well under the sum of them."""
    connections = [Connection(odd("wait=0.5", name=f"odd{n}"), around(tmp_path)) for n in range(5)]
    began = time.monotonic()
    assert all(await asyncio.gather(*(one.ready() for one in connections)))
    took = time.monotonic() - began
    await asyncio.gather(*(one.close() for one in connections))
    assert took < 2.0
