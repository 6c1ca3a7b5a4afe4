"""What a long run costs: its length, and not the square of it, for whoever works on it, shows it, or reads it again.

Counted are the instructions of Python that are executed, so that no clock is asked: five times the turns may take
little more than five times as many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import cache, partial
from itertools import count
from pathlib import Path

import pytest

from aether_nb.agent.again import record_of
from aether_nb.agent.drift import read
from aether_nb.agent.replaying import replay
from aether_nb.doing import audits, reports, traces
from aether_nb.events import kinds as k
from aether_nb.events.account import account_of
from aether_nb.events.board import board
from aether_nb.events.coding import code_of
from aether_nb.events.evidence import evidence
from aether_nb.events.folds import fold as folded
from aether_nb.events.messages import Usage
from aether_nb.live.keeping import plan_restore
from aether_nb.live.undo import Done, Points
from aether_nb.live.undo.copies import MISSING
from aether_nb.session.undoing import prepare
from aether_nb.store.log import Log
from aether_nb.store.memory import MemoryLog
from aether_nb.store.sqlite_log import SqliteLog
from aether_nb.widgets import transcript
from aether_nb.widgets.blocks import View
from aether_nb.widgets.view import fold, view_of
from harness.agent import YES, Script, Stage, call, look, send, stage
from harness.instructions import instructions
from harness.turns import STARTED, turn

FEW, MANY = 30, 150
MOST = 1.1
"""Times the growth of a run by which its cost may grow: what a call of each kind costs is not the same every time."""


def driven(turns: int) -> Stage:
    """A run of so many turns that is about to start, shown in a panel's view: gates, and calls side by side."""
    sides = [call("look", what="a"), call("look", what="b")]
    replies = [sides if n % 2 else [call("send", to=f"person {n}")] for n in range(turns)]
    limits = k.Limits(None, None, None, None)
    play = stage([*replies, "Done."], tools=[look, send], person=Script([YES] * turns), limits=limits)
    view = View()
    play.run.watchers.append(lambda entry: fold(view, entry))
    return play


@cache
def record(turns: int) -> list[k.Entry]:
    """The record of such a run."""
    play = driven(turns)
    asyncio.run(play.driver.drive())
    return list(play.run.log.read(play.run.id))


@cache
def lasting(turns: int) -> list[k.Entry]:
    """A long life: asked, tried again, told something, kept, with thoughts and notes, each at its turns."""
    events: list[k.Event] = [STARTED, k.PlanMade((k.PlanItem("one"), k.PlanItem("two")))]
    for n in range(1, turns + 1):
        asked, answered, proposed, begun, *rest = turn(n)
        assert isinstance(proposed, k.CallProposed) and isinstance(answered, k.ModelAnswered)
        thought = replace(answered, message=replace(answered.message, thinking="hm"), usage=Usage(1, 1, 0.0))
        gate = (k.GateOpened(f"c{n}", proposed.hash), k.GateAnswered(f"c{n}", proposed.hash, "approve", "panel"))
        events += [asked, k.ThinkingDelta("h"), thought, proposed, *gate, begun]
        if n % 3 == 0:
            events += [k.CallRetried(f"c{n}", 1, "once more"), k.CallBegun(f"c{n}", proposed.hash, 2)]
        events += rest
        if n % 2 == 0:
            events.append(k.SignalReceived(f"s{n}", "tell", "Ann", text="hurry"))
        if n % 5 == 0:
            kept = k.Kept("df", "DataFrame", "sha256:" + "0" * 64, "b" * 64, "arrow", 1000)
            events.append(k.NamespaceKept(f"c{n}", (kept,)))
    return [k.Entry("r", n, float(n), event) for n, event in enumerate(events, 1)]


def hashes(entries: Sequence[k.Entry]) -> list[str]:
    """A hash for each."""
    return ["0" * 64] * len(entries)


