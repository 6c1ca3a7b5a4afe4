"""Who is asked, and what can go wrong on the way, told so that somebody can act on it.

An error names the model, gives the provider's own reason, and says what to type next. The key never appears in one:
whatever a server or a library says is searched for it first. This module knows statuses and messages; it knows no wire
format and no HTTP library; ``refusals`` reads what servers say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from aether_nb.errors import ConfigError, ModelUnavailable, ToolsRefused, ToolUseFailed
from aether_nb.models.endpoints.address import without_tail
from aether_nb.models.endpoints.refusals import Refusal, read_error, read_refusal

__all__ = [
    "NONSENSE",
    "OTHER_MODEL",
    "SILENCE",
    "Endpoint",
    "broken_off",
    "checked_address",
    "nonsense",
    "refused",
    "reported",
    "silent",
    "too_large",
    "unreachable",
    "unreadable",
    "unreadable_call",
    "unsendable",
]

LONGEST_REASON = 400
"""How many characters of what a server says are shown."""

SHORTEST_SECRET = 8
"""Shorter keys are words like ``none`` that local servers are given; hiding those would maul the message."""

SILENCE, NONSENSE = "silence", "nonsense"
"""Our own codes, where a server has no word: it stopped talking; what it said makes no sense."""

OTHER_MODEL = "choose another model: %aether model NAME"
AGAIN = f"Run the cell again in a moment, or {OTHER_MODEL}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is asked.

    Args:
        name: The model's name as it was typed.
        base_url: The address.
        key: The key; empty when none is sent.
        variable: The environment variable that may hold the key; empty where there is none.
        provider: The provider's name in the registry; empty for an address that no row has.
        ends: The day that was announced as the model's last; empty when none was.
    """

    name: str
    base_url: str
    key: str = field(default="", repr=False)
    variable: str = ""
    provider: str = ""
    ends: str = ""

    @property
    def host(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.base_url).netloc


def checked_address(base_url: str) -> str:
    """The address without a slash, or the path of a request, at its end.

    Raises:
        ConfigError: It is no http address, or it contains a password.
    """
    address = without_tail(base_url.strip().rstrip("/"))
    if "@" in address and address.isprintable():
        raise ConfigError(
            f"The address of {address.rpartition('@')[2]} contains a user name or a password.",
            "Addresses are shown and recorded; a key is not.",
            "Leave it out of the address and set the key's variable instead, for example AETHER_API_KEY",
        )
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        # What cannot be seen is read by some and dropped by others; a path is added behind, and a query ends none.
        valid = valid and address.isprintable() and not (parts.query or parts.fragment)
    except ValueError:  # a port that is no number, a bracket that is never closed
        valid = False
    if not valid:
        # A key may stand before an @, or behind a question mark.
        shown, cut, _ = base_url.rpartition("@")[2].partition("?")
        raise ConfigError(
            f"{shown + cut!r} is no address of a model server.",
            "It has to begin with http:// or https:// and name a host; at most a path stands behind that.",
            "Write it like http://localhost:8000/v1",
        )
    return address


def unreachable(endpoint: Endpoint, cause: str, retryable: bool = True) -> ModelUnavailable:
    """Nobody answered at the address. Not ``retryable``: nobody will, as when the certificate is wrong."""
    return ModelUnavailable(
        f"{endpoint.name} cannot be reached.",
        f"Nobody answers at {endpoint.base_url}: {_plain(endpoint, cause)}.",
        f"Check the address and that the server runs, or {OTHER_MODEL}",
        retryable=retryable,
    )


def silent(endpoint: Endpoint, seconds: float) -> ModelUnavailable:
    """The connection stands, but nothing more came. The wait was long enough: it is not asked again by itself."""
    why = f"Nothing came from {endpoint.host} for {seconds:g} s."
    return ModelUnavailable(f"{endpoint.name} fell silent.", why, AGAIN, code=SILENCE)


def broken_off(endpoint: Endpoint, cause: str) -> ModelUnavailable:
    """The answer ended before it was whole; nothing of it is kept."""
    return ModelUnavailable(
        f"The answer of {endpoint.name} broke off.",
        f"{endpoint.host}: {_plain(endpoint, cause)}.",
        AGAIN,
        retryable=True,
    )


def unreadable(endpoint: Endpoint, cause: str, body: str = "") -> ModelUnavailable:
    """What came is no answer. ``body`` is the beginning of it, for the reader to recognise."""
    shown = f" It begins with: {_plain(endpoint, body)}" if body.strip() else ""
    return ModelUnavailable(
        f"The answer of {endpoint.name} cannot be read.",
        f"{endpoint.host}: {_plain(endpoint, cause)}.{shown}",
        f"Check that {endpoint.base_url} is the address of a model server (it often ends in /v1), or {OTHER_MODEL}",
    )


def too_large(endpoint: Endpoint, most: int) -> ModelUnavailable:
    """The answer has more than ``most`` bytes; reading stopped there."""
    return ModelUnavailable(
        f"The answer of {endpoint.name} is too large.",
        f"{endpoint.host}: it has more than {most / 2**20:g} MB.",
        f"Ask for a shorter answer, or {OTHER_MODEL}",
    )


def nonsense(endpoint: Endpoint, cause: str) -> ModelUnavailable:
    """The answer is in the right form, but nothing can be done with it. ``cause`` is a sentence without its stop."""
    return ModelUnavailable(
        f"The answer of {endpoint.name} makes no sense.",
        f"{_plain(endpoint, cause)}.",
        AGAIN,
        code=NONSENSE,
        retryable=True,
    )


