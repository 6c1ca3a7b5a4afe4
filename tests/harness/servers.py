"""Real servers of the Model Context Protocol for tests: connections to them, and what they ask of a person."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aether_nb.agent.suspecting import suspicion
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.mcp.connection import Connection, Surroundings
from aether_nb.tools.mcp.eliciting import answered
from aether_nb.tools.mcp.remote import named
from aether_nb.tools.mcp.tool import ServerTool, server_tool

ODD = Path(__file__).with_name("odd_server.py")
WORDS = Path(__file__).parents[2] / "notebooks" / "servers" / "words.ts"


def odd_entry(*words: str) -> dict[str, Any]:
    """The configuration of the server that misbehaves."""
    return {"command": sys.executable, "args": ["-S", str(ODD), *words]}


def odd(*words: str, name: str = "odd", **more: Any) -> Definition:
    """The server that misbehaves."""
    return Definition(name, "a test", command=(sys.executable, "-S", str(ODD), *words), **more)


def doubtful(text: str) -> str:
    """What an order in a text looks like."""
    found = suspicion(text)
    return found.signs[0] if found else ""


def around(folder: Path, timeout: float = 20.0) -> Surroundings:
    """What connections of a test share."""
    return Surroundings(folder, folder / "logs", timeout, doubtful, answered)


@asynccontextmanager
async def connected(definition: Definition, folder: Path) -> AsyncIterator[Connection]:
    """A connection that is ready, and left afterwards."""
    connection = Connection(definition, around(folder))
    try:
        assert await connection.ready(), connection.error
        yield connection
    finally:
        await connection.close()


def tools_of(connection: Connection, trusted: bool = False) -> dict[str, ServerTool]:
    """The tools of a server, by its own names."""
    by_name = {tool.name: tool for tool in connection.tools}
    return {
        theirs: server_tool(name, connection, by_name[theirs], trusted)
        for name, theirs in named(connection.name, by_name).items()
    }
