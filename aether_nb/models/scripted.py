"""A model that follows a script: the public double for tests, examples and talks.

It streams as a real one does, keeps every request it got, and says so when it is asked more often than the script
foresees. It knows no provider, and costs nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from aether_nb.errors import ModelError
from aether_nb.events.messages import Message, ToolCall, Usage
from aether_nb.models.base import Delta, Reply, Request

__all__ = ["FakeProvider", "Say", "ScriptedModel"]

FREE = Usage(cost=0.0)


@dataclass(frozen=True, slots=True)
class Say:
    """One reply of a script, with all that a reply can have. ``calls`` is one call or several."""

    text: str = ""
    calls: ToolCall | Sequence[ToolCall] = ()
    thinking: str = ""
    usage: Usage = field(default_factory=lambda: FREE)


Line: TypeAlias = str | Message | ToolCall | Sequence[ToolCall] | Say | BaseException
"""What a scripted model says: a text, a message, calls, all of that at once, or an error that it raises."""


class ScriptedModel:
    """Answers from a script, one line for each request.

    Args:
        replies: The lines. A line may be a function of the request that returns one.
        name: What the model calls itself.
        delay: Seconds between two pieces of a reply.

    Attributes:
        requests: Every request it got, in order.

    Example:
        >>> model = ScriptedModel([ToolCall("", "list_variables", {}), "There is one frame."])
    """

    def __init__(
        self, replies: Iterable[Line | Callable[[Request], Line]], name: str = "aether:scripted", delay: float = 0.0
    ) -> None:
        self.requests: list[Request] = []
        self.delay = delay
        self._name = name
        self._replies = list(replies)
        self._calls = 0

    @property
    def name(self) -> str:
        """What it was named."""
        return self._name

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Say the next line, word by word.

        Raises:
            ModelError: The script has no more lines.
        """
        self.requests.append(request)
        said = self._said(request)
        message = said.message
        for piece in _pieces(message.thinking):
            yield Delta(thinking=piece)
            await asyncio.sleep(self.delay)
        for piece in _pieces(message.text):
            yield Delta(text=piece)
            await asyncio.sleep(self.delay)
        shown = "\n".join([f"{call.name} {json.dumps(dict(call.arguments), default=str)}" for call in message.calls])
        for piece in _pieces(shown):
            yield Delta(call=piece)
            await asyncio.sleep(self.delay)
        yield Delta(reply=said)

    def assert_complete(self) -> None:
        """Check that every line was said.

        Raises:
            AssertionError: Some were not; says how many and which is next.
        """
        left = self._replies[len(self.requests) :]
        assert not left, f"{self.name} was asked {_times(len(self.requests))}; never said: {_count(left)} {left[0]!r}"

    def _said(self, request: Request) -> Reply:
        """The reply to the latest request."""
        asked = len(self.requests)
        if asked > len(self._replies):
            raise ModelError(
                f"The script of {self.name} has no line for request {asked}.",
                f"It has {_lines(len(self._replies))}, and all of them were said.",
                "Give ScriptedModel one line for each time it is asked.",
            )
        line = self._replies[asked - 1]
        if callable(line):
            line = line(request)
        if isinstance(line, BaseException):
            raise line
        said = _say(line)
        message = said if isinstance(said, Message) else _message(said)
        used = {call.id for known in request.messages for call in known.calls} | {call.id for call in message.calls}
        message = replace(message, calls=tuple(self._numbered(call, used) for call in message.calls))
        usage = said.usage if isinstance(said, Say) else FREE
        return Reply(message, usage, "tool_calls" if message.calls else "stop", self.name)

    def _numbered(self, call: ToolCall, used: set[str]) -> ToolCall:
        """The call with an id; one that the script left empty becomes new to the conversation."""
        if call.id:
            return call
        while True:
            self._calls += 1
            if (id := f"call_{self._calls}") not in used:
                return replace(call, id=id)


FakeProvider = ScriptedModel
"""The same, under the name that some know it by."""


def _say(line: Any) -> Say | Message:
    """A line in one of its two full forms."""
    match line:
        case Say() | Message():
            return line
        case str():
            return Say(line)
        case ToolCall():
            return Say(calls=line)
        case [*calls] if calls and all(isinstance(call, ToolCall) for call in calls):
            return Say(calls=calls)
    raise ModelError(
        f"A line of a script is a {type(line).__name__}, which nobody can say.",
        hint="Use a text, a Message, a ToolCall, a list of them, a Say, an error, or a function that returns one.",
    )


def _message(said: Say) -> Message:
    calls = (said.calls,) if isinstance(said.calls, ToolCall) else tuple(said.calls)
    return Message.of("assistant", said.text, calls=calls, thinking=said.thinking)


def _pieces(text: str) -> list[str]:
    """Word by word, with the space that follows; joined, they are the text again."""
    return re.findall(r"\s*\S+\s?|\s+", text)


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _lines(n: int) -> str:
    return "1 line" if n == 1 else f"{n} lines"


def _count(left: Sequence[object]) -> str:
    return _lines(len(left)) + ", the next is"
