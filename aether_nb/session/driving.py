"""How a task of a notebook is worked on: a question, or a run that goes on, driven to its end or to where it is parked.

It wires agent, tools, models and the user's variables together and decides nothing. It is a module of its own because
all this is imported with it: what shows a run is painted before.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from aether_nb.about import VERSION
from aether_nb.agent import context
from aether_nb.agent.again import RECORDED, Again, Recalled, Record, record_again
from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.driver import Driver
from aether_nb.agent.egress import Egress, Rules, cut, destination, rules_of
from aether_nb.agent.hosted_driver import Hosted
from aether_nb.agent.mail import Mail
from aether_nb.agent.offering import frozen
from aether_nb.agent.profiles import hosted, profiles
from aether_nb.agent.resuming import advanced, check, owes_variables, taken_up, versions
from aether_nb.agent.routing import routed
from aether_nb.agent.run import Run
from aether_nb.agent.sealing import Signing
from aether_nb.agent.waiting import Waiting
from aether_nb.errors import ResumeRefused
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.masking import known_keys
from aether_nb.events.state import RunState
from aether_nb.live.keeping import Keeper, plan_restore, restore
from aether_nb.live.summary import summarize
from aether_nb.live.undo import RunPoints
from aether_nb.models.base import Model
from aether_nb.models.words.insisting import insisting
from aether_nb.session.asides import Aside
from aether_nb.session.conversation import Session
from aether_nb.session.delegating import Delegate
from aether_nb.session.taking_back import Clicks
from aether_nb.session.tasks import Cell, Question, Resumption, Task, begun
from aether_nb.store.lease import Holder
from aether_nb.tools.base import Tool
from aether_nb.tools.brought import given
from aether_nb.tools.skills.finding import catalogue

__all__ = ["driven", "may_go_on", "run_here", "work"]

RULES = (k.RunStarted, k.RunForked, k.RunEnded, k.ModelAsked)
"""What says whether a run may go on: folding only these costs a fraction of folding a long log twice."""


async def work(session: Session, task: Task, cell: Cell) -> RunState:
    """Work on a task to its end, or to where it is parked. Tasks are worked on one after the other.

    Args:
        session: The notebook's conversation.
        task: What is asked, or which run is to go on.
        cell: Where it is worked on, and who may be asked.

    Raises:
        LeaseHeld: Another kernel advances the run.
        ResumeRefused: The run has ended, somebody else began it, or its tools or rules are no longer the same.
        asyncio.CancelledError: It was stopped; the log says so.
        AetherError: It could not be started or recorded.
    """
    async with session.turn(cell):
        await session.servers.ready()
        return await (_ask(session, task, cell) if isinstance(task, Question) else _resume(session, task, cell))


async def _ask(session: Session, question: Question, cell: Cell) -> RunState:
    question, routing = await _routed(session, question)
    shell, model = session.shell, session.models.model(question.model)
    session.models.pin(question.run, question.model)
    if question.fresh:
        session.turns.clear()
    await session.knowing.ready()
    with session.store.leased(question.run) as lease:
        run = run_here(session, question.run, cell, lease)
        summary = question.summary or await cell.main(
            lambda: summarize(shell.user_ns, question.prompt, hidden=shell.user_ns_hidden)
        )
        started, tools = _started(session, question, model)
        rules = rules_of(started, os.environ)
        resources = () if question.raw else await session.servers.mentioned(question.prompt)
        session.cells.setdefault(run.id, getattr(shell, "execution_count", 0))
        said = question.mentions.parts
        known = await session.knowing.opening(run.id, question.prompt, said, rules, started.fence)
        opening = context.compose(
            question.mentions.text or question.prompt,
            cut(summary.parts, rules) if rules.hide and destination(model) else summary.parts,
            mode=started.mode,
            workspace=session.workspace,
            prior=started.prior,
            fence=started.fence,
            rules=rules,
            mentioned=(*said, *known.parts, *resources, *question.attached),
            wanted=started.wanted,
            bind=started.bind,
            skills=catalogue(session.skills().skills),
            profile=question.profile.prompt if question.profile else "",
            made_by_code=started.touched,
        )
        yeses = session.grants if question.grants is None else question.grants
        run.append(started, *routing, *known.events, k.ContextComposed(opening), *map(k.GrantGiven, yeses))
        # A gate of a run in the background waits: nobody's no is none. A child asks through its parent.
        unasked = session.unasked if cell.background and not question.parent else None
        return await driven(session, run, tools, cell, question.park_after, unasked=unasked)


def run_here(session: Session, id: str, cell: Cell, lease: Holder) -> Run:
    """A run in this kernel, held under a lease: the cell shows it, and its kernel learns what it changes."""
    return Run(session.store.log, id, (cell.watcher, session.note_touched), epoch=lease.epoch)


async def _routed(session: Session, question: Question) -> tuple[Question, tuple[k.Event, ...]]:
    """The question with the profile that fits it, where one is to be found, and what is recorded of that."""
    if not question.route:
        return question, ()
    models, settings = session.models, session.models.settings
    rules = Rules(question.data or settings.data, (*question.hide, *settings.hide), known_keys(os.environ))
    ask, there = Aside(models, rules, session.knowing.note).ask, profiles(*session.profile_places())
    profile, routing = await routed(question.prompt, there, ask, models.role("utility")[0])
    model = question.model or (profile.model if profile else "")
    return replace(question, profile=profile, model=model), (routing,)


async def _resume(session: Session, task: Resumption, cell: Cell) -> RunState:
    store, id = session.store, task.run
    before = store.last_holder(id, task.take)  # before all else: to prepare it would change what whoever is at it uses
    entries, own = session.store.whole(id)
    record = record_again(entries, partial(_source, session))
    rules = fold(entry for entry in entries if isinstance(entry.event, RULES))
    tools = session.tools(rules.started)
    tools = record.tools(tools) if record else tools
    may_go_on(session, rules, tools, task.anyway, own)  # before the lease: a refusal leaves nothing behind
    with session.store.leased(id, task.take) as lease:
        run = run_here(session, id, cell, lease)
        run.catch_up(entries)
        if run.state.head != len(entries):  # somebody has gone on with it meanwhile
            entries, own = session.store.whole(id)
            may_go_on(session, run.state, tools, task.anyway, own)
        fresh = before is None or before.process != lease.process or not advanced(entries, before.epoch)
        fresh = fresh or owes_variables(entries)
        other = before if before is not None and before.epoch != lease.epoch else None
        said = (
            k.LeaseTaken(lease.epoch, lease.name, other.name if other else "", forced=bool(other and other.alive)),
            k.RunResumed(lease.name, fresh, task.anyway),
        )
        revoked = session.yeses.kept.taken_back(run.state.grants)
        run.append(*taken_up(run.state, (*said, *revoked), fresh, own))
        if fresh:
            plan = plan_restore(entries)
            run.append(await cell.main(lambda: restore(session.shell, plan, store.blobs, Signing(session.sealer))))
        unasked = None if rules.started and rules.started.parent else session.unasked
        return await driven(session, run, tools, cell, task.park_after, record, entries, unasked)


def _source(session: Session, begun: k.ReplayBegun) -> Iterator[k.Entry]:
    """The record that a run performs again, which must be the one that it has begun with.

    Raises:
        StoreTampered: It is another one by now.
    """
    session.store.chain.verify(begun.source, begun.chain).confirm()
    return session.store.log.read(begun.source)


def may_go_on(
    session: Session, state: RunState, tools: Mapping[str, Tool], anyway: bool, own: bool, fork: str = ""
) -> None:
    """Refuse to go on with a run that has ended, was begun by another or by other rules; else its own model serves.

    Args:
        session: The notebook's conversation.
        state: The run.
        tools: What may be called now.
        anyway: Go on all the same.
        own: Whether this user has written its record.
        fork: The new run that goes on with a copy of it; empty when it does itsession.

    Raises:
        ResumeRefused: It cannot go on like this.
        ModelError: The model that was asked last cannot be had.
    """
    if state.ended is not None:
        what = f"Run {state.run} has ended ({state.ended.outcome})."
        raise ResumeRefused(what, "There is nothing to go on with.", f"Look at it: %aether show {state.run}")
    assert state.started is not None
    name, verb = state.started.agent, "fork" if fork else "resume"
    agent = hosted(name) if name else None
    if name and agent is None:
        what = f"Run {state.run} is worked on by the hosted agent {name}, which is not here."
        why = "It is a function under @host, in a cell that has not been run in this kernel, or in a package."
        raise ResumeRefused(what, why, f"Run that cell. Then: %aether {verb} {state.run}")
    if not anyway:
        check(state, tools, verb, own, agent)
    if not state.model.startswith(RECORDED):
        session.models.model(state.model)  # the one that was asked last goes on; one that cannot be had ends nothing
        session.models.pin(fork or state.run, "" if state.model == session.models.name else state.model)


async def driven(
    session: Session,
    run: Run,
    tools: Mapping[str, Tool],
    cell: Cell,
    park_after: float | None = None,
    record: Record | None = None,
    known: Iterable[k.Entry] = (),
    unasked: float | None = None,
) -> RunState:
    """Drive a run to its end, or to where it is parked, and let go of it.

    Args:
        session: The notebook's conversation.
        run: The run, with the events in its log that it opens with.
        tools: What may be called.
        cell: Where it is worked on.
        park_after: Seconds of waiting after which it is parked.
        record: Whose replies it gets instead of a model's, when it performs another run again.
        known: What its log held when it was taken up; nothing, for a run that begins.
        unasked: As for ``Waiting``: what was open when it was taken up is not settled by nobody's no.
    """
    session.last = session.last if cell.background else run.id
    asking = Asking(cell.people) if record is None else Recalled(Asking(cell.people), record)
    waiting = Waiting(asking, Mail(session.store.signals, run.id, session.sealer), park_after, unasked)
    started = run.state.started
    assert started is not None
    rules = rules_of(started, os.environ)
    egress = Egress(rules, started.fence)
    keeper = Keeper(session.store.blobs, signer=Signing(session.sealer), why_not=rules.why_not)
    keeper.recall(known)
    host = _host(session, run, cell, keeper, egress)
    hooks = session.hooked.within(run, rules, tools_only=record is not None)
    calls = Calls(run, tools, host, waiting.within(run), hooks=hooks)
    session.models.begin(run.id)
    for said in session.servers.told():
        run.append(said)
    chosen = partial(session.models.chosen, run=run.id)
    try:
        if record is None:
            await session.hooked.open(run, hooks)
        if started.agent:
            agent = hosted(started.agent)
            function = agent.agent if agent else None
            assert function is not None, "nothing is driven without its agent"
            return await Hosted(function, run, chosen, calls, waiting, egress=egress).drive()
        if record is None:
            choose = insisting(chosen, lambda text: given(run.state, text))
            return await Driver(run, choose, calls, waiting, egress=egress).drive()
        return await Again(record, run, lambda _: record.model, calls, waiting, egress=egress).drive()
    finally:
        _remember(session, run.state)
        if not started.parent:
            await session.knowing.ended(run.state)
        await session.models.done(run.id)


def _host(session: Session, run: Run, cell: Cell, keeper: Keeper, egress: Egress) -> Host:
    """What the tools of a run work on."""
    assert run.state.started is not None
    undo, shell, folder = RunPoints(session.points, run.id, session.store.blobs), session.shell, session.workspace
    book, policy = Path(session.notebook) if session.notebook else None, session.policy_of(run.state.started)
    clicks = Clicks(run, undo, shell.user_ns, folder, session.store.whole, cell.main)
    host = Host(shell, folder, cell.main, False, keeper, undo, book, cell.hold, clicks, policy)
    children = Delegate(run, cell, session.store, partial(work, session), session.profile)
    return replace(host, knowledge=session.knowing.recaller(egress), spawn=children, touched=session.touched)


def _started(session: Session, question: Question, model: Model) -> tuple[k.RunStarted, Mapping[str, Tool]]:
    """The run's first event, with everything it may depend on frozen, and its tools."""
    prior = session.prior(question.cell) if question.prior is None else question.prior
    started = begun(question, model.name, session.models.settings, prior, session.notebook, session.workspace)
    tools, agent = session.tools(started), hosted(started.agent) if started.agent else None
    known, touched = frozen(tools), tuple(sorted(session.touched))
    went_by = versions(known, agent) | {"aether-nb": VERSION}
    return replace(started, tools=tuple(known), versions=went_by, touched=touched), tools


def _remember(session: Session, state: RunState) -> None:
    """Keep the turn for later ones, in the place of an earlier turn of the same cell, and the yeses that last."""
    if state.started is None or state.started.parent:
        return
    session.yeses.learn(state)
    if state.ended and state.ended.outcome == "done" and not state.started.plan_only:
        session.turns[state.started.cell or state.run] = context.turn_of(state)
