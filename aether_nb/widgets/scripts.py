"""The panel's scripts: plain modules in ``static``, of which some travel with the widget and some when they are needed.

anywidget imports one text, so the modules of the first paint are put one after the other: their imports of each other
and their comments are left out, nothing else is changed. The parts that only some panels need import nothing, and are
sent when a view asks for them by name. This module knows neither widgets nor runs.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["FIRST", "PARTS", "first_paint", "part"]

STATIC = Path(__file__).parent / "static"

FIRST = ("elements", "cards", "head", "attention", "panel")
"""The modules of the first paint, each behind those that it imports."""

PARTS = ("answer", "asking", "dropping", "editing", "gauge", "grants", "planning")
"""The modules that come when they are needed."""

_COMMENT = re.compile(r"/\*\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.mjs";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_BLANK = re.compile(r"\n\s*")


@cache
def first_paint() -> str:
    """What is needed to paint a run, as the text of one module."""
    joined = "\n".join(_read(name) for name in FIRST)
    return _bare(_EXPORT.sub("", _IMPORT.sub("", joined)))


@cache
def part(name: str) -> str:
    """The text of a part; empty when there is none of that name."""
    return _bare(_read(name)) if name in PARTS else ""


def _read(name: str) -> str:
    return (STATIC / f"{name}.mjs").read_text(encoding="utf-8")


def _bare(script: str) -> str:
    """Without comments and the blanks before a line."""
    return _BLANK.sub("\n", _COMMENT.sub("", script)).strip() + "\n"
