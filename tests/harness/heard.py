"""A page as whoever hears it is told of it, and the inline styles in which the others see it."""

from __future__ import annotations

from html.parser import HTMLParser


class Reader(HTMLParser):
    """What whoever hears a page is told: the texts that are not hidden, labels in the place of signs; and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.headings: list[int] = []
        self.styles: set[tuple[str, bool]] = set()
        self._open: list[tuple[bool, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is told of an element."""
        known = dict(attrs)
        style, role = known.get("style") or "", known.get("role")
        silent, well = self._open[-1] if self._open else (False, False)
        if role == "img" and not silent:
            self.heard.append(known["aria-label"] or "")
        if role == "heading":
            self.headings.append(int(known["aria-level"] or 0))
        well = well or "background-color:rgba(128,128,128,0.1)" in style
        self.styles.add((style, well))
        if tag != "br":
            self._open.append((silent or role == "img" or known.get("aria-hidden") == "true", well))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if not self._open[-1][0] and data.strip():
            self.heard.append(" ".join(data.split()))
