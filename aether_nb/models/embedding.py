"""Texts become vectors on a server that has ``/embeddings``: Ollama, vLLM, a provider.

It is asked in batches, from whatever thread wants vectors; what that used up is said with them. How it is asked (again,
at which pace, for how much money) is told by the model that is handed in. It knows no index.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import cached_property
from math import sqrt

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message, Usage
from aether_nb.models.base import Model, Request, closing
from aether_nb.models.endpoints.endpoint import OTHER_MODEL
from aether_nb.models.formats.embeddings import Embedded

__all__ = ["Embeddings"]

AT_ONCE = 32
"""Texts in a request: what the strictest of the servers takes."""

USUAL_TOKENS = 512
"""How much of a text is looked at where nobody knows better."""


class Embeddings:
    """An embedder behind an HTTP endpoint.

    Args:
        model: Who is asked: it takes texts as messages, and replies with ``Embedded``.
    """

    normalised = True

    def __init__(self, model: Model) -> None:
        self.model = model
        self._lock = threading.Lock()
        self._runner = asyncio.Runner()

    @property
    def id(self) -> str:
        """The model's name, as a person would type it."""
        return self.model.name

    @cached_property
    def dimensions(self) -> int:
        """The length of a vector. It is seen at the first one; who wants to know before asks for one."""
        return len(self.embed(["How long is a vector?"])[0])

    @property
    def max_tokens(self) -> int:
        """How much of a text is looked at."""
        profile = getattr(self.model, "profile", None)
        return (profile and profile.context) or USUAL_TOKENS

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of length one for each text.

        It waits for the answer, and must not be called from a thread that runs an event loop.

        Raises:
            ModelUnavailable: The server cannot be reached, refused, or sent something else.
        """
        return self.embedded(texts)[0]

    def embedded(self, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        """The same, with what it used up."""
        with self._lock:
            vectors, usage = self._runner.run(self._all(texts))
        if vectors:
            vars(self).setdefault("dimensions", len(vectors[0]))
        return vectors, usage

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if (aclose := getattr(self.model, "aclose", None)) is not None:
                self._runner.run(aclose())
            self._runner.close()

    async def _all(self, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        vectors: list[list[float]] = []
        usage = Usage(cost=0.0)
        for begin in range(0, len(texts), AT_ONCE):
            reply = await self._batch(texts[begin : begin + AT_ONCE])
            vectors += map(_unit, reply.vectors)
            usage = usage.plus(reply.usage)
        return vectors, usage

    async def _batch(self, texts: Sequence[str]) -> Embedded:
        # A server refuses a text that is empty.
        request = Request(tuple(Message.of("user", text.strip() or "-") for text in texts), stream=False)
        reply = None
        async with closing(self.model.stream(request)) as deltas:
            async for delta in deltas:
                reply = delta.reply or reply
        if not isinstance(reply, Embedded) or len(reply.vectors) != len(texts):
            got = f"{len(reply.vectors)} vectors" if isinstance(reply, Embedded) else "no vectors"
            why = f"{len(texts)} texts were sent, and {got} came back."
            raise ModelUnavailable(f"The answer of {self.id} makes no sense.", why, f"Ask again, or {OTHER_MODEL}")
        return reply


def _unit(vector: tuple[float, ...]) -> list[float]:
    length = sqrt(sum(number * number for number in vector))
    return [number / length for number in vector]
