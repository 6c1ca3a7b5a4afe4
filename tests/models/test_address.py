"""Addresses: which two are the same place, and which stay near the user."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.models.catalogue.providers import load
from aether_nb.models.endpoints.address import Origin, is_local, origin
from harness.chat import HI, ask, chat
from harness.loopback import loopback


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://API.openai.com/v1", Origin("https", "api.openai.com", 443)),
        (" https://api.openai.com:443 ", Origin("https", "api.openai.com", 443)),
        ("http://api.openai.com/v1", Origin("http", "api.openai.com", 80)),
        ("https://api.openai.com:8443/v1", Origin("https", "api.openai.com", 8443)),
        ("https://api.openai.com./v1", Origin("https", "api.openai.com.", 443)),
        ("http://[::1]:80/v1", Origin("http", "::1", 80)),
        ("https://user@api.openai.com/v1", None),
        ("https://api.openai.com@evil.example/v1", None),
        ("https://h:port/v1", None),
        ("https://h:0/v1", None),
        ("https://h:65536/v1", None),
        ("https://[::1", None),
        ("https://api.open\tai.com/v1", None),
        ("ftp://h/v1", None),
        ("https://", None),
        ("api.openai.com", None),
        ("", None),
    ],
)
def test_a_place_is_scheme_host_and_port(address, place):
    """Two addresses are the same place only when all three are the same; what cannot be read is no place."""
    assert origin(address) == place


HOSTILE = [
    "http://api.openai.com/v1",
    "https://api.openai.com:8443/v1",
    "https://api.openai.com.evil.example/v1",
    "https://evil.example/api.openai.com/v1",
    "https://evil.example/?https://api.openai.com/v1",
    "https://evil.example#https://api.openai.com/v1",
    "https://api.openai.com@evil.example/v1",
    "https://api.openai.com\\@evil.example/v1",
    "https://evil.example\\.api.openai.com/v1",
    "https://api-openai.com/v1",
    "https://api.openai.com./v1",
    "https://аpi.openai.com/v1",
    "https://xn--pi-7kc.openai.com/v1",
    "https://openai.com/v1",
    "https://api.openai.com%2eevil.example/v1",
    "https://api.openai.com\t.evil.example/v1",
    "https://:443/v1",
]


@pytest.mark.parametrize("address", HOSTILE)
def test_no_other_place_is_given_a_key(address):
    """What only looks like a provider's address is handed no variable of any key."""
    assert load().profile(f"m@{address}").key_variables == ()
    assert load().profile("openai:m", base_url=address).key_variables == ()


SIGNS = "abcdefghijklmnopqrstuvwxyz.:/@\\#?%[]-0123456789 \t"


@given(st.text(SIGNS, max_size=12), st.text(SIGNS, max_size=12), st.text(SIGNS, max_size=12))
def test_a_key_goes_only_where_a_client_connects_to_its_host(before, between, after):
    """Whatever is written around a provider's host: with its key, the HTTP client connects to exactly that host."""
    address = f"https://{before}api.openai.com{between}/{after}"
    if load().profile("openai:m", base_url=address).key_variables:
        url = httpx.URL(address.strip())
        assert (url.scheme, url.host, url.port) == ("https", "api.openai.com", None)


@pytest.mark.parametrize("address", ["https://api.openai.com/v2", "https://API.OPENAI.COM:443/v1/"])
def test_the_same_place_is_given_the_key(address):
    """The path and the way a host is written do not matter."""
    assert load().profile(f"m@{address}").key_variables == ("OPENAI_API_KEY",)
    assert load().profile("openai:m", base_url=address).key_variables == ("OPENAI_API_KEY",)


def test_an_address_of_the_environment_takes_the_key_along_and_leaves_the_old_one_without():
    """OPENAI_BASE_URL says where OPENAI_API_KEY belongs from then on; that of another provider changes nothing."""
    gate = {"OPENAI_BASE_URL": "http://gate.example/v1"}
    providers = load()
    assert providers.profile("openai:m", gate).base_url == "http://gate.example/v1"
    assert providers.profile("openai:m", gate).key_variables == ("OPENAI_API_KEY",)
    assert providers.profile("m@https://api.openai.com/v1", gate).key_variables == ()
    assert providers.profile("groq:m", gate) == providers.profile("groq:m")


