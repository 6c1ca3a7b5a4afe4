"""The vocabulary: everything that can happen to a run, one slotted dataclass a kind.

Kinds come as started / progressed / finished where something takes time. Stored kinds are facts and go into the log;
transient ones (``stored = False``) are shown while they happen and never kept: the finished message is the fact.
Fields are plain JSON values, or dataclasses of them, so that a log can be read without this package. A kind whose
fields change gets a higher ``version`` and a step in ``codec.UPCASTS``.

    run.started        [profile.routed]  [knowledge.recalled]  context.composed
      [model.switched]  [instructions.found]             data that is about to be sent reads like an order
      model.asked  (thinking.delta, text.delta, call.delta)  model.answered | model.failed
      agent.said                                         a hosted agent calls tools, or answers
        plan.made | plan.revised                         the call of the tool ``plan``
        call.proposed
          gate.opened  gate.answered  [grant.given]      only where somebody has to be asked
          item.started
          call.begun  (output.delta, progress)  [question.asked  question.answered]
          [namespace.changed  namespace.kept  file.written  undo.limited  call.coded]
          [knowledge.recalled  skill.opened  child.spawned  child.ended]
          call.finished | call.failed | call.retried | call.doubtful
          item.finished
          [question.asked  question.answered  call.settled]  what became of a call in doubt
      [limit.reached  question.asked  question.answered]
      [signal.received]                                  said from outside: a yes, a word, an order
      [run.parked]  [lease.taken  run.resumed  namespace.restored]   it waits, or its kernel died; somebody goes on
    run.ended
      [undo.done]                                        calls were taken back; also before the end, between calls
      [feedback.given]                                   what a person thinks of the answer

``hook.took`` says what a hook altered or refused, just before that happens, or that it failed. ``run.forked`` stands
where a copy of another run's log goes its own way; ``runs.pruned``, ``runs.packed`` and ``model.beside`` in the journal
of a store. ``replay.begun`` says that what follows comes from another run's record, ``replay.drifted`` that a call
which was performed again came to something else.
``state.changed`` (transient) tells watchers of a new state; it is derived by a fold. This module knows nobody but
``messages``, ``values`` and the modules of events beside it, whose names it passes on: whoever speaks of events needs
one import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from aether_nb.events.asked import Mention
from aether_nb.events.calls import (
    NOBODY,
    WIDER,
    CallBegun,
    CallDoubtful,
    CallFailed,
    CallFinished,
    CallProposed,
    CallRetried,
    CallSettled,
    GateAnswered,
    GateOpened,
    GrantGiven,
    GrantRevoked,
    NamespaceChanged,
    NamespaceKept,
    NamespaceRestored,
)
from aether_nb.events.children import ChildEnded, ChildSpawned
from aether_nb.events.coded import CallCoded
from aether_nb.events.hooks import Covered, HookPoint, HookTook
from aether_nb.events.hosting import AgentSaid, ProfileRouted
from aether_nb.events.lasting import (
    CONSENT,
    CONSENT_YES,
    LeaseTaken,
    LimitReached,
    ReplayBegun,
    ReplayDrifted,
    RunForked,
    RunPacked,
    RunParked,
    RunResumed,
    RunsPruned,
    SignalReceived,
)
from aether_nb.events.leaving import Beside, InstructionsFound, Left
from aether_nb.events.messages import Message, Usage
from aether_nb.events.questions import QuestionAnswered, QuestionAsked
from aether_nb.events.rating import FeedbackGiven
from aether_nb.events.recalling import KnowledgeRecalled, Recalled
from aether_nb.events.skills import SkillOpened
from aether_nb.events.transient import (
    CallDelta,
    OutputDelta,
    Progress,
    StateChanged,
    TextDelta,
    ThinkingDelta,
    UndoShown,
)
from aether_nb.events.undoing import FileChange, FileWritten, UndoBegun, UndoDone, UndoLimited
from aether_nb.events.values import (
    MINUTES,
    Change,
    Covers,
    DataLevel,
    Drift,
    Effect,
    Event,
    Flag,
    Gone,
    Grant,
    Kept,
    Lasts,
    Limits,
    Mode,
    Outcome,
    PlanItem,
    ReplayMode,
    Risk,
    Sent,
    Settled,
    SignalType,
    State,
    Turn,
)

__all__ = [
    "CONSENT",
    "CONSENT_YES",
    "KINDS",
    "MINUTES",
    "NOBODY",
    "WIDER",
    "AgentSaid",
    "Beside",
    "CallBegun",
    "CallCoded",
    "CallDelta",
    "CallDoubtful",
    "CallFailed",
    "CallFinished",
    "CallProposed",
    "CallRetried",
    "CallSettled",
    "Change",
    "ChildEnded",
    "ChildSpawned",
    "ContextComposed",
    "Covered",
    "Covers",
    "DataLevel",
    "Drift",
    "Effect",
    "Entry",
    "Event",
    "FeedbackGiven",
    "FileChange",
    "FileWritten",
    "Flag",
    "GateAnswered",
    "GateOpened",
    "Gone",
    "Grant",
    "GrantGiven",
    "GrantRevoked",
    "HookPoint",
    "HookTook",
    "InstructionsFound",
    "ItemFinished",
    "ItemStarted",
    "Kept",
    "KnowledgeRecalled",
    "Lasts",
    "LeaseTaken",
    "Left",
    "LimitReached",
    "Limits",
    "Mention",
    "Mode",
    "ModelAnswered",
    "ModelAsked",
    "ModelFailed",
    "ModelSwitched",
    "NamespaceChanged",
    "NamespaceKept",
    "NamespaceRestored",
    "Outcome",
    "OutputDelta",
    "PlanItem",
    "PlanMade",
    "PlanRevised",
    "ProfileRouted",
    "Progress",
    "QuestionAnswered",
    "QuestionAsked",
    "Recalled",
    "ReplayBegun",
    "ReplayDrifted",
    "ReplayMode",
    "Risk",
    "RunEnded",
    "RunForked",
    "RunPacked",
    "RunParked",
    "RunResumed",
    "RunStarted",
    "RunsPruned",
    "Sent",
    "Settled",
    "SignalReceived",
    "SignalType",
    "SkillOpened",
    "State",
    "StateChanged",
    "TextDelta",
    "ThinkingDelta",
    "Turn",
    "UndoBegun",
    "UndoDone",
    "UndoLimited",
    "UndoShown",
]


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run began. Everything it may depend on later is frozen here.

    ``prompt`` is what was typed, ``mentions`` what it speaks of. ``bind`` is the variable that gets the answer: its
    text, or a value of the type that is written in ``wanted``.

    ``versions`` says by which rules it goes: ``next_step``, ``prompt``, and ``tool:NAME`` for each tool. ``data`` and
    ``hide`` limit what of the data may leave this machine; ``fence`` is the word with which data is set apart for the
    model. ``parent`` is the run that it works for, and ``depth`` how many are above it. ``profile`` is the one by which
    it works, with its rules ``deny`` and ``ask``; ``agent`` is the hosted agent that works on it, if one does.
    ``touched`` are variables that other runs of its kernel have made or changed: a hidden column may have another name
    there.
    """

    kind: ClassVar[str] = "run.started"
    version: ClassVar[int] = 7
    prompt: str
    model: str
    mode: Mode = "ask"
    limits: Limits = field(default_factory=Limits)
    tools: tuple[str, ...] = ()
    prior: tuple[Turn, ...] = ()
    notebook: str = ""
    cell: str = ""
    plan_only: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    workspace: str = ""
    data: DataLevel = "all"
    hide: tuple[str, ...] = ()
    fence: str = ""
    mentions: tuple[Mention, ...] = ()
    bind: str = ""
    wanted: str = ""
    parent: str = ""
    depth: int = 0
    profile: str = ""
    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    agent: str = ""
    touched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """A run is over. ``what``, ``why`` and ``hint`` speak of a failure; an answer is the last message."""

    kind: ClassVar[str] = "run.ended"
    version: ClassVar[int] = 3
    outcome: Outcome
    what: str = ""
    why: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ContextComposed(Event):
    """The messages that a run opens with: rules, earlier turns, what is in the namespace, and the prompt."""

    kind: ClassVar[str] = "context.composed"
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class PlanMade(Event):
    """The model said what it will do."""

    kind: ClassVar[str] = "plan.made"
    items: tuple[PlanItem, ...]


