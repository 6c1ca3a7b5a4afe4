"""What a refusal teaches: the exact words of servers, and how they are asked again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Image, Message, ToolCall, ToolSpec
from aether_nb.models.base import Options, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.anthropic import AnthropicFormat
from aether_nb.models.sending.fixes import Mended, mended
from harness.chat import HI, asking, chat
from harness.loopback import Play, loopback

PROFILE = Profile("openai", "m", "http://host/v1", effort="reasoning_effort")
CLOSED = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
LOOK = ToolSpec("look", "Look.", CLOSED)
SEEN = Message("user", (Image("image/png", "aGk="),))
ASKED = Request(
    (SEEN, Message("assistant", calls=(ToolCall("1", "look", {}),)), Message.of("user", "hi")),
    (LOOK,),
    Options(max_tokens=9, temperature=0.2, top_p=0.9, stop=("x",), tool_choice="look", schema=CLOSED, effort="low",
            extra={"parallel_tool_calls": True, "seed": 1}),
)  # fmt: skip


def openai(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


PICTURES = "The model cannot see pictures; it was told where they stood."
LESSONS: dict[str, tuple[int, Any, dict[str, Any], str]] = {
    "OpenAI: max_tokens": (
        400,
        openai("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
               "instead.", "max_tokens", "unsupported_parameter"),
        {"max_tokens_field": "max_completion_tokens"}, ""),
    "OpenAI: temperature": (
        400,
        openai("Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is "
               "supported.", "temperature", "unsupported_value"),
        {"sampling": False}, ""),
    "OpenAI: top_p": (
        400,
        openai("Unsupported parameter: 'top_p' is not supported with this model.", "top_p", "unsupported_parameter"),
        {"sampling": False}, ""),
    "OpenAI: parallel_tool_calls": (
        400,
        openai("Unsupported parameter: 'parallel_tool_calls' is not supported with this model.", "parallel_tool_calls",
               "unsupported_parameter"),
        {"without": ("parallel_tool_calls",)}, "The server refuses parallel_tool_calls; it was left out."),
    "OpenAI: stop": (
        400, openai("Unsupported parameter: 'stop' is not supported with this model.", "stop", "unsupported_parameter"),
        {"without": ("stop",)}, "The server refuses stop; it was left out."),
    "OpenAI: reasoning_effort": (
        400, openai("Unrecognized request argument supplied: reasoning_effort"), {"effort": ""}, ""),
    "OpenAI: a schema that is not strict enough": (
        400,
        openai("Invalid schema for function 'look': In context=(), 'required' is required to be supplied and to be an "
               "array including every key in properties. Missing 'a'.", "tools[0].function.parameters",
               "invalid_function_parameters"),
        {"strict_schema": False}, ""),
    "OpenAI: response_format": (
        400,
        openai("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn "
               "more about supported models at the Structured Outputs guide", None),
        {"json_schema": False}, ""),
    "DeepSeek: response_format": (
        400, openai("This response_format type is unavailable now"), {"json_schema": False}, ""),
    "DeepSeek: tool_choice": (
        400, openai("deepseek-reasoner does not support this tool_choice"), {"forced_tool": False}, ""),
    "DeepSeek: pictures": (
        400,
        openai("Failed to deserialize the JSON body into the target type: messages[0]: unknown variant `image_url`, "
               "expected `text` at line 1 column 90"),
        {"vision": False}, PICTURES),
    "DeepSeek: thinking": (
        400, openai("Missing `reasoning_content` field in the assistant message at message index 1."),
        {"thinking_needed": True, "thinking_field": "reasoning_content"}, ""),
    "Kimi: temperature": (
        400, openai("invalid temperature: only 1 is allowed for this model"), {"sampling": False}, ""),
    "Kimi: tool_choice": (
        400, openai("tool_choice 'specified' is incompatible with thinking enabled"), {"forced_tool": False}, ""),
    "Cohere: stream_options": (
        422,
        {"id": "7b1", "message": "unknown field: parameter 'stream_options' is not a valid field"},
        {"stream_usage": "none"}, ""),
    "Cohere: tool_choice": (
        400, {"message": "invalid request: tool_choice must be one of REQUIRED or NONE"}, {"forced_tool": False}, ""),
    "vLLM: strict": (
        400,
        {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'tools', 0, 'function', "
         "'strict'), 'msg': 'Extra inputs are not permitted', 'input': True}]", "type": "BadRequestError",
         "param": None, "code": 400},
        {"strict_schema": False}, ""),
    "vLLM: turns": (
        400,
        {"object": "error", "message": "Conversation roles must alternate user/assistant/user/assistant/...",
         "type": "BadRequestError", "code": 400},
        {"alternate": True}, ""),
    "Mistral: max_completion_tokens": (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"],
                     "msg": "Extra inputs are not permitted", "input": 9}]},
        {"max_tokens_field": "max_completion_tokens"}, ""),
    "Mistral: stream_options": (
        422,
        {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"],
         "msg": "Extra inputs are not permitted", "input": {"include_usage": True}}]},
         "type": "invalid_request_error", "param": None, "code": None},
        {"stream_usage": "none"}, ""),
    "Mistral: the word for required": (
        422,
        {"detail": [{"type": "enum", "loc": ["body", "tool_choice"],
                     "msg": "Input should be 'auto', 'none' or 'any'"}]},
        {"tool_choice_required": "any"}, ""),
    "Mistral: seed": (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        {"without": ("seed",)}, "The server refuses seed; it was left out."),
    "Mistral: a user behind a tool": (
        400,
        {"object": "error", "message": "Unexpected role 'user' after role 'tool'", "type": "invalid_request_message_"
         "order", "param": None, "code": "3230"},
        {"user_after_tool": False}, ""),
    "Mistral: ids": (
        400,
        {"object": "error", "message": "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
         "type": "invalid_function_call", "param": None, "code": "3280"},
        {"short_ids": True}, ""),
    "Google: signatures, in a list": (
        400,
        [{"error": {"code": 400, "message": "Function call is missing a thought_signature in functionCall parts.",
                    "status": "INVALID_ARGUMENT"}}],
        {"signed_calls": True}, ""),
    "Google: references": (
        400,
        [{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \"$defs\" at "
                    "'tools[0].function_declarations[0].parameters': Cannot find field."}}],
        {"inline_schema": True}, ""),
    "OpenRouter: pictures": (
        404, {"error": {"message": "No endpoints found that support image input", "code": 404}},
        {"vision": False}, PICTURES),
    "Groq: null": (
        400, openai("'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1.content' : value "
                    "must be a string, not null)]"),
        {"null_content": False}, ""),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "change", "note"), LESSONS.values(), ids=LESSONS.keys())
def test_lessons(status: int, body: Any, change: dict[str, Any], note: str) -> None:
    """A refusal that names what it does not take leads to the same profile without it, and to the same one again."""
    said = json.dumps(body).encode()
    assert mended(PROFILE, ASKED, status, said) == Mended(replace(PROFILE, **change), note)


OTHERS = {
    "a value out of range": openai("Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got "
                                   "3 instead.", "temperature", "decimal_above_max_value"),
    "more than there is": openai("max_tokens is too large: 100000. This model supports at most 16384 completion "
                                 "tokens, whereas you provided 100000.", "max_tokens", "invalid_value"),
    "too long": openai("This model's maximum context length is 8192 tokens.", "messages", "context_length_exceeded"),
    "another field": openai("Unknown parameter: 'foo'.", "foo", "unknown_parameter"),
    "no reason": {"error": {"message": ""}},
    "no object": "Bad Request",
}  # fmt: skip


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS.keys())
def test_what_teaches_nothing(body: Any) -> None:
    """A refusal about something else, or about a value that the user chose badly, is left to the user."""
    assert mended(PROFILE, ASKED, 400, json.dumps(body).encode()) is None
    assert mended(PROFILE, ASKED, 400, b"<html>") is None


@pytest.mark.parametrize(("status", "body"), [(row[0], row[1]) for row in LESSONS.values()], ids=LESSONS.keys())
def test_only_what_was_sent_is_taken_back(status: int, body: Any) -> None:
    """A server that refuses what was not sent is not asked again, and no refusal is mended twice in the same way."""
    said, plain = json.dumps(body).encode(), Request((Message.of("user", "hi"),), stream=False)
    profile: Profile | None = PROFILE
    for _ in range(4):
        again = mended(profile, ASKED, status, said) if profile else None
        assert again is None or again.profile != profile
        profile = again.profile if again else None
    assert profile is None
    history_rules = {"user_after_tool", "alternate", "short_ids", "thinking_needed", "signed_calls"}
    once = mended(PROFILE, plain, status, said)
    assert once is None or any(getattr(once.profile, name) != getattr(PROFILE, name) for name in history_rules)
    assert mended(PROFILE, ASKED, 401, said) is None


CLAUDE = replace(PROFILE, provider="anthropic", wire="anthropic", effort="thinking")
ANTHROPIC: dict[str, tuple[str, dict[str, Any]]] = {
    "schema": ("output_config.format: Extra inputs are not permitted", {"json_schema": False}),
    "schema, by its older name": ("'claude-3-haiku' does not support output_format.", {"json_schema": False}),
    "all of output_config": ("output_config: Extra inputs are not permitted", {"json_schema": False}),
    "a word in the place of a budget": (
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
        '"output_config.effort" to control thinking behavior.',
        {"effort": "output_config"}),
}  # fmt: skip


@pytest.mark.parametrize(("said", "change"), ANTHROPIC.values(), ids=ANTHROPIC.keys())
def test_what_anthropic_refuses(said: str, change: dict[str, Any]) -> None:
    """A refused schema is described in words, and how long to think is said in the way that the model wants."""
    body = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": said}}).encode()
    assert mended(CLAUDE, ASKED, 400, body) == Mended(replace(CLAUDE, **change))


def test_a_limit_of_ours_that_is_too_long() -> None:
    """The limit that this format has to name is lowered when a model has less; one that the user chose is theirs."""
    said = "max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for claude-3-haiku-20240307"
    body = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": said}}).encode()
    asked = replace(ASKED, options=Options())
    assert mended(CLAUDE, asked, 400, body) == Mended(replace(CLAUDE, max_output=4096))
    assert mended(CLAUDE, ASKED, 400, body) is None
    assert mended(PROFILE, asked, 400, body) is None


def test_what_can_be_left_out_in_the_other_format() -> None:
    """A refused field is left out of Anthropic's requests too, under the name that it has there."""
    said = b'{"error": {"message": "stop_sequences: Extra inputs are not permitted"}}'
    request = replace(ASKED, options=Options(stop=("x",), extra={"top_k": 1}))
    learned = mended(CLAUDE, request, 400, said)
    assert learned == Mended(
        replace(CLAUDE, without=("stop_sequences",)), "The server refuses stop_sequences; it was left out."
    )
    sent = json.loads(AnthropicFormat().body(request, learned.profile))
    assert (sent.get("stop_sequences"), sent["top_k"]) == (None, 1)


