"""``aether resume``: goes on with a run in a kernel of its own, and ends the kernel when the run ends or is parked.

What the run prints is printed here, and what it asks is asked here. A question that is answered elsewhere meanwhile is
taken back. It drives the kernel by its protocol and knows no event of a run.
"""

from __future__ import annotations

import re
import select
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty
from typing import Any

from aether_nb import verbs
from aether_nb.live.fresh_kernel import fresh_kernel

__all__ = ["ENDED", "go_on"]

QUIET = 0.15
"""Seconds without a message after which everything that was printed before a question has arrived."""

ENDED = 1
"""The exit code when the cell failed, or the kernel died."""

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def go_on(line: str, folder: Path, environment: Mapping[str, str], *, typing: bool) -> int:
    """Run ``%aether LINE`` in a fresh kernel of this very Python.

    Args:
        line: What is typed there.
        folder: Its working directory.
        environment: Variables that it has beside those of this process.
        typing: Whether somebody can answer here.

    Returns:
        0 when the cell ended well, else 1.
    """
    with fresh_kernel(folder, environment) as (manager, client):
        loaded = _Cell(manager, client, "%load_ext aether_nb", typing=False, show=False)
        return loaded.follow() or _Cell(manager, client, f"%aether {line}", typing=typing).follow()


class _Cell:
    """One cell on its way through the kernel.

    Args:
        manager: Owns the kernel's process.
        client: Talks to it.
        code: The cell.
        typing: Whether the kernel may ask.
        show: Whether what it prints is printed here.
    """

    def __init__(self, manager: Any, client: Any, code: str, *, typing: bool, show: bool = True) -> None:
        self.manager, self.client, self.show = manager, client, show
        self.id = client.execute(code, allow_stdin=typing)
        self.idle = False
        self.reply: Mapping[str, Any] | None = None

    def follow(self) -> int:
        """Follow it to its end; Ctrl-C is handed on, and stops the run."""
        while not (self.idle and self.reply):
            try:
                self._step()
            except KeyboardInterrupt:
                self.manager.interrupt_kernel()
            if not self.manager.is_alive():
                print("The kernel of this run has died. Nothing that was recorded is lost.", file=sys.stderr)
                return ENDED
        return 0 if self.reply["content"]["status"] == "ok" else ENDED

    def _step(self) -> None:
        self._heard(0.1)
        while self.client.shell_channel.msg_ready():
            message = self.client.get_shell_msg(timeout=1)
            if message["parent_header"].get("msg_id") == self.id:
                self.reply = message
        if self.client.stdin_channel.msg_ready():
            asked = self.client.get_stdin_msg(timeout=1)["content"]["prompt"]
            while self._heard(QUIET):
                pass  # all that was printed before the question stands before it
            answer = self._typed(verbs.in_terminal(asked))
            if answer is not None:
                self.client.input(answer)

    def _typed(self, prompt: str) -> str | None:
        """A line that is typed here; None when the run goes on without it: somebody else has answered."""
        print(prompt, end="", flush=True)
        if sys.platform == "win32":
            return _line()
        while not select.select([sys.stdin], [], [], 0)[0]:
            if self._heard(0.1, "\n") or self.idle:
                return None
        return _line()

    def _heard(self, seconds: float, before: str = "") -> bool:
        """Take in a message, if one comes in time; ``before`` is printed before what it says."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self.client.get_iopub_msg(timeout=left)
            except Empty:
                return False
            if message["parent_header"].get("msg_id") == self.id:
                return self._told(message["msg_type"], message["content"], before)
        return False

    def _told(self, kind: str, content: Mapping[str, Any], before: str) -> bool:
        self.idle = self.idle or content.get("execution_state") == "idle"
        if kind == "error":
            print(verbs.in_terminal(ESCAPES.sub("", "\n".join(content["traceback"]))), file=sys.stderr)
        elif kind == "stream" and self.show:
            print(before + verbs.in_terminal(content["text"]), end="", flush=True)
        return kind in ("error", "stream")


def _line() -> str:
    return sys.stdin.readline().rstrip("\n")