@dataclass(frozen=True, slots=True)
class PlanRevised(Event):
    """The model or the user changed the plan. ``done`` counts the leading items that are done and stay."""

    kind: ClassVar[str] = "plan.revised"
    items: tuple[PlanItem, ...]
    done: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ItemStarted(Event):
    """Work on an item of the plan began; ``index`` counts from 0."""

    kind: ClassVar[str] = "item.started"
    index: int


@dataclass(frozen=True, slots=True)
class ItemFinished(Event):
    """An item of the plan is done."""

    kind: ClassVar[str] = "item.finished"
    index: int


@dataclass(frozen=True, slots=True)
class ModelAsked(Event):
    """A request went to a model. ``step`` counts the run's requests from 1.

    ``sent`` is what the conversation shows of the data, by kind; ``left`` is where the request went, and what of that
    was in it after the rules about data. ``request`` is the hash of what a hosted agent asked in words of its own;
    empty for the run's conversation.
    """

    kind: ClassVar[str] = "model.asked"
    version: ClassVar[int] = 3
    model: str
    step: int
    sent: tuple[Sent, ...] = ()
    left: Left | None = None
    request: str = ""


@dataclass(frozen=True, slots=True)
class ModelAnswered(Event):
    """A whole reply arrived.

    ``model`` is what the provider calls it, ``provider`` the provider's name in the registry. ``repairs`` counts how
    often it had to write its answer again; ``notes`` says in sentences how the answer came to be.
    """

    kind: ClassVar[str] = "model.answered"
    model: str
    message: Message
    usage: Usage
    finish: str
    seconds: float
    provider: str = ""
    repairs: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSwitched(Event):
    """From here on another model is asked; the conversation goes on as it is."""

    kind: ClassVar[str] = "model.switched"
    before: str
    after: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class ModelFailed(Event):
    """A model did not answer."""

    kind: ClassVar[str] = "model.failed"
    model: str
    what: str
    why: str = ""
    hint: str = ""


class Entry(NamedTuple):
    """One line of a run's log: an event, whose it is, where it stands and when it happened.

    ``seq`` counts the stored events of a run from 1; a transient event carries the number of the last stored one.
    ``time`` is in seconds since the epoch.
    """

    run: str
    seq: int
    time: float
    event: Event


KINDS: dict[str, type[Event]] = {kind.kind: kind for kind in Event.__subclasses__()}
"""Every kind by its name."""
