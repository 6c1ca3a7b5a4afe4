"""One question to the agent: a run of its own, driven by the agent's own loop, and told of on the bus.

The run lives in memory and is gone with the answer, unless whoever asked keeps it. Nothing here decides what is done
next: that is the driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls
from aether_nb.agent.driver import Driver
from aether_nb.agent.egress import Egress, Rules
from aether_nb.agent.run import Run
from aether_nb.agent.waiting import Waiting
from aether_nb.client.bus import Bus, Lifecycle
from aether_nb.client.observed import Observed
from aether_nb.client.offering import Program, grants, host
from aether_nb.client.responses import Chunk, Response, ToolResult, response_of
from aether_nb.errors import AetherError, FatalToolError, ModelError, OptionError, RepairableToolError, RunFailed
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, ToolCall
from aether_nb.models.base import Model, Options, Reply, Request
from aether_nb.tools.base import Tool

if TYPE_CHECKING:
    from aether_nb.agent.profiles import Profile
    from aether_nb.live.undo import RunPoints
    from aether_nb.session.hooked import Hooked

__all__ = ["Question", "Work", "Writing", "worked_by"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, with all that holds for it.

    Args:
        messages: The conversation, the question last.
        tools: What the model may use.
        options: How it is to answer.
        mode: What runs without a yes: see ``config.Mode``.
        limits: Where the run ends.
        stream: Whether the answer is wanted piece by piece.
        rules: What of the data may leave this machine.
        agent: The hosted agent that works on it; None where the model does.
    """

    messages: tuple[Message, ...]
    tools: Mapping[str, Tool]
    options: Options
    mode: k.Mode
    limits: k.Limits
    stream: bool = False
    rules: Rules = field(default_factory=Rules)
    agent: Profile | None = None


def worked_by(agent: Callable[..., Any] | str, question: Question) -> Question:
    """The question as a hosted agent works on it, who is narrowed as where it was hosted.

    Args:
        agent: A function of a house, or the name of one.
        question: What is asked.

    Raises:
        OptionError: It cannot be hosted, or nobody goes by that name.
    """
    from aether_nb.agent.offering import narrowed
    from aether_nb.agent.profiles import hosted, hosted_profile

    profile = hosted(agent) if isinstance(agent, str) else hosted_profile(agent)
    if profile is None:
        raise OptionError(f"No agent is hosted as {agent!r}.", "", "Host it: host(function), or pass the function.")
    tools = narrowed(question.tools, profile.tools) if profile.tools else question.tools
    mode, data = profile.at_most(question.mode, question.rules.data)
    return replace(question, tools=tools, mode=mode, rules=replace(question.rules, data=data), agent=profile)


class Work:
    """A question that is being worked on.

    Args:
        run: The run that works on it, with nothing in its log.
        question: What is asked.
        choose: Says which model is asked, at each step anew.
        observed: Where its requests are counted.
        person: Who decides about calls that the program's yes does not cover.
        bus: Who is told of its tools.
        undo: Where what its tools change is kept.
        hooked: The hooks of the client; None where nobody has any.
    """

    def __init__(
        self,
        run: Run,
        question: Question,
        choose: Callable[[Request], Model],
        observed: Observed,
        person: Program,
        bus: Bus,
        undo: RunPoints | None = None,
        hooked: Hooked | None = None,
    ) -> None:
        self.run, self._agent = run, question.agent
        self.run.watchers.append(_ToolEvents(run, bus))
        self._observed = observed
        asking = Asking([person])
        self._hooked = hooked
        self._hooks = hooked.within(run, question.rules) if hooked is not None else None
        agent, place = question.agent, host(undo)
        if agent is not None:
            place = replace(place, policy=place.policy.narrowed(agent.deny, agent.ask, agent.name))
        calls = Calls(self.run, question.tools, place, asking, hooks=self._hooks)

        def chosen(request: Request) -> Model:
            observed.error = None
            try:
                return observed.using(choose(request))
            except AetherError as error:
                observed.error = error
                raise

        how = (chosen, calls, Waiting(asking), question.options, question.stream, Egress(question.rules))
        self._driver = _driver(agent, self.run, *how)
        prompt = question.messages[-1].text
        started = k.RunStarted(prompt, observed.name, question.mode, question.limits, tuple(question.tools))
        self.run.append(replace(started, agent=agent.name) if agent else started)
        self.run.append(k.ContextComposed(question.messages))
        for grant in grants(question.tools):
            self.run.append(k.GrantGiven(grant))

    async def done(self) -> Response:
        """Work on it to its end.

        Raises:
            ModelError: The model did not answer.
            FatalToolError: A tool said that nothing can be done.
            RunFailed: It came to another bad end: a limit, an answer without words.
        """
        if self._hooked is not None:
            await self._hooked.open(self.run, self._hooks)
        state = await self._driver.drive()
        end, reply = state.ended, self._observed.reply
        if self._agent and end is not None and end.outcome == "done":
            reply = Reply(state.messages[-1], state.usage)
        if end is None or end.outcome != "done" or reply is None:
            raise self._failure()
        calls = tuple(call.proposed.call for call in state.calls.values())
        return response_of(reply, self._observed.name, state.usage, calls)

    def _failure(self) -> BaseException:
        state = self.run.state
        if (failure := state.failure) is not None:
            if failure.model.startswith("agent:"):
                return RunFailed(failure.what, failure.why)  # a program has no record to go on from
            return self._observed.error or ModelError(failure.what, failure.why, failure.hint)
        if (fatal := state.fatal) is not None:
            return FatalToolError(fatal.what, fatal.why, fatal.hint)
        end = state.ended or k.RunEnded("failed", "The run did not end.")
        return RunFailed(end.what, end.why, end.hint)


