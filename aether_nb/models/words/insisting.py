"""A run that wants a value gets it from its model: an answer without one is asked for again, once.

The wrapper knows neither the run nor the tool; it is told whether an answer will do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from aether_nb.events.messages import Message, Usage
from aether_nb.models.base import Delta, Model, Reply, Request, Wrapper, closing

__all__ = ["REMINDER", "Insisting", "insisting"]

REMINDER = (
    "Your answer has no value yet. Call answer_with now, with an expression over the live variables that gives it. "
    "When it cannot be had, say why."
)
ANALYST = "aether:analyst"
"""It gives a value when it can, and says the same when it is asked again."""


def insisting(choose: Callable[[Request], Model], enough: Callable[[str], bool]) -> Callable[[Request], Model]:
    """The same choice of models, each of which is asked again when its answer lacks what is wanted.

    Args:
        choose: Says who answers a request.
        enough: Whether a run that ends with this text has what is wanted.
    """

    def chosen(request: Request) -> Model:
        model = choose(request)
        return model if enough("") or model.name == ANALYST else Insisting(model, enough)

    return chosen


class Insisting(Wrapper):
    """Asks a model again, once, when it ends without what is wanted."""

    def __init__(self, inner: Model, enough: Callable[[str], bool]) -> None:
        super().__init__(inner)
        self.enough = enough

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Answer; the reply is the first that will do, or the second."""
        first: Reply | None = None
        async with closing(self.inner.stream(request)) as deltas:
            async for delta in deltas:
                if delta.reply is None:
                    yield delta
                first = delta.reply or first
        if first is None:
            return
        text = first.message.text
        if first.message.calls or first.finish != "stop" or not text.strip() or self.enough(text):
            yield Delta(reply=first)
            return
        yield Delta(note="The answer has no value yet; it is asked for once more.")
        again = replace(request, messages=(*request.messages, first.message, Message.of("user", REMINDER)))
        second = first
        async with closing(self.inner.stream(again)) as deltas:
            async for delta in deltas:
                if delta.reply is None and not delta.text:
                    yield delta
                second = delta.reply or second
        usage = Usage.total((first.usage, second.usage)) if second is not first else first.usage
        message = second.message if second.message.calls or second.message.text.strip() else first.message
        yield Delta(reply=replace(second, message=message, usage=usage, repairs=first.repairs + second.repairs + 1))
