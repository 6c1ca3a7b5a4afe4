"""The OpenAI chat-completions format: OpenAI itself, and every server that speaks as it does.

It writes requests and names who reads the answers; it does no I/O. Where servers differ the profile says how; messages
are written by ``chat_messages``. What stays the same from turn to turn comes first and in the same order, so that
servers can keep what they have read: the model, the tools, then the rules and the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aether_nb.events.messages import Text, ToolSpec
from aether_nb.models.base import Options, Request
from aether_nb.models.endpoints.endpoint import Endpoint
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.assembly import ChatAssembly
from aether_nb.models.formats.body import Body
from aether_nb.models.formats.chat_messages import written_block
from aether_nb.models.formats.encoding import encoded
from aether_nb.models.formats.history import Written
from aether_nb.models.formats.schemas import described, inlined, is_strict, schema_name

__all__ = ["OpenAIFormat"]

BEGIN = encoded({"role": "user", "content": "Go on."})
"""What is said first where an assistant may not begin."""


class OpenAIFormat:
    """Chat completions for one model."""

    path = "/chat/completions"

    def __init__(self) -> None:
        # Several threads may ask: what belongs together is set at once.
        self._writing: tuple[Profile, Written[bytes]] | None = None
        self._tools: tuple[Profile, tuple[ToolSpec, ...], bytes] | None = None

    def body(self, request: Request, profile: Profile) -> bytes:
        """See ``Format.body``."""
        options, tools = request.options, request.tools
        if options.tool_choice and not profile.forced_tool:
            tools = tuple(tool for tool in tools if tool.name == options.tool_choice) or tools
        head = encoded(self._head(request, options, profile, tools))[:-1]
        if tools:
            head += b',"tools":' + self._written_tools(tools, profile)
        return head + b',"messages":[' + b",".join(self._messages(request, profile)) + b"]}"

    def decoder(self, endpoint: Endpoint, profile: Profile) -> Body:
        """See ``Format.decoder``."""
        return Body(endpoint, ChatAssembly(endpoint, profile), marked=True)

    def _head(
        self, request: Request, options: Options, profile: Profile, tools: tuple[ToolSpec, ...]
    ) -> dict[str, Any]:
        """All fields but tools and messages."""
        head: dict[str, Any] = {"model": profile.model, "stream": request.stream}
        if request.stream and profile.stream_usage == "ask":
            head["stream_options"] = {"include_usage": True}
        _merge(head, profile.extra)
        if options.max_tokens is not None:
            head[profile.max_tokens_field] = options.max_tokens
        if profile.sampling:
            given = {"temperature": options.temperature, "top_p": options.top_p}
            head |= {name: value for name, value in given.items() if value is not None}
        if options.stop:
            head["stop"] = list(options.stop)
        if options.effort and profile.effort:
            value: Any = options.effort
            for name in reversed(profile.effort.split(".")):
                value = {name: value}
            _merge(head, value)
        if tools and (choice := _tool_choice(options.tool_choice, profile)):
            head["tool_choice"] = choice
        if options.schema is not None and profile.json_schema:
            head["response_format"] = _response_format(options.schema, profile)
        _merge(head, options.extra)
        return {name: value for name, value in head.items() if name not in profile.without}

    def _messages(self, request: Request, profile: Profile) -> list[bytes]:
        writing = self._writing
        if writing is None or (writing[0] is not profile and writing[0] != profile):
            write = Written(lambda block: written_block(block, profile), systems=not profile.one_system)
            writing = self._writing = profile, write
        system, pieces = writing[1].pieces(request.messages)
        texts = [part.text for message in system for part in message.parts if isinstance(part, Text) and part.text]
        schema = request.options.schema
        if schema is not None and not profile.json_schema:
            texts.append(described(schema))
        if profile.alternate and pieces and pieces[0].startswith(b'{"role":"assistant"'):
            pieces = [BEGIN, *pieces]
        if texts:
            pieces = [encoded({"role": "system", "content": "\n\n".join(texts)}), *pieces]
        return pieces

    def _written_tools(self, tools: tuple[ToolSpec, ...], profile: Profile) -> bytes:
        """The tools, written again only when they are others."""
        known = self._tools
        if known is None or known[:2] != (profile, tools):
            known = self._tools = profile, tools, encoded([_tool(tool, profile) for tool in tools])
        return known[2]


def _tool(tool: ToolSpec, profile: Profile) -> dict[str, Any]:
    parameters = inlined(tool.parameters) if profile.inline_schema else dict(tool.parameters)
    function: dict[str, Any] = {"name": tool.name, "description": tool.description, "parameters": parameters}
    if profile.strict_schema and is_strict(parameters):
        function["strict"] = True
    return {"type": "function", "function": function}


def _tool_choice(choice: str, profile: Profile) -> object:
    """The word or the object for a choice; nothing where the model decides, or where there is no word for it."""
    if choice in ("", "none"):
        return choice
    if choice == "required" or not profile.forced_tool:
        return profile.tool_choice_required
    return {"type": "function", "function": {"name": choice}}


def _response_format(schema: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    plain = inlined(schema) if profile.inline_schema else dict(schema)
    asked: dict[str, Any] = {"name": schema_name(schema), "schema": plain}
    if profile.strict_schema:
        asked["strict"] = is_strict(plain)
    return {"type": "json_schema", "json_schema": asked}


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add fields; objects that stand in both become one."""
    for name, value in more.items():
        known = into.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            into[name] = {**known, **value}
        else:
            into[name] = value
