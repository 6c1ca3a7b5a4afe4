"""A value as the bytes that are sent: compact JSON in UTF-8. It does not know what the value means."""

from __future__ import annotations

import json

import orjson

__all__ = ["encoded"]


def encoded(value: object) -> bytes:
    """Compact JSON as UTF-8.

    What JSON lacks is sent as its nearest neighbour: NaN and infinity as ``null``; half of a surrogate pair, which is
    no character and stands in data all the same, as a question mark.

    Raises:
        TypeError: It holds something that is no JSON value.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:  # half a pair, an integer beyond 64 bits, a key that is no text
        plain = json.loads(json.dumps(value), parse_constant=lambda _: None)
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
