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
from aether_nb.events.messages import Usage
from aether_nb.models.base import Delta, Model, Reply, Request, Wrapper, closing

__all__ = ["Observed"]

CHARACTERS = 4
"""How many characters a token is taken for, where nobody has counted."""


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
        silent, came, answered = True, 0, False
        try:
            async with closing(model.stream(request)) as deltas:  # left early: let go of the connection now
                async for delta in deltas:
                    came += len(delta.text) + len(delta.thinking) + len(delta.call)
                    if delta.reply is not None:
                        self.reply, answered = delta.reply, True
                        self._count(model.name, delta.reply)
                        self._complete(model.name, id, delta.reply, begun)
                    yield delta
                    if silent and delta.text:  # let a stream's reader see its first words before the next are read
                        silent = False
                        await asyncio.sleep(0)
        except BaseException as error:
            if not answered and (came or not isinstance(error, Exception)):  # it was cut, left or cancelled
                self._tally.add(model.name, _guessed(request, came))
            if isinstance(error, Exception | asyncio.CancelledError):
                self.error = error
                if bus.wanted("request.error"):
                    seconds = time.perf_counter() - begun
                    bus.emit(Lifecycle("request.error", id, model.name, error=error, seconds=seconds))
            raise

    def _count(self, name: str, reply: Reply) -> None:
        """Count a reply, unless nobody was asked for it."""
        if reply.notes:
            from aether_nb.models.sending.cache import FROM_CACHE

            if FROM_CACHE in reply.notes:
                return
        self._tally.add(name, reply.usage)

    def _complete(self, name: str, id: str, reply: Reply, begun: float) -> None:
        if self._bus.wanted("request.complete"):
            response, seconds = response_of(reply, name), time.perf_counter() - begun
            self._bus.emit(Lifecycle("request.complete", id, name, response=response, seconds=seconds))


def _guessed(request: Request, came: int) -> Usage:
    """What a request took whose end nobody saw: most providers bill it, and none says what it was."""
    sent = sum(len(spec.name) + len(spec.description) + len(str(spec.parameters)) for spec in request.tools)
    for message in request.messages:
        sent += len(message.text) + sum(len(call.name) + len(str(call.arguments)) for call in message.calls)
    return Usage(-(-sent // CHARACTERS), -(-came // CHARACTERS), estimated=True)
