"""Notebooks, by cell: what was typed, and the beginning of what came of it; never a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aether_nb.errors import SourceUnreadable
from aether_nb.events.messages import ANY
from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Chunk, Loaded

__all__ = ["LOADERS", "notebook"]

OUTPUT = 500
"""Characters of the outputs of a cell."""


def notebook(source: Source) -> Loaded:
    """A notebook, a chunk or more for each cell; the scope is the heading above."""
    content = json.loads(source.text())
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise SourceUnreadable(f"{source.name} is no notebook.", "It has no cells.")
    made: list[Chunk] = []
    heading = title = ""
    for number, cell in enumerate(cells, 1):
        text = _joined(cell.get("source"))
        if cell.get("cell_type") == "markdown":
            headings = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
            heading = headings[-1] if headings else heading
            title = title or heading
        elif cell.get("cell_type") == "code":
            # An output may show any column: where one is hidden, none is kept.
            text = "\n".join([text, *(() if source.hides(ANY) else _outputs(cell))])
        scope = f"{heading} > cell {number}" if heading else f"cell {number}"
        for piece in chunks.split(text):
            made.append(Chunk(piece.text, f"{source.name} > {scope}", scope, number, number, "cell"))
    return Loaded("notebook", tuple(made), title)


def _joined(text: Any) -> str:
    """The text of a cell or an output, which is a string or a list of lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _outputs(cell: Mapping[str, Any]) -> Iterator[str]:
    """The beginning of what a cell printed, showed as text, or failed with."""
    room = OUTPUT
    for output in cell.get("outputs") or []:
        if output.get("output_type") == "error":
            text = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        else:
            text = _joined(output.get("text") or output.get("data", {}).get("text/plain"))
        text = text.strip()
        if text and room > 0:
            cut = text if len(text) <= room else f"{text[:room]} …"
            room -= len(cut)
            yield f"# → {cut}"


LOADERS = {
    (".ipynb",): notebook,
}
"""What each reads, by the endings of files."""
