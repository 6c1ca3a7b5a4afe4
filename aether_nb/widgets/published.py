"""An answer as it is published below its cell: Markdown that loads nothing and runs nothing by itself.

The front end draws it with a reader of its own, so nothing is parsed here: whatever could become a picture from
somewhere or a tag of HTML, in any reader, is made plain text. What stands in fenced code stays to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from aether_nb.widgets.veil import veiled_text
from aether_nb.widgets.wire import sound

__all__ = ["answer_bundle", "publishable"]

FENCE = re.compile(r"(^```[^\n`]*\n.*?^```[ \t]*$)", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r"!(?=\[)")
TAG = re.compile(r"<(?=[A-Za-z/!?])")

NOTHING = "\u200b"
"""A space without width: ``<`` before it begins no tag, and reads as it did."""


def answer_bundle(answer: str, keys: Collection[str] = ()) -> dict[str, str]:
    """The answer of a run as a MIME bundle, without keys and without half characters, which no kernel can send."""
    whole = veiled_text(str(sound(answer)), keys)
    return {"text/markdown": publishable(whole), "text/plain": whole}


def publishable(markdown: str) -> str:
    """The answer with pictures made links, and tags made text."""
    parts = FENCE.split(markdown)
    return "".join(part if n % 2 else TAG.sub(f"<{NOTHING}", PICTURE.sub("", part)) for n, part in enumerate(parts))
