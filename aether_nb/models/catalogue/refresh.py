"""Rebuild ``prices.json`` from the table that LiteLLM publishes under the MIT licence.

    python -m aether_nb.models.catalogue.refresh --from FILE --source "litellm 1.106.2" --date 2026-11-20
    python -m aether_nb.models.catalogue.refresh --url https://…/model_prices_and_context_window.json

FILE is ``litellm/model_prices_and_context_window_backup.json`` of LiteLLM's wheel. The network is used only when
``--url`` asks for it. The same input and date always give the same bytes. ``PRICES-NOTICE.txt``, beside the table, is
the licence. This module decides what of that table is kept; nothing imports it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aether_nb.models.catalogue.prices import COLUMNS, Price, Tier, row
from aether_nb.models.catalogue.pricing import TABLE

__all__ = ["main", "slim", "written"]

PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "groq": "groq",
    "mistral": "mistral",
    "gemini": "google",
    "together_ai": "together",
    "perplexity": "perplexity",
    "cohere_chat": "cohere",
    "cohere": "cohere",
    "dashscope": "qwen",
    "moonshot": "kimi",
    "minimax": "minimax",
    "nvidia_nim": "nvidia",
    "openrouter": "openrouter",
}
"""LiteLLM's name of a provider → ours."""

PREFIXED = frozenset(PROVIDERS) - {"openai", "anthropic", "cohere", "cohere_chat"}
"""Those whose models LiteLLM writes with the provider in front; one without it is a size class, or a double."""

SURCHARGED = ("citation_cost_per_token", "output_cost_per_image", "output_cost_per_video_token")
"""Charges beside the tokens that nobody can count from a usage: with one of these the price counts as unknown."""

_WITHDRAWN = re.compile(r"perplexity/(?!sonar(-pro|-reasoning|-reasoning-pro|-deep-research)?$)")
"""Models that are gone, though no day is given for their end."""

_SEARCHING = re.compile(r"-search-|deep-research")
"""Models that search the web for every answer, and charge for each search."""

_LONG = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")


def slim(source: Mapping[str, Any], date: str, origin: str, digest: str = "") -> dict[str, Any]:
    """The table of prices that is shipped.

    Args:
        source: LiteLLM's table.
        date: The day of the prices, ``YYYY-MM-DD``.
        origin: Where the table is from, for people.
        digest: SHA-256 of the source, in hex.
    """
    models: dict[str, dict[str, list[Any]]] = {}
    for provider, model, entry in _chat_models(source):
        if values := row(_price(provider, model, entry)):
            models.setdefault(provider, {})[model] = values
    about = {
        "date": date,
        "source": origin,
        "sha256": digest,
        "licence": "MIT, Copyright (c) 2023 Berri AI; see PRICES-NOTICE.txt",
        "columns": ", ".join(COLUMNS),
        "units": "US dollars for a million tokens; request: for one request; tiers: above, then prices as in columns "
        "input, output, cached, cache_write, reasoning",
    }
    return {"notice": about, "models": {name: dict(sorted(rows.items())) for name, rows in sorted(models.items())}}


