"""Documents of Word, slides of PowerPoint, sheets of Excel. Their packages come with the extra ``office``."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from aether_nb.errors import SourceUnreadable
from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders import tabular
from aether_nb.knowledge.loaders.source import Missing, Source
from aether_nb.knowledge.material import Chunk, Loaded

__all__ = ["LOADERS", "sheets", "slides", "word"]

UNPACKED = 400_000_000
"""Bytes that a file may become when it is unpacked; more is a bomb."""


def word(source: Source) -> Loaded:
    """A document of Word, by its headings; tables as rows of cells."""
    packed = _unpackable(source)
    try:
        from docx import Document as open_document
    except ImportError as error:
        raise _missing(source, "python-docx") from error
    document = open_document(packed)
    text = "\n\n".join(_paragraphs(document))
    title = document.core_properties.title or ""
    cut = chunks.markdown(source.name, text)
    return Loaded("word", tuple(replace(chunk, start=0, end=0) for chunk in cut), title)


def _paragraphs(document: Any) -> Iterator[str]:
    """The paragraphs and tables of a document of Word, headings marked as in Markdown."""
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            yield "\n".join(" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows)
            continue
        name = (block.style.name if block.style is not None else "") or ""
        level = name.removeprefix("Heading ")
        mark = "#" * int(level) + " " if level != name and level.isdigit() else "# " if name == "Title" else ""
        if block.text.strip():
            yield mark + block.text


def slides(source: Source) -> Loaded:
    """Slides, a chunk or more each, with the notes of the speaker."""
    packed = _unpackable(source)
    try:
        from pptx import Presentation
    except ImportError as error:
        raise _missing(source, "python-pptx") from error
    made: list[Chunk] = []
    show = Presentation(packed)
    for number, slide in enumerate(show.slides, 1):
        title = slide.shapes.title.text.strip() if slide.shapes.title is not None else ""
        scope = f"slide {number}: {title}" if title else f"slide {number}"
        for piece in chunks.split("\n".join(_words(slide))):
            made.append(Chunk(piece.text, f"{source.name} > {scope}", scope, number, number, "slide"))
    name = show.core_properties.title or ""
    return Loaded("slides", tuple(made), "" if name == "PowerPoint Presentation" else name)


def _words(slide: Any) -> Iterator[str]:
    """The words on a slide and in its notes."""
    for shape in slide.shapes:
        if shape.has_text_frame and shape.text_frame.text.strip():
            yield shape.text_frame.text
        if getattr(shape, "has_table", False):
            yield from (" | ".join(cell.text.strip() for cell in row.cells) for row in shape.table.rows)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield f"Notes: {slide.notes_slide.notes_text_frame.text}"


def sheets(source: Source) -> Loaded:
    """A workbook: of each sheet its columns and its first rows; a sheet that explains columns, row by row."""
    packed = _unpackable(source)
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise _missing(source, "openpyxl") from error
    made: list[Chunk] = []
    book = load_workbook(packed, read_only=True, data_only=True)
    for sheet in book.worksheets:
        rows = islice(sheet.iter_rows(values_only=True), tabular.LOOKED_AT)
        texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
        texts = [row for row in texts if any(row)]
        if texts:
            total = len(texts) - 1 if len(texts) < tabular.LOOKED_AT else (sheet.max_row or 1) - 1
            made += tabular.table_chunks(f"{source.name} > {sheet.title}", texts, source.hides, total)
    book.close()
    return Loaded("sheet", tuple(made))


def _unpackable(source: Source) -> io.BytesIO:
    """The file, when it is what its ending says and does not become too large."""
    packed = io.BytesIO(source.content)
    try:
        with zipfile.ZipFile(packed) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        why = "It is encrypted, or of an older kind." if source.content[:4] == b"\xd0\xcf\x11\xe0" else "It is damaged."
        raise SourceUnreadable(f"{source.name} cannot be read.", why) from error
    if unpacked > UNPACKED:
        raise SourceUnreadable(f"{source.name} is not read.", f"Unpacked it would take {unpacked / 1e6:,.0f} MB.")
    packed.seek(0)
    return packed


def _missing(source: Source, package: str) -> Missing:
    return Missing(f"{source.name} was not read.", f"It takes the package {package}.", "%pip install aether-nb[office]")


LOADERS = {
    (".docx",): word,
    (".pptx",): slides,
    (".xlsx", ".xlsm"): sheets,
}
"""What each reads, by the endings of files."""
