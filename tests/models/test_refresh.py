"""The command that rebuilds the table of prices: what it keeps, what it refuses to know, and that it repeats itself."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from aether_nb.models.catalogue import pricing, refresh
from aether_nb.models.catalogue.prices import COLUMNS, Price, Tier, read
from harness.loopback import Play, loopback

DAY = "2031-02-03"


def chat(provider: str, reading: float | None = 1e-6, writing: float | None = 2e-6, **more: Any) -> dict[str, Any]:
    """An entry as LiteLLM writes it."""
    prices = {"input_cost_per_token": reading, "output_cost_per_token": writing}
    known = {name: value for name, value in prices.items() if value is not None}
    return {"litellm_provider": provider, "mode": "chat", **known, **more}


def kept(source: dict[str, Any]) -> dict[tuple[str, str], Price]:
    table = refresh.slim(source, DAY, "test")
    return {(name, model): read(values) for name, rows in table["models"].items() for model, values in rows.items()}


def test_which_models() -> None:
    """Chat models of our providers are kept, under our names; everything else is left out."""
    source = {
        "sample_spec": chat("one of many"),
        "gpt-x": chat("openai"),
        "gemini/flash": chat("gemini"),
        "flash": chat("gemini"),
        "dashscope/qwen": chat("dashscope"),
        "moonshot/kimi": chat("moonshot"),
        "command": chat("cohere_chat"),
        "groq/vendor/m": chat("groq"),
        "together-ai-up-to-4b": chat("together_ai"),
        "text-embedding": {**chat("openai"), "mode": "embedding"},
        "gemini/song": chat("gemini", supported_output_modalities=["audio"]),
        "azure/gpt-x": chat("azure"),
        "openai/container": {"litellm_provider": "openai", "mode": "chat"},
        "odd": "no entry",
    }
    assert set(kept(source)) == {
        ("openai", "gpt-x"),
        ("google", "flash"),
        ("qwen", "qwen"),
        ("kimi", "kimi"),
        ("cohere", "command"),
        ("groq", "vendor/m"),
    }


def test_all_fields() -> None:
    """Sizes, abilities, the end of a model and each kind of price arrive in their places."""
    entry = chat(
        "anthropic",
        cache_read_input_token_cost=1e-7,
        cache_creation_input_token_cost=1.25e-6,
        output_cost_per_reasoning_token=3e-6,
        max_input_tokens=1000,
        max_tokens=50,
        max_output_tokens=60,
        supports_function_calling=True,
        supports_vision=False,
        deprecation_date="2030-01-01",
    )
    assert kept({"claude": entry}) == {
        ("anthropic", "claude"): Price(
            *(1e-6, 2e-6, pytest.approx(1e-7), 1.25e-6, 3e-6, None, 1000, 60, False, True), ends="2030-01-01"
        )
    }


def test_thinking_at_the_price_of_writing() -> None:
    """A price for thinking that is the one for writing is no price of its own."""
    assert kept({"gpt-x": chat("openai", output_cost_per_reasoning_token=2e-6)}) == {
        ("openai", "gpt-x"): Price(input=1e-6, output=2e-6)
    }


def test_tiers() -> None:
    """Prices for long requests are read in both ways of writing them; what a tier leaves out stays as it was."""
    above = {"input_cost_per_token_above_200k_tokens": 4e-6, "output_cost_per_token_above_200k_tokens": 6e-6}
    caches = {"cache_read_input_token_cost": 5e-7, "cache_read_input_token_cost_above_200k_tokens_batches": 9.0}
    steps = [
        {"range": [256000.0, 1e6], "input_cost_per_token": 3e-6, "output_cost_per_token": 7e-6},
        {"range": [0, 256000.0], "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
    ]
    source = {
        "gemini/pro": chat("gemini", **above, **caches),
        "dashscope/plus": chat("dashscope", None, None, tiered_pricing=steps),
    }
    assert kept(source) == {
        ("google", "pro"): Price(input=1e-6, output=2e-6, cached=5e-7, tiers=(Tier(200_000, 4e-6, 6e-6, 5e-7),)),
        ("qwen", "plus"): Price(input=1e-6, output=2e-6, tiers=(Tier(256_000, 3e-6, 7e-6),)),
    }


@pytest.mark.parametrize(
    ("model", "entry"),
    [
        ("free", chat("openai", 0, 0)),
        ("half", chat("openai", 1e-6, None)),
        ("gpt-4o-search-preview", chat("openai")),
        ("o3-deep-research", chat("openai")),
        ("cites", chat("openai", citation_cost_per_token=1e-6)),
        ("draws", chat("openai", output_cost_per_image=0.1)),
    ],
)
def test_unknown_prices(model: str, entry: dict[str, Any]) -> None:
    """Where tokens do not say what a request costs, the price is unknown, and the window is kept."""
    assert kept({model: {**entry, "max_input_tokens": 9}}) == {("openai", model): Price(context=9)}


def test_withdrawn_without_a_date() -> None:
    """Perplexity's models of old are gone, though the source gives no date for their end."""
    names = ("perplexity/sonar-reasoning-pro", "perplexity/sonar-small-online", "perplexity/pplx-7b-chat")
    assert set(kept({name: chat("perplexity") for name in names})) == {("perplexity", "sonar-reasoning-pro")}


