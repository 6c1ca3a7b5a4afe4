"""How to speak with one model of one provider: an address, a format, and the ways in which it differs.

A profile is data, put together from the rows of ``providers.toml`` and of the user's ``aether.toml``. Every difference
between providers that code has to know is a field here, so that a new provider is a new row. This module reads no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

__all__ = ["Auth", "Profile", "ToolFormat", "WireFormat"]

WireFormat: TypeAlias = Literal["openai", "anthropic"]
"""What travels: OpenAI chat completions, or Anthropic messages."""

ToolFormat: TypeAlias = Literal["native", "text"]
"""How tools are offered: in the wire format's own field, or described in the prompt."""

Auth: TypeAlias = Literal["bearer", "x-api-key", "none"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One model of one provider.

    Where it is and who is asked:

    Args:
        provider: The row's name; for an address that no row has, the address itself.
        model: The provider's name for the model.
        base_url: The address before the path, without a slash at its end.
        wire: What travels.
        tools: How tools are offered.
        auth: How the key is sent. A local server without a key needs none.
        key_variables: The environment variables that may hold the key, best first.
        headers: Sent with every request.
        version: ``anthropic-version``, for that format.
        local: It runs on the user's machine or network; nothing leaves it.
        billed: Somebody bills for it. Not by default where the row says local, and the address is.
        vision: Whether it sees pictures; None when nobody knows (they are sent then).
        context: The context window in tokens; None when nobody knows.
        max_output: The longest answer in tokens; None when nobody knows.
        ends: The day on which its provider withdraws it, ``YYYY-MM-DD``; empty when none is announced.

    Where it differs from its format:

    Args:
        stream_usage: ``ask``: usage comes when ``stream_options`` asks for it; ``none``: the option is refused.
        max_tokens_field: The name of the output limit.
        sampling: Whether temperature and top_p are accepted.
        strict_schema: Whether a JSON schema may be declared strict.
        json_schema: Whether a schema is accepted at all; else it is described in the prompt.
        tool_choice_required: The word for "use some tool"; empty where there is none.
        forced_tool: Whether the one tool to use can be named.
        one_system: All system messages have to be one, at the beginning.
        alternate: User and assistant have to take turns, and the user begins.
        null_content: An assistant that only calls tools has content null; else the field is left out.
        user_after_tool: Whether a user may speak right after a tool's result; else the assistant says "OK" in between.
        inline_schema: Schemas must not use ``$ref`` and ``$defs``.
        thinking_field: The field of a message that carries thinking, for sending it back: ``reasoning_content``,
            ``reasoning`` or ``reasoning_details``; empty: it is not sent back.
        thinking_needed: An assistant that calls tools has to carry thinking_field; a blank stands where it is unknown.
        signed_calls: Calls carry a signature of the provider; those of others are sent with the word that stands for
            one (Google).
        short_ids: Ids of calls have nine letters or digits; others are sent under such an id (Mistral).
        think_tags: The text may begin with ``<think>…</think>``, which is thinking.
        trim_start: White space at the beginning of an answer is dropped.
        effort: The field that says how long to think, for example ``reasoning_effort`` or ``reasoning.effort``; empty
            where there is none. In the Anthropic format ``thinking`` (a budget of tokens) or ``output_config`` (a
            word).
        cache_points: What stays the same is marked, so that the provider keeps what it has read (Anthropic format).
        requests_per_minute: At most so many requests in a minute; None for no limit of ours.
        extra: Fields for the body of every request.
        without: Fields of the body that the server refuses; they are left out, wherever they came from.
    """

    provider: str
    model: str
    base_url: str
    wire: WireFormat = "openai"
    tools: ToolFormat = "native"
    auth: Auth = "bearer"
    key_variables: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: str = "2023-06-01"
    local: bool = False
    billed: bool = True
    vision: bool | None = None
    context: int | None = None
    max_output: int | None = None
    ends: str = ""

    stream_usage: Literal["ask", "none"] = "ask"
    max_tokens_field: str = "max_tokens"
    sampling: bool = True
    strict_schema: bool = True
    json_schema: bool = True
    tool_choice_required: str = "required"
    forced_tool: bool = True
    one_system: bool = True
    alternate: bool = False
    null_content: bool = True
    user_after_tool: bool = True
    inline_schema: bool = False
    thinking_field: str = ""
    thinking_needed: bool = False
    signed_calls: bool = False
    short_ids: bool = False
    think_tags: bool = False
    trim_start: bool = False
    effort: str = ""
    cache_points: bool = False
    requests_per_minute: float | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.base_url).netloc

    @property
    def name(self) -> str:
        """``provider:model``, or ``model@address`` for an address that no row has."""
        return f"{self.model}@{self.base_url}" if "://" in self.provider else f"{self.provider}:{self.model}"
