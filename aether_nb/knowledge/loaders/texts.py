"""Texts: Markdown, reStructuredText, Python, other code, settings, plain prose, JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Loaded

__all__ = ["LOADERS", "markdown"]

PROSE = (".txt", ".text", ".tex", ".adoc", ".org", ".log", ".bib")
CODE = tuple(
    ".c .cc .cpp .cs .css .cu .cuh .dart .do .f90 .go .h .hpp .java .jl .js .jsx .kt .lua .m .mjs .php .pl .pyi .pyx "
    ".r .rb .rs .sas .scala .scss .sh .sql .swift .ts .tsx .vue .zsh .bash .bat .ps1 .proto .graphql".split()
)
SETTINGS = (".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".xml")
WHOLE_JSON = 20_000
"""Characters of JSON that are kept as they are; of more, what it is made of is kept, and how it begins."""


def markdown(source: Source) -> Loaded:
    """Markdown, by its headings."""
    text = source.text()
    found = re.search(r"^#\s+(.+?)\s*#*$", text, re.MULTILINE)
    return Loaded("markdown", chunks.markdown(source.name, text), found[1] if found else "")


def restructured(source: Source) -> Loaded:
    """reStructuredText, by its titles."""
    made = chunks.restructured(source.name, source.text())
    return Loaded("text", made, next((chunk.scope.split(" > ")[0] for chunk in made if chunk.scope), ""))


def python(source: Source) -> Loaded:
    """Python, by its definitions."""
    return Loaded("python", chunks.python(source.name, source.text()))


def prose(source: Source) -> Loaded:
    """A plain text, by its paragraphs."""
    return Loaded("text", chunks.plain(source.name, source.text()))


def code(source: Source) -> Loaded:
    """Code in another language, by its empty lines."""
    return Loaded("code", chunks.plain(source.name, source.text()))


def settings(source: Source) -> Loaded:
    """A file of settings, as a text."""
    return Loaded("settings", chunks.plain(source.name, source.text()))


def json_text(source: Source) -> Loaded:
    """JSON: as it stands when it is short, else what it is made of and how it begins."""
    text = source.text()
    if len(text) <= WHOLE_JSON:
        return Loaded("json", chunks.plain(source.name, text))
    shape = "\n".join(_shape(json.loads(text)))
    return Loaded("json", chunks.plain(source.name, f"{shape}\n\nIt begins:\n{text[: chunks.LIMIT]}"))


def json_lines(source: Source) -> Loaded:
    """Rows of JSON: what they are made of, and the first ones."""
    head = source.decoded(source.head(100_000)).splitlines()
    rows = [line for line in head if line.strip()][:5]
    shape = "\n".join(_shape([json.loads(rows[0])])) if rows else ""
    return Loaded("json", chunks.plain(source.name, "\n".join([shape, "", "It begins:", *rows])))


def _shape(value: Any, place: str = "$", depth: int = 0) -> list[str]:
    """What a JSON value is made of, a line for each place in it, four deep."""
    if isinstance(value, dict) and depth < 4:
        lines = [f"{place}: {len(value)} keys"]
        for key, inner in list(value.items())[:50]:
            lines += _shape(inner, f"{place}.{key}", depth + 1)
        return lines
    if isinstance(value, list) and depth < 4:
        return [f"{place}: {len(value)} items", *(_shape(value[0], f"{place}[]", depth + 1) if value else [])]
    return [f"{place}: {type(value).__name__}, such as {str(value)[:60]}"]


LOADERS = {
    (".md", ".markdown", ".mdx", ".qmd", ".rmd"): markdown,
    (".rst", ".rest"): restructured,
    (".py", ".pyw"): python,
    PROSE: prose,
    CODE: code,
    SETTINGS: settings,
    (".json", ".geojson"): json_text,
    (".jsonl", ".ndjson"): json_lines,
}
"""What each reads, by the endings of files."""
