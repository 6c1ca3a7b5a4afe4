"""What a tool is, and what it is handed while it runs.

A tool never knows the run, the store or the panel. What it may ask of the house comes as a ``Context`` that the agent's
driver implements.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import Change, Effect, Event, Kept, PlanItem, Risk
from aether_nb.events.messages import Part, Text, ToolSpec

if TYPE_CHECKING:
    from aether_nb.knowledge import material
    from aether_nb.knowledge.recall import Found

T = TypeVar("T")

Where = Literal["main", "thread", "loop"]
"""Where a tool runs: on the user's main thread, on a thread of its own, or on the agent's event loop."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one exact call could do, in words for the person who is asked.

    ``effect_text`` says exactly what will happen; ``path`` is the one file it would touch, absolute, or empty.
    ``beside``: it may run beside others although it does not only read.
    """

    risk: Risk
    effect: Effect
    reasons: tuple[str, ...] = ()
    effect_text: str = ""
    path: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a call brought: ``parts`` for the model, ``outputs`` (MIME bundles) for people.

    ``events`` are further facts to be recorded before the call is finished: a plan, changes of the namespace.
    """

    parts: tuple[Part, ...]
    outputs: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Event, ...] = ()

    @classmethod
    def of(cls, text: str, **more: Any) -> Result:
        """A result that is one piece of text."""
        return cls((Text(text),), **more)


OnDoubt: TypeAlias = Literal["ask", "rerun", "verify", "fail"]
"""What is done about a call of which nobody knows whether it acted: see ``Care``."""

Verify: TypeAlias = "Callable[[Mapping[str, Any], Context], Awaitable[bool | Result | None] | bool | Result | None]"
"""Did this exact call act? True, or its result: it did. False: it did not. None: that cannot be told."""


@dataclass(frozen=True, slots=True)
class Care:
    """What is done when a call takes too long, fails, or is in doubt.

    Args:
        timeout: Seconds after which it is given up; None for the run's own limit only.
        retries: How often it is tried again when it fails or takes too long. Never for an external one.
        backoff: Seconds before the first such attempt; each one after it waits twice as long as the one before.
        on_doubt: ``ask`` a person whether it acted; ``rerun`` it, whatever happened; ask the world (``verify``), and a
            person where that cannot tell; or ``fail`` the run.
        verify: Tells whether it acted.
        stands: Tells whether what it did is still there as it was, for a replay that looks; ``verify`` when left out.
        version: A hash of its code: a run that was started with another one is not resumed by itself.
    """

    timeout: float | None = None
    retries: int = 0
    backoff: float = 1.0
    on_doubt: OnDoubt = "ask"
    verify: Verify | None = None
    version: str = ""
    stands: Verify | None = None


class PartlyDone(RepairableToolError):
    """A call failed, but not without a trace: what it showed and what it changed before it failed."""

    def __init__(
        self,
        what: str,
        why: str = "",
        hint: str = "",
        outputs: tuple[Mapping[str, Any], ...] = (),
        events: tuple[Event, ...] = (),
    ) -> None:
        super().__init__(what, why, hint)
        self.outputs, self.events = outputs, events


class Keeping(Protocol):
    """Notes what calls read and make, so that it can be had again in another kernel. On the user's main thread only."""

    def read(self, namespace: Mapping[str, object], code: str) -> tuple[Kept, ...]:
        """What code that is about to run takes from the user, as far as that was not noted before."""

    def keep(
        self, namespace: Mapping[str, object], names: Collection[str], seconds_taken: float, *, again: bool
    ) -> tuple[Kept, ...]:
        """What a call that took so long has made or changed; ``again``: whether it can be made again."""

    def park(self, namespace: Mapping[str, object]) -> tuple[Kept, ...]:
        """All that the run has made or changed and that is not written yet."""


class Undoing(Protocol):
    """Keeps what a call is about to change, so that it can be taken back."""

    def cannot(self, namespace: Mapping[str, Any], code: str, concerning: Iterable[str] | None) -> tuple[str, ...]:
        """What could not be taken back if this code changed it; ``concerning`` says what it changes, None: anything."""

    def before(self, call: str, namespace: Mapping[str, Any], code: str, safe: Collection[str] = ()) -> None:
        """Keep what code is about to change; ``safe`` are names that it only reads. On the user's main thread only."""

    def after(self, call: str, changes: Iterable[Change]) -> tuple[Event, ...]:
        """Say that the code is over, and what was seen of its changes; gives what is to be recorded."""

    def file(self, file: Path) -> Any:
        """Keep a file as it is before it is written."""

    def wrote(self, call: str, earlier: Any) -> Event:
        """What is to be recorded of a file that was written; ``earlier`` is what ``file`` gave."""