def _driver(agent: Profile | None, *how: Any) -> Driver:
    """Who drives the run: with the model, or with what a hosted agent says."""
    if agent is None or agent.agent is None:
        return Driver(*how)
    from aether_nb.agent.hosted_driver import Hosted

    return Hosted(agent.agent, *how)


class _ToolEvents:
    """Tells the bus of a run's tools."""

    def __init__(self, run: Run, bus: Bus) -> None:
        self._run, self._bus = run, bus

    def __call__(self, entry: k.Entry) -> None:
        """Take an entry of the run's log."""
        event = entry.event
        if not event.stored:  # a stream has thousands of these
            return
        match event:
            case k.CallBegun(call_id=id):
                self._tell("tool.start", id)
            case k.CallFinished(call_id=id):
                self._tell("tool.complete", id, text=_told(self._run, id), seconds=event.seconds)
            case k.CallFailed(call_id=id, what=what, why=why, hint=hint, seconds=seconds):
                self._tell("tool.error", id, error=RepairableToolError(what, why, hint), seconds=seconds)
            case k.CallDoubtful(call_id=id, what=what):
                self._tell("tool.error", id, error=RepairableToolError(what))
            case k.GateAnswered(call_id=id, decision="deny"):
                self._tell("tool.error", id, error=RepairableToolError(_told(self._run, id)))

    def _tell(self, event: str, id: str, **more: Any) -> None:
        known = self._run.state.calls.get(id)  # none: the run was stopped before anybody looked at the call
        if known is not None and self._bus.wanted(event):
            call, model = known.proposed.call, self._run.state.model
            self._bus.emit(Lifecycle(event, id, model, tool=call.name, arguments=call.arguments, **more))


class Writing:
    """Makes chunks of a run's events: one logical stream, however many requests it takes."""

    def __init__(self) -> None:
        self._calls: dict[str, ToolCall] = {}
        self._said = self._apart = False

    def chunks(self, entries: Iterable[k.Entry]) -> Iterator[Chunk]:
        """The chunks that entries are shown as; pieces of text that came together are one."""
        for kind, events in groupby([entry.event for entry in entries], type):
            if kind is k.TextDelta:
                text = "".join([event.text for event in cast(Iterable[k.TextDelta], events)])
                # What it said before it used its tools is a paragraph of its own.
                yield Chunk(text=f"\n\n{text}" if self._apart else text)
                self._said, self._apart = True, False
            elif kind is k.ThinkingDelta:
                yield Chunk(thinking="".join([event.text for event in cast(Iterable[k.ThinkingDelta], events)]))
            else:
                yield from filter(None, map(self._chunk, events))

    def _chunk(self, event: k.Event) -> Chunk | None:
        """The chunk that an event is shown as; None when it is not for readers."""
        match event:
            case k.CallProposed(call=call):
                self._calls[call.id], self._apart = call, self._said
            case k.CallBegun(call_id=id):
                return Chunk(call=self._calls[id])
            case k.CallFinished(call_id=id, parts=parts):
                return self._result(id, "".join(part.text for part in parts if isinstance(part, Text)))
            case k.CallFailed(call_id=id, what=what, why=why, hint=hint):
                return self._result(id, "\n".join(filter(None, (what, why, hint))), failed=True)
            case k.CallDoubtful(call_id=id, what=what):
                return self._result(id, what, failed=True)
            case k.GateAnswered(call_id=id, decision="deny", reason=reason):
                return self._result(id, f"refused: {reason}", failed=True)
            case k.Progress(call_id="", note=note) if note:
                return Chunk(note=note)
        return None

    def _result(self, id: str, text: str, *, failed: bool = False) -> Chunk:
        call = self._calls.get(id)
        return Chunk(result=ToolResult(id, call.name if call else "", text, failed))


def _told(run: Run, id: str) -> str:
    """What the model is told of a call."""
    answers = (message for message in reversed(run.state.messages) if message.call_id == id)
    return next((message.text for message in answers), "")
