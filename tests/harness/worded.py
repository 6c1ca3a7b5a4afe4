"""Requests with tools, and models whose calls are words: what the tests of text tools share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aether_nb.events.messages import Message, ToolSpec, Usage
from aether_nb.models.base import Delta, Model, Options, Reply, Request

LOOK = ToolSpec(
    "look",
    "Look at something.",
    {"type": "object", "properties": {"what": {"type": "string"}, "n": {"type": "integer"}}, "required": ["what"]},
)
SEND = ToolSpec("send", "", {"type": "object", "properties": {}})
QUESTION = Message.of("user", "What is in sales?")
USED = Usage(10, 5, 0.25)


def request(*messages: Message, tools: Sequence[ToolSpec] = (LOOK, SEND), **options: Any) -> Request:
    """A question with two tools; more ``messages`` follow it, ``options`` are the request's."""
    return Request((QUESTION, *messages), tuple(tools), Options(**options))


def block(name: str = "look", arguments: str = '{"what": "sales"}') -> str:
    """A call in the form that is asked for."""
    return f'```tool_call\n{{"name": "{name}", "arguments": {arguments}}}\n```'


@dataclass
class Plays:
    """A model that gives these replies, or raises these errors, and streams their text a few letters at a time."""

    replies: list[Reply | str | BaseException]
    requests: list[Request] = field(default_factory=list)
    streams: bool = True
    name: str = "test:m"

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        if isinstance(reply, str):
            reply = Reply(Message.of("assistant", reply), USED, "stop", "m", "test")
        text = reply.message.text if self.streams else ""
        for place in range(0, len(text), 3):
            yield Delta(text=text[place : place + 3])
        yield Delta(reply=reply)


@dataclass(frozen=True)
class Got:
    """What came of one request: what was shown, the notes meanwhile, and the reply."""

    shown: str
    notes: list[str]
    reply: Reply

    @property
    def calls(self) -> list[tuple[str, Any]]:
        return [(call.name, dict(call.arguments)) for call in self.reply.message.calls]

    @property
    def plain(self) -> Reply:
        """The reply with the ids of its calls taken out."""
        calls = tuple(replace(call, id="") for call in self.reply.message.calls)
        return replace(self.reply, message=replace(self.reply.message, calls=calls))


async def got(model: Model, request: Request) -> Got:
    """Ask; the text that was shown is the reply's text."""
    *deltas, last = [delta async for delta in model.stream(request)]
    assert last.reply is not None and [delta.reply for delta in deltas if delta.reply] == []
    shown = "".join(delta.text for delta in deltas)
    assert shown == last.reply.message.text
    return Got(shown, [delta.note for delta in deltas if delta.note], last.reply)
