"""The only place that acts: it does what ``next_step`` says and records what came of it.

The loop is ``drive``. Each step is performed by one method that yields events; appending them is the loop's business.
Who is asked, which model answers and which tools there are is handed in.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from aether_nb.agent import steps
from aether_nb.agent.approvals import RISKS
from aether_nb.agent.asking import Answer, Asking
from aether_nb.agent.calling import Trace
from aether_nb.agent.calls import Calls
from aether_nb.agent.run import Run
from aether_nb.agent.saying import Saying
from aether_nb.agent.steps import next_step
from aether_nb.errors import AetherError, ModelError, RepairableToolError, StoreError
from aether_nb.events import kinds as k
from aether_nb.events.folds import Call, RunState
from aether_nb.events.messages import Message, ToolCall, ToolSpec, arguments_hash
from aether_nb.models.base import PLAIN, Model, Options, Reply, Request

__all__ = ["Driver"]


class Driver:
    """Drives one run to its end, or to where it waits.

    Args:
        run: The run, with ``run.started`` and ``context.composed`` in its log.
        choose: Says who is asked, each time anew: the model may be swapped between two steps.
        calls: The tools and what they are handed.
        asking: Who decides about calls and answers questions.
        options: How every answer is to be given.
        stream: Whether answers are wanted piece by piece.
    """

    def __init__(
        self,
        run: Run,
        choose: Callable[[Request], Model],
        calls: Calls,
        asking: Asking,
        options: Options = PLAIN,
        stream: bool = True,
    ) -> None:
        self.run, self.choose, self.calls, self.asking = run, choose, calls, asking
        self.options, self.stream = options, stream

    async def drive(self) -> RunState:
        """Do one step after the other until there is none.

        Raises:
            asyncio.CancelledError: The run was stopped; its log says so before this is raised.
            StoreError: The log could not be written.
        """
        run = self.run
        try:
            while (step := next_step(run.state)) is not None:
                async for event in self.perform(step):
                    run.append(event)
        except asyncio.CancelledError:
            end = k.RunEnded("cancelled", "Stopped by the user.")
            for event in settled(run.state, end, self.calls.traces):
                run.append(event)
            raise
        except StoreError:
            raise  # nothing more can be recorded; what was, is kept
        except BaseException as error:
            broken = k.RunEnded("failed", f"The run broke off with {type(error).__name__}.", str(error))
            for event in settled(run.state, broken, self.calls.traces):
                run.append(event)
            raise
        return run.state

    def perform(self, step: steps.Step) -> AsyncIterator[k.Event]:
        """Do one step; yields what happens, as it happens."""
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
            case steps.Wait(question):
                return self._wait(question)
            case steps.Pause(limit):
                return self._pause(limit)
            case steps.Finish():  # pragma: no branch  # there is no other step, and mypy knows it
                return self._finish()

    async def _ask(self, tools: tuple[ToolSpec, ...]) -> AsyncIterator[k.Event]:
        state = self.run.state
        request = Request(state.messages, tools, self.options, self.stream)
        try:
            model = self.choose(request)
        except AetherError as error:
            yield k.ModelFailed(state.model, error.what, error.why, error.hint)
            return
        name = model.name
        if name != state.model:
            yield k.ModelSwitched(state.model, name)
        yield k.ModelAsked(name, state.steps + 1, state.sent)
        begun = time.monotonic()
        clock = asyncio.timeout(state.seconds_left)
        try:
            async with clock:
                reply = await self._heard(model, request)
        except ModelError as error:
            yield k.ModelFailed(name, error.what, error.why, error.hint)
            return
        except Exception as error:  # noqa: BLE001  # a model of anybody's: what it raises is its own failure
            if isinstance(error, TimeoutError) and clock.expired():
                async for event in self._pause("seconds"):
                    yield event
                return
            yield k.ModelFailed(name, f"The model {name} broke off with {type(error).__name__}.", str(error))
            return
        if reply is None:
            yield k.ModelFailed(name, f"The model {name} ended its answer before it was whole.", hint="Ask again.")
            return
        message = unique(reply.message, state.calls)
        unsaid = not message.text.strip() and reply.finish != "pause"
        if not message.calls and (unsaid or reply.finish in ("refusal", "content_filter")):
            why = message.text.strip() or f"It ended with {reply.finish!r} and no words."
            yield k.ModelFailed(name, f"The model {name} gave no answer.", why, "Ask in other words.")
            return
        yield k.ModelAnswered(
            reply.model or name,
            message,
            reply.usage,
            reply.finish,
            time.monotonic() - begun,
            reply.provider,
            reply.repairs,
            reply.notes,
        )

    async def _heard(self, model: Model, request: Request) -> Reply | None:
        """What the model replies, if it does; what it says until then is shown, and stands in no log."""
        reply: Reply | None = None
        with Saying(self.run.append) as saying:
            async for delta in model.stream(request):
                if delta.note:
                    saying.tell(k.Progress("", 0, note=delta.note))
                if delta.thinking:
                    saying.say(k.ThinkingDelta, delta.thinking)
                if delta.text:
                    saying.say(k.TextDelta, delta.text)
                if delta.call:
                    saying.say(k.CallDelta, delta.call)
                reply = delta.reply or reply
        return reply

    async def _propose(self, id: str) -> AsyncIterator[k.Event]:
        replies = (message for message in reversed(self.run.state.messages) if message.calls)
        for event in self.calls.propose(next(call for call in next(replies).calls if call.id == id)):
            yield event

    async def _gate(self, step: steps.Gate) -> AsyncIterator[k.Event]:
        call, proposed = step.call, step.call.proposed
        if grant := step.grant:
            given = f"given by {grant.by}"
            yield k.GateAnswered(call.id, proposed.hash, "approve", f"grant:{grant.id}", grant.lasts, given)
            return
        if step.refused:
            reason = "in mode plan only what reads is run; say in the plan what you would do"
            yield k.GateAnswered(call.id, proposed.hash, "deny", "policy:plan", reason=reason)
            return
        for event in self.calls.start_item(self.calls.item(call.name)):
            yield event
        yield k.GateOpened(call.id, proposed.hash)
        while True:
            answer = await self.asking.approve(call)
            if answer.arguments is None or arguments_hash(call.name, answer.arguments) == proposed.hash:
                break
            try:
                proposed = self.calls.judge(ToolCall(call.id, call.name, answer.arguments), edited=True)
            except RepairableToolError as error:  # the edit cannot be used: say why, keep the gate open
                yield k.Progress(call.id, 0, note=f"Your edit cannot be used. {error}")
                continue
            riskier = RISKS.index(proposed.risk) > RISKS.index(call.proposed.risk)
            yield proposed
            if answer.decision == "deny" or not riskier:
                break
            call = self.run.state.calls[call.id]  # what was typed could hurt more than what was asked about: ask again
            yield k.GateOpened(call.id, proposed.hash)
        yield k.GateAnswered(call.id, proposed.hash, answer.decision, answer.by, answer.lasts, answer.reason)
        if answer.decision == "approve" and answer.lasts != "once":
            yield k.GrantGiven(_grant(proposed, answer))

    async def _wait(self, question: k.QuestionAsked) -> AsyncIterator[k.Event]:
        answer, by = await self.asking.answer(question)
        yield k.QuestionAnswered(question.id, answer, by)

    async def _pause(self, limit: str) -> AsyncIterator[k.Event]:
        state = self.run.state
        assert state.started is not None
        used, allowed = state.used(limit) or 0.0, getattr(state.allowed, limit)
        more = getattr(state.started.limits, limit)
        yield k.LimitReached(limit, max(used, allowed), allowed)  # type: ignore[arg-type]  # next_step names a limit
        text = f"This run has used its limit of {_amount(limit, allowed)}. Go on for another {_amount(limit, more)}?"
        yield k.QuestionAsked(f"limit-{limit}-{state.head}", text, ("go on", "stop here"), limit=limit)

    async def _finish(self) -> AsyncIterator[k.Event]:
        state = self.run.state
        assert state.started is not None
        if failed := state.failure or state.fatal:
            for event in settled(state, k.RunEnded("failed", failed.what, failed.why, failed.hint)):
                yield event
        elif limit := state.declined_limit:
            amount = _amount(limit, getattr(state.allowed, limit))
            hint = f"Ask again, or raise it: AETHER_MAX_{limit.upper()}."
            yield k.RunEnded("cancelled", f"The run was ended at its limit of {amount}.", hint=hint)
        else:
            if state.answered:
                for index, item in enumerate(state.plan):
                    if item.status == "pending" and not item.item.tool:
                        yield k.ItemFinished(index)
            yield k.RunEnded("done")


def settled(state: RunState, end: k.RunEnded, traces: Mapping[str, Trace] | None = None) -> list[k.Event]:
    """What a run's log says when it ends before its time: every open call is settled, nothing is left dangling.

    Args:
        state: The run as it stands.
        end: How it ends.
        traces: What the calls that were running leave behind.
    """
    if state.ended or state.started is None:
        return []
    by = "stopped by the user" if end.outcome == "cancelled" else "given up, because the run ended"
    events: list[k.Event] = []
    for id in state.open:
        call = state.calls.get(id)
        running = call is not None and call.status == "begun"
        trace = (traces or {}).get(id) if running else None
        events += trace.events if trace else ()
        if call is not None and running and call.proposed.effect == "external":
            events.append(k.CallDoubtful(id, f"stopped while {call.name} was running; look whether it acted"))
        else:
            when = "while it was running" if running else "before it began"
            seconds = time.monotonic() - trace.begun if trace else 0.0
            outputs = trace.outputs if trace else ()
            events.append(k.CallFailed(id, f"{by} {when}", seconds=seconds, stopped=True, outputs=outputs))
    return [*events, end]


def unique(message: Message, taken: Mapping[str, Call]) -> Message:
    """The message with call ids that are new to this run; some models count from zero in every reply."""
    if not any(call.id in taken or not call.id for call in message.calls) and _differ(message.calls):
        return message
    used = set(taken)
    calls = []
    for call in message.calls:
        id, n = call.id or "call", 1
        while id in used:
            n += 1
            id = f"{call.id or 'call'}-{n}"
        used.add(id)
        calls.append(ToolCall(id, call.name, call.arguments))
    return replace(message, calls=tuple(calls))


def _differ(calls: Sequence[ToolCall]) -> bool:
    return len({call.id for call in calls}) == len(calls)


def _grant(proposed: k.CallProposed, answer: Answer) -> k.Grant:
    """A yes for longer: this exact call may be repeated without a question."""
    rule = f"call:{proposed.hash}"
    return k.Grant(f"g{secrets.token_hex(3)}", proposed.call.name, rule, proposed.risk, answer.lasts, answer.by)


def _amount(limit: str, value: float) -> str:
    """A limit in words: ``40 steps``, ``$1.00``."""
    if limit == "cost":
        return f"${value:.2f}"
    return f"{value:,.0f} {limit.removesuffix('s') if value == 1 else limit}"
