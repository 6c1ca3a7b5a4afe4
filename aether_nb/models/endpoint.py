"""Who is asked, and what can go wrong on the way, told so that somebody can act on it.

An error names the model, gives the provider's own reason, and says what to type next. The key never appears in one:
whatever a server or a library says is searched for it first. This module knows statuses and messages; it knows no wire
format and no HTTP library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aether_nb.errors import ConfigError, ModelUnavailable

__all__ = [
    "Endpoint",
    "broken_off",
    "checked_address",
    "key_unusable",
    "nonsense",
    "refused",
    "reported",
    "silent",
    "unreachable",
    "unreadable",
]

LONGEST_REASON = 400
"""How many characters of what a server says are shown."""

SHORTEST_SECRET = 8
"""Shorter keys are words like ``none`` that local servers are given; hiding those would maul the message."""

OTHER_MODEL = "choose another model: %aether model NAME"
AGAIN = f"Run the cell again in a moment, or {OTHER_MODEL}"

CODES = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
}
"""The statuses that stand behind a provider's words, where an error comes without a status."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is asked: the model's name as it was typed, the address, the key and the variable the key came from."""

    name: str
    base_url: str
    key: str = field(default="", repr=False)
    variable: str = ""

    @property
    def host(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.base_url).netloc


def checked_address(base_url: str) -> str:
    """The address without a slash at its end.

    Raises:
        ConfigError: It is no http address, or it contains a password.
    """
    address = base_url.strip().rstrip("/")
    if "@" in address:
        raise ConfigError(
            f"The address of {address.rpartition('@')[2]} contains a user name or a password.",
            "Addresses are shown and recorded; a key is not.",
            "Leave it out of the address and set the key's variable instead, for example AETHER_API_KEY",
        )
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        valid = False
    if not valid:
        raise ConfigError(
            f"'{base_url}' is no address of a model server.",
            "It has to begin with http:// or https:// and name a host.",
            "Write it like http://localhost:8000/v1",
        )
    return address


def unreachable(endpoint: Endpoint, cause: str) -> ModelUnavailable:
    """Nobody answered at the address."""
    return ModelUnavailable(
        f"{endpoint.name} cannot be reached.",
        f"Nobody answers at {endpoint.base_url}: {_plain(endpoint, cause)}.",
        f"Check the address and that the server runs, or {OTHER_MODEL}",
    )


def silent(endpoint: Endpoint, seconds: float) -> ModelUnavailable:
    """The connection stands, but nothing more came."""
    return ModelUnavailable(
        f"{endpoint.name} fell silent.", f"Nothing came from {endpoint.host} for {seconds:g} s.", AGAIN
    )


def broken_off(endpoint: Endpoint, cause: str) -> ModelUnavailable:
    """The answer ended before it was whole; nothing of it is kept."""
    return ModelUnavailable(
        f"The answer of {endpoint.name} broke off.", f"{endpoint.host}: {_plain(endpoint, cause)}.", AGAIN
    )


def unreadable(endpoint: Endpoint, cause: str, body: str = "") -> ModelUnavailable:
    """What came is no answer. ``body`` is the beginning of it, for the reader to recognise."""
    shown = f" It begins with: {_plain(endpoint, body)}" if body.strip() else ""
    return ModelUnavailable(
        f"The answer of {endpoint.name} cannot be read.",
        f"{endpoint.host}: {_plain(endpoint, cause)}.{shown}",
        f"Check that {endpoint.base_url} is the address of an OpenAI-compatible server (it often ends in /v1), "
        f"or {OTHER_MODEL}",
    )


def nonsense(endpoint: Endpoint, cause: str) -> ModelUnavailable:
    """The answer is in the right form, but nothing can be done with it. ``cause`` is a sentence without its stop."""
    return ModelUnavailable(f"The answer of {endpoint.name} makes no sense.", f"{_plain(endpoint, cause)}.", AGAIN)


def key_unusable(endpoint: Endpoint) -> ModelUnavailable:
    """The key cannot be sent: it has characters that no key has."""
    return ModelUnavailable(
        f"{endpoint.name} was not asked.",
        "The key has characters that cannot be sent: a line break, a space, or a letter outside ASCII.",
        _key_hint(endpoint),
    )


def refused(endpoint: Endpoint, status: int, body: bytes, headers: Mapping[str, str]) -> ModelUnavailable:
    """The server answered with another status than success.

    Args:
        endpoint: Who was asked.
        status: The HTTP status.
        body: What it sent, or the beginning of it.
        headers: Its headers, names in lower case.
    """
    text = body.decode("utf-8", "replace")
    code, message = _error_in(_json(text))
    why = f"{endpoint.host} answered {status}: {_plain(endpoint, message or _title(text) or text or 'no reason given')}"
    if status in (301, 302, 303, 307, 308):
        where = _plain(endpoint, headers.get("location", "elsewhere"))
        why = f"{endpoint.host} answered {status}: it points to {where}, where the key is not sent"
    if wait := headers.get("retry-after", ""):
        why += f" (retry after {_plain(endpoint, wait)}{' s' if wait.isdecimal() else ''})"
    return ModelUnavailable(*_told(endpoint, status, code, why))


def reported(endpoint: Endpoint, error: object) -> ModelUnavailable:
    """The server reported an error inside an answer that had begun well."""
    code, message = _error_in({"error": error})
    reason = _plain(endpoint, message or str(error))
    status = int(code) if code.isdecimal() and len(code) == 3 else CODES.get(code, 500)
    label = f" {code}" if code else ""
    return ModelUnavailable(*_told(endpoint, status, code, f"{endpoint.host} reported an error{label}: {reason}"))


def _told(endpoint: Endpoint, status: int, code: str, why: str) -> tuple[str, str, str]:
    """What happened, why, and what to do, by status and by the provider's code."""
    if status in (401, 403):
        refusal = "refused the key" if endpoint.key else "wants a key"
        return f"{endpoint.name} {refusal}.", why, _key_hint(endpoint)
    if status == 402 or code == "insufficient_quota":
        return f"{endpoint.name} has no credit left.", why, f"Add credit at {endpoint.host}, or {OTHER_MODEL}"
    if status == 404:
        return (
            f"{endpoint.name} was not found.",
            why,
            f"Check the model's name and the address {endpoint.base_url}, then: %aether model NAME",
        )
    if status == 429:
        return f"{endpoint.name} takes no more requests for now.", why, AGAIN
    if code == "context_length_exceeded" or status == 413:
        return f"The conversation is too long for {endpoint.name}.", why, "Start a new one: %%aether --new"
    if status >= 500 or status == 408:
        return f"{endpoint.name} has a fault on its side.", why, AGAIN
    return f"{endpoint.name} refused the request.", why, f"Look at the reason above, or {OTHER_MODEL}"


