"""What an answer cost, as chat-completions servers count it.

Each has its own places for cached and for reasoning tokens. What is not given is not guessed. This module knows one
object, ``usage``, and nothing else of an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aether_nb.events.messages import Usage

__all__ = ["read_usage"]

MOST = 10**12
"""Dollars or tokens that no answer has: a number from there on is none."""


def read_usage(usage: Mapping[str, Any]) -> Usage:
    """The usage of one answer.

    Where the total is more than what was read and written (Google), the rest is thinking that was not counted as
    written.
    """
    reading, writing = _number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens"))
    prompt, completion = _mapping(usage, "prompt_tokens_details"), _mapping(usage, "completion_tokens_details")
    reasoned = _first(completion.get("reasoning_tokens"), usage.get("reasoning_tokens"))
    hidden = max(0, _number(usage.get("total_tokens")) - reading - writing) if writing or reasoned else 0
    return Usage(
        reading,
        writing + hidden,
        _cost(usage),
        _first(
            prompt.get("cached_tokens"),
            usage.get("prompt_cache_hit_tokens"),
            usage.get("cached_tokens"),
            usage.get("num_cached_tokens"),
            usage.get("cache_read_input_tokens"),
        ),
        _first(prompt.get("cache_write_tokens"), usage.get("cache_creation_input_tokens")),
        max(reasoned, hidden),
        _first(prompt.get("image_tokens"), completion.get("image_tokens")),
    )


def _cost(usage: Mapping[str, Any]) -> float | None:
    """US dollars, where the provider says so; one that only passes the bill of another on does not know."""
    cost = usage.get("cost")
    if isinstance(cost, dict):
        cost = cost.get("total_cost")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or usage.get("is_byok") is True:
        return None
    if not 0 <= cost < MOST:
        return None
    return float(cost)


def _mapping(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = usage.get(name)
    return value if isinstance(value, dict) else {}


def _first(*values: object) -> int:
    """The first of the counts that is more than nothing."""
    for value in values:
        if value and (count := _number(value)):
            return count
    return 0


def _number(value: object) -> int:
    """A count of tokens; 0 for what is none."""
    if not isinstance(value, int | float) or not 0 <= value < MOST:
        return 0
    return int(value) if value == int(value) else 0
