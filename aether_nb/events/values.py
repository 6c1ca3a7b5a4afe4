"""What an event is, and the values that events carry: how risky, for how long, which limits, which change.

Words and small slotted dataclasses of JSON values. This module knows nobody but ``messages``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from aether_nb.events.messages import DataKind

__all__ = [
    "BELOW",
    "MINUTES",
    "Change",
    "Covers",
    "DataLevel",
    "Drift",
    "Effect",
    "Event",
    "Flag",
    "Gone",
    "Grant",
    "Kept",
    "Lasts",
    "Limits",
    "Mode",
    "Outcome",
    "PlanItem",
    "ReplayMode",
    "Risk",
    "Sent",
    "Settled",
    "SignalType",
    "State",
    "Turn",
]

BELOW = "application/x-aether-below"
"""In the MIME bundle of an output: it is a figure that was shown below the run already, as an output of its own."""

Risk: TypeAlias = Literal["low", "medium", "high"]
"""How much a call could hurt. What is unknown is high."""

Effect: TypeAlias = Literal["pure", "idempotent", "namespace", "external"]
"""What a call leaves behind: nothing, the same thing however often, variables of this kernel, or something outside."""

Mode: TypeAlias = Literal["plan", "ask", "auto"]
"""plan: only what reads runs. ask: low risk runs, the rest is asked. auto: medium risk runs too."""

Lasts: TypeAlias = Literal["once", "minutes", "run", "notebook"]
"""For how long a yes is good: for one call, a quarter of an hour, a run, or until it is taken back in its notebook."""

MINUTES = 15.0
"""How long a yes for ``minutes`` is good."""

State: TypeAlias = Literal["IDLE", "PLANNING", "THINKING", "TOOL_CALLING", "OBSERVING", "COMPILING", "PAUSED", "ENDED"]
"""What users see of a run."""

Outcome: TypeAlias = Literal["done", "failed", "cancelled"]

Covers: TypeAlias = Literal["call", "folder", "variables"]
"""What a yes that lasts is for: the exact call, what its tool does in the same folder, or to the same variables."""

Settled: TypeAlias = Literal["ran", "rerun", "skip", "fail"]
"""How a doubt ends: see ``CallSettled``."""

DataLevel: TypeAlias = Literal["schema", "stats", "sample", "all"]
"""How much of the data may leave this machine: names and types, aggregates too, a few rows too, or all of it."""

ReplayMode: TypeAlias = Literal["pure", "confirm", "live"]
"""pure: only what the record has. confirm: the same, after a look at the world. live: its code is performed again."""

Drift: TypeAlias = Literal["result", "changes", "content"]
"""What differs when a call is performed again: its text, the variables it changed, or what one of them holds."""

SignalType: TypeAlias = Literal[
    "approve", "deny", "answer", "settle", "tell", "pause", "go", "stop", "undo", "plan", "revoke"
]
"""What can be said to a run from outside: an answer to what it waits for, a word to it, or an order."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a run pauses and asks. None means no limit. ``cost`` is in US dollars, ``seconds`` leave waiting out."""

    steps: int | None = 40
    seconds: float | None = 900.0
    tokens: int | None = 400_000
    cost: float | None = 1.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What a later run sees of an earlier one: prompt, answer, one line a call, and the names of variables it made.

    Frozen when the later one starts. ``data`` and ``hide`` are the limits within which its model was told of the data:
    a model within narrower ones is not told what it said. ``touched``, which only older records have, are variables
    that it had made or changed, or a run before it: ``run.started`` says so by itself now.
    """

    run: str
    head: int
    prompt: str
    answer: str
    calls: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    data: DataLevel = "all"
    hide: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One line of a plan: what will be done and with which tool (its badge); ``tool`` is empty when none is needed."""

    title: str
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about a table that deserves a second look: ``text`` has the figures.

    ``warn`` is False for what was probably meant, and is told all the same: rows that a filter took.
    """

    kind: Literal["fan-out", "row loss", "new missing values", "dtype", "duplicate keys", "order", "beyond the yes"]
    text: str
    warn: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What a call did to one name of the user's namespace.

    ``details`` are short sentences for people: ``rows 344 → 342``, ``new column 'ratio'``. ``flags`` are what a careful
    reader would stop at.
    """

    name: str
    what: Literal["added", "changed", "removed", "unknown"]
    type: str = ""
    details: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A variable as it was after a call.

    ``hash`` is that of its content (``sha256:…``), empty when it could not be told in time. ``blob`` is the SHA-256
    under which its bytes lie, in ``format``; empty when it was not kept, and ``why`` says for which reason. ``size`` is
    in bytes. ``same_as`` is another name of the very same object; ``cell`` is the user's cell that made it (``In[3]``).
    """

    name: str
    type: str
    hash: str = ""
    blob: str = ""
    format: str = ""
    size: int = 0
    why: str = ""
    same_as: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A variable that is missing or no longer what it was: why, and which call made it."""

    name: str
    why: str
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A yes that lasts. It covers calls of ``tool`` that match ``rule`` and are of no higher risk than ``risk``.

    ``rule`` is ``call:HASH`` (this exact call), ``folder:PATH`` (anything the tool does inside that folder),
    ``variables:NAME,NAME`` (whatever is plain to change no variable of the user's but these), or ``tool`` (any call of
    it: a program that hands over a tool says so; no click does). ``risk`` is that of the call for which it was given:
    the same call may hurt more later, when a file has appeared meanwhile. ``until``, in seconds since the epoch, is
    when it is over by itself; 0 for never.
    """

    id: str
    tool: str
    rule: str
    risk: Risk
    lasts: Lasts
    by: str
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What left for a model, by kind of data: how many characters (or pictures), from which columns."""

    data: DataKind
    amount: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1
    stored: ClassVar[bool] = True
