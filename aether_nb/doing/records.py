"""What both faces do with the record: look whether it is true, and show a run again from it.

Functions of a store and of what was typed; each returns what is to be said, and whether all is well.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from aether_nb.agent.again import record_of
from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.replaying import Confirmed, confirm, replay
from aether_nb.agent.run import Run
from aether_nb.doing import traces
from aether_nb.doing.packing import read_notebook
from aether_nb.errors import ReplayDiverged, RunAmbiguous, RunNotFound, UsageFault, WorldDiffers
from aether_nb.events.account import Account, account_of, total
from aether_nb.events.children import above
from aether_nb.events.kinds import (
    Beside,
    Entry,
    Event,
    InstructionsFound,
    KnowledgeRecalled,
    Left,
    ModelAsked,
    RunPacked,
    RunsPruned,
)
from aether_nb.events.masking import known_keys
from aether_nb.events.state import RunState
from aether_nb.session.retelling import known, report
from aether_nb.store.chain import Verdict
from aether_nb.store.log import JOURNAL, choose_run
from aether_nb.store.memory import MemoryLog
from aether_nb.store.store import Store
from aether_nb.tools.toolbox import toolbox
from aether_nb.typed import meant
from aether_nb.widgets import departures
from aether_nb.widgets.blocks import Card, View
from aether_nb.widgets.published import answer_bundle
from aether_nb.widgets.transcript import bundle, call_text, pictures
from aether_nb.widgets.veil import veiled_text
from aether_nb.widgets.view import view_of
from aether_nb.widgets.view_replays import where_from
from aether_nb.widgets.witness import noted
from aether_nb.widgets.wording import clean

__all__ = ["Said", "replayed", "shown", "traced", "verified", "went"]

Said = tuple[str, bool]
"""What is to be said, and whether all is well."""

ALL = 100_000


# ---- looking at a run


RUNS = 200
"""So many runs are looked through for what left this machine."""


def went(store: Store, run: str, notebook: str = "") -> str:
    """What went to which host, a line a request; of several runs a line a run, what belongs to none, and the sum.

    Args:
        store: The record.
        run: The run's name or its beginning; empty for the newest runs.
        notebook: Only runs of this notebook; empty for all.
    """
    if run:
        entries = store.chain.whole(store.log.resolve(run))[0]
        lines = [line for entry in entries for line in _requests(entry.event)]
        lines += [f"in the data: {'; '.join(e.event.signs)}" for e in entries if isinstance(e.event, InstructionsFound)]
        return "\n".join([*lines, "In all:", *(f"  {line}" for line in departures.left_lines(account_of(entries)))])
    accounts, lines = [], []
    for summary in store.log.runs(RUNS):
        if notebook and summary.notebook and summary.notebook != notebook:
            continue
        accounts.append(account := account_of(store.chain.whole(summary.id)[0]))
        said = "; ".join(filter(None, (departures.left(account), "orders found in data" if account.found else "")))
        lines.append(f"{summary.id}  {said or 'nobody was asked'}")
    for purpose, account in _apart(store).items():
        accounts.append(account)
        lines += [f"beside the runs, {purpose}: {line}" for line in departures.left_lines(account)]
    return "\n".join([*lines, "In all:", *(f"  {line}" for line in departures.left_lines(total(accounts)))])


def hosts(store: Store, run: str) -> dict[str, Any]:
    """What left, by host, as values: of one run, or of the newest ones together."""
    runs = [store.log.resolve(run)] if run else [summary.id for summary in store.log.runs(RUNS)]
    accounts = [account_of(store.chain.whole(one)[0]) for one in runs]
    account = total(accounts if run else (*accounts, *_apart(store).values()))
    return {host: asdict(went) for host, went in account.away.items()}


def _apart(store: Store) -> dict[str, Account]:
    """What was asked of models where no run was: an account for each purpose."""
    asked: dict[str, list[Entry]] = {}
    for entry in store.log.read(JOURNAL):
        if isinstance(entry.event, Beside):
            asked.setdefault(entry.event.purpose, []).append(entry)
    return {purpose: account_of(asked[purpose]) for purpose in sorted(asked)}


def _requests(event: Event) -> list[str]:
    """The requests that an event tells of, a line each: who was asked where and what for, and what was in it."""
    match event:
        case ModelAsked(step=step, left=Left() as left):
            what = f"step {step}"
        case Beside(purpose=what, left=left):
            pass
        case KnowledgeRecalled(sent=sent):
            return [line for one in sent for line in _requests(one)]
        case _:
            return []
    alone = departures.left_lines(account_of([Entry("", 0, 0.0, event)]))[0]
    shown = ", ".join(f"{sent.data} {sent.amount:,}" for sent in left.shown)
    return [f"{what}, {event.model}, --data {left.limit}: {alone}; by kind: {shown}"]


def traced(store: Store, run: str, as_json: bool) -> Said:
    """What a run did, as far as its record is whole; what is not is named below it.

    Raises:
        StoreTampered: Nothing of it is whole.
    """
    entries, hashes, verdict = _whole(store, run)
    if as_json:
        values = traces.trace_values(entries, hashes)
        return json.dumps(values | ({"fault": verdict.fault} if verdict.fault else {}), indent=2), verdict.ok
    told = "\n".join(filter(None, (traces.trace_text(entries, hashes), verdict.warning)))
    return veiled_text(told, known_keys(os.environ)), verdict.ok


Pictures = list[Mapping[str, str]]


def shown(store: Store, run: str, call: str = "", *, apart: bool = False) -> tuple[Pictures, bool]:
    """A run as it was seen, as far as its record is whole; what is not is named below it.

    Args:
        store: The record.
        run: The run's name.
        call: The number or id of one call that is to be shown alone, with nothing cut.
        apart: Whether figures and answer are outputs of their own, as in the cell that it was asked in.

    Returns:
        MIME bundles, in the order in which they are to be shown, and whether all is well.

    Raises:
        StoreTampered: Nothing of it is whole.
        UsageFault: It has no such call.
    """
    entries, _, verdict = _whole(store, run)
    view, keys = view_of(entries), known_keys(os.environ)
    view.chain = verdict.head
    if call:
        return [{"text/plain": call_text(_called(view, call), keys)}], verdict.ok
    picture = dict(bundle(view, with_answer=not apart, keys=keys))
    if not verdict.ok:
        picture["text/plain"] = f"{picture['text/plain'].rstrip()}\n\n{verdict.warning}\n"
        if "text/html" in picture:
            picture["text/html"] += f"<p><strong>{escape(verdict.warning)}</strong></p>"
    answer = [answer_bundle(view.answer, keys)] if view.answer else []
    return [picture, *([*pictures(view), *answer] if apart else [])], verdict.ok


def _called(view: View, name: str) -> Card:
    """The call of that number or id.

    Raises:
        UsageFault: There is none; says which there are.
    """
    for card in view.cards:
        if name in (str(card.way.number), card.call_id):
            return card
    there = ", ".join(f"{card.way.number} {clean(card.name)}" for card in view.cards)
    hint = f"%aether show {view.run}" if not there else f"%aether show {view.run} --call {view.cards[0].way.number}"
    raise UsageFault(f"Run {view.run} has no call {name!r}.", f"It has: {there or 'none'}.", hint)


def _whole(store: Store, run: str) -> tuple[list[Entry], list[str], Verdict]:
    entries, verdict = store.chain.whole(run)
    if not entries:
        verdict.confirm()
    return entries, store.chain.hashes(run)[: len(entries)], verdict


# ---- verify


def verified(store: Store, options: argparse.Namespace) -> Said:
    """Look at the records: of one run, of all, or of those that a saved notebook shows."""
    journal = _Journal(store)
    verdicts = [_verdict(store, run, head, journal) for run, head in _asked(store, options)]
    ok = all(verdict.ok for verdict in verdicts)
    if options.json:
        return json.dumps([asdict(verdict) | {"ok": verdict.ok} for verdict in verdicts], indent=2), ok
    if not verdicts:
        nothing = f"{options.notebook} shows no run." if options.notebook else "No runs are recorded here yet."
        return nothing, True
    lines = [_line(verdict) for verdict in verdicts]
    wrong = sum(not verdict.ok for verdict in verdicts)
    whole = "All are what was written." if not wrong else f"{wrong} of {len(verdicts)} not what was written."
    return "\n".join([*lines, whole] if len(lines) > 1 else lines), ok


def _asked(store: Store, options: argparse.Namespace) -> list[tuple[str, str]]:
    """The runs to look at, each with a hash that was noted elsewhere or nothing."""
    if options.notebook:
        if options.run or options.head:
            raise UsageFault("--notebook says by itself which runs are looked at.", hint="Leave the rest out.")
        return noted(read_notebook(Path(options.notebook)))
    if options.run or options.head:
        return [(_named(store, options.run), options.head.lower())]
    return [(run.id, "") for run in store.log.runs(ALL)] + [(JOURNAL, "")] * bool(store.chain.head(JOURNAL))


def _named(store: Store, name: str) -> str:
    """The whole id of a run that is there, or of one that was dropped: the journal has its last hash.

    Raises:
        RunNotFound: No run goes by that name, and none that was dropped did.
    """
    try:
        found = store.log.resolve(name)
    except RunAmbiguous:
        raise
    except RunNotFound:
        if name and (gone := _dropped(store, name)):
            return choose_run(name, gone, gone)
        raise
    return name if name in above(found) and name in _dropped(store, name) else found


def _dropped(store: Store, name: str) -> list[str]:
    """The runs that begin so and that a cleaning has dropped, the newest first."""
    events = [entry.event for entry in store.log.read(JOURNAL)]
    dropped = [event.run for event in events if isinstance(event, RunsPruned) and event.run.startswith(name)]
    return dropped[::-1]


class _Journal:
    """The journal of a record. It is long where much was cleaned, so it is read when somebody asks, and once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def events(self) -> list[Event]:
        """What it says."""
        return [entry.event for entry in self._store.log.read(JOURNAL)]

    @cached_property
    def own(self) -> bool:
        """Whether the user's key has sealed it."""
        return self._store.chain.verify(JOURNAL).own


