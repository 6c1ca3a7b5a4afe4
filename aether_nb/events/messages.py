"""What is said between a person, a model and its tools: neutral values that no wire format owns.

A message is a role and parts. Every part says what kind of data it carries and from which columns, so that what leaves
this machine can be counted and limited at the one place where requests are made. Translating a message into the
request of a provider is the business of ``models``; this module knows nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import Any, Literal, TypeAlias

import orjson

__all__ = [
    "ANY",
    "BETWEEN",
    "DataKind",
    "Image",
    "Message",
    "Origin",
    "Part",
    "Role",
    "Text",
    "ToolCall",
    "ToolSpec",
    "Usage",
    "arguments_hash",
]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
"""Who speaks: the rules, the person, the model, or a tool that reports."""

DataKind: TypeAlias = Literal["text", "schema", "statistics", "rows", "image", "output", "released", "recalled"]
"""What a part shows of the user's data: nothing (text), names and types, aggregates, single values, or a picture.

``output`` is what code printed or showed, of which nobody knows what it holds; ``released`` is such output that a
person has looked at and let go. ``recalled`` is text of documents and facts that a person added: not the user's words,
and no values of live data.
"""


ANY = "*"
"""Stands among the columns of a part that may show any of them: nobody knows from which column it was made."""

BETWEEN = " | "
"""Stands between the levels of a column's name where it has several."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text.

    ``columns`` names the columns it was made from, as ``frame.column``, when it shows data; ``rows`` is how many rows
    of a table it shows.
    """

    text: str
    data: DataKind = "text"
    columns: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: its media type and its bytes in base64."""

    mime: str
    base64: str
    data: DataKind = "image"
    columns: tuple[str, ...] = ()


Part: TypeAlias = Text | Image


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to use a tool. ``arguments`` is the JSON object it gave; ``id`` is unique within a run."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a provider wants back unchanged with its own message: signed thinking, reasoning, signatures of calls.

    It is sent to ``provider`` and to nobody else; ``data`` is JSON in that provider's own form.
    """

    provider: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    An assistant's message may carry ``calls``, ``thinking`` for people to read, and its ``origin``; a tool's message
    answers the call ``call_id``.
    """

    role: Role
    parts: tuple[Part, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    thinking: str = ""
    origin: Origin | None = None

    @property
    def text(self) -> str:
        """All the text of this message, pictures left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @classmethod
    def of(cls, role: Role, text: str, **more: Any) -> Message:
        """A message that is one piece of text."""
        return cls(role, (Text(text),) if text else (), **more)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a model is told about a tool: its name, what it is for, and the JSON schema of its arguments.

    ``source`` names the stranger whose words these are, as a server; empty for what the user or a program hands over.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of one reply, or of several.

    ``input_tokens`` counts all that was read, ``cached_tokens`` (read from the provider's cache),
    ``cache_write_tokens`` and ``image_tokens`` included; ``output_tokens`` counts all that was written,
    ``reasoning_tokens`` included. ``cost`` is in US dollars; None means that nobody knows, which is not zero.
    ``estimated``: the provider did not count, so the tokens are a guess from the number of characters.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    image_tokens: int = 0
    estimated: bool = False

    @property
    def tokens(self) -> int:
        """All tokens that were read or written."""
        return self.input_tokens + self.output_tokens

    def plus(self, other: Usage) -> Usage:
        """The sum of two; its cost is unknown as soon as one of the costs is."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            None if self.cost is None or other.cost is None else self.cost + other.cost,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.image_tokens + other.image_tokens,
            self.estimated or other.estimated,
        )

    @staticmethod
    def total(parts: Iterable[Usage]) -> Usage:
        """The sum of any number."""
        return reduce(Usage.plus, parts, Usage(cost=0.0))


_ALIKE = frozenset((str, int, bool, type(None)))
"""What both encoders write alike. Floats they spell in ways of their own, and what is nested may hold some."""

_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def arguments_hash(name: str, arguments: Mapping[str, Any]) -> str:
    """The identity of an exact call: SHA-256 over the tool's name and its arguments as canonical JSON."""
    text = b""
    if _ALIKE.issuperset(map(type, arguments.values())):
        with suppress(TypeError):  # half a surrogate pair, a number beyond 64 bits
            text = orjson.dumps([name, arguments], option=orjson.OPT_SORT_KEYS)
    text = text or _write([name, arguments]).encode(errors="surrogatepass")
    return "sha256:" + sha256(text).hexdigest()
