"""The conversation of one notebook: wires the rooms together and decides nothing.

A session owns the agent's thread, the log, the tools, the earlier turns and the yeses that last. It knows neither the
widgets nor the magics: whoever wants to watch a run hands in a watcher, whoever can be asked is handed in as a person.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
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
from aether_nb.agent.remembering import Occurrences
from aether_nb.agent.resuming import advanced, check, owes_variables, taken_up, versions
from aether_nb.agent.run import Run
from aether_nb.agent.sealing import Signing
from aether_nb.agent.waiting import Waiting
from aether_nb.errors import OptionError, ResumeRefused, StoreError, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.account import Account
from aether_nb.events.folds import fold
from aether_nb.events.ruling import Policy
from aether_nb.events.state import RunState
from aether_nb.live.bridge import AgentThread
from aether_nb.live.keeping import Keeper, plan_restore, restore
from aether_nb.live.mentions.failures import Failures
from aether_nb.live.summary import summarize
from aether_nb.live.undo import Points, RunPoints
from aether_nb.models.base import Model
from aether_nb.models.words.insisting import insisting
from aether_nb.serving import Serving
from aether_nb.store.lease import Holder
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store
from aether_nb.taking_back import Clicks
from aether_nb.tasks import Cell, Question, Resumption, Task
from aether_nb.tools.base import Tool
from aether_nb.tools.brought import given
from aether_nb.tools.toolbox import toolbox
from aether_nb.waking import Sleepers

__all__ = ["Session"]

UNASKED = 2.0
"""Seconds for which a run that is taken up waits where nobody can be asked: enough to hear what was said before."""

FLAG = "g-flag"
"""The yes that a typed flag gives. It is there as long as the flag is, and kept nowhere."""

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
    thread: AgentThread = field(default_factory=AgentThread)
    turns: dict[str, k.Turn] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    """What left this machine, by run of this kernel; whoever shows a run fills it in."""
    last: str = ""
    points: Points = field(default_factory=Points)
    """What can be taken back in this kernel."""
    unasked: float = UNASKED
    sleepers: Sleepers = field(init=False)
    """Parked runs that this kernel wakes by itself when what they wait for is said."""
    asked: Occurrences = field(default_factory=Occurrences)
    failures: Failures = field(default_factory=Failures)
    """The errors of the user's cells, by number."""
    cells: dict[str, int] = field(default_factory=dict)
    """The number of the cell in which each run of this kernel was begun."""
    working: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Nothing is read and nobody is asked yet."""
        self.sleepers = Sleepers(self.store, self.sealer, lambda: self.busy, lambda work: self.thread.submit(work))

    @cached_property
    def grants(self) -> list[k.Grant]:
        """The yeses that last: those that were given in this notebook, and the folder that a typed flag has opened.

        Raises:
            StoreError: The record cannot be read.
        """
        found = self.kept_grants.standing()[0]
        if folder := self.models.settings.allow_writes:
            rule = f"folder:{os.path.realpath(folder)}"
            found.append(k.Grant(FLAG, "write_file", rule, "medium", "notebook", "the flag --allow-writes"))
        return found

    @property
    def kept_grants(self) -> Grants:
        """Where they are kept for later kernels."""
        return Grants(self.store, self.sealer, self.notebook)

    def close(self) -> None:
        """Let go of connections, files and the thread. What is recorded stays."""
        self.models.close(lambda work: self.thread.submit(work).result(timeout=5))
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
        self.sleepers.watch()

    def tools(self, started: k.RunStarted | None = None) -> Mapping[str, Tool]:
        """The tools that a run has, or that the next one would have."""
        return toolbox(self.shell.user_ns, started, self.policy)

    @property
    def policy(self) -> Policy:
        """The user's rules about calls."""
        return self.models.settings.policy(self.workspace)

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
        async with self.working:
            return await (self._ask(task, cell) if isinstance(task, Question) else self._resume(task, cell))

    async def _ask(self, question: Question, cell: Cell) -> RunState:
        shell, model, self.models.only = self.shell, self.models.model(question.model), question.model
        if question.fresh:
            self.turns.clear()
        with self.leased(question.run) as lease:
            run = Run(self.store.log, question.run, (cell.watcher,), epoch=lease.epoch)
            summary = await cell.main(lambda: summarize(shell.user_ns, question.prompt, hidden=shell.user_ns_hidden))
            started, tools = self._started(question, model)
            rules = rules_of(started, os.environ)
            self.cells[run.id] = getattr(shell, "execution_count", 0)
            opening = context.compose(
                question.mentions.text or question.prompt,
                cut(summary.parts, rules) if rules.hide and destination(model) else summary.parts,
                mode=started.mode,
                workspace=self.workspace,
                prior=started.prior,
                fence=started.fence,
                rules=rules,
                mentioned=question.mentions.parts,
                wanted=started.wanted,
                bind=started.bind,
            )
            run.append(started, k.ContextComposed(opening), *map(k.GrantGiven, self.grants))
            return await self.driven(run, tools, cell, question.park_after)

    async def _resume(self, task: Resumption, cell: Cell) -> RunState:
        store, id = self.store, task.run
        entries, own = self.whole(id)
        record = record_again(entries, self._source)
        rules = fold(entry for entry in entries if isinstance(entry.event, RULES))
        tools = self.tools(rules.started)
        tools = record.tools(tools) if record else tools
        self.may_go_on(rules, tools, task.anyway, own)  # before the lease: a refusal leaves nothing behind
        before = store.leases.holder(id)
        with self.leased(id, task.take) as lease:
            run = Run(store.log, id, (cell.watcher,), epoch=lease.epoch)
            run.catch_up(entries)
            if run.state.head != len(entries):  # somebody has gone on with it meanwhile
                entries, own = self.whole(id)
                self.may_go_on(run.state, tools, task.anyway, own)
            fresh = before is None or before.process != lease.process or not advanced(entries, before.epoch)
            fresh = fresh or owes_variables(entries)
            other = before if before is not None and before.epoch != lease.epoch else None
            said = (
                k.LeaseTaken(lease.epoch, lease.name, other.name if other else "", forced=bool(other and other.alive)),
                k.RunResumed(lease.name, fresh, task.anyway),
            )
            gone = self.kept_grants.standing()[1]
            revoked = (k.GrantRevoked(grant.id, "the user") for grant in run.state.grants if grant.id in gone)
            run.append(*taken_up(run.state, (*said, *revoked), fresh, own))
            if fresh:
                plan = plan_restore(entries)
                run.append(await cell.main(lambda: restore(self.shell, plan, store.blobs, Signing(self.sealer))))
            return await self.driven(run, tools, cell, task.park_after, record, entries, self.unasked)

    def whole(self, run: str) -> tuple[list[k.Entry], bool]:
        """A run's record, and whether this user has written all of it.

        Raises:
            StoreTampered: It is not what was written.
        """
        entries, verdict = self.store.chain.whole(run)
        verdict.confirm()
        return entries, verdict.own

    def _source(self, begun: k.ReplayBegun) -> Iterator[k.Entry]:
        """The record that a run performs again, which must be the one that it has begun with.

        Raises:
            StoreTampered: It is another one by now.
        """
        self.store.chain.verify(begun.source, begun.chain).confirm()
        return self.store.log.read(begun.source)

    @contextmanager
    def leased(self, run: str, force: bool = False) -> Iterator[Holder]:
        """Be the one who advances a run, and let go of it whatever becomes of it."""
        lease = self.store.leases.take(run, time.time(), force)
        try:
            yield lease
        finally:
            self.store.leases.release(run)

    def may_go_on(
        self, state: RunState, tools: Mapping[str, Tool], anyway: bool, own: bool, verb: str = "resume"
    ) -> None:
        """Refuse to go on with a run that has ended, was begun by another or by other rules; else its own model serves.

        Raises:
            ResumeRefused: It cannot go on like this.
            ModelError: The model that was asked last cannot be had.
        """
        if state.ended is not None:
            what = f"Run {state.run} has ended ({state.ended.outcome})."
            raise ResumeRefused(what, "There is nothing to go on with.", f"Look at it: %aether show {state.run}")
        if not anyway:
            check(state, tools, verb, own)
        if not state.model.startswith(RECORDED):
            self.models.model(state.model)  # the one that was asked last goes on; one that cannot be had ends nothing
            self.models.only = "" if state.model == self.models.name else state.model

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
        self.last = run.id
        asking = Asking(cell.people) if record is None else Recalled(Asking(cell.people), record)
        waiting = Waiting(asking, Mail(self.store.signals, run.id, self.sealer), park_after, unasked)
        assert run.state.started is not None
        rules = rules_of(run.state.started, os.environ)
        keeper = Keeper(self.store.blobs, signer=Signing(self.sealer), why_not=rules.why_not)
        keeper.recall(known)
        book = Path(self.notebook) if self.notebook else None
        undo, shell, folder = RunPoints(self.points, run.id, self.store.blobs), self.shell, self.workspace
        clicks = Clicks(run, undo, shell.user_ns, folder, self.whole, cell.main)
        host = Host(
            shell, folder, cell.main, False, keeper, undo, book, hold=cell.hold, take_back=clicks, policy=self.policy
        )
        calls = Calls(run, tools, host, waiting.within(run))
        try:
            egress = Egress(rules, run.state.started.fence)
            if record is None:
                choose = insisting(self.models.chosen, lambda text: given(run.state, text))
                return await Driver(run, choose, calls, waiting, egress=egress).drive()
            return await Again(record, run, lambda _: record.model, calls, waiting, egress=egress).drive()
        finally:
            self._remember(run.state)
            await self.models.sweep()

    def _started(self, question: Question, model: Model) -> tuple[k.RunStarted, Mapping[str, Tool]]:
        """The run's first event, with everything it may depend on frozen, and its tools."""
        settings = self.models.settings
        limits = k.Limits(settings.max_steps, settings.max_seconds, settings.max_tokens, settings.max_cost)
        prior = tuple(turn for cell, turn in self.turns.items() if not question.cell or cell != question.cell)
        started = k.RunStarted(
            prompt=question.prompt,
            model=model.name,
            mode=question.mode or settings.mode,
            limits=question.limits or limits,
            prior=prior,
            notebook=self.notebook,
            cell=question.cell,
            plan_only=question.plan_only,
            workspace=str(self.workspace),
            data=question.data or settings.data,
            hide=settings.hide,
            fence=secrets.token_hex(8),
            mentions=question.mentions.found,
            bind=question.bind,
            wanted=question.wanted,
        )
        tools = self.tools(started)
        return replace(started, tools=tuple(tools), versions=versions(tools) | {"aether-nb": VERSION}), tools

    def _remember(self, state: RunState) -> None:
        """Keep the turn for later ones, in the place of an earlier turn of the same cell, and the yeses that last."""
        if state.started is None:
            return
        known = {(grant.tool, grant.rule, grant.risk) for grant in self.grants}
        lasting = [grant for grant in state.grants if grant.lasts in ("notebook", "minutes") and grant.id != FLAG]
        fresh = [grant for grant in lasting if (grant.tool, grant.rule, grant.risk) not in known]
        self.grants += fresh
        with suppress(StoreError):  # then they are as long as this kernel is
            self.kept_grants.keep(*(grant for grant in fresh if grant.lasts == "notebook"))
        if state.ended and state.ended.outcome == "done" and not state.started.plan_only:
            self.turns[state.started.cell or state.run] = context.turn_of(state)

    def revoke(self, id: str) -> k.Grant:
        """Take back a yes that lasts, for good.

        Raises:
            OptionError: There is no such grant.
            StoreError: That could not be written.
        """
        for grant in self.grants:
            if grant.id == id:
                self.kept_grants.revoke(id)
                self.grants.remove(grant)
                return grant
        known = ", ".join(grant.id for grant in self.grants) or "none"
        raise OptionError(f"There is no grant {id!r}.", f"In force: {known}.", "%aether grants")
