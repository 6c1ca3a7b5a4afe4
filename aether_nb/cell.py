"""A question's way through one cell: the panel appears, the run goes, and what the notebook keeps is put in its place.

Only here do the session and the widgets meet. What a person clicks or types goes to the run as a command; what happens
in the run comes back as entries. Parsing what was typed is the business of ``magics``.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from aether_nb.agent.approvals import Policy
from aether_nb.agent.asking import Desk, Nobody, Person, Terminal
from aether_nb.agent.run import Watcher
from aether_nb.errors import AetherError, RunFailed
from aether_nb.events.kinds import Entry, Progress
from aether_nb.events.state import RunState
from aether_nb.live.bridge import Jobs, run_blocking, run_in_cell
from aether_nb.live.fastlane import FastLane
from aether_nb.live.whereabouts import can_type
from aether_nb.retelling import Replay, Work, ready, work
from aether_nb.session import Cell, Session
from aether_nb.widgets.approval import gate_text
from aether_nb.widgets.console import Console
from aether_nb.widgets.panel import Panel
from aether_nb.widgets.published import publishable
from aether_nb.widgets.transcript import bundle

__all__ = ["ask_blocking", "ask_in_cell"]

PATIENCE = 1.5
"""Seconds for which the first gate waits for a view to say hello, before the keyboard or a policy is asked."""

GRACE = 30.0
"""Seconds after which a gate whose panel was taken away, by clearing or running the cell again, is answered with no."""

logger = logging.getLogger(__name__)


async def ask_in_cell(session: Session, task: Work) -> RunState:
    """Work on a task from a native async cell.

    Raises:
        AetherError: It cannot be begun.
        RunFailed: The run came to a bad end; its card is already shown.
        RunStopped: The user stopped it.
    """
    task = ready(session, task)
    with _shown(session, task) as face:
        state: RunState = await run_in_cell(session.thread, lambda jobs: _work(session, task, face, jobs))
    return _delivered(session, task, state)


def ask_blocking(session: Session, task: Work) -> RunState:
    """Work on a task from a synchronous cell; the same, where nothing can be awaited."""
    task = ready(session, task)
    with _shown(session, task) as face:
        state = run_blocking(session.thread, lambda jobs: _work(session, task, face, jobs))
    return _delivered(session, task, state)


@contextmanager
def _shown(session: Session, task: Work) -> Iterator[Face]:
    """Show a run while it goes; whatever becomes of it, the notebook keeps a picture."""
    face = _face(session, task.run)
    try:
        yield face
    except BaseException as error:
        face.close(str(error))
        raise
    face.close("")


async def _work(session: Session, task: Work, face: Face, jobs: Jobs) -> RunState:
    people = face.people(jobs, session.models.settings.approve)
    return await work(session, task, Cell(jobs.main, people, face.watcher))


class Face(Protocol):
    """How a cell shows a run, and through whom the run can ask."""

    @property
    def watcher(self) -> Watcher:
        """Who is told of every entry."""

    def people(self, jobs: Jobs, policy: Policy) -> Sequence[Person]:
        """Whom the run may ask, in this order."""

    def close(self, broken_off: str) -> None:
        """Leave behind what the notebook keeps; ``broken_off`` says why a run has no end. On the main thread."""


def _face(session: Session, run: str) -> Face:
    """A panel where there is a kernel, lines of text where there is a terminal, or where no panel can be made."""
    if getattr(session.shell, "kernel", None) is None:
        return TerminalFace(can_type(session.shell))
    try:
        return KernelFace(session, run)
    except Exception:  # whatever is wrong with the widgets, the question is answered
        logger.exception("no panel could be made; the run is shown as text")
        return TerminalFace(can_type(session.shell))


class KernelFace:
    """The live panel in a notebook's cell."""

    def __init__(self, session: Session, run: str) -> None:
        self.session, self.kernel = session, session.shell.kernel
        self.jobs: Jobs | None = None
        self.stopped = False
        self.patience = PATIENCE
        self.desk = Desk(self._seen, lambda: self.panel.wait_left(GRACE))
        self.panel = Panel(run, self._command, session.models.choices())
        self.comm_id = self.panel.comm_id
        self.lane = FastLane(self.kernel)
        self.lane.watch(self.comm_id, lambda said: self.panel.receive(said, said["msg_id"]))
        self.panel.display(f"aether-{run}-{secrets.token_hex(4)}")

    @property
    def watcher(self) -> Watcher:
        """The panel follows the log."""
        return self.panel.feed

    def people(self, jobs: Jobs, policy: Policy) -> Sequence[Person]:
        """Whoever looks at the panel, whoever can type, and a policy for the time when nobody is there."""
        self.jobs = jobs
        if self.stopped:
            jobs.stop()
        return (self.desk, Terminal(jobs.main, input, gate_text, can_type(self.session.shell)), Nobody(policy))

    def close(self, broken_off: str) -> None:
        """Put the still picture in the panel's place."""
        self.lane.unwatch(self.comm_id)
        self.panel.close(self._kept(broken_off))

    def _kept(self, broken_off: str) -> Mapping[str, str]:
        try:
            self.panel.view.chain = self.session.store.chain.head(self.panel.view.run)
            return bundle(self.panel.view, broken_off=broken_off)
        except Exception:  # a picture that cannot be drawn must not hide how the run ended; %aether show tries again
            logger.exception("the picture of run %s could not be drawn", self.panel.view.run)
            return {"text/plain": f"aether: %aether show {self.panel.view.run}"}

    async def _seen(self) -> bool:
        """Whether somebody looks. Who has not appeared at the first gate is not waited for at the next."""
        patience, self.patience = self.patience, 0.0
        return await self.panel.wait_seen(patience)

    def _command(self, command: Mapping[str, Any]) -> None:
        """A click; on any thread."""
        if command.get("type") == "model":
            self._swap(str(command["name"]))
        elif command.get("type") != "stop":
            self.desk.command(command)
        elif self.jobs is not None:
            self.jobs.stop()
        else:
            self.stopped = True

    def _swap(self, name: str) -> None:
        """Let another model go on with the run; one that cannot be had is said in a line."""
        try:
            self.session.models.use(name)
            chosen, said = name, f"{name} goes on from the next step."
        except AetherError as error:
            chosen, said = "", f"{error.what} {error.why}".strip()
        view = self.panel.view
        entry = Entry(view.run, 0, time.time(), Progress("", 0, note=said))
        for tell in (partial(self.panel.choose, chosen), partial(self.panel.feed, entry)):
            self.session.thread.loop.call_soon_threadsafe(tell)


