"""How full a model's context is, and of what: a fold of what went into the last request.

The total is what the model itself counted. The pieces are told by their length, and made to add up to it: what no
piece explains is what the tools are described with, which stands in no log. This module draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Part, Text

__all__ = ["PIECES", "Gauge", "described", "weighed"]

PIECES = ("system", "question", "variables", "cells", "knowledge", "history", "tools")
"""What a context is made of, in the order in which it is shown."""

CHARACTERS_PER_TOKEN = 4
PICTURE = 4_000
"""A picture counts as so many characters."""

BROUGHT_BY = {"read_cells": "cells", "recall": "knowledge", "search_knowledge": "knowledge"}
"""Tools whose results are pieces of their own; what the others bring belongs to the tools."""


@dataclass(slots=True)
class Gauge:
    """Characters by piece, and the tokens that the model counted last; ``counted`` is None before it has answered.

    ``window`` is the size of the context in tokens, None when nobody knows; ``estimated``: the provider did not count.
    """

    characters: dict[str, int] = field(default_factory=dict)
    counted: int | None = None
    estimated: bool = False
    window: int | None = None
    tools: dict[str, str] = field(default_factory=dict)

    def add(self, piece: str, characters: int) -> None:
        """Count something in."""
        self.characters[piece] = self.characters.get(piece, 0) + characters

    @property
    def tokens(self) -> int:
        """Tokens of the last request."""
        return self.counted if self.counted is not None else sum(self.characters.values()) // CHARACTERS_PER_TOKEN

    @property
    def pieces(self) -> list[tuple[str, int]]:
        """Tokens by piece; they add up to the whole."""
        guessed = {name: self.characters.get(name, 0) / CHARACTERS_PER_TOKEN for name in PIECES}
        known, whole = sum(guessed.values()), self.tokens
        if known < whole:
            guessed["tools"] += whole - known
        elif known:
            guessed = {name: tokens * whole / known for name, tokens in guessed.items()}
        return [(name, round(tokens)) for name, tokens in guessed.items() if round(tokens)]


def _length(parts: Iterable[Part]) -> int:
    return sum(len(part.text) if isinstance(part, Text) else PICTURE for part in parts)


def weighed(gauge: Gauge, event: k.Event) -> bool:
    """Take an event in. Returns whether the gauge says something else now."""
    match event:
        case k.ContextComposed(messages):
            _composed(gauge, messages)
        case k.ModelAnswered(message=message, usage=usage):
            gauge.counted, gauge.estimated = usage.input_tokens or gauge.counted, usage.estimated
            gauge.add("history", len(message.text))
            gauge.add("tools", sum(len(str(dict(call.arguments))) for call in message.calls))
        case k.AgentSaid(message=message):
            gauge.add("history", len(message.text))
        case k.CallProposed(call=call):
            gauge.tools[call.id] = call.name
            return False
        case k.CallFinished(call_id=id, parts=parts):
            gauge.add(BROUGHT_BY.get(gauge.tools.get(id, ""), "tools"), _length(parts))
        case k.SignalReceived(type="tell", text=text):
            gauge.add("question", len(text))
        case _:
            return False
    return True


def _composed(gauge: Gauge, messages: tuple[Message, ...]) -> None:
    """The opening: the rules, earlier turns, and the question with the variables below it."""
    gauge.characters.clear()
    asked = max((n for n, message in enumerate(messages) if message.role == "user"), default=-1)
    for number, message in enumerate(messages):
        if number != asked:
            gauge.add("system" if message.role == "system" else "history", _length(message.parts))
            continue
        for part in message.parts:
            plain = isinstance(part, Text) and part.data == "text"
            gauge.add("question" if plain else "variables", _length((part,)))


def described(gauge: Gauge) -> dict[str, Any] | None:
    """The gauge for whoever draws it; None while there is nothing to say."""
    used = gauge.tokens
    if not used:
        return None
    window = gauge.window or 0
    about = "about " if gauge.estimated or gauge.counted is None else ""
    text = f"{used / window:.0%}" if window else f"{_short(used)} in context"
    whole = f" of {window:,}" if window else ""
    note = "The model counted the whole; the pieces are told by their length."
    if gauge.counted is None or gauge.estimated:
        note = "Told by length: nobody has counted yet." if gauge.counted is None else "Told by length: nobody counts."
    return {
        "used": used,
        "window": window,
        "text": text,
        "label": f"{about}{used:,}{whole} tokens in the context",
        "note": note,
        "pieces": [[name, tokens, _WORDS[name]] for name, tokens in gauge.pieces],
    }


_WORDS = {
    "system": "the rules of the agent",
    "question": "what you asked and said",
    "variables": "what the model is told of your variables",
    "cells": "cells of this notebook that were read",
    "knowledge": "what was recalled from documents and memory",
    "history": "earlier turns, and what the model said in this one",
    "tools": "the tools' descriptions, their calls and results",
}


def _short(tokens: int) -> str:
    return f"{tokens / 1000:.1f} k" if tokens >= 1000 else str(tokens)
