"""Lists of models: asked for at the right place, kept, and replaced by the next best when the server is silent."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb.models.catalogue import listing, pricing
from aether_nb.models.catalogue.listing import Listing, ModelInfo, list_models, model_info
from aether_nb.models.catalogue.pricing import Price
from aether_nb.models.catalogue.providers import load
from aether_nb.models.endpoints.profile import Profile
from harness.loopback import Asked, Loopback, Play, loopback

KEY = "sk-secret-0123456789"
DATE = pricing.notice()["date"]


@pytest.fixture(autouse=True)
def _unlearned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test learns, the next has not heard."""
    monkeypatch.setattr(pricing, "_LEARNED", {})


def plays(body: Any, status: int = 200, **more: Any) -> Play:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Play([content], status, "application/json", **more)


def at(server: Loopback, provider: str = "openai", base: str = "", **more: Any) -> Profile:
    """A remote provider that happens to live on this machine."""
    root = server.url.removesuffix("/v1")
    return Profile(provider, "m", root + base if base else server.url, **more)


def lines(asked: list[Asked]) -> list[str]:
    return [each.line.removesuffix(" HTTP/1.1") for each in asked]


async def listed(profile: Profile, key: str, folder: Path, *, refresh: bool = False, path: str = "") -> Listing:
    """The list, asked for where the provider's row says."""
    known = load()
    row = known.row(profile.provider).models_path if profile.provider in known.names() else ""
    return await list_models(profile, key, path or row, refresh, folder)


async def live(body: Any, folder: Path, provider: str = "vllm", **more: Any) -> tuple[ModelInfo, ...]:
    """The models that a server's own list is read as."""
    async with loopback(plays(body)) as server:
        found = await listed(at(server, provider, **more), KEY, folder=folder)
    assert (found.source, found.note, found.age) == ("live", "", 0.0)
    return found.models


def ids(found: Listing) -> list[str]:
    return [model.id for model in found.models]


def unused() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


# ---- where it is asked


@pytest.mark.parametrize(
    ("provider", "base", "wire", "line"),
    [
        ("groq", "/openai/v1", "openai", "GET /openai/v1/models"),
        ("google", "/v1beta/openai", "openai", "GET /v1beta/openai/models"),
        ("qwen", "/compatible-mode/v1", "openai", "GET /compatible-mode/v1/models"),
        ("perplexity", "/", "openai", "GET /models"),
        ("cohere", "/compatibility/v1", "openai", "GET /v1/models"),
        ("anthropic", "/", "anthropic", "GET /v1/models?limit=1000"),
        ("http://gpu:8000/v1", "/v1", "openai", "GET /v1/models"),
    ],
)
async def test_where(provider: str, base: str, wire: Any, line: str, tmp_path: Path) -> None:
    """A list is asked for behind the whole address of its provider, not at the root of its host."""
    async with loopback(plays({"data": [{"id": "a"}]})) as server:
        await listed(at(server, provider, base, wire=wire), "", folder=tmp_path)
        assert lines(server.asked) == [line]


@pytest.mark.parametrize(
    ("wire", "path", "line"),
    [
        ("openai", "/list", "GET /v1/list"),
        ("openai", "", "GET /v1/models"),
        ("anthropic", "", "GET /v1/v1/models?limit=1000"),
    ],
)
async def test_the_path_that_is_handed_in_counts(wire: Any, path: str, line: str, tmp_path: Path) -> None:
    """Where the models are listed says the row that holds, a person's own too; else it is what the format has."""
    async with loopback(plays({"data": [{"id": "a"}]})) as server:
        await list_models(at(server, "groq", wire=wire), "", path, folder=tmp_path)
        assert lines(server.asked) == [line]


@pytest.mark.parametrize("path", ["@evil.example/v1", "//evil.example/v1", "/../../../x", "http://evil.example/"])
async def test_no_path_leaves_the_host(path: str, tmp_path: Path) -> None:
    """Whatever a row says of the path, the profile's host is asked, and it alone gets the key."""
    async with loopback(plays({"data": [{"id": "a"}]})) as server:
        found = await listed(at(server), KEY, folder=tmp_path, path=path)
        assert (found.source, len(server.asked)) == ("live", 1)


