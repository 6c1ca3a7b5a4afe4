"""A model server on this machine that plays what it is given, cut as it is told, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from harness.listening import listening

STREAM = "text/event-stream"


@dataclass(frozen=True)
class Play:
    """One answer. ``end``: finished properly, the connection cut, closed without a length, or never ended."""

    pieces: Sequence[bytes]
    status: int = 200
    content_type: str = STREAM
    headers: dict[str, str] = field(default_factory=dict)
    end: Literal["whole", "cut", "closed", "never"] = "whole"


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire. ``connection`` counts the connections."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Loopback:
    """The server's address, what it was asked, and whether a client left before the end."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def loopback(*plays: Play) -> AsyncIterator[Loopback]:
    """A server that plays one answer after the other, whoever asks."""
    server, queue = Loopback(), list(plays)
    connections = iter(range(1, 1000))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(connections)
        while (asked := await _request(reader, connection)) is not None:
            server.asked.append(asked)
            if not await _play(queue.pop(0), reader, writer, server.left):
                return

    async with listening(serve, server.left) as server.url:
        yield server


async def _request(reader: asyncio.StreamReader, connection: int) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    line, *rest = head.decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(line, headers, body, connection)


async def _play(play: Play, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: asyncio.Event) -> bool:
    """Send an answer; whether the connection may be used again."""
    headers = {"content-type": play.content_type, **play.headers}
    chunked = play.end != "closed"
    headers |= {"transfer-encoding": "chunked"} if chunked else {"connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {play.status} Playing\r\n{lines}\r\n".encode())
    for piece in play.pieces:
        if piece:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
            await asyncio.sleep(0)  # let the client, on the same loop, read this piece alone
    if play.end == "whole":
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    if play.end == "never":
        await reader.read()  # ends when the client hangs up
        left.set()
    return play.end == "whole"


def cut(body: bytes, places: Sequence[int]) -> Iterator[bytes]:
    """The body cut at these places."""
    marks = [0, *sorted(set(places)), len(body)]
    return (body[start:stop] for start, stop in pairwise(marks))


def events(*chunks: Any, done: bool = True) -> bytes:
    """A stream of events from chunks, with the closing mark unless told otherwise."""
    text = "".join(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks)
    return (text + ("data: [DONE]\n\n" if done else "")).encode()


def says(*, finish: str | None = None, usage: Any = None, **delta: Any) -> dict[str, Any]:
    """One chunk of a stream."""
    chunk: dict[str, Any] = {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return chunk if usage is None else chunk | {"usage": usage}
