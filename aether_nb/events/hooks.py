"""What a hook did to a run: it altered something, refused something, or failed. What it let pass is not recorded.

What it made of arguments, results and replies stands in the events of those; what it put into the conversation stands
here. ``kinds`` has the whole vocabulary and passes these names on. This module knows ``messages`` and ``values``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from aether_nb.events.messages import Message, Part
from aether_nb.events.values import Event

__all__ = ["Covered", "HookPoint", "HookTook", "covered"]

HookPoint: TypeAlias = Literal[
    "session_start", "session_end", "before_model", "after_model", "before_tool", "after_tool"
]
"""Where a hook is called."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A message of the conversation, as it is from here on; ``place`` counts from 0."""

    place: int
    message: Message


@dataclass(frozen=True, slots=True)
class HookTook(Event):
    """A hook has ``altered`` or ``vetoed`` something, or ``failed``; ``what`` says how, as in *refused the call*.

    ``source`` is where it comes from, ``reason`` its own words, or what went wrong with it. ``call_id`` is the call
    that it was about. ``told`` is said to the model from here on; ``messages`` are those that it has covered parts of.
    """

    kind: ClassVar[str] = "hook.took"
    hook: str
    source: str
    point: HookPoint
    did: Literal["altered", "vetoed", "failed"]
    what: str = ""
    reason: str = ""
    call_id: str = ""
    seconds: float = 0.0
    told: tuple[Part, ...] = ()
    messages: tuple[Covered, ...] = ()


def covered(messages: Iterable[Message], event: HookTook) -> Sequence[Message]:
    """The conversation as it is after a hook has covered parts of it."""
    after = list(messages)
    for one in event.messages:
        if 0 <= one.place < len(after):
            after[one.place] = one.message
    return after
