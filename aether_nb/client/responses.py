"""What a program gets back: a whole answer, a piece of one, and what it all came to.

Plain values. They know neither models nor runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from threading import Lock

from aether_nb.events.messages import Message, ToolCall, Usage
from aether_nb.models.base import FinishReason, Reply

__all__ = ["Chunk", "Response", "Tally", "ToolResult", "Totals", "response_of"]


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    Args:
        text: What was said. After a tool loop, the last reply's words only.
        thinking: What the model thought before, as far as it shows that.
        tool_calls: The calls that the model wants; after a tool loop, those that were made.
        finish_reason: Why the answer ended: ``stop``, ``tool_calls``, ``length``, ``refusal``, ``content_filter``.
        usage: Tokens and money, of all requests that it took.
        model: The provider's own name for the model that answered.
        provider: The provider's name.
        message: The reply as a message, to be put into a history.
        notes: What a person should know about how it came to be, a sentence each; of a refusal what its provider says.
    """

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    provider: str = ""
    message: Message = field(default_factory=lambda: Message("assistant"))
    notes: tuple[str, ...] = ()

    @property
    def cost(self) -> float | None:
        """US dollars; None when nobody knows."""
        return self.usage.cost

    def __str__(self) -> str:
        return self.text


def response_of(
    reply: Reply, name: str, usage: Usage | None = None, calls: tuple[ToolCall, ...] | None = None
) -> Response:
    """A model's reply as a program gets it.

    Args:
        reply: The last reply.
        name: ``provider:model`` of the model that was asked, for what the reply leaves out.
        usage: What it took, when that is more than the reply itself.
        calls: The calls that were made, when there was a tool loop.
    """
    message = reply.message
    return Response(
        message.text,
        message.thinking,
        message.calls if calls is None else calls,
        reply.finish,
        usage or reply.usage,
        reply.model or name,
        reply.provider or name.partition(":")[0],
        message,
        reply.notes,
    )


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call: what the model is told, and whether the call ``failed`` or was refused."""

    id: str
    name: str
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a stream; one of its fields is set.

    Args:
        text: A piece of the answer, or of what the model says before it uses a tool.
        thinking: A piece of its thinking.
        call: A tool begins to work.
        result: A tool is done.
        note: Something that a person may want to know meanwhile, for example that a provider is asked again.
        response: The whole answer; only the last chunk has it.
    """

    text: str = ""
    thinking: str = ""
    call: ToolCall | None = None
    result: ToolResult | None = None
    note: str = ""
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Totals(Usage):
    """All that a client's requests came to: tokens, ``cost`` (None when one of the costs is unknown), by model.

    Args:
        requests: How many requests were answered, or were left while the answer came; the tokens of the latter are a
            guess. What was taken from the cache is no request.
        by_model: The same for each model, by ``provider:model``.
    """

    requests: int = 0
    by_model: Mapping[str, Totals] = field(default_factory=dict)


class Tally:
    """Adds up what a client's requests took. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, tuple[int, Usage]] = {}

    def add(self, model: str, usage: Usage) -> None:
        """Count one request."""
        with self._lock:
            requests, before = self._known.get(model, (0, Usage(cost=0.0)))
            self._known[model] = requests + 1, before.plus(usage)

    def totals(self) -> Totals:
        """The sums as they stand."""
        with self._lock:
            known = dict(self._known)
        by_model = {model: _totals(usage, requests) for model, (requests, usage) in known.items()}
        everything = Usage.total(usage for _, usage in known.values())
        return _totals(everything, sum(requests for requests, _ in known.values()), by_model)


def _totals(usage: Usage, requests: int, by_model: Mapping[str, Totals] | None = None) -> Totals:
    values = {each.name: getattr(usage, each.name) for each in fields(Usage)}
    return Totals(**values, requests=requests, by_model=by_model or {})
