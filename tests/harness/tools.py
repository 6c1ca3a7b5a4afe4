"""A context for a tool that runs by itself, without a run around it."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aether_nb.events.kinds import Effect, Event, PlanItem, Risk
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Errand, Report, Result


@dataclass
class ToolContext:
    """What a tool is handed; it remembers what was emitted and asked."""

    workspace: Path = Path("/nowhere")
    namespace: dict[str, Any] = field(default_factory=dict)
    answer: str | None = None
    call_id: str = "c1"
    plan: tuple[PlanItem, ...] = ()
    made: tuple[str, ...] = ()
    emitted: list[Event] = field(default_factory=list)
    left: tuple[Any, ...] = ()
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    keeper: Any = None
    undo: Any = None
    knowledge: Any = None
    misled: bool = False
    risk: str = "medium"
    key: str = "key"
    effect: Effect = "namespace"
    notebook: Path | None = None
    permitted: tuple[Risk, ...] = ()
    errands: list[Errand] = field(default_factory=list)

    @property
    def shell(self) -> Any:
        return SimpleNamespace(user_ns=self.namespace, user_ns_hidden={})

    async def ask(self, text: str, options: tuple[str, ...] = ()) -> str | None:
        self.asked.append((text, options))
        return self.answer

    def allows(self, text: str, options: tuple[str, ...]) -> str | None:
        self.asked.append((text, options))
        return self.answer

    def permits(self, risk: Risk, path: str = "") -> bool:
        return risk in self.permitted

    def forbids(self, path: str = "", host: str = "") -> str:
        """No rule forbids anything."""
        return ""

    async def spawn(self, errand: Errand) -> Report:
        """Another agent that does as it is told, and says so."""
        self.errands.append(errand)
        return Report("child", "done" if "fail" not in errand.task else "failed", f"did: {errand.task}", "no luck")

    def emit(self, event: Event) -> None:
        self.emitted.append(event)

    def leave(self, outputs: tuple[Any, ...], events: tuple[Event, ...]) -> None:
        self.left = (outputs, events)

    async def main(self, function: Any) -> Any:
        value = function()
        return await value if inspect.isawaitable(value) else value


@dataclass
class Shelled(ToolContext):
    """A context with a real shell."""

    real: Any = None

    @property
    def shell(self) -> Any:
        return self.real


def use(tool: Any, context: ToolContext, **arguments: Any) -> Result:
    """Use a tool as a run does."""
    result: Result = asyncio.run(tool.run(tool.check(arguments), context))
    return result


def told(tool: Any, context: ToolContext, **arguments: Any) -> str:
    """What a model is told when it uses a tool."""
    return "".join(part.text for part in use(tool, context, **arguments).parts if isinstance(part, Text))


def assessed(tool: Any, context: ToolContext, **arguments: Any) -> Assessment:
    """What a tool says that a call could do."""
    found: Assessment = tool.assess(dict(tool.check(arguments)), context)
    return found
