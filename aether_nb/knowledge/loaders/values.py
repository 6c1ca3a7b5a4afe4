"""Values that live in a notebook: texts, lists of texts, data dictionaries, and frames row by row.

A frame is known by what it can do, so that no library is imported for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from aether_nb.errors import SourceUnreadable
from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders.tabular import dictionary_chunks
from aether_nb.knowledge.material import Chunk, Loaded

__all__ = ["fingerprint", "value"]

MISSING = ("None", "nan", "NaN", "<NA>", "NaT")
"""How libraries write that a value is not there."""
MOST_ROWS = 100_000
"""Rows of a frame that are kept; each is found by itself."""


def value(name: str, thing: Any, hides: Callable[[str], bool], template: str = "") -> Loaded:
    """What a variable says.

    Args:
        name: The variable.
        thing: A text; a list of texts; a dict of names and their meanings; a frame.
        hides: Whether no value of a column may be kept.
        template: How a row of a frame reads, with its columns in braces; ``column: value`` for all when left out.

    Raises:
        SourceUnreadable: It is something else, it is empty, or the template names no column.
    """
    if isinstance(thing, str):
        made = chunks.markdown(name, thing)
        return _full(name, Loaded("text", made))
    if hasattr(thing, "columns") and hasattr(thing, "shape"):
        return _full(name, Loaded("frame", tuple(_rows(name, thing, hides, template))))
    if isinstance(thing, Mapping) and all(isinstance(text, str) for pair in thing.items() for text in pair):
        return _full(name, Loaded("dictionary", tuple(dictionary_chunks(name, thing.items()))))
    if isinstance(thing, list | tuple) and all(isinstance(text, str) for text in thing):
        return _full(name, Loaded("texts", tuple(_texts(name, thing))))
    raise SourceUnreadable(
        f"{name} is a {type(thing).__name__}.",
        "Texts, lists of texts, dicts of names and meanings, and frames can be added.",
    )


def fingerprint(loaded: Loaded) -> str:
    """SHA-256 of what was made of a value, which has no bytes of its own."""
    digest = hashlib.sha256()
    for chunk in loaded.chunks:
        digest.update(chunk.search_text.encode("utf-8", "replace") + b"\0")
    return digest.hexdigest()


def _full(name: str, loaded: Loaded) -> Loaded:
    if not loaded.chunks:
        raise SourceUnreadable(f"{name} is empty.")
    return loaded


def _texts(name: str, texts: Iterable[str]) -> Iterator[Chunk]:
    for number, text in enumerate(texts, 1):
        for piece in chunks.split(text):
            yield Chunk(piece.text, name, f"item {number}", number, number, "row")


def _rows(name: str, frame: Any, hides: Callable[[str], bool], template: str) -> Iterator[Chunk]:
    """A chunk for each row of a frame."""
    count = int(frame.shape[0])
    if count > MOST_ROWS:
        raise SourceUnreadable(
            f"{name} has {count:,} rows.",
            f"Up to {MOST_ROWS:,} are kept, each to be found by itself.",
            f"Add a part of it, or ask about it: %%aether describes {name} without keeping it.",
        )
    shown = [str(column) for column in frame.columns if not hides(str(column)) and not hides(f"{name}.{column}")]
    for number, row in enumerate(islice(_records(frame), MOST_ROWS), 1):
        values = {column: text for column in shown if (text := str(row.get(column))) not in MISSING}
        text = _filled(name, template, values) if template else "\n".join(f"{key}: {at}" for key, at in values.items())
        for piece in chunks.split(text):
            yield Chunk(piece.text, name, f"row {number}", number, number, "row")


def _records(frame: Any) -> Iterator[dict[str, Any]]:
    """The rows of a frame of pandas or polars, or of anything with ``to_dict('records')``."""
    if hasattr(frame, "iter_rows"):
        yield from frame.iter_rows(named=True)
        return
    names = [str(column) for column in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        yield dict(zip(names, row, strict=True))


def _filled(name: str, template: str, values: Mapping[str, str]) -> str:
    """A row as the template says it. Plain replacement: a template opens no attribute of a value."""
    import re

    def put(found: re.Match[str]) -> str:
        if found[1] not in values:
            near = ", ".join(sorted(values)[:10])
            raise SourceUnreadable(f"The template names {found[1]!r}, which is no column of {name}.", f"It has: {near}")
        return values[found[1]]

    return re.sub(r"\{([^{}]+)\}", put, template)
