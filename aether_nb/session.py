"""The conversation of one notebook: wires the rooms together and decides nothing.

A session owns the agent's thread, the log, the tools, the earlier turns and the yeses that last. It knows neither the
widgets nor the magics: whoever wants to watch a run hands in a watcher, whoever can be asked is handed in as a person.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from aether_nb.about import VERSION
from aether_nb.agent import context
from aether_nb.agent.again import RECORDED, Again, Recalled, Record, record_again
from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.driver import Driver
from aether_nb.agent.egress import Egress, cut, destination, rules_of
from aether_nb.agent.granting import Grants
from aether_nb.agent.mail import Mail
from aether_nb.agent.offering import frozen, narrowed
from aether_nb.agent.remembering import Occurrences
from aether_nb.agent.resuming import advanced, check, owes_variables, taken_up, versions
from aether_nb.agent.run import Run
from aether_nb.agent.sealing import Signing
from aether_nb.agent.waiting import Waiting
from aether_nb.background import Line
from aether_nb.delegating import Delegate
from aether_nb.errors import ResumeRefused, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.account import Account
from aether_nb.events.folds import fold
from aether_nb.events.ruling import Policy
from aether_nb.events.state import RunState
from aether_nb.knowing import Knowing
from aether_nb.live.bridge import AgentThread
from aether_nb.live.keeping import Keeper, plan_restore, restore
from aether_nb.live.mentions.failures import Failures
from aether_nb.live.summary import summarize
from aether_nb.live.undo import Points, RunPoints
from aether_nb.models.base import Model
from aether_nb.models.words.insisting import insisting
from aether_nb.serving import Serving
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store
from aether_nb.taking_back import Clicks
from aether_nb.tasks import Cell, Question, Resumption, Task, begun
from aether_nb.tools.base import Tool
from aether_nb.tools.brought import given
from aether_nb.tools.mcp.servers import Servers, no_servers
from aether_nb.tools.skills.finding import Found, catalogue, find_skills
from aether_nb.tools.skills.opening import opener
from aether_nb.tools.toolbox import toolbox
from aether_nb.waking import Sleepers
from aether_nb.yeses import Yeses

__all__ = ["Session"]

UNASKED = 2.0
"""Seconds for which a run that is taken up waits where nobody can be asked: enough to hear what was said before."""

RULES = (k.RunStarted, k.RunForked, k.RunEnded, k.ModelAsked)
"""What says whether a run may go on: folding only these costs a fraction of folding a long log twice."""


@dataclass
class Session:
    """One notebook's conversation.

    Args:
        shell: The IPython shell whose namespace the tools work on.
        models: Who answers.
        store: Where runs are recorded.
        sealer: This user's key, to which what he says is bound.
        workspace: The folder inside which files may be touched.
        notebook: The notebook's path, when it is known.
    """

    shell: Any
    models: Serving
    store: Store
    sealer: Sealer
    workspace: Path
    notebook: str = ""
    servers: Servers = field(default_factory=no_servers)
    """Those whose tools a run has, too."""
    thread: AgentThread = field(default_factory=AgentThread)
    turns: dict[str, k.Turn] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    """What left this machine, by run of this kernel; whoever shows a run fills it in."""
    last: str = ""
    points: Points = field(default_factory=Points)
    """What can be taken back in this kernel."""
    unasked: float = UNASKED
    knowing: Knowing = field(init=False)
    sleepers: Sleepers = field(init=False)
    """Parked runs that this kernel wakes by itself when what they wait for is said."""
    line: Line = field(init=False)
    """The runs that go on in the background of this kernel."""
    watched: bool = False
    """Whether somebody has looked at a panel of this kernel."""
    asked: Occurrences = field(default_factory=Occurrences)
    failures: Failures = field(default_factory=Failures)
    """The errors of the user's cells, by number."""
    cells: dict[str, int] = field(default_factory=dict)
    """The number of the cell in which each run of this kernel was begun."""
    working: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Nothing is read and nobody is asked yet."""
        self.knowing = Knowing.of(self.models, self.workspace)
        self.sleepers = Sleepers(self.store, self.sealer, lambda: self.busy, lambda work: self.thread.submit(work))
        self.line = Line(lambda: self.models.settings.background)

    @cached_property
    def yeses(self) -> Yeses:
        """The yeses that last in this notebook."""
        return Yeses(Grants(self.store, self.sealer, self.notebook), self.models.settings.allow_writes)

    @property
    def grants(self) -> list[k.Grant]:
        """Those of them that are in force.

        Raises:
            StoreError: The record cannot be read.
        """
        return self.yeses.lasting

    def close(self) -> None:
        """Let go of connections, files and the thread. What is recorded stays."""
        self.knowing.close()
        for closing in (self.models.close, self.servers.close):
            closing(lambda work: self.thread.submit(work).result(timeout=5))
        self.thread.close()
        self.store.log.close()

    @property
    def busy(self) -> bool:
        """Whether a task is being worked on."""
        return self.working.locked()

    def ready(self, model: str) -> None:
        """Refuse a question that cannot be begun, before anything is shown.

        When nothing says which model serves, the servers of this machine are looked for, once.

        Args:
            model: The model that is named; empty for the one that serves.

        Raises:
            ModelNotFound: No model goes by that name.
            UsageFault: Another question is being worked on: code of an agent asks an agent.
        """
        self.models.look_around(model, self.thread.run)
        self.models.model(model)
        self.free()

    def free(self) -> None:
        """Refuse a task while another one is worked on.

        An agent that hangs, because a tool of somebody's blocks its thread, is left behind and a new one is started.

        Raises:
            UsageFault: Another one is.
        """
        if not self.busy:
            return
        if self.thread.responds():
            why = "The questions of a notebook are worked on one after the other."
            raise UsageFault("Another question is being worked on.", why, "Wait for it, or stop it, and ask again.")
        self.thread, self.working = AgentThread(), asyncio.Lock()
        self.line.clear()
        self.sleepers.watch()

    def tools(self, started: k.RunStarted | None = None) -> Mapping[str, Tool]:
        """The tools that a run has, or that the next one would have."""
        more = (*self.knowing.tools().values(), *self.servers.tools().values())
        policy = self.policy_of(started)
        found = toolbox(self.shell.user_ns, started, policy, (opener(lambda: self.skills().skills), *more))
        fewer = started is not None and started.tools and (started.parent or started.profile)
        return narrowed(found, started.tools) if started and fewer else found

    def skills(self) -> Found:
        """The skills that a run may open now."""
        return find_skills(self.workspace, self.shell.user_ns, self.models.settings.trust_skills)

    def policy_of(self, started: k.RunStarted | None) -> Policy:
        """The user's rules about calls, and those of the profile by which a run works."""
        policy = self.models.settings.policy(self.workspace)
        return policy.narrowed(started.deny, started.ask, started.profile) if started is not None else policy

    # ---- runs

    async def work(self, task: Task, cell: Cell) -> RunState:
        """Work on a task to its end, or to where it is parked. Tasks are worked on one after the other.

        Args:
            task: What is asked, or which run is to go on.
            cell: Where it is worked on, and who may be asked.

        Raises:
            LeaseHeld: Another kernel advances the run.
            ResumeRefused: The run has ended, somebody else began it, or its tools or rules are no longer the same.
            asyncio.CancelledError: It was stopped; the log says so.
            AetherError: It could not be started or recorded.
        """
        async with self.turn(cell):
            await self.servers.ready()
            return await (self._ask(task, cell) if isinstance(task, Question) else self._resume(task, cell))

    def turn(self, cell: Cell) -> AbstractAsyncContextManager[object]:
        """Wait until nothing else is worked on; a run for which no cell waits goes on beside the others."""
        return nullcontext() if cell.background else self.working

    def prior(self, cell: str) -> tuple[k.Turn, ...]:
        """The earlier turns that a question from this cell sees; its own is replaced."""
        return tuple(turn for other, turn in self.turns.items() if not cell or cell != other)

    async def _ask(self, question: Question, cell: Cell) -> RunState:
        shell, model = self.shell, self.models.model(question.model)
        self.models.pin(question.run, question.model)
        if question.fresh:
            self.turns.clear()
        await self.knowing.ready()
        with self.store.leased(question.run) as lease:
            run = Run(self.store.log, question.run, (cell.watcher,), epoch=lease.epoch)
            summary = question.summary or await cell.main(
                lambda: summarize(shell.user_ns, question.prompt, hidden=shell.user_ns_hidden)
            )
            started, tools = self._started(question, model)
            rules = rules_of(started, os.environ)
            resources = () if question.raw else await self.servers.mentioned(question.prompt)
            self.cells.setdefault(run.id, getattr(shell, "execution_count", 0))
            said = question.mentions.parts
            known = await self.knowing.opening(run.id, question.prompt, said, rules, started.fence)
            opening = context.compose(
                question.mentions.text or question.prompt,
                cut(summary.parts, rules) if rules.hide and destination(model) else summary.parts,
                mode=started.mode,
                workspace=self.workspace,
                prior=started.prior,
                fence=started.fence,
                rules=rules,
                mentioned=(*said, *known.parts, *resources),
                wanted=started.wanted,
                bind=started.bind,
                skills=catalogue(self.skills().skills),
                profile=question.profile.prompt if question.profile else "",
            )
            yeses = self.grants if question.grants is None else question.grants
            run.append(started, *known.events, k.ContextComposed(opening), *map(k.GrantGiven, yeses))
            # A gate of a run in the background waits: nobody's no is none. A child asks through its parent.
            unasked = self.unasked if cell.background and not question.parent else None
            return await self.driven(run, tools, cell, question.park_after, unasked=unasked)

    async def _resume(self, task: Resumption, cell: Cell) -> RunState:
        store, id = self.store, task.run
        entries, own = self.store.whole(id)
        record = record_again(entries, self._source)
        rules = fold(entry for entry in entries if isinstance(entry.event, RULES))
        tools = self.tools(rules.started)
        tools = record.tools(tools) if record else tools
        self.may_go_on(rules, tools, task.anyway, own)  # before the lease: a refusal leaves nothing behind
        before = store.leases.holder(id)
        with self.store.leased(id, task.take) as lease:
            run = Run(store.log, id, (cell.watcher,), epoch=lease.epoch)
            run.catch_up(entries)
            if run.state.head != len(entries):  # somebody has gone on with it meanwhile
                entries, own = self.store.whole(id)
                self.may_go_on(run.state, tools, task.anyway, own)
            fresh = before is None or before.process != lease.process or not advanced(entries, before.epoch)
            fresh = fresh or owes_variables(entries)
            other = before if before is not None and before.epoch != lease.epoch else None
            said = (
                k.LeaseTaken(lease.epoch, lease.name, other.name if other else "", forced=bool(other and other.alive)),
                k.RunResumed(lease.name, fresh, task.anyway),
            )
            gone = self.yeses.kept.standing()[1]
            revoked = (k.GrantRevoked(grant.id, "the user") for grant in run.state.grants if grant.id in gone)
            run.append(*taken_up(run.state, (*said, *revoked), fresh, own))
            if fresh:
                plan = plan_restore(entries)
                run.append(await cell.main(lambda: restore(self.shell, plan, store.blobs, Signing(self.sealer))))
            unasked = None if rules.started and rules.started.parent else self.unasked
            return await self.driven(run, tools, cell, task.park_after, record, entries, unasked)

    def _source(self, begun: k.ReplayBegun) -> Iterator[k.Entry]:
        """The record that a run performs again, which must be the one that it has begun with.

        Raises:
            StoreTampered: It is another one by now.
        """
        self.store.chain.verify(begun.source, begun.chain).confirm()
        return self.store.log.read(begun.source)

    def may_go_on(self, state: RunState, tools: Mapping[str, Tool], anyway: bool, own: bool, fork: str = "") -> None:
        """Refuse to go on with a run that has ended, was begun by another or by other rules; else its own model serves.

        Args:
            state: The run.
            tools: What may be called now.
            anyway: Go on all the same.
            own: Whether this user has written its record.
            fork: The new run that goes on with a copy of it; empty when it does itself.

        Raises:
            ResumeRefused: It cannot go on like this.
            ModelError: The model that was asked last cannot be had.
        """
        if state.ended is not None:
            what = f"Run {state.run} has ended ({state.ended.outcome})."
            raise ResumeRefused(what, "There is nothing to go on with.", f"Look at it: %aether show {state.run}")
        if not anyway:
            check(state, tools, "fork" if fork else "resume", own)
        if not state.model.startswith(RECORDED):
            self.models.model(state.model)  # the one that was asked last goes on; one that cannot be had ends nothing
            self.models.pin(fork or state.run, "" if state.model == self.models.name else state.model)

    async def driven(
        self,
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
            run: The run, with the events in its log that it opens with.
            tools: What may be called.
            cell: Where it is worked on.
            park_after: Seconds of waiting after which it is parked.
            record: Whose replies it gets instead of a model's, when it performs another run again.
            known: What its log held when it was taken up; nothing, for a run that begins.
            unasked: As for ``Waiting``: what was open when it was taken up is not settled by nobody's no.
        """
        self.last = self.last if cell.background else run.id
        asking = Asking(cell.people) if record is None else Recalled(Asking(cell.people), record)
        waiting = Waiting(asking, Mail(self.store.signals, run.id, self.sealer), park_after, unasked)
        started = run.state.started
        assert started is not None
        rules = rules_of(started, os.environ)
        keeper = Keeper(self.store.blobs, signer=Signing(self.sealer), why_not=rules.why_not)
        keeper.recall(known)
        undo, shell, folder = RunPoints(self.points, run.id, self.store.blobs), self.shell, self.workspace
        book = Path(self.notebook) if self.notebook else None
        clicks, egress = (
            Clicks(run, undo, shell.user_ns, folder, self.store.whole, cell.main),
            Egress(rules, started.fence),
        )
        host = Host(shell, folder, cell.main, False, keeper, undo, book, cell.hold, clicks, self.policy_of(started))
        host = replace(host, knowledge=self.knowing.recaller(egress), spawn=Delegate(run, cell, self.store, self.work))
        calls = Calls(run, tools, host, waiting.within(run))
        self.models.begin(run.id)
        for said in self.servers.told():
            run.append(said)
        try:
            if record is None:
                choose = insisting(partial(self.models.chosen, run=run.id), lambda text: given(run.state, text))
                return await Driver(run, choose, calls, waiting, egress=egress).drive()
            return await Again(record, run, lambda _: record.model, calls, waiting, egress=egress).drive()
        finally:
            self._remember(run.state)
            if not started.parent:
                await self.knowing.ended(run.state)
            await self.models.done(run.id)

    def _started(self, question: Question, model: Model) -> tuple[k.RunStarted, Mapping[str, Tool]]:
        """The run's first event, with everything it may depend on frozen, and its tools."""
        prior = self.prior(question.cell) if question.prior is None else question.prior
        started = begun(question, model.name, self.models.settings, prior, self.notebook, self.workspace)
        tools = self.tools(started)
        known = frozen(tools)
        return replace(started, tools=tuple(known), versions=versions(known) | {"aether-nb": VERSION}), tools

    def _remember(self, state: RunState) -> None:
        """Keep the turn for later ones, in the place of an earlier turn of the same cell, and the yeses that last."""
        if state.started is None or state.started.parent:
            return
        self.yeses.learn(state)
        if state.ended and state.ended.outcome == "done" and not state.started.plan_only:
            self.turns[state.started.cell or state.run] = context.turn_of(state)
