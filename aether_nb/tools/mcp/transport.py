"""The way to one server: a process and its pipes, or an address; bounded, so that no server can hold up the agent.

A line of a process may have so many bytes, messages come in at most at a certain pace (a server that floods waits at
its own pipe), and what it writes to standard error goes to a file. The SDK is imported with the first connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb.errors import ConfigError
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.mcp.logs import BoundedLog

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

__all__ = ["Window", "opened"]

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of one message of a process."""

MESSAGES = 500
"""Messages in a second; a server that sends more is read more slowly."""

BYTES = 48 * 1024 * 1024
"""Bytes in a second, likewise."""

GRACE = 1.0
"""Seconds for which a process may end by itself, and again after it was asked to."""


class Window:
    """Not more than so much in a second: who has read that much waits until the second is over."""

    def __init__(self, messages: int = MESSAGES, size: int = BYTES) -> None:
        self.messages, self.size = messages, size
        self._began, self._count, self._bytes = time.monotonic(), 0, 0

    async def passed(self, size: int = 0) -> None:
        """Something has come; returns when the next may."""
        now = time.monotonic()
        if now - self._began >= 1.0:
            self._began, self._count, self._bytes = now, 0, 0
        self._count += 1
        self._bytes += size
        if self._count >= self.messages or self._bytes >= self.size:
            await asyncio.sleep(max(0.0, self._began + 1.0 - now))


class _Watched:
    """A stream of messages that is read at a bounded pace, and says when it has ended."""

    def __init__(self, inner: Any, window: Window, ended: Callable[[], None]) -> None:
        self._inner, self._window, self._ended = inner, window, ended

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Any:
        try:
            message = await self._inner.__anext__()
        except BaseException:
            self._ended()
            raise
        await self._window.passed()
        return message

    async def receive(self) -> Any:
        import anyio

        try:
            return await self.__anext__()
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> _Watched:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._inner.__aexit__(*error)


@asynccontextmanager
async def opened(
    definition: Definition, what: str, workspace: Path, log: BoundedLog, ended: Callable[[], None]
) -> AsyncIterator[TransportStreams]:
    """The streams to a server whose variables are put in; the process, or the connection, ends with the context.

    Args:
        definition: The server.
        what: What is written of it into the log: the line that the user has agreed to.
        workspace: Where a process is started.
        log: Where its standard error goes.
        ended: Told when the server says no more.

    Raises:
        ConfigError: The program is not there.
        OSError: It cannot be started.
    """
    _quiet(log)
    if definition.kind == "stdio":
        inner = _process(definition, what, workspace, log)
    else:
        inner = _address(definition)
    async with inner as (reading, writing):
        yield _Watched(reading, Window(), ended), writing


def _quiet(log: BoundedLog) -> None:
    """What the SDK has to say goes to no cell: without a handler of its own it would be printed there."""
    logger = logging.getLogger("mcp")
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())


@asynccontextmanager
async def _address(definition: Definition) -> AsyncIterator[TransportStreams]:
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    headers = dict(definition.headers)
    if definition.kind == "sse":
        async with sse_client(definition.address, headers=headers) as streams:
            yield streams
        return
    async with (
        create_mcp_http_client(headers=headers) as http,
        streamable_http_client(definition.address, http_client=http) as streams,
    ):
        yield streams


@asynccontextmanager
async def _process(
    definition: Definition, what: str, workspace: Path, log: BoundedLog
) -> AsyncIterator[TransportStreams]:
    import anyio
    from mcp.shared.message import SessionMessage

    process = await _started(definition, workspace)
    log.note(f"started {what} as process {process.pid}")
    heard, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    writing, said = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_read(process, heard, log)),
        asyncio.create_task(_write(process, said, heard)),
        asyncio.create_task(_complaints(process, log)),
    ]
    try:
        yield reading, writing
    finally:
        writing.close()
        try:
            await _end(process)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for stream in (heard, reading, said):
                stream.close()
            log.note(f"process {process.pid} has ended with {process.returncode}")


async def _started(definition: Definition, workspace: Path) -> asyncio.subprocess.Process:
    from mcp.client.stdio import get_default_environment

    environment = get_default_environment() | dict(definition.environment)
    folder = workspace / definition.folder
    program = shutil.which(definition.command[0], path=environment.get("PATH"))
    if program is None:
        what = f"The program {definition.command[0]} of the server {definition.name} is not here."
        raise ConfigError(what, f"{definition.source} names it.", "Install it, or correct the command.")
    more: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
    return await asyncio.create_subprocess_exec(
        program,
        *definition.command[1:],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=folder,
        limit=LONGEST_LINE,
        **more,
    )


async def _read(process: asyncio.subprocess.Process, heard: Any, log: BoundedLog) -> None:
    """Hand on what the process says, a line a message; what is no message is noted and left out."""
    import anyio
    import mcp_types as types
    from mcp.shared.message import SessionMessage

    assert process.stdout is not None
    window, strays = Window(), 0
    async with heard:
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                log.note(f"a line had more than {LONGEST_LINE:,} bytes; the server is given up")
                return
            if not line:
                return
            await window.passed(len(line))
            try:
                message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                strays += 1
                if strays <= 20 and line.strip():
                    log.note(f"no message: {line[:200]!r}")
                continue
            try:
                await heard.send(SessionMessage(message))
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                return


async def _write(process: asyncio.subprocess.Process, said: Any, heard: Any) -> None:
    """Hand on what is said to the process; when it does not listen any more, nothing will come from it either."""
    assert process.stdin is not None
    try:
        async with said:
            async for message in said:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                process.stdin.write(text.encode() + b"\n")
                await process.stdin.drain()
    except (OSError, RuntimeError):
        await heard.aclose()


async def _complaints(process: asyncio.subprocess.Process, log: BoundedLog) -> None:
    assert process.stderr is not None
    window = Window(messages=100, size=4 * 1024 * 1024)
    while data := await process.stderr.read(65_536):
        log.write(data)
        await window.passed(len(data))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its input, wait; ask it to end, wait; kill it, with all that it has started."""
    if process.stdin is not None:
        process.stdin.close()
    for number in (None, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if number is not None:
            _signal(process, number)
        try:
            async with asyncio.timeout(GRACE):
                await process.wait()
            break
        except TimeoutError:
            continue
    if process.returncode is not None and sys.platform != "win32":
        _signal(process, signal.SIGKILL)  # what it has started and left behind
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    try:
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended
