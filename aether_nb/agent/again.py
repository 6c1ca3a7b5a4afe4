"""Performing a recorded run again: its replies come from the record, its code is run anew, outside effects are not.

No model is asked. A call that changed nothing but this kernel is done again with the real tool, by the usual gates; of
every other one the recorded result is used: what was external, what was refused, what was stopped. Whatever comes to
something else than in the record is said, call by call. This module does not know where records lie, nor whose they
are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aether_nb.agent import steps
from aether_nb.agent.asking import Answer, Asking
from aether_nb.agent.calls import Happened
from aether_nb.agent.drift import Was, drifted, read
from aether_nb.agent.driver import Driver
from aether_nb.errors import ModelError, RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, ToolSpec, Usage
from aether_nb.events.state import Call, RunState
from aether_nb.models.base import Delta, Reply, Request
from aether_nb.tools.base import Assessment, Care, Context, Result, Tool, Where

__all__ = [
    "RECORDED",
    "Again",
    "Recalled",
    "Record",
    "RecordedModel",
    "RecordedTool",
    "opening",
    "record_again",
    "record_of",
]

NO = "only show it"
"""The no to performing somebody else's code again."""

RECORDED = "record:"
"""How a model that is read from a record begins its name."""


@dataclass
class Record:
    """A recorded run, as the run that performs it again reads it.

    ``begun`` is there when it only performs another one again itself, ``forked`` when its beginning is another one's.
    ``performing``: whether anything is performed at all; somebody else's record may only be shown.
    """

    run: str
    state: RunState
    replies: tuple[k.ModelAnswered, ...]
    calls: Mapping[str, Was]
    composed: k.ContextComposed
    time: float
    begun: k.ReplayBegun | None = None
    forked: bool = False
    performing: bool = True

    @property
    def started(self) -> k.RunStarted:
        """Its first event."""
        assert self.state.started is not None
        return self.state.started

    @property
    def model(self) -> RecordedModel:
        """Who answers from it."""
        return RecordedModel(self)

    def tools(self, here: Mapping[str, Tool]) -> dict[str, Tool]:
        """The tools that are here and those that it speaks of, each of which is used again or told of."""
        named = {*here, *(was.proposed.call.name for was in self.calls.values())}
        return {name: RecordedTool(name, self, here.get(name)) for name in sorted(named)}

    def performs(self, call_id: str) -> bool:
        """Whether a call is done again."""
        was = self.calls.get(call_id)
        return self.performing and (was is None or was.again)


def record_of(entries: Iterable[k.Entry]) -> Record:
    """What a record holds.

    Raises:
        ModelError: It holds no run.
    """
    whole = list(entries)
    state, events, calls = read(whole)
    composed = next((event for event in events if isinstance(event, k.ContextComposed)), None)
    if state.started is None or composed is None:
        raise ModelError("The record holds no run.", "Its first events are missing.", "%aether verify")
    if state.started.agent:  # what it asked models is its own affair: what it said is what was done
        answered = [_word(event) for event in events if isinstance(event, k.AgentSaid)]
    else:
        answered = [event for event in events if isinstance(event, k.ModelAnswered)]
    # An answer after which somebody said more was not the last word.
    spoken = [event for event in answered if event.message.calls or event.finish == "pause" or event is answered[-1]]
    begun = next((event for event in events if isinstance(event, k.ReplayBegun)), None)
    forked = any(isinstance(event, k.RunForked) for event in events)
    return Record(state.run, state, tuple(spoken), calls, composed, whole[0].time, begun, forked)


def _word(said: k.AgentSaid) -> k.ModelAnswered:
    """What a hosted agent said, as a reply."""
    finish = "tool_calls" if said.message.calls else "stop"
    return k.ModelAnswered(f"agent:{said.agent}", said.message, Usage(cost=0.0), finish, 0.0)


# ---- who answers


@dataclass(frozen=True)
class RecordedModel:
    """A model that says what was said then, reply by reply. It costs nothing and sends nothing."""

    record: Record

    @property
    def name(self) -> str:
        """The model of the record, marked as read."""
        return RECORDED + self.record.started.model.removeprefix(RECORDED)

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """The reply that came at this place.

        Raises:
            ModelError: The record has no more.
        """
        before = sum(message.role == "assistant" for message in self.record.composed.messages)
        place = sum(message.role == "assistant" for message in request.messages) - before
        if place >= len(self.record.replies):
            what = f"The record of run {self.record.run} has no reply for request {place + 1}."
            raise ModelError(what, "It ends before.", f"See how it went: %aether trace {self.record.run}")
        said = self.record.replies[place]
        finish: Any = said.finish
        yield Delta(reply=Reply(self._as_done(said.message), Usage(cost=0.0), finish, said.model, "record"))

    def _as_done(self, message: Message) -> Message:
        """The message with the arguments of its calls as they were performed: somebody may have changed them."""
        calls = (self.record.calls.get(call.id) for call in message.calls)
        done = tuple(
            was.proposed.call if was and (was.proposed.edited or was.proposed.altered) else call
            for call, was in zip(message.calls, calls, strict=True)
        )
        return replace(message, calls=done, origin=None)


# ---- who acts


