"""What many runs did and cost: a fold over the events of a whole record, for a page of figures.

Pure values. A fork's copied beginning and the replies that a replay takes from another record were paid once already,
and are not counted again. Nothing here is verified: figures are for looking at, evidence for relying on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from statistics import median

from aether_nb.events import kinds as k

__all__ = ["GRANTED", "KINDS", "Board", "ModelLine", "RunLine", "board", "granted"]

KINDS = (
    *("run.started", "run.ended", "run.parked", "run.resumed", "run.forked", "replay.begun"),
    *("model.answered", "model.failed"),
)
"""The kinds of events that are counted."""

GRANTED = ("grant.given", "grant.revoked")
"""The kinds of which the yeses that last are read."""


@dataclass(slots=True)
class ModelLine:
    """One model in all runs: how often it answered and failed, how fast (median seconds), and what it cost.

    ``unpriced`` counts answers whose price nobody knows; they are in no cost. Times are in epoch seconds, 0 for never.
    """

    model: str
    answered: int = 0
    failed: int = 0
    tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0
    last: float = 0.0
    last_failed: float = 0.0
    failure: str = ""
    took: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long an answer takes: half of them took longer."""
        return median(self.took) if self.took else 0.0


@dataclass(slots=True)
class RunLine:
    """One run. ``outcome`` is empty while it has not ended; ``seconds`` is from its first event to its end or last one.

    A run whose beginning is older than what was read has an empty ``prompt`` and is in no list.
    """

    run: str
    started: float = 0.0
    seconds: float = 0.0
    outcome: str = ""
    model: str = ""
    notebook: str = ""
    prompt: str = ""
    tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0
    parked: bool = False


@dataclass(slots=True)
class Board:
    """All of it: runs, the newest first; models, the dearest first; and money by day and model.

    ``days`` has every day of the time that was asked for, also those on which nothing was spent.
    """

    days: dict[date, dict[str, float]]
    runs: list[RunLine] = field(default_factory=list)
    models: dict[str, ModelLine] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """The money that is known of, in US dollars."""
        return sum(line.cost for line in self.models.values())

    @property
    def tokens(self) -> int:
        """All tokens."""
        return sum(line.tokens for line in self.models.values())

    @property
    def unpriced(self) -> int:
        """How many answers have a price that nobody knows."""
        return sum(line.unpriced for line in self.models.values())

    def outcomes(self) -> Mapping[str, int]:
        """How many runs ended how; ``parked`` and ``not ended`` are the others."""
        counted: dict[str, int] = {}
        for line in self.runs:
            word = line.outcome or ("parked" if line.parked else "not ended")
            counted[word] = counted.get(word, 0) + 1
        return counted


def board(entries: Iterable[k.Entry], today: date, days: int) -> Board:
    """The figures of some days.

    Args:
        entries: Events of ``KINDS``, each run's together and in order.
        today: The last day, as people here count days.
        days: How many days, today among them.
    """
    found = Board({today - timedelta(days=ago): {} for ago in reversed(range(days))})
    for _, group in groupby(entries, lambda entry: entry.run):
        _run(found, list(group))
    found.runs = sorted((line for line in found.runs if line.prompt), key=lambda line: -line.started)
    found.models = dict(sorted(found.models.items(), key=lambda item: (-item[1].cost, -item[1].tokens, item[0])))
    return found


def _run(found: Board, entries: list[k.Entry]) -> None:
    """Count one run."""
    line = RunLine(entries[0].run, entries[0].time)
    copied = max((n for n, entry in enumerate(entries) if isinstance(entry.event, k.RunForked)), default=-1)
    paid = True
    for n, (_, _, time, event) in enumerate(entries):
        line.seconds = max(line.seconds, time - line.started)
        match event:
            case k.RunStarted(prompt=prompt, model=model, notebook=notebook):
                line.prompt, line.model, line.notebook = prompt, model, notebook
            case k.RunForked():
                line.started, line.seconds, line.outcome = time, 0.0, ""
            case k.ReplayBegun():
                paid = False
            case k.RunEnded(outcome=outcome):
                line.outcome, line.parked = outcome, False
            case k.RunParked() | k.RunResumed():
                line.parked = isinstance(event, k.RunParked)
            case k.ModelAnswered() | k.ModelFailed() if n > copied and paid:
                _asked(found, line, event, time)
            case _:  # it was counted in the run from which it comes
                pass
    found.runs.append(line)


def _asked(found: Board, run: RunLine, event: k.ModelAnswered | k.ModelFailed, time: float) -> None:
    """Count one request to a model."""
    name = _named(event)
    line = found.models.setdefault(name, ModelLine(name))
    if isinstance(event, k.ModelFailed):
        line.failed += 1
        if time >= line.last_failed:
            line.last_failed, line.failure = time, event.what
        return
    cost = event.usage.cost
    line.answered, line.last = line.answered + 1, max(line.last, time)
    line.took.append(event.seconds)
    for counted in (line, run):
        counted.tokens += event.usage.tokens
        counted.cost += cost or 0.0
        counted.unpriced += cost is None
    spent = found.days.get(datetime.fromtimestamp(time).date())
    if spent is not None and cost:
        spent[name] = spent.get(name, 0.0) + cost


def _named(event: k.ModelAnswered | k.ModelFailed) -> str:
    """The model with its provider, as it is typed."""
    provider = event.provider if isinstance(event, k.ModelAnswered) else ""
    return event.model if not provider or event.model.startswith(f"{provider}:") else f"{provider}:{event.model}"


def granted(entries: Iterable[k.Entry]) -> Iterator[tuple[k.Grant, float]]:
    """The yeses that last beyond a run and were not taken back, each with when it was given.

    Args:
        entries: Events of ``GRANTED`` of a store's journal, in order.
    """
    given: dict[str, tuple[k.Grant, float]] = {}
    for _, _, time, event in entries:
        if isinstance(event, k.GrantGiven):
            given[event.grant.id] = (event.grant, time)
        elif isinstance(event, k.GrantRevoked):
            given.pop(event.id, None)
    return iter(given.values())
