"""The Anthropic messages format: Anthropic itself, and every server that speaks as it does.

It writes requests and names who reads the answers; it does no I/O. Tool results and pictures lie inside the turns of
the user, rules beside the messages, and what the model signed goes back as it came, to its provider alone. Where
servers differ the profile says how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aether_nb.events.messages import Image, Message, Text, ToolSpec
from aether_nb.models.anthropic_stream import MessageBody
from aether_nb.models.base import Options, Request
from aether_nb.models.endpoint import Endpoint
from aether_nb.models.history import Block, Written
from aether_nb.models.profile import Profile
from aether_nb.models.schemas import described

__all__ = ["AnthropicFormat"]

LONGEST_ANSWER = 8192
"""Tokens, where neither the request nor the profile says how long an answer may be: the format wants a number."""

BUDGETS = {"low": 1024, "medium": 4096, "high": 16384}
"""Tokens for thinking, where the provider counts them."""

LEAST_BUDGET = 1024

CACHED = {"type": "ephemeral"}
"""The mark of a place up to which the provider keeps what it has read."""

CACHED_TURNS = 2
"""The newest turns of the user that are marked. With the end of the tools and of the rules that makes four, the most
that are allowed; the one before the newest finds again what the last request left."""

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")

NOTHING = "(nothing to show as text)"
SILENT = "(no words)"
OPENING = "(The conversation begins.)"
UNSEEN = "(a picture that this model cannot see)"

GRAMMAR = ("type", "required", "enum", "const", "$ref", "title", "description")
FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
"""Of the words of JSON schema, those that this format accepts where an answer has to follow one."""

USER = b'{"role":"user",'
RESULTS = b'{"role":"user","content":[{"type":"tool_result",'
THINKING = ("thinking", "redacted_thinking")
THOUGHT = tuple(f'{{"role":"assistant","content":[{{"type":"{kind}",'.encode() for kind in THINKING)


class AnthropicFormat:
    """Messages for one model."""

    path = "/v1/messages"

    def __init__(self) -> None:
        self._written: Written | None = None
        self._profile: Profile | None = None
        self._tools: tuple[Sequence[ToolSpec], bytes] = (), b""

    def body(self, request: Request, profile: Profile) -> bytes:
        """See ``Format.body``."""
        if self._written is None or (self._profile is not profile and self._profile != profile):
            self._written = Written(lambda block: _block(block, profile), provider=profile.provider)
            self._tools = (), b""
        self._profile = profile
        system, pieces = self._written.pieces(request.messages)
        if not pieces or not pieces[0].startswith(USER):
            pieces = [_turn("user", [_text(OPENING)], profile), *pieces]
        head = _head(request, profile, _joined(system), pieces)
        tools = self._written_tools(request, profile, head.pop("tools", []))
        if profile.cache_points:
            pieces = _marked(pieces)
        return b"".join([_encoded(head)[:-1], tools, b',"messages":[', b",".join(pieces), b"]}"])

    def decoder(self, endpoint: Endpoint, profile: Profile) -> MessageBody:
        """See ``Format.decoder``."""
        return MessageBody(endpoint, profile.provider)

    def _written_tools(self, request: Request, profile: Profile, more: Sequence[Mapping[str, Any]]) -> bytes:
        """The tools, written again only when they are others; ``more`` are the provider's own, which it runs itself.

        A history with calls is refused where no tools are declared: without tools, those that it names are.
        """
        tools = request.tools or _used(request.messages)
        if not tools and not more:
            return b""
        known, written = self._tools
        if tools != known or not written:
            written = b",".join([_encoded(tool) for tool in _tools(tools, profile)])
            self._tools = tools, written
        own = [_encoded(tool) for tool in more]
        return b',"tools":[' + b",".join(filter(None, [*own, written])) + b"]"


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
    return head


def _rules(system: str, shape: str, profile: Profile) -> str | list[dict[str, Any]]:
    """The rules. What belongs to this request alone stands behind the point up to which they are kept."""
    if not (profile.cache_points and system):
        return "\n\n".join(filter(None, (system, shape)))
    rules = [_text(system) | {"cache_control": CACHED}]
    return [*rules, _text(shape)] if shape else rules


def _used(messages: Iterable[Message]) -> tuple[ToolSpec, ...]:
    """The tools of a history by name: one with calls is refused where no tools are declared."""
    names = dict.fromkeys(_name(call.name) for message in messages for call in message.calls)
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
    if options.effort == "none" or forced or _began_without_thinking(pieces):
        return {}
    budget = min(BUDGETS.get(options.effort, BUDGETS["high"]), limit * 3 // 4)  # the answer needs some of the limit
    return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= LEAST_BUDGET else {}


def _began_without_thinking(pieces: Sequence[bytes]) -> bool:
    """Whether the answer to the user's last words began without thinking, or with another provider's: it goes on so."""
    began = None
    for piece in reversed(pieces):
        if not piece.startswith(USER):
            began = piece
        elif not piece.startswith(RESULTS):
            break
    return began is not None and not began.startswith(THOUGHT)


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
            told.append(f"{word}: {_compact(value)}")
    if told:
        kept["description"] = " ".join(filter(None, (schema.get("description"), f"({', '.join(told)})")))
    if schema.get("type") == "object":
        kept["additionalProperties"] = False
    return kept


def _sampling(options: Options) -> dict[str, Any]:
    """One of the two: newer models refuse both. This format's temperatures end at 1."""
    if options.temperature is not None:
        return {"temperature": min(options.temperature, 1.0)}
    return {} if options.top_p is None else {"top_p": options.top_p}


