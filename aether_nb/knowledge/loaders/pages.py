"""Pages of the web: the words of what is to be read, with their headings; no menus, scripts and styles."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Loaded

__all__ = ["LOADERS", "page", "readable", "whole"]

UNSEEN = frozenset("script style noscript svg template iframe canvas".split())
AROUND = frozenset("nav footer aside form button select".split())
"""What stands around the words that a page is there for."""
BLOCKS = AROUND | frozenset(
    "address article blockquote body br caption dd details dialog div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 "
    "h6 header hgroup hr legend li main menu ol optgroup option p pre search section summary table tbody textarea "
    "tfoot thead tr ul".split()
)
LINES = frozenset("dd dt li option tr".split())
"""Blocks that follow upon each other without an empty line."""
HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
MAIN = ("main", "article")
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
BLANKS = re.compile(r"\s+")
ENOUGH = 200
"""Characters that a page's main part has to have, to be taken for the page."""


def page(source: Source) -> Loaded:
    """A page, by its headings. Lines of the page as it is read are no lines of the file, so none are named."""
    title, text = readable(source.text())
    cut = chunks.markdown(source.name, text)
    return Loaded("html", tuple(replace(chunk, start=0, end=0) for chunk in cut), title)


def readable(html: str) -> tuple[str, str]:
    """The title of a page and the words of its main part, headings marked as in Markdown."""
    reader = _read(html, UNSEEN | AROUND)
    main = "".join(reader.main)
    return reader.title.strip(), _tidied(main if len(main.strip()) >= ENOUGH else "".join(reader.all))


def whole(html: str) -> tuple[str, str]:
    """The title of a page and all its words, menus and forms included, headings marked as in Markdown."""
    reader = _read(html, UNSEEN)
    return reader.title.strip(), _tidied("".join(reader.all))


def _read(html: str, left_out: frozenset[str]) -> _Reader:
    reader = _Reader(left_out)
    reader.feed(html)
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects the words of a page, but for those of some elements; what stands apart on it stays apart."""

    def __init__(self, left_out: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._unread = left_out
        self.all: list[str] = []
        self.main: list[str] = []
        self.title = ""
        self._left_out: list[str] = []
        self._open = {"title": 0, "pre": 0, "head": 0, "main": 0}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag in self._unread:
            self._left_out.append(tag)
        elif tag in MAIN:
            self._open["main"] += 1
        elif tag in self._open and not self._left_out:
            self._open[tag] += 1
        if tag == "body" or tag in BLOCKS:  # also where nobody closed the head
            self._open["head"] = 0
        if tag in HEADINGS:
            self._add(f"\n\n{HEADINGS[tag]} ")
        elif tag == "pre":
            self._add("\n\n```\n")  # a comment in code is no heading
        elif tag in LINES:
            self._add(("" if self._at_start() else "\n") + ("- " if tag == "li" else ""))
        elif tag in BLOCKS:
            self._add("\n\n" if tag in ("p", "table") else "\n")
        elif tag in ("td", "th"):
            self._add(" | ")

    def handle_endtag(self, tag: str) -> None:
        """An element ends; one that was never closed inside of it ends with it."""
        if tag in self._left_out:
            del self._left_out[self._left_out.index(tag) :]
        name = "main" if tag in MAIN else tag
        if self._open.get(name):
            self._open[name] -= 1
        if tag in BLOCKS and tag not in VOID:
            self._add("\n```\n" if tag == "pre" else "\n")

    def handle_data(self, data: str) -> None:
        """Words."""
        if self._open["title"]:
            self.title += data
        elif self._open["pre"]:
            self._add(data)
        elif data.strip() or not self._at_start():
            self._add(BLANKS.sub(" ", data))

    def _at_start(self) -> bool:
        """Whether a line has just begun."""
        return bool(self.all) and self.all[-1].endswith("\n")

    def _add(self, text: str) -> None:
        if not text or self._left_out or self._open["head"]:
            return
        self.all.append(text)
        if self._open["main"]:
            self.main.append(text)


def _tidied(text: str) -> str:
    """Lines without blanks at their ends, and no two empty ones in a row."""
    lines: list[str] = []
    for line in text.splitlines():
        line = line.rstrip()
        if line.strip() or (lines and lines[-1].strip()):
            lines.append(line.lstrip() if line.lstrip().startswith(("#", "|")) else line)
    return "\n".join(lines).strip()


LOADERS = {
    (".html", ".htm", ".xhtml"): page,
}
"""What each reads, by the endings of files."""
