"""A scripted model server on loopback, in a process of its own, so cheap that it hardly counts.

    python tests/benchmarks/server.py [--port 8765]

It prints its port and ends when its standard input is closed. The whole script stands in the URL:

    http://127.0.0.1:PORT/s/SESSION/t20-p1-f5-d0-o1-v0/v1

20 turns of 1 tool call each, then 5 tokens, no delay (milliseconds between two tokens), a tool offered, not verified.
A session is a counter of requests; after the final text the script begins again. Both formats are spoken,
``/v1/chat/completions`` and ``/v1/messages``, streamed when the request says so. Answers are encoded once and then only
written: one HTTP chunk for each event, tool arguments in four pieces, usage in a last chunk of its own. With ``v1``
every request is parsed and the tool results in it are checked. ``GET /stats/SESSION`` tells how many requests there
were, the seconds from each answer to the next request, what was wrong, and the server's CPU seconds; then the session
is forgotten.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from workloads import MODEL, pieces

PATH = re.compile(rb"^POST /s/([^/]+)/t(\d+)-p(\d+)-f(\d+)-d(\d+)-o(\d)-v(\d)(?:/v1)?/(chat/completions|messages)[ ?]")
LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
STREAMED = re.compile(rb'"stream":\s*true')
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def numbers(turn: int, call: int) -> dict[str, int]:
    """The arguments of a call."""
    return {"a": turn, "b": call}


def call_id(turn: int, call: int) -> str:
    """The id of a call."""
    return f"call_{turn:04d}_{call:04d}"


# ---- answers


def _chat_chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _chat_frame("chat.completion.chunk", [choice])


def _chat_frame(kind: str, choices: list[Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-benchmark",
        "object": kind,
        "created": 1,
        "model": MODEL,
        "system_fingerprint": "fp_1",
        "choices": choices,
    }


def _quarters(text: str) -> list[str]:
    size = -(-len(text) // 4)
    return [text[n : n + size] for n in range(0, len(text), size)]


def chat_events(turn: int, calls: int, tokens: int) -> Iterator[dict[str, Any]]:
    """A streamed chat completion: ``calls`` tool calls, or a text when there are none."""
    yield _chat_chunk({"role": "assistant", "content": None if calls else ""})
    for n in range(calls):
        head = {"index": n, "id": call_id(turn, n), "type": "function", "function": {"name": "add", "arguments": ""}}
        yield _chat_chunk({"tool_calls": [head]})
        for piece in _quarters(json.dumps(numbers(turn, n))):
            yield _chat_chunk({"tool_calls": [{"index": n, "function": {"arguments": piece}}]})
    for piece in () if calls else pieces(tokens):
        yield _chat_chunk({"content": piece})
    yield _chat_chunk({}, "tool_calls" if calls else "stop")
    yield _chat_frame("chat.completion.chunk", []) | {"usage": USAGE}


def chat_whole(turn: int, calls: int, tokens: int) -> dict[str, Any]:
    """A chat completion in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": None if calls else "".join(pieces(tokens))}
    if calls:
        message["tool_calls"] = [
            {
                "id": call_id(turn, n),
                "type": "function",
                "function": {"name": "add", "arguments": json.dumps(numbers(turn, n))},
            }
            for n in range(calls)
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls" if calls else "stop"}
    return _chat_frame("chat.completion", [choice]) | {"usage": USAGE}


def _message(content: list[Any], stop: str | None, output: int) -> dict[str, Any]:
    return {
        "id": "msg_benchmark",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": output},
    }


def message_events(turn: int, calls: int, tokens: int) -> Iterator[dict[str, Any]]:
    """A streamed message: ``calls`` tool uses, or a text when there are none."""
    yield {"type": "message_start", "message": _message([], None, 1)}
    for n in range(calls or 1):
        if calls:
            block = {"type": "tool_use", "id": call_id(turn, n), "name": "add", "input": {}}
            cut = _quarters(json.dumps(numbers(turn, n)))
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in cut]
        else:
            block = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(tokens)]
        yield {"type": "content_block_start", "index": n, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": n, "delta": delta}
        yield {"type": "content_block_stop", "index": n}
    stop = "tool_use" if calls else "end_turn"
    end = {"stop_reason": stop, "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": 20}}
    yield {"type": "message_stop"}


def message_whole(turn: int, calls: int, tokens: int) -> dict[str, Any]:
    """A message in one piece."""
    if not calls:
        return _message([{"type": "text", "text": "".join(pieces(tokens))}], "end_turn", 20)
    uses = [
        {"type": "tool_use", "id": call_id(turn, n), "name": "add", "input": numbers(turn, n)} for n in range(calls)
    ]
    return _message(uses, "tool_use", 20)


