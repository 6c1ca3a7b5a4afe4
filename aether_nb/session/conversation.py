"""The conversation of one notebook: what it owns, and who may go on with which of its runs.

A session owns the agent's thread, the log, the earlier turns, what can be taken back and the yeses that last. How a run
is driven is the business of ``driving``: it is imported once the first run is shown, and with it the tools. A session
knows neither the widgets nor the magics.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb.agent.granting import Grants
from aether_nb.agent.remembering import Occurrences
from aether_nb.errors import UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.account import Account
from aether_nb.events.ruling import Policy
from aether_nb.live.bridge import AgentThread
from aether_nb.live.mentions.failures import Failures
from aether_nb.session.background import Line
from aether_nb.session.serving import Serving
from aether_nb.session.tasks import Cell
from aether_nb.session.waking import Sleepers
from aether_nb.session.yeses import Yeses
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store
from aether_nb.tools.mcp.servers import Servers, no_servers

if TYPE_CHECKING:
    from aether_nb.agent.profiles import Profile
    from aether_nb.live.undo import Points
    from aether_nb.session.hooked import Hooked
    from aether_nb.session.knowing import Knowing
    from aether_nb.tools.base import Tool
    from aether_nb.tools.skills.finding import Found

__all__ = ["Session"]

LEAVING = 15.0
"""Seconds for which the end of a kernel waits for hooks of its end."""


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
    touched: set[str] = field(default_factory=set)
    """The variables that runs of this kernel have made or changed, whatever became of those runs."""
    last: str = ""
    unasked: float = 2.0
    """Seconds for which a run that is taken up waits where nobody can be asked: enough to hear what was said before."""
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
        self.sleepers = Sleepers(self.store, self.sealer, lambda: self.busy, lambda work: self.thread.submit(work))
        self.line = Line(lambda: self.models.settings.background)

    @cached_property
    def knowing(self) -> Knowing:
        """What is known beside the notebook."""
        from aether_nb.session.knowing import Knowing

        return Knowing.of(self.models, self.workspace, lambda: self.store.log)

    @cached_property
    def hooked(self) -> Hooked:
        """Who may alter and refuse what happens in its runs."""
        from aether_nb.session.hooked import Hooked

        atexit.register(self.leave)  # most kernels end without a word
        return Hooked(lambda: self.workspace)

    def leave(self) -> None:
        """Tell the hooks that the conversation is over, once."""
        atexit.unregister(self.leave)
        self.hooked.close(lambda work: self.thread.submit(work).result(timeout=LEAVING))

    @cached_property
    def points(self) -> Points:
        """What can be taken back in this kernel."""
        from aether_nb.live.undo import Points

        return Points()

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
        if "hooked" in vars(self):
            self.leave()
        if "knowing" in vars(self):
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
        from aether_nb.agent.offering import narrowed
        from aether_nb.tools.skills.opening import opener
        from aether_nb.tools.toolbox import toolbox

        more = (*self.knowing.tools(started).values(), *self.servers.tools().values())
        policy = self.policy_of(started)
        every = (opener(lambda: self.skills().skills), *more)
        found = toolbox(self.shell.user_ns, started, policy, every, self.models.settings.mcp_tools)
        # Before a run is frozen no tools are all of them; afterwards, when it has versions, they are none.
        fewer = started is not None and (started.parent or (started.profile and (started.tools or started.versions)))
        return narrowed(found, started.tools) if started and fewer else found

    def skills(self) -> Found:
        """The skills that a run may open now."""
        from aether_nb.tools.skills.finding import find_skills

        return find_skills(self.workspace, self.shell.user_ns, self.models.settings.trust_skills)

    def profile(self, name: str) -> Profile:
        """The profile of that name; a project's counts where the user trusts it.

        Raises:
            OptionError: There is none.
        """
        from aether_nb.agent.profiles import find_profile

        return find_profile(name, *self.profile_places())

    def profile_places(self) -> tuple[Path, Path | None]:
        """The folder of the user's own settings, and that of the project where the user trusts it."""
        from aether_nb.config import own_file
        from aether_nb.tools.skills.finding import trusts

        trusted = trusts(self.workspace, self.models.settings.trust_skills)
        return own_file().parent, self.workspace if trusted else None

    def policy_of(self, started: k.RunStarted | None) -> Policy:
        """The user's rules about calls, and those of the profile by which a run works."""
        policy = self.models.settings.policy(self.workspace)
        return policy.narrowed(started.deny, started.ask, started.profile) if started is not None else policy

    def turn(self, cell: Cell) -> AbstractAsyncContextManager[object]:
        """Wait until nothing else is worked on; a run for which no cell waits goes on beside the others."""
        return nullcontext() if cell.background else self.working

    def note_touched(self, entry: k.Entry) -> None:
        """Learn from a run at work which variables it changes: what begins beside it or after it has to know."""
        if isinstance(entry.event, k.NamespaceChanged):
            self.touched.update(change.name for change in entry.event.changes)

    def prior(self, cell: str) -> tuple[k.Turn, ...]:
        """The earlier turns that a question from this cell sees; its own is replaced."""
        return tuple(turn for other, turn in self.turns.items() if not cell or cell != other)
