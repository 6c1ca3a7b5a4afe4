"""What was found, told: with places that can be opened, as data of its kind."""

from __future__ import annotations

import pytest

from aether_nb.events.kinds import Recalled
from aether_nb.knowledge.telling import link, shown


@pytest.mark.parametrize(("source", "place", "address"), [
    (Recalled("docs/a b.md", start=3, end=9), "docs/a b.md:3-9", "docs/a%20b.md#L3"),
    (Recalled("paper.pdf", unit="page", start=4, end=4), "paper.pdf, page 4", "paper.pdf#page=4"),
    (Recalled("first.ipynb", unit="cell", start=2, end=3), "first.ipynb, cell 2-3", "first.ipynb"),
    (Recalled("https://example.org/a?b=c d"), "https://example.org/a?b=c d", "https://example.org/a?b=c%20d"),
])  # fmt: skip
def test_a_source_has_a_place_and_a_link(source: Recalled, place: str, address: str) -> None:
    """Lines, pages and cells are named as people name them, and the link opens the place where there is one."""
    assert (source.place, link(source)) == (place, address)


def test_the_name_of_a_document_is_only_a_name() -> None:
    """A path with Markdown in it makes no link, no emphasis and no line of its own."""
    text = shown([Recalled("a](http://evil)[*b*\n# c.md", sha="ab" * 32, changed=True)])
    assert text.startswith(r"- [a\]\(http://evil\)\[\*b\*# c.md](a%5D%28http%3A//evil%29%5B%2Ab%2A%0A%23%20c.md)")
    assert text.endswith("`abababab` — changed since it was read")
    assert "\n" not in text
