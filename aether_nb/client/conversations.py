"""A conversation: questions and answers that know of one another.

Only they are kept. The tools that a turn used are gone with it, and a turn that failed leaves no trace.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from aether_nb.client import blocking
from aether_nb.client.answering import Answerer
from aether_nb.client.checks import check_id
from aether_nb.client.prompts import Said, one_message, said_of
from aether_nb.client.responses import Chunk
from aether_nb.client.sessions import SessionStore, SharedStore
from aether_nb.client.turns import turn
from aether_nb.events.messages import Message

__all__ = ["Conversation", "texts"]


class Conversation:
    """One conversation of a client. Questions are answered one after the other, in the order in which they are asked.

    Args:
        answerer: Who answers.
        store: Where it is kept.
        id: Its name.

    Raises:
        OptionError: No conversation can be called so.
    """

    def __init__(self, answerer: Answerer, store: SessionStore, id: str) -> None:
        check_id(id)
        self._answerer, self._store, self.id = answerer, store, id

    def __repr__(self) -> str:
        return f"<Conversation {self.id!r}>"

    async def ask(self, prompt: str | Message, **said: Any) -> Any:
        """Ask, knowing what was said before. Arguments, answer and errors are those of ``Aether.ask``."""
        wanted = said_of(**said)
        async with turn(self._store, self.id):
            history = await self._store.load(self.id)
            question = await one_message(prompt, wanted.images)
            response, value = await self._answerer.answer(question, _without_images(wanted), history)
            await _keep(self._store, self.id, history, (question, response.message))
        return value

    async def stream(self, prompt: str | Message, **said: Any) -> AsyncGenerator[Chunk, None]:
        """The same in pieces, as ``Aether.stream`` gives them. The turn is kept when the stream has come to its end."""
        wanted = said_of(**said)
        async with turn(self._store, self.id):
            history = await self._store.load(self.id)
            question = await one_message(prompt, wanted.images)
            async with aclosing(self._answerer.chunks(question, _without_images(wanted), history)) as chunks:
                async for chunk in chunks:
                    if chunk.response is not None:
                        await _keep(self._store, self.id, history, (question, chunk.response.message))
                    yield chunk

    def stream_text(self, prompt: str | Message, **said: Any) -> AsyncGenerator[str, None]:
        """The same, text only."""
        return texts(self.stream(prompt, **said))

    async def messages(self) -> tuple[Message, ...]:
        """What is kept: questions and answers in turn, oldest first."""
        return await self._store.load(self.id)

    async def clear(self) -> None:
        """Forget it all, as soon as the turn that is being worked on is over."""
        async with turn(self._store, self.id):
            await self._store.delete(self.id)

    def ask_sync(self, prompt: str | Message, **said: Any) -> Any:
        """``ask`` for code that cannot await."""
        return blocking.wait(self.ask(prompt, **said))

    def stream_text_sync(self, prompt: str | Message, **said: Any) -> Iterator[str]:
        """``stream_text`` for code that cannot await."""
        return blocking.iterate(self.stream_text(prompt, **said))


async def _keep(store: SessionStore, id: str, history: tuple[Message, ...], turn: tuple[Message, Message]) -> None:
    """Keep a turn behind what was said before; where other processes write too, behind what they wrote meanwhile."""
    question, said = turn
    answer = Message("assistant", said.parts)
    if isinstance(store, SharedStore):
        await store.append(id, (question, answer))
    else:
        await store.save(id, (*history, question, answer))


async def texts(chunks: AsyncGenerator[Chunk, None]) -> AsyncGenerator[str, None]:
    """The text of a stream."""
    async with aclosing(chunks):
        async for chunk in chunks:
            if chunk.text:
                yield chunk.text


def _without_images(said: Said) -> Said:
    return replace(said, images=())
