"""A reply of the Anthropic messages format, put together from its events.

A reply is a list of blocks, each numbered; events begin them and add to them. What the provider signed, and blocks that
only it understands, are kept as they came, so that they can be sent back to it. Nothing here does I/O.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aether_nb.events.messages import Message, Origin, ToolCall, Usage
from aether_nb.models.base import BROKEN_OFF, Delta, FinishReason, Reply
from aether_nb.models.endpoints.endpoint import Endpoint, nonsense, reported, unreadable, unreadable_call
from aether_nb.models.formats.calls import CallDrafts, CallFault, is_json, loaded, string, word

__all__ = ["MessageAssembly"]

FINISHES: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "pause",
    "refusal": "refusal",
}
"""Reasons that are taken at their word. For all others the blocks decide: calls, or none."""

MOST_TOKENS = 10**12
"""A number from there on counts nothing."""

COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")

DELTAS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}
"""What a block must be whose beginning never came."""


@dataclass(slots=True)
class _Block:
    """A block taking shape: as it began, and what was added to its text, its thinking or its input.

    ``number`` is ours, in the order in which blocks began: servers may give two the same.
    """

    number: int
    start: dict[str, Any]
    kind: str
    pieces: list[str] = field(default_factory=list)
    citations: list[Any] = field(default_factory=list)
    signature: str = ""

    def whole(self, calls: Mapping[str, ToolCall], cut: bool) -> dict[str, Any] | None:
        """The block as its provider wants it back, or None for a part of one. A call's input is in the call.

        Args:
            calls: The finished calls by their ids.
            cut: The reply was cut off, so thinking without a signature is a part; some servers never sign.
        """
        added = "".join(self.pieces)
        if self.kind == "text":
            return {**self.start, "text": added, **({"citations": self.citations} if self.citations else {})}
        if self.kind == "thinking":
            kept = {**self.start, "thinking": added, "signature": self.signature}
            return kept if self.signature or (added and not cut) else None
        if self.kind == "tool_use":
            rest = {name: value for name, value in self.start.items() if name != "input"}
            return rest if self.start["id"] in calls else None
        if not added:
            return self.start
        return {**self.start, "input": loaded(added)} if is_json(added) else None


class MessageAssembly:
    """Events in, or one whole message; what is new as deltas; one reply at the end.

    Args:
        endpoint: Who is asked.
        provider: Who gets back what is kept of the reply.
    """

    def __init__(self, endpoint: Endpoint, provider: str) -> None:
        self.done = False
        """Whether the server said that nothing more will come."""
        self._endpoint, self._provider = endpoint, provider
        self._model = ""
        self._begun = False
        self._finish: str | None = None
        self._blocks: list[_Block] = []
        self._open: dict[int | None, _Block] = {}
        self._calls = CallDrafts()
        self._ids: set[str] = set()
        self._counts = dict.fromkeys(COUNTS, 0)
        self._reasoned = 0
        self._note = ""
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._shown: list[str] = []

    @property
    def finished(self) -> bool:
        """Whether the message is whole, whatever becomes of the connection."""
        return self.done or self._finish is not None

    def add(self, event: object) -> None:
        """Take one event of a stream, or a message that came in one piece.

        Raises:
            ModelUnavailable: It reports an error, or it is neither.
        """
        if not isinstance(event, dict):
            raise unreadable(self._endpoint, "a piece of it is no JSON object", str(event))
        kind, index = event.get("type"), event.get("index")
        if kind == "content_block_delta":
            self._grow(index if isinstance(index, int) else None, event.get("delta"))
        elif kind == "content_block_start":
            self._begin(index if isinstance(index, int) else None, event.get("content_block"))
        elif kind == "message_start":
            self._head(event.get("message"))
        elif kind == "message_delta":
            self._count(event.get("usage"))
            self._stop(event.get("delta"))
        elif kind == "message_stop":
            self.done = True
        elif kind == "error" or event.get("error"):
            raise reported(self._endpoint, event.get("error") or event)
        elif isinstance(content := event.get("content"), list):
            self._head(event)
            for place, block in enumerate(content):
                self._begin(place, block)
            self._stop(event)
            self.done = True

    def taken(self) -> Delta:
        """All that is new since the last time, as one delta."""
        text = "".join(self._texts)
        self._texts.clear()
        if not self._thoughts and not self._shown:
            return Delta(text)
        delta = Delta(text, "".join(self._thoughts), "".join(self._shown))
        self._thoughts.clear()
        self._shown.clear()
        return delta

    def close(self) -> None:
        """Take that no more will come: nothing of this format is held back."""

    def reply(self) -> Reply:
        """The whole reply.

        Raises:
            ToolUseFailed: A call has no name or no readable arguments.
            ModelUnavailable: No message came, or a call was announced and none came.
        """
        if not self._begun:
            raise unreadable(self._endpoint, "it contains no message")
        finish = FINISHES.get(self._finish or "")
        try:
            calls = self._calls.finished(cut=finish in BROKEN_OFF)
        except CallFault as fault:
            raise unreadable_call(self._endpoint, str(fault), fault.generation) from fault
        text = "".join(["".join(block.pieces) for block in self._blocks if block.kind == "text"])
        if calls and not text.strip():
            text = ""
        if self._finish == "tool_use" and not calls and not text:
            raise nonsense(self._endpoint, "It announced a tool call and sent none")
        thoughts = ["".join(block.pieces) for block in self._blocks if block.kind == "thinking"]
        thinking, origin = "\n\n".join(filter(None, thoughts)), self._origin(calls)
        message = Message.of("assistant", text, calls=calls, thinking=thinking, origin=origin)
        notes = (self._note,) if self._note else ()
        finish = finish or ("tool_calls" if calls else "stop")
        return Reply(message, self._usage(), finish, self._model, self._provider, notes=notes)

    def _head(self, message: object) -> None:
        self._begun = True
        if isinstance(message, dict):
            self._model = word(message.get("model")) or self._model
            self._count(message.get("usage"))

    def _begin(self, index: int | None, given: object) -> _Block:
        """Take the beginning of a block; some servers send all of it here."""
        start = given if isinstance(given, dict) else {}
        block = _Block(len(self._blocks), start, string(start.get("type")))
        self._begun = True
        self._blocks.append(block)
        self._open[index] = block
        if block.kind == "text":
            block.citations = list(cited) if isinstance(cited := start.get("citations"), list) else []
            self._say(block, start.get("text"))
        elif block.kind == "thinking":
            block.signature = string(start.get("signature"))
            self._think(block, start.get("thinking"))
        elif block.kind == "tool_use":
            self._call(block, start.get("input") or "", start)
        return block

    def _grow(self, index: int | None, delta: object) -> None:
        """Take what is added to a block; what does not belong into one of its kind is passed over."""
        if not isinstance(delta, dict):
            return
        kind = string(delta.get("type"))
        block = self._open.get(index)
        if block is None or not block.kind:
            block = self._begin(index, {"type": DELTAS.get(kind, "")})
        if block.kind == "text":
            if kind == "text_delta":
                self._say(block, delta.get("text"))
            elif kind == "citations_delta":
                block.citations.append(delta.get("citation"))
        elif block.kind == "thinking":
            if kind == "thinking_delta":
                self._think(block, delta.get("thinking"))
            elif kind == "signature_delta":
                block.signature = string(delta.get("signature")) or block.signature
        elif kind == "input_json_delta" and block.kind == "tool_use":
            self._call(block, delta.get("partial_json"))
        elif kind == "input_json_delta":
            block.pieces.append(string(delta.get("partial_json")))

    def _say(self, block: _Block, text: object) -> None:
        if isinstance(text, str) and text:
            block.pieces.append(text)
            self._texts.append(text)

    def _think(self, block: _Block, thinking: object) -> None:
        if isinstance(thinking, str) and thinking:
            if not block.pieces and any(each.kind == "thinking" and each.pieces for each in self._blocks):
                self._thoughts.append("\n\n")
            block.pieces.append(thinking)
            self._thoughts.append(thinking)

    def _call(self, block: _Block, arguments: object, start: Mapping[str, Any] | None = None) -> None:
        """Take a piece of a call. Each gets an id of its own at its start, so that call and block stay together."""
        function: dict[str, object] = {"arguments": arguments}
        if start is not None:
            id = string(start.get("id"))
            if not id or id in self._ids:
                id = f"toolu_{uuid.uuid4().hex[:24]}"
            self._ids.add(id)
            block.start = {**block.start, "id": id}
            function["name"] = start.get("name")
        entry = {"index": block.number, "id": block.start["id"], "function": function}
        self._shown.append(self._calls.add(entry))

    def _stop(self, delta: object) -> None:
        if isinstance(delta, dict):
            self._finish = string(delta.get("stop_reason")) or self._finish
            if isinstance(details := delta.get("stop_details"), dict):
                self._note = string(details.get("explanation")) or self._note

    def _count(self, usage: object) -> None:
        """Take the usage: running totals, of which the last counts; what is left out stays as it was."""
        if not isinstance(usage, dict):
            return
        for name in COUNTS:
            if isinstance(count := usage.get(name), int) and 0 <= count < MOST_TOKENS:
                self._counts[name] = count
        details = usage.get("output_tokens_details")
        if isinstance(details, dict) and isinstance(count := details.get("thinking_tokens"), int):
            self._reasoned = count if 0 <= count < MOST_TOKENS else 0

    def _usage(self) -> Usage:
        """This format counts what was read from the cache, or written to it, apart from the other input."""
        fresh, read, written, output = self._counts.values()
        return Usage(
            fresh + read + written,
            output,
            cached_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=self._reasoned,
        )

    def _origin(self, calls: tuple[ToolCall, ...]) -> Origin | None:
        """All blocks in order, when one of them means something to the provider alone."""
        known, cut = {call.id: call for call in calls}, FINISHES.get(self._finish or "") in BROKEN_OFF
        content = [whole for block in self._blocks if block.kind and (whole := block.whole(known, cut)) is not None]
        if all(block["type"] in ("text", "tool_use") for block in content):
            return None
        return Origin(self._provider, {"content": content})
