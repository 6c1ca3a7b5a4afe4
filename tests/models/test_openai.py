"""Chat completions over HTTP: what is sent, what is made of the answer, and what is said when there is none."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest

from aether_nb.errors import AetherError, ConfigError, ModelUnavailable
from aether_nb.events.messages import Image, Message, Text, ToolCall, ToolSpec, Usage
from aether_nb.models.base import Delta, Model, Reply, Request
from aether_nb.models.history import INTERRUPTED
from aether_nb.models.openai import OpenAIChat
from aether_nb.models.router import open_model
from harness import recorded
from harness.loopback import Loopback, Play, cut, events, loopback, says

KEY = "sk-secret-0123456789"
HELLO = Request((Message.of("user", "hi ünï ✓"),))
LOOK = ToolSpec("look", "Look at it.", {"type": "object", "properties": {"x": {"type": "integer"}}})
HI = Play([events(says(content="hi", finish="stop"))])
needs_recordings = pytest.mark.skipif(not recorded.FILE.is_file(), reason=recorded.MISSING)


def chat(url: str, **more: Any) -> OpenAIChat:
    return OpenAIChat("m", url, KEY, key_variable="OPENAI_API_KEY", **more)


async def ask(model: OpenAIChat, request: Request = HELLO) -> Reply:
    """The whole reply, once; nothing comes after it."""
    try:
        return await asking(model, request)
    finally:
        await model.aclose()


async def asking(model: Model, request: Request = HELLO) -> Reply:
    *before, last = [delta async for delta in model.stream(request)]
    assert [delta for delta in before if delta.reply] == []
    assert last == Delta(reply=last.reply)
    assert last.reply is not None
    return last.reply


async def failure(*plays: Play, **more: Any) -> tuple[str, str, str]:
    """What is told of an answer that is none, with the server's address taken out."""
    async with loopback(*plays) as server:
        with pytest.raises(ModelUnavailable) as caught:
            await ask(chat(server.url, **more))
    return told(caught.value, server)


def told(error: AetherError, server: Loopback) -> tuple[str, str, str]:
    assert KEY not in repr(error) + str(error) + repr(error.__cause__) + str(error.__cause__)
    host = server.url.removeprefix("http://").removesuffix("/v1")
    what, why, hint = (part.replace(host, "HOST") for part in (error.what, error.why, error.hint))
    return what, why, hint


# ---- recordings


async def played(rows: Sequence[dict[str, Any]], pieces: Any) -> tuple[Any, Any]:
    """What a model assembles from recordings over HTTP, and what they say."""
    plays = [
        Play(list(pieces(row["body"].encode())), content_type="text/event-stream" if row["stream"] else "text/json")
        for row in rows
    ]
    got, expected = {}, {}
    async with loopback(*plays) as server:
        model = OpenAIChat("m", server.url)
        for row in rows:
            reply, said = await asking(model), recorded.said(row)
            calls = [(call.id, call.name, call.arguments) for call in reply.message.calls]
            if "" in [id for id, _, _ in said["calls"]]:
                calls, said["calls"] = [call[1:] for call in calls], [call[1:] for call in said["calls"]]
            usage = (reply.usage.input_tokens, reply.usage.output_tokens)
            message = {"text": reply.message.text, "thinking": reply.message.thinking, "calls": calls}
            got[row["id"]] = message | {"finish": reply.finish, "usage": usage}
            expected[row["id"]] = said
        await model.aclose()
    return got, expected


@needs_recordings
async def test_recordings_as_they_came() -> None:
    """Every recorded completion, streamed or not, is assembled from the network as its text says."""
    got, expected = await played(recorded.chats(), lambda body: [body])
    assert got == expected


@needs_recordings
async def test_recordings_cut_by_the_network() -> None:
    """Every recorded stream is assembled the same when the network cuts it at random."""
    chance = random.Random(11)
    rows = recorded.chats(stream=True)
    got, expected = await played(rows, lambda body: cut(body, chance.sample(range(len(body)), k=25)))
    assert got == expected


@needs_recordings
async def test_recorded_refusals() -> None:
    """Every recorded error names the model, the status and the provider's own reason."""
    rows = recorded.refusals()
    got = [await failure(Play([row["body"].encode()], row["status"], "application/json")) for row in rows]
    whats = {404: "openai:m was not found.", 429: "openai:m takes no more requests for now."}
    assert [what for what, _, _ in got] == [whats[row["status"]] for row in rows]
    reasons = [json.loads(row["body"])["error"]["message"] for row in rows]
    assert [reason.rstrip(".") in why for reason, (_, why, _) in zip(reasons, got, strict=True)] == [True] * len(rows)