class TerminalFace:
    """The same run as lines of text."""

    def __init__(self, typing: bool) -> None:
        self.typing = typing
        self.console = Console(lambda text: print(text, end="", flush=True))

    @property
    def watcher(self) -> Watcher:
        """Lines are written as things happen."""
        return self.console.feed

    def people(self, jobs: Jobs, policy: Policy) -> Sequence[Person]:
        """Whoever sits at the terminal, when somebody can type there."""
        return (Terminal(jobs.main, input, lambda proposed: "", self.typing), Nobody(policy))

    def close(self, broken_off: str) -> None:
        """Everything has been said already."""


def _delivered(session: Session, task: Work, state: RunState) -> RunState:
    """Put the answer below as an ordinary output.

    Raises:
        RunFailed: There is none, because the run failed; one that failed long ago and is only shown is no failure now.
    """
    ended, read = state.ended, isinstance(task, Replay) and task.mode != "live"
    if isinstance(task, Replay) and task.json:
        print(json.dumps(task.told, indent=2))
    if ended is not None and ended.outcome == "failed" and not read:
        raise RunFailed(ended.what, ended.why, ended.hint or f"%aether trace {state.run}")
    if state.answer and getattr(session.shell, "kernel", None) is not None:
        session.shell.display_pub.publish({"text/markdown": publishable(state.answer), "text/plain": state.answer})
    return state
