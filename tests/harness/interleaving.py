"""A run in memory to which anything happens in any order, as a tape of numbers says: deaths, signals, people, failures.

Each life is a session of its own over the same store, as a kernel would have it; a death stops everything that it would
still write. What tools do to the world is counted outside. No process is started: thousands of stories a minute.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest import mock

from aether_nb import ScriptedModel, tool
from aether_nb.agent.asking import Answer
from aether_nb.agent.mail import Mail
from aether_nb.agent.sealing import signal_fields
from aether_nb.config import Settings
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import ToolCall
from aether_nb.events.state import Call, RunState
from aether_nb.models.base import Request
from aether_nb.session import driving
from aether_nb.session.conversation import Session
from aether_nb.session.tasks import Cell, Question, Resumption
from aether_nb.store import memory_parts
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store, memory_store
from aether_nb.tools.base import Context
from aether_nb.tools.function import FunctionTool

T = TypeVar("T")

RUN = "r1"
PATIENCE = 40
"""How often a run looks for a signal before somebody helps."""

NAMES = ("look", "put", "keep", "send", "pay", "risk")
"""The tools: pure, idempotent, namespace, external, external with a verifier, external behind a gate."""


class Killed(BaseException):
    """The process is dead from here on."""


@dataclass
class Tape:
    """Numbers that decide; when they are used up, what comes first is chosen."""

    numbers: list[int]

    def choose(self, options: Sequence[T]) -> T:
        """One of these."""
        return options[self.numbers.pop(0) % len(options)] if self.numbers else options[0]


@dataclass
class World:
    """Everything that outlives a process.

    Args:
        tape: What happens.
        script: The calls of each reply of the model, by the names of their tools.
        folder: Where keys lie.
    """

    tape: Tape
    script: Sequence[Sequence[str]]
    folder: Path
    store: Store = field(init=False)
    acted: Counter[str] = field(default_factory=Counter)
    asked: Counter[int] = field(default_factory=Counter)
    sent: list[Signal] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)
    lives: int = 0
    deaths: int = 0
    calm: bool = False

    def __post_init__(self) -> None:
        self.sealer, self.stranger = Sealer(self.folder / "mine"), Sealer(self.folder / "theirs")
        self.store = memory_store(self.sealer)

    @property
    def entries(self) -> list[k.Entry]:
        """The record."""
        return list(self.store.log.read(RUN))

    @property
    def state(self) -> RunState:
        """The run as its record has it."""
        return fold(self.entries)

    # ---- what happens

    def live(self) -> None:
        """One process: it asks or resumes, and ends, dies, or leaves the run parked."""
        self.lives += 1
        fresh = self.calm or self.tape.choose((True, True, False))
        process = f"process {self.lives}" if fresh else "process 1"
        session = _Life(self).session
        cell = Cell(_here, [_Person(self)], lambda entry: None)
        park = 0.0 if self.calm else self.tape.choose((0.0, 0.0, None))
        task = Resumption(RUN, park_after=park) if self.entries else Question("Go", park_after=park, run=RUN)
        mail = partial(Mail, poll=0.0)
        with (
            mock.patch.object(memory_parts, "this_process", return_value=process),
            mock.patch.object(driving, "Mail", mail),
        ):
            try:
                asyncio.run(driving.work(session, task, cell))
            except Killed:
                self.deaths += 1
            except asyncio.CancelledError:
                raise AssertionError("nobody cancelled it") from None
        if (holder := self.store.leases.holder(RUN)) is not None:
            self.store.leases.release(RUN, holder.epoch)

    def speak(self) -> None:
        """Somebody says something to the run: anything, rightly or wrongly, once or again, with or without a right."""
        kind = self.tape.choose(("again", "tell", "approve", "deny", "answer", "settle", "pause", "go", "go", "stop"))
        if kind == "again":
            if self.sent:
                self.store.signals.send(self.tape.choose(self.sent))
            return
        state = self.state
        gate, question = state.calls.get(state.gate), state.question
        hash = gate.proposed.hash if gate and self.tape.choose((True, True, False)) else "of another call"
        body: dict[str, Any] = {
            "approve": {"call_id": state.gate, "hash": hash, "lasts": self.tape.choose(("once", "run"))},
            "deny": {"call_id": state.gate, "hash": hash},
            "answer": {"id": question.id if question else "q", "text": self.tape.choose(("it ran", "skip", "yes"))},
            "settle": {"call_id": question.call_id if question else "c", "how": self.tape.choose(("ran", "skip"))},
            "tell": {"text": "look again"},
        }.get(kind, {})
        signal = Signal(RUN, kind, "test", body, f"s{len(self.sent)}")  # type: ignore[arg-type]  # one of those above
        mine = self.tape.choose((True, True, True, False))
        seal = (self.sealer if mine else self.stranger).seal(signal_fields(signal))
        if not mine:
            self.foreign.add(signal.id)
        self.sent.append(replace(signal, seal=seal))
        self.store.signals.send(self.sent[-1])

    def go(self) -> None:
        """Somebody says that a paused run shall go on."""
        signal = Signal(RUN, "go", "test", {}, f"go{len(self.sent)}")
        self.sent.append(replace(signal, seal=self.sealer.seal(signal_fields(signal))))
        self.store.signals.send(self.sent[-1])

    def settle_down(self) -> int:
        """From here on nobody dies and everybody helps; how many lives it took to come to the end."""
        self.calm = True
        for n in range(1, 20):
            if self.state.paused:
                self.go()
            if self.state.ended:
                return n
            self.live()
        raise AssertionError(f"it never ended: {[entry.event.kind for entry in self.entries]}")


@dataclass
class _Person:
    """Somebody who is there or not, and says anything."""

    world: World

    async def present(self) -> bool:
        return True

    async def approve(self, call: Call) -> Answer:
        yes, no, nobody = Answer("approve", "panel"), Answer("deny", "panel"), Answer("deny", "policy:deny")
        return yes if self.world.calm else self.world.tape.choose((yes, nobody, no, replace(yes, lasts="run")))

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        said = "it ran" if question.doubt else "go on"
        if self.world.calm:
            return said, "panel"
        return self.world.tape.choose(((said, "panel"), (None, "policy:deny"), ("skip", "panel"), ("run it", "panel")))


class _Life:
    """One process' session: its log dies with it."""

    def __init__(self, world: World) -> None:
        self.world, self.dead, self.looks = world, False, 0
        self.store = world.store
        shell = SimpleNamespace(user_ns={tool.name: tool for tool in self._tools()}, user_ns_hidden={})
        store = replace(world.store, log=self, signals=_Signals(self))  # type: ignore[arg-type]  # but for what dies
        self.session = Session(shell, _Models(world), store, world.sealer, world.folder)  # type: ignore[arg-type]
        self.session.unasked = 0.0

    # ---- a log whose writer may die

    def append(self, run: str, head: int, events: Sequence[k.Event], time: float, epoch: int = 0) -> Any:
        self.looks = 0
        self.point()
        written = self.store.log.append(run, head, events, time, epoch)
        self.point()
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store.log, name)

    def point(self) -> None:
        """Here the process may die, or somebody may speak."""
        if self.dead:
            raise Killed
        if self.world.calm:
            return
        what = self.world.tape.choose(("go on",) * 9 + ("speak", "speak", "die"))
        if what == "speak":
            self.world.speak()
        self.dead = what == "die"
        if self.dead:
            raise Killed

    # ---- the tools

    def _act(self, call: str) -> str:
        self.point()
        self.world.acted[call] += 1
        self.point()
        if not self.world.calm and self.world.tape.choose((False,) * 5 + (True,)):
            raise RuntimeError("it did not work")
        return "done"

    def _tools(self) -> list[FunctionTool]:
        async def look(context: Context) -> str:
            """Look."""
            return self._act(context.call_id)

        async def act(context: Context) -> str:
            """Act."""
            return self._act(context.call_id)

        def acted(arguments: Any, context: Context) -> bool | None:
            return self.world.tape.choose((self.world.acted[context.call_id] > 0, None))

        low: dict[str, Any] = {"risk": "low", "where": "loop"}
        return [
            tool(name="look", effect="pure", **low)(look),
            tool(name="put", effect="idempotent", retries=2, backoff=0.0, **low)(act),
            tool(name="keep", effect="namespace", retries=1, backoff=0.0, **low)(act),
            tool(name="send", effect="external", **low)(act),
            tool(name="pay", effect="external", on_doubt="verify", verify=acted, **low)(act),
            tool(name="risk", effect="external", risk="medium", where="loop")(act),
        ]


