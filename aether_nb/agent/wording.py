"""From what a hosted agent says to what a model is sent: messages that keep what kind of data they show.

A result that is handed on as it is keeps its kind. Words of the agent's own may have been made from results: once a
call has brought something, they count as output of code wherever a limit of data holds, except what was said before.
Nobody is asked here, and nothing is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, get_args

from aether_nb.agent.calls import Calls
from aether_nb.agent.egress import Egress, limit_rule
from aether_nb.agent.fencing import fence_rule
from aether_nb.agent.hosting import Prompt, Said, Told
from aether_nb.agent.requesting import Asked
from aether_nb.errors import OptionError
from aether_nb.events.demands import request_hash
from aether_nb.events.messages import Message, Part, Role, Text, ToolSpec
from aether_nb.models.base import Options, Request

__all__ = ["Wording", "plain"]

HINT = 'house.model("…"), or a list of texts, results and messages: house.model([house.task, result])'


class Wording:
    """Makes the requests of one hosted agent.

    Args:
        calls: The tools that a model may be told of.
        egress: The rules about data, and the fence.
        options: How every answer is to be given.
        stream: Whether answers are wanted piece by piece.
    """

    def __init__(self, calls: Calls, egress: Egress, options: Options, stream: bool) -> None:
        self.calls, self.egress, self.options, self.stream = calls, egress, options, stream
        self._parts: dict[int, Part] = {}
        """What came from the house, by identity: of these the kind of data is known."""
        self._near: dict[int, Message] = {}
        """What a model on this machine has said, which was told everything; by identity."""
        self._said: set[str] = set()
        """What was said before anything was brought."""

    def known(self, messages: Iterable[Message]) -> None:
        """These come from the house."""
        self._parts |= {id(part): part for message in messages for part in message.parts}

    def heard(self, message: Message, near: bool) -> None:
        """A model has said this; ``near``: one on this machine."""
        if near:
            self._near[id(message)] = message
        else:
            self.known((message,))

    def told(self, told: Told) -> None:
        """A call came to this."""
        self._parts |= {id(part): part for part in told.parts}

    def request(self, said: Prompt, tools: bool | Iterable[str], options: Mapping[str, Any], brought: bool) -> Asked:
        """What a model is to be asked, and how that is told from anything else.

        Args:
            said: What the agent says.
            tools: All (yes), none (no), or these.
            options: Fields of ``Options``.
            brought: Whether a call has brought something.

        Raises:
            OptionError: It cannot be sent.
        """
        whole: tuple[Said, ...] = (said,) if isinstance(said, str | Message | Mapping) else tuple(said)
        if not whole:
            raise OptionError("The request is empty.", "", HINT)
        messages = self._ruled([self._message(one, brought) for one in whole])
        specs = self._specs(tools)
        names = ["*"] if tools is True else [spec.name for spec in specs]
        near = [n for n, message in enumerate(messages) if id(message) in self._near]
        how = self._options(options)
        request = Request(tuple(messages), specs, how, self.stream)
        return Asked(request, request_hash(messages, names, plain("model", options)), near)

    def _message(self, said: Said, brought: bool) -> Message:
        if isinstance(said, Told):
            return said.message
        if isinstance(said, Message):
            if id(said) in self._near:
                return said
            parts = tuple(self._part(part, brought) for part in said.parts)
            return said if parts == said.parts else replace(said, parts=parts)
        role: Role = "user"
        content: Any = said
        if isinstance(said, Mapping):
            role, content = said.get("role", "user"), said.get("content")
            if role not in get_args(Role) or role == "tool" or set(said) - {"role", "content"}:
                what = 'A message has "role" (system, user or assistant) and "content".'
                raise OptionError(f"{dict(said)!r:.80} is no message.", what, "The answer to a call: result.message")
        pieces = (content,) if isinstance(content, str) else content
        if not isinstance(pieces, Sequence) or not all(isinstance(piece, str) for piece in pieces):
            raise OptionError(f"A message cannot be made of {type(content).__name__}.", "", HINT)
        return Message(role, tuple(part for piece in pieces for part in self._pieces(piece, brought)))

    def _pieces(self, piece: str, brought: bool) -> tuple[Part, ...]:
        return piece.parts if isinstance(piece, Told) else (self._part(Text(piece), brought),)

    def _part(self, part: Part, brought: bool) -> Part:
        """A part; what only claims to be words is output of code, where that makes a difference."""
        if id(part) in self._parts or not isinstance(part, Text) or part.data != "text":
            return part
        if not brought:
            self._said.add(part.text)
        made = self.egress.rules.limited and part.text not in self._said
        return replace(part, data="output") if made else part

    def _ruled(self, messages: list[Message]) -> list[Message]:
        """The messages with what the house says of data that is set apart, unless they begin with that already."""
        rule = f"{fence_rule(self.egress.fence)}{limit_rule(self.egress.rules)}".strip()
        first = messages[0]
        if not rule or (first.role == "system" and rule in first.text):
            return messages
        if first.role == "system":
            return [replace(first, parts=(*first.parts, Text(f"\n{rule}"))), *messages[1:]]
        return [Message.of("system", rule), *messages]

    def _specs(self, tools: bool | Iterable[str]) -> tuple[ToolSpec, ...]:
        if isinstance(tools, bool):
            return self.calls.specs() if tools else ()
        offered = {spec.name: spec for spec in self.calls.specs()}
        wanted = (tools,) if isinstance(tools, str) else tuple(tools)
        if unknown := [name for name in wanted if name not in offered]:
            raise OptionError(f"There is no tool {unknown[0]!r} here.", f"There is: {', '.join(sorted(offered))}.")
        return tuple(offered[name] for name in wanted)

    def _options(self, options: Mapping[str, Any]) -> Options:
        known = [each.name for each in fields(Options)]
        if unknown := [name for name in options if name not in known]:
            raise OptionError(f"There is no option {unknown[0]!r}.", f"There is: {', '.join(known)}.")
        return replace(self.options, **options)


def plain(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a record has them.

    Args:
        name: Whose they are, for people.
        values: What was given.

    Raises:
        OptionError: JSON cannot say them.
    """
    try:
        found: dict[str, Any] = json.loads(json.dumps(dict(values), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        why = "Numbers, texts, lists and dictionaries can be recorded; a variable is handed over by its name."
        raise OptionError(f"{name} cannot be called with such a value: {error}.", why) from error
    return found