async def test_headers(tmp_path: Path) -> None:
    """The key goes where the provider wants it, and is left out where there is none."""
    empty = plays({"data": []})
    async with loopback(empty, empty, empty) as server:
        await listed(at(server, headers={"x-title": "t"}), f" {KEY}\n", folder=tmp_path)
        await listed(at(server, "anthropic", wire="anthropic", auth="x-api-key"), KEY, folder=tmp_path)
        await listed(at(server, "openrouter"), "", folder=tmp_path)
        names = ("authorization", "x-api-key", "anthropic-version", "x-title")
        assert [[asked.headers.get(name) for name in names] for asked in server.asked] == [
            [f"Bearer {KEY}", None, None, "t"],
            [None, KEY, "2023-06-01", None],
            [None, None, None, None],
        ]


async def test_redirects_are_not_followed(tmp_path: Path) -> None:
    """A server that points elsewhere does not get the key carried there."""
    async with loopback(plays({"data": [{"id": "stolen"}]})) as other:
        async with loopback(plays(b"", 302, headers={"location": f"{other.url}/models"})) as server:
            found = await listed(at(server, "nvidia"), KEY, folder=tmp_path)
        assert other.asked == []
    host = server.url.removeprefix("http://").removesuffix("/v1")
    note = f"{host} answered 302, and no list is shipped; type the model's name."
    assert found == Listing("nvidia", (), "shipped", None, note)


# ---- pages


async def test_anthropic_pages(tmp_path: Path) -> None:
    """A list in pages is read to its end."""
    first = {"data": [{"type": "model", "id": "a"}, {"type": "model", "id": "b"}], "has_more": True, "last_id": "b"}
    last = {"data": [{"type": "model", "id": "c"}], "has_more": False, "last_id": "c"}
    async with loopback(plays(first), plays(last)) as server:
        found = await listed(at(server, "anthropic", "/", wire="anthropic"), KEY, folder=tmp_path)
        assert lines(server.asked) == ["GET /v1/models?limit=1000", "GET /v1/models?limit=1000&after_id=b"]
    assert ids(found) == ["a", "b", "c"]


async def test_pages_without_end(tmp_path: Path) -> None:
    """A server that sends the same page for ever is asked for it twice."""
    page = plays({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})
    async with loopback(page, page, page) as server:
        assert ids(await listed(at(server), KEY, folder=tmp_path)) == ["a"]
        assert len(server.asked) == 2


# ---- what is kept


async def test_fresh_list_is_not_asked_again(tmp_path: Path) -> None:
    """A list counts for a day; then, and when told to, the server is asked again."""
    entry = {"id": "vendor/m", "context_length": 9, "pricing": {"prompt": "0.000001", "completion": "0.000002"}}
    async with loopback(plays({"data": [entry]}), plays({"data": [{"id": "b"}]}), plays({"data": []})) as server:
        profile = at(server, "openrouter")
        first = await listed(profile, KEY, folder=tmp_path)
        pricing._LEARNED.clear()
        second = await listed(profile, KEY, folder=tmp_path)
        assert (first.source, second.source, second.models) == ("live", "cache", first.models)
        assert second.age is not None and 0 <= second.age < 600
        price = Price(input=1e-6, output=2e-6, context=9)
        assert first.models == (ModelInfo("vendor/m", 9, price),)
        assert pricing.price_of("openrouter", "vendor/m") == price
        assert ids(await listed(profile, KEY, refresh=True, folder=tmp_path)) == ["b"]
        _age(tmp_path, 25)
        assert ids(await listed(profile, KEY, folder=tmp_path)) == []
        assert len(server.asked) == 3


def kept_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def _age(folder: Path, hours: float) -> None:
    file = kept_file(folder)
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"time": kept["time"] - hours * 3600}))


async def test_key_is_not_kept(tmp_path: Path) -> None:
    """Neither the name nor the content of a kept list has the key."""
    await live({"data": [{"id": "a"}]}, tmp_path)
    file = kept_file(tmp_path)
    assert KEY not in file.name + file.read_text()


async def test_own_machine_is_asked_every_time(tmp_path: Path) -> None:
    """What runs on the user's own machine may have a new model any minute."""
    async with loopback(plays({"data": [{"id": "a"}]}), plays({"data": [{"id": "b"}]})) as server:
        profile = at(server, "ollama", local=True)
        await listed(profile, "", folder=tmp_path)
        assert ids(await listed(profile, "", folder=tmp_path)) == ["b"]


