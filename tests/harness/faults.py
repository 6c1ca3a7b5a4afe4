"""A hostile model server on this machine: raw bytes as they are given, and every way in which a connection can end."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from harness.listening import listening

STREAM = "text/event-stream"
JSON = "application/json"

End = Literal["keep", "close", "reset", "half", "stall", "idle"]
"""What becomes of the connection: used again, closed, reset, closed for writing only, left open in silence, or that
without reading what comes."""


@dataclass(frozen=True)
class Raw:
    """One answer, byte for byte, its head included. ``early``: sent before the request has been read."""

    pieces: Iterable[bytes]
    end: End = "keep"
    early: bool = False


@dataclass
class Hostile:
    """The server's address, the first line of each request, whether one came, and whether a client hung up on it."""

    url: str = ""
    lines: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def hostile(*answers: Raw) -> AsyncIterator[Hostile]:
    """A server that gives one answer after the other, whoever asks; after the last it closes at once."""
    server, queue = Hostile(), list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while queue and (queue[0].early or (line := await _read(reader))):
            server.lines.append(b"" if queue[0].early else line)
            server.asked.set()
            if not await _give(queue.pop(0), reader, writer, server.left):
                return

    async with listening(serve, server.left) as server.url:
        yield server


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Read a request; its first line, empty when there was none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    await reader.readexactly(int(fields.get(b"content-length", b"0")))
    return head.split(b"\r\n")[0]


async def _give(answer: Raw, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: asyncio.Event) -> bool:
    """Give an answer; whether the connection may be used again."""
    for piece in answer.pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)  # let the client, on the same loop, read this piece alone
    if answer.end == "reset":
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    if answer.end == "half":
        writer.write_eof()
    if answer.end in ("half", "stall"):
        while await reader.read(65536):  # ends when the client hangs up
            pass
        left.set()
    if answer.end == "idle":
        await asyncio.Event().wait()  # until the test is over
    return answer.end == "keep"


def answer(
    body: bytes | Iterable[bytes] = b"",
    status: int = 200,
    content_type: str = STREAM,
    headers: Mapping[str, str] | None = None,
    *,
    framing: Literal["chunked", "length", "close"] = "chunked",
    end: End = "keep",
) -> Raw:
    """A proper HTTP answer; with ``framing="close"`` its end is the end of the connection. A cut one lacks its end."""
    pieces = [body] if isinstance(body, bytes) else body
    lines = {"content-type": content_type, **(headers or {})}
    if framing == "chunked":
        lines["transfer-encoding"] = "chunked"
    elif framing == "length":
        pieces = [b"".join(pieces)]
        lines["content-length"] = str(len(pieces[0]))
    else:
        end = "close" if end == "keep" else end
    head = f"HTTP/1.1 {status} Playing\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"

    def given() -> Iterable[bytes]:
        yield head.encode()
        for piece in pieces:
            if piece:
                yield b"%x\r\n%s\r\n" % (len(piece), piece) if framing == "chunked" else piece
        if framing == "chunked" and end == "keep":
            yield b"0\r\n\r\n"

    return Raw(given(), end)