def test_searching_provider() -> None:
    """A provider whose every answer searches charges for each request, at its least depth."""
    depths = {"search_context_size_low": 0.005, "search_context_size_high": 0.012}
    source = {
        "perplexity/sonar": chat("perplexity", search_context_cost_per_query=depths),
        "gpt-x": chat("openai", search_context_cost_per_query=depths),
    }
    assert {model: price.request for (_, model), price in kept(source).items()} == {"sonar": 0.005, "gpt-x": None}


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same input and day give the same bytes, a model on a line, with day, source and checksum."""
    source = tmp_path / "theirs.json"
    source.write_text(json.dumps({"gpt-b": chat("openai"), "gpt-a": chat("openai"), "claude": chat("anthropic")}))
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    for out in (first, second):
        told = ["--from", str(source), "--source", "litellm 1.2.3", "--date", DAY, "--out", str(out)]
        assert refresh.main(told) == 0
    assert first.read_bytes() == second.read_bytes()
    table = json.loads(first.read_bytes())
    assert {name: table["notice"][name] for name in ("date", "source", "sha256", "columns")} == {
        "date": DAY,
        "source": "litellm 1.2.3",
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "columns": ", ".join(COLUMNS),
    }
    assert table["models"] == {"anthropic": {"claude": [1, 2]}, "openai": {"gpt-a": [1, 2], "gpt-b": [1, 2]}}
    assert '"gpt-a":[1,2],\n"gpt-b":[1,2]\n' in first.read_text()
    assert "3 models of 2 providers" in capsys.readouterr().out


async def test_command_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is fetched from an address when that is asked for."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    out = tmp_path / "prices.json"
    play = Play([json.dumps({"gpt-x": chat("openai")}).encode()], content_type="application/json")
    async with loopback(play) as server:
        told = ["--url", f"{server.url}/prices.json", "--out", str(out), "--date", DAY]
        assert await asyncio.to_thread(refresh.main, told) == 0
        assert json.loads(out.read_bytes())["notice"]["source"] == f"{server.url}/prices.json"


def test_nothing_without_being_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a source nothing is fetched and nothing written."""
    before = pricing.TABLE.read_bytes()
    with pytest.raises(SystemExit):
        refresh.main([])
    assert pricing.TABLE.read_bytes() == before
    assert "--from" in capsys.readouterr().err


def test_shipped_table_is_its_work(tmp_path: Path) -> None:
    """The shipped table has exactly the bytes that the command writes."""
    text = pricing.TABLE.read_text(encoding="utf-8")
    assert refresh.written(json.loads(text)) == text
