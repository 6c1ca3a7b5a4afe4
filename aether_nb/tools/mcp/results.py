"""What a server answers, as parts of bounded size: text and pictures that are data from a stranger."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any

from aether_nb.errors import RepairableToolError, UsageFault
from aether_nb.events.messages import Image, Part, Text
from aether_nb.tools.base import Result
from aether_nb.tools.function import bounded
from aether_nb.tools.mcp.remote import plain

__all__ = ["parts_of_blocks", "parts_of_contents", "result_of", "text_of"]

LONGEST = 24_000
"""Characters of one answer, all of its pieces together."""

LARGEST_IMAGE = 4 * 1024 * 1024
"""Bytes of a picture that is passed on."""

MOST = 50
"""Pieces of one answer, and of these the pictures."""
PICTURES = 4


async def result_of(server: str, tool: str, answer: Any) -> Result:
    """What a call brought.

    Args:
        server: The server's name.
        tool: What it calls the tool.
        answer: The SDK's ``CallToolResult``.

    Raises:
        RepairableToolError: The server says that it failed; what it says is the reason.
    """
    parts = await parts_of_blocks(answer.content)
    shown = "".join(part.text for part in parts if isinstance(part, Text))
    if not shown.strip() and answer.structured_content is not None:
        text = json.dumps(answer.structured_content, ensure_ascii=False, default=str)
        parts = [Text(bounded(text, LONGEST), "output"), *(part for part in parts if isinstance(part, Image))]
        shown = text
    if answer.is_error:
        why = plain(bounded(shown, 4_000), 4_100) or "it does not say why"
        raise RepairableToolError(f"{tool} of the server {server} says that it failed.", why)
    told = parts or [Text("(it answers with nothing)", "output")]
    return Result(tuple(told), ({"text/plain": plain(shown, 2_000) or "(a picture)"},))


async def parts_of_blocks(blocks: Iterable[Any]) -> list[Part]:
    """The pieces of an answer or of a prompt."""
    parts: list[Part] = []
    room, pictures = LONGEST, PICTURES
    listed = list(blocks)
    for block in listed[:MOST]:
        found = await _part(block, pictures)
        if isinstance(found, Image):
            pictures -= 1
        elif room <= 0:
            continue
        else:
            found = Text(bounded(found.text, max(room, 200)), "output")
            room -= len(found.text)
        parts.append(found)
    if len(listed) > MOST:
        parts.append(Text(f"… {len(listed) - MOST} more pieces left out …", "output"))
    return parts


async def parts_of_contents(contents: Iterable[Any]) -> list[Part]:
    """What a resource holds."""
    from mcp_types import EmbeddedResource

    return await parts_of_blocks(EmbeddedResource(type="resource", resource=one) for one in contents)


def text_of(parts: Iterable[Part]) -> str:
    """The same as text alone."""
    return "\n".join(part.text if isinstance(part, Text) else f"(a picture, {part.mime})" for part in parts)


async def _part(block: Any, pictures: int) -> Part:
    kind = getattr(block, "type", "")
    if kind == "text":
        return Text(block.text, "output")
    if kind == "image":
        return await _picture(block.data, pictures)
    if kind == "audio":
        return Text(f"(a sound, {plain(block.mime_type, 60)}, which is not passed on)", "output")
    if kind == "resource_link":
        return Text(f"(a link to {plain(str(block.uri), 300)}: {plain(block.name, 100)})", "output")
    if kind == "resource":
        inner = block.resource
        uri, text = plain(str(inner.uri), 300), getattr(inner, "text", None)
        if isinstance(text, str):
            return Text(f"{uri}:\n{text}", "output")
        if str(inner.mime_type or "").startswith("image/"):
            return await _picture(inner.blob, pictures)
        return Text(
            f"({uri}: {len(inner.blob) * 3 // 4:,} bytes, {plain(inner.mime_type, 60) or 'of no kind'})", "output"
        )
    return Text(f"(a piece of a kind that is not known here: {plain(str(kind), 40)})", "output")


async def _picture(data: str, left: int) -> Part:
    """A picture, when its bytes are one of the kinds that models see."""
    from aether_nb.models.images import picture

    if left <= 0 or len(data) > LARGEST_IMAGE * 4 // 3:
        return Text("(a picture that is left out: there are too many, or it is too large)", "output")
    try:
        return await picture(base64.b64decode(data, validate=False))
    except (UsageFault, binascii.Error, ValueError):
        return Text("(a picture that cannot be read)", "output")
