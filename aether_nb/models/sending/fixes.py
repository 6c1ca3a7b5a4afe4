"""What a refusal teaches: a server that names what it does not take is asked again without it, or in another way.

Pure: a profile and a refusal in, the profile that would have been right out. Only what was sent is taken back, and only
what the answer does not hang on; a value that is out of range stays the user's to put right. Asking again is ``http``'s
business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from aether_nb.events.messages import Image
from aether_nb.models.base import Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.endpoints.refusals import LOOKED_AT, message_of
from aether_nb.models.formats.schemas import inlined, is_strict

__all__ = ["Mended", "mended"]

STATUSES = (400, 404, 422, 500, 501)

NO = (
    r"(unsupported|not (yet |currently )?(supported|permitted|allowed|available|implemented|a valid|enabled)|"
    r"n[o']t (currently )?(support|accept|take)|unrecogni[sz]ed|unknown|unexpected|unavailable|deprecated|"
    r"only (the default|1 is|supports)|cannot (both )?be (set|used|specified|combined)|incompatible|"
    r"invalid (field|argument|parameter)|cannot find field|that support)"
)
"""How servers say that they do not take something at all; a wrong value of something they take sounds otherwise."""


class Mended(NamedTuple):
    """The profile to ask again with, and a sentence for people where the answer loses something by it."""

    profile: Profile
    note: str = ""


class Rule(NamedTuple):
    """One lesson: what the server says, whether that was sent, and how to ask instead."""

    said: str
    sent: Callable[[Profile, Request], bool]
    change: Callable[[Profile, str], dict[str, Any]]
    note: str = ""


def _about(name: str) -> str:
    """A pattern for a refusal that names a field, in either order, within one sentence or so."""
    field = rf"(?<!\w){name}(?!\w)"
    return rf"{field}[^\n]{{0,160}}?{NO}|{NO}[^\n]{{0,160}}?{field}"


def _strict_was_sent(profile: Profile, request: Request) -> bool:
    """Whether a schema went out as a strict one."""
    schemas = [tool.parameters for tool in request.tools]
    if request.options.schema is not None and profile.json_schema:
        schemas.append(request.options.schema)
    return profile.strict_schema and any(
        is_strict(inlined(schema) if profile.inline_schema else schema) for schema in schemas
    )


def _choice(profile: Profile, said: str) -> dict[str, Any]:
    """The next weaker way to say which tool has to be used."""
    if re.search(r"'any'|`any`|\"any\"", said) and profile.tool_choice_required == "required":
        return {"tool_choice_required": "any"}
    return {"forced_tool": False} if profile.forced_tool else {"tool_choice_required": ""}


def _limit(profile: Profile, said: str) -> dict[str, Any]:
    """The other name of the output limit, unless it is the other one that the server refuses."""
    name = profile.max_tokens_field
    named = re.search(rf"(?<!\w){name}(?!\w)", said)
    wanted = re.search(rf"\buse\W+{name}(?!\w)", said, re.IGNORECASE)
    return {"max_tokens_field": OTHER_LIMIT.get(name, name)} if named and not wanted else {}


OTHER_LIMIT = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

RULES = (
    Rule(
        _about("stream_options(\\.include_usage)?"),
        lambda profile, request: request.stream and profile.stream_usage == "ask",
        lambda profile, said: {"stream_usage": "none"},
    ),
    Rule(
        _about("max_(completion_)?tokens"),
        lambda profile, request: request.options.max_tokens is not None,
        _limit,
    ),
    Rule(
        r"max_tokens: \d+ > [1-9]\d{0,8}\b",
        lambda profile, request: profile.wire == "anthropic" and request.options.max_tokens is None,
        lambda profile, said: {"max_output": int(re.findall(r"max_tokens: \d+ > (\d{1,9})\b", said)[0])},
    ),
    Rule(
        rf"{_about('strict')}|(tools|function|response_format)[\w.\[\]'\"]*[.\"']strict|"
        r"invalid schema for (function|response_format)",
        _strict_was_sent,
        lambda profile, said: {"strict_schema": False},
    ),
    Rule(
        r"\$(ref|defs)\b|unknown name \"?(ref|defs|title|discriminator)",
        lambda profile, request: not profile.inline_schema and (bool(request.tools) or bool(request.options.schema)),
        lambda profile, said: {"inline_schema": True},
    ),
    Rule(
        r"thinking[^\n]{0,160}\badaptive\b",
        lambda profile, request: bool(request.options.effort) and profile.effort == "thinking",
        lambda profile, said: {"effort": "output_config"},
    ),
    Rule(
        rf"{_about('(response[_ ]format|json[_ ](schema|mode)|structured outputs?)')}|"
        rf"{_about('output_(format|config(?!.effort))')}|"
        r"invalid schema for response_format",
        lambda profile, request: request.options.schema is not None and profile.json_schema,
        lambda profile, said: {"json_schema": False},
    ),
    Rule(
        rf"{_about('tool[_ ]choice')}|tool_choice[^\n]{{0,80}}(input should be|must be|invalid)|"
        r"(input should be|must be|invalid)[^\n]{0,80}tool_choice",
        lambda profile, request: (
            bool(request.tools)
            and request.options.tool_choice not in ("", "none")
            and (profile.forced_tool or profile.tool_choice_required != "")
        ),
        _choice,
    ),
    Rule(
        _about("(reasoning_effort|reasoning\\.effort|output_config|effort)"),
        lambda profile, request: bool(request.options.effort and profile.effort),
        lambda profile, said: {"effort": ""},
    ),
    Rule(
        _about("(temperature|top_p)"),
        lambda profile, request: (
            profile.sampling and not (request.options.temperature is None and request.options.top_p is None)
        ),
        lambda profile, said: {"sampling": False},
    ),
    Rule(
        r"unexpected role 'user' after role 'tool'",
        lambda profile, request: profile.user_after_tool,
        lambda profile, said: {"user_after_tool": False},
    ),
    Rule(
        r"roles must alternate",
        lambda profile, request: not (profile.alternate and profile.one_system),
        lambda profile, said: {"alternate": True, "one_system": True},
    ),
    Rule(
        r"tool call id [^\n]{0,120}length of 9",
        lambda profile, request: not profile.short_ids,
        lambda profile, said: {"short_ids": True},
    ),
    Rule(
        r"missing `?reasoning_content|reasoning_content`?[^\n]{0,60}(missing|must be passed back|is required)",
        lambda profile, request: not profile.thinking_needed,
        lambda profile, said: {"thinking_needed": True, "thinking_field": "reasoning_content"},
    ),
    Rule(
        r"missing a `?thought_signature",
        lambda profile, request: not profile.signed_calls,
        lambda profile, said: {"signed_calls": True},
    ),
    Rule(
        rf"{_about('(image[ _](input|url|content)s?|images|vision)')}|unknown variant `?image_url|"
        r"content must be a string",
        lambda profile, request: (
            profile.vision is not False
            and any(isinstance(part, Image) for message in request.messages for part in message.parts)
        ),
        lambda profile, said: {"vision": False},
        "The model cannot see pictures; it was told where they stood.",
    ),
    Rule(
        r"content[^\n]{0,60}(null|nonetype)",
        lambda profile, request: profile.null_content and any(message.calls for message in request.messages),
        lambda profile, said: {"null_content": False},
    ),
)

SPARE = ("parallel_tool_calls", "seed", "stop", "stop_sequences", "top_k", "min_p", "frequency_penalty",
         "presence_penalty", "logprobs", "top_logprobs", "user", "metadata", "store", "service_tier", "logit_bias",
         "thinking", "prompt_cache_key", "verbosity")  # fmt: skip
"""Fields that can be left out wherever they came from."""


def mended(profile: Profile, request: Request, status: int, body: bytes) -> Mended | None:
    """How to ask again without what the server refused; None when the refusal is about something else.

    Args:
        profile: As it was asked.
        request: What was asked.
        status: The HTTP status of the refusal.
        body: What the server said.
    """
    if status not in STATUSES:
        return None
    said = _said(body)
    for rule in RULES:
        if rule.sent(profile, request) and re.search(rule.said, said, re.IGNORECASE):
            fixed = replace(profile, **rule.change(profile, said))
            if fixed != profile:
                return Mended(fixed, rule.note)
    stop = "stop" if profile.wire == "openai" else "stop_sequences"
    given = {*profile.extra, *request.options.extra, *((stop,) if request.options.stop else ())}
    for name in SPARE:
        if name in given and name not in profile.without and re.search(_about(name), said, re.IGNORECASE):
            return Mended(
                replace(profile, without=(*profile.without, name)), f"The server refuses {name}; it was left out."
            )
    return None


def _said(body: bytes) -> str:
    """What the server said, with the name of the field that it blames."""
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text[:LOOKED_AT]
    value = value[0] if isinstance(value, list) and value else value
    inner = value.get("error") if isinstance(value, Mapping) else None
    blamed = [str(inner[name]) for name in ("param", "code") if inner.get(name)] if isinstance(inner, Mapping) else []
    return " ".join([*blamed, message_of(value) or text])[:LOOKED_AT]
