"""PDF, by page. Reading is done by another process, which a broken or hostile file may break."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from aether_nb.errors import SourceUnreadable
from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders import pdf_worker
from aether_nb.knowledge.loaders.source import Missing, Source
from aether_nb.knowledge.material import Chunk, Loaded

__all__ = ["LOADERS", "pdf"]

COMMAND = ("-P", str(Path(pdf_worker.__file__)))
SECONDS: float = 90
"""How long the other process may take, its start included."""


def pdf(source: Source) -> Loaded:
    """A PDF, a chunk or more for each page; pages that are pictures are named in ``meta`` and in a chunk of words.

    Raises:
        SourceUnreadable: It is encrypted, truncated, no PDF, or takes too much; or all its pages are pictures.
        Missing: The package that reads PDF is not installed.
    """
    told = _asked(source)
    texts = [text.replace("\r\n", "\n").replace("\x02", "-") for text in told["texts"]]
    scanned = [number for number, text in enumerate(texts, 1) if not text.strip()]
    if texts and len(scanned) == len(texts):
        raise SourceUnreadable(
            f"{source.name} has no text in it: its {len(texts)} pages are pictures.",
            "It was scanned, and nobody has read the letters yet.",
            "Run it through a program that does (ocrmypdf FILE FILE), then add it again.",
        )
    made = []
    for number, text in enumerate(texts, 1):
        header = f"{source.name} > page {number}"
        made += [Chunk(piece.text, header, f"page {number}", number, number, "page") for piece in chunks.split(text)]
    meta: dict[str, Any] = {"pages": told["pages"]}
    if scanned:
        meta["scanned"] = scanned
    if told["pages"] > len(texts):
        meta["read"] = len(texts)
    return Loaded("pdf", tuple(made), str(told["title"] or ""), meta)


def _asked(source: Source) -> dict[str, Any]:
    """What the other process says of it."""
    if not source.head(1024).lstrip().startswith(b"%PDF") and b"%PDF" not in source.head(1024):
        raise SourceUnreadable(f"{source.name} is no PDF.", "It does not begin as one.")
    try:
        done = subprocess.run(
            [sys.executable, *COMMAND], input=source.content, capture_output=True, timeout=SECONDS, check=False
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
