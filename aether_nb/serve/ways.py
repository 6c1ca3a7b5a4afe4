"""The two ways in: the standard input of this process, or an address of this machine with a token.

The main thread runs the jobs of calls; the server lives on the agent's thread.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable

from aether_nb.live.bridge import run_blocking
from aether_nb.live.jobs import Jobs
from aether_nb.serve.protocol import guarded, server
from aether_nb.serve.visit import Visit
from aether_nb.session import Session

__all__ = ["serve_http", "serve_stdio"]


def serve_stdio(session: Session) -> None:
    """Serve whoever started this process, until its end of the pipe is closed. Blocks the main thread."""
    run_blocking(session.thread, lambda jobs: _stdio(session, jobs))


async def _stdio(session: Session, jobs: Jobs) -> None:
    from mcp.server.stdio import stdio_server

    visit = Visit(session, jobs, "stdio")
    serving = server(visit)
    async with stdio_server() as (reading, writing):
        await serving.run(reading, writing, serving.create_initialization_options())
    await visit.leave()


def serve_http(session: Session, tell: Callable[[str], None], port: int = 0, token: str = "") -> None:
    """Serve on an address of this machine until interrupted. Blocks the main thread.

    Args:
        session: Whose tools are used.
        tell: Told, once, the address and the token.
        port: The port; 0 for a free one.
        token: What a client has to know; a new one when empty.
    """
    token = token or secrets.token_urlsafe(24)
    run_blocking(session.thread, lambda jobs: _http(session, jobs, tell, port, token))


async def _http(session: Session, jobs: Jobs, tell: Callable[[str], None], port: int, token: str) -> None:
    import uvicorn

    visit = Visit(session, jobs, "http")
    app = guarded(server(visit).streamable_http_app(), token)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none")
    serving = uvicorn.Server(config)
    tell(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp   Authorization: Bearer {token}")
    try:
        await asyncio.shield(asyncio.ensure_future(serving.serve([listening])))
    finally:
        serving.should_exit = True
        await visit.leave()
        listening.close()
