"""The Anthropic messages format: Anthropic itself, and every server that speaks as it does.

It writes requests and names who reads the answers; it does no I/O. Rules and tools stand beside the messages, which
``anthropic_turns`` writes. Where servers differ the profile says how.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aether_nb.events.messages import Message, Text, ToolSpec
from aether_nb.models.base import Options, Request
from aether_nb.models.endpoints.endpoint import Endpoint
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.anthropic_blocks import MessageAssembly
from aether_nb.models.formats.anthropic_turns import (
    CACHED,
    began_without_thinking,
    marked,
    opened,
    text_block,
    tool_name,
    written_block,
)
from aether_nb.models.formats.body import Body
from aether_nb.models.formats.encoding import encoded
from aether_nb.models.formats.history import Written
from aether_nb.models.formats.schemas import described

__all__ = ["AnthropicFormat"]

LONGEST_ANSWER = 8192
"""Tokens, where neither the request nor the profile says how long an answer may be: the format wants a number."""

BUDGETS = {"low": 1024, "medium": 4096, "high": 16384}
"""Tokens for thinking, where the provider counts them."""

LEAST_BUDGET = 1024

GRAMMAR = ("type", "required", "enum", "const", "$ref", "title", "description")
FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
"""Of the words of JSON schema, those that this format accepts where an answer has to follow one."""


class AnthropicFormat:
    """Messages for one model."""

    path = "/v1/messages"

    def __init__(self) -> None:
        # Several threads may ask: what belongs together is set at once.
        self._writing: tuple[Profile, Written[bytes]] | None = None
        self._tools: tuple[Profile, Sequence[ToolSpec], bytes] | None = None

    def body(self, request: Request, profile: Profile) -> bytes:
        """See ``Format.body``."""
        writing = self._writing
        if writing is None or (writing[0] is not profile and writing[0] != profile):
            write = Written(lambda block: written_block(block, profile), provider=profile.provider)
            writing = self._writing = profile, write
        system, pieces = writing[1].pieces(request.messages)
        pieces = opened(pieces, profile)
        head = _head(request, profile, _joined(system), pieces)
        tools = self._written_tools(request, profile, head.pop("tools", []))
        if profile.cache_points:
            pieces = marked(pieces)
        return b"".join([encoded(head)[:-1], tools, b',"messages":[', b",".join(pieces), b"]}"])

    def decoder(self, endpoint: Endpoint, profile: Profile) -> Body:
        """See ``Format.decoder``."""
        return Body(endpoint, MessageAssembly(endpoint, profile.provider), marked=False)

    def _written_tools(self, request: Request, profile: Profile, more: Sequence[Mapping[str, Any]]) -> bytes:
        """The tools, written again only when they are others; ``more`` are the provider's own, which it runs itself.

        A history with calls is refused where no tools are declared: without tools, those that it names are.
        """
        tools = request.tools or _used(request.messages)
        if not tools and not more:
            return b""
        known = self._tools
        if known is None or known[:2] != (profile, tools):
            known = self._tools = profile, tools, b",".join([encoded(tool) for tool in _tools(tools, profile)])
        own = [encoded(tool) for tool in more]
        return b',"tools":[' + b",".join(filter(None, [*own, known[2]])) + b"]"


def _head(request: Request, profile: Profile, system: str, pieces: Sequence[bytes]) -> dict[str, Any]:
    """The body without its messages."""
    options = request.options
    limit = options.max_tokens or profile.max_output or LONGEST_ANSWER
    head: dict[str, Any] = {"model": profile.model, "max_tokens": limit}
    if request.stream:
        head["stream"] = True
    shape = described(options.schema) if options.schema is not None and not profile.json_schema else ""
    if rules := _rules(system, shape, profile):
        head["system"] = rules
    thinking = _thinking(request, profile, limit, pieces)
    head |= thinking
    if options.schema is not None and profile.json_schema:
        grammar = {"type": "json_schema", "schema": _grammar(options.schema)}
        head["output_config"] = {**head.get("output_config", {}), "format": grammar}
    if profile.sampling and not thinking:
        head |= _sampling(options)
    if stop := [text for text in options.stop if text.strip()]:
        head["stop_sequences"] = stop
    if choice := _choice(request, profile):
        head["tool_choice"] = choice
    for extra in (profile.extra, options.extra):
        for name, value in extra.items():
            known = head.get(name)
            head[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, Mapping) else value
    return {name: value for name, value in head.items() if name not in profile.without}


def _rules(system: str, shape: str, profile: Profile) -> str | list[dict[str, Any]]:
    """The rules. What belongs to this request alone stands behind the point up to which they are kept."""
    if not (profile.cache_points and system):
        return "\n\n".join(filter(None, (system, shape)))
    rules = [text_block(system) | {"cache_control": CACHED}]
    return [*rules, text_block(shape)] if shape else rules


def _used(messages: Iterable[Message]) -> tuple[ToolSpec, ...]:
    """The tools of a history by name: one with calls is refused where no tools are declared."""
    names = dict.fromkeys(tool_name(call.name) for message in messages for call in message.calls)
    return tuple(ToolSpec(name, "", {}) for name in names)


def _tools(tools: Iterable[ToolSpec], profile: Profile) -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = []
    for tool in tools:
        about = {"description": tool.description} if tool.description else {}
        declared.append({"name": tool.name, **about, "input_schema": {"type": "object", **tool.parameters}})
    if declared and profile.cache_points:
        declared[-1]["cache_control"] = CACHED
    return declared


def _choice(request: Request, profile: Profile) -> dict[str, Any] | None:
    wanted = request.options.tool_choice
    if not request.tools:
        return {"type": "none"} if any(message.calls for message in request.messages) else None
    if wanted == "none":
        return {"type": "none"}
    if not wanted or not profile.tool_choice_required:
        return None
    if wanted == "required" or not profile.forced_tool:
        return {"type": "any"}
    return {"type": "tool", "name": wanted}


def _thinking(request: Request, profile: Profile, limit: int, pieces: Sequence[bytes]) -> dict[str, Any]:
    """How long to think. A forced tool and thinking exclude one another; what was asked for by name wins."""
    options = request.options
    forced = bool(request.tools) and options.tool_choice not in ("", "none")
    if not options.effort or not profile.effort:
        return {}
    if profile.effort == "output_config":
        if options.effort == "none":
            return {"thinking": {"type": "disabled"}}
        config = {"output_config": {"effort": options.effort}}
        return config if forced else {**config, "thinking": {"type": "adaptive"}}
    if options.effort == "none" or forced or began_without_thinking(pieces):
        return {}
    budget = min(BUDGETS.get(options.effort, BUDGETS["high"]), limit * 3 // 4)  # the answer needs some of the limit
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= LEAST_BUDGET else {}


def _grammar(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in the words that the format's grammar has; the others are told to the model in words."""
    kept: dict[str, Any] = {}
    told: list[str] = []
    for word, value in schema.items():
        if word in ("properties", "$defs"):
            kept[word] = {name: _grammar(inner) for name, inner in value.items()}
        elif word in ("anyOf", "oneOf", "allOf"):
            kept["anyOf" if word == "oneOf" else word] = [_grammar(inner) for inner in value]
        elif word == "items" and isinstance(value, Mapping):
            kept[word] = _grammar(value)
        elif word in GRAMMAR or (word == "format" and value in FORMATS) or (word == "minItems" and value in (0, 1)):
            kept[word] = value
        elif word != "additionalProperties":
            told.append(f"{word}: {json.dumps(value, ensure_ascii=False)}")
    if told:
        kept["description"] = " ".join(filter(None, (schema.get("description"), f"({', '.join(told)})")))
    if schema.get("type") == "object":
        kept["additionalProperties"] = False
    return kept


def _sampling(options: Options) -> dict[str, Any]:
    """Temperature or top_p: newer models refuse both. This format's temperatures end at 1."""
    if options.temperature is not None:
        return {"temperature": min(options.temperature, 1.0)}
    return {} if options.top_p is None else {"top_p": options.top_p}


def _joined(system: Iterable[Message]) -> str:
    texts = [part.text for message in system for part in message.parts if isinstance(part, Text)]
    return "\n\n".join([text for text in texts if text.strip()])
