"""One request over HTTP: what reaches whom, what a body may be wrapped in, and what the way itself can do wrong."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message, ToolSpec
from aether_nb.models.base import Options, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats import body
from aether_nb.models.formats.anthropic import AnthropicFormat
from aether_nb.models.formats.openai import OpenAIFormat
from aether_nb.models.sending import http
from aether_nb.models.sending.http import HttpModel
from harness.chat import HELLO, HI, KEY, ask, asking, chat, failure
from harness.loopback import Play, cut, events, loopback, says

BODY = events(says(content="h"), says(content="i ünï", finish="stop"))


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("identity", BODY),
        ("GZIP", gzip.compress(BODY)),
    ],
)
async def test_packed_bodies(name: str, packed: bytes) -> None:
    """A body may be packed as we said that it may, and cut anywhere: the answer is the same."""
    async with loopback(
        Play(list(cut(packed, range(0, len(packed), 7))), headers={"content-encoding": name})
    ) as server:
        reply = await ask(chat(server.url))
    assert reply.message.text == "hi ünï"
    assert server.asked[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "", "application/octet-stream"])
async def test_wrong_content_types(content_type: str) -> None:
    """What a body is, is told by the body: a stream is one under any name, and so is an answer in one piece."""
    whole = b'{"model": "m", "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}'
    async with loopback(Play([BODY], content_type=content_type), Play([whole], content_type=content_type)) as server:
        model = chat(server.url)
        assert (await asking(model)).message.text == "hi ünï"
        assert (await asking(model)).message.text == "hi"
        await model.aclose()


async def test_headers_of_a_profile() -> None:
    """A profile's headers go out with every request; how the key is sent is the profile's to say."""
    async with loopback(HI, HI, HI) as server:
        await ask(chat(server.url, headers={"x-title": "aether-nb"}))
        await ask(chat(server.url, auth="x-api-key"))
        await ask(chat(server.url, auth="none"))
    names = ("authorization", "x-api-key", "x-title")
    assert [{name: asked.headers[name] for name in names if name in asked.headers} for asked in server.asked] == [
        {"authorization": f"Bearer {KEY}", "x-title": "aether-nb"},
        {"x-api-key": KEY},
        {},
    ]


async def test_no_cookies() -> None:
    """What a server wants to be reminded of is not kept: each request says all there is to say."""
    async with loopback(replace(HI, headers={"set-cookie": "who=me; Path=/"}), HI) as server:
        model = chat(server.url)
        await asking(model)
        await asking(model)
        await model.aclose()
    assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize("address", ["http://" + "a" * 70 + ".example/v1", "http://xn--/v1", "http://a..b/v1"])
async def test_hosts_that_cannot_be(address: str) -> None:
    """A host whose name is none cannot be reached, now or later."""
    model = HttpModel(Profile("x", "m", address), OpenAIFormat())
    with pytest.raises(ModelUnavailable) as caught:
        await asking(model)
    assert caught.value.what == "x:m cannot be reached."


async def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment in a form that nobody speaks is told as such, before anything is sent."""
    monkeypatch.setenv("HTTPS_PROXY", "gopher://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:9")
    with pytest.raises(ModelUnavailable) as caught:
        await asking(chat("https://model.example/v1"))
    assert "the environment's proxy or certificates cannot be used" in caught.value.why
    assert (caught.value.retryable, KEY in str(caught.value)) == (False, False)


async def test_what_may_succeed_later() -> None:
    """A broken connection may pass; silence was waited for, and an answer without form makes no sense later."""
    half = events(says(content="hi"), done=False)
    cases = [
        (Play([half], end="cut"), {}, True),
        (Play([half], end="closed"), {}, True),
        (Play([half], end="never"), {"timeout": 0.2}, False),
        (Play([], status=503), {}, True),
        (Play([], status=400), {}, False),
        (Play([b"<html>"]), {}, False),
    ]
    got = []
    for play, more, _ in cases:
        async with loopback(play) as server:
            model = chat(server.url, timeout=float(more.get("timeout", 300)))
            with pytest.raises(ModelUnavailable) as caught:
                await asking(model)
            await model.aclose()
        got.append(caught.value.retryable)
    assert got == [retryable for _, _, retryable in cases]


