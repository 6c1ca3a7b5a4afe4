"""What a wire format is: how a request is written, and how the bytes of its answer are read.

Two exist, OpenAI chat completions and Anthropic messages. A format does no I/O: ``http`` sends what it writes and feeds
it what comes. This module knows neither.
"""

from __future__ import annotations

from typing import Protocol

from aether_nb.models.base import Delta, Reply, Request
from aether_nb.models.endpoints.endpoint import Endpoint
from aether_nb.models.endpoints.profile import Profile

__all__ = ["Decoder", "Format"]


class Decoder(Protocol):
    """The body of one answer, taken in pieces; whether it streams is told by its first bytes."""

    @property
    def done(self) -> bool:
        """The server said that nothing more will come."""

    @property
    def finished(self) -> bool:
        """The message is whole, whatever becomes of the connection."""

    def feed(self, piece: bytes) -> Delta:
        """Take a piece of the body, cut anywhere; all that is new in it, as one delta.

        Raises:
            ModelUnavailable: It cannot be read, or it reports an error.
        """

    def close(self) -> Delta:
        """Take the end of the body.

        Raises:
            ModelUnavailable: It ended too early, or what came is no answer.
        """

    def reply(self) -> Reply:
        """The whole reply of a closed body.

        Raises:
            ModelUnavailable: What came makes no reply.
        """


class Format(Protocol):
    """One wire format, for one model. It may remember how it wrote the messages it has seen."""

    @property
    def path(self) -> str:
        """What follows the base address."""

    def body(self, request: Request, profile: Profile) -> bytes:
        """The request's body."""

    def decoder(self, endpoint: Endpoint, profile: Profile) -> Decoder:
        """Who reads the answer."""