# ---- what is sent


async def test_a_conversation_with_a_tool() -> None:
    """Two turns with a tool: the second request holds the call and its result, field by field as the format has it."""
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"x": 1}'}}
    first = Play([events(says(role="assistant", content=None, tool_calls=[call]), says(finish="tool_calls"))])
    usage = {"prompt_tokens": 7, "completion_tokens": 2}
    second = Play([events(says(content="It is "), says(content="1."), says(finish="stop", usage=usage))])
    history = [
        Message.of("system", "Be short."),
        Message("user", (Text("What is x?"), Text("variables (1):\n- x: int", "rows", ("x",)))),
    ]
    async with loopback(first, second) as server:
        model = chat(server.url)
        reply = await asking(model, Request(tuple(history), (LOOK,)))
        history += [reply.message, Message.of("tool", "ünï 1", call_id="call_1")]
        answer = await asking(model, Request(tuple(history), (LOOK,)))
        await model.aclose()
    assert reply == Reply(
        Message("assistant", calls=(ToolCall("call_1", "look", {"x": 1}),)), Usage(), "tool_calls", "m"
    )
    assert answer == Reply(Message.of("assistant", "It is 1."), Usage(7, 2, None), "stop", "m")
    assert [asked.json for asked in server.asked][1] == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "What is x?\n\nvariables (1):\n- x: int"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"x":1}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "ünï 1"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "look",
                    "description": "Look at it.",
                    "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}},
                },
            }
        ],
    }
    assert {asked.connection for asked in server.asked} == {1}


async def test_the_request_around_the_body() -> None:
    """It is a POST of raw UTF-8 to the endpoint, with the key as a bearer token."""
    async with loopback(HI) as server:
        await ask(chat(server.url + "/"))
    asked = server.asked[0]
    names = ("accept", "authorization", "content-type", "user-agent")
    assert asked.line == "POST /v1/chat/completions HTTP/1.1"
    assert {name: asked.headers[name] for name in names} == {
        "accept": "application/json",
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "user-agent": "aether-nb",
    }
    assert "hi ünï ✓".encode() in asked.body


async def test_no_key_no_header() -> None:
    """A server that wants no key is sent none."""
    async with loopback(HI) as server:
        await ask(OpenAIChat("m", server.url))
    assert "authorization" not in server.asked[0].headers


async def test_a_key_that_was_put_right() -> None:
    """A key of the environment is read for each request: one that was put right after a refusal counts at once."""
    environment = {"OPENAI_API_KEY": "sk-old-key", "OPENAI_BASE_URL": ""}
    async with loopback(Play([], 401), HI) as server:
        environment["OPENAI_BASE_URL"] = server.url
        model = open_model("openai:m", environment)
        with pytest.raises(ModelUnavailable):
            await asking(model)
        environment["OPENAI_API_KEY"] = "sk-new-key"
        assert (await asking(model)).message.text == "hi"
        assert isinstance(model, OpenAIChat)
        await model.aclose()
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer sk-old-key", "Bearer sk-new-key"]


async def test_an_interrupted_history_with_pictures() -> None:
    """A dangling call, a stray result, an empty turn and a picture of a tool go out in a form that is accepted."""
    png = Image("image/png", "aGk=")
    history = (
        Message("user", (Text("look"), png)),
        Message("assistant", (Text("so"),), (ToolCall("1", "plot", {}), ToolCall("2", "plot", {"n": 2}))),
        Message("tool", (png,), call_id="2"),
        Message.of("tool", "stray", call_id="9"),
        Message("assistant", thinking="only thought"),
        Message.of("user", "half \ud800 a pair"),
    )
    async with loopback(HI) as server:
        await ask(chat(server.url), Request(history))
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    calls = [
        {"id": "1", "type": "function", "function": {"name": "plot", "arguments": "{}"}},
        {"id": "2", "type": "function", "function": {"name": "plot", "arguments": '{"n":2}'}},
    ]
    assert server.asked[0].json["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "look"}, picture]},
        {"role": "assistant", "content": "so", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "1", "content": INTERRUPTED},
        {"role": "tool", "tool_call_id": "2", "content": "(nothing to show as text)"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Pictures from the tool results above:"},
                picture,
                {"type": "text", "text": "half ? a pair"},
            ],
        },
    ]


# ---- what is said when there is no answer

