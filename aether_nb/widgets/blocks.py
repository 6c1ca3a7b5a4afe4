"""The view of a run and the pieces it is made of: a thought, a paragraph, a card for a call, a question, a note.

They are filled by the fold in ``view`` and drawn by ``panel``, ``transcript`` and ``console``. A piece knows nothing of
how it looks, and nothing of the events it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from aether_nb.events.account import Account, total
from aether_nb.events.kinds import (
    CallProposed,
    Change,
    Effect,
    Grant,
    Lasts,
    LeaseTaken,
    Outcome,
    Risk,
    RunParked,
    State,
)
from aether_nb.events.messages import Usage
from aether_nb.widgets.gauge import Gauge

CallStatus: TypeAlias = Literal[
    "proposed", "waiting", "running", "finished", "failed", "denied", "doubtful", "skipped", "broken"
]
"""How far a call is. skipped: the run ended before it was begun. broken: the run broke off in the midst of it."""

ItemStatus: TypeAlias = Literal["pending", "active", "done", "skipped"]
"""How far an item of the plan is. skipped: the run ended without it."""

ENDED = "end"
"""Who closed a question that was still open when the run ended."""

LIVE_KEPT = 20_000
"""How many characters of a running call's output are kept: its tail."""


@dataclass(slots=True)
class Item:
    """A line of the plan; ``tool`` is its badge, or empty. ``fresh``: the last revision brought it."""

    title: str
    tool: str = ""
    status: ItemStatus = "pending"
    fresh: bool = False


@dataclass(slots=True)
class Thinking:
    """What a model thought before it spoke; ``done`` when its turn is over."""

    id: str
    text: str = ""
    done: bool = False


@dataclass(slots=True)
class Words:
    """What a model said before it called its tools. Markdown."""

    id: str
    text: str


@dataclass(slots=True)
class Failure:
    """What went wrong, why, and what to type next; the last two may be empty."""

    what: str
    why: str = ""
    hint: str = ""


@dataclass(slots=True)
class Gate:
    """A yes or a no that a call needs. ``decision`` is empty while nobody has answered; times are in epoch seconds.

    ``refused`` says why the last edit could not be used, and ``refusals`` counts such edits: the gate is still open.
    """

    opened: float
    decision: Literal["", "approve", "deny"] = ""
    answered: float = 0.0
    by: str = ""
    lasts: Lasts = "once"
    reason: str = ""
    refused: str = ""
    refusals: int = 0


@dataclass(slots=True)
class Progress:
    """How far a running call says it is; ``total`` is 0 when nobody knows."""

    done: float
    total: float = 0.0
    note: str = ""


@dataclass(slots=True)
class Try:
    """An attempt of a call that came to nothing.

    The next one begins not before ``until``, in epoch seconds; ``lost``: its kernel died.
    """

    number: int
    what: str
    until: float = 0.0
    lost: bool = False


