"""What stands before every request: who asks, and the key, where the provider wants it."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.models.endpoints.headers import headers
from aether_nb.models.endpoints.profile import Profile
from harness.chat import HI, KEY, ask, chat
from harness.loopback import loopback

PLAIN = {"accept": "application/json", "user-agent": "aether-nb"}


def of(key: str = "", **fields: Any) -> dict[str, str]:
    return headers(Profile("acme", "m", "http://host/v1", **fields), key)


def test_where_the_key_goes() -> None:
    """The key stands where the provider wants it, and nowhere when there is none or none is wanted."""
    version = {"anthropic-version": "2023-06-01"}
    assert of() == of(KEY, auth="none") == PLAIN
    assert of(KEY) == PLAIN | {"authorization": f"Bearer {KEY}"}
    assert of(KEY, wire="anthropic", auth="x-api-key") == PLAIN | version | {"x-api-key": KEY}


def test_a_row_has_the_last_word() -> None:
    """A header of the row stands in the place of ours, however its name is written: none is sent twice."""
    given = {"Authorization": "Token t", "User-Agent": "me", "X-Title": "t"}
    assert of(KEY, headers=given) == PLAIN | {"authorization": "Token t", "user-agent": "me", "x-title": "t"}


@pytest.mark.parametrize(
    "given",
    [{"x-secret": "t0ken\r\nx: y"}, {"x-secret": "t0ken-é"}, {"x-secret ": "t0ken"}, {"x(1)": "t0ken"}, {"": "t0ken"}],
)
async def test_a_header_that_cannot_be_sent(given: dict[str, str]) -> None:
    """A header of the row with signs that none has is named, its value is not shown, and nobody is asked."""
    async with loopback() as server:
        with pytest.raises(ModelUnavailable) as caught:
            await ask(chat(server.url, headers=given))
        assert server.asked == []
    [name] = given
    assert caught.value.what == "openai:m was not asked."
    assert caught.value.why == f"The header {name!r} of openai has characters that cannot be sent."
    assert "t0ken" not in repr(caught.value) + str(caught.value.__cause__)


async def test_space_around_a_header() -> None:
    """White space around a header of the row is no part of it: it could not be sent."""
    async with loopback(HI) as server:
        await ask(chat(server.url, headers={"x-title": "  a b "}))
    assert server.asked[0].headers["x-title"] == "a b"


async def test_a_header_that_breaks_the_rules() -> None:
    """A header that makes no good request is told at once, without its value, and is not tried again."""
    async with loopback() as server:
        with pytest.raises(ModelUnavailable) as caught:
            await ask(chat(server.url, headers={"content-length": "t0ken"}))
    error = caught.value
    assert (error.what, error.retryable, "t0ken" in str(error)) == ("openai:m was not asked.", False, False)
