"""A reply of the chat-completions format, put together from its chunks.

Servers differ in how they number tool calls, where they put thinking and usage, and how they say that they are done:
what they agree on is taken, what they repeat counts once, and what is missing is never guessed. ``body`` makes the
chunks from bytes. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aether_nb.events.messages import Message, Origin, ToolCall, Usage
from aether_nb.models.base import BROKEN_OFF, Delta, FinishReason, Reply
from aether_nb.models.endpoints.endpoint import Endpoint, nonsense, reported, unreadable, unreadable_call
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.calls import CallDrafts, CallFault, string, word
from aether_nb.models.formats.counts import read_usage
from aether_nb.models.formats.thinking import Kept, Opening, thinking_in

__all__ = ["ChatAssembly"]

FINISHES: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "prohibited_content": "content_filter",
    "blocklist": "content_filter",
    "sensitive": "content_filter",
    "refusal": "refusal",
}
"""Reasons that are taken at their word. For all others the parts decide: calls, or none."""

FAILURES = frozenset({"error", "network_error", "insufficient_system_resource"})
"""Reasons that are none: the server broke off."""


@dataclass(slots=True)
class ChatAssembly:
    """Chunks in, deltas out, one reply at the end."""

    endpoint: Endpoint
    profile: Profile
    model: str = ""
    done: bool = False
    """Whether nothing more will come; told by whoever reads the body."""
    _text: list[str] = field(default_factory=list)
    _thinking: list[str] = field(default_factory=list)
    _shown: list[str] = field(default_factory=list)
    _texts: int = 0
    _thoughts: int = 0
    _calls: CallDrafts = field(default_factory=CallDrafts)
    _opening: Opening | None = None
    _thinks_in: str = ""
    _kept: Kept = field(default_factory=Kept)
    _extra: Mapping[str, Any] = field(default_factory=dict)
    _spoken: bool = False
    _refused: bool = False
    _finish: str = ""
    _usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        if self.profile.trim_start or self.profile.think_tags:
            self._opening = Opening(self.profile.trim_start, self.profile.think_tags)

    @property
    def finished(self) -> bool:
        """Whether the server said why it stopped, or that it is done: from there on the message is whole."""
        return self.done or self._finish != ""

    def add(self, chunk: object) -> None:
        """Take one chunk of a stream, or a completion that came in one piece.

        Raises:
            ModelUnavailable: The chunk reports an error, or it is none.
        """
        if isinstance(chunk, list) and len(chunk) == 1 and isinstance(chunk[0], dict):
            chunk = chunk[0]  # Google puts an error in a list
        if not isinstance(chunk, dict):
            raise unreadable(self.endpoint, "a piece of it is no JSON object", str(chunk))
        if error := chunk.get("error") or (chunk.get("object") == "error" and chunk):
            raise reported(self.endpoint, error)
        model, choices = chunk.get("model"), chunk.get("choices")
        if model and model != self.model:
            self.model = word(model) or self.model
        if chunk.get("usage") is not None or "x_groq" in chunk:
            self._count(chunk)
        choice = choices[0] if choices and isinstance(choices, list) else None
        if not isinstance(choice, dict):
            return
        self._spoken = True
        message = choice.get("delta") or choice.get("message")
        if isinstance(message, dict):
            content = message.get("content")
            if isinstance(content, str) and self._opening is None and (len(message) == 1 or _says_only_text(message)):
                self._text.append(content)  # nearly every chunk of a stream is this one
            else:
                self._take(message)
        if choice.get("finish_reason") or "error" in choice:
            self._end(choice)

    def taken(self) -> Delta:
        """All that is new since the last time, as one delta."""
        text = "".join(self._text[self._texts :])
        self._texts = len(self._text)
        if self._thoughts == len(self._thinking) and not self._shown:
            return Delta(text)
        delta = Delta(text, "".join(self._thinking[self._thoughts :]), "".join(self._shown))
        self._thoughts = len(self._thinking)
        self._shown.clear()
        return delta

    def close(self) -> None:
        """No more will come: what was held back, because it might have been a tag, is taken for what it is."""
        if self._opening is not None:
            text, thinking = self._opening.close()
            self._opening = None
            self._say(text, thinking if self._thinks_in in ("", "tags") else "")

    def reply(self) -> Reply:
        """The whole reply.

        Raises:
            ToolUseFailed: A call has no name or no readable arguments.
            ModelUnavailable: Nothing was said at all, or calls were announced and none came.
        """
        if not self._spoken:
            raise unreadable(self.endpoint, "it contains no choice")
        named = "refusal" if self._refused else FINISHES.get(self._finish.lower())
        try:
            calls = self._calls.finished(cut=named in BROKEN_OFF)
        except CallFault as fault:
            raise unreadable_call(self.endpoint, str(fault), fault.generation) from fault
        text = "".join(self._text)
        if calls and not text.strip():
            text = ""
        if self._finish in ("tool_calls", "function_call") and not calls and not text:
            raise nonsense(self.endpoint, "It announced a tool call and sent none")
        finish = named or ("tool_calls" if calls else "stop")
        message = Message.of(
            "assistant", text, calls=calls, thinking="".join(self._thinking), origin=self._origin(calls)
        )
        return Reply(message, self._usage, finish, self.model, self.profile.provider)

    def _origin(self, calls: tuple[ToolCall, ...]) -> Origin | None:
        """What the provider wants back as it came; nothing when there is nothing of the kind."""
        wanted = self.profile.thinking_field
        data = {
            "thinking": self._kept.fields(wanted) if wanted else {},
            "calls": self._calls.extras(calls),
            "extra_content": dict(self._extra),
        }
        if not any(data.values()):
            return None
        return Origin(self.profile.provider, {"model": self.profile.model} | {k: v for k, v in data.items() if v})

    def _take(self, message: dict[str, Any]) -> None:
        """Take what a choice says."""
        text, thinking = _content(message.get("content"))
        in_field, name = thinking_in(message)
        if in_field:
            thinking = in_field
            if self.profile.thinking_field:
                self._kept.add(message)
        elif name in message and self.profile.thinking_field:
            self._kept.add(message)  # a part without text: a signature, or what is encrypted
        if thinking:
            self._thinks_in = self._thinks_in or "field"
            if self._thinks_in == "tags":
                thinking = ""  # said before, between tags
        if text and self._opening is not None:
            text, between = self._opening.feed(text)
            if self._opening.done:
                self._opening = None
            if between:
                self._thinks_in = self._thinks_in or "tags"
                thinking += between if self._thinks_in == "tags" else ""
        if refusal := string(message.get("refusal")):
            self._refused = True
            text += refusal
        self._say(text, thinking)
        entries = message.get("tool_calls")
        if isinstance(entries, list):
            self._shown += [self._calls.add(entry) for entry in entries]
        elif isinstance(single := message.get("function_call"), dict) and any(single.values()):
            self._shown.append(self._calls.add({"index": 0, "function": single}))
        if isinstance(extra := message.get("extra_content"), dict):
            self._extra = extra

    def _say(self, text: str, thinking: str) -> None:
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)

    def _end(self, choice: dict[str, Any]) -> None:
        """Take why it ended."""
        if error := choice.get("error"):
            raise reported(self.endpoint, error)
        if finish := string(choice.get("finish_reason")):
            if finish in FAILURES:
                raise reported(self.endpoint, f"it stopped with {finish} and gave no other reason")
            self._finish = finish

    def _count(self, chunk: dict[str, Any]) -> None:
        """Take the usage. Some servers send running totals: the last one counts, nothing is added up."""
        usage, vendor = chunk.get("usage"), chunk.get("x_groq")
        if usage is None and isinstance(vendor, dict):
            usage = vendor.get("usage")
        if isinstance(usage, dict):
            self._usage = read_usage(usage)


def _says_only_text(message: dict[str, Any]) -> bool:
    """Whether nothing but the content has a value; written out, for it is asked of each piece of a stream."""
    has = message.get
    return not (
        has("tool_calls")
        or has("reasoning_content")
        or has("reasoning")
        or has("reasoning_details")
        or has("refusal")
        or has("function_call")
        or has("extra_content")
    )


def _content(content: object) -> tuple[str, str]:
    """Text and thinking of a content, which is a string or a list of parts."""
    if not isinstance(content, list):
        return string(content), ""
    text, thinking = "", ""
    for part in content:
        if not isinstance(part, dict):
            continue
        text += string(part.get("text"))
        inner = part.get("thinking")
        thinking += _content(inner)[0] if isinstance(inner, list) else string(inner)
    return text, thinking
