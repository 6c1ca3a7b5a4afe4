"""A run without a kernel: a scripted model, small tools, a person who answers from a list, a log in memory."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aether_nb import ScriptedModel, tool
from aether_nb.agent.asking import Answer, Asking, Nobody, Person
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.driver import Driver
from aether_nb.agent.egress import Egress
from aether_nb.agent.hosted_driver import Hosted
from aether_nb.agent.mail import Mail
from aether_nb.agent.replaying import Replayed, replay
from aether_nb.agent.resuming import interrupted
from aether_nb.agent.run import Run
from aether_nb.agent.waiting import Waiting
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, ToolCall
from aether_nb.events.ruling import OPEN, Policy
from aether_nb.events.state import Call, RunState
from aether_nb.store.log import Log
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Tool
from aether_nb.tools.builtin import BUILT_IN
from aether_nb.tools.function import FunctionTool


async def here(function: Any) -> Any:
    """Run a job at once: the main thread of a test is the only one."""
    value = function()
    return await value if inspect.isawaitable(value) else value


@dataclass
class Script:
    """A person who answers gates and questions from two lists, and remembers what was asked."""

    gates: list[Answer] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    async def present(self) -> bool:
        return True

    async def approve(self, call: Call) -> Answer:
        self.asked.append(call)
        return self.gates.pop(0)

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        self.asked.append(question)
        return self.answers.pop(0), "panel"


YES = Answer("approve", "panel")
NO = Answer("deny", "panel", reason="not now")


class Clock:
    """Seconds that pass only when a test says so, and one thousandth with each look."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def call(name: str, id: str = "", **arguments: Any) -> ToolCall:
    """A model's wish to use a tool."""
    return ToolCall(id, name, arguments)


@dataclass
class Stage:
    """A run that is about to start, and what is on it."""

    run: Run
    driver: Driver
    model: ScriptedModel
    seen: list[k.Entry]
    clock: Clock

    def drive(self) -> RunState:
        """Drive it to its end. Whatever was recorded is what the rules do: reading it again comes to the same state."""
        state = asyncio.run(self.driver.drive())
        assert self.replayed().state == state
        return state

    def replayed(self) -> Replayed:
        """Replay its record, without acting."""
        return asyncio.run(replay(self.run.id, list(self.run.log.read(self.run.id))))

    @property
    def stored(self) -> list[k.Event]:
        """The events of its log."""
        return [entry.event for entry in self.run.log.read(self.run.id)]

    @property
    def kinds(self) -> list[str]:
        """The kinds of the events of its log."""
        return [event.kind for event in self.stored]

    def told(self, n: int = -1) -> str:
        """What the model was told last by the tools, or in its n-th request."""
        return self.model.requests[n].messages[-1].text


def stage(
    replies: Iterable[Any],
    *,
    tools: Sequence[FunctionTool] = (),
    person: Person | None = None,
    mode: k.Mode = "ask",
    limits: k.Limits | None = None,
    plan_only: bool = False,
    namespace: Mapping[str, Any] | None = None,
    workspace: Path | None = None,
    grants: Sequence[k.Grant] = (),
    log: Log | None = None,
    run: str = "run1",
    mail: Mail | None = None,
    park_after: float | None = None,
    keeper: Any = None,
    policy: Policy = OPEN,
    agent: Callable[..., Any] | None = None,
    egress: Egress | None = None,
) -> Stage:
    """Set a run up, with the built-in tools and these; a hosted agent works on it, where there is one."""
    seen: list[k.Entry] = []
    clock = Clock()
    offered: dict[str, Tool] = {tool.spec.name: tool for tool in (*BUILT_IN, *tools)}
    model = ScriptedModel(replies)
    this = Run(log or MemoryLog(), run, (seen.append,), clock)
    shell = SimpleNamespace(user_ns=dict(namespace or {}), user_ns_hidden={})
    asking = Asking([person or Nobody("deny")])
    calls = Calls(this, offered, Host(shell, workspace or Path("/nowhere"), here, keeper=keeper, policy=policy), asking)
    started = k.RunStarted("the question", model.name, mode, limits or k.Limits(), tuple(offered), plan_only=plan_only)
    this.append(replace(started, agent="guest") if agent else started)
    this.append(k.ContextComposed((Message.of("system", "rules"), Message.of("user", "the question"))))
    for grant in grants:
        this.append(k.GrantGiven(grant))
    waiting = Waiting(asking, mail, park_after)
    return Stage(this, _driver(agent, this, lambda _: model, calls, waiting, egress=egress), model, seen, clock)


def _driver(agent: Callable[..., Any] | None, *args: Any, **more: Any) -> Driver:
    return Hosted(agent, *args, **more) if agent else Driver(*args, **more)


def resumed(
    left: Stage, replies: Iterable[Any], *, tools: Sequence[FunctionTool] = (), fresh: bool = True, **more: Any
) -> Stage:
    """The same run, taken up again by somebody who has only its log; in another kernel when it is ``fresh``."""
    person, mail, agent = more.pop("person", None), more.pop("mail", None), more.pop("agent", None)
    offered: dict[str, Tool] = {tool.spec.name: tool for tool in (*BUILT_IN, *tools)}
    model, seen = ScriptedModel(replies), list[k.Entry]()
    this = Run(left.run.log, left.run.id, (seen.append,), left.clock)
    this.catch_up()
    this.append(k.RunResumed("test", fresh), *interrupted(this.state, fresh))
    shell = SimpleNamespace(user_ns={}, user_ns_hidden={})
    asking = Asking([person or Nobody("deny")])
    calls = Calls(this, offered, Host(shell, Path("/nowhere"), here), asking)
    waiting = Waiting(asking, mail, more.pop("park_after", None))
    return Stage(this, _driver(agent, this, lambda _: model, calls, waiting, **more), model, seen, left.clock)


@tool(risk="low", effect="pure", where="loop")
async def look(what: str = "it") -> str:
    """Look at something."""
    return f"saw {what}"


@tool(risk="medium", effect="external", where="loop")
async def send(to: str) -> str:
    """Send something."""
    return f"sent to {to}"
