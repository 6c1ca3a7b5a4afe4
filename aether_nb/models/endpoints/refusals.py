"""What a server means when it refuses: its many shapes of errors, read into one.

Servers say the same in other words and under other statuses. What counts is what can be done about it: put the key
right, pay, wait, shorten, describe the tools in the prompt, or give up. This module reads; ``endpoint`` makes the error
that people see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["LOOKED_AT", "TOO_LONG", "Kind", "Refusal", "message_of", "read_error", "read_refusal"]

Kind: TypeAlias = Literal["key", "credit", "missing", "busy", "long", "fault", "tools", "call", "other"]
"""What is wrong: the key, the account, the name, the moment, the length, the server, its tools, a call, the request."""

TOO_LONG = "context_length_exceeded"
"""The one code for a conversation that is too long, whatever word a provider has for it."""

STATUSES = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "billing_error": 402,
    "insufficient_quota": 429,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "overloaded_error": 529,
    "engine_overloaded_error": 529,
    "timeout_error": 504,
    "invalid_request_error": 400,
    "tool_use_failed": 400,
    TOO_LONG: 400,
}
"""The statuses that stand behind a provider's words, where an error comes without a status."""

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same request may succeed; so does any other one from 520 to 599, which gateways use."""

LOOKED_AT = 4000
"""How many characters of a reason are searched: a server must not be able to keep us busy with what it says."""

NO_CREDIT = (
    r"insufficient[_ ](quota|balance|credits?|funds)|exceeded_current_quota|billing_hard_limit|"
    r"credit balance is too low|exceeded your current quota"
)
OVERLONG = (
    r"context[_ ]length|(maximum|available|model'?s?) context|context (window|size)|prompt is too long|"
    r"too many (input )?tokens|input token count|reduce the length of (the|your) (messages|input|prompt)|"
    r"(input|prompt|request) (is )?too (long|large)|exceeds? the (maximum|limit)[^.]{0,40}tokens"
)
UNKNOWN_MODEL = (
    r"model\b[^.]{0,80}\b(not (be )?found|does ?n[o']t exist|is not a valid|not supported by this|unknown)|"
    r"(no such|unknown|invalid) model|model_not_found|not a valid model"
)
USE = r"(tool[ _-]?(use|call(s|ing)?)|function[ _-]?call(s|ing)?|tools|functions)"
NO_TOOLS = (
    rf"(not? (currently )?support|unsupported|unrecogni[sz]ed|unknown (field|argument|parameter)|unexpected keyword|"
    rf"support for|that support|not permitted|not allowed to use)[^.]{{0,40}}\b{USE}\b|"
    rf"\b{USE}\b[^.]{{0,60}}(is|are|was|were|has|have)?[ -]*(n[o']t|un)[ -]?(been |yet |currently )*"
    rf"(support|enabled|permitted|allowed|available|configured|implemented)|"
    r"--enable-auto-tool-choice|tools param requires"
)
NOT_ABOUT_TOOLS = r"parallel[ _]?(tool|function)|strict|json[ _](mode|schema)|response_format"
UNREADABLE_CALL = frozenset({"tool_use_failed", "output_parse_failed"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it was meant.

    Args:
        kind: What is wrong.
        status: The HTTP status, or the one that stands behind the provider's word.
        code: The provider's word.
        message: The provider's reason; empty when it gave none.
        retry_after: Seconds to wait; None when it did not say.
        retryable: Whether the same request may succeed later.
        generation: What the model wrote, when the server could not read its tool call.
    """

    kind: Kind
    status: int
    code: str
    message: str
    retry_after: float | None = None
    retryable: bool = False
    generation: str = ""


def read_refusal(status: int, body: bytes, headers: Mapping[str, str]) -> Refusal:
    """A response with another status than success.

    Args:
        status: Its status.
        body: Its body, or the beginning of it.
        headers: Its headers, names in lower case.
    """
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    error = value[0] if isinstance(value, list) and value else value  # Google puts it in a list
    wait = _seconds(headers)
    return _read(status, error, message_of(error) or _title(text) or text.strip(), wait)


def read_error(error: object) -> Refusal:
    """An error inside an answer that had begun well."""
    code = _code(_inner(error))
    status = int(code) if code.isdecimal() and len(code) == 3 else STATUSES.get(code, 500)
    return _read(status, error, message_of(error) or str(error), None)


