"""What an answer costs: a shipped table of prices, what providers say of theirs, and a wrapper that does the sum.

``prices.json`` holds list prices in US dollars and the sizes of context windows, with their date and source;
``refresh`` rebuilds it. What a provider's own list said (``learn``) goes before it. A price that nobody knows is None,
and so is a cost that needs it: never zero. This module reads one file and knows no network.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from aether_nb.events.messages import Message, Usage
from aether_nb.models.base import Delta, Model, Reply, Request, Wrapper, closing
from aether_nb.models.catalogue.prices import Price, Tier, read
from aether_nb.models.endpoints.profile import Profile

__all__ = ["Cost", "Price", "Tier", "cost_of", "learn", "notice", "price_of", "shipped"]

TABLE = Path(__file__).with_name("prices.json")

CHARACTERS_PER_TOKEN = 4
"""For estimates where the provider did not count."""

_DATED = re.compile(r"-20\d\d-?[01]\d-?[0-3]\d$")
_MONEY = ("input", "output", "cached", "cache_write", "reasoning", "request", "tiers")
_REST = ("context", "max_output", "vision", "tools", "ends")
_LEARNED: dict[tuple[str, str], Price] = {}


# ---- looking up


def price_of(provider: str, model: str) -> Price | None:
    """What is known of a model; None when nothing is.

    A name may have the provider in front (``openai/gpt-5``), ``models/``, a fine-tuning's ending, or the date of a
    version that the table does not list; another model's price is never taken for it.

    Args:
        provider: The provider's name in the registry.
        model: The provider's name for the model.
    """
    listed = _listed(provider, model)
    live = _learned(provider, model) if _LEARNED else None
    if live is None or listed is None:
        return live or listed
    more: dict[str, Any] = {name: getattr(live, name) for name in _REST if getattr(live, name) not in (None, "")}
    if live.known:  # prices belong together: none of the table's is mixed in
        more |= {name: getattr(live, name) for name in _MONEY}
    return replace(listed, **more)


def learn(provider: str, model: str, price: Price) -> None:
    """Remember, until the process ends, what a provider itself said of a model. It goes before the table.

    Args:
        provider: The provider's name in the registry.
        model: The provider's name for the model.
        price: What it said; its prices count when both reading and writing have one.
    """
    _LEARNED[provider, model.lower()] = price


def shipped(provider: str) -> dict[str, Price]:
    """The table's models of a provider, by name, in the order of the alphabet."""
    return {model: read(values) for model, values in _table()["models"].get(provider, {}).items()}


def notice() -> Mapping[str, str]:
    """Where the table comes from: its date (``YYYY-MM-DD``), source and licence."""
    found: Mapping[str, str] = _table()["notice"]
    return found


def _spellings(provider: str, model: str) -> Iterator[str]:
    """The names under which a model may stand in a table, the exact one first, in lower case."""
    name = model.lower()
    yield name
    for prefix in ("models/", f"{provider}/"):
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            yield name
    if name.startswith("ft:") and name.count(":") > 1:
        name = ":".join(name.split(":")[:2])
        yield name
    if _DATED.search(name):
        yield _DATED.sub("", name)


@lru_cache(256)
def _listed(provider: str, model: str) -> Price | None:
    """What the table has of a model, which is asked for with every answer."""
    table = _index(provider)
    return next((table[name] for name in _spellings(provider, model) if name in table), None)


def _learned(provider: str, model: str) -> Price | None:
    return next((_LEARNED[provider, n] for n in _spellings(provider, model) if (provider, n) in _LEARNED), None)


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_bytes())
    return found


@cache
def _index(provider: str) -> dict[str, Price]:
    return {model.lower(): price for model, price in shipped(provider).items()}


# ---- counting


def cost_of(usage: Usage, price: Price | None) -> float | None:
    """What these tokens cost in US dollars; None when a price is missing.

    Tokens from the cache, to the cache and of thinking have their own prices where some are listed. A request beyond a
    tier's length is charged at that tier as a whole.
    """
    if price is None or price.input is None or price.output is None:
        return None
    rates: Price | Tier = next((tier for tier in reversed(price.tiers) if usage.input_tokens > tier.above), price)
    reading, writing = rates.input or 0.0, rates.output or 0.0
    cached = min(usage.cached_tokens, usage.input_tokens)
    kept = min(usage.cache_write_tokens, usage.input_tokens - cached)
    thought = min(usage.reasoning_tokens, usage.output_tokens)
    return (
        (usage.input_tokens - cached - kept) * reading
        + cached * _or(rates.cached, reading)
        + kept * _or(rates.cache_write, reading)
        + (usage.output_tokens - thought) * writing
        + thought * _or(rates.reasoning, writing)
        + (price.request or 0.0)
    )


def _or(price: float | None, otherwise: float) -> float:
    return otherwise if price is None else price


class Cost(Wrapper):
    """Fills in what a reply cost.

    - A cost that the provider itself told is kept.
    - A model for which nobody bills costs 0.0: its server runs on the user's own machine or network, and passes nothing
      on.
    - Where the provider did not count, tokens are estimated from the number of characters (pictures left out), and the
      cost stays unknown.
    - An answer that breaks off has no usage and adds nothing.

    Args:
        inner: Who is asked.
        profile: Which model of which provider it is.
    """

    def __init__(self, inner: Model, profile: Profile) -> None:
        super().__init__(inner)
        self._asked = profile

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """See ``Model.stream``."""
        async with closing(self.inner.stream(request)) as deltas:
            async for delta in deltas:
                if delta.reply is None:
                    yield delta
                else:
                    yield delta._replace(reply=self._counted(request, delta.reply))

    def _counted(self, request: Request, reply: Reply) -> Reply:
        usage = reply.usage
        if usage.tokens == 0:
            usage = _estimated(request, reply, usage)
        if usage.cost is None and (cost := self._cost(usage, reply)) is not None:
            usage = replace(usage, cost=cost)
        return reply if usage is reply.usage else replace(reply, usage=usage)

    def _cost(self, usage: Usage, reply: Reply) -> float | None:
        if not self._asked.billed:
            return 0.0
        if usage.estimated:
            return None
        # What the provider says it used counts first: a name like "auto" may stand for any model.
        provider = self._asked.provider
        answered = price_of(provider, reply.model) if reply.model else None
        return cost_of(usage, answered if answered and answered.known else price_of(provider, self._asked.model))


def _estimated(request: Request, reply: Reply, usage: Usage) -> Usage:
    tools = sum(len(t.name) + len(t.description) + len(json.dumps(t.parameters, default=dict)) for t in request.tools)
    return replace(
        usage,
        input_tokens=_tokens(_characters(request.messages) + tools),
        output_tokens=_tokens(_characters((reply.message,))),
        estimated=True,
    )


def _characters(messages: Iterable[Message]) -> int:
    return sum(
        len(message.text)
        + len(message.thinking)
        + sum(len(call.name) + len(json.dumps(call.arguments, default=dict)) for call in message.calls)
        for message in messages
    )


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