async def test_addresses_do_not_mix(tmp_path: Path) -> None:
    """Two servers of one provider have a list each."""
    async with loopback(plays({"data": [{"id": "a"}]}), plays({"data": [{"id": "b"}]})) as server:
        await listed(at(server), "", folder=tmp_path)
        other = replace(at(server), base_url=server.url + "/x")
        assert ids(await listed(other, "", folder=tmp_path)) == ["b"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"time": "x", "models": {}}', '{"time": 1, "models": {"a": [-1]}}']
)
async def test_damaged_list(content: str, tmp_path: Path) -> None:
    """A kept list that cannot be read is as good as none."""
    async with loopback(plays({"data": [{"id": "a"}]}), plays({"data": [{"id": "b"}]})) as server:
        await listed(at(server), "", folder=tmp_path)
        kept_file(tmp_path).write_text(content)
        assert ids(await listed(at(server), "", folder=tmp_path)) == ["b"]


async def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A list that cannot be kept is shown all the same, and the note says so."""
    folder = tmp_path / "file"
    folder.write_text("")
    async with loopback(plays({"data": [{"id": "a"}]})) as server:
        found = await listed(at(server), "", folder=folder)
    assert (ids(found), found.source) == (["a"], "live")
    assert found.note == f"The list could not be kept in {folder}: File exists."


# ---- what there is instead


@pytest.mark.parametrize(
    ("play", "why"),
    [
        (plays({"error": "no"}, 401), "HOST refused the key (401)"),
        (plays({"error": "no"}, 403), "HOST refused the key (403)"),
        (plays({"error": "no"}, 500), "HOST answered 500"),
        (plays(b"<html>"), "HOST answered, but not with JSON"),
        (plays(b"[" * 100_000), "HOST answered, but not with JSON"),
        (plays(b"\xff\xfe\x00"), "HOST answered, but not with JSON"),
        (plays({"object": "x"}), "HOST answered, but it sent no list of models"),
        (plays(b'{"data"', end="cut"), "HOST cannot be reached (RemoteProtocolError)"),
    ],
)
async def test_shipped_instead(play: Play, why: str, tmp_path: Path) -> None:
    """When there is no list, the shipped one stands in, with its date, and the note says why."""
    async with loopback(play) as server:
        found = await listed(at(server, "anthropic"), KEY, folder=tmp_path)
        host = server.url.removeprefix("http://").removesuffix("/v1")
    assert found.note.replace(host, "HOST") == f"{why}; this is the shipped list of {DATE}."
    assert (found.source, found.age) == ("shipped", None)
    # One that no day is named for: those that are withdrawn leave the list on theirs.
    model, price = next((name, price) for name, price in pricing.shipped("anthropic").items() if not price.ends)
    assert ModelInfo(model, price.context, price, price.vision, price.tools) in found.models


@pytest.mark.parametrize("key", ["sk with spaces in it", "sk-ünï-0123456789"])
async def test_key_that_cannot_be_sent(key: str, tmp_path: Path) -> None:
    """A key that no server can be sent is told, and nobody is asked."""
    async with loopback() as server:
        found = await listed(at(server), key, folder=tmp_path)
        assert server.asked == []
    assert "was not asked: The key has characters that cannot be sent" in found.note
    assert key not in found.note


@pytest.mark.parametrize("more", [{"headers": {"x-title": "ünï"}}, {"headers": {"x": "a\r\nb"}}])
async def test_request_that_cannot_be_made(more: dict[str, Any], tmp_path: Path) -> None:
    """A row whose headers cannot be sent is no reason to raise either."""
    async with loopback() as server:
        found = await listed(at(server, **more), KEY, folder=tmp_path)
    assert "has characters that cannot be sent" in found.note


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "nonsense://x"])
async def test_proxy_that_cannot_be_used(proxy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A proxy of the environment that cannot be used leaves the shipped list."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    found = await listed(Profile("kimi", "m", "http://no.invalid/v1"), KEY, folder=tmp_path)
    assert (found.source, "no.invalid cannot be reached" in found.note) == ("shipped", True)


async def test_proxy_is_no_way_to_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server on this very machine is asked directly, whatever proxy the environment names."""
    monkeypatch.setenv("ALL_PROXY", unused())
    assert [model.id for model in await live({"data": [{"id": "a"}]}, tmp_path)] == ["a"]


async def test_key_that_is_missing(tmp_path: Path) -> None:
    """A server that wants a key where none was given is told apart from one that refuses it."""
    async with loopback(plays({}, 401)) as server:
        found = await listed(at(server), "", folder=tmp_path)
    assert "wants a key (401); this is the shipped list" in found.note


