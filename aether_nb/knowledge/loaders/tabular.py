"""Tables: what their columns are and how they begin; and tables that explain columns, row by row.

A table of data is not knowledge by its rows: those stay in the file. Its schema and a sample are. Columns that the
person hides are named, and no value of them is kept.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders.source import MOST, Source
from aether_nb.knowledge.material import Chunk, Loaded

__all__ = ["LOADERS", "LOOKED_AT", "dictionary_chunks", "separated", "table_chunks"]

LOOKED_AT = 5001
"""Rows that are looked at, the header included."""
HEAD = 1_000_000
"""Bytes of a file that are looked at for them."""
SAMPLE = 5
NAMES = frozenset("variable column field feature attribute name column_name variable_name field_name".split())
MEANINGS = frozenset("description definition meaning explanation label comment".split())
KINDS = (
    ("whole number", re.compile(r"[+-]?\d{1,18}")),
    ("number", re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")),
    ("yes or no", re.compile(r"true|false|yes|no", re.IGNORECASE)),
)


def separated(source: Source) -> Loaded:
    """A table in text, whatever stands between its columns."""
    head = source.decoded(source.head(HEAD))
    whole = source.size <= HEAD
    lines = head.splitlines() if whole else head.splitlines()[:-1]
    mark = _mark(head, source.suffix)
    rows = [row for row in islice(csv.reader(lines, delimiter=mark), LOOKED_AT) if any(row)]
    total = len(rows) - 1 if whole and len(rows) < LOOKED_AT else _counted(source)
    return Loaded("csv", tuple(table_chunks(source.name, rows, source.hides, total)))


def _mark(head: str, suffix: str) -> str:
    """What stands between the columns."""
    if suffix in (".tsv", ".tab"):
        return "\t"
    try:
        return csv.Sniffer().sniff(head[:20_000], ",;\t|").delimiter
    except csv.Error:
        return ","


def _counted(source: Source) -> int | None:
    """The rows of a long table; None when it is too long to be counted."""
    return source.content.count(b"\n") - 1 if source.size <= MOST else None


def table_chunks(
    name: str, rows: Sequence[Sequence[str]], hides: Callable[[str], bool], total: int | None = None
) -> list[Chunk]:
    """Chunks of a table of texts, whose first row names the columns.

    Args:
        name: What they are headed by.
        rows: The header, and as many rows as were looked at.
        hides: Whether no value of a column may be kept.
        total: How many rows there are below the header; None when that is not known.
    """
    if not rows:
        return []
    header, body = [cell.strip() for cell in rows[0]], rows[1:]
    low = [cell.casefold().replace(" ", "_") for cell in header]
    key = next((at for at, cell in enumerate(low) if cell in NAMES), None)
    meaning = next((at for at, cell in enumerate(low) if cell in MEANINGS), None)
    if key is not None and meaning is not None and len(rows) < LOOKED_AT and not any(map(hides, header)):
        explained = [(row[key], _explained(header, row, key)) for row in body if len(row) > max(key, meaning)]
        return dictionary_chunks(name, explained)
    said = f"{total:,} rows" if total is not None else f"more than {len(body):,} rows"
    lines = [f"A table of {said} and {len(header)} columns.", "Columns:"]
    for at, column in enumerate(header):
        values = [row[at] for row in body if at < len(row) and row[at] != ""]
        lines.append(f"- {column}: " + ("hidden" if hides(column) else _column(values)))
    shown = [at for at, column in enumerate(header) if not hides(column)]
    lines += ["First rows:", " | ".join(header[at] for at in shown)]
    lines += [" | ".join(row[at] if at < len(row) else "" for at in shown) for row in body[:SAMPLE]]
    return [Chunk(piece.text, name, unit="row") for piece in chunks.split("\n".join(lines))]


def dictionary_chunks(name: str, meanings: Iterable[tuple[str, str]]) -> list[Chunk]:
    """Chunks of what explains names, one for each name with its meaning."""
    return [
        Chunk(piece.text, f"{name} > {key}", key, number, number, "row")
        for number, (key, meaning) in enumerate(meanings, 1)
        for piece in chunks.split(f"{key}: {meaning}")
    ]


def _explained(header: Sequence[str], row: Sequence[str], key: int) -> str:
    """All that a row says of its name."""
    parts = [f"{column}: {cell}" for at, (column, cell) in enumerate(zip(header, row, strict=False)) if at != key]
    return "; ".join(part for part in parts if not part.endswith(": "))


def _column(values: Iterable[str]) -> str:
    """What sort of values a column has, and some of them."""
    known = list(values)
    if not known:
        return "empty"
    kind = next((name for name, form in KINDS if all(map(form.fullmatch, known))), "text")
    examples = list(dict.fromkeys(value[:40] for value in known))[:4]
    return f"{kind}, such as {', '.join(examples)}"


LOADERS = {
    (".csv", ".tsv", ".tab"): separated,
}
"""What each reads, by the endings of files."""
