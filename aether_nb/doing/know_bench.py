"""``know bench``: which embedder finds best what the user asks, on the user's own documents."""

from __future__ import annotations

import argparse
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

from aether_nb.doing.know_desk import Desk
from aether_nb.errors import KnowledgeMissing, OptionError
from aether_nb.knowledge import bench
from aether_nb.knowledge.bench import Material, Tried
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import EVERYTHING

__all__ = ["compared"]

FEW = 10
"""With fewer questions than these, a table says little."""


def compared(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    """Compare embedders; what is kept stays as it is.

    Raises:
        KnowledgeMissing: There is nothing to ask about.
        OptionError: A line of the questions makes no sense.
        AetherError: An embedder that was named cannot be had.
    """
    files = [word for word in options.words if (desk.root / word).is_file()]
    if len(files) > 1:
        raise OptionError("There is more than one file of questions.", "", f"%aether know bench {files[0]}")
    material = _material(index, desk.root / files[0] if files else None)
    names = [word for word in options.words if word not in files] or desk.embedders.names()
    opened = {name: desk.embedders.open(name) for name in names}  # before anything takes long
    rows = []
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as folder, ExitStack() as stack:
        for embedder in opened.values():
            stack.callback(getattr(embedder, "close", lambda: None))
        for name, embedder in opened.items():
            rows.append(bench.tried(name, embedder, desk.library.embed, material, Path(folder), desk.progress))
    if options.json:
        plain = [{**_plain(row), "questions": len(material.questions)} for row in rows]
        return json.dumps({"passages": len(material.passages), "embedders": plain}, indent=2)
    return "\n".join(_told(material, rows, given=bool(files)))


def _material(index: Index, file: Path | None) -> Material:
    hits = index.chunks(EVERYTHING)
    if not hits:
        raise KnowledgeMissing("Nothing is kept that could be asked about.", "", "%aether know add FILE|FOLDER")
    if file is None:
        material = bench.chosen(bench.generated(hits))
    else:
        material = bench.chosen(bench.given(file.read_text(encoding="utf-8", errors="replace"), hits))
    if not material.questions:
        why = "No heading and no docstring has enough under it to be a question."
        raise KnowledgeMissing(
            "There is no question.", why, "Write some into a file, a line each: QUESTION => docs/a.md:12-30"
        )
    return material


def _told(material: Material, rows: list[Tried], *, given: bool) -> list[str]:
    """The table, the best first."""
    made = "as you wrote them" if given else "made of headings and docstrings"
    count = len(material.questions)
    lines = [f"{count} questions ({made}) among {len(material.passages):,} passages, by words and by meaning together."]
    width = max(len("embedder"), *(len(row.embedder) for row in rows))
    lines.append(f"{'embedder':<{width}}  nDCG@10  recall@5  MRR@10  ms/question  chunks/s")
    for row in sorted(rows, key=lambda row: -row.quality.ndcg):
        if row.why:
            lines.append(f"{row.embedder:<{width}}  {row.why}")
            continue
        one, speed = row.quality, f"{row.chunks:8.1f}" if row.chunks else "       –"
        figures = f"{one.ndcg:7.3f}  {one.recall:8.3f}  {one.mrr:6.3f}  {row.milliseconds:11.1f}  {speed}"
        lines.append(f"{row.embedder:<{width}}  {figures}")
    if count < FEW:
        lines.append("So few questions say little: differences may be chance.")
    return lines


def _plain(row: Tried) -> dict[str, object]:
    """A row as plain values."""
    quality = row.quality._asdict()
    return {
        "embedder": row.embedder,
        **quality,
        "ms": row.milliseconds,
        "chunks_per_second": row.chunks,
        "why": row.why,
    }
