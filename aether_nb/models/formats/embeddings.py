"""The ``/embeddings`` format: texts go in, a vector for each comes back.

A request's messages are the texts. It is a format like any other, so that retry, breaker, pace, cost and the care about
keys stand around it as they stand around an answer. It does no I/O.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from aether_nb.events.messages import Message
from aether_nb.models.base import Delta, Reply, Request
from aether_nb.models.endpoints.endpoint import Endpoint, nonsense, reported, unreadable
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.body import Body
from aether_nb.models.formats.counts import read_usage
from aether_nb.models.formats.encoding import encoded

__all__ = ["Embedded", "EmbeddingFormat"]


@dataclass(frozen=True, slots=True)
class Embedded(Reply):
    """A reply that is vectors, in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...] = ()


class EmbeddingFormat:
    """Embeddings of one model."""

    path = "/embeddings"

    def body(self, request: Request, profile: Profile) -> bytes:
        """See ``Format.body``."""
        head = {"model": profile.model, "input": [message.text for message in request.messages], **profile.extra}
        return encoded({name: value for name, value in head.items() if name not in profile.without})

    def decoder(self, endpoint: Endpoint, profile: Profile) -> Body:
        """See ``Format.decoder``."""
        return Body(endpoint, _Vectors(endpoint, profile), marked=True)


class _Vectors:
    """The one object that is the answer."""

    def __init__(self, endpoint: Endpoint, profile: Profile) -> None:
        self.done = False
        self._endpoint, self._profile = endpoint, profile
        self._reply: Embedded | None = None

    @property
    def finished(self) -> bool:
        """Whether it is there."""
        return self._reply is not None

    def add(self, piece: object) -> None:
        """See ``Assembly.add``."""
        if isinstance(piece, dict) and piece.get("error"):
            raise reported(self._endpoint, piece["error"])
        told: Mapping[str, Any] = piece if isinstance(piece, dict) else {}
        rows = told.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unreadable(self._endpoint, "it has no list of vectors under 'data'", str(piece))
        ordered = sorted(rows, key=lambda row: row["index"] if isinstance(row.get("index"), int) else 0)
        vectors = tuple(self._vector(row.get("embedding")) for row in ordered)
        if len({len(vector) for vector in vectors}) > 1:
            raise nonsense(self._endpoint, "Its vectors are not of one length")
        usage = told.get("usage")
        self._reply = Embedded(
            Message("assistant"),
            read_usage(usage if isinstance(usage, dict) else {}),
            model=str(told.get("model") or ""),
            provider=self._profile.provider,
            vectors=vectors,
        )

    def taken(self) -> Delta:
        """Nothing is shown of vectors."""
        return Delta()

    def close(self) -> None:
        """There is nothing left open."""

    def reply(self) -> Reply:
        """See ``Assembly.reply``."""
        assert self._reply is not None
        return self._reply

    def _vector(self, value: object) -> tuple[float, ...]:
        """One vector, as numbers or as float32 in base64.

        Raises:
            ModelUnavailable: It is none.
        """
        numbers: Sequence[object] = ()
        if isinstance(value, list):
            numbers = value
        elif isinstance(value, str):
            try:
                packed = base64.b64decode(value, validate=True)
                numbers = struct.unpack(f"<{len(packed) // 4}f", packed)
            except (binascii.Error, struct.error):
                numbers = ()
        vector = tuple(float(n) for n in numbers if isinstance(n, int | float) and not isinstance(n, bool))
        if not vector or len(vector) != len(numbers) or not all(map(isfinite, vector)):
            raise nonsense(self._endpoint, "One of its vectors is none")
        if not any(vector):
            raise nonsense(self._endpoint, "One of its vectors is zero throughout, and so is like no other")
        return vector
