"""What a model says, shown while it says it: pieces that come together are one event.

One read from the network may bring hundreds of pieces. The first that comes after a while is shown at once, those
close behind it as soon as the model has to wait for more: the event loop turns only then. So whoever watches pays once
a read, not once a piece, and nobody waits for anything but the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from aether_nb.events.kinds import CallDelta, Event, TextDelta, ThinkingDelta

__all__ = ["Saying"]

CLOSE = 0.0005
"""Seconds. No person, and no panel, sees pieces that are closer together one after the other."""

Piece: TypeAlias = type[TextDelta] | type[ThinkingDelta] | type[CallDelta]


class Saying:
    """The pieces of one answer, in their order; all are shown when the block is left.

    Args:
        show: Shows an event.
    """

    def __init__(self, show: Callable[[Event], None]) -> None:
        self._show, self._loop = show, asyncio.get_running_loop()
        self._kind: Piece = TextDelta
        self._gathered: list[str] = []
        self._last = 0.0

    def __enter__(self) -> Saying:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()

    def say(self, kind: Piece, text: str) -> None:
        """Take a piece."""
        if self._gathered:
            if kind is not self._kind:
                self._flush()
        elif (now := self._loop.time()) - self._last < CLOSE:
            self._loop.call_soon(self._flush)
        else:
            self._last = now
            self._show(kind(text))
            return
        self._kind = kind
        self._gathered.append(text)

    def tell(self, event: Event) -> None:
        """Show something else, behind all that was said."""
        self._flush()
        self._show(event)

    def _flush(self) -> None:
        if self._gathered:
            text = "".join(self._gathered)
            self._gathered.clear()
            self._show(self._kind(text))
