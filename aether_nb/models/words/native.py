"""Tools asked for natively, and in words where that fails.

Servers say that they take tools and do not; models are trained on calls as text, and their servers hand them on as they
are. Both are noticed here, served at once, and remembered. This module knows no wire format.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from aether_nb.errors import ToolsRefused, ToolUseFailed
from aether_nb.events.messages import Message, Usage
from aether_nb.models.base import NOTHING, Delta, Model, Reply, Request, Wrapper, closing
from aether_nb.models.endpoints.profile import ToolFormat
from aether_nb.models.words.text import Heard, TextTools, in_words, rewritten
from aether_nb.models.words.toolprompt import complaint
from aether_nb.models.words.toolwords import ToolWords

__all__ = ["NativeTools"]

AS_TEXT = "they are described in the prompt from now on."
UNDERSTOOD = "The provider could not read a tool call; it was read from what the model wrote."


class NativeTools(Wrapper):
    """A model that is offered tools in its own way until that turns out not to work.

    Args:
        inner: The model that is asked.
        text: The same model with tools as text; made when it is not given.
    """

    def __init__(self, inner: Model, text: TextTools | None = None) -> None:
        super().__init__(inner)
        self._text = text or TextTools(inner)
        self._tools: ToolFormat = "native"

    @property
    def tools(self) -> ToolFormat:
        """How tools are offered, as far as it is known now."""
        return self._tools

    def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Answer, piece by piece.

        Raises:
            ModelUnavailable: See the inner model.
        """
        if self._tools == "text":
            return self._text.stream(request)
        if not request.tools or request.options.tool_choice == "none":
            return self.inner.stream(request)
        return self._native(request)

    async def _native(self, request: Request) -> AsyncIterator[Delta]:
        heard, shown = Heard(request), False
        try:
            async with closing(self.inner.stream(request)) as deltas:
                async for delta in deltas:
                    if (seen := heard.take(delta)) != NOTHING:
                        shown = shown or bool(seen.text or seen.thinking or seen.call)
                        yield seen
        except ToolsRefused:
            self._tools = "text"
            if shown:
                raise
            note = f"{self.name} takes no tools; {AS_TEXT}"
            yield Delta(note=note)
            async with closing(self._text.stream(request)) as deltas:
                async for delta in deltas:
                    yield _noted(delta, note)
            return
        except ToolUseFailed as error:
            async with closing(self._after_failure(request, heard, error)) as deltas:
                async for delta in deltas:
                    yield delta
            return
        if not heard.words.found:
            for delta in heard.rest:
                yield delta
            yield Delta(reply=heard.reply)
            return
        async with closing(self._judged(request, heard)) as deltas:
            async for delta in deltas:
                yield delta

    async def _judged(self, request: Request, heard: Heard) -> AsyncIterator[Delta]:
        """The reply to an answer in whose words calls stand."""
        reply, words = heard.reply, heard.words
        if reply.message.calls:
            # The server's own calls count; what stands in the text is the same once more.
            for delta in heard.rest:
                yield delta
            yield Delta(reply=in_words(reply, words.text, reply.message.calls))
            return
        note = f"{self.name} writes its tool calls as text; {AS_TEXT}"
        if words.faults and reply.finish in ("stop", "tool_calls"):
            wrong = complaint(words.faults, [tool.name for tool in request.tools])
            async with closing(self._text.repair(request, heard, wrong)) as deltas:
                async for delta in deltas:
                    if delta.reply is not None and delta.reply.message.calls:
                        self._tools, delta = "text", _noted(delta, note)
                    yield delta
            return
        if words.calls:
            self._tools = "text"
            yield Delta(note=note)
            for delta in heard.rest:
                yield delta
            yield _noted(Delta(reply=heard.outcome), note)
            return
        for delta in heard.rest:
            yield delta
        yield Delta(reply=heard.outcome)

    async def _after_failure(self, request: Request, heard: Heard, error: ToolUseFailed) -> AsyncIterator[Delta]:
        """Read what the provider could not; else ask once more, natively."""
        words = _read(request, error)
        if _is_good(words):
            for delta in heard.rest:
                yield delta
            yield self._understood(words, heard.words.text)
            return
        said = Message.of("assistant", error.generation)
        asked = replace(request, messages=(*request.messages, said, _unread(words.faults)))
        try:
            async with closing(rewritten(self.inner, asked, request, heard)) as deltas:
                async for delta in deltas:
                    yield delta
        except ToolUseFailed as failed:
            words = _read(request, failed)
            if not _is_good(words):
                raise
            for delta in heard.rest:
                yield delta
            yield self._understood(words, heard.words.text, repairs=1)

    def _understood(self, words: ToolWords, shown: str, repairs: int = 0) -> Delta:
        """The reply that stands in what the provider could not read. It counted no tokens."""
        profile = self.profile
        model, provider = (profile.model, profile.provider) if profile else ("", "")
        message = Message.of("assistant", shown, calls=tuple(words.calls))
        return Delta(reply=Reply(message, Usage(), "tool_calls", model, provider, repairs, (UNDERSTOOD,)))


def _read(request: Request, error: ToolUseFailed) -> ToolWords:
    """What stands in a generation that the provider could not read."""
    words = ToolWords({tool.name: tool.parameters for tool in request.tools})
    words.feed(error.generation)
    words.close()
    return words


def _is_good(words: ToolWords) -> bool:
    return bool(words.calls) and not words.faults


def _unread(faults: Sequence[str]) -> Message:
    why = "; ".join(faults) or "it is not in the form of one"
    return Message.of(
        "user",
        f"Your tool call could not be read: {why}. Call the tool again in the usual way, with arguments that are one "
        "valid JSON object and follow the tool's schema.",
    )


def _noted(delta: Delta, note: str) -> Delta:
    """The delta, with a note on its reply."""
    if delta.reply is None:
        return delta
    return delta._replace(reply=replace(delta.reply, notes=(*delta.reply.notes, note)))
