"""The conversation of one notebook: wires the rooms together and decides nothing.

A session owns the agent's thread, the log, the tools, the earlier turns and the yeses that last. It knows neither the
widgets nor the magics: whoever wants to watch a run hands in a watcher, whoever can be asked is handed in as a person.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aether_nb import registry
from aether_nb.about import VERSION
from aether_nb.agent import context, steps
from aether_nb.agent.asking import Asking, Person
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.driver import Driver
from aether_nb.agent.run import Run, Watcher, new_id
from aether_nb.config import ROLES, Settings
from aether_nb.errors import OptionError, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.folds import RunState
from aether_nb.live.bridge import AgentThread
from aether_nb.live.summary import summarize
from aether_nb.models.base import Model, Request
from aether_nb.models.catalogue import providers
from aether_nb.models.catalogue.discovery import Found, find_local
from aether_nb.models.catalogue.providers import Providers
from aether_nb.models.opened import Opened
from aether_nb.models.router import ANALYST, Role, blind, open_model, role_model, serving
from aether_nb.models.sending.cache import ReplyStore
from aether_nb.store.log import Log
from aether_nb.tools.base import Tool
from aether_nb.tools.builtin import BUILT_IN
from aether_nb.tools.function import FunctionTool

__all__ = ["Question", "Session"]


@dataclass(frozen=True)
class Question:
    """What a person asks, and how it is to be worked on.

    Args:
        prompt: What was typed.
        model: A model for this run only; empty for the session's.
        mode: plan, ask or auto; empty for the session's.
        plan_only: End with the plan.
        fresh: Forget the earlier turns.
        cell: The cell it was typed in; asking again from the same cell replaces its turn.
        limits: Where the run pauses; the session's when None.
        run: The name of the run that works on it.
    """

    prompt: str
    model: str = ""
    mode: k.Mode | None = None
    plan_only: bool = False
    fresh: bool = False
    cell: str = ""
    limits: k.Limits | None = None
    run: str = field(default_factory=new_id)


@dataclass
class Session:
    """One notebook's conversation.

    Args:
        shell: The IPython shell whose namespace the tools work on.
        settings: What is configured.
        log: Where runs are recorded.
        record: The folder of the record, for people to read.
        workspace: The folder inside which files may be touched.
        notebook: The notebook's path, when it is known.
    """

    shell: Any
    settings: Settings
    log: Log
    record: Path
    workspace: Path
    notebook: str = ""
    thread: AgentThread = field(default_factory=AgentThread)
    turns: dict[str, k.Turn] = field(default_factory=dict)
    grants: list[k.Grant] = field(default_factory=list)
    last: str = ""
    found: Sequence[Found] | None = None
    _only: str = ""
    _replies: ReplyStore | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _models: Opened = field(init=False)

    def __post_init__(self) -> None:
        """Take the folder that a person opened with a typed flag; nothing else is ever granted beforehand."""
        self._models = Opened(self._opened)
        if folder := self.settings.allow_writes:
            rule = f"folder:{os.path.realpath(folder)}"
            self.grants.append(k.Grant("g-flag", "write_file", rule, "medium", "notebook", "the flag --allow-writes"))

    # ---- models

    @property
    def model_name(self) -> str:
        """The model that serves when a question names none."""
        settings = self.settings
        choice = serving(
            os.environ, settings.model, self.providers, found=self.found or (), local_only=settings.local_only
        )
        return choice.name

    @property
    def providers(self) -> Providers:
        """The registry of providers, with the user's own rows and those that were registered in a cell."""
        return providers.load([self.settings.providers])

    def use_model(self, name: str, role: Role = "chat") -> Model:
        """Let a model serve from now on: also in the run that is going on, from its next step.

        Args:
            name: As a person types it.
            role: What it shall serve for.

        Raises:
            ModelNotFound: No model goes by that name.
        """
        model = self._models.anew(name)  # its address may have been set anew
        if role == "chat":
            self.settings, self._only = replace(self.settings, model=name), ""
        else:
            named: dict[str, Any] = {ROLES[role]: name}
            self.settings = replace(self.settings, **named)
        return model

    def role(self, role: Role) -> tuple[str, str]:
        """Who serves for a role, and a note for people when the chat model stands in."""
        name, note = role_model(role, self.settings)
        return name or self.model_name, note

    def model(self, name: str = "") -> Model:
        """The model of that name, the one that serves when none is given.

        It is opened once and keeps its connection; one that was registered in a cell is always the latest.
        """
        name = name or self.model_name
        return self._models.anew(name) if name in registry.names("model") else self._models.get(name)

    def _opened(self, name: str) -> Model:
        settings = self.settings
        if settings.cache and self._replies is None:
            self._replies = ReplyStore(self.record / "replies.sqlite")
        return open_model(
            name,
            os.environ,
            self.providers,
            timeout=settings.timeout,
            local_only=settings.local_only,
            replies=self._replies if settings.cache else None,
        )

    def choices(self) -> list[str]:
        """Models to choose from without asking anybody: the one that serves, those used here, those that were added."""
        return list(dict.fromkeys((self.model_name, *self._models.names, *registry.names("model"), ANALYST)))

    def _chosen(self, request: Request) -> Model:
        """Who answers this request: the model of the question, or of the session; another one when it sees no pictures.

        Raises:
            ModelError: It cannot be opened.
        """
        model = self._models.get(self._only or self.model_name)  # opened once a run, however it was registered
        if blind(model, request):
            return self._models.get(self.role("vision")[0])
        return model

    def reopen(self, provider: str) -> None:
        """Open a provider's models anew when they are next asked: its key has changed."""
        for name in self._models.names:
            if name.startswith(f"{provider}:"):
                self._models.forget(name)

    def close(self) -> None:
        """Let go of connections, files and the thread. What is recorded stays."""
        if self._models.names:
            self.thread.submit(self._models.aclose()).result(timeout=5)
        if self._replies is not None:
            self._replies.close()
        self.thread.close()
        self.log.close()

    def ready(self, question: Question) -> None:
        """Refuse a question that cannot be begun, before anything is shown.

        When nothing says which model serves, the servers of this machine are looked for, once.

        An agent that hangs, because a tool of somebody's blocks its thread, is left behind and a new one is started.

        Raises:
            ModelNotFound: No model goes by that name.
            UsageFault: Another question is being worked on: code of an agent asks an agent.
        """
        named = question.model or self.settings.model
        if not named and self.found is None and self.model_name == ANALYST:
            self.found = self.thread.run(find_local(self.providers, environment=os.environ))
        self.model(question.model)
        if not self._turn.locked():
            return
        if self.thread.responds():
            why = "The questions of a notebook are worked on one after the other."
            raise UsageFault("Another question is being worked on.", why, "Wait for it, or stop it, and ask again.")
        self.thread, self._turn = AgentThread(), asyncio.Lock()

    def tools(self) -> Mapping[str, Tool]:
        """The built-in tools, those of plugins, and those that stand in the notebook; later ones win.

        A function under ``@tool`` in a cell is there for the next run, and running the cell again replaces it.
        """
        found: dict[str, Tool] = {tool.spec.name: tool for tool in BUILT_IN}
        found.update({name: registry.get("tool", name) for name in registry.names("tool")})
        mine = [value for value in list(self.shell.user_ns.values()) if isinstance(value, FunctionTool)]
        found.update({tool.spec.name: tool for tool in mine})
        return found

    # ---- runs

    async def ask(
        self,
        question: Question,
        main: Callable[[Callable[[], Any]], Awaitable[Any]],
        people: Sequence[Person],
        watcher: Watcher,
    ) -> RunState:
        """Work on a question to its end. Questions of one notebook are worked on one after the other.

        Args:
            question: What is asked.
            main: Runs a function on the user's main thread.
            people: Who may be asked, in this order.
            watcher: Who is told of every entry.

        Raises:
            asyncio.CancelledError: It was stopped; the log says so.
            AetherError: It could not be started or recorded.
        """
        async with self._turn:
            model, self._only = self.model(question.model), question.model
            if question.fresh:
                self.turns.clear()
            run = Run(self.log, question.run, (watcher,))
            summary = await main(
                lambda: summarize(self.shell.user_ns, question.prompt, hidden=self.shell.user_ns_hidden)
            )
            tools = self.tools()
            started = self._started(question, model, tools)
            opening = context.compose(
                question.prompt,
                summary.text,
                summary.columns,
                mode=started.mode,
                workspace=self.workspace,
                prior=started.prior,
            )
            asking = Asking(people)
            calls = Calls(run, tools, Host(self.shell, self.workspace, main), asking)
            try:
                run.append(started)
                self.last = run.id
                run.append(k.ContextComposed(opening))
                for grant in self.grants:
                    run.append(k.GrantGiven(grant))
                return await Driver(run, self._chosen, calls, asking).drive()
            finally:
                self._remember(question, run.state)
                await self._models.sweep()

    def _started(self, question: Question, model: Model, tools: Mapping[str, Tool]) -> k.RunStarted:
        """The run's first event: everything it may depend on, frozen."""
        settings = self.settings
        limits = k.Limits(settings.max_steps, settings.max_seconds, settings.max_tokens, settings.max_cost)
        prior = tuple(turn for cell, turn in self.turns.items() if not question.cell or cell != question.cell)
        return k.RunStarted(
            prompt=question.prompt,
            model=model.name,
            mode=question.mode or settings.mode,
            limits=question.limits or limits,
            tools=tuple(tools),
            prior=prior,
            notebook=self.notebook,
            cell=question.cell,
            plan_only=question.plan_only,
            versions={
                "aether-nb": VERSION,
                "next_step": steps.VERSION,
                "prompt": context.PROMPT_VERSION,
            },
        )

    def _remember(self, question: Question, state: RunState) -> None:
        """Keep the turn for later ones, in the place of an earlier turn of the same cell, and the yeses that last."""
        if state.started is None:
            return
        known = {(grant.tool, grant.rule, grant.risk) for grant in self.grants}
        lasting = [grant for grant in state.grants if grant.lasts == "notebook"]
        self.grants += [grant for grant in lasting if (grant.tool, grant.rule, grant.risk) not in known]
        if state.ended and state.ended.outcome == "done" and not question.plan_only:
            self.turns[question.cell or state.run] = context.turn_of(state)

    def revoke(self, id: str) -> k.Grant:
        """Take back a yes that lasts.

        Raises:
            OptionError: There is no such grant.
        """
        for grant in self.grants:
            if grant.id == id:
                self.grants.remove(grant)
                return grant
        known = ", ".join(grant.id for grant in self.grants) or "none"
        raise OptionError(f"There is no grant {id!r}.", f"In force: {known}.", "%aether grants")

    def entries(self, run: str = "") -> Iterator[k.Entry]:
        """The log of a run; of this session's last one when none is named, else of the newest.

        Raises:
            RunNotFound: No run goes by that name, or there is none yet.
        """
        return iter(self.log.read(self.log.resolve(run or self.last)))