@dataclass(frozen=True)
class RecordedTool:
    """A tool that is used again, or whose recorded result is.

    Args:
        name: What the model called it.
        record: The record.
        tool: The real one, when it is here.
    """

    name: str
    record: Record
    tool: Tool | None

    @property
    def spec(self) -> ToolSpec:
        """That of the tool."""
        return self.tool.spec if self.tool else ToolSpec(self.name, self.name, {"type": "object"})

    @property
    def where(self) -> Where:
        """Where the tool runs."""
        return self.tool.where if self.tool else "loop"

    @property
    def together(self) -> bool:
        """Whether calls that only read may run beside others."""
        return self.tool is not None and self.tool.together

    @property
    def reads(self) -> bool:
        """Whether it only ever reads."""
        return self.tool is not None and self.tool.reads

    @property
    def care(self) -> Care:
        """That of the tool."""
        return self.tool.care if self.tool else Care()

    def assess(self, arguments: Mapping[str, Any], context: Context) -> Assessment:
        """What the real tool says; nothing at all for a call that is only told."""
        if self.tool is not None and self.record.performs(context.call_id):
            return self.tool.assess(arguments, context)
        return Assessment("low", "pure", effect_text="uses its recorded result; nothing is performed")

    def purpose(self, arguments: Mapping[str, Any]) -> str:
        """What the call is for."""
        return self.tool.purpose(arguments) if self.tool else ""

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments as the tool has them."""
        return self.tool.check(arguments) if self.tool else arguments

    async def run(self, arguments: Mapping[str, Any], context: Context) -> Result:
        """Do it again, or tell what came of it then."""
        if self.tool is not None and self.record.performs(context.call_id):
            return await self.tool.run(arguments, context)
        was = self.record.calls.get(context.call_id)
        if was is None or was.finished is None:
            raise RepairableToolError(was.told if was else "It is not in the record.", "So it is recorded.")
        return Result(was.finished.parts, was.finished.outputs, was.plan)


class Recalled(Asking):
    """Answers a question that a call asks with what was answered then; who is there is asked about the rest only."""

    def __init__(self, asking: Asking, record: Record) -> None:
        super().__init__(asking.people)
        self.asking, self.record = asking, record
        self._given: dict[str, int] = {}

    async def somebody(self) -> bool:
        """Whether a person is there."""
        return await self.asking.somebody()

    async def approve(self, call: Call) -> Answer:
        """Get a yes or a no for a call: an old yes does not count."""
        return await self.asking.approve(call)

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        """The recorded answer, or one from whoever is there; an old yes to what code may do does not count either."""
        was = None if question.guard else self.record.calls.get(question.call_id)
        place = self._given.get(question.call_id, 0)
        if was is None or place >= len(was.answers):
            return await self.asking.answer(question)
        self._given[question.call_id] = place + 1
        return was.answers[place], f"record:{self.record.run}"


class Again(Driver):
    """Drives a run whose replies come from a record, and says after each call what is not as it was."""

    def __init__(self, record: Record, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.record = record
        self.run.watchers.append(self._noticed)

    async def perform(self, step: steps.Step) -> AsyncIterator[Happened]:
        """Do one step, then compare what it did to the calls that are over with it."""
        made: list[k.Event] = []
        open = self.run.state.open
        async for happened in super().perform(step):
            made += happened if isinstance(happened, tuple) else (happened,)
            yield happened
        for id in open:
            if id not in self.run.state.open and self.record.performs(id):
                for drift in drifted(self.record.calls.get(id), id, self.run.state, made):
                    yield drift

    def _noticed(self, entry: k.Entry) -> None:
        if isinstance(entry.event, k.QuestionAnswered) and entry.event.id == k.CONSENT:
            self.record.performing = entry.event.answer == k.CONSENT_YES


def opening(record: Record, chain: str, own: bool) -> tuple[k.Event, ...]:
    """What a run that performs a record again opens with: where it comes from, and a question when it is not one's own.

    Args:
        record: The record; nothing of it is performed before that question is answered.
        chain: The hash of its last event.
        own: Whether this user recorded it.
    """
    known = record.begun or k.ReplayBegun("", "live", record.started.model, record.time)
    begun = k.ReplayBegun(record.run, "live", known.model, known.recorded, chain, own)
    # What the record says of a call's effect is somebody else's word, too, and so is that there was no such call.
    count = sum(record.performs(call.id) for reply in record.replies for call in reply.message.calls)
    if own or not count:
        return (begun,)
    record.performing = False
    calls = "1 call" if count == 1 else f"{count} calls"
    text = f"This run was recorded by somebody else. Perform its code again in this notebook ({calls})?"
    return (begun, k.QuestionAsked(k.CONSENT, text, (k.CONSENT_YES, NO)))


def record_again(entries: Iterable[k.Entry], source: Callable[[k.ReplayBegun], Iterable[k.Entry]]) -> Record | None:
    """The record that a run performs again, when it is such a run, with what was said about performing it.

    Args:
        entries: The log of the run that is taken up.
        source: Reads the log of the run that is performed again.
    """
    record: Record | None = None
    for entry in entries:
        match entry.event:
            case k.ReplayBegun():
                record = record_of(source(entry.event))
            case k.QuestionAsked(id=id) if id == k.CONSENT and record is not None:
                record.performing = False
            case k.QuestionAnswered(id=id, answer=answer) if id == k.CONSENT and record is not None:
                record.performing = answer == k.CONSENT_YES
    return record