async def test_a_refusal_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal whose reason does not come to an end is told by what came of it, and soon."""
    monkeypatch.setattr(http, "REFUSAL_SECONDS", 0.1)
    told = await failure(Play([b'{"error": "slow'], 429, "application/json", end="never"), timeout=300.0)
    assert told[:2] == ("openai:m takes no more requests for now.", 'HOST answered 429: {"error": "slow')


class Slow(Mapping[str, Any]):
    """A schema that lets others work while it is read."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile = meanwhile

    def __getitem__(self, name: str) -> Any:
        return {"type": "object"}[name]

    def __iter__(self) -> Iterator[str]:
        self.meanwhile()
        return iter(["type"])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("wire", [OpenAIFormat, AnthropicFormat])
def test_a_format_in_several_threads(wire: type[OpenAIFormat] | type[AnthropicFormat]) -> None:
    """Requests with other tools, written while one is being written, get their own tools, and so does the next one."""
    form, profile, bodies = wire(), Profile("acme", "m", "http://host/v1"), list[bytes]()
    others = Request((Message.of("user", "hi"),), (ToolSpec("others", "", {}),))
    mine = replace(others, tools=(ToolSpec("mine", "", Slow(lambda: bodies.append(form.body(others, profile)))),))
    bodies.append(form.body(mine, profile))
    bodies.append(form.body(others, profile))
    named = [[tool.get("function", tool)["name"] for tool in json.loads(body)["tools"]] for body in bodies]
    assert named == [*[["others"]] * (len(bodies) - 2), ["mine"], ["others"]]


async def test_requests_side_by_side_learn_once() -> None:
    """Requests that were refused for the same field while they ran together are each mended and answered."""
    refusal = Play([b'{"error": {"message": "Unsupported parameter: temperature"}}'], 400, "application/json")
    async with loopback(refusal, refusal, refusal, HI, HI, HI) as server:
        model = chat(server.url)
        request = Request((Message.of("user", "hi"),), (), Options(temperature=0.5))
        replies = await asyncio.gather(*(asking(model, request) for _ in range(3)))
        await model.aclose()
    assert [reply.message.text for reply in replies] == ["hi"] * 3
    assert sorted("temperature" in asked.json for asked in server.asked) == [False] * 3 + [True] * 3


async def test_an_endless_page() -> None:
    """A page is left at its beginning, however much of it would come."""
    page = Play([b"<html>" + b"x" * 1000], content_type="text/html", end="never")
    what, why, _ = await failure(page, timeout=5.0)
    assert what == "The answer of openai:m cannot be read."
    assert why.startswith("HOST: it is no stream of events. It begins with: <html>xxx")


async def test_one_delta_for_each_piece() -> None:
    """Text is handed on as it arrives, one delta for each piece of the network, and the reply is their sum."""
    pieces = [events(says(content=word), done=False) for word in ("a", "b", "c")]
    last = events(says(content="d"), says(finish="stop"))
    async with loopback(Play([*pieces, last])) as server:
        model = chat(server.url)
        texts = [delta.text async for delta in model.stream(HELLO) if not delta.reply]
        await model.aclose()
    assert "".join(texts) == "abcd"
    assert "" not in texts


@asynccontextmanager
async def dripping(drip: bytes) -> AsyncIterator[str]:
    """The address of a server that sends this again and again, until it is left."""
    left = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(2000):
                writer.write(drip)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()
        left.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        await asyncio.wait_for(left.wait(), 10)


@pytest.mark.parametrize("drip", [b": keepalive\n\n", b"d", b'data: {"choices": []}\n\n'])
async def test_bytes_that_say_nothing(drip: bytes) -> None:
    """A server that sends bytes and says nothing falls silent too, though it is given more time."""
    async with dripping(drip) as url:
        model = chat(url, timeout=0.1)
        with pytest.raises(ModelUnavailable) as caught:
            await asyncio.wait_for(asking(model), 20)
        await model.aclose()
    assert (caught.value.what, caught.value.code) == ("openai:m fell silent.", "silence")


@pytest.mark.parametrize("proxy", ["http://user:PASSWORD@127.0.0.1:1", "user:PASSWORD@127.0.0.1:1"])
async def test_a_proxy_that_does_not_answer(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error on the way through a proxy of the environment names the proxy, without its password."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelUnavailable) as caught:
        await ask(chat("http://nowhere.invalid/v1"))
    assert "the proxy 127.0.0.1:1 of the environment" in caught.value.why
    assert "PASSWORD" not in str(caught.value) + repr(caught.value)


async def test_too_large_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is too large is called so, with the limit."""
    monkeypatch.setattr(body, "LARGEST", 2**20)
    assert await failure(Play([b'{"x": "', b"x" * 2**20])) == (
        "The answer of openai:m is too large.",
        "HOST: it has more than 1 MB.",
        "Ask for a shorter answer, or choose another model: %aether model NAME",
    )