@dataclass(slots=True)
class Doubt:
    """Nobody knows whether a call acted.

    ``question`` is the id under which a person is asked, empty while nobody is. ``how`` says how it was settled, ``by``
    whom and ``settled`` when, in epoch seconds; all three are empty while it is not.
    """

    what: str
    question: str = ""
    options: tuple[str, ...] = ()
    how: Literal["", "ran", "rerun", "skip", "fail"] = ""
    by: str = ""
    settled: float = 0.0
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether a person is asked about it now."""
        return bool(self.question) and not self.by


@dataclass(slots=True)
class Way:
    """The way back from what a call did.

    ``number`` is that of the call in its run. ``wrote``: it wrote a file. ``lost``: the kernel that held its earlier
    values is gone. ``last`` is the last undo that was about it, ``undone`` whether that took it back. ``text`` and
    ``sure`` answer the last of ``shown`` wishes that were not done: what that would do, and what agrees to it.
    ``command`` is what can be typed when the run is over.
    """

    number: int = 0
    wrote: bool = False
    lost: bool = False
    last: str = ""
    undone: bool = False
    text: str = ""
    sure: str = ""
    shown: int = 0
    command: str = ""


@dataclass(slots=True)
class Card:
    """One use of a tool, from the wish to what came of it.

    ``live`` is the tail of what it printed so far, ``cut`` how many characters went before that tail; both are empty
    again when the call is over, because ``result`` (what the model was told) and ``outputs`` (MIME bundles for people)
    are the facts. ``begun`` is in epoch seconds, None before it acts; ``seconds`` is None until it is over.
    """

    call_id: str
    name: str
    arguments: Mapping[str, Any]
    hash: str
    risk: Risk
    effect: Effect
    purpose: str = ""
    reasons: tuple[str, ...] = ()
    effect_text: str = ""
    path: str = ""
    edited: bool = False
    variables: tuple[str, ...] = ()
    status: CallStatus = "proposed"
    gate: Gate | None = None
    begun: float | None = None
    seconds: float | None = None
    live: str = ""
    cut: int = 0
    progress: Progress | None = None
    result: str = ""
    outputs: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Change, ...] = ()
    failure: Failure | None = None
    stopped: bool = False
    tries: tuple[Try, ...] = ()
    doubt: Doubt | None = None
    way: Way = field(default_factory=Way)
    limited: tuple[str, ...] = ()
    """What of its changes cannot be taken back, in sentences."""

    @classmethod
    def of(cls, event: CallProposed) -> Card:
        """The card of a call that a model wishes for."""
        return cls(
            event.call.id,
            event.call.name,
            event.call.arguments,
            event.hash,
            event.risk,
            event.effect,
            event.purpose,
            event.reasons,
            event.effect_text,
            event.path,
            event.edited,
            event.variables,
        )

    @property
    def undoable(self) -> bool:
        """Whether it left something behind that can be taken back, or done once more."""
        limited = {why.partition(" ")[0] for why in self.limited}
        kept = not self.way.lost and any(change.name not in limited for change in self.changes)
        return self.status in ("finished", "failed") and (kept or self.way.wrote)

    @property
    def asked(self) -> bool:
        """Whether a person is asked about it now: for a yes, or what became of it."""
        return self.status == "waiting" or (self.doubt is not None and self.doubt.open)

    @property
    def id(self) -> str:
        """The block's id; a provider's own call ids must not collide with those of other blocks."""
        return f"c:{self.call_id}"

    def print(self, text: str) -> bool:
        """Add to the live output; True when its beginning had to be dropped to keep it bounded."""
        self.live += text
        if len(self.live) <= 2 * LIVE_KEPT:
            return False
        self.cut += len(self.live) - LIVE_KEPT
        self.live = self.live[-LIVE_KEPT:]
        return True


@dataclass(slots=True)
class Question:
    """What a person is asked. ``by`` is empty while nobody has answered; ``answer`` None: nobody was there."""

    id: str
    text: str
    options: tuple[str, ...] = ()
    limit: str = ""
    answer: str | None = None
    by: str = ""


@dataclass(slots=True)
class Note:
    """A remark of the run itself: a limit that was reached, a model that failed, another one that took over.

    One with the tone ``said`` is what a person said to the model meanwhile.
    """

    id: str
    tone: Literal["info", "limit", "error", "said"]
    failure: Failure = field(default_factory=lambda: Failure(""))


Block: TypeAlias = Thinking | Words | Card | Question | Note

HEADER, PLAN, TAIL = "@header", "@plan", "@tail"
"""The parts of a view that are no blocks. The tail is what comes after the last block: a reply as it arrives, then the
answer, or the failure the run ended with."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A part of the view that an event changed: a block's id, or HEADER, PLAN or TAIL.

    With a ``field``, all that happened is that ``text`` was appended to that field; without a text, that the beginning
    of the field was dropped.
    """

    part: str
    field: str = ""
    text: str = ""


@dataclass(slots=True)
class View:
    """A run as it is shown. Times are in epoch seconds, ``waited`` in seconds; ``usage.cost`` None is unknown.

    ``draft`` is a reply as it arrives, ``forming`` a call that takes shape in it, and ``note`` what the model says
    while it waits; all are empty between replies.
    ``thinking`` is the block of a thought that has not come to its end. ``numbers`` are the calls by id, each with its
    place among all that were proposed, and ``notes`` how many remarks the run has made: to count blocks at every event
    would cost a long run the square of its length.
    ``chain`` is the hash of its last event, when whoever draws it has told.
    ``parked`` says what it waits for while nobody holds it, and ``paused`` that a person told it to pause. ``taken``
    says who went on with it last, ``gap`` after how many seconds, and ``seen`` when its last event was.
    ``account`` is what went where in this run, ``before`` in the earlier ones of the notebook, when that was told.
    ``gauge`` is how full the context is, ``grants`` are the yeses in force, ``feedback`` what was said of it.
    ``broken_off`` is None but in the picture of a run that went no further and never ended; then it says why, if known.
    """

    run: str = ""
    prompt: str = ""
    model: str = ""
    state: State = "IDLE"
    outcome: Outcome | None = None
    started: float = 0.0
    ended: float | None = None
    waited: float = 0.0
    waiting_since: float | None = None
    waiting: set[str] = field(default_factory=set)
    steps: int = 0
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
    plan: list[Item] = field(default_factory=list)
    revised: bool = False
    revision: str = ""
    blocks: dict[str, Block] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    notes: int = 0
    thinking: str = ""
    draft: str = ""
    forming: str = ""
    note: str = ""
    answer: str = ""
    failure: Failure | None = None
    parked: RunParked | None = None
    paused: bool = False
    taken: LeaseTaken | None = None
    gap: float = 0.0
    seen: float = 0.0
    broken_off: str | None = None
    account: Account = field(default_factory=Account)
    before: Account = field(default_factory=Account)
    chain: str = ""
    gauge: Gauge = field(default_factory=Gauge)
    grants: dict[str, Grant] = field(default_factory=dict)
    feedback: str = ""

    def seconds(self, now: float) -> float:
        """How long the run has been at work, the time it waited for a person left out."""
        until = self.ended if self.ended is not None else self.waiting_since
        return max(0.0, (now if until is None else until) - self.started - self.waited)

    @property
    def in_all(self) -> Account:
        """What went where in this run and in the earlier ones of the notebook."""
        return total((self.before, self.account))

    @property
    def empty(self) -> bool:
        """Whether nothing has happened: the run never began."""
        return not (self.prompt or self.started or self.blocks or self.outcome)

    @property
    def cards(self) -> list[Card]:
        """The calls that have a card, in order."""
        return [block for block in self.blocks.values() if isinstance(block, Card)]

    @property
    def calls(self) -> int:
        """How many calls were proposed, that of the plan left out."""
        return len(self.cards) + sum(name != "plan" for name in self.silent.values())
