"""Finding model servers of this machine: who is asked, what they are told, and who is believed."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from aether_nb.models.catalogue.discovery import LARGEST_LIST, Found, find_local
from aether_nb.models.catalogue.providers import Providers, load
from aether_nb.models.catalogue.rows import read
from harness.loopback import Loopback, Play, loopback

JSON = "application/json"


def listing(*names: object) -> bytes:
    """A list of models, as such servers give it."""
    return json.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in names]}).encode()


def at(**servers: Loopback | int) -> Providers:
    """A registry of these servers alone, at the ports where they are, each with a key of its own."""
    ports = {
        name: each if isinstance(each, int) else int(each.url.split(":")[2][:-3]) for name, each in servers.items()
    }
    rows = {
        name: {
            "base_url": f"http://localhost:{port}/v1",
            "base_url_variable": f"{name.upper()}_BASE_URL",
            "key_variables": ["OPENAI_API_KEY"],
            "headers": {"x-secret": "sk-secret"},
            "port": port,
            "local": True,
        }
        for name, port in ports.items()
    }
    return Providers([read({"providers": rows}, "test")])


async def test_servers_are_found_with_their_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is asked once for its models, at /models, with no key, no header of a row, and past any proxy."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with (
        loopback(Play([listing("a", "b:8b")], content_type=JSON)) as one,
        loopback(Play([listing()], content_type=JSON)) as two,
    ):
        found = await find_local(at(first=one, second=two), seconds=5)
        local = [each.url.replace("localhost", "127.0.0.1") for each in (one, two)]
    assert found == [Found("first", local[0], ("a", "b:8b")), Found("second", local[1], ())]
    assert [asked.line for asked in one.asked + two.asked] == ["GET /v1/models HTTP/1.1"] * 2
    assert "sk-secret" not in str(one.asked + two.asked)
    assert {"authorization", "x-api-key", "cookie"} & {*one.asked[0].headers, *two.asked[0].headers} == set()


@pytest.mark.parametrize(
    "play",
    [
        Play([b"<html><title>Jupyter</title></html>"], content_type="text/html"),
        Play([b"<html></html>"], content_type=JSON),
        Play([b'{"data": [{"id": "a"}]}'], content_type=JSON),
        Play([b'{"object": "list", "data": {"a": 1}}'], content_type=JSON),
        Play([b'{"object": "list", "data": ["a"]}'], content_type=JSON),
        Play([listing("a", 7)], content_type=JSON),
        Play([listing("a", "")], content_type=JSON),
        Play([listing("a\x1b[2J")], content_type=JSON),
        Play([listing("a" * 300)], content_type=JSON),
        Play([b"[" * 100_000], content_type=JSON),
        Play([b"\xff\xfe"], content_type=JSON),
        Play([b""], content_type=JSON),
        Play([listing("a")], status=401, content_type=JSON),
        Play([listing("a")], status=404, content_type=JSON),
        Play([b""], status=302, headers={"location": "/v1/other"}),
        Play([listing("a")[:-5]], content_type=JSON, end="cut"),
        Play([b" " * LARGEST_LIST, listing("a")], content_type=JSON),
    ],
    ids=lambda play: f"{play.status} {bytes(play.pieces[0])[:24]!r} {play.end}",
)
async def test_a_stranger_is_not_taken_for_a_model_server(play: Play) -> None:
    """Whoever does not list models in the form of a model server is none, and is asked once only."""
    async with loopback(play) as server:
        assert await find_local(at(mine=server), seconds=5) == []
    assert len(server.asked) == 1


async def test_nobody_is_waited_for() -> None:
    """A port where nobody listens, and a server that says nothing, cost the time that was given, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with loopback(Play([listing("a")], content_type=JSON)) as server, asyncio.timeout(5):
            found = await find_local(at(silent=port, closed=1, mine=server), seconds=0.5)
    assert [each.provider for each in found] == ["mine"]


async def test_a_server_that_is_named_is_asked_where_it_is() -> None:
    """A variable that names an address of this machine counts instead of the usual port; one far away is not asked."""
    async with loopback(Play([listing("a")], content_type=JSON)) as server:
        named = {"MINE_BASE_URL": server.url, "FAR_BASE_URL": "https://far.example/v1"}
        found = await find_local(at(mine=1, far=2), 5, named)
    assert found == [Found("mine", server.url, ("a",))]


async def test_a_place_is_asked_once() -> None:
    """Two rows that mean the same server are one server: the first of them counts."""
    async with loopback(Play([listing("a")], content_type=JSON)) as server:
        found = await find_local(at(one=server, two=server), seconds=5)
    assert found == [Found("one", server.url, ("a",))]


async def test_without_rows_nobody_is_asked() -> None:
    """Nothing to ask is no error."""
    assert await find_local(Providers([])) == []
    assert load().row("ollama").port == 11434