class Recalling(Protocol):
    """Finds passages in what is kept."""

    async def recall(self, query: str, where: material.Where, most: int, budget: int) -> Found:
        """What is there about something, the best first; nothing, when nothing relevant is kept."""

    def is_changed(self, hit: material.Hit) -> bool:
        """Whether the document is another one by now than when it was read. Reads a file."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A task for a run that works for this one.

    ``tools`` are those that it may use, at most those of this run; ``steps``, ``seconds``, ``tokens`` and ``cost`` are
    what it may use up, at most what this run has left. ``model`` is another one than this run's, when it is named;
    ``agent`` the profile, or the hosted agent, that works on it.
    """

    task: str
    tools: tuple[str, ...]
    steps: int | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    model: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """How a run that worked for this one has ended; ``why`` says what went wrong, when it did."""

    run: str
    outcome: str
    answer: str
    why: str = ""


class Context(Protocol):
    """What a running call may ask of the house."""

    @property
    def call_id(self) -> str:
        """The call's id, unique within its run."""

    @property
    def key(self) -> str:
        """The same for every attempt of this call, and for no other: for servers that take an idempotency key."""

    @property
    def effect(self) -> Effect:
        """What this very call was judged to leave behind."""

    @property
    def risk(self) -> Risk:
        """How much this very call was judged to hurt."""

    @property
    def workspace(self) -> Path:
        """The folder inside which files may be touched, absolute and resolved."""

    @property
    def shell(self) -> Any:
        """The IPython shell whose namespace the tools work on."""

    @property
    def notebook(self) -> Path | None:
        """The notebook's file, when it is known."""

    @property
    def plan(self) -> tuple[PlanItem, ...]:
        """The plan as it stands; empty when there is none."""

    @property
    def made(self) -> tuple[str, ...]:
        """The names that this run has added to the namespace."""

    @property
    def keeper(self) -> Keeping | None:
        """Who notes what calls read and make; nobody in a program that keeps no record."""

    @property
    def undo(self) -> Undoing | None:
        """Who keeps what calls change, so that it can be taken back; nobody where nothing can."""

    @property
    def misled(self) -> bool:
        """Whether data of this run has tried to give orders to the model."""

    @property
    def knowledge(self) -> Recalling | None:
        """Who finds what is kept; nobody where nothing is."""

    async def ask(self, text: str, options: tuple[str, ...] = ()) -> str | None:
        """Ask the person; None when nobody is there."""

    def allows(self, text: str, options: tuple[str, ...]) -> str | None:
        """Ask the person whether code that runs now may do what it is about to do.

        To be called in a job on the user's main thread, which waits meanwhile; None when nobody answers.
        """

    def permits(self, risk: Risk, path: str = "") -> bool:
        """Whether the mode or a grant lets this call do something of this risk, to this file, without a question."""

    def forbids(self, path: str = "", host: str = "") -> str:
        """The rule of the user's by which this call may not touch a file or a host; empty when there is none."""

    async def spawn(self, errand: Errand) -> Report:
        """Let a run of its own work on a task; the same call gets the same run, however often it is tried.

        Raises:
            RepairableToolError: None can be begun here, or it asks for what this run has not got.
        """

    def emit(self, event: Event) -> None:
        """Show a transient event. May be called from any thread."""

    def leave(self, outputs: tuple[Mapping[str, Any], ...], events: tuple[Event, ...]) -> None:
        """Say what a call that is being stopped has shown and changed so far. May be called from any thread."""

    async def main(self, function: Callable[[], T | Awaitable[T]]) -> T:
        """Run on the user's main thread, in the cell that asked; what it returns is awaited there."""


@runtime_checkable
class Tool(Protocol):
    """Something a model may call."""

    @property
    def spec(self) -> ToolSpec:
        """What a model is told about it."""

    @property
    def where(self) -> Where:
        """Where it runs."""

    @property
    def together(self) -> bool:
        """Whether calls of it that only read may run beside others."""

    @property
    def reads(self) -> bool:
        """Whether it only ever reads, whatever its arguments."""

    @property
    def care(self) -> Care:
        """What is done when a call takes too long, fails, or is in doubt."""

    def assess(self, arguments: Mapping[str, Any], context: Context) -> Assessment:
        """What this exact call could do. Never acts; what it cannot tell is high."""

    def purpose(self, arguments: Mapping[str, Any]) -> str:
        """What the call is for, in a short sentence for its card."""

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments with defaults filled in and types as declared.

        Raises:
            RepairableToolError: An argument is missing, unknown or of the wrong type; says which.
        """

    async def run(self, arguments: Mapping[str, Any], context: Context) -> Result:
        """Do it.

        Raises:
            ToolError: It did not work; which kind decides what happens next.
        """
