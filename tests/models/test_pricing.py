"""Prices: looked up without guessing, summed as providers bill, and unknown where nobody knows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message, ToolCall, ToolSpec, Usage
from aether_nb.models.base import Delta, Model, Reply, Request
from aether_nb.models.catalogue import prices, pricing
from aether_nb.models.catalogue.pricing import Cost, Price, Tier, cost_of, learn, price_of
from aether_nb.models.catalogue.providers import load
from aether_nb.models.endpoints.profile import Profile
from harness.chat import ask, asking, chat
from harness.loopback import Play, events, loopback, says

HELLO = Request((Message.of("user", "hello"),))
PROFILE = Profile("openai", "gpt-4o", "https://api.openai.com/v1")


@pytest.fixture(autouse=True)
def _unlearned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test learns, the next has not heard."""
    monkeypatch.setattr(pricing, "_LEARNED", {})


class Answers:
    """A model that answers once, and may break off before."""

    def __init__(self, reply: Reply, before: Sequence[Delta] = (), breaks: bool = False) -> None:
        self.reply, self.before, self.breaks = reply, before, breaks

    @property
    def name(self) -> str:
        return "test:answers"

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        for delta in self.before:
            yield delta
        if self.breaks:
            raise ModelUnavailable("It broke off.")
        yield Delta(reply=self.reply)


async def usage_of(usage: Usage, profile: Profile = PROFILE, model: str = "", request: Request = HELLO) -> Usage:
    reply = Reply(Message.of("assistant", "hi there"), usage, model=model)
    return (await asking(Cost(Answers(reply), profile), request)).usage


# ---- sums, by hand, from the providers' list prices for a million tokens


@pytest.mark.parametrize(
    ("provider", "model", "usage", "dollars"),
    [
        # 2.5 and 10; cached 1.25
        ("openai", "gpt-4o", Usage(1000, 500), 0.0025 + 0.005),
        ("openai", "gpt-4o", Usage(10_000, 100, cached_tokens=8000), 2000 * 2.5e-6 + 8000 * 1.25e-6 + 0.001),
        # 3 and 15; read from the cache 0.3, written to it 3.75
        (
            "anthropic",
            "claude-sonnet-4-5",
            Usage(10_000, 1000, cached_tokens=6000, cache_write_tokens=3000),
            1000 * 3e-6 + 6000 * 0.3e-6 + 3000 * 3.75e-6 + 0.015,
        ),
        # 1.25 and 10, cached 0.125; above 200,000 all of it at 2.5, 15 and 0.25
        ("google", "gemini-2.5-pro", Usage(200_000, 1000), 0.25 + 0.01),
        (
            "google",
            "gemini-2.5-pro",
            Usage(300_000, 1000, cached_tokens=100_000),
            200_000 * 2.5e-6 + 100_000 * 0.25e-6 + 0.015,
        ),
        # 0.4 and 1.2, thinking 4; above 256,000 1.2, 3.6 and 12
        ("qwen", "qwen-plus-2025-07-28", Usage(1000, 1000, reasoning_tokens=600), 0.0004 + 400 * 1.2e-6 + 600 * 4e-6),
        ("qwen", "qwen-plus-2025-07-28", Usage(300_000, 1000, reasoning_tokens=600), 0.36 + 400 * 3.6e-6 + 0.0072),
        # 3 and 15, and 0.006 for the search of every request
        ("perplexity", "sonar-pro", Usage(1000, 1000), 0.003 + 0.015 + 0.006),
        ("groq", "openai/gpt-oss-120b", Usage(1_000_000, 1_000_000), 0.15 + 0.6),
        ("cohere", "command-r-08-2024", Usage(1000, 1000), 0.00015 + 0.0006),
    ],
)
def test_sums(provider: str, model: str, usage: Usage, dollars: float) -> None:
    """Every kind of token is charged at its own price, and a long request at its tier as a whole."""
    assert cost_of(usage, price_of(provider, model)) == pytest.approx(dollars, rel=1e-12)


def test_unlisted_discounts() -> None:
    """Tokens of a kind that has no price of its own are charged as read or written."""
    usage = Usage(100, 100, cached_tokens=50, cache_write_tokens=20, reasoning_tokens=70, image_tokens=10)
    assert cost_of(usage, Price(input=1.0, output=2.0)) == 300.0


def test_highest_tier() -> None:
    """Of several tiers the highest that is passed counts, and its length itself does not pass it."""
    price = Price(input=1.0, output=1.0, tiers=(Tier(10, 2.0, 2.0), Tier(20, 3.0, 3.0)))
    assert [cost_of(Usage(read), price) for read in (10, 11, 20, 21)] == [10.0, 22.0, 40.0, 63.0]


