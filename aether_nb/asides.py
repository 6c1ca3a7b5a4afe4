"""What models are asked beside a conversation: for vectors, for small work, to read a page's picture.

Each request goes out by the same rules as those of a run (``agent.egress``), is counted there, and is noted with what
it used up. Whoever asks hands in by which rules, and where it is noted. It knows no index and no run.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aether_nb.agent.egress import Egress, Rules, destination
from aether_nb.config import Settings
from aether_nb.errors import ModelUnavailable, StoreError
from aether_nb.events.kinds import Beside
from aether_nb.events.masking import known_keys
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.knowledge.embed import plainly
from aether_nb.knowledge.material import Embedder
from aether_nb.knowledge.recall import Ask
from aether_nb.models.base import Model, Request, closing
from aether_nb.serving import Serving
from aether_nb.store.journal import Journal
from aether_nb.store.log import Log

__all__ = ["Aside", "Note", "journal_note", "own_rules"]

Note: TypeAlias = Callable[[Beside], None]
"""Keeps what was asked. From any thread."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Aside:
    """Asks models beside a conversation.

    Args:
        models: Who may be asked.
        rules: What of the data may leave.
        note: Keeps what was asked.
        fence: The word that sets data apart; empty for none.
    """

    models: Serving
    rules: Rules
    note: Note
    fence: str = ""

    @property
    def ask(self) -> Ask | None:
        """Asks the small model; None where none is set."""
        return self._ask if self.models.settings.utility_model else None

    async def _ask(self, told: str, what: str, data: str) -> tuple[str, Usage]:
        model = self.models.model(self.models.role("utility")[0])
        parts = (Text(what), *([Text(f"\n\n{data}", "recalled")] if data else ()))
        request = Request((Message.of("system", told), Message("user", parts)), stream=False)
        return await self.said(model, request, "small work")

    async def said(self, model: Model, request: Request, purpose: str) -> tuple[str, Usage]:
        """What a model says, and what it used.

        Raises:
            ModelError: It does not answer.
        """
        request, left = Egress(self.rules, self.fence).outgoing(request, model)
        reply = None
        try:
            async with closing(model.stream(request)) as deltas:
                async for delta in deltas:
                    reply = delta.reply or reply
        finally:
            self.note(Beside(purpose, model.name, left, reply.usage if reply else Usage(cost=0.0)))
        if reply is None:
            raise ModelUnavailable(f"{model.name} ended its answer before it was whole.")
        return reply.message.text, reply.usage

    def embed(self, embedder: Embedder, texts: Sequence[Text], purpose: str) -> Sequence[Sequence[float]]:
        """Vectors of texts: see ``knowledge.embed.Embed``. One that runs in this process is asked without a word.

        Raises:
            ModelUnavailable: It does not answer; or it is elsewhere, and a limit of data holds.
        """
        from aether_nb.models.embedding import Embeddings

        if not isinstance(embedder, Embeddings):
            return plainly(embedder, texts, purpose)
        if self.rules.limited and destination(embedder.model):
            why = "A limit of data holds, and it is not on this machine."
            raise ModelUnavailable(f"{embedder.id} is not asked.", why)
        request = Request(tuple(Message("user", (text,)) for text in texts), stream=False)
        request, left = Egress(self.rules).outgoing(request, embedder.model)
        used = Usage(cost=0.0)
        try:
            vectors, used = embedder.embedded([message.text for message in request.messages])
        finally:
            self.note(Beside(purpose, embedder.id, left, used))
        return vectors


def own_rules(settings: Settings) -> Rules:
    """What of the data may leave by the settings alone, where no run says otherwise."""
    return Rules(settings.data, settings.hide, known_keys(os.environ))


def journal_note(log: Callable[[], Log]) -> Note:
    """Notes in the journal of a store what belongs to no run.

    Args:
        log: Opens the store's log, when something is to be noted.
    """
    journal: list[Journal] = []

    def note(asked: Beside) -> None:
        try:
            if not journal:
                journal.append(Journal(log()))
            journal[0].note((asked,), time.time())
        except StoreError as error:  # as where nothing can be written: what was asked for is done all the same
            logger.warning("what left could not be written down: %s %s", error.what, error.why)

    return note
