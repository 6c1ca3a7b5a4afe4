"""What is done with runs that are over: shown again, performed again, forked.

It stands on ``driving``, which drives runs. Which step comes next is none of its business: everything here enters the
same loop with another performer, another log, or another model.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aether_nb.about import VERSION
from aether_nb.agent.again import Record, opening, record_of
from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.forking import compared, fork_point, made_of
from aether_nb.agent.mail import Mail
from aether_nb.agent.replaying import Confirmed, Replayed, confirm, replay
from aether_nb.agent.resuming import following, versions
from aether_nb.agent.run import Run
from aether_nb.agent.sealing import signal_fields, taken_back
from aether_nb.agent.steps import Finish, next_step
from aether_nb.errors import OptionError
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.state import RunState
from aether_nb.live.keeping import Clock, matches
from aether_nb.session import driving
from aether_nb.session.conversation import Session
from aether_nb.session.tasks import Cell, Fork, Question, Replay, Resumption, Work
from aether_nb.store.log import Log
from aether_nb.store.memory import MemoryLog
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store

__all__ = ["drifts", "known", "report", "work"]

COMPARING = 1.0
"""Seconds that comparing a variable with the record may take."""


async def work(session: Session, task: Work, cell: Cell) -> RunState:
    """Work on a task to its end, or to where it is parked; see ``driving.work``.

    Raises:
        ReplayError: A run cannot be replayed.
        StoreTampered: Its record is not what was written.
    """
    if isinstance(task, Question | Resumption):
        return await driving.work(session, task, cell)
    async with session.turn(cell):
        entries, own = session.store.whole(task.source)
        if isinstance(task, Fork) or task.mode == "live":
            await session.servers.ready()
        if isinstance(task, Fork):
            return await _fork(session, task, entries, own, cell)
        if task.mode == "live":
            return await _again(session, task, entries, own, cell)
        return await _shown(session, task, entries, own, cell)


# ---- replaying


async def _shown(session: Session, task: Replay, entries: list[k.Entry], own: bool, cell: Cell) -> RunState:
    """Show a run as it was; nothing is performed, and nothing is recorded."""
    record, store = record_of(entries), session.store
    told = known(store, record, task.mode, own)
    cell.watcher(k.Entry(task.source, 0, time.time(), told))
    confirmed = Confirmed()
    if task.mode == "confirm":
        this = Run(MemoryLog(), task.source)
        host = Host(session.shell, session.workspace, cell.main)
        confirmed = await confirm(record.state, Calls(this, session.tools(), host, Asking(())))
    replayed = replace(await replay(task.source, entries, (cell.watcher,)), confirmed=confirmed)
    task.told.update(report(replayed, task.mode, store.chain.head(task.source)))
    return replayed.state


def known(store: Store, record: Record, mode: k.ReplayMode, own: bool) -> k.ReplayBegun:
    """Where a replay comes from, for whoever watches."""
    before = record.begun or k.ReplayBegun("", mode, record.started.model, record.time)
    return k.ReplayBegun(record.run, mode, before.model, before.recorded, store.chain.head(record.run), own)


def report(replayed: Replayed, mode: k.ReplayMode, head: str) -> dict[str, Any]:
    """What came of reading a record, as plain values."""
    state, confirmed = replayed.state, replayed.confirmed
    said: dict[str, Any] = {
        "run": state.run,
        "mode": mode,
        "outcome": state.ended.outcome if state.ended else "not ended",
        "events": replayed.events,
        "steps": replayed.steps,
        "same": True,
        "chain": head,
        "answer": state.answer,
    }
    if mode == "confirm":
        said["checked"] = list(confirmed.checked)
        said["unchecked"] = [{"call": id, "why": why} for id, why in confirmed.unchecked]
    return said


async def _again(session: Session, task: Replay, entries: list[k.Entry], own: bool, cell: Cell) -> RunState:
    """Perform a run again: a new run, whose replies come from the record."""
    record, store = record_of(entries), session.store
    settings, here = session.models.settings, session.tools(record.started)
    with session.store.leased(task.run) as lease:
        run = driving.run_here(session, task.run, cell, lease)
        started = replace(
            record.started,
            model=record.model.name,
            mode="plan" if record.started.mode == "plan" else task.level or settings.mode,
            limits=k.Limits(None, settings.max_seconds, None, None),
            tools=tuple(here),
            notebook=session.notebook,
            cell=task.cell,
            versions=versions(here) | {"aether-nb": VERSION},
            workspace=str(session.workspace),
            bind=task.bind or record.started.bind,
            agent="",  # what it said stands in the record
            touched=tuple(sorted(session.touched)),
        )
        given = map(k.GrantGiven, session.grants)
        run.append(started, record.composed, *given, *opening(record, store.chain.head(task.source), own))
        state = await driving.driven(session, run, record.tools(here), cell, task.park_after, record)
    task.told.update(drifts(store.log, task.run, task.source))
    return state


def drifts(log: Log, run: str, source: str) -> dict[str, Any]:
    """What performing a run again has come to, call by call, as plain values."""
    entries = list(log.read(run))
    state, record = fold(entries), record_of(log.read(source))
    found: dict[str, list[dict[str, str]]] = {}
    for entry in entries:
        if isinstance(entry.event, k.ReplayDrifted):
            said = {"what": entry.event.what, "was": entry.event.was, "now": entry.event.now}
            found.setdefault(entry.event.call_id, []).append(said)
        elif isinstance(entry.event, k.QuestionAnswered) and entry.event.id == k.CONSENT:
            record.performing = entry.event.answer == k.CONSENT_YES
    calls = [
        {
            "call": id,
            "tool": call.name,
            "status": call.status,
            "performed": record.performs(id) and call.status in ("finished", "failed"),
            "drift": found.get(id, []),
        }
        for id, call in state.calls.items()
    ]
    outcome = state.ended.outcome if state.ended else "not ended"
    same = not found and outcome == "done"
    return {"run": run, "mode": "live", "source": source, "outcome": outcome, "same": same, "calls": calls}


# ---- forking


async def _fork(session: Session, task: Fork, entries: list[k.Entry], own: bool, cell: Cell) -> RunState:
    """Copy a run up to an event, say what is different here, and go on with it."""
    store, at = session.store, fork_point(entries, task.at)
    copied = entries[:at]
    forked = await cell.main(lambda: _compared(session.shell.user_ns, copied))
    forked = replace(forked, source=task.source, at=at, chain=store.chain.hashes(task.source)[at - 1])
    _worth(task, copied, forked)
    with session.store.leased(task.run) as lease:
        run = driving.run_here(session, task.run, cell, lease)
        tools = session.tools(fold(copied[:1]).started)
        driving.may_go_on(
            session, replace(fold(copied), run=task.source, ended=None), tools, task.anyway, own, task.run
        )
        # In one append: no yes to the other run may ever be one to this.
        new = (forked, *taken_back(following(fold(copied), (forked,))), *map(k.GrantGiven, session.grants))
        times = [*(entry.time for entry in copied), *[run.clock()] * len(new)]
        store.log.append(run.id, 0, [*(entry.event for entry in copied), *new], times, lease.epoch)
        run.catch_up()
        if task.text:
            _tell(session, run, task.text)
        return await driving.driven(session, run, tools, cell, task.park_after, known=copied)


def _compared(namespace: Mapping[str, Any], copied: list[k.Entry]) -> k.RunForked:
    """What of the copied part's variables is not as it was. On the main thread."""
    made = made_of(copied)
    missing, differs = compared(
        made, namespace.__contains__, lambda name, hash: matches(namespace[name], hash, Clock.of(COMPARING))
    )
    return k.RunForked("", 0, "", missing, differs, compared=bool(made))


def _worth(task: Fork, copied: list[k.Entry], forked: k.RunForked) -> None:
    """Refuse a fork that would only end again.

    Raises:
        OptionError: The copied part has its answer, and nothing new is said.
    """
    state = fold(copied)
    if not task.text and (state.answered or isinstance(next_step(replace(state, ended=None, parked=None)), Finish)):
        raise OptionError(
            f"Run {task.source} has its answer at event {forked.at}; a fork there has nothing to do.",
            "Say what it shall do, or fork it earlier.",
            f"%aether fork {task.source} --at 2 · or: %aether fork {task.source} now by year",
        )


def _tell(session: Session, run: Run, text: str) -> None:
    """Say something to a run before it goes on, as it can be said from outside: written first, then heard."""
    signal = Signal(run.id, "tell", "cell", {"text": text}, time=run.clock())
    signal = replace(signal, seal=session.sealer.seal(signal_fields(signal)))
    session.store.signals.send(signal)
    run.append(*Mail(session.store.signals, run.id, session.sealer).heard(run.state, signal))