def test_more_parts_than_whole() -> None:
    """A server that counts more cached tokens than tokens is not paid for them twice."""
    usage = Usage(100, 10, cached_tokens=500, cache_write_tokens=500, reasoning_tokens=50)
    assert cost_of(usage, Price(input=1.0, output=2.0, cached=0.5, cache_write=4.0, reasoning=3.0)) == 50.0 + 30.0


@pytest.mark.parametrize("price", [None, Price(), Price(context=8), Price(input=1.0), Price(output=1.0)])
def test_unknown(price: Price | None) -> None:
    """A cost that needs a price nobody knows is unknown, not zero."""
    assert cost_of(Usage(1, 1), price) is None


# ---- looking up


@pytest.mark.parametrize(
    ("provider", "spelled", "listed"),
    [
        ("openai", "openai/gpt-4o", "gpt-4o"),
        ("openai", "GPT-4o", "gpt-4o"),
        ("openai", "gpt-5-mini-2031-02-03", "gpt-5-mini"),
        ("openai", "ft:gpt-4o-2024-08-06:acme::abc123", "ft:gpt-4o-2024-08-06"),
        ("google", "models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("anthropic", "claude-sonnet-5-20310203", "claude-sonnet-5"),
    ],
)
def test_spellings(provider: str, spelled: str, listed: str) -> None:
    """A model is found under every way of writing its name."""
    assert price_of(provider, listed) is not None
    assert price_of(provider, spelled) == price_of(provider, listed)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o-turbo"),
        ("openai", "gpt-4"[:-1]),
        ("openai", "claude-sonnet-4-5"),
        ("openai", "anthropic/claude-sonnet-4-5"),
        ("mistral", "mistral-large-1901"),
        ("openrouter", "openai/gpt-4o"),
        ("litellm", "gpt-4o"),
        ("https://gateway.example/v1", "gpt-4o"),
        ("openai", ""),
    ],
)
def test_no_guess(provider: str, model: str) -> None:
    """Another model's price, or another provider's, is never taken for a model that is not listed."""
    assert price_of(provider, model) is None


def test_learned_goes_first() -> None:
    """What a provider says of its model goes before the table; of prices, all or none."""
    table = price_of("openai", "gpt-4o")
    assert table is not None
    learn("openai", "gpt-4o", Price(context=7, vision=False, ends="2031-01-01"))
    assert price_of("openai", "gpt-4o") == replace(table, context=7, vision=False, ends="2031-01-01")
    learn("openai", "gpt-4o", Price(input=1.0, output=2.0))
    assert price_of("openai", "gpt-4o") == replace(table, input=1.0, output=2.0, cached=None)
    learn("openrouter", "Vendor/New", Price(input=1.0, output=2.0))
    assert price_of("openrouter", "vendor/new") == Price(input=1.0, output=2.0)


# ---- the table


def test_notice() -> None:
    """The table says of which day it is, where it is from, and under which licence; the licence lies beside it."""
    notice = pricing.notice()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", notice["date"])
    assert re.fullmatch(r"litellm \d+\.\d+\.\d+", notice["source"])
    assert notice["licence"].startswith("MIT")
    text = pricing.TABLE.with_name("PRICES-NOTICE.txt").read_text(encoding="utf-8")
    assert "Permission is hereby granted, free of charge" in text
    assert "Copyright (c) 2023 Berri AI" in text


def test_table_is_whole() -> None:
    """Every row can be read and written again, none claims to be free, and tiers rise."""
    table = json.loads(pricing.TABLE.read_bytes())
    assert pricing.TABLE.stat().st_size < 120_000
    for provider, models in table["models"].items():
        for model, price in pricing.shipped(provider).items():
            assert prices.row(price) == models[model], model
            assert price.known == (price.input is not None), model
            assert not price.known or (price.input or 0) + (price.output or 0) > 0, model
            assert [tier.above for tier in price.tiers] == sorted({tier.above for tier in price.tiers}), model


