"""A visit of another agent: a run whose model is somebody outside, who says which calls come next.

So there is no second way to act: a call from outside is proposed, judged, asked about, begun, finished and recorded as
any other. What may leave this machine is limited as for any model that is elsewhere. This module knows no protocol.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aether_nb import registry
from aether_nb.agent.approvals import Policy, decide
from aether_nb.agent.asking import Answer, Asking, Nobody
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.fencing import unfenced
from aether_nb.agent.run import Run
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Part, Text, ToolCall
from aether_nb.events.state import Call
from aether_nb.live.jobs import Jobs
from aether_nb.models.base import Delta, Reply, Request
from aether_nb.session import driving
from aether_nb.session.conversation import Session
from aether_nb.session.tasks import Cell, Question
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Tool

__all__ = ["SERVED", "Asked", "Outcome", "Visit", "Wanted"]

SERVED = ("run_python", "list_variables", "inspect_variable", "profile_table", "query", "plot", "use_skill", "recall")
"""The tools that are offered, where they are: what another room brings is offered by its name standing here."""

CALLS = 100
"""Calls after which a visit goes on in a new run, so that none grows without end."""

ENDLESS = k.Limits(None, None, None, None)
"""A visit is as long as the visitor stays."""


@dataclass(frozen=True)
class Outcome:
    """What a call came to: what the visitor is told, and whether it failed or was refused."""

    parts: tuple[Part, ...]
    failed: bool


@dataclass(frozen=True)
class Asked:
    """A question in the middle of a call, and where its answer goes."""

    question: k.QuestionAsked
    answer: asyncio.Future[str | None]

    def say(self, answer: str | None) -> None:
        """Answer it; an answer that is no option of it is none."""
        if not self.answer.done():
            options = self.question.options
            self.answer.set_result(answer if answer and (not options or answer in options) else None)


@dataclass(eq=False)
class Wanted:
    """A call that the visitor wants. ``answers``: its person can be asked something in the middle of it."""

    call: ToolCall
    answers: bool = False
    outcome: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    questions: asyncio.Queue[Asked] = field(default_factory=asyncio.Queue)
    last: Asked | None = None
    """The question that is open."""

    @property
    def id(self) -> str:
        """The call's name in the record, which nobody can guess."""
        return self.call.id


