"""How a run is shown where no panel can be: as lines of text, or as a still picture that is drawn again as it goes.

A terminal reads lines. A notebook that draws no widgets, or draws them badly, still shows outputs and their updates.
Both ask by ``input()``. Which front end it is, is told by what it says of itself (``shown_by``).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeAlias

from aether_nb.agent.approvals import Policy
from aether_nb.agent.asking import Nobody, Person, Terminal
from aether_nb.agent.run import Watcher
from aether_nb.errors import StoreError
from aether_nb.events.kinds import Entry
from aether_nb.events.masking import known_keys
from aether_nb.live.bridge import Jobs
from aether_nb.live.capture import uncaptured
from aether_nb.live.whereabouts import can_type
from aether_nb.session.conversation import Session
from aether_nb.widgets import paint
from aether_nb.widgets.approval import gate_text
from aether_nb.widgets.blocks import View
from aether_nb.widgets.console import Console
from aether_nb.widgets.plain import WIDTH
from aether_nb.widgets.transcript import bundle, pictures
from aether_nb.widgets.view import fold

__all__ = ["StillFace", "TerminalFace", "shown_by"]

Shown: TypeAlias = Literal["panel", "picture", "lines"]

DRAWN_EVERY = 1.0
"""Seconds between two pictures of a run that goes on: front ends that need them are slow to draw."""


def shown_by(shell: Any, modules: Mapping[str, Any], environment: Mapping[str, str]) -> Shown:
    """How a run is shown by the front end that has sent the running cell.

    Colab draws widgets of other cells and threads badly. A console has nothing to draw one with, and takes no updates:
    it is known by letting cells ask while neither a server nor a cell has a name. Runners let no cell ask.

    Args:
        shell: The IPython shell.
        modules: What is loaded: ``sys.modules``.
        environment: The kernel's variables.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return "lines"
    if "google.colab" in modules:
        return "picture"
    parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else {}
    named = (parent.get("metadata") or {}).get("cellId") or environment.get("JPY_SESSION_NAME")
    named = named or "__vsc_ipynb_file__" in shell.user_ns
    return "lines" if can_type(shell) and not named else "panel"


def _typed(prompt: str) -> str:
    return uncaptured(lambda: input(prompt))


def _line(prompt: str) -> str:
    """What is typed at a terminal; when nothing is, what is written next begins on a line of its own."""
    try:
        return _typed(prompt)
    except (EOFError, KeyboardInterrupt):
        print()
        raise


class TerminalFace:
    """The same run as lines of text, in colours where there are some.

    Args:
        shell: The IPython shell.
        answer: Whether the answer is one of the lines; not where it is shown as an output of its own.
    """

    display_id = ""

    def __init__(self, shell: Any, answer: bool = True) -> None:
        self.typing = can_type(shell)
        self.terminal = sys.stdout.isatty()
        self.colours = paint.coloured(self.terminal, os.environ)
        self.console = Console(self._write, known_keys(os.environ), self._drawn, answer=answer)

    @staticmethod
    def _write(text: str) -> None:
        print(text, end="", flush=True)

    def _drawn(self, line: str) -> list[str]:
        """A line as this terminal is wide, in its colours."""
        width = shutil.get_terminal_size((WIDTH + 1, 24)).columns - 1 if self.terminal else sys.maxsize
        lines = paint.fitted_line(line, width)
        return [*map(paint.painted, lines)] if self.colours else lines

    @property
    def watcher(self) -> Watcher:
        """Lines are written as things happen."""
        return self.console.feed

    def people(self, jobs: Jobs, policy: Policy) -> Sequence[Person]:
        """Whoever sits at the terminal, when somebody can type there."""
        return (Terminal(jobs.main, _line, lambda proposed: "", self.typing), Nobody(policy))

    def close(self, broken_off: str) -> None:
        """Everything has been said already."""


class StillFace:
    """A picture of the run, drawn again while it goes: no widget, and nothing to click.

    Args:
        session: The notebook's.
        run: What is shown.
    """

    def __init__(self, session: Session, run: str) -> None:
        self.session, self.view = session, View(run=run)
        self.jobs: Jobs | None = None
        self.typing = can_type(session.shell)
        self.display_id = f"aether-{run}-{secrets.token_hex(4)}"
        self._due: asyncio.TimerHandle | None = None
        self._drawing: asyncio.Task[None] | None = None
        self._show({"text/plain": f"aether: run {run}"}, again=False)

    @property
    def watcher(self) -> Watcher:
        """What happens is drawn in a moment, with what happens until then."""
        return self._feed

    def people(self, jobs: Jobs, policy: Policy) -> Sequence[Person]:
        """Whoever can type, and a policy for the time when nobody is there."""
        self.jobs = jobs
        return (Terminal(jobs.main, _typed, gate_text, self.typing), Nobody(policy))

    def close(self, broken_off: str) -> None:
        """Put the last picture in its place, and the figures that nothing has shown yet below it."""
        self.session.accounts[self.view.run] = self.view.account
        with suppress(StoreError):  # then the run was broken off by that, and the picture says so
            self.view.chain = self.session.store.chain.head(self.view.run)
        self._show(bundle(self.view, broken_off=broken_off, keys=known_keys(os.environ)))
        for picture in pictures(self.view, only_new=True):
            self.session.shell.display_pub.publish(picture)

    def _feed(self, entry: Entry) -> None:
        """Take in an entry; on the agent's loop."""
        if fold(self.view, entry) and self._due is None and self.view.outcome is None:
            self._due = asyncio.get_running_loop().call_later(DRAWN_EVERY, self._draw)

    def _draw(self) -> None:
        self._due = None
        if self.jobs is not None and self.view.outcome is None and (self._drawing is None or self._drawing.done()):
            self._drawing = asyncio.ensure_future(self._drawn(self.jobs))

    async def _drawn(self, jobs: Jobs) -> None:
        """Draw on the main thread, when it is free: while code runs there nothing is drawn."""
        await jobs.main(lambda: self._show(bundle(self.view, keys=known_keys(os.environ), going=True)))

    def _show(self, picture: Mapping[str, str], again: bool = True) -> None:
        from IPython.display import display

        show: Any = display
        show(dict(picture), raw=True, display_id=self.display_id, update=again)
