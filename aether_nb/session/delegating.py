"""Runs that work for another run: begun by one of its calls, asked through it, paid by it, ended with it.

A child is a run like any other, with its own log and lease; its name follows from the call, so that the same call has
the same child, also after a crash. Its parent's record says that it was begun and how it ended. It may do no more
than its parent: the parent's tools, the parent's yeses, what is left of the parent's limits. How a run is driven is
handed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from aether_nb.agent.asking import Answer
from aether_nb.agent.profiles import Profile
from aether_nb.agent.run import Run
from aether_nb.errors import AetherError, OptionError, RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.children import child_of
from aether_nb.events.state import Call, RunState
from aether_nb.session.tasks import Cell, Question, Resumption, Task
from aether_nb.store.store import Store
from aether_nb.tools.base import Context, Errand, Report
from aether_nb.tools.spawn import SPAWN

__all__ = ["DEEPEST", "Delegate", "told_above"]

DEEPEST = 2
"""How many runs may stand above one another, beside the one that a person has begun."""
SHOWN = 300
MISLED = ("*(risk=high)",)
"""What a child is asked about, too, where data has tried to give its parent orders."""
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Delegate:
    """Begins the children of one run.

    Args:
        run: The parent.
        cell: Where the parent is worked on.
        store: Where both are recorded.
        work: Works on a task, in a cell, to its end.
        find: The profile or the hosted agent of a name.
    """

    run: Run
    cell: Cell
    store: Store
    work: Callable[[Task, Cell], Awaitable[RunState]]
    find: Callable[[str], Profile]

    async def __call__(self, errand: Errand, context: Context) -> Report:
        """Let a child work on an errand, or go on with it, and say how it has ended.

        Raises:
            RepairableToolError: There are too many above it, or it asks for what its parent has not got.
        """
        question = self._question(errand, context.call_id)
        before = self.store.state(question.run)
        if before is None:
            child = k.ChildSpawned(context.call_id, question.run, errand.task, question.tools, question.model)
            self.run.append(child)
        try:
            state = before if before is not None and before.ended else await self._worked(question, before, context)
        except BaseException:  # it was stopped, or broke off: what it has cost until then was spent
            left = self.store.state(question.run)
            if left is not None and left.ended:
                self._tell(context.call_id, left, left.ended)
            raise
        ended = state.ended or k.RunEnded("failed", "It was left before its end.")
        self._tell(context.call_id, state, ended)
        why = " ".join(part for part in (ended.what, ended.why) if part)
        return Report(question.run, ended.outcome, state.answer, why)

    async def _worked(self, question: Question, before: RunState | None, context: Context) -> RunState:
        above = Cell(
            self.cell.main, (Above(context, question.prompt),), told_above(context), self.cell.hold, background=True
        )
        task: Task = question if before is None else Resumption(question.run)
        try:
            return await self.work(task, above)
        except AetherError as error:
            raise RepairableToolError("The other agent could not work.", str(error), "Do it yourself.") from error

    def _question(self, errand: Errand, call: str) -> Question:
        state = self.run.state
        started = state.started
        assert started is not None
        if started.depth >= DEEPEST:
            what = "Another agent cannot be begun from here."
            raise RepairableToolError(what, f"There are {DEEPEST} above one another already.", "Do it yourself.")
        tools = errand.tools or started.tools
        if unknown := [name for name in tools if name not in started.tools]:
            hint = f"There are: {', '.join(started.tools)}."
            raise RepairableToolError(f"It cannot get the tool {unknown[0]!r}: you have not got it.", "", hint)
        profile = self._profile(errand.agent)
        tools = _shared(tools, profile)
        mode, data = profile.at_most(started.mode, started.data)
        if started.depth + 1 >= DEEPEST:
            tools = tuple(name for name in tools if name != SPAWN)
        high = bool(state.found)  # orders were found in data: no yes for high risk goes on to whoever it steers
        return Question(
            errand.task,
            model=errand.model or state.model,
            mode=mode,
            limits=_left(state, errand),
            run=child_of(state.run, call),
            data=data,
            prior=(),
            raw=True,
            profile=replace(
                profile,
                name=profile.name or started.profile,
                tools=(),  # they are counted above: nobody takes a profile's own for those of a child that is left none
                deny=(*started.deny, *profile.deny),
                ask=(*started.ask, *profile.ask, *(MISLED if state.found else ())),
            ),
            hide=started.hide,
            parent=state.run,
            depth=started.depth + 1,
            tools=tuple(tools),
            grants=tuple(grant for grant in state.grants if not (high and grant.risk == "high")),
        )

    def _profile(self, name: str) -> Profile:
        """By which a child works beside its parent's rules; its own model is not asked: the parent's is.

        Raises:
            RepairableToolError: There is none of that name.
        """
        try:
            return self.find(name) if name else Profile("")
        except OptionError as error:
            raise RepairableToolError(error.what, error.why, "Leave the agent out for one like yourself.") from error

    def _tell(self, call: str, child: RunState, ended: k.RunEnded) -> None:
        """Record how a child has ended, once: its costs count once, also when its parent's kernel died just after."""
        events = (entry.event for entry in self.store.log.read(self.run.id))
        if not any(isinstance(event, k.ChildEnded) and event.run == child.run for event in events):
            self.run.append(k.ChildEnded(call, child.run, ended.outcome, child.usage, child.steps))


