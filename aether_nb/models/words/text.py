"""Tools for models that have none: described in the prompt, and their calls read from what the model writes.

A wrapper with the face of a model. The one inside is sent plain conversation and is never told that there are tools in
any other way. A call that cannot be read is asked for once more within the same answer. This module knows no wire
format.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message, ToolCall, ToolSpec
from aether_nb.models.base import BROKEN_OFF, NOTHING, Delta, FinishReason, Model, Reply, Request, Wrapper, closing
from aether_nb.models.endpoints.endpoint import Endpoint, nonsense
from aether_nb.models.formats.history import Written
from aether_nb.models.words.toolprompt import complaint, retold, rules, wishes
from aether_nb.models.words.toolwords import ToolWords

__all__ = ["Heard", "TextTools", "in_words", "rewritten"]

REPAIRING = "A tool call could not be read; the model is asked to write it again."
SHOWN = "What looks like a tool call could not be read; it is shown as text."
LEFT_OUT = "A tool call that could not be read was left out."
INVENTED = "The model wrote a tool's result itself; it was left out."


class Heard:
    """One answer, with the calls in its words taken out of what is shown.

    What stands behind a call that cannot be read is not shown yet: when the call is none, it stands before it.

    Attributes:
        words: What was read.
    """

    def __init__(self, request: Request) -> None:
        tools = {tool.name: tool.parameters for tool in request.tools}
        self.words = ToolWords(tools, unmarked=request.options.schema is None)
        self._shown: list[str] = []
        self._reply: Reply | None = None
        self._fed = False

    def take(self, delta: Delta) -> Delta:
        """A delta of the answer as it is shown: without the markup of calls, and without the reply."""
        shown = delta if delta.reply is None and not delta.text else self._read(delta)
        if shown.text:
            self._shown.append(shown.text)
        return shown

    @property
    def shown(self) -> str:
        """The text that was shown."""
        return "".join(self._shown)

    @property
    def reply(self) -> Reply:
        """The whole reply as the model gave it.

        Raises:
            ModelUnavailable: There was none.
        """
        if self._reply is None:
            raise ModelUnavailable("The model ended its answer before it was whole.", hint="Ask again.")
        return self._reply

    @property
    def whole(self) -> str:
        """All of its text, to the letter; empty where it never came to its end."""
        return self._reply.message.text.rstrip() if self._reply is not None else ""

    @property
    def rest(self) -> tuple[Delta, ...]:
        """What was not shown yet of the text, as a delta, if there is any."""
        text = self.words.text[len(self.shown) :]
        return (Delta(text=text),) if text else ()

    @property
    def outcome(self) -> Reply:
        """The reply with the calls that stand in its words, and without their markup."""
        if not self.words.found:
            return self.reply
        return in_words(self.reply, self.words.text, self.words.calls, self.notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the answer, a sentence each."""
        left_out = (LEFT_OUT,) if self.words.faults or self.words.cut else ()
        return (*left_out, INVENTED) if self.words.invented else left_out

    def _read(self, delta: Delta) -> Delta:
        text, call = self.words.feed(delta.text)
        self._fed = self._fed or bool(delta.text)
        if delta.reply is None:
            if text == delta.text and not call and not self.words.faults:
                return delta
            return Delta(self._sound(text), delta.thinking, delta.call + call, note=delta.note)
        self._reply = delta.reply
        # A model may give its answer in one piece and stream nothing.
        late = ("", "") if self._fed else self.words.feed(delta.reply.message.text)
        end = self.words.close(cut=delta.reply.finish in BROKEN_OFF)
        return Delta(
            self._sound(text + late[0] + end[0]), delta.thinking, delta.call + call + late[1] + end[1], note=delta.note
        )

    def _sound(self, text: str) -> str:
        """What of a text can be shown already."""
        return self.words.sound[len(self.shown) :] if self.words.faults else text


