"""What a model is to the rest of the house: something that is asked and streams an answer.

Whether it speaks HTTP, follows a script or computes its answers is its own business. A model sees the request and
nothing else: no namespace, no run, no settings. This module knows no provider.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from aether_nb.events.messages import Message, ToolSpec, Usage

__all__ = ["Delta", "FinishReason", "Model", "Reply", "Request"]

FinishReason: TypeAlias = Literal["stop", "tool_calls", "length", "refusal", "content_filter"]
"""Why a reply ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """All that a model gets to see: the conversation so far and the tools it may call."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer. ``model`` is the name the provider gave itself."""

    message: Message
    usage: Usage = field(default_factory=Usage)
    finish: FinishReason = "stop"
    model: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply as it arrives; ``call`` is a tool call taking shape, for show only.

    The last delta of a stream, and only it, carries the whole ``reply``.
    """

    text: str = ""
    thinking: str = ""
    call: str = ""
    reply: Reply | None = None


@runtime_checkable
class Model(Protocol):
    """Anything that can be asked."""

    @property
    def name(self) -> str:
        """``provider:model``, as a person would type it."""

    def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Answer, piece by piece.

        Yields:
            Deltas; the last one carries the whole reply.

        Raises:
            ModelError: The model cannot be reached, refused, or answered nonsense.
        """
