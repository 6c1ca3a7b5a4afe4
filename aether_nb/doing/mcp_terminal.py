"""``aether mcp``: what it needs of a terminal. Servers are started for one command, and left with it; or we are one."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from aether_nb.config import Settings
from aether_nb.doing import mcp as mcp_verbs
from aether_nb.doing.mcp import port_of
from aether_nb.session.opening import open_servers, open_session
from aether_nb.store.place import store_folder

__all__ = ["mcp"]


def mcp(options: argparse.Namespace, settings: Settings, say: Callable[[str], None]) -> int:
    """Do what was typed.

    Args:
        options: What was typed.
        settings: Those of the working folder.
        say: Prints a text.

    Returns:
        The exit code: 1 when a server that is tried does not run.
    """
    if options.action == "serve":
        return _serve(options)
    here = Path.cwd()
    servers = open_servers(settings, here, store_folder(None, here, options.store or settings.store))
    said, good = mcp_verbs.done(servers, options, lambda work: asyncio.run(mcp_verbs.closing(servers, lambda: work)))
    say(said)
    return 0 if good else 1


def _serve(options: argparse.Namespace) -> int:
    """Offer our tools to another agent, in a kernel of their own: this process."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from aether_nb.serve.ways import serve_http, serve_stdio

    port = port_of(options.port)
    if options.store:
        os.environ["AETHER_STORE"] = options.store
    # What a visitor runs is not a line that somebody has typed here.
    session = open_session(InteractiveShell.instance(config=Config(HistoryManager={"enabled": False})))
    try:
        if options.http:
            serve_http(session, lambda said: print(said, file=sys.stderr, flush=True), port)
        else:
            serve_stdio(session)
    finally:
        session.close()
    return 0