def _read(status: int, error: object, message: str, wait: float | None) -> Refusal:
    inner = _inner(error)
    code = _code(inner)
    generation = inner.get("failed_generation")
    kind = _kind(status, code, message)
    if kind == "call" and not isinstance(generation, str):
        kind = "other"
    passing = kind in ("busy", "fault") and (status in PASSING or 520 <= status <= 599)
    return Refusal(
        kind,
        status,
        TOO_LONG if kind == "long" else code,
        message,
        _delay(inner) if wait is None else wait,
        passing,
        generation if kind == "call" and isinstance(generation, str) else "",
    )


def _kind(status: int, code: str, message: str) -> Kind:
    said = f"{code} {message}"[:LOOKED_AT]
    if code in UNREADABLE_CALL:
        return "call"
    if status == 402 or (status in (400, 403, 429) and _says(NO_CREDIT, said)):
        return "credit"
    if status in (401, 403) or (status == 400 and _says(r"api[ _]key (is )?(not valid|invalid)", said)):
        return "key"
    if status == 413 or (status in (400, 422, 500) and _says(OVERLONG, said)):
        return "long"
    if status in (400, 404, 405, 422, 500, 501) and _says(NO_TOOLS, said) and not _says(NOT_ABOUT_TOOLS, said):
        return "tools"
    if status == 404 or (status in (400, 422) and _says(UNKNOWN_MODEL, said)):
        return "missing"
    if status == 429:
        return "busy"
    return "fault" if status >= 500 or status in (408, 409, 425) else "other"


def _says(pattern: str, said: str) -> bool:
    return re.search(pattern, said, re.IGNORECASE) is not None


def _inner(error: object) -> Mapping[str, Any]:
    """The object that holds code and message."""
    if not isinstance(error, Mapping):
        return {}
    inner = error.get("error")
    if isinstance(inner, Mapping):
        return inner
    return error


def _code(inner: Mapping[str, Any]) -> str:
    """The provider's word: its code, or its type where that is a word we know."""
    words = [str(word) for word in (inner.get("code"), inner.get("type")) if isinstance(word, str | int) and word]
    telling = [word for word in words if word in STATUSES or word in UNREADABLE_CALL]
    return (telling or words or [""])[0]


def message_of(error: object, depth: int = 9) -> str:
    """The message of an error, in the shapes that servers use; empty where there is none, or it lies too deep."""
    if isinstance(error, str):
        return error
    if isinstance(error, list) and depth:
        return "; ".join(filter(None, [message_of(each, depth - 1) for each in error]))
    if not depth or not isinstance(error, Mapping):
        return ""
    for name in ("error", "message", "detail", "msg", "errors", "error_message"):
        if message := message_of(error.get(name), depth - 1):
            break
    else:
        return ""
    if isinstance(place := error.get("loc"), list):  # a validator's: where, then what
        message = f"{'.'.join(map(str, place))}: {message}"
    metadata = error.get("metadata")
    if isinstance(metadata, Mapping) and isinstance(metadata.get("raw"), str):
        message = f"{message}: {metadata['raw']}"
    return message


def _seconds(headers: Mapping[str, str]) -> float | None:
    """How long to wait, from the headers: milliseconds, seconds, or a date."""
    if (exact := _float(headers.get("retry-after-ms", ""))) is not None:
        return exact / 1000
    given = headers.get("retry-after", "").strip()
    if (seconds := _float(given)) is not None:
        return seconds
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        at = parsedate_to_datetime(given)
    except (ValueError, TypeError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _delay(inner: Mapping[str, Any]) -> float | None:
    """How long to wait, from an error's details, where Google says it."""
    details = inner.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping) and isinstance(delay := detail.get("retryDelay"), str):
            return _float(delay.removesuffix("s"))
    return None


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


def _title(text: str) -> str:
    """The title of an HTML page; empty when the text is none."""
    if not text.lstrip().startswith("<"):
        return ""
    found = re.search(r"<title[^<>]*>([^<]*)</title>", text[:LOOKED_AT], re.IGNORECASE)
    return f"an HTML page titled '{found[1].strip()}'" if found else "an HTML page"