def _verdict(store: Store, run: str, head: str, journal: _Journal) -> Verdict:
    """Whether a run is what was written; the journal says why it may be another one, or gone."""
    verdict = store.chain.verify(run, head)
    if verdict.events:
        if verdict.ok or not head:
            return verdict
        packed = (
            event for event in journal.events if isinstance(event, RunPacked) and event.run == run and event.masked
        )
        if any(event.chain.startswith(head) for event in packed):
            return store.chain.verify(run)  # keys were masked when it was packed: it has another chain since
        return verdict
    for event in journal.events:
        if isinstance(event, RunsPruned) and event.run == run:
            # Which of its hashes an older head was cannot be told any more.
            return Verdict(run, event.events, event.chain, own=journal.own)
    return Verdict(run, 0, "", "It is not in this record, and no cleaning has dropped it.", 1)


def _line(verdict: Verdict) -> str:
    if verdict.ok:
        foreign = "" if verdict.own or verdict.run == JOURNAL else "  (your key has not sealed it)"
        return f"  ok     {verdict.run}  {verdict.events} events  {verdict.head}{foreign}"
    return f"  wrong  {verdict.run}  event {verdict.seq}: {verdict.fault}"


# ---- replay, in a terminal


async def _here(function: Callable[[], Any]) -> Any:
    value = function()
    return await value if inspect.isawaitable(value) else value


