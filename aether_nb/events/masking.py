"""Text without the keys in it: those that are known, and whatever looks like one. For records that are given away.

A mask says more than it needs to: what only looks like a key is masked too. This module knows no event but by the
values of its fields, and no place where keys are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from aether_nb.events.codec import decode, encode
from aether_nb.events.values import Event

__all__ = ["MASK", "known_keys", "masked", "masked_event"]

MASK = "***"

SHORTEST = 8
"""Shorter values of the environment are words, and masking them would spoil the text."""

_NAMES = re.compile(r"(?i)(api_?key|secret|token|passw(or)?d|credential|access_key|private_key)")

_PATTERNS = (
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|key|nvapi|pplx|hf|ghp|gho|ghs|glpat|npm|dop_v1)[-_][A-Za-z0-9_-]{16,}"),
    re.compile(r"\bgithub_pat_[A-Za-z0-9_]{20,}"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"),
    re.compile(r"(?<=Bearer )[A-Za-z0-9._~+/-]{12,}=*"),
    re.compile(r"(?<=://)[^/\s:@\"']+:[^/\s@\"']+(?=@)"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?i)(?<=api_key=)[^\s&\"',)]{6,}|(?<=password=)[^\s&\"',)]{4,}|(?<=token=)[^\s&\"',)]{6,}"),
)
"""What keys of well-known services look like, and places in which a key stands."""


def known_keys(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of variables whose names say that they are keys, the longest first."""
    values = {value.strip() for name, value in environment.items() if _NAMES.search(name)}
    return tuple(sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True))


def masked(value: Any, keys: Collection[str]) -> Any:
    """A JSON value with every key in its texts made unreadable.

    Args:
        value: Any JSON value; the names in it are looked at, too.
        keys: Keys that are known.
    """
    if isinstance(value, str):
        for key in keys:
            value = value.replace(key, MASK)
        for pattern in _PATTERNS:
            value = pattern.sub(MASK, value)
        return value
    if isinstance(value, Mapping):
        return {masked(name, keys): masked(inner, keys) for name, inner in value.items()}
    return [masked(inner, keys) for inner in value] if isinstance(value, list | tuple) else value


def masked_event(event: Event, keys: Collection[str]) -> Event:
    """The same event with every key in it made unreadable; the very same where there is none."""
    plain = json.loads(encode(event))
    hidden = masked(plain, keys)
    if hidden == plain:
        return event
    return decode(event.kind, event.version, json.dumps(hidden, ensure_ascii=False).encode())