async def test_last_list_instead(tmp_path: Path) -> None:
    """When the server does not answer, its last list counts, however old, with its age."""
    async with loopback(plays({"data": [{"id": "a"}]}), plays({}, 503)) as server:
        await listed(at(server), KEY, folder=tmp_path)
        _age(tmp_path, 1000)
        found = await listed(at(server), KEY, folder=tmp_path)
        host = server.url.removeprefix("http://").removesuffix("/v1")
    assert (found.source, ids(found)) == ("cache", ["a"])
    assert found.age is not None and 1000 <= found.age / 3600 < 1001
    assert found.note == f"{host} answered 503; this is its last list."


@pytest.mark.parametrize(
    "address", [pytest.param(unused(), id="nobody listens"), "http://[::1", "ftp://x/v1", "nonsense", ""]
)
async def test_nobody_there(address: str, tmp_path: Path) -> None:
    """No address, however wrong, raises anything: the list is a help."""
    found = await listed(Profile("kimi", "m", address), KEY, folder=tmp_path)
    assert (found.source, bool(found.models)) == ("shipped", True)
    assert found.note.endswith(f"; this is the shipped list of {DATE}.")


async def test_silence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that never ends its list is not waited for."""
    monkeypatch.setattr(listing, "WAIT_SECONDS", 0.2)
    async with loopback(plays(b'{"data": [', end="never")) as server:
        found = await listed(at(server), KEY, folder=tmp_path)
    assert (found.source, "127.0.0.1" in found.note) == ("shipped", True)


async def test_endless_body(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A body that grows beyond any list is given up."""
    monkeypatch.setattr(listing, "LARGEST", 1000)
    async with loopback(plays(b"x" * 100_000)) as server:
        found = await listed(at(server), KEY, folder=tmp_path)
    assert "sent more than a list; this is the shipped list" in found.note


async def test_withdrawn_models_are_not_offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A model that its provider has withdrawn is not in the shipped list; one that will be is."""
    gone, going = Price(context=1, ends="2000-01-01"), Price(context=1, ends="2999-01-01")
    monkeypatch.setattr(pricing, "shipped", lambda _: {"gone": gone, "going": going, "stays": Price(context=1)})
    found = await listed(Profile("openai", "m", unused()), KEY, folder=tmp_path)
    assert ids(found) == ["going", "stays"]


async def test_empty_list_says_so(tmp_path: Path) -> None:
    """A server without models is no fault, but the note says it."""
    async with loopback(plays({"data": []})) as server:
        found = await listed(at(server, "ollama"), "", folder=tmp_path)
        host = server.url.removeprefix("http://").removesuffix("/v1")
    assert found == Listing("ollama", (), "live", 0.0, f"{host} lists no models.")


# ---- one model


async def test_ollama_tells_of_one_model(tmp_path: Path) -> None:
    """An Ollama server is asked for one model; a window that was set for it counts before what it was trained for."""
    told = {
        "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
        "capabilities": ["completion", "tools"],
    }
    chosen = told | {"parameters": "stop x\nnum_ctx        8192"}
    async with loopback(plays(told), plays(chosen), plays({}, 404)) as server:
        profile = replace(at(server, "ollama", local=True), model="qwen3")
        first = await model_info(profile, "", "", tmp_path)
        second = await model_info(profile, "", "", tmp_path)
        third = await model_info(replace(profile, model="other"), "", "", tmp_path)
        assert [(asked.line, asked.json) for asked in server.asked][:1] == [
            ("POST /api/show HTTP/1.1", {"model": "qwen3"})
        ]
    assert first == ModelInfo("qwen3", 40960, None, False, True)
    assert second == ModelInfo("qwen3", 8192, None, False, True)
    assert third == ModelInfo("other")


async def test_others_tell_it_in_their_list(tmp_path: Path) -> None:
    """Of another server's model its list is asked, and what is shipped fills the gaps."""
    async with loopback(plays({"data": [{"id": "gpt-4o", "context_window": 7}]})) as server:
        found = await model_info(replace(at(server), model="gpt-4o"), KEY, "", tmp_path)
    listed = pricing.price_of("openai", "gpt-4o")
    assert listed is not None
    assert found == ModelInfo("gpt-4o", 7, listed, True, True)
