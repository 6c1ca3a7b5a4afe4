"""A model that is watched: every request of a client goes through here, is counted, and is told of.

It changes nothing of what is asked or answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from secrets import token_hex

from aether_nb.client.bus import Bus, Lifecycle
from aether_nb.client.responses import Tally, response_of
from aether_nb.models.base import Delta, Model, Reply, Request, Wrapper

__all__ = ["Observed"]


class Observed(Wrapper):
    """The models of one question.

    Attributes:
        reply: The last reply, when there was one.
        error: What the last request raised, when it failed.
    """

    def __init__(self, inner: Model, bus: Bus, tally: Tally) -> None:
        super().__init__(inner)
        self._bus, self._tally = bus, tally
        self.reply: Reply | None = None
        self.error: BaseException | None = None

    def using(self, model: Model) -> Observed:
        """The same, with another model from here on."""
        self.inner = model
        return self

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """See ``Model.stream``."""
        model, bus, id, begun = self.inner, self._bus, token_hex(4), time.perf_counter()
        self.error = None
        if bus.wanted("request.start"):
            bus.emit(Lifecycle("request.start", id, model.name, request=request))
        deltas, silent = model.stream(request), True
        try:
            async for delta in deltas:
                if delta.reply is not None:
                    self.reply = delta.reply
                    self._tally.add(model.name, delta.reply.usage)
                    self._complete(model.name, id, delta.reply, begun)
                yield delta
                if silent and delta.text:  # let whoever reads the stream see its first words before the next are read
                    silent = False
                    await asyncio.sleep(0)
        except (Exception, asyncio.CancelledError) as error:
            self.error = error
            if bus.wanted("request.error"):
                seconds = time.perf_counter() - begun
                bus.emit(Lifecycle("request.error", id, model.name, error=error, seconds=seconds))
            raise
        finally:
            if (aclose := getattr(deltas, "aclose", None)) is not None:  # left early: let go of the connection now
                await aclose()

    def _complete(self, name: str, id: str, reply: Reply, begun: float) -> None:
        if self._bus.wanted("request.complete"):
            response, seconds = response_of(reply, name), time.perf_counter() - begun
            self._bus.emit(Lifecycle("request.complete", id, name, response=response, seconds=seconds))
