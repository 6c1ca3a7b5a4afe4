"""What servers say when they refuse, in the words of each provider: what it comes to, and whether to try again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.models.base import Options
from aether_nb.models.endpoints.endpoint import Endpoint, refused, reported
from aether_nb.models.sending.fixes import mended
from harness.faults import JSON, STREAM, answer, hostile
from harness.formats import ANTHROPIC, FORMATS, HELLO, OPENAI, Spoken, no_reply, sse, suffered
from harness.loopback import events, says

KEY = "test:m refused the key."
CREDIT = "test:m has no credit left."
MISSING = "test:m was not found."
BUSY = "test:m takes no more requests for now."
LONG = "The conversation is too long for test:m."
FAULT = "test:m has a fault on its side."
OTHER = "test:m refused the request."
TOO_LONG = "context_length_exceeded"

Told = tuple[str, int, str, float | None, bool]


def told(error: ModelUnavailable) -> Told:
    return error.what, error.status, error.code, error.retry_after, error.retryable


def openai(message: str, code: str | None = None, type: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": None, "code": code}}


def anthropic(type: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": type, "message": message}, "request_id": "req_1"}


def google(code: int, status: str, message: str, **more: Any) -> list[dict[str, Any]]:
    return [{"error": {"code": code, "message": message, "status": status, **more}}]


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
PAGE = "<html><head><title>{}</title></head><body><center><h1>{}</h1></center><hr>nginx</body></html>"

REFUSALS: dict[str, tuple[int, Any, Told]] = {
    "openai 401": (
        401, openai("Incorrect API key provided: sk-x.", "invalid_api_key", "invalid_request_error"),
        (KEY, 401, "invalid_api_key", None, False),
    ),
    "openai 403": (
        403, openai("Country, region, or territory not supported", "unsupported_country_region_territory"),
        (KEY, 403, "unsupported_country_region_territory", None, False),
    ),
    "openai 404": (
        404, openai("The model `m` does not exist or you do not have access to it.", "model_not_found"),
        (MISSING, 404, "model_not_found", None, False),
    ),
    "openai 429": (
        429, openai("Rate limit reached for m in organization o on tokens per min (TPM).", "rate_limit_exceeded"),
        (BUSY, 429, "rate_limit_exceeded", None, True),
    ),
    "openai 429, quota": (
        429, openai("You exceeded your current quota, please check your plan.", "insufficient_quota"),
        (CREDIT, 429, "insufficient_quota", None, False),
    ),
    "openai 400, long": (
        400, openai("This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        (LONG, 400, TOO_LONG, None, False),
    ),
    "openai 500": (
        500, openai("The server had an error while processing your request.", None, "server_error"),
        (FAULT, 500, "server_error", None, True),
    ),
    "openai 503": (503, openai("Overloaded", None, "server_error"), (FAULT, 503, "server_error", None, True)),
    "anthropic 401": (
        401, anthropic("authentication_error", "invalid x-api-key"),
        (KEY, 401, "authentication_error", None, False),
    ),
    "anthropic 403": (
        403, anthropic("permission_error", "Your API key does not have permission to use the resource."),
        (KEY, 403, "permission_error", None, False),
    ),
    "anthropic 404": (
        404, anthropic("not_found_error", "model: claude-0"),
        (MISSING, 404, "not_found_error", None, False),
    ),
    "anthropic 400, credit": (
        400, anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        (CREDIT, 400, "invalid_request_error", None, False),
    ),
    "anthropic 400, long": (
        400, anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        (LONG, 400, TOO_LONG, None, False),
    ),
    "anthropic 413": (
        413, anthropic("request_too_large", "Request exceeds the maximum size"),
        (LONG, 413, TOO_LONG, None, False),
    ),
    "anthropic 429": (
        429, anthropic("rate_limit_error", "Number of requests has exceeded your per-minute rate limit."),
        (BUSY, 429, "rate_limit_error", None, True),
    ),
    "anthropic 500": (500, anthropic("api_error", "Internal server error"), (FAULT, 500, "api_error", None, True)),
    "anthropic 529": (
        529, anthropic("overloaded_error", "Overloaded"),
        (FAULT, 529, "overloaded_error", None, True),
    ),
    "google 400, key": (
        400, google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        (KEY, 400, "400", None, False),
    ),
    "google 429": (
        429, google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted.", details=[RETRY_INFO]),
        (BUSY, 429, "429", 34.5, True),
    ),
    "google 503": (
        503, google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        (FAULT, 503, "503", None, True),
    ),
    "openrouter 402": (
        402, {"error": {"message": "Insufficient credits", "code": 402}, "user_id": "u"},
        (CREDIT, 402, "402", None, False),
    ),
    "openrouter 502": (
        502, {"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": "boom"}}},
        (FAULT, 502, "502", None, True),
    ),
    "mistral 429": (
        429, {"object": "error", "message": "Requests rate limit exceeded", "type": None, "code": "1300"},
        (BUSY, 429, "1300", None, True),
    ),
    "mistral 422": (
        422, {"detail": [{"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}]},
        (OTHER, 422, "", None, False),
    ),
    "groq 413": (
        413, openai("Request too large for model `m` on tokens per minute (TPM): Limit 6000.", "rate_limit_exceeded"),
        (LONG, 413, TOO_LONG, None, False),
    ),
    "kimi 429": (
        429, {"error": {"message": "The engine is currently overloaded", "type": "engine_overloaded_error"}},
        (BUSY, 429, "engine_overloaded_error", None, True),
    ),
    "cohere 401": (401, {"message": "invalid api token"}, (KEY, 401, "", None, False)),
    "ollama 404": (
        404, openai("model 'm' not found", None, "not_found_error"),
        (MISSING, 404, "not_found_error", None, False),
    ),
    "vllm 400": (
        400, {"object": "error", "message": "temperature must be non-negative", "type": "BadRequestError", "code": 400},
        (OTHER, 400, "400", None, False),
    ),
    "llama.cpp 503": (
        503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
        (FAULT, 503, "503", None, True),
    ),
    "litellm 408": (
        408, openai("litellm.Timeout: APITimeoutError", "408", "None"),
        (FAULT, 408, "408", None, True),
    ),
    "a conflict": (409, {"error": "conflict"}, (FAULT, 409, "", None, True)),
    "nginx 502": (502, PAGE.format("502 Bad Gateway", "502 Bad Gateway"), (FAULT, 502, "", None, True)),
    "nginx 413": (413, PAGE.format("413 Too Large", "413 Too Large"), (LONG, 413, TOO_LONG, None, False)),
    "cloudflare 524": (524, "error code: 524", (FAULT, 524, "", None, True)),
    "nothing at all": (500, "", (FAULT, 500, "", None, True)),
    "null": (500, None, (FAULT, 500, "", None, True)),
    "numbers": (400, {"error": {"code": 5, "message": 7, "type": []}}, (OTHER, 400, "5", None, False)),
    "a deep well": (400, '{"error":' * 600 + '"x"' + "}" * 600, (OTHER, 400, "", None, False)),
    "no success": (204, "", (OTHER, 204, "", None, False)),
    "a strange number": (999, "", (FAULT, 999, "", None, False)),
}  # fmt: skip


@pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])
@pytest.mark.parametrize(("status", "body", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_refusals(spoken: Spoken, status: int, body: Any, expected: Told) -> None:
    """Each provider's refusal is told in the same few ways, and whether it may pass is known, whatever the format."""
    text = body if isinstance(body, str) else json.dumps(body)
    bodiless = {"framing": "close"} if status == 204 else {}
    error = await suffered(spoken, answer(text.encode(), status, JSON, **bodiless))  # type: ignore[arg-type]
    assert told(error) == expected


