"""Pictures from wherever a program has them: a file, an address, bytes, a data URL, a figure, a PIL image.

What a picture is, its bytes tell; what a name or a server says of it counts for nothing. matplotlib and PIL are never
loaded: whoever has one of their pictures has loaded them. This module knows no wire format.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from aether_nb.config.home import expanded
from aether_nb.errors import UsageFault
from aether_nb.events.messages import Image
from aether_nb.models.endpoints.address import is_local

__all__ = ["LARGEST", "drawn", "image", "picture"]

LARGEST = 20 * 1024 * 1024
"""The most bytes a picture may have; the providers take less or as much."""

SECONDS = 30.0
"""How long an address is waited for."""

REDIRECTS = 5

SMALLER = "Make it smaller: a side of 1500 pixels is as much as models look at."
KINDS = "Use PNG, JPEG, GIF or WebP."


async def picture(source: Any) -> Image:
    """A picture as a part of a message.

    Args:
        source: A path, an ``http(s)`` or ``data:`` address, the bytes of a file, a matplotlib figure, a PIL image, or a
            part that is one already.

    Raises:
        UsageFault: It cannot be read, is too large, or is no picture that models see.
    """
    if isinstance(source, Image):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return image(bytes(source), "the bytes")
    if isinstance(source, Path):
        return image(await asyncio.to_thread(_file, source), str(source))
    if isinstance(source, str):
        return await _named(source.strip())
    if (figure := drawn(source)) is not None:
        return image(figure, f"the {type(source).__name__}")
    raise UsageFault(
        f"A {type(source).__name__} is no picture.",
        hint="Give a path, an address, bytes, a matplotlib figure or a PIL image.",
    )


async def _named(name: str) -> Image:
    """The picture at a path or an address."""
    scheme = name.partition(":")[0].lower()
    if scheme == "data":
        return image(_inline(name), "the data URL")
    if scheme in ("http", "https"):
        return image(await _fetched(name), _shown(name))
    return image(await asyncio.to_thread(_file, Path(name)), name)


def image(content: bytes, what: str) -> Image:
    """The bytes of a file as a picture; ``what`` names it in errors.

    Raises:
        UsageFault: They are too many, or no picture that models see.
    """
    if len(content) > LARGEST:
        raise _too_large(what)
    if not (mime := _mime(content)):
        begins = "It is empty." if not content else "Its first bytes are those of no picture that models see."
        raise UsageFault(f"{what} is no picture.", begins, KINDS)
    return Image(mime, base64.b64encode(content).decode())


def _mime(content: bytes) -> str:
    """What the first bytes say it is; empty for anything that models do not take."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return ""


def _file(path: Path) -> bytes:
    try:
        with expanded(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageFault(f"The picture {path} cannot be read.", f"{reason}.", "Check the path.") from error
    return content


def _inline(url: str) -> bytes:
    head, _, data = url.partition(",")
    if len(data) > 2 * LARGEST:
        raise _too_large("the data URL")
    try:
        return base64.b64decode(data, validate=True) if head.endswith(";base64") else unquote_to_bytes(data)
    except (binascii.Error, ValueError) as error:
        raise UsageFault("The data URL cannot be read.", f"{error}.", "It is data:image/png;base64,…") from error


async def _fetched(url: str) -> bytes:
    """What lies at an address. The program named it, so it is asked; no key goes there."""
    import httpx

    shown, outside = _shown(url), not is_local(url, None)  # a proxy of the environment is no way to this machine
    content = bytearray()
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(follow_redirects=True, max_redirects=REDIRECTS, trust_env=outside) as client,
            client.stream("GET", url, headers={"accept": "image/*", "user-agent": "aether-nb"}) as response,
        ):
            if response.status_code != 200:
                why = f"{response.url.netloc.decode()} answered {response.status_code}."
                raise UsageFault(f"The picture at {shown} cannot be had.", why, "Check the address.")
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > LARGEST:
                    raise _too_large(shown)
    # A proxy of the environment may be none, or want what is not installed.
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, ImportError) as error:
        reason = str(error) or type(error).__name__
        raise UsageFault(f"The picture at {shown} cannot be had.", f"{reason}.", "Check the address.") from error
    return bytes(content)


def _shown(url: str) -> str:
    """An address for people: without its query, and without a password."""
    scheme, _, rest = url.partition("?")[0].partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def drawn(source: Any) -> bytes | None:
    """A figure or a PIL image as PNG; None for anything else."""
    out = io.BytesIO()
    figures, pil = sys.modules.get("matplotlib.figure"), sys.modules.get("PIL.Image")
    if figures is not None and isinstance(source, figures.Figure):
        source.savefig(out, format="png", bbox_inches="tight")
    elif figures is not None and isinstance(getattr(source, "figure", None), figures.Figure):
        source.figure.savefig(out, format="png", bbox_inches="tight")  # axes mean the figure they are drawn in
    elif pil is not None and isinstance(source, pil.Image):
        plain = source if source.mode in ("1", "L", "LA", "I", "P", "RGB", "RGBA") else source.convert("RGB")
        plain.save(out, format="PNG")
    else:
        return None
    return out.getvalue()


def _too_large(what: str) -> UsageFault:
    return UsageFault(f"{what} is too large.", f"A picture may have {LARGEST // 1024 // 1024} MB.", SMALLER)
