"""Refusals of live servers, in their own words: what kind of error they become, and what it carries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable, ToolsRefused, ToolUseFailed
from aether_nb.models.endpoints.endpoint import Endpoint, refused, reported, silent, unreachable
from aether_nb.models.endpoints.refusals import Kind, read_error, read_refusal

KEY = "sk-secret-0123456789"
END = Endpoint("groq:m", "https://api.groq.com/openai/v1", KEY, "GROQ_API_KEY", "groq")


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message} | more}


QUOTA = "You exceeded your current quota, please check your plan and billing details."
REFUSALS: list[tuple[int, Any, Kind, str, bool]] = [
    (401, error("Incorrect API key provided", code="invalid_api_key"), "key", "invalid_api_key", False),
    (403, error("Country, region, or territory not supported", code="unsupported_country"), "key",
     "unsupported_country", False),
    (400, [error("API key not valid. Please pass a valid API key.", code=400)], "key", "400", False),
    (402, error("Insufficient credits", code=402), "credit", "402", False),
    (429, error(QUOTA, type="insufficient_quota", code="insufficient_quota"), "credit", "insufficient_quota", False),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
     "credit", "invalid_request_error", False),
    (404, error("The model `x` does not exist", code="model_not_found"), "missing", "model_not_found", False),
    (404, error('model "x" not found, try pulling it first', type="api_error"), "missing", "api_error", False),
    (400, error("x is not a valid model ID", code=400), "missing", "400", False),
    (429, error("Rate limit reached", code="rate_limit_exceeded"), "busy", "rate_limit_exceeded", True),
    (429, {"message": "slow down"}, "busy", "", True),
    (413, error("Request too large", code="rate_limit_exceeded"), "long", "context_length_exceeded", False),
    (400, error("This model's maximum context length is 8192 tokens", code="context_length_exceeded"), "long",
     "context_length_exceeded", False),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens"}},
     "long", "context_length_exceeded", False),
    (400, error("the request exceeds the available context size", type="exceed_context_size_error"), "long",
     "context_length_exceeded", False),
    (500, error("Internal", type="server_error"), "fault", "server_error", True),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "fault",
     "overloaded_error", True),
    (503, "<html><title>Unavailable</title>", "fault", "", True),
    (524, "", "fault", "", True),
    (501, error("not here"), "fault", "", False),
    (408, "", "fault", "", True),
    (409, "", "fault", "", True),
    (425, "", "fault", "", True),
    (400, error("registry.ollama.ai/library/tiny:latest does not support tools", type="api_error"), "tools",
     "api_error", False),
    (400, {"object": "error", "type": "BadRequestError", "code": 400, "message":
           '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'},
     "tools", "400", False),
    (404, error("No endpoints found that support tool use. To learn more about provider routing, visit the docs",
                code=404), "tools", "404", False),
    (500, error("tools param requires --jinja flag", type="server_error", code=500), "tools", "500", False),
    (400, error("`tool calling` is not supported with this model", type="invalid_request_error"), "tools",
     "invalid_request_error", False),
    (400, [error("Function calling is not enabled for models/gemma-3-27b-it", code=400)], "tools", "400", False),
    (400, error("Unrecognized request argument supplied: tools"), "tools", "", False),
    (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "tools"], "msg": "Extra inputs are not permitted"}]},
     "tools", "", False),
    (501, error("Tool use has not been enabled, because it is unsupported by this model"), "tools", "", False),
    (400, error("Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
                code="unsupported_parameter"), "other", "unsupported_parameter", False),
    (400, error("Invalid 'tools[0].function.name': string does not match pattern", code="invalid_value"), "other",
     "invalid_value", False),
    (400, error("Failed to call a function.", code="tool_use_failed", failed_generation="<function=look>{}"), "call",
     "tool_use_failed", False),
    (400, error("Parsing failed.", code="output_parse_failed", failed_generation="look("), "call",
     "output_parse_failed", False),
    (400, error("no generation", code="tool_use_failed"), "other", "tool_use_failed", False),
    (400, error("anything else"), "other", "", False),
    (307, "", "other", "", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "code", "retryable"), REFUSALS)
def test_kinds(status: int, body: Any, kind: Kind, code: str, retryable: bool) -> None:
    """Each server's words and status come to one kind, one code, and whether the same request may succeed later."""
    data = (body if isinstance(body, str) else json.dumps(body)).encode()
    refusal = read_refusal(status, data, {})
    assert (refusal.kind, refusal.status, refusal.code, refusal.retryable) == (kind, status, code, retryable)
    made = refused(END, status, data, {})
    classes = {"tools": ToolsRefused, "call": ToolUseFailed}
    assert type(made) is classes.get(kind, ModelUnavailable)
    assert (made.status, made.code, made.retryable) == (status, code, retryable)
    assert "groq:m" in made.what
    assert made.why and made.hint