def test_a_model_that_was_withdrawn_is_said_to_be() -> None:
    """Where its last day was announced, that is why it is not found, and the next step is the list of the others."""
    endpoint = Endpoint("acme:m", "http://127.0.0.1:9/v1", provider="acme", ends="2026-11-30")
    error = refused(endpoint, 404, json.dumps(anthropic("not_found_error", "model: m")).encode(), {})
    assert error.what == "acme:m was not found: 2026-11-30 was announced as its last day."
    assert (error.status, error.hint) == (404, "See what else there is: %aether models acme")


ELSE: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    "x",
    -1,
    1.5,
    True,
    [None],
    {"message": {}},
    {"error": [1]},
    "\ud800",
    10**400,
)


def changed(value: Any) -> Iterator[Any]:
    """A JSON value with one place in it, each in turn, made something else."""
    yield from ELSE
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        for other in changed(inner):
            copy = value.copy()
            copy[key] = other
            yield copy


@pytest.mark.parametrize(("status", "body", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
def test_each_field_is_something_else(status: int, body: Any, expected: Told) -> None:
    """Whatever stands in any field of a refusal, in a body of its own or in a stream, it is a typed error."""
    endpoint = Endpoint("test:m", "http://127.0.0.1:9/v1")
    request = replace(HELLO, options=Options(max_tokens=5, temperature=1.0, schema={}))
    for other in changed(body):
        told = json.dumps(other).encode()
        assert refused(endpoint, status, told, {"retry-after": "5"}).status == status
        assert reported(endpoint, other).why
        for spoken in FORMATS:
            mended(spoken.model(endpoint.base_url).profile, request, 400, told)


WAITS: dict[str, tuple[dict[str, str], float | None]] = {
    "seconds": ({"retry-after": "7"}, 7.0),
    "parts of a second": ({"retry-after": "0.25"}, 0.25),
    "milliseconds win": ({"retry-after": "9", "retry-after-ms": "1500"}, 1.5),
    "a date in the past": ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    "a date without a zone": ({"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0.0),
    "no time": ({"retry-after": "soon"}, None),
    "less than nothing": ({"retry-after": "-3"}, None),
    "no number": ({"retry-after": "nan"}, None),
    "for ever": ({"retry-after": "inf"}, None),
    "longer than a number": ({"retry-after": "9" * 400}, None),
    "a date that is none": ({"retry-after": "Wed, 99 Oct 99999 07:28:00 GMT"}, None),
    "empty": ({"retry-after": ""}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS.keys())
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after(status: int, headers: dict[str, str], seconds: float | None) -> None:
    """How long the server wants to be left alone is read in each form, and what is no time is none."""
    assert (await suffered(OPENAI, answer(b"", status, JSON, headers))).retry_after == seconds


async def test_retry_after_a_date() -> None:
    """A date to come is as many seconds as lie before it."""
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    error = await suffered(ANTHROPIC, answer(b"", 429, JSON, {"retry-after": date}))
    assert error.retry_after is not None
    assert 3500 < error.retry_after <= 3600


@pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects(spoken: Spoken, status: int) -> None:
    """A redirect is not followed: its target hears nothing, and the error names it."""
    async with hostile(answer(spoken.hi)) as target:
        error = await suffered(spoken, answer(b"", status, headers={"location": target.url}))
        assert target.lines == []
    assert told(error) == (OTHER, status, "", None, False)
    assert f"it points to {target.url}, where the key is not sent" in error.why


MIDDLE: dict[str, tuple[Spoken, list[bytes], Told]] = {
    "openai": (
        OPENAI, [events(says(content="hi"), openai("The server had an error", None, "server_error"), done=False)],
        (FAULT, 500, "server_error", None, True),
    ),
    "openrouter": (
        OPENAI, [events({"error": {"code": 429, "message": "Provider returned error"}, "choices": []}, done=False)],
        (BUSY, 429, "429", None, True),
    ),
    "openrouter, in a choice": (
        OPENAI, [events({"choices": [{"error": {"code": 502, "message": "gone"}, "finish_reason": "error"}]})],
        (FAULT, 502, "502", None, True),
    ),
    "a finish reason": (OPENAI, [events(says(finish="error"))], (FAULT, 500, "", None, True)),
    "anthropic, overloaded": (
        ANTHROPIC, [*ANTHROPIC.samples["text"][:4], *sse(anthropic("overloaded_error", "Overloaded"))],
        (FAULT, 529, "overloaded_error", None, True),
    ),
    "anthropic, at once": (
        ANTHROPIC, sse(anthropic("rate_limit_error", "slow down")), (BUSY, 429, "rate_limit_error", None, True),
    ),
    "anthropic, in one piece": (
        ANTHROPIC, [json.dumps(anthropic("api_error", "x")).encode()], (FAULT, 500, "api_error", None, True),
    ),
    "a gateway": (
        ANTHROPIC, [b'data: {"error": {"message": "upstream closed"}}\n\n'], (FAULT, 500, "", None, True),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoken", "body", "expected"), MIDDLE.values(), ids=MIDDLE.keys())
async def test_errors_inside_a_success(spoken: Spoken, body: list[bytes], expected: Told) -> None:
    """An error inside an answer with status 200 is an error, with the status that it stands for."""
    assert told(await suffered(spoken, answer(body, content_type=STREAM))) == expected


@pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])
@pytest.mark.parametrize("end", ["close", "reset", "stall"])
async def test_a_refusal_that_breaks_off(spoken: Spoken, end: Any) -> None:
    """The status of a refusal says enough, when the rest of it does not come."""
    async with hostile(answer(b'{"error": {"mess', 503, JSON, end=end)) as server:
        model = spoken.model(server.url, 0.2)
        with pytest.raises(ModelUnavailable) as caught:
            await no_reply(model, HELLO)
        await model.aclose()
    assert told(caught.value) == (FAULT, 503, "", None, True)
