"""Reading what a tool brought: tables from CSV, facts from printed lines.

The text comes from the user's data and is not trusted: it is parsed, never evaluated.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass

__all__ = ["Table", "facts", "has_figure", "number", "table"]

_SECTION = re.compile(r"^\[(stdout|stderr|value|figures|changed)\]", re.MULTILINE)

_REST = re.compile(r"… (?P<number>[\d,]+) more (?P<what>row|column)s?")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text cells. ``total`` is how many rows there are, of which ``rows`` may be the first ones only.

    ``hidden`` is how many columns were not shown.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    hidden: int = 0

    def column(self, at: int) -> list[str]:
        """The cells of one column."""
        return [row[at] for row in self.rows]

    def pairs(self) -> dict[str, str]:
        """The first two columns as a mapping: what a series of named figures is."""
        return {row[0]: row[1] for row in self.rows if len(row) > 1}


def _section(text: str, name: str) -> str:
    """What stands in a section of a result."""
    marks = list(_SECTION.finditer(text))
    for at, mark in enumerate(marks):
        if mark.group(1) == name:
            end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
            return text[mark.end() : end].strip("\n")
    return ""


def table(text: str) -> Table | None:
    """The frame or series in a result; None when it holds none. Lines that were cut off are left out."""
    section = _section(text, "value")
    head, _, body = section.partition("\n")
    if "as CSV" not in head or not body.strip():
        return None
    lines = body.rstrip("\n").split("\n")
    hidden = {"row": 0, "column": 0}
    while len(lines) > 1 and (rest := _REST.fullmatch(lines[-1])):
        hidden[rest["what"]] = int(rest["number"].replace(",", ""))
        lines.pop()
    rows = [tuple(row) for row in csv.reader(io.StringIO("\n".join(lines))) if row]
    whole = [row for row in rows[1:] if len(row) == len(rows[0])]
    return Table(rows[0], tuple(whole), len(whole) + hidden["row"], hidden["column"])


def facts(text: str) -> dict[str, str]:
    """Lines ``name: value`` that the code printed."""
    found = {}
    for line in _section(text, "stdout").splitlines():
        name, sign, value = line.partition(": ")
        if sign:
            found[name.strip()] = value.strip()
    return found


def has_figure(text: str) -> bool:
    """Whether a call drew something."""
    return bool(re.search(r"^\[figures\] [1-9]", text, re.MULTILINE))


def number(cell: str) -> float | None:
    """A cell as a number; None when it is none."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return None if math.isnan(value) else value
