"""Text without the keys in it: those that are known, and whatever looks like one. For what leaves this machine.

Three ways to know a key: its value is known, its form is that of a well-known service, or it is a word without meaning
beside a name such as ``token`` or ``password``. Hashes, UUIDs, names of commits and pictures in base64 are no keys. A
mask says more than it needs to; what it leaves can still be a key, for a short word beside no name looks like any word.
This module knows no event but by the values of its fields, and no place where keys are kept.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from aether_nb.events.codec import decode, encode
from aether_nb.events.values import Event

__all__ = ["MASK", "known_keys", "mask_text", "masked", "masked_event"]

MASK = "***"

SHORTEST = 8
"""Shorter values of the environment are words, and masking them would spoil the text."""

_NAMES = re.compile(r"(?i)(api_?key|secret|token|passw(or)?d|credential|access_key|private_key|store_key)")

_KNOWN: tuple[tuple[tuple[str, ...], str], ...] = (
    (("begin",), r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|"
    r"\Z)"),
    (("-", "_"), r"\b(?:sk|pk|rk|gsk|xai|key|nvapi|pplx|hf|r8|ghp|gho|ghu|ghs|ghr|glpat|gldt|glrt|npm|dop_v1|"
    r"doo_v1|rubygems|shpat|shpss|shppa|sntrys|lin_api|figd|pul|dckr_pat|pat|tskey|phc|phx|rpa|fw|csk|tvly|fc|"
    r"jina|pcsk|whsec|sq0atp|sq0csp|EAAA|NRAK|PMAK|AGE-SECRET-KEY)[-_][A-Za-z0-9_-]{16,}"),
    (("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{20,}"),
    (("xox", "xapp-"), r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}"),
    (("akia", "asia", "abia", "acca"), r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    (("aiza", "ya29.", "gocspx-"), r"\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}"),
    (("eyj",), r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,}"),
    (("sg.",), r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    (("hvs.", "hvb.", "hvr.", "dapi", "tw"), r"\b(?:hvs|hvb|hvr)\.[A-Za-z0-9_-]{20,}|\bdapi[a-f0-9]{32}\b|"
    r"\bAC[a-f0-9]{32}\b(?=.{0,40}(?i:twilio))"),
    ((":aa",), r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}"),
    (("services/", "webhooks/"), r"(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{20,}|"
    r"(?<=/api/webhooks/)[0-9]{10,}/[A-Za-z0-9_-]{20,}"),
    (("key=", "g="), r"(?i)(?<=AccountKey=)[A-Za-z0-9+/]{20,}=*|(?<=SharedAccessKey=)[A-Za-z0-9+/]{20,}=*|"
    r"(?<=sig=)[A-Za-z0-9%+/]{30,}"),
    (("bearer ", "on: bas"), r"(?i)(?<=bearer )[A-Za-z0-9._~+/-]{12,}=*|"
    r"(?<=authorization: basic )[A-Za-z0-9+/]{8,}=*"),
    (("://",), r"(?<=://)[^/\s:@\"']*:[^/\s@\"']+(?=@)"),
    (("key=", "word=", "pwd=", "token="), r"(?i)(?<=api_key=)[^\s&\"',)]{6,}|(?<=password=)[^\s&\"',;)]{4,}|"
    r"(?<=pwd=)[^\s&\"',;)]{4,}|(?<=token=)[^\s&\"',)]{6,}"),
)  # fmt: skip
"""What keys of well-known services look like, and places in which a key stands.

Before each stand pieces, in small letters, of which every text with such a key has one: to look for them is a hundred
times quicker. (Where capitals do not matter no piece has an i: to a pattern that is a dotless one as well.)
"""

_SAYS_KEY = ("key", "secret", "token", "passw", "passphrase", "credent")
_NEAR = (
    r"(?i)(?P<said>(?:api[ _-]?key|access[ _-]?key|secret|token|passw(?:or)?d|passphrase|credential|"
    r"private[ _-]?key|auth[ _-]?key|client[ _-]?key|signing[ _-]?key)[a-z0-9_]{0,20}"
    r"[\"']?\s*(?::\s*[\w.]+\s*=|:|=|=>|:=|,|\bis\b|\|)\s*[\"']?)(?P<value>[^\s\"'`,;|<>(){}\[\]]{8,200})"
)
"""A name that says key, a sign that gives it a value, and the value."""

_PLAIN = r"(?i)[0-9a-f]{7,31}|(?:sha(?:1|256|384|512)|md5)[:-].*|[\d.,:/+-]+|[a-z_]+|.*://.*|[\w.]+\.\w+"
"""What stands beside such a name and is no key: short digests, numbers, dates, words, names, addresses."""

LEAST = 6
"""Characters of the shortest text in which a key can stand: ``://:a@``."""

_compiled = cache(re.compile)
"""Patterns are made when a text first gives cause to look: many programs never have one that does."""

RANDOM = 3.0
"""Bits a sign from which a word beside such a name is taken for one that a machine has made."""


def known_keys(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of variables whose names say that they are keys, the longest first."""
    values = {value.strip() for name, value in environment.items() if _NAMES.search(name)}
    return tuple(sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True))


def mask_text(text: str, keys: Collection[str] = ()) -> tuple[str, int]:
    """A text with every key in it made unreadable, and how many there were.

    Args:
        text: Any text.
        keys: Keys that are known.
    """
    count = 0
    if len(text) < LEAST:
        return text, 0
    for key in keys:
        if found := text.count(key):
            text, count = text.replace(key, MASK), count + found
    low = text.casefold()
    for pieces, pattern in _KNOWN:
        for piece in pieces:
            if piece in low:
                text, found = _compiled(pattern).subn(MASK, text)
                count += found
                break
    if not any(word in low for word in _SAYS_KEY):
        return text, count
    found = 0

    def near(match: re.Match[str]) -> str:
        nonlocal found
        if not _random(match["value"]):
            return match[0]
        found += 1
        return f"{match['said']}{MASK}"

    text = _compiled(_NEAR).sub(near, text)
    return text, count + found


def _random(word: str) -> bool:
    """Whether a word looks as if a machine had made it, and not as a digest, a name or a number does."""
    if MASK in word or _compiled(_PLAIN).fullmatch(word):
        return False
    counts = Counter(word)
    bits = -sum(n / len(word) * math.log2(n / len(word)) for n in counts.values())
    kinds = sum(any(test(sign) for sign in word) for test in (str.islower, str.isupper, str.isdigit, _is_sign))
    return bits >= RANDOM and kinds >= (2 if len(word) >= 16 else 3)


def _is_sign(sign: str) -> bool:
    return not sign.isalnum() and sign not in "_-."


def masked(value: Any, keys: Collection[str]) -> Any:
    """A JSON value with every key in its texts made unreadable.

    Args:
        value: Any JSON value; the names in it are looked at, too.
        keys: Keys that are known.
    """
    if isinstance(value, str):
        return mask_text(value, keys)[0]
    if isinstance(value, Mapping):
        return {masked(name, keys): masked(inner, keys) for name, inner in value.items()}
    return [masked(inner, keys) for inner in value] if isinstance(value, (list, tuple)) else value


def masked_event(event: Event, keys: Collection[str]) -> Event:
    """The same event with every key in it made unreadable; the very same where there is none."""
    plain = json.loads(encode(event))
    hidden = masked(plain, keys)
    if hidden == plain:
        return event
    return decode(event.kind, event.version, json.dumps(hidden, ensure_ascii=False).encode())
