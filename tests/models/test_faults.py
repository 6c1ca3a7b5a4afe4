"""Bad answers of every kind, to both formats: each is a typed error, and nothing of it is left behind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Image, Message, ToolSpec
from aether_nb.models.base import Request
from harness.faults import JSON, Raw, answer, hostile
from harness.formats import ANTHROPIC, FORMATS, HELLO, OPENAI, Spoken, answered, no_reply, shape, suffered
from harness.loopback import events, says

BROKE = ("The answer of test:m broke off.", 0, True)
UNREADABLE = ("The answer of test:m cannot be read.", 0, False)
SILENT = ("test:m fell silent.", 0, False)

every_format = pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])

OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
OLD = b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


def half(spoken: Spoken) -> bytes:
    """The first events of an answer, with text in them."""
    return b"".join(spoken.samples["text"][:-3])


def whole(spoken: Spoken) -> bytes:
    return b"".join(spoken.hi)


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


BROKEN: dict[str, Callable[[Spoken], Raw]] = {
    "closed without a word": lambda _: Raw([], "close"),
    "reset without a word": lambda _: Raw([], "reset"),
    "half closed without a word": lambda _: Raw([], "half"),
    "closed in the status line": lambda _: Raw([b"HTTP/1.1 20"], "close"),
    "closed in the head": lambda _: Raw([OK], "close"),
    "closed in the body": lambda spoken: Raw([CHUNKED, chunk(half(spoken))], "close"),
    "closed in a chunk": lambda spoken: Raw([CHUNKED, b"ffff\r\n", half(spoken)], "close"),
    "reset in the body": lambda spoken: Raw([CHUNKED, chunk(half(spoken))], "reset"),
    "half closed in the body": lambda spoken: Raw([CHUNKED, chunk(half(spoken))], "half"),
    "ended in the middle": lambda spoken: answer(half(spoken)),
    "ended in an event": lambda spoken: answer(half(spoken)[:-9]),
    "less than its length": lambda spoken: Raw([OK + b"content-length: 99999\r\n\r\n", half(spoken)], "close"),
    "more than its length": lambda spoken: Raw(
        [OK + b"content-length: %d\r\n\r\n" % len(half(spoken)) + half(spoken) + whole(spoken)]
    ),
    "HTTP/1.0, closed in the middle": lambda spoken: Raw([OLD, half(spoken)], "close"),
    "HTTP/1.0, reset in the middle": lambda spoken: Raw([OLD, half(spoken)], "reset"),
    "chunks without a size": lambda spoken: Raw([CHUNKED, b"ZZZ\r\n", half(spoken)]),
    "a negative chunk": lambda spoken: Raw([CHUNKED, b"-5\r\n", half(spoken)]),
    "chunks that do not end": lambda spoken: Raw([CHUNKED, b"5\r\n", half(spoken)]),
    "garbage after a chunk": lambda spoken: Raw([CHUNKED, chunk(half(spoken)), b"\x00\xff\x00\r\n"]),
    "two lengths": lambda _: Raw([OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello"]),
    "another protocol": lambda _: Raw([b"SSH-2.0-OpenSSH_9.6\r\n\r\n"]),
    "TLS where none was asked for": lambda _: Raw([b"\x15\x03\x03\x00\x02\x02\x46"], "close"),
    "a head without end": lambda _: Raw([OK, *[b"x-more: " + b"y" * 1000 + b"\r\n"] * 300], "close"),
    "no gzip": lambda spoken: answer(whole(spoken), headers={"content-encoding": "gzip"}),
}
"""Nothing was wrong with the request: the connection or what carries the answer was."""


@every_format
@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN.keys())
async def test_broken_connections(spoken: Spoken, fault: Callable[[Spoken], Raw]) -> None:
    """However a connection breaks, the error says so and may pass, and the next request is answered."""
    assert shape(await suffered(spoken, fault(spoken))) == BROKE


@every_format
@pytest.mark.parametrize("place", [11, 40, -12])
@pytest.mark.parametrize("rest", [b"", b"\x00" * 40], ids=["cut", "damaged"])
async def test_damaged_gzip(spoken: Spoken, place: int, rest: bytes) -> None:
    """Compressed data that end early, or go on as something else, are no answer, whether some of it can be read."""
    body = gzip.compress(half(spoken), mtime=0)[:place] + rest
    assert shape(await suffered(spoken, answer(body, headers={"content-encoding": "gzip"}))) in (BROKE, UNREADABLE)


MUTE: dict[str, Callable[[Spoken], Raw]] = {
    "from the beginning": lambda _: Raw([], "stall"),
    "in the head": lambda _: Raw([OK], "stall"),
    "before the body": lambda _: Raw([CHUNKED], "stall"),
    "in the body": lambda spoken: Raw([CHUNKED, chunk(half(spoken))], "stall"),
    "in an event": lambda spoken: Raw([CHUNKED, chunk(half(spoken)[:-9])], "stall"),
    "in a chunk": lambda spoken: Raw([CHUNKED, b"ffff\r\n", half(spoken)], "stall"),
    "in one JSON object": lambda spoken: Raw(
        [OK + b"content-length: 9999\r\n\r\n", spoken.plain[:20]], "stall"
    ),
}  # fmt: skip


@every_format
@pytest.mark.parametrize("fault", MUTE.values(), ids=MUTE.keys())
async def test_silence(spoken: Spoken, fault: Callable[[Spoken], Raw]) -> None:
    """A server that says nothing for longer than the timeout is left, wherever it stopped."""
    assert shape(await suffered(spoken, fault(spoken), silence=0.1)) == SILENT


def deep(spoken: Spoken) -> bytes:
    return b"data: " + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n\n"


NONSENSE: dict[str, Callable[[Spoken], Raw]] = {
    "nothing": lambda _: answer(),
    "blank lines": lambda _: answer(b"\n\n\r\n\n"),
    "comments alone": lambda _: answer(b": keep-alive\n\n" * 9),
    "an HTML page": lambda _: answer(b"<!doctype html><title>Welcome</title>", content_type="text/html"),
    "plain words": lambda _: answer(b"I am a teapot.", content_type="text/plain"),
    "no UTF-8": lambda _: answer(b'data: {"type": "\xff\xfe"}\n\n'),
    "no UTF-8, in one piece": lambda _: answer(b'{"choices": "\xff\xfe"', content_type=JSON),
    "a cut character": lambda _: answer('data: {"type": "✓'.encode()[:-1] + b'"}\n\n'),
    "truncated JSON": lambda _: answer(b'data: {"type": "mess\n\n'),
    "truncated JSON, in one piece": lambda spoken: answer(spoken.plain[:-5], content_type=JSON),
    "two objects": lambda spoken: answer(spoken.plain * 2, content_type=JSON),
    "nested too deeply": lambda spoken: answer(deep(spoken)),
    "nested too deeply, in one piece": lambda spoken: answer(deep(spoken)[6:], content_type=JSON),
    "a list": lambda _: answer(b"[]", content_type=JSON),
    "a list in an event": lambda _: answer(b"data: [1, 2]\n\n"),
    "null": lambda _: answer(b"null", content_type=JSON),
    "null in an event": lambda _: answer(b"data: null\n\n"),
    "a word in an event": lambda _: answer(b'data: "hello"\n\n'),
    "a number in an event": lambda _: answer(b"data: 1e999\n\n"),
    "an empty object": lambda _: answer(b"{}", content_type=JSON),
    "another kind of object": lambda _: answer(b'{"object": "list", "data": []}', content_type=JSON),
    "an unknown encoding": lambda _: answer(b"\x8b\x03\x80\x99", headers={"content-encoding": "br"}),
    "a line of 17 MB": lambda _: answer(b"x" * 65536 for _ in range(272)),
    "an event of 17 MB": lambda _: answer([b"data: ", *[b"x" * 65536] * 272]),
    "an event of 17 MB in short lines": lambda _: answer([b"data: " + b"x" * 65530 + b"\n"] * 272),
}  # fmt: skip
"""Something answers that is no model server, or the server is out of its mind: asking again would not help."""


@every_format
@pytest.mark.parametrize("fault", NONSENSE.values(), ids=NONSENSE.keys())
async def test_what_is_no_answer(spoken: Spoken, fault: Callable[[Spoken], Raw]) -> None:
    """What cannot be read is no answer, and no part of it is passed on as one."""
    assert shape(await suffered(spoken, fault(spoken))) == UNREADABLE


def one_byte_at_a_time(spoken: Spoken) -> Iterator[bytes]:
    for piece in answer(spoken.hi).pieces:
        yield from (piece[place : place + 1] for place in range(len(piece)))


ODD: dict[str, Callable[[Spoken], Raw]] = {
    "one byte at a time": lambda spoken: Raw(one_byte_at_a_time(spoken)),
    "all at once": lambda spoken: Raw([b"".join(answer(spoken.hi).pieces)]),
    "gzip": lambda spoken: answer(gzip.compress(whole(spoken)), headers={"content-encoding": "gzip"}),
    "gzip in bytes": lambda spoken: answer(
        [bytes([byte]) for byte in gzip.compress(whole(spoken))], headers={"content-encoding": "gzip"}
    ),
    "HTTP/1.0 without a length": lambda spoken: Raw([OLD, whole(spoken)], "close"),
    "half closed behind the answer": lambda spoken: Raw([OLD, whole(spoken)], "half"),
    "a wrong content type": lambda spoken: answer(whole(spoken), content_type="text/html; charset=latin-1"),
    "no content type": lambda spoken: Raw([b"HTTP/1.1 200 OK\r\n\r\n", whole(spoken)], "close"),
    "a length": lambda spoken: answer(whole(spoken), framing="length"),
    "informed first": lambda spoken: Raw(
        [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", *answer(spoken.hi).pieces]
    ),
    "a trailer": lambda spoken: Raw([CHUNKED, chunk(whole(spoken)), b"0\r\nx-checksum: 1\r\n\r\n"]),
    "answered before it was asked": lambda spoken: Raw(answer(spoken.hi).pieces, early=True, end="close"),
    "one object": lambda spoken: answer(spoken.plain, content_type=JSON, framing="length"),
    "one object as an event stream": lambda spoken: answer(spoken.plain),
    "comments between": lambda spoken: answer(b": still here\n\n".join([b"", *spoken.hi])),
    "carriage returns": lambda spoken: answer(whole(spoken).replace(b"\n", b"\r\n")),
    "unknown events": lambda spoken: answer(
        b'event: news\ndata: {"type": "news", "of": [1]}\n\nid: 7\nretry: 10\n\n'.join([b"", *spoken.hi])
    ),
    "cut behind the end": lambda spoken: Raw([CHUNKED, chunk(whole(spoken))], "reset"),
}


@every_format
@pytest.mark.parametrize("oddity", ODD.values(), ids=ODD.keys())
async def test_odd_but_right(spoken: Spoken, oddity: Callable[[Spoken], Raw]) -> None:
    """A whole answer is taken, however strangely it is carried; and the next request is answered as well."""
    async with hostile(oddity(spoken), answer(spoken.hi)) as server:
        model = spoken.model(server.url)
        texts = [(await answered(model)).message.text for _ in range(2)]
        await model.aclose()
    assert texts == ["hi", "hi"]


def use(x: int) -> dict[str, Any]:
    return {"type": "tool_use", "id": "a", "name": "look", "input": {"x": x}}


SAME: dict[str, tuple[Spoken, list[dict[str, Any]]]] = {
    "openai": (
        OPENAI,
        [
            says(tool_calls=[{"index": 0, "id": "a", "function": {"name": "look", "arguments": '{"x": 1}'}}]),
            says(tool_calls=[{"index": 1, "id": "a", "function": {"name": "look", "arguments": '{"x": 2}'}}]),
            says(finish="tool_calls"),
        ],
    ),
    "anthropic": (
        ANTHROPIC,
        [
            {"type": "message_start", "message": {}},
            *[{"type": "content_block_start", "index": n, "content_block": use(n + 1)} for n in range(2)],
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
        ],
    ),
}


@pytest.mark.parametrize(("spoken", "chunks"), SAME.values(), ids=SAME.keys())
async def test_two_calls_with_one_id(spoken: Spoken, chunks: list[dict[str, Any]]) -> None:
    """Two calls that bear one id are two calls: the second gets an id of its own."""
    async with hostile(answer(events(*chunks))) as server:
        model = spoken.model(server.url)
        calls = (await answered(model)).message.calls
        await model.aclose()
    assert [(call.name, call.arguments) for call in calls] == [("look", {"x": 1}), ("look", {"x": 2})]
    assert calls[0].id == "a" != calls[1].id


@pytest.mark.parametrize("choices", [[], None, {}, "none", [None], [[]]], ids=repr)
async def test_empty_choices(choices: Any) -> None:
    """Chunks whose choices are empty or no choices say nothing: alone they are no answer, between others no harm."""
    empty = events({"model": "m", "choices": choices}, done=False)
    async with hostile(answer(empty + whole(OPENAI)), answer(empty * 3 + b"data: [DONE]\n\n")) as server:
        model = OPENAI.model(server.url)
        assert (await answered(model)).message.text == "hi"
        with pytest.raises(ModelUnavailable) as caught:
            await no_reply(model, HELLO)
        await model.aclose()
    assert shape(caught.value) == UNREADABLE


def big() -> Request:
    """A request of several megabytes, more than fits into the buffers of a socket."""
    picture = Image("image/png", "A" * 8_000_000)
    return Request((Message("user", (picture,)),), (ToolSpec("look", "Look.", {"type": "object"}),))


@every_format
async def test_refused_before_it_was_read(spoken: Spoken) -> None:
    """A server that refuses a big request without reading it gives its refusal, or a broken connection; no hang."""
    refusal = answer(json.dumps({"error": {"message": "too big"}}).encode(), 413, JSON, end="close")
    error = await suffered(spoken, Raw(refusal.pieces, "close", early=True), request=big())
    assert shape(error) in (("The conversation is too long for test:m.", 413, False), BROKE)


@every_format
async def test_a_request_that_nobody_takes(spoken: Spoken) -> None:
    """A server that reads nothing of a big request is left after the timeout."""
    error = await suffered(spoken, Raw([], "idle", early=True), silence=0.2, request=big())
    assert shape(error) == SILENT


async def test_http_2_is_off() -> None:
    """What is sent is HTTP/1.1, also when the server offers an upgrade."""
    upgrade = Raw([b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"], "close")
    error = await suffered(OPENAI, upgrade)
    assert shape(error) in (BROKE, ("test:m refused the request.", 101, False))
    async with hostile(answer(OPENAI.hi)) as server:
        model = OPENAI.model(server.url)
        await answered(model, HELLO)
        await model.aclose()
    assert server.lines == [b"POST /v1/chat/completions HTTP/1.1"]
