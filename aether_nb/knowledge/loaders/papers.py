"""PDF, by page. Reading is done by another process, which a broken or hostile file may break."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aether_nb.errors import AetherError, SourceUnreadable
from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders import pdf_worker
from aether_nb.knowledge.loaders.source import Looking, Missing, Source
from aether_nb.knowledge.material import Chunk, Loaded

__all__ = ["LOADERS", "pdf"]

COMMAND = ("-P", str(Path(pdf_worker.__file__)))
SECONDS: float = 90
"""How long the other process may take, its start included."""

PICTURES = 50
"""Pages of one file that are looked at: each costs money and seconds."""

HELP = (
    "Let the model for the role vision read them: %aether know add --look FILE. Or run it through a program that does "
    "(ocrmypdf FILE FILE), then add it again."
)


def pdf(source: Source) -> Loaded:
    """A PDF, a chunk or more for each page.

    Pages that are pictures are read by whoever looks at pictures, and say so; those that nobody has read are named in
    ``meta`` as ``scanned``.

    Raises:
        SourceUnreadable: It is encrypted, truncated, no PDF, or takes too much.
        Missing: The package that reads PDF is not installed.
    """
    told = _asked(source)
    texts = [text.replace("\r\n", "\n").replace("\x02", "-") for text in told["texts"]]
    scanned = [number for number, text in enumerate(texts, 1) if not text.strip()]
    seen, trouble = _seen(source, source.looking, scanned) if source.looking and scanned else ({}, "")
    made = []
    for number, text in enumerate(texts, 1):
        scope, header = f"page {number}", f"{source.name} > page {number}"
        if number in seen and source.looking is not None:
            scope, text = f"{scope}, read from its picture by {source.looking.by}", seen[number]
        made += [Chunk(piece.text, header, scope, number, number, "page") for piece in chunks.split(text)]
    meta: dict[str, Any] = {"pages": told["pages"]}
    if left := [number for number in scanned if number not in seen]:
        meta["scanned"] = left
    if seen and source.looking is not None:
        meta |= {"looked": list(seen), "looked_by": source.looking.by}
    if trouble:
        meta["not_looked"] = trouble
    if told["pages"] > len(texts):
        meta["read"] = len(texts)
    error = ""
    if texts and not made:
        who = "Nobody has read the letters yet." if left else "There are no letters in them."
        error = f"{source.name} has no text in it: its {len(texts)} pages are pictures. {who} {HELP}"
    return Loaded("pdf", tuple(made), str(told["title"] or ""), meta, error)


def _seen(source: Source, looking: Looking, pages: Sequence[int]) -> tuple[dict[int, str], str]:
    """What stands on pages that are pictures, by their number; and why the rest of them was not looked at."""
    seen: dict[int, str] = {}
    drawn = _asked(source, *map(str, pages[:PICTURES]))["pictures"]
    try:
        for number, picture in zip(pages, drawn, strict=False):
            seen[number] = looking.read(b64decode(picture))
    except AetherError as error:
        return seen, f"{error.what} {error.why}".strip()
    return seen, f"Only {PICTURES} pages of a file are looked at." if len(pages) > PICTURES else ""


def _asked(source: Source, *words: str) -> dict[str, Any]:
    """What the other process says of it: its text, or the pictures of pages."""
    if not source.head(1024).lstrip().startswith(b"%PDF") and b"%PDF" not in source.head(1024):
        raise SourceUnreadable(f"{source.name} is no PDF.", "It does not begin as one.")
    try:
        done = subprocess.run(
            [sys.executable, *COMMAND, *words], input=source.content, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise SourceUnreadable(f"{source.name} cannot be read.", f"It takes more than {SECONDS} seconds.") from None
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise SourceUnreadable(f"{source.name} cannot be read.", "It breaks the program that reads PDF.") from None
    if told.get("missing"):
        raise Missing(f"{source.name} was not read.", "It takes the package pypdfium2.", "%pip install aether-nb[pdf]")
    if error := told.get("error"):
        raise SourceUnreadable(f"{source.name} cannot be read.", _why(error))
    return told


def _why(error: str) -> str:
    """What the library says, for a person."""
    low = error.lower()
    if "password" in low or "security" in low:
        return "It is encrypted, and takes a password."
    if "data format" in low or "load document" in low:
        return "It is damaged or cut off."
    return " ".join(error.split())[:200]


LOADERS = {
    (".pdf",): pdf,
}
"""What each reads, by the endings of files."""