def unreadable_call(endpoint: Endpoint, cause: str, generation: str) -> ToolUseFailed:
    """The answer holds a tool call that cannot be read. Asking the same again helps less than telling what is wrong.

    Args:
        endpoint: Who was asked.
        cause: A sentence without its stop.
        generation: The calls as they were written, each between tags.
    """
    what = f"The answer of {endpoint.name} makes no sense."
    error = ToolUseFailed(what, f"{_plain(endpoint, cause)}.", AGAIN, code=NONSENSE)
    error.generation = _hidden(endpoint, generation)
    return error


def unsendable(endpoint: Endpoint, cause: str) -> ModelUnavailable:
    """The key, or a header of the row, has characters that none has. ``cause`` is a sentence that does not show it."""
    return ModelUnavailable(f"{endpoint.name} was not asked.", cause, _key_hint(endpoint))


def refused(endpoint: Endpoint, status: int, body: bytes, headers: Mapping[str, str]) -> ModelUnavailable:
    """The server answered with another status than success.

    Args:
        endpoint: Who was asked.
        status: The HTTP status.
        body: What it sent, or the beginning of it.
        headers: Its headers, names in lower case.

    Returns:
        The error to raise; ``ToolsRefused`` or ``ToolUseFailed`` where the reason says so.
    """
    refusal = read_refusal(status, body, headers)
    why = f"{endpoint.host} answered {status}: {_plain(endpoint, refusal.message or 'no reason given')}"
    if status in (301, 302, 303, 307, 308):
        where = _plain(endpoint, headers.get("location", "elsewhere"))
        why = f"{endpoint.host} answered {status}: it points to {where}, where the key is not sent"
    if refusal.retry_after is not None:
        why += f" (retry after {refusal.retry_after:g} s)"
    return _error(endpoint, refusal, why)


def reported(endpoint: Endpoint, error: object) -> ModelUnavailable:
    """The server reported an error inside an answer that had begun well.

    Args:
        endpoint: Who was asked.
        error: The error object, or the text that stands for it.
    """
    refusal = read_error(error)
    label = f" {_plain(endpoint, refusal.code)}" if refusal.code else ""
    return _error(endpoint, refusal, f"{endpoint.host} reported an error{label}: {_plain(endpoint, refusal.message)}")


def _error(endpoint: Endpoint, refusal: Refusal, why: str) -> ModelUnavailable:
    kinds: dict[str, type[ModelUnavailable]] = {"tools": ToolsRefused, "call": ToolUseFailed}
    what, hint = _told(endpoint, refusal)
    error = kinds.get(refusal.kind, ModelUnavailable)(
        what,
        why + "." if refusal.kind == "call" else why,
        hint,
        status=refusal.status,
        code=_plain(endpoint, refusal.code),
        retry_after=refusal.retry_after,
        retryable=refusal.retryable,
    )
    if isinstance(error, ToolUseFailed):
        error.generation = _hidden(endpoint, refusal.generation)
    return error


def _told(endpoint: Endpoint, refusal: Refusal) -> tuple[str, str]:
    """What happened and what to do."""
    name, host = endpoint.name, endpoint.host
    match refusal.kind:
        case "key":
            return f"{name} {'refused the key' if endpoint.key else 'wants a key'}.", _key_hint(endpoint)
        case "credit":
            return f"{name} has no credit left.", f"Add credit at {host}, or {OTHER_MODEL}"
        case "missing" if endpoint.ends:
            hint = f"See what else there is: %aether models {endpoint.provider}"
            return f"{name} was not found: {endpoint.ends} was announced as its last day.", hint
        case "missing":
            hint = f"Check the model's name and the address {endpoint.base_url}, then: %aether model NAME"
            return f"{name} was not found.", hint
        case "busy":
            return f"{name} takes no more requests for now.", AGAIN
        case "long":
            return f"The conversation is too long for {name}.", "Start a new one: %%aether --new"
        case "fault":
            return f"{name} has a fault on its side.", AGAIN
        case "tools":
            return (
                f"{name} takes no tools in this form.",
                f'Describe them in the prompt (tools = "text"), or {OTHER_MODEL}',
            )
        case "call":
            return f"{name} wrote a tool call that cannot be read.", AGAIN
    return f"{name} refused the request.", f"Look at the reason above, or {OTHER_MODEL}"


def _key_hint(endpoint: Endpoint) -> str:
    if not endpoint.variable:
        return f"Pass the right api_key, or {OTHER_MODEL}"
    variable = endpoint.variable
    keep = f"Type %aether key {endpoint.provider}, or set" if endpoint.provider else "Set"
    return (
        f'{keep} {variable}, then run the cell again: import os, getpass; os.environ["{variable}"] = getpass.getpass()'
    )


def _plain(endpoint: Endpoint, text: str) -> str:
    """One short line without the key and without control characters."""
    text = _hidden(endpoint, text)
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * LONGEST_REASON]).split())
    text = text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + "…"
    return text.rstrip(".")


def _hidden(endpoint: Endpoint, text: str) -> str:
    """The text without the key, also where it stands as part of an address."""
    if len(endpoint.key) < SHORTEST_SECRET:
        return text
    for key in {str(endpoint.key), quote(endpoint.key, safe="")}:
        text = text.replace(key, "***")
    return text