@pytest.mark.parametrize(
    ("inside", "kind", "status", "retryable"),
    [
        ({"code": 502, "message": "upstream"}, "fault", 502, True),
        ({"type": "overloaded_error", "message": "Overloaded"}, "fault", 529, True),
        ({"code": "rate_limit_exceeded", "message": "slow"}, "busy", 429, True),
        ({"code": 429, "message": QUOTA}, "credit", 429, False),
        ({"type": "invalid_request_error", "message": "no"}, "other", 400, False),
        ({"message": "no tools", "code": "tool_use_failed", "failed_generation": "look()"}, "call", 400, False),
        ({"message": "this model does not support tools", "code": 404}, "tools", 404, False),
        ("out of memory", "fault", 500, True),
    ],
)
def test_errors_inside_an_answer(inside: object, kind: Kind, status: int, retryable: bool) -> None:
    """An error inside an answer with status 200 is what it would have been with its own status."""
    refusal = read_error(inside)
    assert (refusal.kind, refusal.status, refusal.retryable) == (kind, status, retryable)
    assert reported(END, inside).retryable == retryable


def test_what_the_model_wrote() -> None:
    """A call that the server could not read is kept word for word, for a repair, whether refused or reported."""
    body = error("Failed to call a function.", code="tool_use_failed", failed_generation="<function=look>{}\n")
    first, second = refused(END, 400, json.dumps(body).encode(), {}), reported(END, body["error"])
    assert isinstance(first, ToolUseFailed)
    assert isinstance(second, ToolUseFailed)
    assert first.generation == second.generation == "<function=look>{}\n"


WAITS = {
    "seconds": ({"retry-after": "7"}, 7.0),
    "parts of seconds": ({"retry-after": "0.5"}, 0.5),
    "milliseconds first": ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    "a date that is over": ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    "no time": ({"retry-after": "soon"}, None),
    "less than nothing": ({"retry-after": "-3"}, None),
    "for ever": ({"retry-after": "inf"}, None),
    "nothing": ({}, None),
    "a zone that is nowhere": ({"retry-after": f"Wed, 21 Oct 2015 07:28:00 +{'9' * 20}"}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS.keys())
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """The wait that a server asks for is read as seconds, whether it gives seconds, milliseconds or a date."""
    assert refused(END, 429, b"", headers).retry_after == seconds


def test_a_date_to_wait_for_and_a_detail() -> None:
    """A date becomes the seconds until then; Google's wait stands in the details of its error."""
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    wait = refused(END, 429, b"", {"retry-after": at}).retry_after
    assert wait is not None
    assert 0 < wait <= 600
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    body = json.dumps([error("Quota exceeded for this minute", code=429, details=[detail])])
    assert refused(END, 429, body.encode(), {}).retry_after == 34.5


def test_hints_say_what_to_type() -> None:
    """A wrong key leads to the verb that keeps one and to the variable; without either, to the argument."""
    made = refused(END, 401, error_body := json.dumps(error(f"bad key {KEY}")).encode(), {})
    assert made.hint == (
        "Type %aether key groq, or set GROQ_API_KEY, then run the cell again: "
        'import os, getpass; os.environ["GROQ_API_KEY"] = getpass.getpass()'
    )
    assert KEY not in f"{made} {made!r} {made.code}"
    nameless = refused(Endpoint("m@http://h/v1", "http://h/v1"), 401, error_body, {})
    assert nameless.what == "m@http://h/v1 wants a key."
    assert nameless.hint == "Pass the right api_key, or choose another model: %aether model NAME"


def test_what_may_pass() -> None:
    """Nobody answering may pass; a wrong certificate does not, and silence was waited for long enough."""
    made = [unreachable(END, "refused"), silent(END, 3), unreachable(END, "CERTIFICATE_VERIFY_FAILED", retryable=False)]
    assert [(each.status, each.retryable) for each in made] == [(0, True), (0, False), (0, False)]
