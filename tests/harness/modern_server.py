"""A server on the official SDK, of the newer era: it asks by what it answers, and tells of changes to who listens.

With a port on its command line it speaks streamable HTTP there, else by its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

server = MCPServer("modern")


class Size(BaseModel):
    """What is asked for."""

    rows: int = Field(description="How many rows")
    dry: bool = False


def size() -> Elicit[Size]:
    """Ask how much."""
    return Elicit("How much shall be loaded?", Size)


@server.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
async def load(size: Annotated[ElicitationResult[Size], Resolve(size)]) -> str:
    """Load a table."""
    return f"{size.data.rows} rows, dry: {size.data.dry}" if isinstance(size, AcceptedElicitation) else size.action


@server.tool()
async def count(steps: int, context: Context) -> str:
    """Count, with progress."""
    for step in range(1, steps + 1):
        await context.report_progress(step, steps, f"at {step}")
        await asyncio.sleep(0.05)
    return "counted"


@server.tool()
async def grow(context: Context) -> str:
    """Have one tool more."""
    server.add_tool(lambda: "new", name="grown", description="It was not there before.")
    await context.notify_tools_changed()
    return "grown"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
