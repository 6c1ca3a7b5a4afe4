"""A profile of a whole frame by the tool that makes one: it reads a big frame in part, and no code is written for it.

The tool's text has a line for each column; what is not read in it is left out. Where the tool is not offered, where
rows are chosen first, or where the table is to be drawn or written, ``intents.overview`` writes code instead.
"""

from __future__ import annotations

import json
import re

from aether_nb.models.analyst.desk import Desk, NotDone
from aether_nb.models.analyst.phrasing import figure, listed, markdown_table, plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import Table
from aether_nb.models.analyst.script import Action, Script

__all__ = ["TOOL", "profile_by_tool", "told_by_tool"]

TOOL = "profile_table"

_SIZE = re.compile(r"([\d,]+) rows? × ([\d,]+) columns?(?:; (the figures come from [^~\n]*))?")
_COLUMN = re.compile(
    r"^- (?P<column>\"(?:[^\"\\\n]|\\.)*\"|[^:\n]+): (?P<type>[^,\n]+)"
    r"(?:, ~?(?P<missing>[\d.]+%) missing)?"
    r"(?:, ~?(?P<distinct>\d+) distinct)?"
    r"(?:, min / quartiles / max ~?(?P<marks>[^,\n]+))?"
    r"(?:, mean ~?(?P<mean>[^,\n]+))?"
    r"(?:, std [^,\n]+)?"
    r"(?:.*?, most frequent: (?P<top>.+? \([\d.]+%\)))?",
    re.MULTILINE,
)
_MORE = re.compile(r"^- … (\d+) more columns", re.MULTILINE)
_AFTERWARDS = re.compile(r"^(duplicate rows|correlations): (.+)$", re.MULTILINE)

HEADS = ("column", "type", "missing", "distinct", "mean", "min", "median", "max", "most frequent")

PAIRS = 3
"""So many of the strongest correlations are told."""


def told_by_tool(question: Question, desk: Desk) -> bool:
    """Whether the tool can tell what is asked: of all rows and columns, and nothing is to be made of the table."""
    chosen = question.columns or question.conditions or question.part or question.needs_name()
    return question.task == "profile" and not chosen and TOOL in desk.tools


def profile_by_tool(question: Question, desk: Desk) -> Script:
    """The frame's size, a line for each column, repeated rows, and which columns go together.

    Raises:
        NotDone: The call was denied or failed.
    """
    outcome = yield Action(TOOL, {"name": question.frame.name})
    size = _SIZE.search(outcome.text)
    if outcome.status != "done" or size is None:
        first = next(iter(outcome.text.strip().splitlines()), "")
        raise NotDone(f"Profile {question.frame.name}: not done. {plain(first.removeprefix('error:').strip())}")
    rows, columns = (figure(found.replace(",", "")) for found in size.group(1, 2))
    head = f"`{question.frame.name}` has **{rows} rows** and **{columns} columns**."
    if size[3]:
        head += f" {size[3][:1].upper()}{size[3][1:].strip(' ()')}."
    lines = [_cells(found) for found in _COLUMN.finditer(outcome.text) if not found["column"].startswith("…")]
    more = _MORE.search(outcome.text)
    found = Table(HEADS, tuple(lines), len(lines) + (int(more[1]) if more else 0))
    sections = [head, markdown_table(found, 2, mixed=True)] if lines else [head]
    return "\n\n".join([*sections, *_told_after(outcome.text)])


def _cells(found: re.Match[str]) -> tuple[str, ...]:
    """A column's line of the table."""
    marks = [mark.strip() for mark in (found["marks"] or "").split("/")]
    low, middle, high = (marks[0], marks[2], marks[4]) if len(marks) == 5 else ("", "", "")
    name = json.loads(found["column"]) if found["column"].startswith('"') else found["column"]
    missing = found["missing"] or ("0%" if found["distinct"] else "")
    told = (found["type"], missing, found["distinct"] or "", found["mean"] or "")
    return (name, *told, low, middle, high, found["top"] or "")


def _told_after(text: str) -> list[str]:
    """Repeated rows, and the columns that go together most."""
    told = {found[1]: found[2] for found in _AFTERWARDS.finditer(text)}
    said = [f"Repeated rows: {plain(told['duplicate rows'])}."] if "duplicate rows" in told else []
    if pairs := told.get("correlations", "").split("; ")[:PAIRS]:
        said += [f"Strongest correlations: {listed([plain(pair) for pair in pairs])}."] if pairs[0] else []
    return said