def _key_hint(endpoint: Endpoint) -> str:
    if not endpoint.variable:
        return f"Pass the right api_key, or {OTHER_MODEL}"
    variable = endpoint.variable
    return f'Set {variable}, then run the cell again: import os, getpass; os.environ["{variable}"] = getpass.getpass()'


def _error_in(body: object) -> tuple[str, str]:
    """Code and message of an error object, in the shapes that servers use; empty where there is none."""
    if not isinstance(body, Mapping):
        return "", ""
    error: Any = body.get("error") or body.get("detail") or body.get("message") or ""
    if not isinstance(error, Mapping):
        return "", error if isinstance(error, str) else ""
    code = error.get("code") or error.get("type") or ""
    message = error.get("message") or ""
    metadata = error.get("metadata")
    if isinstance(metadata, Mapping) and isinstance(metadata.get("raw"), str):
        message = f"{message}: {metadata['raw']}"
    return str(code), message if isinstance(message, str) else str(message)


def _json(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _title(text: str) -> str:
    """The title of an HTML page; empty when the text is none."""
    if not text.lstrip().startswith("<"):
        return ""
    found = re.search(r"<title[^>]*>([^<]*)</title>", text, re.IGNORECASE)
    return f"an HTML page titled '{found[1].strip()}'" if found else "an HTML page"


def _plain(endpoint: Endpoint, text: str) -> str:
    """One short line without the key and without control characters."""
    if len(endpoint.key) >= SHORTEST_SECRET:
        text = text.replace(endpoint.key, "***")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * LONGEST_REASON]).split())
    text = text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "…"
    return text.rstrip(".")
