"""Reading an answer the way a person would: its sentences, its tables and the numbers in them.

It knows text only: no question, no truth, no frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Line", "Numeral", "Reading", "first_place", "fold", "mentions", "numerals", "read", "statements"]

_NUMERAL = re.compile(
    r"(?<![\w.])(?P<sign>(?<![\w)\]])[-−+])?"
    r"(?P<body>\d{1,3}(?:[,\u202f\u00a0'_]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<power>[eE][-+−]?\d+|\s?[×x]\s?10\^?[-−]?\d+)?"
    r"(?!(?:st|nd|rd|th)\b)"
    r"(?:\s?(?P<percent>%|percent\b|per cent\b)|\s?(?P<unit>k|K|thousand|M|million|bn|billion)\b)?"
)
_ISO_DATE = re.compile(r"\b\d{4}-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?)?\b")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_UNITS = {"k": 1e3, "K": 1e3, "thousand": 1e3, "M": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_MEASURES = {"mm", "cm", "g", "kg", "lbs", "in"}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as it was written. ``half`` is half a unit of its last digit; ``digits`` are the significant ones."""

    value: float
    half: float
    digits: int
    percent: bool
    start: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of prose, or a row of a table with the ``header`` of each of its cells."""

    text: str
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer taken apart: its prose, line by line, and its tables, row by row. Python code is left out."""

    prose: tuple[Line, ...]
    tables: tuple[tuple[Line, ...], ...]


def fold(text: str) -> str:
    """Text as names are compared: lower case, words apart, no underscores, hyphens, quotes or Markdown."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.sub(r"[\s_\-./()`*\"'’,:;|]+", " ", apart).casefold().strip()


def first_place(folded: str, name: str) -> int:
    """Where a folded text first speaks of ``name`` (its plural, or without its unit, too); -1 when it does not."""
    plain = fold(name)
    forms = [plain]
    words = plain.split()
    if len(words) > 1 and words[-1] in _MEASURES:
        forms.append(" ".join(words[:-1]))
    places = [found.start() for form in forms if (found := re.search(rf"(?<!\w){re.escape(form)}s?(?!\w)", folded))]
    return min(places, default=-1)


def mentions(text: str, name: str) -> bool:
    """Whether ``text`` speaks of ``name``; alternatives are parted by ``|``."""
    folded = fold(text)
    return any(first_place(folded, option) >= 0 for option in name.split("|"))


def numerals(text: str) -> list[Numeral]:
    """Every number in a piece of prose or in a cell; dates and ordinals are none."""
    plain = re.sub(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda found: "10^" + found[1].translate(_RAISED), text)
    plain = _ISO_DATE.sub(lambda found: " " * len(found[0]), plain.replace("*", " ").replace("`", " "))
    return [_numeral(found) for found in _NUMERAL.finditer(plain)]


def _numeral(found: re.Match[str]) -> Numeral:
    body = re.sub(r"[,\u202f\u00a0'_]", "", found["body"])
    power = re.sub(r"^\s?[×x]\s?10\^?|^[eE]", "", found["power"] or "0").replace("−", "-")
    scale = 10.0 ** int(power) * _UNITS.get(found["unit"] or "", 1.0)
    decimals = len(body.partition(".")[2])
    sign = -1.0 if found["sign"] in ("-", "−") else 1.0
    digits = len(body.replace(".", "").lstrip("0"))
    return Numeral(
        sign * float(body) * scale, 0.5 * 10.0**-decimals * scale, digits, bool(found["percent"]), found.start()
    )


def read(answer: str) -> Reading:
    """Take an answer apart."""
    prose: list[Line] = []
    tables: list[tuple[Line, ...]] = []
    for kind, lines in _blocks(answer):
        if kind == "prose":
            prose.extend(Line(line.strip()) for line in lines)
        elif rows := _rows(lines):
            tables.append(rows)
    return Reading(tuple(prose), tuple(tables))


def statements(line: Line) -> Iterator[tuple[str, list[Numeral]]]:
    """What a line says: for prose the whole line, for a row each cell together with its row and its header."""
    if not line.cells:
        yield line.text, numerals(line.text)
        return
    for cell, head in zip(line.cells, line.header, strict=True):
        others = (other for other in line.cells if other is not cell)
        yield " | ".join((head, cell, *others)), numerals(cell)


def _blocks(answer: str) -> Iterator[tuple[str, list[str]]]:
    """Runs of lines that belong together, each called prose or table."""
    fence: str | None = None
    kind, block = "prose", list[str]()
    for line in answer.splitlines():
        opening = re.match(r"\s*(?:```|~~~)\s*(\w*)", line)
        if opening:
            if fence != "python":
                yield kind, block
            fence = None if fence is not None else ("python" if opening[1] in ("python", "py") else "data")
            kind, block = ("prose" if fence is None else "table"), []
            continue
        sort = kind if fence is not None else ("table" if line.strip().startswith("|") else "prose")
        if sort != kind:
            yield kind, block
            kind, block = sort, []
        if line.strip():
            block.append(line)
    if fence != "python":
        yield kind, block


def _rows(lines: list[str]) -> tuple[Line, ...]:
    """The rows of a table in Markdown, as CSV or in columns of spaces; the first line is its header."""
    grid = [_cells(line) for line in lines if re.search(r"[^\s|:\-+=]", line)]
    if not grid:
        return ()
    if len(grid) == 1:
        return (Line(" | ".join(grid[0]), tuple(grid[0]), ("",) * len(grid[0])),)
    rows = []
    for cells in grid[1:]:
        lacking = len(cells) - len(grid[0])
        header = [""] * lacking + grid[0] if 0 <= lacking <= 1 else [" ".join(grid[0])] * len(cells)
        rows.append(Line(" | ".join(cells), tuple(cells), tuple(header)))
    return tuple(rows)


def _cells(line: str) -> list[str]:
    """The cells of one line of a table."""
    text = line.strip()
    if text.startswith("|"):
        return [cell.strip() for cell in text.strip("|").split("|")]
    if "," in text:
        return [cell.strip().strip('"') for cell in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", text)]
    return [cell.strip() for cell in re.split(r"\s{2,}|\t", text)]
