"""A history that every provider accepts, made from any history: pure functions, the same answer every time.

Providers refuse a tool call without a result, a result without its call, and an assistant that says nothing. An
interrupt leaves exactly these behind. What is repaired is only what is sent; the record stays as it was.

A history is cut into **blocks**: a block begins where an assistant begins to speak, and holds what follows until
another one does. Blocks do not depend on one another, so each is repaired and written once, however long the history
gets. A result counts when it stands in the block of its call. This module knows no wire format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from aether_nb.events.messages import Image, Message, Text

__all__ = ["INTERRUPTED", "Block", "Written", "blocks", "merged", "pictures_apart", "repaired"]

Block: TypeAlias = tuple[Message, ...]

INTERRUPTED = "interrupted: this call did not finish, nobody knows how far it came"
"""What a model is told of a call that has no result."""

PICTURES = "Pictures from the tool results above:"

MOST_HISTORIES = 4
"""How many conversations are remembered at once; one client may serve several."""


def blocks(messages: Sequence[Message]) -> Iterator[tuple[int, int]]:
    """Where the blocks of a history lie: first and past-last position of each; system messages lie inside them."""
    begin, closed = 0, False
    calls: set[str] = set()
    for position, message in enumerate(messages):
        if message.role == "assistant" and closed and says_something(message):
            yield begin, position
            begin, closed = position, False
            calls.clear()
        if message.calls:
            calls.update(call.id for call in message.calls)
            closed = True  # its results come now, or never
        elif message.role == "user":
            closed = closed or says_something(message)
        elif message.role == "tool":
            closed = closed or message.call_id in calls
    if begin < len(messages):
        yield begin, len(messages)


def repaired(block: Sequence[Message]) -> Block:
    """A block with each call answered right behind it, no stray results, nothing empty, speakers in turn, no system."""
    results: dict[str, Message] = {}
    for message in block:
        if message.role == "tool":
            results.setdefault(message.call_id, message)
    said: list[Message] = []
    for message in block:
        if message.role in ("tool", "system") or not says_something(message):
            continue
        said.append(message)
        for call in message.calls:
            said.append(results.get(call.id) or Message.of("tool", INTERRUPTED, call_id=call.id))
    return merged(said)


def merged(messages: Iterable[Message]) -> Block:
    """The messages with neighbours of one role made one; each result of a tool stays a message of its own."""
    turns: list[Message] = []
    for message in messages:
        before = turns[-1] if turns else None
        if before is None or message.role == "tool" or before.role != message.role:
            turns.append(message)
            continue
        thinking = "\n\n".join(filter(None, (before.thinking, message.thinking)))
        turns[-1] = Message(
            message.role,
            before.parts + message.parts,
            before.calls + message.calls,
            before.call_id,
            thinking,
            message.origin if before.origin is None else None,  # what two were signed as, one is not
        )
    return tuple(turns)


def pictures_apart(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages with the pictures of tool results in the user's turn behind: for formats whose results are text."""
    pictures: list[Image] = []
    for message in messages:
        if message.role == "tool":
            pictures += [part for part in message.parts if isinstance(part, Image)]
            yield replace(message, parts=tuple(part for part in message.parts if isinstance(part, Text)))
            continue
        if pictures:
            yield Message("user", (Text(PICTURES), *pictures))
            pictures = []
        yield message
    if pictures:
        yield Message("user", (Text(PICTURES), *pictures))


def says_something(message: Message) -> bool:
    """Whether a message is worth sending. A result is, even an empty one: its call needs it."""
    if message.role == "tool" or message.calls:
        return True
    return any(isinstance(part, Image) or part.text for part in message.parts)


@dataclass(slots=True)
class _Known:
    """A history as it was written last: the messages whose blocks are closed, and what they came to."""

    closed: Block = ()
    pieces: list[bytes] = field(default_factory=list)
    system: list[Message] = field(default_factory=list)
    tail: Block = ()
    tail_pieces: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Written:
    """Histories as encoded pieces, each block written once; only what is new since the last time is looked at.

    Args:
        write: A repaired block as the encoded messages of a wire format.
    """

    write: Callable[[Block], list[bytes]]
    _known: list[_Known] = field(default_factory=list)

    def pieces(self, messages: Block) -> tuple[tuple[Message, ...], list[bytes]]:
        """The system messages of a history, wherever they stood, and its other messages, encoded, in order."""
        known = self._remembered(messages)
        begin = len(known.closed)
        rest = messages[begin:]
        spans = list(blocks(rest))
        for first, last in spans[:-1]:
            block = rest[first:last]
            known.pieces += known.tail_pieces if block == known.tail else self.write(repaired(block))
            known.system += [message for message in block if message.role == "system"]
        if len(spans) > 1:
            known.closed = messages[: begin + spans[-1][0]]
        tail = rest[spans[-1][0] :] if spans else ()
        if tail != known.tail:
            known.tail, known.tail_pieces = tail, self.write(repaired(tail))
        system = (*known.system, *(message for message in tail if message.role == "system"))
        return system, known.pieces + known.tail_pieces

    def _remembered(self, messages: Block) -> _Known:
        """What is known of this history: of its longest beginning that was closed before, moved to the front."""
        known = max(
            (each for each in self._known if messages[: len(each.closed)] == each.closed),
            key=lambda each: len(each.closed),
            default=None,
        )
        if known is None:
            known = _Known()
        elif not known.closed and known.tail and messages[:1] != known.tail[:1]:
            known = _Known()  # another conversation that has only begun
        self._known = [known, *(each for each in self._known if each is not known)][:MOST_HISTORIES]
        return known
