"""The model: a script behind the face of something that is asked and streams an answer.

It keeps nothing. What it says next is worked out by ``replying``, which is imported with the first request: whether
this model serves is known before.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

from aether_nb.events.messages import Usage
from aether_nb.models.base import Delta, Reply, Request

__all__ = ["Analyst"]

_PIECE = 24


class Analyst:
    """The offline analyst: plain questions about pandas frames, answered by plain pandas code. No language model."""

    name = "aether:analyst"
    unfenced = True
    """A program reads the text of data as it is; no order in it could mislead it."""

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """The next calls, or the answer.

        Yields:
            Thinking, then text in small pieces, then the reply.
        """
        from aether_nb.models.analyst.conversation import read_conversation
        from aether_nb.models.analyst.replying import next_message

        message = next_message(read_conversation(request))
        for piece in _pieces(message.thinking):
            yield Delta(thinking=piece)
        for piece in _pieces(message.text):
            yield Delta(text=piece)
        for call in message.calls:
            yield Delta(call=f"{call.name} {json.dumps(dict(call.arguments), ensure_ascii=False)}")
        finish = "tool_calls" if message.calls else "stop"
        yield Delta(reply=Reply(message, Usage(0, 0, 0.0), finish, self.name))  # type: ignore[arg-type]


def _pieces(text: str) -> Iterator[str]:
    """A text in small pieces."""
    for at in range(0, len(text), _PIECE):
        yield text[at : at + _PIECE]
