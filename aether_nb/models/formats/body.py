"""The body of an answer: a stream of events, or one JSON object where the server does not stream.

Bytes go in wherever the network cut them; deltas come out, one for each piece. Which of the two it is, is told by its
first character: headers are no help, servers get them wrong. What the JSON says is the business of the format's
``Assembly``. Nothing here does I/O.
"""

from __future__ import annotations

import contextlib
import json
from typing import Protocol

from aether_nb.errors import ModelUnavailable
from aether_nb.models.base import NOTHING, Delta, Reply
from aether_nb.models.endpoints.endpoint import Endpoint, broken_off, too_large, unreadable
from aether_nb.models.formats.calls import SHALLOW, is_json, is_too_deep
from aether_nb.models.formats.sse import LARGEST, EventDecoder

__all__ = ["Assembly", "Body"]

MOST = 64 * 1024 * 1024
"""How many bytes a stream may have in all. No answer is as long; a server that has lost its mind is."""

SHOWN = 400
"""How many bytes of what is no answer are shown."""

MARK = "[DONE]"
"""What chat-completions servers say last."""

DECODE = json.JSONDecoder().raw_decode
"""What ``json.loads`` comes to, without its looking at the white space around."""


class Assembly(Protocol):
    """A reply of one format, put together from its pieces: each an event of a stream, or all of it."""

    done: bool
    """Whether nothing more will come."""

    @property
    def finished(self) -> bool:
        """Whether the message is whole, whatever becomes of the connection."""

    def add(self, piece: object) -> None:
        """Take a piece.

        Raises:
            ModelUnavailable: It reports an error, or it is none.
        """

    def taken(self) -> Delta:
        """All that is new since the last time, as one delta."""

    def close(self) -> None:
        """Take that no more will come."""

    def reply(self) -> Reply:
        """The whole reply.

        Raises:
            ModelUnavailable: What came makes no reply.
        """


class Body:
    """A ``Decoder`` for any format.

    Args:
        endpoint: Who is asked.
        assembly: Puts the reply together.
        marked: A stream ends with ``[DONE]``, and an object needs no sign that it is whole. Else the mark is one of
            another format and is passed over, and the assembly knows when it is done.
    """

    def __init__(self, endpoint: Endpoint, assembly: Assembly, *, marked: bool) -> None:
        self.done = False
        """Whether the server said that nothing more will come."""
        self._endpoint, self._assembly, self._marked = endpoint, assembly, marked
        self._events = EventDecoder()
        self._begin = b""
        self._plain: bytearray | None = None
        self._count = self._size = 0

    @property
    def finished(self) -> bool:
        """The message is whole, whatever becomes of the connection."""
        return self._assembly.finished

    def feed(self, piece: bytes) -> Delta:
        """Take a piece of the body; everything that is new in it, as one delta.

        Raises:
            ModelUnavailable: It cannot be read, or it reports an error.
        """
        self._size += len(piece)
        if self._count == 0:
            self._recognise(piece)
        if self._size > LARGEST and (self._plain is not None or self._size > MOST):
            raise too_large(self._endpoint, MOST if self._plain is None else LARGEST)
        if self._plain is not None:
            self._plain += piece
            return NOTHING
        try:
            events = self._events.feed(piece)
        except ValueError as error:
            raise unreadable(self._endpoint, str(error)) from error
        if not events:
            return NOTHING
        self._add(events)
        return self._assembly.taken()

    def close(self) -> Delta:
        """Take the end of the body: what is new in an event, or an object, that only its end completes.

        Raises:
            ModelUnavailable: It ended too early, or what came is no answer.
        """
        if self._plain is not None:
            self._add([bytes(self._plain).decode("utf-8", "replace")])
            if not (self.done or self._marked):
                raise unreadable(self._endpoint, "it is no message", self._begin.decode("utf-8", "replace"))
            self.done = self._assembly.done = True
        elif not self.done:
            with contextlib.suppress(ValueError):  # half an event is none
                self._add([data for data in self._events.close() if data.strip() == MARK or is_json(data)])
        if not self._count:
            raise self._no_stream()
        if not self.finished:
            raise broken_off(self._endpoint, "the connection ended in the middle of the answer")
        self._assembly.close()
        return self._assembly.taken()

    def reply(self) -> Reply:
        """The whole reply of a closed body.

        Raises:
            ModelUnavailable: What came makes no reply.
        """
        return self._assembly.reply()

    def _recognise(self, piece: bytes) -> None:
        """Tell from its beginning what the body is."""
        if len(self._begin) < SHOWN:
            self._begin = (self._begin + piece).lstrip()[:SHOWN]
        if self._begin.startswith((b"{", b"[")):
            self._plain = bytearray() if self._plain is None else self._plain
        elif len(self._begin) == SHOWN and self._begin.startswith(b"<"):
            raise self._no_stream()  # a page, however long it is

    def _no_stream(self) -> ModelUnavailable:
        begin = self._begin.decode("utf-8", "replace")
        return unreadable(self._endpoint, "it is no stream of events" if begin else "it is empty", begin)

    def _add(self, events: list[str]) -> None:
        assembly = self._assembly
        for data in events:
            if assembly.done:
                break
            data = data.strip()
            if data == MARK:
                assembly.done = self._marked
            elif data:
                assembly.add(self._load(data))
        self.done = assembly.done

    def _load(self, text: str) -> object:
        piece: object
        try:
            piece, end = DECODE(text)
            if end != len(text):
                piece = json.loads(text)  # says what is wrong with the rest
            if end > SHALLOW and is_too_deep(piece, text):
                raise RecursionError
        except (ValueError, RecursionError) as error:
            cause = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise unreadable(self._endpoint, f"a piece of it is no JSON ({cause})", text) from error
        self._count += 1
        return piece