def _shared(tools: tuple[str, ...], profile: Profile) -> tuple[str, ...]:
    """Those of the tools that a profile has, too; all of them where it names none.

    Raises:
        RepairableToolError: There are none: who could work with these tools, and who works so, are not the same.
    """
    if not profile.tools:
        return tools
    shared = tuple(name for name in tools if any(fnmatchcase(name, glob) for glob in profile.tools))
    if tools and not shared:
        what = f"{profile.name} cannot get any tool that it works with: it gets no more than you have and give."
        why = f"It works with {', '.join(profile.tools)}; there are {', '.join(tools)}."
        raise RepairableToolError(what, why, "Do it yourself, or leave the agent out for one like yourself.")
    return shared


def _left(state: RunState, errand: Errand) -> k.Limits:
    """What a child may use up: what it was given, and no more than its parent has left."""
    calls = (state.calls.get(id) for id in state.open)
    beside = max(1, sum(call is not None and call.name == SPAWN for call in calls))

    def least(name: str, wanted: float | None) -> float | None:
        allowed, used = getattr(state.allowed, name), state.used(name) or 0.0
        left = None if allowed is None else max(0.0, allowed - used)
        if left is not None and name in ("tokens", "cost"):
            left /= beside  # those that work side by side share it
        known = [amount for amount in (wanted, left) if amount is not None]
        return min(known, default=None)

    steps, tokens = least("steps", errand.steps), least("tokens", errand.tokens)
    whole = [None if amount is None else int(amount) for amount in (steps, tokens)]
    return k.Limits(whole[0], least("seconds", errand.seconds), whole[1], least("cost", errand.cost))


@dataclass(frozen=True)
class Above:
    """Who is asked by a child: whoever is asked by its parent, through the call that has begun it."""

    context: Context
    task: str

    async def present(self) -> bool:
        """Whether anybody is there is found out by asking."""
        return True

    async def approve(self, call: Call) -> Answer:
        """A yes or a no for a call of the child's, in sight of what exactly it would do."""
        proposed = call.proposed
        said = "; ".join(proposed.reasons)
        text = (
            f"The agent that works on {self.task[:SHOWN]!r} wants to use {call.name} ({proposed.risk} risk): "
            f"{proposed.effect_text or proposed.purpose}{f' ({said})' if said else ''}. Allow it?"
        )
        answer = await self.context.ask(text, (YES, NO))
        if answer is None:
            return Answer("deny", "policy:above", reason="nobody was there to approve it")
        if answer.strip().lower() == YES:
            return Answer("approve", "above")
        return Answer("deny", "above", reason="" if answer.strip().lower() == NO else answer.strip())

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        """Its question, put by its parent."""
        if question.limit:
            return "stop here", "policy:above"  # what it was given is used up, and its parent has more to do
        return await self.context.ask(question.text, question.options), "above"


def told_above(context: Context) -> Callable[[k.Entry], None]:
    """A watcher that shows, in the card of the call, what a child does: a line a call."""

    def told(entry: k.Entry) -> None:
        match entry.event:
            case k.CallProposed(call=call, purpose=purpose):
                line = f"▸ {call.name}: {purpose}"
            case k.CallFailed(what=what):
                line = f"  ✗ {what}"
            case k.GateAnswered(decision="deny", reason=reason):
                line = f"  ✗ refused {reason}"
            case k.CallFinished(seconds=seconds):
                line = f"  ✓ {seconds:.1f} s"
            case _:
                return
        context.emit(k.OutputDelta(context.call_id, " ".join(line.split("\n"))[:SHOWN] + "\n"))

    return told
