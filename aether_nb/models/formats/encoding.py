"""A value as the bytes that are sent: compact JSON in UTF-8. It does not know what the value means."""

from __future__ import annotations

import json

import orjson

__all__ = ["encoded"]


def encoded(value: object) -> bytes:
    """Compact JSON as UTF-8.

    Half of a surrogate pair is no character; data may contain one all the same, and it is sent as a question mark.

    Raises:
        TypeError: It holds something that is no JSON value.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # half a pair, or an integer beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
