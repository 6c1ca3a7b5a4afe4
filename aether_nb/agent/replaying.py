"""Replaying a run from its record: the same loop, whose steps are read and not done. No model, no tool, no effect.

At every point the step that the rules say must be the one that was recorded; where it is not, the record and the rules
part, and both are named. ``confirm`` looks at the world first. Performing again is the business of ``again``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from aether_nb.agent import steps
from aether_nb.agent.calls import Calls, Happened
from aether_nb.agent.fitting import Rest, extent, fits, outside, recorded, says
from aether_nb.agent.loop import advance
from aether_nb.agent.run import Run, Watcher
from aether_nb.agent.steps import Step, next_step
from aether_nb.errors import ReplayDiverged, WorldDiffers
from aether_nb.events.codec import canonical
from aether_nb.events.folds import fold
from aether_nb.events.kinds import Entry, Event
from aether_nb.events.messages import Text
from aether_nb.events.state import Call, RunState
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Result

__all__ = ["Confirmed", "Reader", "Replayed", "confirm", "replay"]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a look at the world has shown: calls whose effect is there, and those that nobody can look for, with why."""

    checked: tuple[str, ...] = ()
    unchecked: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run as its record has it, with how many steps and events that took."""

    state: RunState
    steps: int
    events: int
    confirmed: Confirmed = field(default_factory=Confirmed)


class Reader:
    """Performs the steps of a run by reading what came of them.

    Args:
        run: A run with an empty log.
        entries: The record, from its first event on.
    """

    def __init__(self, run: Run, entries: Sequence[Entry]) -> None:
        self.run, self.entries = run, entries
        self.events = [entry.event for entry in entries]
        self.place = self.steps = 0
        run.clock = lambda: entries[self.place].time

    def next(self) -> Step | None:
        """What the rules say comes next, when the record says the same.

        Raises:
            ReplayDiverged: It does not.
        """
        step = self._due()
        while self.place < len(self.events) and (count := outside(self._rest, step, self.run.state)):
            for event in self._read(count):
                self.run.append(event)
            step = self._due()
        if self.place == len(self.events):
            return None
        state, rest = self.run.state, self._rest
        if state.started is None:
            raise self._diverged("nothing: a run begins with run.started", self.events[self.place].kind)
        due, found = says(step, state) if step else None, recorded(rest, state)
        if step is None or due is None or not fits(due, found) or not extent(step, rest):
            raise self._diverged(str(due) if due else "nothing: it is over", str(found))
        self.steps += 1
        return step

    async def perform(self, step: Step) -> AsyncIterator[Happened]:
        """Read what came of a step."""
        for event in self._read(extent(step, self._rest)):
            yield event

    @property
    def _rest(self) -> Rest:
        return Rest(self.events, self.place)

    def _due(self) -> Step | None:
        return next_step(self.run.state) if self.run.state.started else None

    def _read(self, count: int) -> Iterable[Event]:
        """The next events of the record; each is appended, at its own time, before the one after it is read."""
        for _ in range(count):
            yield self.events[self.place]
            self.place += 1

    def _diverged(self, expected: str, found: str) -> ReplayDiverged:
        started, run = self.run.state.started, self.run.id
        seq = self.entries[self.place].seq
        then = started.versions.get("next_step", "") if started else ""
        other = f" It was recorded by other rules ({then}; these are {steps.VERSION})." if then != steps.VERSION else ""
        return ReplayDiverged(
            f"Run {run} diverges from its record at event {seq}.",
            f"The rules say {expected}; the record has {found}.{other}",
            f"Look at it: %aether trace {run}",
            seq=seq,
            expected=expected,
            found=found,
        )


async def replay(run: str, entries: Sequence[Entry], watchers: Iterable[Watcher] = ()) -> Replayed:
    """Go through a run as it was recorded, step by step, and show it to who watches.

    Args:
        run: Its id.
        entries: Its record.
        watchers: Who is told of every entry.

    Raises:
        ReplayDiverged: The rules would have done something else, or the state at the end is another one.
    """
    this = Run(MemoryLog(), run, watchers)
    reader = Reader(this, entries)
    try:
        await advance(this, reader)
    except (KeyError, AssertionError) as error:  # an event about something that was never there
        raise reader._diverged("something else", f"{reader.events[reader.place].kind}, which fits nothing") from error
    if canonical(this.state) != canonical(fold(entries)):
        raise ReplayDiverged(f"Run {run} ends in another state than its record.", "", f"%aether verify {run}")
    return Replayed(this.state, reader.steps, reader.place)


async def confirm(state: RunState, calls: Calls) -> Confirmed:
    """Look whether the outside effects of a run are there, as far as its tools can tell.

    Args:
        state: The run as it is recorded.
        calls: The tools.

    Raises:
        WorldDiffers: One is not there, or is another one: says which call, and what differs.
    """
    checked: list[str] = []
    unchecked: list[tuple[str, str]] = []
    differences: list[str] = []
    for call in state.calls.values():
        if call.proposed.effect != "external" or call.status != "finished":
            continue
        tool = calls.tools.get(call.name)
        if tool is None or not (tool.care.stands or tool.care.verify):
            why = "its tool is not here" if tool is None else "its tool has no verify"
            unchecked.append((call.id, f"{call.name}: {why}"))
        elif (found := await calls.stands(call)) is None:
            unchecked.append((call.id, f"{call.name}: it could not be told"))
        elif difference := _difference(state, call, found):
            differences.append(f"{call.name} ({call.id}): {difference}")
        else:
            checked.append(call.id)
    if differences:
        hint = f"See what it was: %aether trace {state.run} · from the record alone: %aether replay {state.run}"
        error = WorldDiffers(f"The world is not as run {state.run} left it.", "; ".join(differences), hint)
        error.differences = tuple(differences)
        raise error
    return Confirmed(tuple(checked), tuple(unchecked))


def _difference(state: RunState, call: Call, found: bool | Result) -> str:
    """What is not as it was recorded; empty when all is."""
    if found is False:
        what = call.proposed.effect_text or call.proposed.purpose or "its effect"
        return f"{what}: that is not there, though the record says that it was done"
    if not isinstance(found, Result):
        return ""
    was = next((message.text for message in reversed(state.messages) if message.call_id == call.id), "")
    now = "".join(part.text for part in found.parts if isinstance(part, Text))
    return "" if now == was else f"it came to {was[:120]!r} then and to {now[:120]!r} now"