@dataclass
class _Signals:
    """The letter box. When the run has looked into it in vain for long, somebody says that it shall go on."""

    life: _Life

    def pending(self, run: str) -> list[Signal]:
        self.life.looks += 1
        if self.life.looks > PATIENCE:
            self.life.world.go()
        return self.life.store.signals.pending(run)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.life.store.signals, name)


class _Models:
    """Who answers: one model, which counts outside how often it was asked for which reply."""

    def __init__(self, world: World) -> None:
        self.world, self.settings, self.name = world, Settings(max_steps=3), "script"
        self.record = Path("/nowhere")  # nothing was ever read or kept beside it
        self._model = ScriptedModel([self._said] * 99, name="script")

    def sealed(self) -> bool:
        return False

    def model(self, name: str = "") -> Any:
        return self._model

    def chosen(self, request: Request, run: str = "") -> Any:
        return self._model

    def pin(self, run: str, name: str) -> None:
        """There is one model."""

    def begin(self, run: str) -> None:
        """It is always open."""

    async def done(self, run: str) -> None:
        """Nothing was opened."""

    def _said(self, request: Request) -> Any:
        said = sum(message.role == "assistant" for message in request.messages)
        self.world.asked[said] += 1
        script = self.world.script
        return [ToolCall("", name, {}) for name in script[said]] if said < len(script) else f"Done {said}."


async def _here(function: Any) -> Any:
    return function()
