"""What a log is: the events of runs, appended one after the other and never changed.

A log checks who is next and keeps what it is given. It does not know what events mean, but for the few facts that a
list of runs shows. How runs go on is the business of ``agent``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Protocol, TypeAlias, runtime_checkable

from aether_nb.errors import LogConflict, RunAmbiguous, RunNotFound, StoreError
from aether_nb.events.children import above
from aether_nb.events.kinds import Entry, Event, Outcome, RunEnded, RunForked, RunParked, RunResumed, RunStarted

__all__ = ["JOURNAL", "Log", "RunSummary", "Times", "begun_at", "check_head", "check_stored", "choose_run", "times_of"]

Times: TypeAlias = float | Sequence[float]
"""The time of all events of an append, or of each of them."""


JOURNAL = "journal"
"""The store's own run, which says what was dropped from it. It is in no list of runs."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of a list of runs.

    ``started`` is the time of the first event, in seconds since the epoch; ``head`` the number of the last event;
    ``outcome`` is None while the run has not ended. ``parked``: it waits, and nobody holds it.
    """

    id: str
    started: float
    prompt: str = ""
    model: str = ""
    head: int = 0
    outcome: Outcome | None = None
    notebook: str = ""
    cell: str = ""
    parked: bool = False

    def after(self, events: Sequence[Event]) -> RunSummary:
        """The summary when these events have been appended as well."""
        summary = replace(self, head=self.head + len(events))
        for event in events:
            if isinstance(event, RunStarted):
                summary = replace(
                    summary, prompt=event.prompt, model=event.model, notebook=event.notebook, cell=event.cell
                )
            elif isinstance(event, RunEnded):
                summary = replace(summary, outcome=event.outcome, parked=False)
            elif isinstance(event, RunForked):
                summary = replace(summary, outcome=None, parked=False)
            elif isinstance(event, RunParked | RunResumed):
                summary = replace(summary, parked=isinstance(event, RunParked))
        return summary


@runtime_checkable
class Log(Protocol):
    """The record of many runs. May be used from any thread."""

    def append(
        self, run: str, expected_head: int, events: Sequence[Event], time: Times, epoch: int = 0
    ) -> tuple[Entry, ...]:
        """Add events to a run, all of them or none, with what the ledger and the signals say of them.

        Args:
            run: The id of the run; an unknown one begins with this.
            expected_head: The number of the last event that the caller has seen; 0 for a new run.
            events: Stored events, in order. None of them is also fine.
            time: When they happened, in seconds since the epoch; a copy of another run gives a time for each.
            epoch: The number of the writer's lease; 0 for a run that nobody leases.

        Returns:
            What was appended, as a reader will find it, numbered from ``expected_head + 1``.

        Raises:
            LogConflict: The run's last event has another number: somebody else appended first.
            LeaseLost: The run is leased under another epoch, or by another process; this is looked at first.
            AlreadyBegun: One of them begins an attempt of a call that has begun before, or whose turn it is not.
            AlreadyReceived: One of them receives a signal that was applied before.
            StoreReadOnly: Nothing can be written here.
            StoreFull: The disk is full; nothing of this was kept, everything before is.
            StoreError: An event is transient or cannot be written, or the store has another fault.
        """

    def read(self, run: str, after: int = 0) -> Iterator[Entry]:
        """The events of a run whose number is above ``after``, in order; none for an unknown run.

        Raises:
            StoreCorrupt: The record is damaged.
            StoreNewer: A newer aether-nb wrote it.
        """

    def runs(self, limit: int = 50) -> list[RunSummary]:
        """The newest runs, newest first."""

    def resolve(self, prefix: str) -> str:
        """The whole id of the one run that begins so; of the newest when ``prefix`` is empty.

        A run that works for another one that begins so, too, is meant only where that is no longer there.

        Raises:
            RunNotFound: No run does; the message names those that look like it.
            RunAmbiguous: Several do; the message names them.
        """

    def close(self) -> None:
        """Let go of files. A closed log opens itself again when it is used."""


def times_of(time: Times, count: int) -> Sequence[float]:
    """A time for each of so many events."""
    return [time] * count if isinstance(time, (float, int)) else time


def begun_at(entries: Sequence[Entry]) -> float:
    """When a run began: with its first event, or, a fork, when it was copied."""
    return next((entry.time for entry in reversed(entries) if isinstance(entry.event, RunForked)), entries[0].time)


def check_stored(events: Sequence[Event]) -> None:
    """Refuse events that are shown and never kept.

    Raises:
        StoreError: One of them is transient.
    """
    for event in events:
        if not event.stored:
            raise StoreError(f"The event '{event.kind}' is transient: it is shown while it happens and never recorded.")


def check_head(run: str, expected: int, actual: int) -> None:
    """Refuse a writer who has not seen the last event.

    Raises:
        LogConflict: The run has gone on, or has never got that far.
    """
    if expected != actual:
        raise LogConflict(
            f"Run {run} is at event {actual}, not at {expected}.",
            "Somebody else appended to it: another kernel or terminal has this run open.",
            f"Look at it: %aether trace {run}",
        )


def choose_run(prefix: str, matches: Sequence[str], others: Sequence[str]) -> str:
    """The one run that ``prefix`` means.

    Args:
        prefix: What was typed.
        matches: Ids that begin so, the newest first; an exact one may be among them, and those of children.
        others: Ids to propose when there is no match, the newest first.

    Raises:
        RunNotFound: It means none.
        RunAmbiguous: It means several.
    """
    if not prefix:
        if others:
            return next((run for run in others if not above(run)), others[0])
        raise RunNotFound("No run is recorded here yet.", hint="Begin one: %%aether")
    if prefix in matches:
        return prefix
    tops = [run for run in matches if above(run).isdisjoint(matches)]
    if len(tops) == 1:
        return tops[0]
    if tops:
        raise RunAmbiguous(
            f"Several runs begin with '{prefix}'.",
            f"They are {_listed(tops)}.",
            "Type some more letters of the one you mean.",
        )
    if not others:
        raise RunNotFound(f"There is no run '{prefix}'.", "This store holds no runs yet.", "Begin one: %%aether")
    near = get_close_matches(prefix, others, n=3, cutoff=0.5)
    why = f"Close to it: {_listed(near)}." if near else f"The newest are {_listed(others[:3])}."
    raise RunNotFound(f"There is no run '{prefix}'.", why, "See them all: %aether runs")


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
