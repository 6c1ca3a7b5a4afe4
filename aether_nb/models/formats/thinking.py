"""Thinking in a chat completion: found in its fields or at the beginning of its text, and kept as it came.

Servers put it in a field of its own, in two that say the same, in a list of parts, or between tags before the answer.
This module knows those habits; it knows no stream and no provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aether_nb.models.formats.calls import string

__all__ = ["FIELDS", "Kept", "Opening", "thinking_in"]

FIELDS = ("reasoning_content", "reasoning")
"""Where thinking is as text. Servers that fill both say the same in each."""

OPEN, CLOSE = "<think>", "</think>"


def thinking_in(message: Mapping[str, Any]) -> tuple[str, str]:
    """The thinking of a message and the name of its field, from the first one that has some."""
    for name in FIELDS:
        if thinking := string(message.get(name)):
            return thinking, name
    parts = _parts(message)
    return "".join([string(part.get("text")) or string(part.get("summary")) for part in parts]), "reasoning_details"


def _parts(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = message.get("reasoning_details")
    return [part for part in details if isinstance(part, dict)] if isinstance(details, list) else []


@dataclass(slots=True)
class Kept:
    """Thinking in its provider's own form, for sending it back: text by its field, and parts put together."""

    _texts: dict[str, list[str]] = field(default_factory=dict)
    _details: list[dict[str, Any]] = field(default_factory=list)

    def add(self, message: Mapping[str, Any]) -> None:
        """Take what a piece of the answer has of it."""
        for name in FIELDS:
            if thinking := string(message.get(name)):
                self._texts.setdefault(name, []).append(thinking)
        earlier = self._details[:]  # parts of one message are parts of their own, whatever they are called
        for part in _parts(message):
            self._join(part, earlier)

    def fields(self, wanted: str) -> dict[str, Any]:
        """The field to send back: the wanted one, or the first that came instead; nothing when none came."""
        if wanted == "reasoning_details" and self._details:
            return {wanted: self._details}
        for name in (wanted, *FIELDS):
            if name in self._texts:
                return {name: "".join(self._texts[name])}
        return {}

    def _join(self, part: Mapping[str, Any], earlier: list[dict[str, Any]]) -> None:
        """A part continues the one of its type and number; whatever has an end, such as encrypted data, comes whole."""
        key = (part.get("type"), part.get("index"))
        known = next((each for each in earlier if (each.get("type"), each.get("index")) == key), None)
        if known is None or "data" in part:
            self._details.append(dict(part))
            return
        for name, value in part.items():
            if name in ("text", "summary") and isinstance(value, str):
                known[name] = string(known.get(name)) + value
            elif value is not None:
                known[name] = value


@dataclass(slots=True)
class Opening:
    """The beginning of a text: white space to drop, and thinking between tags. ``done`` when plain text has begun.

    Args:
        trim: White space at the beginning is dropped.
        tags: Thinking may stand between tags.
    """

    trim: bool
    tags: bool
    done: bool = False
    _held: str = ""
    _thinking: bool = False
    _thought: bool = False

    def feed(self, text: str) -> tuple[str, str]:
        """What of the text, as far as it is known, is answer, and what is thinking."""
        self._held += text
        thinking, begun = "", self._held
        while not self.done:
            if self._thinking:
                inside, closed, rest = self._held.partition(CLOSE)
                if not closed:
                    keep = _overlap(inside, CLOSE)
                    self._held = inside[len(inside) - keep :]
                    return "", thinking + self._thinks(inside[: len(inside) - keep])
                thinking += self._thinks(inside)
                self._held, self._thinking, self.trim = rest, False, True
                continue
            begun = self._held.lstrip()
            if self.tags and begun.startswith(OPEN):
                self._held, self._thinking, self._thought = begun[len(OPEN) :], True, False
                continue
            if (not begun and (self.trim or self.tags)) or (self.tags and OPEN.startswith(begun)):
                return "", thinking
            self.done = True
        text, self._held = begun if self.trim else self._held, ""
        return text, thinking

    def close(self) -> tuple[str, str]:
        """What was held back, at the end of the text."""
        held, self._held, self.done = self._held, "", True
        if self._thinking:
            return "", self._thinks(held)
        return held.lstrip() if self.trim else held, ""

    def _thinks(self, text: str) -> str:
        """The thinking without the line break behind its tag."""
        if not self._thought:
            text = text.lstrip()
            self._thought = bool(text)
        return text


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of the text may be the beginning of the tag."""
    longest = min(len(text), len(tag) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(tag[:size])), 0)