READERS: dict[str, Callable[[list[k.Entry]], object]] = {
    "state": folded,
    "view": view_of,
    "transcript": lambda entries: transcript.bundle(view_of(entries)),
    "account": account_of,
    "evidence": lambda entries: evidence(entries, hashes(entries)),
    "board": lambda entries: board(entries, date(2026, 1, 1), 3),
    "code": lambda entries: code_of(entries).text,
    "variables": plan_restore,
    "drift": read,
    "trace": lambda entries: traces.trace_text(entries, hashes(entries)),
    "trace --json": lambda entries: traces.trace_values(entries, hashes(entries)),
    "why": audits.why_text,
    "events": lambda entries: list(reports.event_rows(entries)),
}
AGAIN: dict[str, Callable[[list[k.Entry]], object]] = {
    "replay": lambda entries: asyncio.run(replay("run1", entries)),
    "record": record_of,
}


LOGS: dict[str, Callable[[Path], Log]] = {"on disk": SqliteLog, "in memory": lambda folder: MemoryLog()}


@pytest.mark.parametrize("reader", READERS)
def test_a_record_is_read_in_the_time_of_its_length(reader: str) -> None:
    """Whoever reads a record, to resume, show, trace or sum it up, looks at each event a few times at most."""
    assert_grows_like_its_length(READERS[reader], lasting(FEW), lasting(MANY))


@pytest.mark.parametrize("reader", AGAIN)
def test_what_was_driven_is_read_again_in_the_time_of_its_length(reader: str) -> None:
    """Performing a record by its rules, and taking its replies out of it, cost a run's length."""
    assert_grows_like_its_length(AGAIN[reader], record(FEW), record(MANY))


@pytest.mark.parametrize("log", LOGS)
def test_a_run_is_appended_as_a_whole_in_the_time_of_its_length(log: str, tmp_path: Path) -> None:
    """A fork, and a record that came in a file, are written in one go: each event is looked at a few times at most."""
    runs = count()

    def append(entries: list[k.Entry]) -> None:
        events = [entry.event for entry in entries]
        kept.append(f"r{next(runs)}", 0, events, [entry.time for entry in entries])

    with closing(LOGS[log](tmp_path)) as kept:
        few, many = ([entry for entry in lasting(n) if entry.event.stored] for n in (FEW, MANY))
        assert_grows_like_its_length(append, few, many)


def test_a_turn_of_a_long_run_costs_what_one_of_a_short_run_does() -> None:
    """A run is driven, and shown while it goes, at a cost that grows with its length."""
    asyncio.run(driven(FEW).driver.drive())  # what is made once, is made
    few, many = (instructions(partial(asyncio.run, driven(turns).driver.drive())) for turns in (FEW, MANY))
    assert many / few <= MOST * MANY / FEW, (few, many)


@cache
def points(turns: int) -> Points:
    """What each call of such a run has made: a variable of its own."""
    kept = Points()
    for n in range(1, turns + 1):
        kept.put("r", f"c{n}", Done({f"v{n}": (MISSING, n)}, []))
    return kept


def test_a_long_run_is_taken_back_in_the_time_of_its_length() -> None:
    """All calls at once: each event is looked at for its own call alone, and what they changed is put together once."""

    def taken_back(entries: list[k.Entry]) -> None:
        turns = FEW if entries is lasting(FEW) else MANY
        assert len(prepare(entries, points(turns), {}, Path()).done.names) == turns

    points(FEW), points(MANY)
    assert_grows_like_its_length(taken_back, lasting(FEW), lasting(MANY))


def assert_grows_like_its_length(
    act: Callable[[list[k.Entry]], object], few: list[k.Entry], many: list[k.Entry]
) -> None:
    """Five times the events cost about five times as much."""
    act(few)  # what is made once, is made
    short, long = instructions(lambda: act(few)), instructions(lambda: act(many))
    assert long / short <= MOST * len(many) / len(few), (short, long)
