"""What the panel's view has not been told yet, gathered until the next message.

It knows the touches of a fold and how much printed text is kept; neither messages nor widgets.
"""

from __future__ import annotations

from itertools import takewhile

from aether_nb.widgets.blocks import LIVE_KEPT, Block, Touch

__all__ = ["Pending", "added"]


class Pending:
    """What has changed since the last message: parts to be sent whole, and text to be appended to the others.

    ``anew`` are the cards whose printed text is replaced by its tail, because too much of it came at once. What is held
    here is bounded by that, however much a call prints before the next message.
    """

    def __init__(self) -> None:
        self.everything = False
        self.parts: set[str] = set()
        self.anew: set[str] = set()
        self.appends: dict[tuple[str, str], list[str]] = {}
        self._printed: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.everything or self.parts or self.anew or self.appends)

    def note(self, touch: Touch) -> None:
        """Note a change; a part that goes out whole takes its appended text along."""
        part = touch.part
        if self.everything or part in self.parts or (part in self.anew and touch.field):
            return
        if not touch.field:
            self.parts.add(part)
            self._forget(part)
        elif touch.field == "live" and not self._fits(touch):
            self._forget(part)
            self.anew.add(part)
        else:
            self.appends.setdefault((part, touch.field), []).append(touch.text)

    def _fits(self, touch: Touch) -> bool:
        """Whether printed text can be appended to what is appended already."""
        size = self._printed[touch.part] = self._printed.get(touch.part, 0) + len(touch.text.encode(errors="replace"))
        return bool(touch.text) and size <= LIVE_KEPT

    def _forget(self, part: str) -> None:
        self.anew.discard(part)
        self.appends = {key: texts for key, texts in self.appends.items() if key[0] != part}

    def pieces(self) -> list[dict[str, str]]:
        """The appended texts, one piece a field."""
        return [{"id": id, "field": field, "text": "".join(texts)} for (id, field), texts in self.appends.items()]


def added(told: list[str], blocks: dict[str, Block], parts: set[str]) -> list[str] | None:
    """The blocks that are new, when all others stand as they were told; None when one is gone or has moved.

    What is new or has moved stands at the end, so that only so much is looked at as has changed.

    Args:
        told: The blocks that the view has, in order.
        blocks: The blocks that there are.
        parts: What has changed: each block that is new, has moved or is gone, and others.
    """
    end = list(takewhile(parts.__contains__, reversed(blocks)))[::-1]
    new = len(blocks) - len(told)
    old = len(end) - new
    if new < 0 or old < 0 or end[:old] != told[len(told) - old :]:
        return None
    return end[old:]
