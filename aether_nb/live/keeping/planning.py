"""What to do to have the variables again: which to load, which calls to run again, in which order.

Pure, over the log's entries. Loading is chosen where it is quicker than running again all that it takes; nothing is
loaded that does not have to be there. It does not know the kernel: what is found there, and what cannot be read, is
told to ``choose``, which then finds another way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from aether_nb.events.kinds import Entry, Gone, Kept
from aether_nb.live.keeping.history import History, Step, Version, history_of

__all__ = ["Load", "Plan", "Rerun", "choose", "plan_restore"]

LOADED_A_SECOND = 300e6
LOADING = 0.002
"""Seconds that loading the smallest variable takes."""


@dataclass(frozen=True, slots=True)
class Load:
    """A version to be put in its place: from a blob, or (``here``) because it is in the kernel already."""

    version: Version
    here: bool = False


@dataclass(frozen=True, slots=True)
class Rerun:
    """Code to be run again: that of a whole call, or one definition in it.

    ``makes`` are the versions it is run for, ``reads`` what it must find.
    """

    step: Step
    code: str
    makes: tuple[Version, ...]
    reads: tuple[Version, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How the variables come back.

    Attributes:
        history: What the log says of them.
        actions: What is done, in the order of the log.
        inputs: The user's variables that the run has read, with hash and cell.
        gone: What cannot be had, and why.
    """

    history: History
    actions: tuple[Load | Rerun, ...] = ()
    inputs: tuple[Kept, ...] = ()
    gone: tuple[Gone, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the calls that are run again took the first time."""
        return sum(action.step.seconds for action in self.actions if isinstance(action, Rerun))

    @property
    def size(self) -> int:
        """How many bytes are loaded."""
        loads = (action.version.kept for action in self.actions if isinstance(action, Load) and not action.here)
        return sum(kept.size for kept in loads if kept)


@dataclass(frozen=True, eq=False)
class _Way:
    """How one version is had: by itself, or by running its step again, which takes what that has read.

    What all of it takes is asked where it matters: to keep it with each version would cost a long run the square of
    its length. ``why`` says why it cannot be had, ``root`` what is at the bottom of that.
    """

    how: Literal["here", "load", "define", "run", "none"]
    version: Version
    reads: tuple[_Way, ...] = ()
    why: str = ""
    root: str = ""

    @property
    def cost(self) -> float:
        """Seconds of this alone."""
        kept = self.version.kept
        return LOADING + kept.size / LOADED_A_SECOND if self.how in {"here", "load"} and kept else 0.0


def plan_restore(entries: Iterable[Entry]) -> Plan:
    """What to do so that the rest of a run finds the variables that it may rely on.

    Args:
        entries: The log of the run.
    """
    return choose(history_of(entries))


def choose(
    history: History, lost: Collection[str] = (), here: Collection[str] = (), apart: Collection[str] = ()
) -> Plan:
    """The way that costs least.

    Args:
        history: What the log says.
        lost: Blobs that are not there, or not to be read.
        here: Names whose last version is in the kernel.
        apart: Names that are not to be touched: the user has made something else of them.
    """
    return _Choice(history, frozenset(lost), frozenset(here), frozenset(apart)).plan()


@dataclass
class _Choice:
    history: History
    lost: frozenset[str]
    here: frozenset[str]
    apart: frozenset[str]
    ways: dict[tuple[str, int], _Way] = field(default_factory=dict)

    def plan(self) -> Plan:
        history = self.history
        versions = [version for of_name in history.versions.values() for version in of_name]
        for version in sorted(versions, key=lambda one: one.step):
            self.ways[version.name, version.step] = self._way(version)
        goals = [history.final(name) for name in history.goals if name not in self.apart]
        ways = [self.ways[goal.name, goal.step] for goal in goals]
        gone = [Gone(way.version.name, way.why, self._call(way.version)) for way in ways if way.how == "none"]
        wanted = [way for way in ways if way.how not in {"none", "here"}]
        taken = list(_taken(wanted))
        runs = {way.version.step for way in taken if way.how == "run"}
        loads = {way.version for way in taken if way.how in {"here", "load"}}
        if runs:  # what is run again may put something else in its place
            loads |= {way.version for way in ways if way.how == "here"}
        actions: list[Load | Rerun] = [*map(self._load, loads), *self._reruns(runs, wanted)]
        ordered = tuple(sorted(actions, key=_place))
        return Plan(history, ordered, tuple(history.inputs.values()), tuple(gone))

    def _load(self, version: Version) -> Load:
        return Load(version, version.name in self.here and version == self.history.final(version.name))

    def _call(self, version: Version) -> str:
        return self.history.steps[version.step].call_id

    # ---- one version

    def _way(self, version: Version) -> _Way:
        final = version == self.history.final(version.name)
        if final and version.name in self.here:
            return _Way("here", version)
        kept, again = version.kept, self._again(version)
        if kept is not None and kept.blob and kept.blob not in self.lost:
            load = _Way("load", version)
            return load if again.how == "none" or not self._is_quicker(again, load.cost) else again
        if again.how == "none" and kept is not None and kept.why:
            return replace(again, why=f"{again.why}; it was not kept: {kept.why}")
        return again

    def _again(self, version: Version) -> _Way:
        step = self.history.steps[version.step]
        if step.problem:
            return _Way("none", version, why=step.problem, root=step.problem)
        if version.name in step.source.defines:
            return _Way("define", version)
        found = [self.ways.get((read.name, read.step)) for read in self.history.reads(step)]
        reads = tuple(way for way in found if way is not None)  # the others are the user's own
        for way in reads:
            if way.how == "none":
                why = f"it needs {way.version.name}, which is gone: {way.root}"
                return _Way("none", version, why=why, root=way.root)
        return _Way("run", version, reads)

    def _is_quicker(self, way: _Way, seconds: float) -> bool:
        """Whether all that a version takes costs less than so many seconds; looks no further than it has to."""
        for each in _taken([way]):
            seconds -= self.history.steps[each.version.step].seconds if each.how == "run" else each.cost
            if seconds <= 0:
                return False
        return True

    # ---- what is run again

    def _reruns(self, runs: Collection[int], wanted: list[_Way]) -> Iterator[Rerun]:
        """Whole calls, and before them single definitions: those that are wanted, and those that the calls read."""
        steps, made = self.history.steps, dict[int, list[Version]]()
        for way in wanted:
            if way.how == "run":
                made.setdefault(way.version.step, []).append(way.version)
        for number in runs:
            step = steps[number]
            yield Rerun(step, step.code, tuple(made.get(number, ())), tuple(self.history.reads(step)))
        defined = {way.version for way in wanted if way.how == "define"}
        defined |= {read for number in runs for read in self.history.reads(steps[number]) if self._is_defined(read)}
        for version in defined:
            step = steps[version.step]
            yield Rerun(step, step.source.defines[version.name][0], (version,))

    def _is_defined(self, version: Version) -> bool:
        way = self.ways.get((version.name, version.step))
        return way is not None and way.how == "define"


def _taken(ways: Iterable[_Way]) -> Iterator[_Way]:
    """All that these take, each step once: themselves, what they read, and what that was made of."""
    waiting, run, had = list(ways), set[int](), set[Version]()
    while waiting:
        way = waiting.pop()
        if way.how == "run":
            if way.version.step not in run:
                run.add(way.version.step)
                waiting += way.reads
                yield way
        elif way.version not in had:
            had.add(way.version)
            yield way


def _place(action: Load | Rerun) -> tuple[int, int, int, str]:
    """Where an action stands: at its step, definitions first in the order of their code, what is loaded last."""
    if isinstance(action, Load):
        return action.version.step, 2, 0, action.version.name
    defines = list(action.step.source.defines)
    if action.code == action.step.code:
        return action.step.number, 1, 0, ""
    return action.step.number, 0, defines.index(action.makes[0].name), ""
