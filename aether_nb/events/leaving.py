"""What leaves this machine with a request, and what in it reads like an order: values and events.

It is recorded with each request, bounded whatever the data, so that a fold of the log can say what went where. This
module knows ``values`` and ``messages``; deciding what may leave is the business of the agent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from aether_nb.events.messages import Usage
from aether_nb.events.values import DataLevel, Event, Sent

__all__ = ["COLUMNS", "Beside", "InstructionsFound", "Left"]

COLUMNS = 200
"""So many columns are named with one request; of the others there is a count."""


@dataclass(frozen=True, slots=True)
class Left:
    """What one request carried, after the rules about data.

    ``to`` is the host that it went to; empty when it did not leave this machine. ``shown`` is what was in it by kind of
    data, without columns: those are ``columns``, the first 200 of them by name, and ``more`` counts the others.
    ``rows`` counts rows of tables and lines of free output, ``images`` pictures. ``withheld`` counts the pieces that
    were left out or cut, ``masked`` the keys and passwords made unreadable. ``limit`` is the limit that held.
    """

    to: str = ""
    shown: tuple[Sent, ...] = ()
    rows: int = 0
    images: int = 0
    columns: tuple[str, ...] = ()
    more: int = 0
    withheld: int = 0
    masked: int = 0
    limit: DataLevel = "all"


@dataclass(frozen=True, slots=True)
class InstructionsFound(Event):
    """Data that a model is about to be shown reads like an order to it: from here on the run is not trusted as before.

    ``call_id`` brought it; empty for what the run opened with, or when ``tool`` names the tool whose description it is.
    ``signs`` says in words what gave it away; ``excerpt`` is the place, on one line.
    """

    kind: ClassVar[str] = "instructions.found"
    signs: tuple[str, ...]
    excerpt: str
    call_id: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Beside(Event):
    """A model was asked beside a conversation: for vectors, to choose among passages, to read a page's picture.

    ``purpose`` says what for, in words; ``usage`` is what that used up. Such requests do not repeat each other.
    Those of a run stand in its ``knowledge.recalled``; those that belong to no run in the journal of the store.
    """

    kind: ClassVar[str] = "model.beside"
    purpose: str
    model: str
    left: Left
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