def test_a_refused_effort_is_no_refused_schema() -> None:
    """Where the schema and the effort lie in one field, the part that is named is the one that is left out."""
    said = b'{"error": {"message": "output_config.effort: Extra inputs are not permitted"}}'
    profile = replace(CLAUDE, effort="output_config")
    assert mended(profile, ASKED, 400, said) == Mended(replace(profile, effort=""))


async def test_mended_once_and_remembered() -> None:
    """A refused field is left out at once, within one request, and from then on; the answer says what it lost."""
    refusals = [
        Play([json.dumps(LESSONS[name][1]).encode()], 400, "application/json")
        for name in ("OpenAI: max_tokens", "OpenAI: temperature", "DeepSeek: pictures")
    ]
    request = Request((SEEN,), (), Options(max_tokens=9, temperature=0.2))
    async with loopback(*refusals, HI, HI) as server:
        model = chat(server.url)
        first = await asking(model, request)
        second = await asking(model, request)
        await model.aclose()
    fields = [{name for name in asked.json if name not in ("model", "messages")} for asked in server.asked]
    always = {"stream", "stream_options"}
    assert fields == [
        always | {"max_tokens", "temperature"},
        always | {"max_completion_tokens", "temperature"},
        always | {"max_completion_tokens"},
        always | {"max_completion_tokens"},
        always | {"max_completion_tokens"},
    ]
    assert [asked.json["messages"][0]["content"] for asked in server.asked[3:]] == [
        "(a picture, image/png, that this model cannot see)"
    ] * 2
    assert (first.message.text, first.notes, second.notes) == ("hi", (PICTURES,), ())


async def test_a_server_that_refuses_whatever_is_sent() -> None:
    """A server that finds something new each time is given up after three mendings, with its last reason."""
    names = ("OpenAI: max_tokens", "OpenAI: temperature", "DeepSeek: pictures", "OpenAI: reasoning_effort")
    refusals = [Play([json.dumps(LESSONS[name][1]).encode()], 400, "application/json") for name in names]
    async with loopback(*refusals) as server:
        model = chat(server.url, effort="reasoning_effort")
        with pytest.raises(ModelUnavailable) as caught:
            await asking(model, Request((SEEN,), (), Options(max_tokens=9, temperature=0.2, effort="low")))
        await model.aclose()
    assert len(server.asked) == 4
    assert "reasoning_effort" in caught.value.why
