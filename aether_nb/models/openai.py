"""The OpenAI chat-completions format: OpenAI itself, and every server that speaks as it does.

It writes requests and names who reads the answers; it does no I/O. Where servers differ the profile says how.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from aether_nb.events.messages import Image, Message, Part, Text, ToolSpec
from aether_nb.models.assembly import ChatBody
from aether_nb.models.base import Request
from aether_nb.models.endpoint import Endpoint
from aether_nb.models.history import Block, Written, merged, pictures_apart
from aether_nb.models.profile import Profile

__all__ = ["OpenAIFormat"]


class OpenAIFormat:
    """Chat completions for one model."""

    path = "/chat/completions"

    def __init__(self) -> None:
        self._written: Written | None = None
        self._profile: Profile | None = None

    def body(self, request: Request, profile: Profile) -> bytes:
        """See ``Format.body``."""
        if self._written is None or self._profile != profile:
            self._written, self._profile = Written(lambda block: _block(block, profile)), profile
        system, pieces = self._written.pieces(request.messages)
        if system:
            text = "\n\n".join(part.text for message in system for part in message.parts if isinstance(part, Text))
            pieces = [_encoded({"role": "system", "content": text}), *pieces]
        head: dict[str, Any] = {"model": profile.model, "stream": request.stream}
        if request.stream and profile.stream_usage == "ask":
            head["stream_options"] = {"include_usage": True}
        if request.tools:
            head["tools"] = _tools(request.tools)
        return _encoded(head)[:-1] + b',"messages":[' + b",".join(pieces) + b"]}"

    def decoder(self, endpoint: Endpoint, profile: Profile) -> ChatBody:
        """See ``Format.decoder``."""
        return ChatBody(endpoint)


def _block(block: Block, profile: Profile) -> list[bytes]:
    return [_encoded(_message(message)) for message in merged(pictures_apart(block))]


def _tools(tools: Iterable[ToolSpec]) -> list[dict[str, Any]]:
    """The tools as the format wants them."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
        }
        for tool in tools
    ]


def _message(message: Message) -> dict[str, Any]:
    text = "\n\n".join([part.text for part in message.parts if isinstance(part, Text) and part.text])
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": text or "(nothing to show as text)"}
    if message.role == "assistant" and message.calls:
        calls = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _compact(dict(call.arguments))},
            }
            for call in message.calls
        ]
        return {"role": "assistant", "content": text or None, "tool_calls": calls}
    if message.role == "user" and any(isinstance(part, Image) for part in message.parts):
        return {"role": "user", "content": [_part(part) for part in message.parts if part != Text("")]}
    return {"role": message.role, "content": text}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": f"data:{part.mime};base64,{part.base64}"}}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _encoded(value: dict[str, Any] | Sequence[Any]) -> bytes:
    # Half of a surrogate pair is no character; data may contain one all the same.
    return _compact(value).encode("utf-8", "replace")
