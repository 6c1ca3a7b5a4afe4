"""The only place that acts: it does what ``next_step`` says and records what came of it.

Each step is performed by one method that yields events; appending them is the business of ``loop``.
Who is asked, which model answers and which tools there are is handed in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Literal

from aether_nb.agent import steps
from aether_nb.agent.approvals import RISKS, refused
from aether_nb.agent.asking import Answer
from aether_nb.agent.calls import Calls, Happened
from aether_nb.agent.egress import Egress
from aether_nb.agent.ending import amount, finishing, settled
from aether_nb.agent.loop import advance
from aether_nb.agent.mail import DOUBT, doubt_events
from aether_nb.agent.releasing import left_behind
from aether_nb.agent.requesting import Asked, asked
from aether_nb.agent.run import Run
from aether_nb.agent.sealing import gate_events
from aether_nb.agent.steps import next_step
from aether_nb.agent.waiting import Waiting
from aether_nb.errors import AgentDrifted, RepairableToolError, StoreError
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall, ToolSpec, arguments_hash
from aether_nb.events.state import Call, RunState
from aether_nb.models.base import PLAIN, Model, Options, Request
from aether_nb.store.signals import Signal
from aether_nb.tools.base import Result

__all__ = ["Driver"]

AT_ONCE = ("undo", "plan", "revoke")
"""What is heard while the run waits for somebody: it changes nothing of what was asked."""


class Driver:
    """Drives one run to its end, or to where it waits.

    Args:
        run: The run, with ``run.started`` and ``context.composed`` in its log.
        choose: Says who is asked, each time anew: the model may be swapped between two steps.
        calls: The tools and what they are handed.
        waiting: Who decides about calls and answers questions, and how long that is waited for.
        options: How every answer is to be given.
        stream: Whether answers are wanted piece by piece.
        egress: What of the data may leave; every request goes out by it.
    """

    def __init__(
        self,
        run: Run,
        choose: Callable[[Request], Model],
        calls: Calls,
        waiting: Waiting,
        options: Options = PLAIN,
        stream: bool = True,
        egress: Egress | None = None,
    ) -> None:
        self.run, self.choose, self.calls, self.waiting = run, choose, calls, waiting
        self.options, self.stream = options, stream
        self.mail = waiting.mail
        self.egress = calls.egress = egress or Egress()
        self._stopped_by = ""
        self._waits, self._taking = False, asyncio.Lock()

    async def drive(self) -> RunState:
        """Do one step after the other until there is none: the run has ended, or is parked.

        Raises:
            asyncio.CancelledError: The run was stopped; its log says so before this is raised.
            StoreError: The log could not be written.
            AgentDrifted: A hosted agent takes another way than it has recorded; nothing was done.
        """
        run = self.run
        listening = asyncio.ensure_future(self._listen(asyncio.current_task())) if self.mail else None
        try:
            await advance(run, self)
        except asyncio.CancelledError:
            self._end(k.RunEnded("cancelled", f"Stopped by {self._stopped_by or 'the user'}."))
            if not self._stopped_by:
                raise
            while asyncio.current_task().uncancel():  # type: ignore[union-attr]  # signals have cancelled it
                pass
        except (StoreError, AgentDrifted):
            raise  # nothing more can be recorded, or may be; what was, is kept
        except BaseException as error:
            self._end(k.RunEnded("failed", f"The run broke off with {type(error).__name__}.", str(error)))
            raise
        finally:
            if listening:
                listening.cancel()
        return run.state

    def _end(self, end: k.RunEnded) -> None:
        """End a run before its time."""
        if events := settled(self.run.state, end, left_behind(self.calls.traces, self.egress)):
            self.run.append(*events)

    def next(self) -> steps.Step | None:
        """What comes next, after all that was said from outside has been heard; a parked run hears when it goes on.

        A yes whose time is over is taken back before it could count.

        Raises:
            asyncio.CancelledError: It was told to stop, and what it was at when it was told has swallowed that.
        """
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError
        for signal in self.mail.waiting if self.mail else ():
            later = signal.type == "undo" or self._stops(signal)
            if not later and not self.run.state.parked and not self.run.state.ended:
                self._hear(signal)
        now = time.time()
        over = [k.GrantRevoked(one.id, "its time is over") for one in self.run.state.grants if 0 < one.until < now]
        if over and not self.run.state.ended:
            self.run.append(*over)
        return next_step(self.run.state)

    def _hear(self, signal: Signal) -> None:
        """Take a signal in."""
        assert self.mail is not None
        self.mail.waiting = [other for other in self.mail.waiting if other.id != signal.id]
        self.run.append(*self.mail.heard(self.run.state, signal))

    async def _listen(self, task: asyncio.Task[Any] | None) -> None:
        """Look into the letter box while the run works. A Stop ends what it does; the rest is heard between steps.

        A tool may not let itself be ended, so there may be more than one Stop.

        While the run waits for somebody it is between steps, too: then calls are taken back at once, the plan is
        changed, and a yes is revoked.
        """
        assert self.mail is not None
        assert task is not None
        while True:
            signal = await self.mail.come(lambda one: self._stops(one) or (self._waits and one.type in AT_ONCE))
            try:
                if signal.type == "undo":
                    async with self._taking:
                        async for happened in self._take_back([signal]):
                            self.run.append(*happened)
                    continue
                self._hear(signal)
            except StoreError:
                await asyncio.sleep(self.mail.poll)  # it was not heard, and is there at the next look
            else:
                if signal.type == "stop":
                    self._stopped_by = signal.by
                    task.cancel()

    async def _take_back(self, signals: Iterable[Signal]) -> AsyncIterator[tuple[k.Event, ...]]:
        """Take calls back, as somebody has said; or show why that was not done."""
        assert self.mail is not None
        take = self.calls.host.take_back
        for signal in signals:
            received = self.mail.heard(self.run.state, signal)[0]
            came = await take(signal) if received.used and take else None
            received = replace(received, used=came is not None)
            if came is not None and came.stored:
                yield received, came
                self.calls.judged.clear()  # what calls will do to other variables is another question
            else:
                yield (received,)
                if came is not None:
                    yield (came,)
            self.mail.waiting = [other for other in self.mail.waiting if other.id != signal.id]

    @asynccontextmanager
    async def _at_rest(self) -> AsyncIterator[None]:
        """While the run waits, calls may be taken back; it goes on when that is done."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
            async with self._taking:
                pass

    def _stops(self, signal: Signal) -> bool:
        """Whether this is a Stop by somebody who may."""
        assert self.mail is not None
        return signal.type == "stop" and self.mail.heard(self.run.state, signal)[0].used

    def perform(self, step: steps.Step) -> AsyncIterator[Happened]:
        """Do one step, or first what is to be taken back before it; yields what happens, as it happens."""
        if undos := [signal for signal in self.mail.waiting if signal.type == "undo"] if self.mail else []:
            return self._take_back(undos)
        match step:
            case steps.Plan():
                return self._ask(self.calls.specs(reading=True))
            case steps.Ask():
                return self._ask(self.calls.specs())
            case steps.Propose(id):
                return self._propose(id)
            case steps.Gate():
                return self._gate(step)
            case steps.Act(calls):
                return self.calls.act(calls)
            case steps.Settle(call):
                return self._settle(call)
            case steps.Wait(question):
                return self._wait(question)
            case steps.Rest():
                return self._rest()
            case steps.Pause(limit):
                return self._pause(limit)
            case steps.Finish():  # pragma: no branch  # there is no other step, and mypy knows it
                return self._finish()

    def _ask(self, tools: tuple[ToolSpec, ...]) -> AsyncIterator[Happened]:
        request = Request(tuple(self.run.state.messages), tools, self.options, self.stream)
        return self._asked(Asked(request))

    def _asked(self, what: Asked) -> AsyncIterator[Happened]:
        return asked(self.run, self.choose, self.egress, self.calls.hooks, what, self._pause)

    async def _propose(self, id: str) -> AsyncIterator[Happened]:
        replies = (message for message in reversed(self.run.state.messages) if message.calls)
        events = list(self.calls.propose(next(call for call in next(replies).calls if call.id == id)))
        yield await self.calls.hooked(events)

    async def _gate(self, step: steps.Gate) -> AsyncIterator[Happened]:
        call, proposed = step.call, step.call.proposed
        if grant := step.grant:
            yes = Answer("approve", f"grant:{grant.id}", grant.lasts, f"given by {grant.by}")
            yield gate_events(proposed, yes, time.time())[0]  # the grant is there already
            return
        if step.refused:
            yield refused(proposed)
            return
        if self.run.state.gate != call.id:
            opening = self.calls.start_item(self.calls.item(call.name))
            yield (*opening, k.GateOpened(call.id, proposed.hash))
        while True:
            async with self._at_rest():
                answer = await self.waiting.approve(call)
            if answer is None:
                yield await self._parked("gate", call.id)
                return
            if isinstance(answer, Signal):
                self._hear(answer)
                return
            if answer.arguments is None or arguments_hash(call.name, answer.arguments) == proposed.hash:
                break
            try:
                typed = self.calls.judge(ToolCall(call.id, call.name, answer.arguments), edited=True)
            except RepairableToolError as error:  # the edit cannot be used: say why, keep the gate open
                yield k.Progress(call.id, 0, note=f"Your edit cannot be used. {error}")
                continue
            yield await self.calls.hooked([typed])
            proposed = self.run.state.calls[call.id].proposed
            if proposed.ruled == "deny":
                return  # what was typed is against the rules
            riskier = RISKS.index(proposed.risk) > RISKS.index(call.proposed.risk)
            if answer.decision == "deny" or not (riskier or proposed.hash != typed.hash):
                break
            call = self.run.state.calls[call.id]  # it could hurt more, or is another one: ask about what it is now
            yield k.GateOpened(call.id, proposed.hash)
        yield gate_events(proposed, answer, time.time(), shown=call.proposed)

    async def _settle(self, call: Call) -> AsyncIterator[Happened]:
        tool = self.calls.tools.get(call.name)
        rule = tool.care.on_doubt if tool else "ask"
        if rule == "rerun" or rule == "fail":
            yield k.CallSettled(call.id, rule, "tool:on_doubt")
            return
        contested = call.id in self.run.state.contested
        if rule == "verify" and (found := await self.calls.verify(call)) is not None and (found or not contested):
            parts = found.parts if isinstance(found, Result) else ()
            how: k.Settled = "ran" if found is not False else "rerun"
            yield k.CallSettled(call.id, how, "tool:verify", parts=parts)
            return
        what = call.proposed.effect_text or call.proposed.purpose or call.name
        still = " The run was taken from another kernel, which may still be at it." if contested else ""
        text = f"{call.name} was interrupted while it ran ({what}).{still} Look whether it acted. What became of it?"
        yield k.QuestionAsked(f"doubt-{call.id}-{call.attempt}", text, tuple(DOUBT), call.id, doubt=True)

    async def _wait(self, question: k.QuestionAsked) -> AsyncIterator[Happened]:
        async with self._at_rest():
            answer = await self.waiting.answer(question)
        if answer is None:  # pragma: no branch  # the tracer loses sight of a coroutine that a timeout has woken
            yield await self._parked("question", question.id)
        elif isinstance(answer, Signal):
            self._hear(answer)
        elif question.doubt:
            yield doubt_events(question, *answer)
        else:
            yield k.QuestionAnswered(question.id, *answer)

    async def _parked(self, waits_for: Literal["gate", "question", "go"], id: str = "") -> Happened:
        """That nothing holds the run from here on; its variables are written first: its kernel may end meanwhile."""
        return (*await self.calls.park(), k.RunParked(waits_for, id))

    async def _rest(self) -> AsyncIterator[Happened]:
        async with self._at_rest():
            signal = await self.waiting.go()
        if signal is None:
            yield await self._parked("go")
        else:
            self._hear(signal)

    async def _pause(self, limit: str) -> AsyncIterator[Happened]:
        state = self.run.state
        assert state.started is not None
        used, allowed = state.used(limit) or 0.0, getattr(state.allowed, limit)
        more = getattr(state.started.limits, limit)
        yield k.LimitReached(limit, max(used, allowed), allowed)  # type: ignore[arg-type]  # next_step names a limit
        text = f"This run has used its limit of {amount(limit, allowed)}. Go on for another {amount(limit, more)}?"
        yield k.QuestionAsked(f"limit-{limit}-{state.head}", text, ("go on", "stop here"), limit=limit)

    async def _finish(self) -> AsyncIterator[Happened]:
        for event in finishing(self.run.state):
            yield event
