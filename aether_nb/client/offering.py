"""The tools that a program hands over, and by which right a model may use them.

A function that a program gives to a client is there to be called: that is a yes for every call of it. What somebody
declared to be of high risk still needs a yes of its own, from ``approve``. So does a function of which nobody has said
how risky it is, once data of the run reads like an order.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from aether_nb import registry
from aether_nb.agent.approvals import covering
from aether_nb.agent.asking import Answer
from aether_nb.agent.calls import Host
from aether_nb.client.checks import plainly
from aether_nb.errors import OptionError
from aether_nb.events.kinds import Grant, Progress, QuestionAsked
from aether_nb.events.state import Call
from aether_nb.live.threads import Threads
from aether_nb.tools.base import Tool
from aether_nb.tools.function import FunctionTool, declare

if TYPE_CHECKING:
    from aether_nb.agent.run import Run
    from aether_nb.live.undo import RunPoints

__all__ = ["Approve", "Offered", "Program", "gathered", "grants", "host", "registered"]

T = TypeVar("T")

Offered: TypeAlias = "Tool | Callable[..., Any] | str"
"""A tool, a function, or the name of a registered tool."""

Approve: TypeAlias = Callable[[str, Mapping[str, Any], tuple[str, ...]], bool | Awaitable[bool]]
"""Says yes or no to a call: the tool's name, its arguments, and the reasons for asking."""

THREADS = Threads(64, "aether-tool")
"""Where plain functions run; none is started before the first."""

logger = logging.getLogger(__name__)


def gathered(offered: Iterable[Offered]) -> dict[str, Tool]:
    """The tools by their names; later ones win.

    Raises:
        OptionError: Something is no tool, or no tool is registered by that name.
    """
    if isinstance(offered, str | bytes) or not isinstance(offered, Iterable):
        hint = "Give a list, for example tools=[my_function]"
        raise OptionError(f"tools= cannot be {plainly(offered)}.", hint=hint)
    tools = (_tool(each) for each in offered)
    return {tool.name if isinstance(tool, FunctionTool) else tool.spec.name: tool for tool in tools}


def registered() -> dict[str, Tool]:
    """The tools that somebody registered; those of the house are for notebooks."""
    return registry.added("tool")


def grants(tools: Mapping[str, Tool]) -> list[Grant]:
    """The program's yes to the tools that it hands over; it does not cover what was declared to be of high risk.

    No yes that was given before covers high risk once data of the run reads like an order: see ``approvals.decide``.
    """
    return [
        Grant(f"program-{name}", name, "tool", "medium" if _judged(tool) else "high", "run", "the program")
        for name, tool in tools.items()
    ]


def host(undo: RunPoints | None = None) -> Host:
    """What such tools are handed: no notebook, the working directory, and threads for plain functions.

    Args:
        undo: Where what they say that they change is kept, so that the program can take it back.
    """
    return Host(None, Path.cwd(), _beside, parallel=True, undo=undo)


@dataclass(frozen=True)
class Program:
    """Who is asked about a call: the program's ``approve``; without one the answer is no.

    Whoever watches the run, and the log of the program, are told what was refused because there is no such function, or
    because it failed.

    Args:
        says: The program's function; a plain one is called on a thread of its own.
        run: Whose calls these are.
    """

    says: Approve | None
    run: Run

    async def present(self) -> bool:
        """A program is always there."""
        return True

    async def approve(self, call: Call) -> Answer:
        """What the program says."""
        if self.says is None:
            return self._refused(call)
        reasons = (*call.proposed.reasons, *([self._misled] if self._misled else []))
        says, asked = self.says, (call.name, dict(call.proposed.call.arguments), reasons)
        try:
            yes = await (says(*asked) if inspect.iscoroutinefunction(says) else _beside(lambda: says(*asked)))
        except (Exception, SystemExit) as error:  # whoever cannot say yes has not said yes
            logger.exception("approve= failed")
            self._note(f"{call.name} was refused: approve= raised {type(error).__name__}: {error}")
            return Answer("deny", "program", reason="the program could not decide")
        return Answer("approve" if yes is True else "deny", "program", reason="" if yes is True else "the program")

    async def answer(self, question: QuestionAsked) -> tuple[str | None, str]:
        """A program answers no questions."""
        return None, "program"

    @property
    def _misled(self) -> str:
        """Why no yes from before covers high risk in this run; empty when one does."""
        found = self.run.state.found
        return f"data of this run reads like an order: {'; '.join(found[0].signs)}" if found else ""

    def _refused(self, call: Call) -> Answer:
        """The no to a call, with its cause: what it is declared to be, or data where the program's yes covers it."""
        why, hint = "it is declared high risk", "Give the client approve= to decide about it."
        if self._misled and covering(call.proposed, self.run.state.grants) is not None:
            why, hint = self._misled, f'Declare how risky it is, as @tool(risk="low", effect="pure"). {hint}'
            hint = f"It says: {self.run.state.found[0].excerpt!r}. {hint}"
        self._note(f"{call.name} was refused: {why}. {hint}")
        return Answer("deny", "program", reason=f"{why}, and nobody is there to approve it")

    def _note(self, text: str) -> None:
        logger.warning(text)
        self.run.append(Progress("", 0, note=text))


def _tool(offered: Offered) -> Tool:
    if isinstance(offered, str):
        if offered not in (known := registered()):
            there = f"There are: {', '.join(sorted(known)) or 'none yet'}."
            raise OptionError(f"No tool is registered as '{offered}'.", there, "Register it: register_tool(function)")
        offered = known[offered]
    if isinstance(offered, Tool):
        return offered
    if callable(offered) and hasattr(offered, "__name__") and not isinstance(offered, type):
        return declare()(offered)
    raise OptionError(
        f"{plainly(offered)} in tools= is no tool.",
        hint="Give a function, a function under @tool, or a registered name.",
    )


def _judged(tool: Tool) -> bool:
    """Whether somebody said of this tool how risky its calls are."""
    return not isinstance(tool, FunctionTool) or tool.judge is not None or tool.declared


async def _beside(function: Callable[[], T | Awaitable[T]]) -> T:
    """Run a plain function on a thread, with the caller's context variables; what it returns is awaited here.

    Raises:
        RuntimeError: It raised a KeyboardInterrupt: Ctrl-C comes to the main thread, so nobody has pressed it.
    """
    try:
        value = await THREADS.run(function)
    except KeyboardInterrupt as error:
        raise RuntimeError("it raised KeyboardInterrupt") from error
    return await value if inspect.isawaitable(value) else value
