"""What a model is to the rest of the house: something that is asked and streams an answer.

Whether it speaks HTTP, follows a script or computes its answers is its own business. A model sees the request and
nothing else: no namespace, no run, no settings. Wrappers (retry, breaker, cost, cache, tools as text) have the same
face and are put around one another. This module knows no provider.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from aether_nb.events.messages import Message, ToolSpec, Usage
from aether_nb.models.endpoints.endpoint import Endpoint
from aether_nb.models.endpoints.profile import Profile

__all__ = [
    "BROKEN_OFF",
    "NOTHING",
    "PLAIN",
    "REFUSED",
    "Delta",
    "FinishReason",
    "Model",
    "Options",
    "Reply",
    "Request",
    "Wrapper",
    "closing",
]

FinishReason: TypeAlias = Literal["stop", "tool_calls", "length", "refusal", "content_filter", "pause"]
"""Why a reply ended. ``pause``: the provider wants to be asked again, with this reply in the history, to go on."""

REFUSED: frozenset[FinishReason] = frozenset({"refusal", "content_filter"})
"""The model, or a filter of its provider, does not want to answer. Nothing that was said before is meant."""

BROKEN_OFF: frozenset[FinishReason] = REFUSED | {"length"}
"""Reasons that come in the middle of a reply: a call that cannot be read was cut off, and is no mistake."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to answer. What is left out is left to the provider.

    Args:
        max_tokens: The longest answer, in tokens.
        temperature: How freely words are chosen, from 0.
        top_p: The share of likely words that is chosen from, 0 to 1.
        stop: Texts at which the answer ends.
        tool_choice: Empty (the model decides), ``none``, ``required``, or the name of the one tool to use.
        schema: A JSON schema that the answer has to follow.
        effort: How long to think: ``none``, ``low``, ``medium``, ``high``.
        extra: Fields for the request's body, sent as they are.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    tool_choice: str = ""
    schema: Mapping[str, Any] | None = None
    effort: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


PLAIN = Options()
"""Nothing said: all is left to the provider."""


@dataclass(frozen=True, slots=True)
class Request:
    """All that a model gets to see: the conversation so far and the tools it may call.

    Not ``stream``: the answer is wanted in one piece; a model may stream it all the same.
    """

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    options: Options = PLAIN
    stream: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer.

    Args:
        message: What was said.
        usage: Tokens and money; those of repairs included.
        finish: Why it ended.
        model: The name the provider gave the model itself.
        provider: The provider's name in the registry.
        repairs: How often the model was asked to write its answer again in a readable form.
        notes: What a person should know about how the answer came to be, a sentence each.
    """

    message: Message
    usage: Usage = field(default_factory=Usage)
    finish: FinishReason = "stop"
    model: str = ""
    provider: str = ""
    repairs: int = 0
    notes: tuple[str, ...] = ()


class Delta(NamedTuple):
    """A piece of a reply as it arrives.

    ``call`` is a tool call taking shape, for show only. ``note`` says what goes on meanwhile (waiting before another
    try, switching to text tools); it is no part of the reply. The last delta of a stream, and only it, carries the
    whole ``reply``. (A named tuple: a stream makes thousands, and a frozen dataclass costs twice as much to make.)
    """

    text: str = ""
    thinking: str = ""
    call: str = ""
    reply: Reply | None = None
    note: str = ""


NOTHING = Delta()
"""A delta that brings nothing new."""


@runtime_checkable
class Model(Protocol):
    """Anything that can be asked. One that keeps connections also has ``async aclose()``."""

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


class Wrapper:
    """A model around a model. It bears the inner one's name, and closes it."""

    def __init__(self, inner: Model) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self.inner.name

    @property
    def profile(self) -> Profile | None:
        """How the model is spoken with; None for one that is not reached over HTTP."""
        return getattr(self.inner, "profile", None)

    @property
    def endpoint(self) -> Endpoint | None:
        """Who is asked over HTTP, for errors; None for a model that is not reached so."""
        return getattr(self.inner, "endpoint", None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inner!r})"

    async def aclose(self) -> None:
        """Close the inner model's connections, when it keeps some."""
        if (aclose := getattr(self.inner, "aclose", None)) is not None:
            await aclose()


class closing:  # it reads like contextlib's
    """The stream, closed when the block is left: a wrapper that is left early takes the inner connection with it.

    A class, because a request passes six of these, and ``asynccontextmanager`` makes a generator for each.
    """

    __slots__ = ("_stream",)

    def __init__(self, stream: AsyncIterator[Delta]) -> None:
        self._stream = stream

    async def __aenter__(self) -> AsyncIterator[Delta]:
        return self._stream

    async def __aexit__(self, *_: object) -> None:
        if (aclose := getattr(self._stream, "aclose", None)) is not None:
            await aclose()