def _marked(pieces: Sequence[bytes]) -> list[bytes]:
    """The messages with marks on the newest turns of the user; the written pieces stay as they are."""
    marked, left = list(pieces), CACHED_TURNS
    for place in range(len(marked) - 1, -1, -1):
        if left and marked[place].startswith(USER) and marked[place].endswith(b"}]}"):
            marked[place] = marked[place][:-3] + b',"cache_control":' + _encoded(CACHED) + b"}]}"
            left -= 1
        if not left:
            break
    return marked


def _block(block: Block, profile: Profile) -> list[bytes]:
    """A repaired block as turns: the results of an assistant's calls, and what the user said then, are one."""
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in block:
        role = "assistant" if message.role == "assistant" else "user"
        if message.role == "tool":
            content = [_result(message, profile)]
        else:
            content = _said(message, profile.provider) if role == "assistant" else _parts(message, profile)
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(content)
        else:
            turns.append((role, content))
    return [_turn(role, content or [_text(SILENT)], profile) for role, content in turns]


def _turn(role: str, content: list[dict[str, Any]], profile: Profile) -> bytes:
    if len(content) == 1 and content[0].keys() == {"type", "text"} and not profile.cache_points:
        return _encoded({"role": role, "content": content[0]["text"]})
    return _encoded({"role": role, "content": content})


def _said(message: Message, provider: str) -> list[dict[str, Any]]:
    """What an assistant said. Its last block is neither thinking nor ends with white space: both are refused."""
    texts = [_text(part.text) for part in message.parts if isinstance(part, Text) and part.text.strip()]
    uses = {
        call.id: {"type": "tool_use", "id": _id(call.id), "name": _name(call.name), "input": dict(call.arguments)}
        for call in message.calls
    }
    origin = message.origin
    kept = origin.data.get("content") if origin is not None and origin.provider == provider else None
    content = _in_place(kept, message, texts, uses) if isinstance(kept, list) else [*texts, *uses.values()]
    if content and content[-1]["type"] in THINKING:
        content.append(_text(SILENT))
    if content and content[-1]["type"] == "text":
        content[-1] = {**content[-1], "text": content[-1]["text"].rstrip()}
    return content


def _in_place(
    kept: list[Any], message: Message, texts: list[dict[str, Any]], uses: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """What the provider wants back, with the texts and calls of the message, which may have changed since."""
    kept = [{"type": block["type"], **block} for block in kept]  # the kind first: turns are told by how they begin
    said = "".join([block["text"] for block in kept if block["type"] == "text"])
    special = [block for block in kept if block["type"] not in ("text", "tool_use")]
    if said.strip() != message.text.strip():
        return [*special, *texts, *uses.values()]
    content: list[dict[str, Any]] = []
    for block in kept:
        if block["type"] == "tool_use":
            if use := uses.pop(block["id"], None):
                content.append({**block, **use})
        elif block["type"] != "text" or block["text"].strip():
            content.append(block)
    return [*content, *uses.values()]


def _result(message: Message, profile: Profile) -> dict[str, Any]:
    parts = _parts(message, profile)
    content: str | list[dict[str, Any]] = parts
    if all(part["type"] == "text" for part in parts):
        content = "\n\n".join([part["text"] for part in parts]) or NOTHING
    return {"type": "tool_result", "tool_use_id": _id(message.call_id), "content": content}


def _parts(message: Message, profile: Profile) -> list[dict[str, Any]]:
    """Texts and pictures, without those that say nothing."""
    seen = [_picture(part, profile) if isinstance(part, Image) else _text(part.text) for part in message.parts]
    return [part for part in seen if part["type"] != "text" or part["text"].strip()]


def _picture(image: Image, profile: Profile) -> dict[str, Any]:
    if profile.vision is False or image.mime not in PICTURES:
        return _text(UNSEEN)
    return {"type": "image", "source": {"type": "base64", "media_type": image.mime, "data": image.base64}}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _joined(system: Iterable[Message]) -> str:
    texts = [part.text for message in system for part in message.parts if isinstance(part, Text)]
    return "\n\n".join([text for text in texts if text.strip()])


def _id(id: str) -> str:
    """The id of a call. Other providers use signs that this format refuses."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", id):
        return id
    import hashlib

    return "call_" + hashlib.sha256(id.encode(errors="surrogatepass")).hexdigest()[:24]


def _name(name: str) -> str:
    """The name of a tool that was called; models invent names with signs that the format refuses."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64] or "_"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _encoded(value: object) -> bytes:
    # Half of a surrogate pair is no character; data may contain one all the same.
    return _compact(value).encode("utf-8", "replace")
