"""Cutting a text into pieces that are found as a whole: prose at its headings, code at its definitions.

A piece has at most 2,000 characters and no overlap; what tells where it belongs (``path > heading``, ``path ::
Class.method``) stands in front of it where it is indexed, which finds more than any overlap. Pure functions of text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from aether_nb.knowledge.material import Chunk

__all__ = ["LIMIT", "markdown", "plain", "python", "restructured", "split"]

LIMIT = 2000
"""Characters of a piece."""

HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
UNDERLINE = re.compile(r"(=+|-+)\s*$")
ADORNED = re.compile(r"([!-/:-@\[-`{-~])\1+\s*$")
"""What stands below a title of reStructuredText, and sometimes above it, too: one sign, again and again."""
FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
OPENED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.If, ast.With, ast.For, ast.Try, ast.While)
"""What is looked into when it is too long for one piece."""

Heading: TypeAlias = tuple[int, str]
"""The level of a heading, and what it says."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that belong together, and what they belong to."""

    text: str
    start: int
    end: int
    scope: str = ""


def plain(name: str, text: str) -> tuple[Chunk, ...]:
    """Chunks of a text without structure: whole paragraphs where they fit, else whole lines."""
    return _chunks(name, " > ", split(text))


def markdown(name: str, text: str) -> tuple[Chunk, ...]:
    """Chunks of a Markdown text, cut at its headings; the scope is the headings above."""
    lines = text.splitlines()
    return _under_headings(name, lines, _markdown_headings(lines))


def restructured(name: str, text: str) -> tuple[Chunk, ...]:
    """Chunks of reStructuredText, cut at its titles; the scope is the titles above."""
    lines = text.splitlines()
    return _under_headings(name, lines, _titles(lines))


def python(name: str, text: str) -> tuple[Chunk, ...]:
    """Chunks of Python code, cut at its definitions; code that does not parse is cut as a text."""
    try:
        with warnings.catch_warnings():  # about what the code says, which is not ours to mend
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return plain(name, text)
    lines = text.splitlines()
    return _chunks(name, " :: ", _joined(list(_definitions(tree.body, lines, 1, len(lines), "")), _both))


def split(text: str, first: int = 1, limit: int = LIMIT) -> list[Piece]:
    """A text as pieces of whole lines of at most ``limit`` characters, ended at an empty line where one is near.

    Args:
        text: The text.
        first: The number of its first line.
        limit: Characters of a piece; a line that is longer is cut at a space.
    """
    pieces: list[Piece] = []
    kept: list[tuple[int, str]] = []
    size = 0
    for number, line in _short(text.splitlines(), first, limit):
        if kept and size + len(line) > limit:
            at = _break(kept, limit)
            pieces.append(_piece(kept[:at]))
            kept = kept[at:]
            size = sum(len(kept_line) + 1 for _, kept_line in kept)
        kept.append((number, line))
        size += len(line) + 1
    if kept:
        pieces.append(_piece(kept))
    return [piece for piece in pieces if piece.text.strip()]


