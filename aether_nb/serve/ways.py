"""The two ways in: the standard input of this process, or an address of this machine with a token.

The main thread runs the jobs of calls; the server lives on the agent's thread.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any
from weakref import WeakKeyDictionary

from aether_nb.errors import UsageFault
from aether_nb.live.bridge import AgentThread, run_blocking
from aether_nb.live.jobs import Jobs
from aether_nb.serve.protocol import ending, guarded, server
from aether_nb.serve.visit import Visit
from aether_nb.session.conversation import Session

__all__ = ["serve_beside", "serve_http", "serve_stdio", "stop_beside"]

BETWEEN = 0.05
"""Seconds for which a visit in a notebook holds it for its next call; then questions of the user have their turn."""

GRACE = 0.5
"""Seconds for which clients may still hear what came of their calls when it ends."""

LONGEST = 2
"""Seconds after which no client is waited for any more."""

_BESIDE: WeakKeyDictionary[AgentThread, tuple[str, Future[None]]] = WeakKeyDictionary()
"""What is served beside notebooks, by the thread that it lives on."""


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


def serve_beside(session: Session, jobs: Jobs, port: int = 0) -> str:
    """Serve on an address of this machine while the notebook goes on; what is called runs between its cells.

    Args:
        session: The notebook's.
        jobs: The way to the main thread between cells.
        port: The port; 0 for a free one.

    Returns:
        The address and the token; the same again while it is served.
    """
    known = _BESIDE.get(session.thread)
    if known is not None and not known[1].done():
        return known[0]
    told: Future[str] = Future()
    token = secrets.token_urlsafe(24)
    serving = session.thread.submit(_http(session, jobs, told.set_result, port, token, BETWEEN))
    both: set[Future[Any]] = {told, serving}
    wait(both, timeout=20, return_when=FIRST_COMPLETED)
    if serving.done():
        serving.result()  # why it cannot be served
    said = told.result(timeout=0)
    _BESIDE[session.thread] = said, serving
    return said


def stop_beside(session: Session) -> bool:
    """Serve no more; False when nothing was served."""
    known = _BESIDE.pop(session.thread, None)
    return known is not None and known[1].cancel()


async def _http(
    session: Session,
    jobs: Jobs,
    tell: Callable[[str], object],
    port: int,
    token: str,
    patience: float | None = None,
) -> None:
    import uvicorn

    visit = Visit(session, jobs, "http", patience)
    over = asyncio.Event()
    app = ending(guarded(server(visit).streamable_http_app(), token), over)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise UsageFault(f"Port {port} is taken.", f"{error.strerror}.", "Leave --port out for a free one.") from error
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", ws="none", timeout_graceful_shutdown=LONGEST
    )
    serving = uvicorn.Server(config)
    tell(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp   Authorization: Bearer {token}")
    served = asyncio.ensure_future(serving.serve([listening]))
    try:
        await asyncio.shield(served)
    finally:
        serving.should_exit = True
        await visit.leave()
        await asyncio.wait({served}, timeout=GRACE)
        over.set()
        await asyncio.wait({served})  # to its end: it complains of a loop that goes away under it
        listening.close()
