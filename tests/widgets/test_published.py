"""The answer below the cell: whatever a model writes, nothing is fetched and no tag is drawn."""

from __future__ import annotations

import pytest

from aether_nb.widgets.published import publishable


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("The mean is **5**.", "The mean is **5**."),
        ("![pic](http://x.example/y.png?d=1)", "[pic](http://x.example/y.png?d=1)"),
        ("![pic][ref]\n\n[ref]: http://x.example/y.png", "[pic][ref]\n\n[ref]: http://x.example/y.png"),
        ('a <img src="http://x.example/y.png"> b', 'a <\u200bimg src="http://x.example/y.png"> b'),
        ("</style><!-- x -->", "<\u200b/style><\u200b!-- x -->"),
        ("1 < 2 and a<3", "1 < 2 and a<3"),
        ("```html\n<b>![x](y)</b>\n```\nafter <b>", "```html\n<b>![x](y)</b>\n```\nafter <\u200bb>"),
        ("``` open\n<img src=x>", "``` open\n<\u200bimg src=x>"),
        ("` ![x](http://e)", "` [x](http://e)"),
    ],
)
def test_pictures_become_links_and_tags_become_text(written: str, published: str) -> None:
    """Outside of closed code fences no picture and no tag is left; everything else stays to the letter."""
    assert publishable(written) == published