@cache
def answer(turn: int, calls: int, tokens: int, chat: bool, stream: bool) -> tuple[bytes, ...]:
    """The bytes of an answer, one piece for each event; the first one has the headers."""
    if not stream:
        body = json.dumps((chat_whole if chat else message_whole)(turn, calls, tokens)).encode()
        return (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body),
        )
    if chat:
        events = [b"data: %s\n\n" % json.dumps(each).encode() for each in chat_events(turn, calls, tokens)]
        events.append(b"data: [DONE]\n\n")
    else:
        events = [
            b"event: %s\ndata: %s\n\n" % (each["type"].encode(), json.dumps(each).encode())
            for each in message_events(turn, calls, tokens)
        ]
    chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in events]
    chunks[0] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + chunks[0]
    chunks[-1] += b"0\r\n\r\n"
    return tuple(chunks)


# ---- verification


def results(body: dict[str, Any], chat: bool) -> dict[str, str]:
    """The tool results in a request, by the id of their call."""
    if chat:
        said = {m["tool_call_id"]: m["content"] for m in body["messages"] if m["role"] == "tool"}
    else:
        blocks = [b for m in body["messages"] if isinstance(m["content"], list) for b in m["content"]]
        said = {b["tool_use_id"]: b["content"] for b in blocks if b["type"] == "tool_result"}
    return {id: text if isinstance(text, str) else "".join(part["text"] for part in text) for id, text in said.items()}


def complaints(raw: bytes, chat: bool, turn: int, calls: int, offered: bool) -> list[str]:
    """What is wrong with a request."""
    try:
        body = json.loads(raw)
        found = results(body, chat)
        expected = {call_id(t, n): str(sum(numbers(t, n).values())) for t in range(turn) for n in range(calls)}
        wrong = [] if found == expected else [f"request {turn}: the tool results are {found}, not {expected}"]
        names = [tool["function"]["name"] if chat else tool["name"] for tool in body.get("tools", [])]
        return wrong if names == (["add"] if offered else []) else [*wrong, f"request {turn}: the tools are {names}"]
    except (ValueError, KeyError, TypeError) as error:
        return [f"request {turn}: {type(error).__name__}: {error}"]


# ---- the server


@dataclass
class Session:
    """What happened in one session."""

    requests: int = 0
    answered: float = 0.0
    gaps: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


SESSIONS: dict[str, Session] = {}


class Connection(asyncio.Protocol):
    """One connection of a client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.gathered = transport, bytearray()

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as it is whole."""
        self.gathered += data
        while (end := self.gathered.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.gathered[:end])
            found = LENGTH.search(head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self.gathered) < whole:
                return
            body = bytes(self.gathered[end + 4 : whole])
            del self.gathered[:whole]
            self._respond(head, body)

    def _respond(self, head: bytes, body: bytes) -> None:
        found = PATH.match(head)
        if found is None:
            self._stats(head)
            return
        session = SESSIONS.setdefault(found[1].decode(), Session())
        turns, calls, tokens, delay, offered, verify = (int(found[n]) for n in range(2, 8))
        chat = found[8] == b"chat/completions"
        turn = session.requests % (turns + 1)
        if turn:
            session.gaps.append(time.perf_counter() - session.answered)
        if verify:
            session.failures += complaints(body, chat, turn, calls, bool(offered))
        session.requests += 1
        chunks = answer(turn, calls if turn < turns else 0, tokens, chat, STREAMED.search(body) is not None)
        if delay and len(chunks) > 1:
            self._pace(chunks, 0, asyncio.get_running_loop().time(), delay / 1000)
        else:
            self.transport.write(b"".join(chunks))
        session.answered = time.perf_counter()

    def _pace(self, chunks: tuple[bytes, ...], n: int, begun: float, delay: float) -> None:
        self.transport.write(chunks[n])
        if n + 1 < len(chunks) and not self.transport.is_closing():
            loop = asyncio.get_running_loop()
            loop.call_at(begun + (n + 1) * delay, self._pace, chunks, n + 1, begun, delay)

    def _stats(self, head: bytes) -> None:
        session = SESSIONS.pop(head.split()[1].rpartition(b"/")[2].decode(), Session())
        told = {"requests": session.requests, "gaps": session.gaps, "failures": session.failures}
        body = json.dumps(told | {"cpu": time.process_time()}).encode()
        status = b"200 OK" if head.startswith(b"GET /stats/") else b"404 Not Found"
        self.transport.write(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))


async def serve(port: int) -> None:
    """Serve until standard input is closed."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    server = await loop.create_server(Connection, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=watch, daemon=True).start()
    await ended.wait()
    server.close()


def main() -> None:
    """Read the command line, and serve."""
    parser = argparse.ArgumentParser(description="A scripted model server on loopback.")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
