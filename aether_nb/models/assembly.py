"""A reply of the chat-completions format, put together from its pieces.

Bytes go in wherever the network cut them; deltas come out as they arrive, and the whole reply at the end. Servers
differ in how they number tool calls, where they put thinking and usage, and how they say that they are done: what they
agree on is taken, what they repeat counts once, and what is missing is never guessed. Nothing here does I/O.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aether_nb.events.messages import Message, Usage
from aether_nb.models.base import Delta, FinishReason, Reply
from aether_nb.models.calls import CallDrafts, is_json, string
from aether_nb.models.endpoint import Endpoint, broken_off, nonsense, reported, unreadable
from aether_nb.models.sse import LARGEST, EventDecoder

__all__ = ["ChatAssembly", "ChatBody"]

FINISHES: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "refusal": "refusal",
}
"""Reasons that are taken at their word. For all others the parts decide: calls, or none."""


@dataclass(slots=True)
class ChatAssembly:
    """Chunks in, deltas out, one reply at the end."""

    endpoint: Endpoint
    model: str = ""
    _text: list[str] = field(default_factory=list)
    _thinking: list[str] = field(default_factory=list)
    _calls: CallDrafts = field(default_factory=CallDrafts)
    _spoken: bool = False
    _refused: bool = False
    _finish: str | None = None
    _usage: Usage = field(default_factory=Usage)

    @property
    def finished(self) -> bool:
        """Whether the server said why it stopped: from there on the message is whole."""
        return self._finish is not None

    def add(self, chunk: object) -> Delta:
        """Take one chunk of a stream, or a completion that came in one piece.

        Raises:
            ModelUnavailable: The chunk reports an error, or it is none.
        """
        if not isinstance(chunk, Mapping):
            raise unreadable(self.endpoint, "a piece of it is no JSON object", str(chunk))
        if error := chunk.get("error") or (chunk.get("object") == "error" and chunk):
            raise reported(self.endpoint, error)
        self.model = string(chunk.get("model")) or self.model
        self._count(chunk)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, Mapping):
            return Delta()
        if error := choice.get("error"):
            raise reported(self.endpoint, error)
        if finish := string(choice.get("finish_reason")):
            if finish == "error":
                raise reported(self.endpoint, "it stopped with an error and gave no reason")
            self._finish = finish
        self._spoken = True
        message = choice.get("delta") or choice.get("message")
        return self._take(message) if isinstance(message, Mapping) else Delta()

    def reply(self) -> Reply:
        """The whole reply.

        Raises:
            ModelUnavailable: Nothing was said at all, a call has no name or no readable arguments, or calls were
                announced and none came.
        """
        if not self._spoken:
            raise unreadable(self.endpoint, "it contains no choice")
        try:
            calls = self._calls.finished(cut=FINISHES.get(self._finish or "") == "length")
        except ValueError as error:
            raise nonsense(self.endpoint, str(error)) from error
        text = "".join(self._text)
        if calls and not text.strip():
            text = ""
        if self._finish == "tool_calls" and not calls and not text:
            raise nonsense(self.endpoint, "It announced a tool call and sent none")
        finish = FINISHES.get(self._finish or "", "tool_calls" if calls else "stop")
        message = Message.of("assistant", text, calls=calls, thinking="".join(self._thinking))
        return Reply(message, self._usage, "refusal" if self._refused else finish, self.model)

    def _take(self, message: Mapping[str, Any]) -> Delta:
        """Take what a choice says; the delta shows what is new."""
        text, thinking = _content(message.get("content"))
        thinking = _thinking(message) or thinking
        if refusal := string(message.get("refusal")):
            self._refused = True
            text += refusal
        entries = message.get("tool_calls")
        shown = "".join([self._calls.add(entry) for entry in entries]) if isinstance(entries, list) else ""
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)
        return Delta(text, thinking, shown)

    def _count(self, chunk: Mapping[str, Any]) -> None:
        """Take the usage. Some servers send running totals: the last one counts, nothing is added up."""
        usage, vendor = chunk.get("usage"), chunk.get("x_groq")
        if usage is None and isinstance(vendor, Mapping):
            usage = vendor.get("usage")
        if isinstance(usage, Mapping):
            self._usage = Usage(_number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens")))


class ChatBody:
    """The body of an answer: a stream of events, or one JSON object where the server does not stream.

    Which of the two is told by its first character. Headers are no help: servers get them wrong.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.done = False
        """Whether the server said that nothing more will come."""
        self._endpoint = endpoint
        self._assembly = ChatAssembly(endpoint)
        self._events = EventDecoder()
        self._begin = b""
        self._plain: bytearray | None = None
        self._chunks = 0

    @property
    def finished(self) -> bool:
        """Whether the message is whole, whatever becomes of the connection."""
        return self.done or self._assembly.finished

    def feed(self, piece: bytes) -> Delta:
        """Take a piece of the body; everything that is new in it, as one delta.

        Raises:
            ModelUnavailable: It cannot be read, or it reports an error.
        """
        if len(self._begin) < 400:
            self._begin = (self._begin + piece).lstrip()[:400]
        if self._plain is None and self._chunks == 0 and self._begin.startswith((b"{", b"[")):
            self._plain = bytearray()
        if self._plain is not None:
            self._plain += piece
            if len(self._plain) > LARGEST:
                raise unreadable(self._endpoint, f"it has more than {LARGEST} bytes")
            return Delta()
        try:
            return self._joined(self._events.feed(piece))
        except ValueError as error:
            raise unreadable(self._endpoint, str(error)) from error

    def close(self) -> Delta:
        """Take the end of the body: what is new in an event, or an object, that only its end completes.

        Raises:
            ModelUnavailable: It ended too early, or what came is no answer.
        """
        delta = Delta()
        if self._plain is not None:
            delta = self._assembly.add(self._load(bytes(self._plain).decode("utf-8", "replace")))
            self.done = True
        elif not self.done:
            with contextlib.suppress(ValueError):  # half an event is none
                delta = self._joined(
                    [data for data in self._events.close() if data.strip() == "[DONE]" or is_json(data)]
                )
        if not self._chunks:
            begin = self._begin.decode("utf-8", "replace")
            raise unreadable(self._endpoint, "it is no stream of events" if begin else "it is empty", begin)
        if not self.finished:
            raise broken_off(self._endpoint, "the connection ended in the middle of the answer")
        return delta

    def reply(self) -> Reply:
        """The whole reply of a closed body.

        Raises:
            ModelUnavailable: What came makes no reply.
        """
        return self._assembly.reply()

    def _joined(self, events: list[str]) -> Delta:
        deltas = []
        for data in events:
            if self.done:
                break
            if data.strip() == "[DONE]":
                self.done = True
            elif data.strip():
                deltas.append(self._assembly.add(self._load(data)))
        if len(deltas) == 1:
            return deltas[0]
        return Delta(
            "".join([delta.text for delta in deltas]),
            "".join([delta.thinking for delta in deltas]),
            "".join([delta.call for delta in deltas]),
        )

    def _load(self, text: str) -> object:
        try:
            chunk: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            cause = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise unreadable(self._endpoint, f"a piece of it is no JSON ({cause})", text) from error
        self._chunks += 1
        return chunk


def _content(content: object) -> tuple[str, str]:
    """Text and thinking of a content, which is a string or a list of parts."""
    if not isinstance(content, list):
        return string(content), ""
    text, thinking = "", ""
    for part in content:
        if not isinstance(part, Mapping):
            continue
        text += string(part.get("text"))
        inner = part.get("thinking")
        thinking += _content(inner)[0] if isinstance(inner, list) else string(inner)
    return text, thinking


def _thinking(message: Mapping[str, Any]) -> str:
    """The thinking, from the first field that has some: servers that send several say the same thing in each."""
    for name in ("reasoning_content", "reasoning"):
        if thinking := string(message.get(name)):
            return thinking
    details = message.get("reasoning_details")
    if not isinstance(details, list):
        return ""
    parts = [part for part in details if isinstance(part, Mapping)]
    return "".join([string(part.get("text")) or string(part.get("summary")) for part in parts])


def _number(value: object) -> int:
    """A count of tokens; 0 for what is none."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return max(0, int(value)) if whole and isinstance(value, int | float) else 0