@pytest.mark.parametrize(
    ("name", "environment", "address"),
    [
        ("ollama:m", {"OLLAMA_BASE_URL": " http://gpu:11434/ "}, "http://gpu:11434/v1"),
        ("ollama:m", {"OLLAMA_BASE_URL": "http://gpu:11434/api/v1"}, "http://gpu:11434/api/v1"),
        ("litellm:m", {"LITELLM_BASE_URL": "http://gate:4000"}, "http://gate:4000/v1"),
        ("openai:m", {"OPENAI_BASE_URL": "http://gate"}, "http://gate"),
        ("anthropic:m", {"ANTHROPIC_BASE_URL": "http://gate/"}, "http://gate"),
        ("ollama:m", {"OLLAMA_BASE_URL": "  "}, "http://localhost:11434/v1"),
    ],
)
def test_an_address_of_the_environment(name, environment, address):
    """It counts as it is; only for a server with a usual port a missing path is the usual one."""
    assert load().profile(name, environment).base_url == address


def test_of_two_rows_at_one_place_the_one_whose_key_is_set_counts():
    """Somebody may have put a server of their own where another one usually is."""
    here = {"AETHER_BASE_URL": "http://localhost:11434/v1"}
    providers = load()
    name = "m@http://localhost:11434/v1"
    assert providers.profile(name).provider == "ollama"
    assert providers.profile(name, here).provider == "local"
    assert providers.profile(name, {**here, "OLLAMA_API_KEY": "k"}).provider == "ollama"


@pytest.mark.parametrize(
    ("address", "private", "near"),
    [
        ("http://localhost:1/v1", None, True),
        ("http://LOCALHOST/v1", None, True),
        ("http://127.0.0.1/v1", None, True),
        ("http://127.1.2.3/v1", None, True),
        ("http://[::1]/v1", None, True),
        ("http://[::ffff:127.0.0.1]/v1", None, True),
        ("http://127.0.0.1.evil.example/v1", True, False),
        ("http://localhost.evil.example/v1", True, False),
        ("http://127.evil.example/v1", True, False),
        ("http://10.1.2.3/v1", None, False),
        ("http://10.1.2.3/v1", True, True),
        ("http://172.16.0.1/v1", True, True),
        ("http://172.32.0.1/v1", True, False),
        ("http://192.168.1.1/v1", True, True),
        ("http://169.254.169.254/v1", True, False),
        ("http://[fd00::1]/v1", True, True),
        ("http://[::ffff:8.8.8.8]/v1", True, False),
        ("http://[::ffff:10.0.0.1]/v1", True, True),
        ("http://8.8.8.8/v1", True, False),
        ("http://gpu-box/v1", True, True),
        ("http://gpu-box/v1", None, False),
        ("http://gpu.local/v1", True, True),
        ("http://host.docker.internal/v1", True, True),
        ("http://134744072/v1", True, False),
        ("http://0x08080808/v1", True, False),
        ("http://ollama.com/v1", True, False),
        ("http://localhost/v1", False, False),
        ("nonsense", True, False),
    ],
)
def test_what_is_near(address, private, near):
    """This machine is near; a private network only where the row says so; a gateway never; all else is far."""
    assert is_local(address, private) is near


@pytest.mark.parametrize(
    ("name", "environment", "near"),
    [
        ("ollama:a", {}, True),
        ("ollama:a", {"OLLAMA_BASE_URL": "http://192.168.0.9:11434/v1"}, True),
        ("ollama:a", {"OLLAMA_BASE_URL": "https://ollama.com/v1"}, False),
        ("ollama:a:cloud", {}, False),
        ("litellm:a", {}, False),
        ("openai:a", {}, False),
        ("openai:a", {"OPENAI_BASE_URL": "http://localhost:9/v1"}, True),
        ("openai:a", {"OPENAI_BASE_URL": "http://192.168.0.9/v1"}, False),
        ("local:a", {"AETHER_BASE_URL": "http://192.168.0.9/v1"}, True),
        ("a@http://localhost:9/v1", {}, True),
        ("a@https://else.example/v1", {}, False),
    ],
)
def test_which_models_are_near(name, environment, near):
    """A profile is local when its address and its row say so; what a local server passes on to a cloud is not."""
    assert load().profile(name, environment).local is near


@pytest.mark.parametrize("tail", ["", "/", "/chat/completions", "/chat/completions/"])
async def test_a_path_that_was_copied_along(tail: str) -> None:
    """An address that ends in the path of a request means the server that it was copied from."""
    async with loopback(HI) as server:
        assert load().profile("openai:m", base_url=server.url + tail).base_url == server.url
        await ask(chat(server.url + tail))
        assert server.asked[0].line == "POST /v1/chat/completions HTTP/1.1"
    root = load().profile("anthropic:m").base_url
    assert load().profile("anthropic:m", base_url=f"{root}/v1/messages").base_url == root