class TextTools(Wrapper):
    """A model whose tools are words. History of any origin is told to it in words as well.

    Args:
        inner: The model that is asked; it is sent no tools and no calls.
    """

    def __init__(self, inner: Model) -> None:
        super().__init__(inner)
        # Each message is told once, so that it stays the same object, and is written once by the format behind.
        self._retold = Written(retold, provider=self.profile.provider if self.profile else "")
        self._rules: tuple[Sequence[ToolSpec], tuple[Message, ...]] = ((), ())

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Answer, piece by piece.

        Raises:
            ModelUnavailable: See the inner model; or nothing of the answer could be read, also not when it was
                written again.
        """
        asked = self.worded(request)
        if not request.tools:
            async with closing(self.inner.stream(asked)) as deltas:
                async for delta in deltas:
                    yield delta
            return
        heard = Heard(request)
        async with closing(self.inner.stream(asked)) as deltas:
            async for delta in deltas:
                if (shown := heard.take(delta)) != NOTHING:
                    yield shown
        wrong = _wrong(heard, request)
        if not wrong:
            for delta in heard.rest:
                yield delta
            yield Delta(reply=heard.outcome)
            return
        async with closing(self.repair(request, heard, wrong)) as deltas:
            async for delta in deltas:
                yield delta

    async def repair(self, request: Request, heard: Heard, wrong: Message) -> AsyncIterator[Delta]:
        """Ask for an answer to be written again, once. What was shown of it stays.

        Args:
            request: What was asked.
            heard: The answer that is not good enough.
            wrong: What the model is told about it.

        Yields:
            The deltas of the second answer; the last one carries the reply that both make.
        """
        asked = self.worded(request)
        said = Message.of("assistant", heard.reply.message.text)
        asked = replace(asked, messages=(*asked.messages, said, wrong))
        async with closing(rewritten(self.inner, asked, request, heard)) as deltas:
            async for delta in deltas:
                if delta.reply is not None:
                    usage = heard.reply.usage.plus(delta.reply.usage)
                    delta = Delta(
                        reply=replace(delta.reply, usage=usage, repairs=heard.reply.repairs + delta.reply.repairs)
                    )
                yield delta

    def worded(self, request: Request) -> Request:
        """The request as the inner model gets it: no tools, no calls, and what there is to say about them in words."""
        system, messages = self._retold.pieces(request.messages)
        options = request.options
        if request.tools:
            system = (*system, *self._told_rules(request.tools))
            if said := wishes(options):
                messages = [*messages, Message.of("system", said)]
            options = replace(options, schema=None)
        return replace(request, messages=(*system, *messages), tools=(), options=replace(options, tool_choice=""))

    def _told_rules(self, tools: tuple[ToolSpec, ...]) -> tuple[Message, ...]:
        """The rules for these tools; written again only when they are others."""
        if self._rules[0] != tools:
            self._rules = tools, (rules(tools),)
        return self._rules[1]


async def rewritten(model: Model, asked: Request, request: Request, first: Heard) -> AsyncIterator[Delta]:
    """An answer that is written again: its calls, beside what was shown before.

    Args:
        model: Who writes it.
        asked: What is sent, with the first answer and what is wrong with it.
        request: What was asked at first.
        first: The first answer, as far as there was one. What could be read of its calls counts in case that the
            second is no better; where there is nothing of the kind it was no call, and stays to the letter.

    Raises:
        ModelUnavailable: There is nothing in it that could be read either.
    """
    again = Heard(request)
    yield Delta(note=REPAIRING)
    async with closing(model.stream(asked)) as deltas:
        async for delta in deltas:
            # An apology before the calls is none of the answer.
            if (shown := again.take(delta)._replace(text="")) != NOTHING:
                yield shown
    words, begun, notes = again.words, first.words.text.rstrip(), again.notes
    calls = list(again.reply.message.calls) or words.calls or (list(first.words.calls) if words.faults else [])
    if request.options.tool_choice == "none":
        calls = []
    text = (begun or words.text) if calls else "\n\n".join(filter(None, (begun, words.text)))
    if not calls and not text.strip():
        why = "; ".join(words.faults) or "it is empty"
        endpoint = getattr(model, "endpoint", None) or Endpoint(model.name, "")
        raise nonsense(endpoint, f"Its tool call cannot be read, also not when written again: {why}")
    if not calls and begun and words.faults and first.whole.startswith(first.shown):
        text, notes = first.whole, (SHOWN,)
    if text != first.shown:
        yield Delta(text=text[len(first.shown) :])
    reply = in_words(again.reply, text, calls, notes)
    yield Delta(reply=replace(reply, repairs=reply.repairs + 1))


def in_words(reply: Reply, text: str, calls: Iterable[ToolCall], notes: Iterable[str] = ()) -> Reply:
    """The reply with this text and these calls. What its provider wants back does not fit to calls in words."""
    calls, message = tuple(calls), reply.message
    notes = (*reply.notes, *notes)
    if text == message.text and calls in ((), message.calls):
        return replace(reply, notes=notes)
    calls = calls or message.calls
    finish: FinishReason = reply.finish
    if finish in ("stop", "tool_calls"):
        finish = "tool_calls" if calls else "stop"
    message = Message.of("assistant", text, calls=calls, thinking=message.thinking)
    return replace(reply, message=message, finish=finish, notes=notes)


def _wrong(heard: Heard, request: Request) -> Message | None:
    """What the model has to be told about its answer; None when it is good, or when asking again would not help."""
    words, choice, names = heard.words, request.options.tool_choice, [tool.name for tool in request.tools]
    if not names or heard.reply.finish not in ("stop", "tool_calls"):
        return None
    if words.faults:
        return complaint(words.faults, names)
    if choice == "none":
        return Message.of("user", "No tool can be used now. Answer in words.") if words.calls else None
    if choice == "required" and not words.calls:
        return complaint(("it holds no call, and at least one is needed",), names)
    if choice in names and any(call.name != choice for call in words.calls or [ToolCall("", "", {})]):
        return complaint((f"only the tool {choice} may be called, and it has to be",), [choice])
    return None