def test_lazy() -> None:
    """The table is read when a price is first asked for, and no HTTP library with it."""
    code = (
        "import sys; from aether_nb.models.catalogue import prices, pricing as p\n"
        "before = p._table.cache_info().currsize\n"
        "assert p.price_of('openai', 'gpt-4o')\n"
        "print(before, p._table.cache_info().currsize, {'httpx', 'pydantic', 'sqlite3'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "0 1 set()\n"


@pytest.mark.parametrize(
    "values", ["x", [1] * 13, ["1"], [-1, 2], [True], [1, 2, None, None, None, None, None, None, None, None, [[1, 2]]]]
)
def test_bad_rows(values: object) -> None:
    """What is no row of prices is refused."""
    with pytest.raises(ValueError):
        prices.read(values)


def test_rows_of_tiers() -> None:
    """A row keeps every field of a price."""
    price = Price(
        *(1e-6, 2e-6, 0.5e-6, 4e-6, 3e-6, 0.01, 1000, 100, True, False),
        tiers=(Tier(500, 5e-6, 6e-6, None, None, 7e-6), Tier(900, 8e-6, 9e-6)),
        ends="2031-01-01",
    )
    assert prices.read(json.loads(json.dumps(prices.row(price)))) == price


# ---- the wrapper


async def test_cost_over_http() -> None:
    """A streamed answer with usage costs what its tokens cost, whatever the provider calls the model."""
    counted = {"prompt_tokens": 1000, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 600}}
    play = Play([events(says(content="hi", finish="stop", usage=counted))])
    async with loopback(play) as server:
        model = chat(server.url, profile=PROFILE)
        reply = await ask(Cost(model, PROFILE))
    dollars = 400 * 2.5e-6 + 600 * 1.25e-6 + 0.001
    assert reply.usage == Usage(1000, 100, pytest.approx(dollars), cached_tokens=600)


async def test_told_cost_is_kept() -> None:
    """A cost that the provider told itself is kept."""
    assert await usage_of(Usage(1000, 100, 0.123)) == Usage(1000, 100, 0.123)


async def test_answered_model_counts() -> None:
    """The price is that of the model that answered, when it is known, else of the one that was asked."""
    assert (await usage_of(Usage(1000, 0), model="gpt-4o-mini-2024-07-18")).cost == pytest.approx(0.00015)
    assert (await usage_of(Usage(1000, 0), model="m")).cost == pytest.approx(0.0025)


async def test_local_is_free() -> None:
    """A model for which nobody bills costs 0.0, counted or not."""
    local = load().profile("ollama:qwen3")
    assert (await usage_of(Usage(1000, 100), local)).cost == 0.0
    assert await usage_of(Usage(), local) == Usage(2, 2, 0.0, estimated=True)


@pytest.mark.parametrize(
    ("name", "address", "dollars"),
    [
        ("openai:gpt-4o", "http://127.0.0.1:4000/v1", 0.0025 + 0.001),
        ("openai:nobody-knows", "http://127.0.0.1:4000/v1", None),
        ("litellm:gpt-4o", "http://127.0.0.1:4000/v1", None),
        ("ollama:gpt-oss:120b-cloud", "http://127.0.0.1:11434/v1", None),
        ("ollama:qwen3", "https://ollama.example/v1", None),
        ("ollama:qwen3", "http://10.0.0.5:11434/v1", 0.0),
        ("local:qwen3", "http://127.0.0.1:9/v1", 0.0),
    ],
)
async def test_near_is_not_free(name: str, address: str, dollars: float | None) -> None:
    """A gateway on this machine costs what the model behind it costs; only rows that say local are free, while near."""
    cost = (await usage_of(Usage(1000, 100), load().profile(name, base_url=address))).cost
    assert cost == (dollars if dollars is None else pytest.approx(dollars))


async def test_uncounted() -> None:
    """Where the provider did not count, tokens are estimated, and the cost stays unknown."""
    call = ToolCall("c", "look", {"a": 1})
    request = Request(
        (Message.of("user", "x" * 40), Message.of("assistant", "", calls=(call,))),
        tools=(ToolSpec("look", "looks", {"type": "object"}),),
    )
    written = len("x" * 40) + len('look{"a": 1}') + len('looklooks{"type": "object"}')
    assert await usage_of(Usage(), request=request) == Usage(-(-written // 4), 2, None, estimated=True)


async def test_unknown_model_is_unknown() -> None:
    """A model without a price has its tokens counted and its cost unknown."""
    unknown = replace(PROFILE, model="gpt-99")
    assert await usage_of(Usage(1000, 100), unknown) == Usage(1000, 100, None)


async def test_broken_stream() -> None:
    """An answer that breaks off passes on what came, and adds nothing."""
    model: Model = Cost(Answers(Reply(Message.of("assistant", "")), [Delta("he")], breaks=True), PROFILE)
    stream = model.stream(HELLO)
    assert await anext(stream) == Delta("he")
    with pytest.raises(ModelUnavailable):
        await anext(stream)
