"""A context for a tool that runs by itself, without a run around it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aether_nb.events.kinds import Effect, Event, PlanItem


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
    risk: str = "medium"
    key: str = "key"
    effect: Effect = "namespace"

    @property
    def shell(self) -> Any:
        return SimpleNamespace(user_ns=self.namespace, user_ns_hidden={})

    async def ask(self, text: str, options: tuple[str, ...] = ()) -> str | None:
        self.asked.append((text, options))
        return self.answer

    def emit(self, event: Event) -> None:
        self.emitted.append(event)

    def leave(self, outputs: tuple[Any, ...], events: tuple[Event, ...]) -> None:
        self.left = (outputs, events)

    async def main(self, function: Any) -> Any:
        value = function()
        return await value if inspect.isawaitable(value) else value
