"""The turns of the Anthropic messages format: neutral messages in, encoded turns of user and assistant out.

Tool results and pictures lie inside the turns of the user. What the model signed goes back as it came, to its provider
alone. What the interface refuses is never written: blank texts, empty results, an answer that ends with thinking.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from aether_nb.events.messages import Image, Message, Text
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.encoding import encoded
from aether_nb.models.formats.history import Block

__all__ = [
    "CACHED",
    "began_without_thinking",
    "marked",
    "opened",
    "text_block",
    "tool_name",
    "written_block",
]

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

USER = b'{"role":"user",'
RESULTS = b'{"role":"user","content":[{"type":"tool_result",'
THINKING = ("thinking", "redacted_thinking")
THOUGHT = tuple(f'{{"role":"assistant","content":[{{"type":"{kind}",'.encode() for kind in THINKING)


def written_block(block: Block, profile: Profile) -> list[bytes]:
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
    return [_turn(role, content or [text_block(SILENT)], profile) for role, content in turns]


def opened(pieces: list[bytes], profile: Profile) -> list[bytes]:
    """The turns with a user's at their beginning: no one else may begin."""
    if pieces and pieces[0].startswith(USER):
        return pieces
    return [_turn("user", [text_block(OPENING)], profile), *pieces]


def marked(pieces: Sequence[bytes]) -> list[bytes]:
    """The turns with marks on the newest ones of the user; the written pieces stay as they are."""
    turns = list(pieces)
    newest = (place for place in reversed(range(len(turns))) if turns[place].startswith(USER))
    for place in islice(newest, CACHED_TURNS):
        turns[place] = turns[place].removesuffix(b"}]}") + b',"cache_control":' + encoded(CACHED) + b"}]}"
    return turns


def began_without_thinking(pieces: Sequence[bytes]) -> bool:
    """Whether the answer to the user's last words began without thinking, or with another provider's: it goes on so."""
    began = None
    for piece in reversed(pieces):
        if not piece.startswith(USER):
            began = piece
        elif not piece.startswith(RESULTS):
            break
    return began is not None and not began.startswith(THOUGHT)


def _turn(role: str, content: list[dict[str, Any]], profile: Profile) -> bytes:
    """A turn, encoded; its content is a list where a mark may have to be added to its last block."""
    if len(content) == 1 and content[0].keys() == {"type", "text"} and not profile.cache_points:
        return encoded({"role": role, "content": content[0]["text"]})
    return encoded({"role": role, "content": content})


def _said(message: Message, provider: str) -> list[dict[str, Any]]:
    """What an assistant said. Its last block is neither thinking nor ends with white space: both are refused."""
    texts = [text_block(part.text) for part in message.parts if isinstance(part, Text) and part.text.strip()]
    uses = {
        call.id: {"type": "tool_use", "id": _id(call.id), "name": tool_name(call.name), "input": dict(call.arguments)}
        for call in message.calls
    }
    origin = message.origin
    kept = origin.data.get("content") if origin is not None and origin.provider == provider else None
    content = _in_place(kept, message, texts, uses) if isinstance(kept, list) else [*texts, *uses.values()]
    if content and content[-1]["type"] in THINKING:
        content.append(text_block(SILENT))
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
    seen = [_picture(part, profile) if isinstance(part, Image) else text_block(part.text) for part in message.parts]
    return [part for part in seen if part["type"] != "text" or part["text"].strip()]


def _picture(image: Image, profile: Profile) -> dict[str, Any]:
    if profile.vision is False or image.mime not in PICTURES:
        return text_block(UNSEEN)
    return {"type": "image", "source": {"type": "base64", "media_type": image.mime, "data": image.base64}}


def text_block(text: str) -> dict[str, Any]:
    """A block of text."""
    return {"type": "text", "text": text}


def _id(id: str) -> str:
    """The id of a call. Other providers use signs that this format refuses."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", id):
        return id
    import hashlib

    return "call_" + hashlib.sha256(id.encode(errors="surrogatepass")).hexdigest()[:24]


def tool_name(name: str) -> str:
    """The name of a tool that was called; models invent names with signs that the format refuses."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:128] or "_"
