"""What a running call is handed: the house as a tool may see it, and the way to the person and to the panel.

It implements ``tools.base.Context`` over one run and one cell. It does not know which tools there are.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from aether_nb.agent.approvals import permits
from aether_nb.agent.asking import Asking
from aether_nb.agent.run import Run
from aether_nb.errors import RepairableToolError, StoreError
from aether_nb.events import kinds as k
from aether_nb.events.ruling import OPEN, Policy
from aether_nb.live.jobs import waited
from aether_nb.store.signals import Signal
from aether_nb.tools.base import Context as ToolContext
from aether_nb.tools.base import Errand, Keeping, Recalling, Report, Undoing

__all__ = ["CallContext", "Host", "Trace", "joined"]

T = TypeVar("T")

GUARD_SECONDS = 600.0
"""How long code waits for a yes to what it is about to do; then the answer is no."""


@dataclass(frozen=True)
class Host:
    """What the cell gives to the tools of one run: its shell, its folder, and its main thread.

    ``main`` runs a function on the user's main thread and awaits there what it returns. ``parallel``: there is no such
    thread to be spared, and plain functions may run side by side. ``hold`` lets a job there wait for something.
    ``take_back`` takes a call back between calls, as a signal says; what it gives is recorded, or shown.
    ``policy`` are the rules of the user, beside those of the mode. ``spawn`` lets another run work for this one.
    ``touched`` are variables that runs beside this one have made or changed by now.
    """

    shell: Any
    workspace: Path
    main: Callable[[Callable[[], Any]], Awaitable[Any]]
    parallel: bool = False
    keeper: Keeping | None = None
    undo: Undoing | None = None
    notebook: Path | None = None
    hold: Callable[[Callable[[], Future[Any]]], Any] = waited
    take_back: Callable[[Signal], Awaitable[k.UndoDone | k.UndoShown]] | None = None
    policy: Policy = OPEN
    spawn: Callable[[Errand, ToolContext], Awaitable[Report]] | None = None
    knowledge: Recalling | None = None
    touched: set[str] | frozenset[str] = frozenset()


@dataclass(frozen=True)
class Trace:
    """What is known of a running call before it ends: when it began (monotonic seconds), what it leaves if stopped."""

    begun: float
    outputs: tuple[Mapping[str, Any], ...] = ()
    events: tuple[k.Event, ...] = ()


@dataclass
class CallContext:
    """The ``Context`` of one running call."""

    call_id: str
    host: Host
    run: Run
    asking: Asking
    lock: asyncio.Lock
    traces: dict[str, Trace] = field(default_factory=dict)
    loop: asyncio.AbstractEventLoop | None = None
    clock: asyncio.Timeout | None = None
    gathering: threading.Lock = field(default_factory=threading.Lock)
    gathered: list[k.Event] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The same for every attempt of this call, and for no other call."""
        return hashlib.sha256(f"{self.run.id}/{self.call_id}".encode()).hexdigest()[:32]

    @property
    def effect(self) -> k.Effect:
        """What this very call was judged to leave behind."""
        call = self.run.state.calls.get(self.call_id)
        return call.proposed.effect if call else "external"

    @property
    def risk(self) -> k.Risk:
        """How much this very call was judged to hurt."""
        call = self.run.state.calls.get(self.call_id)
        return call.proposed.risk if call else "high"

    @property
    def workspace(self) -> Path:
        """The folder inside which files may be touched."""
        return self.host.workspace

    @property
    def shell(self) -> Any:
        """The IPython shell whose namespace the tools work on."""
        return self.host.shell

    @property
    def notebook(self) -> Path | None:
        """The notebook's file, when it is known."""
        return self.host.notebook

    @property
    def plan(self) -> tuple[k.PlanItem, ...]:
        """The plan as it stands."""
        return tuple(item.item for item in self.run.state.plan)

    @property
    def made(self) -> tuple[str, ...]:
        """The names that this run has added to the namespace."""
        return self.run.state.made

    @property
    def keeper(self) -> Keeping | None:
        """Who notes what calls read and make."""
        return self.host.keeper

    @property
    def undo(self) -> Undoing | None:
        """Who keeps what calls change."""
        return self.host.undo

    @property
    def misled(self) -> bool:
        """Whether data of this run has tried to give orders to the model."""
        return bool(self.run.state.found)

    @property
    def knowledge(self) -> Recalling | None:
        """Who finds what is kept."""
        return self.host.knowledge

    async def ask(self, text: str, options: tuple[str, ...] = (), guard: bool = False) -> str | None:
        """Ask the person, whose time does not count; calls that run side by side ask one after the other."""
        until, asked = self.clock.when() if self.clock else None, time.monotonic()
        if self.clock and until is not None:
            self.clock.reschedule(None)  # nor does the time for which another call is asked about
        async with self.lock:
            id = f"{self.call_id}-{self.run.state.head}"
            question = k.QuestionAsked(id, text, options, self.call_id, guard=guard)
            self.run.append(question)
            try:
                async with asyncio.timeout(GUARD_SECONDS if guard else None):
                    answer, by = await self.asking.answer(question)
            except TimeoutError:
                answer, by = None, "policy:timeout"
            if self.clock and until is not None:
                self.clock.reschedule(until + time.monotonic() - asked)
            if (open := self.run.state.question) is not None and open.id == question.id:  # a signal records itself
                self.run.append(k.QuestionAnswered(question.id, answer, by))
            return answer

    def allows(self, text: str, options: tuple[str, ...]) -> str | None:
        """Ask from the main thread, which waits: its kernel does nothing else meanwhile, so not for ever."""
        loop = self.loop
        assert loop is not None
        if loop is asyncio._get_running_loop():
            return None  # the code runs where the answer would have to come in
        asking = partial(self.ask, text, options, guard=True)
        try:
            answer: str | None = self.host.hold(lambda: asyncio.run_coroutine_threadsafe(asking(), loop))
        except (CancelledError, StoreError):
            return None
        return answer

    def permits(self, risk: k.Risk, path: str = "") -> bool:
        """Whether the mode or a grant lets this call do this without a question."""
        state = self.run.state
        assert state.started is not None, "a run that calls has been started"
        ruled = self.host.policy.ruling("write_file", {}, path=path, risk=risk).ruled if path else ""
        if ruled == "ask" or (state.found and risk == "high"):
            return False  # as for a call of its own
        if ruled == "allow":
            return True
        return permits(state.calls[self.call_id].proposed, risk, path, state.started.mode, state.grants)

    def forbids(self, path: str = "", host: str = "") -> str:
        """The rule of the user's by which this call may not touch a file or a host, whoever allows it."""
        state = self.run.state
        return self.host.policy.forbids(state.calls[self.call_id].name, path=path, host=host)

    async def spawn(self, errand: Errand) -> Report:
        """Let a run of its own work on a task."""
        if self.host.spawn is None:
            raise RepairableToolError("No other run can be begun here.", "", "Do it yourself.")
        return await self.host.spawn(errand, self)

    def leave(self, outputs: tuple[Mapping[str, Any], ...], events: tuple[k.Event, ...]) -> None:
        """Keep what a call that is being stopped has shown and changed; the driver records it with the Stop."""
        self.traces[self.call_id] = replace(self.traces[self.call_id], outputs=outputs, events=events)

    def emit(self, event: k.Event) -> None:
        """Show a transient event, from whichever thread; one wake-up of the loop shows all that has gathered."""
        assert self.loop is not None
        with self.gathering:
            self.gathered.append(event)
            first = len(self.gathered) == 1
        if first:
            # Not in the caller's context, in which what is printed is captured: watchers may print it.
            self.loop.call_soon_threadsafe(self._show, context=Context())

    def _show(self) -> None:
        with self.gathering:
            events, self.gathered = self.gathered, []
        with suppress(StoreError):  # what was announced before could not be recorded: whoever appends next is told
            for event in joined(events):
                self.run.append(event)

    async def main(self, function: Callable[[], T | Awaitable[T]]) -> T:
        """Run on the user's main thread."""
        result: T = await self.host.main(function)
        return result


def joined(events: Iterable[k.Event]) -> Iterator[k.Event]:
    """The same events, with neighbouring pieces of one stream's output put together."""
    for (kind, _), group in groupby(events, lambda event: (event.kind, getattr(event, "stream", ""))):
        pieces = list(group)
        if kind == k.OutputDelta.kind and isinstance(pieces[0], k.OutputDelta):
            yield replace(pieces[0], text="".join(piece.text for piece in pieces if isinstance(piece, k.OutputDelta)))
        else:
            yield from pieces