AGAIN = "Run the cell again in a moment, or choose another model: %aether model NAME"
ADDRESS = (
    "Check that http://HOST/v1 is the address of an OpenAI-compatible server (it often ends in /v1), "
    "or choose another model: %aether model NAME"
)
SET_KEY = (
    'Set OPENAI_API_KEY, then run the cell again: import os, getpass; os.environ["OPENAI_API_KEY"] = getpass.getpass()'
)
NEW = "Start a new one: %%aether --new"


def refusal(status: int, **error: Any) -> Play:
    return Play([json.dumps({"error": error}).encode()], status, "application/json")


FAULTS: dict[str, tuple[Play, tuple[str, str, str]]] = {
    "a wrong key, repeated by the server": (
        refusal(401, message=f"Incorrect API key provided: {KEY}.", code="invalid_api_key"),
        ("openai:m refused the key.", "HOST answered 401: Incorrect API key provided: ***", SET_KEY),
    ),
    "forbidden, with no word why": (
        Play([], 403),
        ("openai:m refused the key.", "HOST answered 403: no reason given", SET_KEY),
    ),
    "no credit": (
        refusal(429, message="You exceeded your quota.", type="insufficient_quota"),
        ("openai:m has no credit left.", "HOST answered 429: You exceeded your quota",
         "Add credit at HOST, or choose another model: %aether model NAME"),
    ),
    "too many requests": (
        Play([b'{"detail": "slow down"}'], 429, headers={"retry-after": "7"}),
        ("openai:m takes no more requests for now.", "HOST answered 429: slow down (retry after 7 s)", AGAIN),
    ),
    "an unknown model": (
        refusal(404, message="The model `m` does not exist.", code="model_not_found"),
        ("openai:m was not found.", "HOST answered 404: The model `m` does not exist",
         "Check the model's name and the address http://HOST/v1, then: %aether model NAME"),
    ),
    "too long": (
        refusal(400, message="Too many tokens", code="context_length_exceeded"),
        ("The conversation is too long for openai:m.", "HOST answered 400: Too many tokens", NEW),
    ),
    "a request it does not like": (
        refusal(400, message="bad\nschema\x00"),
        ("openai:m refused the request.", "HOST answered 400: bad schema",
         "Look at the reason above, or choose another model: %aether model NAME"),
    ),
    "a gateway's page": (
        Play([b"<html><head><title>502 Bad Gateway</title></head></html>"], 502, "text/html"),
        ("openai:m has a fault on its side.", "HOST answered 502: an HTML page titled '502 Bad Gateway'", AGAIN),
    ),
    "a page with status 200": (
        Play([b"<!doctype html><title>Welcome</title>"], content_type="text/html"),
        ("The answer of openai:m cannot be read.",
         "HOST: it is no stream of events. It begins with: <!doctype html><title>Welcome</title>", ADDRESS),
    ),
    "no JSON with status 200": (
        Play([b'{"choices": ['], content_type="application/json"),
        ("The answer of openai:m cannot be read.",
         'HOST: a piece of it is no JSON (Expecting value: line 1 column 14 (char 13)). It begins with: {"choices": [',
         ADDRESS),
    ),
    "an error with status 200": (
        Play([b'{"error": {"code": 502, "message": "upstream"}}'], content_type="application/json"),
        ("openai:m has a fault on its side.", "HOST reported an error 502: upstream", AGAIN),
    ),
    "cut in the middle": (
        Play([events(says(content="hi"), done=False)], end="cut"),
        ("The answer of openai:m broke off.",
         "HOST: peer closed connection without sending complete message body (incomplete chunked read).", AGAIN),
    ),
    "closed in the middle": (
        Play([events(says(content="hi"), done=False)], end="closed"),
        ("The answer of openai:m broke off.", "HOST: the connection ended in the middle of the answer.", AGAIN),
    ),
    "no UTF-8": (
        Play([b'data: {"choices": [{"delta": {"content": "\xff"}}]}\n\n']),
        ("The answer of openai:m cannot be read.",
         "HOST: a piece of it is no UTF-8 (invalid start byte at byte 36).", ADDRESS),
    ),
    "no gzip": (
        Play([b"this is not compressed"], headers={"content-encoding": "gzip"}),
        ("The answer of openai:m broke off.",
         "HOST: Error -3 while decompressing data: incorrect header check.", AGAIN),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("play", "expected"), FAULTS.values(), ids=FAULTS.keys())
async def test_faults(play: Play, expected: tuple[str, str, str]) -> None:
    """Each fault is a typed error that names the model, the server's reason and the next thing to do; never the key."""
    assert await failure(play) == expected


async def test_nobody_listens() -> None:
    """A refused connection names the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Loopback(f"http://127.0.0.1:{free.getsockname()[1]}/v1")
        with pytest.raises(ModelUnavailable) as caught:
            await ask(chat(server.url))
    assert told(caught.value, server) == (
        "openai:m cannot be reached.",
        "Nobody answers at http://HOST/v1: All connection attempts failed.",
        "Check the address and that the server runs, or choose another model: %aether model NAME",
    )


async def test_silence() -> None:
    """A server that stops talking is left after the timeout."""
    silent = Play([events(says(content="hi"), done=False)], end="never")
    assert await failure(silent, timeout=0.2) == (
        "openai:m fell silent.",
        "Nothing came from HOST for 0.2 s.",
        AGAIN,
    )


async def test_a_redirect_gets_no_key() -> None:
    """The key goes to the host of base_url only: a redirect is an error, and its target hears nothing."""
    async with loopback() as target:
        play = Play([], 307, headers={"location": target.url})
        what, why, _ = await failure(play)
    assert target.asked == []
    assert (what, why) == (
        "openai:m refused the request.",
        f"HOST answered 307: it points to {target.url}, where the key is not sent",
    )


async def test_a_key_that_cannot_be_sent() -> None:
    """A key with a line break or a foreign letter is refused before anything is sent, and not shown."""
    async with loopback() as server:
        for key in ("sk-a\nb", "sk-ключ", "sk a"):
            with pytest.raises(ModelUnavailable) as caught:
                await ask(OpenAIChat("m", server.url, key))
            assert caught.value.what == "openai:m was not asked."
            assert key not in str(caught.value)
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    ["localhost:8000/v1", "ftp://host/v1", "http://", "http://user:pass@host/v1", "u:pass@h", "http://h:x", ""],
)
def test_addresses_that_are_none(address: str) -> None:
    """An address without http, without a host or with a password is refused at once, and the password not shown."""
    with pytest.raises(ConfigError) as caught:
        OpenAIChat("m", address)
    assert "pass@" not in str(caught.value)


# ---- connections


async def test_whole_is_whole() -> None:
    """A connection that breaks after the finish reason takes nothing away from the answer."""
    async with loopback(Play([events(says(content="hi", finish="stop"), done=False)], end="cut")) as server:
        assert (await ask(chat(server.url))).message == Message.of("assistant", "hi")


async def test_cancelling_hangs_up() -> None:
    """A stream that is cancelled while it waits closes its connection at once, and the model may be asked again."""
    async with loopback(Play([events(says(content="hi"), done=False)], end="never"), HI) as server:
        model = chat(server.url)
        first = asyncio.Event()

        async def listen() -> None:
            async for _ in model.stream(HELLO):
                first.set()

        task = asyncio.create_task(listen())
        await asyncio.wait_for(first.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 30)
        assert (await ask(model)).message.text == "hi"


async def test_leaving_early_hangs_up() -> None:
    """A stream that is closed before its end closes its connection."""
    async with loopback(Play([events(says(content="hi"), done=False)], end="never")) as server:
        model = chat(server.url)
        async with aclosing(model.stream(HELLO)) as stream:
            assert await anext(stream) == Delta("hi")
        await asyncio.wait_for(server.left.wait(), 30)
        await model.aclose()


async def test_a_server_that_does_not_hang_up() -> None:
    """The reply is there at the closing mark, whatever the server does with the connection afterwards."""
    async with loopback(Play([events(says(content="hi"))], end="never")) as server:
        assert (await ask(chat(server.url))).message.text == "hi"


async def test_two_event_loops() -> None:
    """One model may be asked from several event loops, each with connections of its own."""
    async with loopback(HI, HI, HI) as server:
        model = chat(server.url)
        texts = [(await asking(model)).message.text]
        texts.append((await asyncio.to_thread(lambda: asyncio.run(ask(model)))).message.text)
        texts.append((await ask(model)).message.text)
    assert texts == ["hi"] * 3
    assert [asked.connection for asked in server.asked] == [1, 2, 1]


async def test_no_proxy_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is not asked for a server on this very machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with loopback(HI) as server:
        assert (await ask(chat(server.url))).message.text == "hi"


def test_it_is_a_model_that_keeps_its_key() -> None:
    """It has the face of a Model, is named as a person types it, and its repr has no key."""
    model = chat("https://api.openai.com/v1")
    assert isinstance(model, Model)
    assert (model.name, repr(model)) == ("openai:m", "OpenAIChat('openai:m' at https://api.openai.com/v1)")