def _chat_models(source: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The rows that are about a model that chats in text, under our names."""
    for key, entry in source.items():
        theirs = entry.get("litellm_provider") if isinstance(entry, Mapping) else None
        if theirs not in PROVIDERS or entry.get("mode") != "chat":
            continue
        if (theirs in PREFIXED and not key.startswith(f"{theirs}/")) or _WITHDRAWN.match(key):
            continue
        if "text" not in entry.get("supported_output_modalities", ["text"]):
            continue
        yield PROVIDERS[theirs], key.removeprefix(f"{theirs}/"), entry


def _price(provider: str, model: str, entry: Mapping[str, Any]) -> Price:
    known = Price(
        context=_count(entry, "max_input_tokens") or _count(entry, "max_tokens"),
        max_output=_count(entry, "max_output_tokens"),
        tools=entry.get("supports_function_calling"),
        vision=entry.get("supports_vision"),
        ends=entry.get("deprecation_date", ""),
    )
    scale = sorted(entry.get("tiered_pricing") or [], key=lambda step: float(step["range"][0]))
    first = {**entry, **scale[0]} if scale else entry
    reading, writing = first.get("input_cost_per_token"), first.get("output_cost_per_token")
    if reading is None or writing is None or not _countable(model, first):
        return known
    thinking = first.get("output_cost_per_reasoning_token")
    return replace(
        known,
        input=reading,
        output=writing,
        cached=first.get("cache_read_input_token_cost"),
        cache_write=first.get("cache_creation_input_token_cost"),
        reasoning=thinking if thinking != writing else None,
        request=_request(provider, first),
        tiers=(*(_step(step) for step in scale[1:]), *_long(entry)),
    )


def _countable(model: str, entry: Mapping[str, Any]) -> bool:
    """Whether tokens say what a request costs. Both prices zero stands there for what is not documented."""
    free = not entry["input_cost_per_token"] and not entry["output_cost_per_token"]
    return not (free or _SEARCHING.search(model) or any(charge in entry for charge in SURCHARGED))


def _step(step: Mapping[str, Any]) -> Tier:
    return Tier(
        int(step["range"][0]),
        step["input_cost_per_token"],
        step["output_cost_per_token"],
        step.get("cache_read_input_token_cost"),
        step.get("cache_creation_input_token_cost"),
        step.get("output_cost_per_reasoning_token"),
    )


def _long(entry: Mapping[str, Any]) -> Iterator[Tier]:
    """The other way in which prices for long requests are written: fields that end in ``_above_200k_tokens``."""
    for thousands in sorted(int(found[1]) for name in entry if (found := _LONG.fullmatch(name))):
        names = ("input_cost_per_token", "output_cost_per_token")
        caches = ("cache_read_input_token_cost", "cache_creation_input_token_cost")
        prices = [entry.get(f"{name}_above_{thousands}k_tokens", entry.get(name)) for name in (*names, *caches)]
        yield Tier(thousands * 1000, *prices)


def _request(provider: str, entry: Mapping[str, Any]) -> float | None:
    """The charge for a request: for the provider whose every answer searches, at the depth it searches by default."""
    if provider != "perplexity":
        return None
    search = entry.get("search_context_cost_per_query", {}).get("search_context_size_low")
    found: float | None = entry.get("input_cost_per_request", search)
    return found


def _count(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    return int(value) if isinstance(value, int | float) and value > 0 else None


def written(table: Mapping[str, Any]) -> str:
    """The table as JSON, a model on a line, so that a difference can be read."""
    lines = ["{", '"notice": ' + json.dumps(table["notice"], indent=1, ensure_ascii=False) + ",", '"models": {']
    for n, (provider, models) in enumerate(table["models"].items(), 1):
        rows = [f"{json.dumps(model)}:{json.dumps(values, separators=(',', ':'))}" for model, values in models.items()]
        lines += [f"{json.dumps(provider)}: {{", ",\n".join(rows), "}" + ("," if n < len(table["models"]) else "")]
    return "\n".join([*lines, "}", "}"]) + "\n"


def _fetched(url: str) -> bytes:
    import httpx

    response = httpx.get(url, timeout=60.0, follow_redirects=True)
    response.raise_for_status()
    return response.content


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the table; 0 when it was written."""
    program = "python -m aether_nb.models.catalogue.refresh"
    parser = argparse.ArgumentParser(prog=program, description="Rebuild prices.json.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--from", dest="file", type=Path, help="LiteLLM's table on this machine")
    where.add_argument("--url", help="its address; the only way in which the network is used")
    parser.add_argument("--out", type=Path, default=TABLE, help="the file to write (default: the shipped table)")
    parser.add_argument("--source", help="where it is from, for people (default: the file's name or the address)")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    parser.add_argument("--date", default=today, help="the day of the prices (default: today)")
    chosen = parser.parse_args(arguments)
    content = chosen.file.read_bytes() if chosen.file else _fetched(chosen.url)
    origin = chosen.source or (chosen.file.name if chosen.file else chosen.url)
    table = slim(json.loads(content), chosen.date, origin, hashlib.sha256(content).hexdigest())
    text = written(table)
    chosen.out.write_text(text, encoding="utf-8", newline="\n")
    counted = sum(len(rows) for rows in table["models"].values())
    print(f"{chosen.out}: {counted} models of {len(table['models'])} providers, {len(text) // 1000} kB, {chosen.date}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
