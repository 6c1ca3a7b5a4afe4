"""The address and the key of a client: for the model that it was built with, by whatever name, and for no other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aether_nb import Aether
from harness.loopback import Loopback, Play, events, loopback, says

HI = [Play([events(says(content="hi", finish="stop"))])] * 5


@pytest.fixture
async def public(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Loopback]:
    """The provider's own server, with the key of the environment."""
    async with loopback(*HI) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
        yield server


def keys(server: Loopback) -> list[str]:
    """The keys that came to a server, in order."""
    return [asked.headers["authorization"].removeprefix("Bearer ") for asked in server.asked]


@pytest.mark.parametrize("named", ["openai:gpt-5-mini", "OpenAI/gpt-5-mini", " openai:gpt-5-mini "])
async def test_naming_the_own_model_in_a_call_means_the_one_at_the_own_address(public: Loopback, named: str) -> None:
    """A prompt for the client's model never goes to the provider instead, in that call or in a later one."""
    async with loopback(*HI) as mine, Aether("openai:gpt-5-mini", base_url=mine.url, api_key="sk-mine") as ai:
        for model in (named, None, named):
            await ai.complete("x", model=model)
    assert (keys(mine), keys(public)) == (["sk-mine"] * 3, [])


@pytest.mark.parametrize("built", [{"model": "gpt-5-mini", "provider": "openai"}, {"model": "gpt-5-mini"}])
async def test_a_model_is_named_as_the_program_wrote_it(public: Loopback, built: dict[str, str]) -> None:
    """Its name alone is enough where it was built by its name and an address, with a provider or without one."""
    async with loopback(*HI) as mine, Aether(**built, base_url=mine.url, api_key="sk-mine") as ai:
        await ai.complete("x", model="gpt-5-mini")
    assert (keys(mine), keys(public)) == (["sk-mine"], [])


async def test_another_model_gets_neither_the_address_nor_the_key(public: Loopback) -> None:
    """It is asked where its provider is, with the key that is found, and the client's own model is not moved by it."""
    async with loopback(*HI) as mine, Aether("openai:gpt-5-mini", base_url=mine.url, api_key="sk-mine") as ai:
        for model in ("openai:gpt-5-nano", None, "openai:gpt-5-nano"):
            await ai.complete("x", model=model)
    assert (keys(mine), keys(public)) == (["sk-mine"], ["sk-environment"] * 2)


async def test_a_key_without_an_address_is_for_the_own_model_only(public: Loopback) -> None:
    """Two models of one server each keep their key, in whichever order they are asked."""
    async with Aether("openai:gpt-5-mini", api_key="sk-mine") as ai:
        for model in ("openai:gpt-5-mini", "openai:gpt-5-nano", None):
            await ai.complete("x", model=model)
    assert keys(public) == ["sk-mine", "sk-environment", "sk-mine"]


async def test_back_to_the_own_model_is_back_to_its_address(public: Loopback) -> None:
    """After another model was in use, the name of the client's own still means the one at the client's address."""
    async with loopback(*HI) as mine, Aether("openai:gpt-5-mini", base_url=mine.url, api_key="sk-mine") as ai:
        ai.use("openai:gpt-5-nano")
        await ai.complete("x")
        await ai.complete("x", model="openai:gpt-5-mini")
        ai.use("openai:gpt-5-mini")
        await ai.complete("x")
    assert (keys(mine), keys(public)) == (["sk-mine"] * 2, ["sk-environment"])


async def test_the_own_server_may_have_any_name_for_a_model(public: Loopback) -> None:
    """What a server at an address calls openai/gpt-oss-20b is that server's; openai:gpt-oss-20b is the provider's."""
    async with loopback(*HI) as mine, Aether("openai/gpt-oss-20b", base_url=mine.url, api_key="sk-mine") as ai:
        for model in ("openai/gpt-oss-20b", "openai:gpt-oss-20b", None):
            await ai.complete("x", model=model)
    assert (keys(mine), keys(public)) == (["sk-mine"] * 2, ["sk-environment"])
