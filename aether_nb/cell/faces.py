"""How a run is shown where it was asked for, and through whom it can ask: a live panel, or what stands in for one.

Only here and in ``cell`` do the session and the widgets meet. What a person clicks or types goes to the run as a
command or as a signal; what happens in the run comes back as entries.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from aether_nb.agent.approvals import Policy
from aether_nb.agent.asking import Desk, Nobody, Person, Terminal
from aether_nb.agent.run import Watcher
from aether_nb.cell.clicks import WORDS, Said
from aether_nb.cell.still_faces import StillFace, TerminalFace, shown_by
from aether_nb.errors import AetherError, StoreError
from aether_nb.events.account import total
from aether_nb.events.kinds import Entry, Progress, QuestionAsked
from aether_nb.events.masking import known_keys
from aether_nb.live.bridge import Jobs
from aether_nb.live.capture import uncaptured
from aether_nb.live.fastlane import FastLane
from aether_nb.live.whereabouts import can_type
from aether_nb.session.conversation import Session
from aether_nb.widgets.approval import gate_lines, gate_text
from aether_nb.widgets.blocks import Card
from aether_nb.widgets.panel import Panel
from aether_nb.widgets.transcript import bundle, pictures

if TYPE_CHECKING:
    pass

__all__ = ["Face", "KernelFace", "face_of"]

PATIENCE = 1.5
"""Seconds for which the first gate waits for a view to say hello, before the keyboard or a policy is asked."""

GRACE = 30.0
"""Seconds after which a gate whose panel was taken away, by clearing or running the cell again, is answered with no."""

logger = logging.getLogger(__name__)


class Face(Protocol):
    """How a cell shows a run, and through whom the run can ask."""

    @property
    def watcher(self) -> Watcher:
        """Who is told of every entry."""

    def people(self, jobs: Jobs, policy: Policy) -> Sequence[Person]:
        """Whom the run may ask, in this order."""

    @property
    def display_id(self) -> str:
        """Under which the notebook keeps the picture; empty where it keeps none."""

    def close(self, broken_off: str) -> None:
        """Leave behind what the notebook keeps; ``broken_off`` says why a run has no end. On the main thread."""


def face_of(session: Session, run: str, again: Callable[[], None] | None = None, *, lines: bool = False) -> Face:
    """A panel where one can be drawn, a still picture in other notebooks, lines of text in terminals and consoles.

    Args:
        session: The notebook's.
        run: What is shown.
        again: Asks the same question again; None where that cannot be done.
        lines: Whether lines are wanted here, as where somebody follows from elsewhere.
    """
    if lines or not session.models.settings.panel:
        return TerminalFace(session.shell)
    shown = shown_by(session.shell, sys.modules, os.environ)
    if shown == "lines":
        return TerminalFace(session.shell, answer=getattr(session.shell, "kernel", None) is None)
    if shown == "picture":
        return StillFace(session, run)
    try:
        return KernelFace(session, run, again=again)
    except Exception:  # whatever is wrong with the widgets, the question is answered
        logger.exception("no panel could be made; the run is shown as a still picture")
        return StillFace(session, run)


class KernelFace:
    """The live panel in a notebook's cell.

    Args:
        session: The notebook's.
        run: What is shown.
        display_id: The place of the picture of a run that was parked; a new place when empty.
        again: Asks the same question again; None where that cannot be done.
    """

    def __init__(
        self, session: Session, run: str, display_id: str = "", again: Callable[[], None] | None = None
    ) -> None:
        self.session, self.kernel, self.again = session, session.shell.kernel, again
        self.said = Said(session, run)
        self.jobs: Jobs | None = None
        self.stopped = False
        self.patience = PATIENCE
        self.swaps_alone = False
        self.desk = Desk(self._seen, lambda: self.panel.wait_left(GRACE))
        choices, keys = session.models.choices(), known_keys(os.environ)
        self.panel = Panel(run, self._command, choices, _window, again=again is not None, keys=keys)
        self.panel.view.before = total(account for other, account in session.accounts.items() if other != run)
        self.comm_id = self.panel.comm_id
        self.lane = FastLane(self.kernel)
        self.lane.watch(self.comm_id, self._heard)
        self.apart = bool(display_id)  # no cell runs in which somebody could be asked to type
        self.display_id = display_id or f"aether-{run}-{secrets.token_hex(4)}"
        self.panel.display(self.display_id, again=bool(display_id))

    @property
    def watcher(self) -> Watcher:
        """The panel follows the log."""
        return self.panel.feed

    def people(self, jobs: Jobs, policy: Policy) -> Sequence[Person]:
        """Whoever looks at the panel, whoever can type, and a policy for the time when nobody is there."""
        self.jobs = jobs
        if self.stopped:
            jobs.stop()
        typing = not self.apart and can_type(self.session.shell)
        return (self.desk, Terminal(jobs.main, _typed, gate_text, typing, self._asked), Nobody(policy))

    @property
    def begun(self) -> bool:
        """Whether anything of the run was recorded."""
        return self.panel.view.started > 0

    def go_apart(self, jobs: Jobs) -> None:
        """Its cell ends, and the run goes on without it: whoever is to be asked is waited for."""
        self.apart, self.patience, self.swaps_alone = True, GRACE, True
        self.jobs = jobs
        if self.stopped:
            jobs.stop()

    def _asked(self, question: QuestionAsked) -> str:
        """A question as it is put where there is no panel to look at: with the whole call, when that is in doubt."""
        card = self.panel.view.blocks.get(f"c:{question.call_id}") if question.doubt else None
        return "\n".join([*gate_lines(card), question.text] if isinstance(card, Card) else [question.text])

    def close(self, broken_off: str) -> None:
        """Put the still picture in the panel's place."""
        self.session.accounts[self.panel.view.run] = self.panel.view.account
        self.session.watched = self.session.watched or self.panel.seen
        self.panel.close(lambda: self._kept(broken_off))
        if self.panel.over:
            self.lane.unwatch(self.comm_id)
        for picture in pictures(self.panel.view, only_new=True):
            self.session.shell.display_pub.publish(picture)

    def _heard(self, said: dict[str, Any]) -> None:
        """What a view says, also after the run: its last word, which ends the widget, comes by this way, too."""
        self.panel.receive(said, said["msg_id"])
        if self.panel.over:
            self.lane.unwatch(self.comm_id)

    def _kept(self, broken_off: str) -> Mapping[str, str]:
        try:
            with suppress(StoreError):  # then the run was broken off by that, and the picture says so
                self.panel.view.chain = self.session.store.chain.head(self.panel.view.run)
            return bundle(self.panel.view, broken_off=broken_off, keys=known_keys(os.environ))
        except Exception:  # a picture that cannot be drawn must not hide how the run ended; %aether show tries again
            logger.exception("the picture of run %s could not be drawn", self.panel.view.run)
            return {"text/plain": f"aether: %aether show {self.panel.view.run}"}

    async def _seen(self) -> bool:
        """Whether somebody looks, and can click now. Who has not appeared at the first gate is not waited for later."""
        if self.jobs is not None and self.jobs.held and not self.lane.while_busy:
            return False
        patience, self.patience = self.patience, 0.0
        return await self.panel.wait_seen(patience)

    def _command(self, command: Mapping[str, Any]) -> None:
        """A click; on any thread."""
        kind = command.get("type")
        if kind == "model":
            self._swap(str(command["name"]))
        elif kind in WORDS or kind in ("feedback", "drop"):
            self.session.thread.loop.call_soon_threadsafe(self._carry_out, command)
        elif kind == "again":
            if self.again is not None:
                self.again()
        elif kind != "stop":
            self.desk.command(command)
        elif self.jobs is not None:
            self.jobs.stop()
        else:
            self.stopped = True

    def _swap(self, name: str) -> None:
        """Let another model go on with the run; one that cannot be had is said in a line."""
        try:
            if self.swaps_alone:
                self.session.models.swap(self.panel.view.run, name)
            else:
                self.session.models.use(name, run=self.panel.view.run)
            chosen, said = name, f"{name} goes on from the next step."
        except AetherError as error:
            chosen, said = "", f"{error.what} {error.why}".strip()
        for tell in (partial(self.panel.choose, chosen), partial(self.note, said)):
            self.session.thread.loop.call_soon_threadsafe(tell)

    def _carry_out(self, command: Mapping[str, Any]) -> None:
        """Do what a click says; on the agent's loop."""
        if said := self.said(command):
            self.note(said)

    def note(self, said: str) -> None:
        """Say something in a line of the panel; on the agent's loop."""
        self.panel.feed(Entry(self.panel.view.run, 0, time.time(), Progress("", 0, note=said)))


def _window(model: str) -> int | None:
    """How many tokens the context of a model takes; None when nobody knows."""
    from aether_nb.models.catalogue.pricing import price_of

    provider, _, name = model.partition(":")
    price = price_of(provider, name)
    return price.context if price else None


def _typed(prompt: str) -> str:
    """What is typed into a box below the cell; JupyterLab leaves it there when it is not read any more."""
    try:
        return uncaptured(lambda: input(prompt))
    except KeyboardInterrupt:
        print("The box below is not read any more. Press Enter in it, so that other cells can be run.")
        raise
