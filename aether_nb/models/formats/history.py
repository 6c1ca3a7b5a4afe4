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
from threading import Lock
from typing import Generic, TypeAlias, TypeVar

from aether_nb.events.messages import Image, Message, Origin, Part, Text

__all__ = ["INTERRUPTED", "Block", "Written", "blocks", "glued", "merged", "pictures_apart", "repaired"]

T = TypeVar("T")
Block: TypeAlias = tuple[Message, ...]

INTERRUPTED = "interrupted: this call did not finish, nobody knows how far it came"
"""What a model is told of a call that has no result."""

PICTURES = "Pictures from the tool results above:"

MOST_HISTORIES = 4
"""How many conversations are remembered at once; one client may serve several."""


def blocks(messages: Sequence[Message], provider: str = "") -> Iterator[tuple[int, int]]:
    """Where the blocks of a history lie: first and past-last position of each; system messages lie inside them."""
    begin, closed = 0, False
    calls: set[str] = set()
    for position, message in enumerate(messages):
        if message.role == "assistant" and closed and says_something(message, provider):
            yield begin, position
            begin, closed = position, False
            calls.clear()
        if message.calls:
            calls.update(call.id for call in message.calls)
            closed = True  # its results come now, or never
        elif message.role == "user":
            closed = closed or says_something(message, provider)
        elif message.role == "tool":
            closed = closed or message.call_id in calls
    if begin < len(messages):
        yield begin, len(messages)


def repaired(block: Sequence[Message], systems: bool = False, provider: str = "") -> Block:
    """A block with each call answered right behind it, no stray results, nothing empty, and neighbours made one.

    Args:
        block: As it was cut.
        systems: System messages stay where they are; else they are left out.
        provider: Who is asked.
    """
    block = tuple(map(glued, block))
    results: dict[str, Message] = {}
    for message in block:
        if message.calls:
            results.clear()  # what came before the call is no answer to it
        elif message.role == "tool":
            results.setdefault(message.call_id, message)
    said: list[Message] = []
    for message in block:
        if message.role == "tool" or (message.role == "system" and not systems):
            continue
        if not says_something(message, provider):
            continue
        calls = {call.id: call for call in message.calls}
        if len(calls) < len(message.calls):  # an id that stands twice in one message has but one result
            message = replace(message, calls=tuple(calls.values()))
        said.append(message)
        said += [results.get(id) or Message.of("tool", INTERRUPTED, call_id=id) for id in calls]
    return merged(said)


def glued(message: Message) -> Message:
    """The message with neighbouring texts that show data made one: they are one text, cut by what its pieces show."""
    if len(message.parts) < 2:
        return message
    parts: list[Part] = []
    for part in message.parts:
        last = parts[-1] if parts else None
        if isinstance(part, Text) and isinstance(last, Text) and part.data != "text" and last.data != "text":
            parts[-1] = replace(last, text=last.text + part.text)
            continue
        parts.append(part)
    return message if len(parts) == len(message.parts) else replace(message, parts=tuple(parts))


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
            _origin(before, message),
        )
    return tuple(turns)


def _origin(before: Message, message: Message) -> Origin | None:
    """What a provider wants back of two messages that become one; lists are joined, and nothing else can be."""
    first, second = before.origin, message.origin
    if first is None or second is None:
        return first or second
    values = [*first.data.values(), *second.data.values()]
    if first.provider != second.provider or not all(isinstance(value, list) for value in values):
        return None
    names = {**first.data, **second.data}
    return Origin(first.provider, {name: first.data.get(name, []) + second.data.get(name, []) for name in names})


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


def says_something(message: Message, provider: str = "") -> bool:
    """Whether a message is worth sending: a result always, for its call needs it, and what ``provider`` wants back."""
    if message.role == "tool" or message.calls:
        return True
    if message.origin is not None and message.origin.provider == provider:
        return True
    return any(isinstance(part, Image) or part.text for part in message.parts)


@dataclass(slots=True)
class _Known(Generic[T]):
    """A history as it was written last: the messages whose blocks are closed, and what they came to."""

    closed: Block = ()
    pieces: list[T] = field(default_factory=list)
    system: list[Message] = field(default_factory=list)
    tail: Block = ()
    tail_pieces: list[T] = field(default_factory=list)


@dataclass(slots=True)
class Written(Generic[T]):
    """Histories in pieces, each block written once; only what is new since the last time is looked at.

    Args:
        write: A repaired block as its pieces: the encoded messages of a wire format, or messages in other words.
        systems: System messages stay where they are; else they are handed out, for the format to put them first.
        provider: Who is asked: a message that holds only what it wants back is worth sending.
    """

    write: Callable[[Block], list[T]]
    systems: bool = False
    provider: str = ""
    _known: list[_Known[T]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def pieces(self, messages: Block) -> tuple[Block, list[T]]:
        """The system messages of a history, unless they stay in their places, and the pieces of the others."""
        with self._lock:  # one model may be asked from several threads
            return self._pieces(messages)

    def _pieces(self, messages: Block) -> tuple[Block, list[T]]:
        known = self._remembered(messages)
        begin = len(known.closed)
        rest = messages[begin:]
        spans = list(blocks(rest, self.provider))
        pieces, system = list[T](), list[Message]()
        for first, last in spans[:-1]:
            block = rest[first:last]
            pieces += known.tail_pieces if block == known.tail else self._write(block)
            system += self._apart(block)
        tail = rest[spans[-1][0] :] if spans else ()
        tail_pieces = known.tail_pieces if tail == known.tail else self._write(tail)
        # All is written: only now is it remembered, so that a block that cannot be written leaves nothing behind.
        known.tail, known.tail_pieces = tail, tail_pieces
        if len(spans) > 1:
            known.closed = messages[: begin + spans[-1][0]]
            known.pieces += pieces
            known.system += system
        return (*known.system, *self._apart(tail)), known.pieces + tail_pieces

    def _write(self, block: Block) -> list[T]:
        return self.write(repaired(block, self.systems, self.provider))

    def _apart(self, block: Block) -> list[Message]:
        """The system messages that do not stay in the block."""
        return [] if self.systems else [message for message in block if message.role == "system"]

    def _remembered(self, messages: Block) -> _Known[T]:
        """What is known of this history: of its longest beginning that was closed before, moved to the front."""
        known = max((each for each in self._known if self._begins(messages, each.closed)), default=None, key=_length)
        if known is None:
            known = _Known()
        elif not known.closed and known.tail and messages[:1] != known.tail[:1]:
            known = _Known()  # another conversation that has only begun
        self._known = [known, *(each for each in self._known if each is not known)][:MOST_HISTORIES]
        return known

    def _begins(self, messages: Block, closed: Block) -> bool:
        """Whether a history begins with these blocks, and another block, or nothing, follows."""
        size = len(closed)
        if messages[:size] != closed:
            return False
        if not size or len(messages) == size:
            return True
        following = messages[size]
        return following.role == "assistant" and says_something(following, self.provider)


def _length(known: _Known[T]) -> int:
    return len(known.closed)