def replayed(store: Store, options: argparse.Namespace, workspace: Path) -> Said:
    """Show a run again from its record, after a look at the world when that is wished.

    Raises:
        ReplayDiverged: The record is not what the rules would have done; as JSON it is said instead.
        WorldDiffers: An outside effect is not as it was; as JSON it is said instead.
    """
    run, mode = store.log.resolve(meant(options.run)), options.mode or "pure"
    try:
        return _replayed(store, run, mode, options.json, workspace)
    except (ReplayDiverged, WorldDiffers) as error:
        if not options.json:
            raise
        said: dict[str, Any] = {"run": run, "mode": mode, "same": False, "fault": error.what, "why": error.why}
        if isinstance(error, ReplayDiverged):
            said |= {"event": error.seq, "expected": error.expected, "recorded": error.found}
        else:
            said["differences"] = list(error.differences)
        return json.dumps(said, indent=2), False


def _replayed(store: Store, run: str, mode: Any, as_json: bool, workspace: Path) -> Said:
    entries, verdict = store.chain.whole(run)
    verdict.confirm()
    record, confirmed = record_of(entries), Confirmed()
    if mode == "confirm":
        confirmed = asyncio.run(_confirmed(run, record.state, record.started.workspace, workspace))
    found = asyncio.run(replay(run, entries))
    said = report(replace(found, confirmed=confirmed), mode, store.chain.head(run))
    if as_json:
        return json.dumps(said, indent=2), True
    view = view_of(entries)
    view.chain = store.chain.head(run)
    picture = bundle(view, with_answer=True, keys=known_keys(os.environ))
    lines = [where_from(known(store, record, mode, verdict.own)), "", picture["text/plain"]]
    lines.append(f"{found.events} events, {found.steps} steps: the record is what the rules do.")
    if mode == "confirm":
        lines.append(f"Looked for and found: {len(confirmed.checked)} of the outside effects.")
        lines += [f"Not to be looked for: {why} ({id})" for id, why in confirmed.unchecked]
    return "\n".join(lines), True


def _confirmed(run: str, state: RunState, then: str, now: Path) -> Coroutine[Any, Any, Confirmed]:
    """The look at the world from outside a notebook: with the tools of this package and of plugins."""
    tools = toolbox({})
    folder = Path(then) if then and Path(then).is_dir() else now
    host = Host(None, folder, _here)
    return confirm(state, Calls(Run(MemoryLog(), run), tools, host, Asking(())))
