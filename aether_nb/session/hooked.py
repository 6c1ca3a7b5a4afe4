"""Which hooks a conversation has, and when it begins and ends for them: the same for a notebook and for a program.

Looked at with every run, so that one of a cell, or a line in ``aether.toml``, counts from the next run on. What they
may do to a run is the business of the agent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aether_nb.agent.egress import Rules
from aether_nb.agent.hook_answers import left
from aether_nb.agent.hook_commands import Command, Places, commands
from aether_nb.agent.hooking import Hooking
from aether_nb.agent.hooks import Hook, registered
from aether_nb.agent.run import Run
from aether_nb.config import FILE, own_file, tables
from aether_nb.errors import ConfigError
from aether_nb.events.kinds import Progress
from aether_nb.tools.agreeing.agreed import Agreements

__all__ = ["AGREED", "Hooked"]

logger = logging.getLogger(__name__)

AGREED = "hooks.json"
"""The file beside one's own settings that keeps what was agreed to."""


@dataclass
class Hooked:
    """The hooks of one conversation.

    Args:
        workspace: Says in which folder it is held.
    """

    workspace: Callable[[], Path]
    begun: bool = False
    """Whether something was asked."""
    runs: int = 0
    """How many runs there were."""
    told: set[str] = field(default_factory=set)
    """The commands of the project of which it was said that nobody has agreed to them."""

    @property
    def agreements(self) -> Agreements:
        """What the user has said about commands."""
        return Agreements(own_file().parent, self.workspace(), AGREED)

    def commands(self) -> list[Command]:
        """The hooks of files.

        Raises:
            ConfigError: A file cannot be read.
        """
        folder = self.workspace()
        own, project = tables(folder, "hooks")
        if not own and not project:
            return []
        mine = own_file()
        return commands(Places(folder, self.agreements, own, project, mine.parent, str(mine), str(folder / FILE)))

    def within(self, run: Run, rules: Rules, *, tools_only: bool = False) -> Hooking | None:
        """Those of one run; None where there are none.

        Args:
            run: The run.
            rules: What of the data may leave.
            tools_only: No model is asked: replies come from a record.
        """
        commands = self.commands()
        found = _called(commands)
        if tools_only:
            found = [hook for hook in found if hook.event.endswith("_tool")]
        unasked = [one.hook.name for one in commands if one.say == "unasked" and one.hook.what]
        return Hooking(found, run, rules, unasked) if found or unasked else None

    async def open(self, run: Run, hooks: Hooking | None) -> None:
        """The first question begins the conversation; a hook may add to it, or refuse it: then the run has ended.

        That the project wants commands to be run of which the user has said nothing is said, once.
        """
        if new := [name for name in (hooks.unasked if hooks else ()) if name not in self.told]:
            self.told |= set(new)
            note = f"This project defines hooks that nobody has agreed to: {', '.join(new)}. See them: %aether hooks"
            run.append(Progress("", 0, note=note))
        first, self.begun = not self.begun and run.state.steps == 0, True
        self.runs += 1
        if not first or hooks is None:
            return
        async for said in hooks.opened():
            run.append(*said) if isinstance(said, tuple) else run.append(said)
        self.begun = run.state.ended is None  # what was refused has not begun: the next question is asked about, too

    def close(self, run: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """The conversation is left; ``run`` awaits something."""
        if self.begun and (hooks := self._ending()):
            run(self._left(hooks))
        self.begun = False

    async def aclose(self) -> None:
        """The same, awaited."""
        if self.begun and (hooks := self._ending()):
            await self._left(hooks)
        self.begun = False

    def _ending(self) -> list[Hook]:
        """Those of the end. A file of settings that is gone or broken by now is no reason to end with an error."""
        try:
            commands = self.commands()
        except ConfigError as error:
            commands = []
            logger.warning("hooks of files are not told that the conversation ends: %s", error.what)
        return [hook for hook in _called(commands) if hook.event == "session_end"]

    async def _left(self, hooks: list[Hook]) -> None:
        runs, self.runs = self.runs, 0
        await left(hooks, {"workspace": str(self.workspace()), "runs": runs})


def _called(commands: Iterable[Command]) -> list[Hook]:
    """Those that are called: of these commands, and of what was registered."""
    return [hook for hook in (*(one.hook for one in commands), *registered()) if not hook.unused]
