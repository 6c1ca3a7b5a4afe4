"""What checks the structured answers of servers: a library of the SDK's that takes a second or two to import.

It is imported on a thread as soon as a server says that it has such answers, while a model still thinks, so that the
first call does not wait for it, and the agent's loop never does. Knows no server.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from importlib import import_module
from threading import Thread
from typing import Any

__all__ = ["ahead", "there"]

LIBRARY = "jsonschema"

_thread: Thread | None = None


def ahead(tools: Iterable[Any]) -> None:
    """Begin to import it, when one of these tools of the SDK's will need it and nobody has yet."""
    global _thread
    if _thread is None and LIBRARY not in sys.modules and any(tool.output_schema is not None for tool in tools):
        _thread = Thread(target=import_module, args=(LIBRARY,), name="aether-checking", daemon=True)
        _thread.start()


async def there() -> None:
    """Wait until it is imported, if it is on its way; others go on meanwhile."""
    if _thread is not None and _thread.is_alive():
        await asyncio.to_thread(_thread.join)
