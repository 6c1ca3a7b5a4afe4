"""What is said when a server gives no answer: what happened, why, and what to do; and never the key."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from aether_nb.errors import ConfigError, ModelUnavailable
from harness.chat import KEY, ask, chat, failure, told
from harness.loopback import Loopback, Play, events, loopback, says

AGAIN = "Run the cell again in a moment, or choose another model: %aether model NAME"
ADDRESS = (
    "Check that http://HOST/v1 is the address of a model server (it often ends in /v1), "
    "or choose another model: %aether model NAME"
)
SET_KEY = (
    "Type %aether key openai, or set OPENAI_API_KEY, then run the cell again: "
    'import os, getpass; os.environ["OPENAI_API_KEY"] = getpass.getpass()'
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
                await ask(chat(server.url, key))
            assert caught.value.what == "openai:m was not asked."
            assert key not in str(caught.value)
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8000/v1",
        "ftp://host/v1",
        "http://",
        "http://user:pass@host/v1",
        "u:pass@h",
        "http://h:x",
        "",
        "http://h/v1?api-version=1",
        "http://h/v1#x",
        "http://h\u200b/v1",
        "http://h/v1\x1b[2J",
        "http://u:pass@h\n/v1",
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    """An address without http or host, with a password, a query or hidden signs is refused; no secret is shown."""
    with pytest.raises(ConfigError) as caught:
        chat(address)
    assert "pass@" not in str(caught.value)
    assert str(caught.value).isprintable()