@dataclass
class Visit:
    """The visit of one agent.

    Args:
        session: The notebook, or the program, whose tools are used.
        jobs: The way to the main thread.
        visitor: What the visitor calls itself.
        patience: Seconds for which a run waits for another call, where others want to work, too; None: all is its own.
    """

    session: Session
    jobs: Jobs
    visitor: str
    patience: float | None = None
    local: bool = False
    """A visitor is elsewhere, whatever it runs on: what it is told may go anywhere."""
    going: dict[str, Wanted] = field(default_factory=dict)
    """Calls whose outcome the visitor has not been told yet."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    """Tells what we have asked from what we have not."""
    _queue: asyncio.Queue[Wanted] = field(default_factory=asyncio.Queue)
    _open: dict[str, Wanted] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)
    _said: dict[str, bool] = field(default_factory=dict)
    _count: int = 0
    _fence: str = ""
    _task: asyncio.Task[Any] | None = None
    _stopping: bool = False

    @property
    def name(self) -> str:
        """The visitor, as the record names the model of a run."""
        return f"mcp:{''.join(sign if sign.isalnum() or sign in '-_.' else '-' for sign in self.visitor)[:40]}"

    def tools(self) -> dict[str, Tool]:
        """The tools that are offered."""
        return {name: tool for name, tool in self.session.tools().items() if name in SERVED}

    def asks(self, name: str, arguments: Mapping[str, Any]) -> k.CallProposed | None:
        """The call as somebody has to be asked about it; None when it runs, or is refused, without a question.

        Raises:
            RepairableToolError: There is no such tool, or its arguments are wrong.
        """
        session = self.session
        host = Host(session.shell, session.workspace, self.jobs.main, policy=session.policy_of(None))
        calls = Calls(Run(MemoryLog(), "looked-at"), self.tools(), host, Asking(()))
        proposed = calls.judge(ToolCall("looked-at", name, dict(arguments)))
        verdict = decide(Call(proposed), session.models.settings.mode, session.grants)
        return proposed if verdict == "ask" else None

    async def begin(
        self, name: str, arguments: Mapping[str, Any], said: Mapping[str, bool], answers: bool = False
    ) -> Wanted:
        """Have a call carried out.

        Args:
            name: The tool.
            arguments: What it is called with.
            said: The visitor's person's yes or no to exact calls, by their hashes.
            answers: Whether that person can be asked something in the middle of it.
        """
        if self._stopping and self._task is not None:
            await asyncio.wait({self._task})
            self._stopping = False
        self._said.update(said)
        wanted = Wanted(ToolCall(f"m{secrets.token_hex(8)}", name, dict(arguments)), answers)
        self._queue.put_nowait(wanted)
        self.going[wanted.id] = wanted
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"visit of {self.visitor}")
        return wanted

    async def next(self, wanted: Wanted) -> Outcome | Asked:
        """What comes of a call next: its outcome, or a question in the middle of it. Cancelled, it stops the call."""
        asked = asyncio.ensure_future(wanted.questions.get())
        try:
            waits: set[asyncio.Future[Any]] = {wanted.outcome, asked}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            wanted.outcome.cancel()
            if wanted.id in self._open and self._task is not None:
                self._stopping = True
                self._task.cancel()
            raise
        finally:
            asked.cancel()
        if asked.done() and not asked.cancelled():
            return asked.result()
        self.going.pop(wanted.id, None)
        return wanted.outcome.result()

    async def leave(self) -> None:
        """The visitor goes: the run ends."""
        if self._task is not None and not self._task.done():
            self._queue.put_nowait(Wanted(ToolCall("", "", {})))
            await asyncio.wait({self._task}, timeout=5)

    # ---- the run

    async def _run(self) -> None:
        """Runs, one after the other, while something is wanted."""
        session = self.session
        registry.register("model", self.name, lambda: self)
        alone, prompt = self.patience is None, f"Calls of {self.visitor}, another agent."
        question = Question(prompt, model=self.name, fresh=alone, limits=ENDLESS)
        cell = Cell(self.jobs.main, (self,), self._watch, self.jobs.hold)
        self._count, why = 0, "the run has ended"
        try:
            await driving.work(session, replace(question, raw=True), cell)
        except asyncio.CancelledError:
            why = "it was stopped"
            raise
        except Exception as error:  # noqa: BLE001  # whatever ended the run is what its visitor is told
            why = f"{type(error).__name__}: {error}"
        finally:
            over = why == "the run has ended"
            for wanted in [*self._open.values(), *([] if over else self._drained())]:
                if not wanted.outcome.done():
                    wanted.outcome.set_result(Outcome((Text(f"Nothing came of it: {why}."),), failed=True))
            self._open.clear()
            self._go_on([one for one in self._drained() if one.call.id])

    def _go_on(self, late: list[Wanted]) -> None:
        """What came while a run was ending is done in a new one."""
        for one in late:
            self._queue.put_nowait(one)
        if late:
            self._task = asyncio.create_task(self._run(), name=f"visit of {self.visitor}")

    def _drained(self) -> list[Wanted]:
        found = []
        while not self._queue.empty():
            found.append(self._queue.get_nowait())
        return found

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """As the model of the run: take in what came of the last calls, and say which come next."""
        for message in request.messages:
            wanted = self._open.pop(message.call_id, None) if message.role == "tool" else None
            if wanted is not None and not wanted.outcome.done():
                wanted.outcome.set_result(Outcome(self._plain(message.parts), message.call_id in self._failed))
        ready = await self._coming() if self._count < CALLS else []
        ready = [one for one in ready if one.call.id and not one.outcome.cancelled()]
        self._count += len(ready)
        if not ready:
            yield Delta(reply=Reply(Message.of("assistant", "The visit is over."), finish="stop"))
            return
        self._open.update({one.call.id: one for one in ready})
        calls = tuple(one.call for one in ready)
        yield Delta(reply=Reply(Message("assistant", calls=calls), finish="tool_calls"))

    async def _coming(self) -> list[Wanted]:
        """The calls that come next; none, when none comes in time."""
        try:
            async with asyncio.timeout(self.patience if self._count else None):
                return [await self._queue.get(), *self._drained()]
        except TimeoutError:
            return []

    def _plain(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """What the visitor is told, without the fence of the run: its model was not told of it."""
        fence = self._fence
        return tuple(replace(one, text=unfenced(one.text, fence)) if isinstance(one, Text) else one for one in parts)

    def _watch(self, entry: k.Entry) -> None:
        match entry.event:
            case k.RunStarted(fence=fence):
                self._fence = fence
            case k.CallFailed(id):
                self._failed.add(id)
            case k.GateAnswered(id, decision="deny"):
                self._failed.add(id)

    # ---- who is asked about a call

    async def present(self) -> bool:
        """The visitor's person has spoken before the call came, or not at all."""
        return True

    async def approve(self, call: Call) -> Answer:
        """What the visitor's person said to exactly this call; where nothing was said, the policy for nobody."""
        said = self._said.pop(call.proposed.hash, None)
        if said is None:
            policy: Policy = self.session.models.settings.approve
            return await Nobody(policy).approve(call)
        return Answer("approve" if said else "deny", self.name, reason="" if said else "the visitor's person said no")

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        """What the visitor's person says in the middle of a call, where that person can be asked."""
        wanted = self._open.get(question.call_id)
        if wanted is None or not wanted.answers:
            return None, "policy:absent"
        wanted.last = Asked(question, asyncio.get_running_loop().create_future())
        wanted.questions.put_nowait(wanted.last)
        try:
            return await wanted.last.answer, self.name
        finally:
            wanted.last = None
