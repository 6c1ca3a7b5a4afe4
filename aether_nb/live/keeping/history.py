"""What a run's log says of the variables: every version of each, the calls that made them, and what these read.

A version is a variable as it was after one attempt of a call. Pure: it reads entries and nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from aether_nb.events import kinds as k
from aether_nb.live.keeping.sources import Source, source_of

__all__ = ["History", "Step", "Version", "history_of", "why_not_again"]

TOOL = "run_python"
PLAIN = {"pure", "namespace"}
"""The effects of code that may be run again: it leaves nothing outside of the kernel."""


@dataclass(frozen=True, slots=True)
class Version:
    """A variable as it was after a step; ``step`` is -1 for what the user had made before the run came to it."""

    name: str
    step: int = -1
    kept: k.Kept | None = None

    @property
    def hash(self) -> str:
        """Of its content; empty when it is not known."""
        return self.kept.hash if self.kept else ""


@dataclass(frozen=True)
class Step:
    """One attempt of a call that has changed variables or imported something."""

    number: int
    call_id: str
    code: str
    problem: str = "it did not come to its end"
    seconds: float = 0.0
    changed: frozenset[str] = frozenset()

    @property
    def source(self) -> Source:
        """What its code reads, imports and defines."""
        return source_of(self.code)


@dataclass
class History:
    """All versions of all variables.

    Attributes:
        steps: What was done, in order.
        versions: The versions of each name, in the order of their steps.
        inputs: The user's variables that the run has read, as they were the first time.
        removed: Names that the run has taken away.
        theirs: Names that were the user's before the run changed them.
    """

    steps: list[Step] = field(default_factory=list)
    versions: dict[str, list[Version]] = field(default_factory=dict)
    inputs: dict[str, k.Kept] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    theirs: set[str] = field(default_factory=set)

    def before(self, name: str, step: int) -> Version:
        """The version of a name that a step has found."""
        versions = self.versions.get(name, [])
        place = bisect_left(versions, step, key=_step)
        return versions[place - 1] if place else Version(name, kept=self.inputs.get(name))

    def final(self, name: str) -> Version:
        """The last version of a name."""
        return self.before(name, len(self.steps))

    def reads(self, step: Step) -> list[Version]:
        """What a step has found of what its code reads, also from within functions that the run had defined."""
        found: dict[str, Version] = {}
        waiting = sorted(step.source.reads)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found[name] = version = self.before(name, step.number)
            defines = self.steps[version.step].source.defines if version.step >= 0 else {}
            if name in defines:
                waiting += defines[name][1]
        return [found[name] for name in sorted(found)]

    @property
    def goals(self) -> list[str]:
        """The names that the run has made or changed and that were there at the end."""
        return [name for name in self.versions if name not in self.removed]

    @property
    def imports(self) -> Mapping[str, tuple[str, str]]:
        """The modules and names that code of the run has imported: the statement, and whose it was."""
        return {
            name: (text, step.call_id)
            for step in self.steps
            if not step.problem
            for name, text in step.source.imports.items()
        }


def _step(version: Version) -> int:
    return version.step


def history_of(entries: Iterable[k.Entry]) -> History:
    """What these entries say of the variables."""
    events = [entry.event for entry in entries]
    undone = set[str]()
    for event in events:
        if isinstance(event, k.UndoDone):
            undone = undone - set(event.call_ids) if event.undoes else undone | set(event.call_ids)
    folding = _Folding()
    for event in events:
        if not isinstance(event, k.NamespaceChanged) or event.call_id not in undone:  # what was taken back stays away
            folding.take(event)
    return folding.history


@dataclass
class _Folding:
    history: History = field(default_factory=History)
    proposed: dict[str, k.CallProposed] = field(default_factory=dict)
    running: dict[str, int] = field(default_factory=dict)

    def take(self, event: k.Event) -> None:
        match event:
            case k.CallProposed():
                self.proposed[event.call.id] = event
            case k.CallBegun() if event.call_id in self.proposed:
                code = self.proposed[event.call_id].call.arguments.get("code")
                steps = self.history.steps
                self.running[event.call_id] = len(steps)
                steps.append(Step(len(steps), event.call_id, code if isinstance(code, str) else ""))
            case k.NamespaceChanged() if event.call_id in self.running:
                for change in event.changes:
                    self._changed(self.running[event.call_id], change)
            case k.NamespaceKept():
                self._kept(event)
            case k.CallFinished() if event.call_id in self.running:
                number = self.running[event.call_id]
                step = self.history.steps[number]
                problem = self._why_not(self.proposed[event.call_id])
                self.history.steps[number] = replace(step, problem=problem, seconds=event.seconds)

    def _changed(self, number: int, change: k.Change) -> None:
        history, name = self.history, change.name
        if change.what == "removed":
            history.removed.add(name)
            return
        history.removed.discard(name)
        if change.what != "added" and name not in history.versions:
            history.theirs.add(name)
        insort(history.versions.setdefault(name, []), Version(name, number), key=_step)
        step = history.steps[number]
        history.steps[number] = replace(step, changed=step.changed | {name})

    def _kept(self, event: k.NamespaceKept) -> None:
        number = self.running.get(event.call_id)
        for kept in event.inputs:
            if number is not None and self.history.before(kept.name, number).step < 0:
                self.history.inputs.setdefault(kept.name, kept)
        for kept in event.kept:
            versions = self.history.versions.get(kept.name, [])
            if versions and (number is None or versions[-1].step == number):
                versions[-1] = replace(versions[-1], kept=kept)

    def _why_not(self, proposed: k.CallProposed) -> str:
        """Why a call that came to its end cannot be run again; empty when it can."""
        if proposed.call.name != TOOL:
            return f"the tool {proposed.call.name} made it"
        return why_not_again(str(proposed.call.arguments.get("code", "")), proposed.effect)


def why_not_again(code: str, effect: k.Effect) -> str:
    """Why code that was judged to have such an effect cannot be run again; empty when it can."""
    if effect not in PLAIN:
        return "its code may also do something outside of the notebook"
    return source_of(code).problem
