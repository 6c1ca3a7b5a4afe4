"""Pages of the web: the words of what is to be read, with their headings; no menus, scripts and styles."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from aether_nb.knowledge import chunks
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Loaded

__all__ = ["LOADERS", "page", "readable"]

LEFT_OUT = frozenset("script style nav noscript svg template footer aside form button select iframe canvas".split())
BLOCKS = frozenset(
    "address article blockquote br dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 header hr li main ol p pre section "
    "table tr ul".split()
)
HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
MAIN = ("main", "article")
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
ENOUGH = 200
"""Characters that a page's main part has to have, to be taken for the page."""


def page(source: Source) -> Loaded:
    """A page, by its headings. Lines of the page as it is read are no lines of the file, so none are named."""
    title, text = readable(source.text())
    cut = chunks.markdown(source.name, text)
    return Loaded("html", tuple(replace(chunk, start=0, end=0) for chunk in cut), title)


def readable(html: str) -> tuple[str, str]:
    """The title of a page and the words of its main part, headings marked as in Markdown."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    main = "".join(reader.main)
    return reader.title.strip(), _tidied(main if len(main.strip()) >= ENOUGH else "".join(reader.all))


class _Reader(HTMLParser):
    """Collects the words of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.all: list[str] = []
        self.main: list[str] = []
        self.title = ""
        self._left_out: list[str] = []
        self._open = {"title": 0, "pre": 0, "head": 0, "main": 0}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag in LEFT_OUT:
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
        elif tag in BLOCKS:
            self._add("\n\n" if tag in ("p", "table") else "\n- " if tag == "li" else "\n")
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
        else:
            self._add(data if self._open["pre"] else " ".join(data.split("\n")))

    def _add(self, text: str) -> None:
        if self._left_out or self._open["head"]:
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