def _short(lines: Sequence[str], first: int, limit: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, first):
        at = 0
        while len(line) - at > limit:
            end = line.rfind(" ", at + limit // 2, at + limit) + 1 or at + limit
            yield number, line[at:end]
            at = end
        yield number, line[at:]


def _break(kept: Sequence[tuple[int, str]], limit: int) -> int:
    """After which line a piece is best ended: at the last empty one in its second half, else at its end."""
    size, best = 0, len(kept)
    for at, (_, line) in enumerate(kept, 1):
        size += len(line) + 1
        if not line.strip() and size > limit // 2:
            best = at
    return best


def _piece(kept: Sequence[tuple[int, str]]) -> Piece:
    """The piece of some lines, without the empty ones around it."""
    low, high = 0, len(kept)
    while low < high - 1 and not kept[low][1].strip():
        low += 1
    while high > low + 1 and not kept[high - 1][1].strip():
        high -= 1
    kept = kept[low:high]
    return Piece("\n".join(line for _, line in kept), kept[0][0], kept[-1][0])


def _under_headings(name: str, lines: Sequence[str], headings: Mapping[int, Heading]) -> tuple[Chunk, ...]:
    pieces = []
    for scope, first, section in _sections(lines, headings):
        pieces += [replace(piece, scope=" > ".join(scope)) for piece in split("\n".join(section), first)]
    return _chunks(name, " > ", _joined(pieces, _common))


def _sections(
    lines: Sequence[str], headings: Mapping[int, Heading]
) -> Iterator[tuple[tuple[str, ...], int, list[str]]]:
    """The sections of a text: the headings above, the number of the first line, the lines."""
    above: list[Heading] = []
    start, section = 1, list[str]()
    for number, line in enumerate(lines, 1):
        if heading := headings.get(number):
            if any(map(str.strip, section)):
                yield tuple(title for _, title in above), start, section
            above = [(level, title) for level, title in above if level < heading[0]] + [heading]
            start, section = number, []
        section.append(line)
    yield tuple(title for _, title in above), start, section


def _markdown_headings(lines: Sequence[str]) -> dict[int, Heading]:
    """The headings of a Markdown text, by their lines; what stands in a fence or a front matter is none."""
    found: dict[int, Heading] = {}
    fence = "---" if lines and lines[0] == "---" and "---" in lines[1:] else ""
    for number, line in enumerate(lines, 1):
        if fence == "---":
            fence = "" if line == "---" and number > 1 else fence
        elif mark := FENCE.match(line):
            signs = mark[1]
            fence = signs if not fence else ("" if signs[0] == fence[0] and len(signs) >= len(fence) else fence)
        if not fence and line != "---" and (heading := _heading(lines, number)):
            found[number] = heading
    return found


def _titles(lines: Sequence[str]) -> dict[int, Heading]:
    """The titles of reStructuredText, by the first of their lines: the style that comes first is the highest."""
    found: dict[int, Heading] = {}
    styles: list[tuple[str, bool]] = []
    for number, (title, below) in enumerate(pairwise(lines), 1):
        mark = ADORNED.match(below)
        if mark is None or not title.strip() or ADORNED.match(title) or len(below) < min(len(title.rstrip()), 4):
            continue
        framed = number > 1 and lines[number - 2].rstrip() == below.rstrip()
        if framed or not title[0].isspace():
            style = (mark[1], framed)
            if style not in styles:
                styles.append(style)
            found[number - framed] = styles.index(style), title.strip()
    return found


def _heading(lines: Sequence[str], number: int) -> Heading | None:
    """The level and the title when the line of this number is a heading."""
    line = lines[number - 1]
    if found := HEADING.match(line):
        return len(found[1]), found[2]
    below = UNDERLINE.match(lines[number]) if number < len(lines) else None
    if below and len(below[1]) > 1 and line.strip() and not line.startswith((" ", "\t", "-", "|", ">", "*")):
        return 1 if below[1][0] == "=" else 2, line.strip()
    return None


def _definitions(nodes: Sequence[ast.stmt], lines: Sequence[str], first: int, last: int, scope: str) -> Iterator[Piece]:
    """The pieces of the lines ``first`` to ``last``, which hold these statements."""
    starts = [max(first, _begins(node, lines)) for node in nodes]
    if not starts or starts[0] > first:
        end = starts[0] - 1 if starts else last
        yield from _cut(lines, first, end, scope)
    for place, (node, start) in enumerate(zip(nodes, starts, strict=True)):
        end = starts[place + 1] - 1 if place + 1 < len(starts) else last
        name = getattr(node, "name", "")
        inner = f"{scope}.{name}" if scope and name else name or scope
        if end < start:
            continue  # two statements on one line: it went with the first
        long = sum(len(line) + 1 for line in lines[start - 1 : end]) > LIMIT
        if long and isinstance(node, OPENED):
            yield from _definitions(_inside(node), lines, start, end, inner)
        else:
            yield from _cut(lines, start, end, inner)


def _cut(lines: Sequence[str], first: int, last: int, scope: str) -> Iterator[Piece]:
    for piece in split("\n".join(lines[first - 1 : last]), first):
        yield replace(piece, scope=scope)


def _begins(node: ast.stmt, lines: Sequence[str]) -> int:
    """The first line of a statement: its decorators and the comment right above belong to it."""
    start: int = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    while start > 1 and lines[start - 2].lstrip().startswith("#"):
        start -= 1
    return start


def _inside(node: ast.stmt) -> list[ast.stmt]:
    """The statements inside a statement, in their order."""
    parts: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        parts += getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        parts += handler.body
    return sorted(parts, key=lambda part: part.lineno)


def _joined(pieces: Sequence[Piece], scope: Callable[[str, str], str]) -> list[Piece]:
    """Small neighbours put together, as long as they are at most half a piece."""
    done: list[Piece] = []
    for piece in pieces:
        before = done[-1] if done else None
        if before and len(before.text) + len(piece.text) < LIMIT // 2:
            gap = "\n" * max(1, piece.start - before.end)
            text = f"{before.text}{gap}{piece.text}"
            done[-1] = Piece(text, before.start, piece.end, scope(before.scope, piece.scope))
        else:
            done.append(piece)
    return done


def _common(one: str, other: str) -> str:
    """The headings that stand above both."""
    if not one:
        return other
    shared = []
    for mine, theirs in zip(one.split(" > "), other.split(" > "), strict=False):
        if mine != theirs:
            break
        shared.append(mine)
    return " > ".join(shared)


def _both(one: str, other: str) -> str:
    """The names of both, as long as that is no list."""
    if not one or not other or other in one.split(", "):
        return one or other
    return f"{one}, {other}" if len(one) + len(other) < 80 else one


def _chunks(name: str, mark: str, pieces: Iterable[Piece]) -> tuple[Chunk, ...]:
    return tuple(
        Chunk(piece.text, f"{name}{mark}{piece.scope}" if piece.scope else name, piece.scope, piece.start, piece.end)
        for piece in pieces
    )
