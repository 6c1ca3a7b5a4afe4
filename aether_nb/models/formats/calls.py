"""Tool calls of a stream, put together from their pieces.

Servers number calls, or name them by id, or send each whole in one piece; some number all of them 0, some repeat id and
name in every piece, some give no id. This module knows those habits and nothing else of a stream.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aether_nb.events.messages import ToolCall

__all__ = ["SHALLOW", "CallDrafts", "CallFault", "is_json", "is_too_deep", "loaded", "string", "word"]

LONGEST_WORD = 200

DEEPEST = 100
"""Levels of objects and lists. What is nested deeper is no argument, and writing it down again would fail."""

DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)

SHALLOW = 2 * DEEPEST
"""No text of so few characters is nested as deep: it would lack the closing brackets."""


class CallFault(ValueError):
    """A call cannot be read; ``generation`` is what was written, all calls of the reply, each between tags."""

    generation: str = ""


@dataclass(slots=True)
class _Draft:
    """A call taking shape. ``index`` is the server's number for it, when it gives one."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def written(self) -> str:
        """The call as text, its arguments to the letter."""
        call = f'{{"name": {json.dumps(self.name)}, "arguments": {self.arguments.strip() or "{}"}}}'
        return f"<tool_call>\n{call}\n</tool_call>"

    @property
    def whole(self) -> bool:
        """Whether the arguments are a finished JSON object already."""
        return self.arguments.rstrip().endswith("}") and is_json(self.arguments)

    def cut(self, last: bool) -> bool:
        """Whether more of it was to come, in a reply that broke off."""
        if not self.name:
            return True
        return not is_json(self.arguments) if self.arguments.strip() else last


@dataclass(slots=True)
class CallDrafts:
    """The calls of one reply, in the order in which they began."""

    _drafts: list[_Draft] = field(default_factory=list)
    _ids: dict[str, _Draft] = field(default_factory=dict)

    def add(self, entry: object) -> str:
        """Take one entry of ``tool_calls``; the text by which the picture of the calls grows."""
        if not isinstance(entry, dict):
            return ""
        function = entry.get("function")
        function = function if isinstance(function, dict) else {}
        index, id, name = entry.get("index"), string(entry.get("id")), string(function.get("name"))
        given = function.get("arguments")
        arguments = json.dumps(given, ensure_ascii=False) if isinstance(given, dict) else string(given)
        draft = self._draft(index if isinstance(index, int) else None, id, name, bool(arguments.strip()))
        shown = arguments
        if name and not draft.name:
            shown = f"{name} {arguments}" if draft is self._drafts[0] else f"\n{name} {arguments}"
        draft.id, draft.name = id or draft.id, name or draft.name
        draft.arguments += arguments
        if isinstance(extra := entry.get("extra_content"), dict):
            draft.extra = extra
        return shown

    def finished(self, cut: bool) -> tuple[ToolCall, ...]:
        """The calls, each with an id of its own and an object of arguments; none given means an empty one.

        Args:
            cut: The reply broke off. A call that cannot be read, or a last one of which nothing but the name came, was
                cut off, and is left out.

        Raises:
            CallFault: A call has no name, or its arguments are no JSON object; says which.
        """
        calls: list[ToolCall] = []
        for draft in self._drafts:
            if cut and draft.cut(last=draft is self._drafts[-1]):
                continue
            id = draft.id
            if not id or any(call.id == id for call in calls):
                id = f"call_{uuid.uuid4().hex[:24]}"
            try:
                calls.append(ToolCall(id, draft.name, _arguments(draft)))
            except ValueError as error:
                fault = CallFault(str(error))
                fault.generation = "\n".join(each.written for each in self._drafts)
                raise fault from error
            self._ids[id] = draft
        return tuple(calls)

    def extras(self, calls: tuple[ToolCall, ...]) -> dict[str, dict[str, Any]]:
        """What came with the finished calls and has to go back with them, by their ids."""
        return {call.id: dict(extra) for call in calls if (extra := self._ids[call.id].extra)}

    def _draft(self, index: int | None, id: str, name: str, more: bool) -> _Draft:
        """The draft that a piece belongs to, or a new one.

        A piece that repeats a name begins a new call only where the draft it would join is whole already.
        """
        known = self._known(index, id, name)
        if known is not None:
            other = bool(id and known.id and id != known.id)
            if not (name and (more or other) and known.whole):
                return known
        draft = _Draft(index)
        self._drafts.append(draft)
        return draft

    def _known(self, index: int | None, id: str, name: str) -> _Draft | None:
        """The draft that a piece points to: by its number, else by its id, else by coming next."""
        latest = reversed(self._drafts)
        if index is not None:
            return next((draft for draft in latest if draft.index == index), None)
        last = self._drafts[-1] if self._drafts else None
        if id:
            same = next((draft for draft in latest if draft.id == id), None)
            return same or (last if not name else None)
        return last if last is not None and name in ("", last.name) else None


def _arguments(draft: _Draft) -> dict[str, Any]:
    """The arguments as an object. Line breaks inside its strings are forgiven: models write code there."""
    if not draft.name:
        raise ValueError("It calls a tool without saying which")
    if not draft.arguments.strip():
        return {}
    try:
        value = loaded(draft.arguments)
    except ValueError as error:
        raise ValueError(f"The arguments for {draft.name} are no JSON ({error}): {draft.arguments}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"The arguments for {draft.name} are no JSON object: {draft.arguments}")
    return value


def is_json(text: str) -> bool:
    """Whether the text is JSON to its end."""
    try:
        loaded(text)
    except ValueError:
        return False
    return True


def loaded(text: str) -> Any:
    """The value of a text that is JSON to its end. Line breaks inside its strings are forgiven.

    Raises:
        ValueError: It is something else, or nested too deeply.
    """
    try:
        value = DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if is_too_deep(value, text):
        raise ValueError("nested too deeply")
    return value


def is_too_deep(value: object, text: str) -> bool:
    """Whether a value, which was read from a text, has more than ``DEEPEST`` levels."""
    return text.count("{") + text.count("[") > DEEPEST and _exceeds(value, DEEPEST)


def _exceeds(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_exceeds(each, levels - 1) for each in inner)


def string(value: object) -> str:
    """The value when it is a string, else an empty one: servers send null for what they have not."""
    return value if isinstance(value, str) else ""


def word(value: object) -> str:
    """A name that a server gives, as people may be shown it: empty unless it is a short string that can be seen."""
    return value if isinstance(value, str) and value.isprintable() and len(value) <= LONGEST_WORD else ""
