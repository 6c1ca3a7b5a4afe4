"""Cells in a kernel of their own, or in one that runs already, followed from a terminal.

What a cell prints is printed here, and what it asks is asked here. A question that is answered elsewhere meanwhile is
taken back. It drives the kernel by its protocol and knows no event of a run.
"""

from __future__ import annotations

import re
import select
import sys
import time
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty
from typing import Any

from aether_nb.errors import UsageFault
from aether_nb.live.fresh_kernel import fresh_kernel

__all__ = ["ENDED", "Screen", "in_a_kernel", "kernel_file", "text_in"]

QUIET = 0.15
"""Seconds without a message after which everything that was printed before a question has arrived."""

WAIT = 20
"""Seconds for which a kernel that runs already may be busy."""

END = "\x04"
"""What a front end sends where its input has ended (Ctrl-D): the kernel's ``input()`` then raises EOFError."""

ENDED = 1
"""The exit code when the cell failed, or the kernel died."""

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Screen:
    """Where a cell is followed.

    Args:
        typing: Whether somebody can answer here.
        show: Whether what a cell prints is printed here.
        said: Gives a text that names commands as they are typed here.
        stopped: Whether nobody follows it any more: then its kernel is ended, and its run can be resumed.
        failed: Is given what is printed of a cell's error.
    """

    typing: bool = False
    show: bool = True
    said: Callable[[str], str] = str
    stopped: Callable[[], bool] = bool
    failed: Callable[[str], object] = str


LOAD = "%load_ext aether_nb"

SESSION = "get_ipython().aether_magics.session"


def in_a_kernel(
    cells: Sequence[str], folder: Path, environment: Mapping[str, str], screen: Screen, existing: str = ""
) -> int:
    """Run cells, of which only the last may ask and print, one after the other until one fails.

    Args:
        cells: Their code; the extension is loaded before the first.
        folder: The working directory of a fresh kernel.
        environment: Variables that a fresh kernel has beside those of this process.
        screen: Where they are followed.
        existing: The file by which a kernel that runs already is reached, or a part of its name; a fresh one, which
            ends with the last cell, when it is empty.

    Returns:
        0 when all of them ended well, else 1.

    Raises:
        UsageFault: There is no such kernel.
    """
    quiet = replace(screen, typing=False, show=False)
    with running_kernel(existing) if existing else fresh_kernel(folder, environment) as (manager, client):
        for code in (LOAD, *cells[:-1]):
            if failed := _Cell(manager, client, code, quiet).follow():
                return failed
        return _Cell(manager, client, cells[-1], screen).follow()


def text_in(kernel: str, expression: str) -> str:
    """A text that a kernel which runs already gives for an expression about its session, which is called ``session``.

    Args:
        kernel: Its connection file.
        expression: What is wanted; it must be a text.

    Raises:
        UsageFault: There is no such kernel, it is busy, or it has none.
    """
    asked = f"(lambda session: {expression})({SESSION})"
    with running_kernel(kernel) as (_, client):
        try:
            reply = client.execute("", silent=True, user_expressions={"value": asked}, reply=True, timeout=WAIT)
        except TimeoutError as error:
            raise UsageFault(f"The kernel of {kernel} does not answer.", "It is busy with something else.") from error
    found = reply["content"].get("user_expressions", {}).get("value", {})
    if found.get("status") != "ok":
        raise UsageFault(f"The kernel of {kernel} cannot say it.", str(found.get("evalue", "")))
    return str(literal_eval(found["data"]["text/plain"]))


def kernel_file(name: str) -> str:
    """The connection file of a kernel that runs already.

    Args:
        name: That file, or a part of its name; ``existing`` is the one that was used last.

    Raises:
        UsageFault: There is none.
    """
    from jupyter_client.connect import find_connection_file

    try:
        return str(find_connection_file("kernel-*.json" if name == "existing" else name))
    except OSError as error:
        why = "A kernel writes a file when it starts, and takes it away when it ends."
        raise UsageFault(f"There is no kernel {name!r}.", why, "jupyter lab, then --kernel existing") from error


@contextmanager
def running_kernel(name: str) -> Iterator[tuple[Any, Any]]:
    """A kernel that somebody else has started, as its manager and its client; it goes on running afterwards.

    Args:
        name: As for ``kernel_file``.

    Raises:
        UsageFault: There is none, or it does not answer.
    """
    from jupyter_client.blocking.client import BlockingKernelClient

    file = kernel_file(name)
    client: Any = BlockingKernelClient(connection_file=file)
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=WAIT)
    except RuntimeError as error:
        client.stop_channels()
        raise UsageFault(f"The kernel of {file} does not answer.", "It may be busy, or gone.", "") from error
    try:
        yield _Elsewhere(client), client
    finally:
        client.stop_channels()


@dataclass(frozen=True)
class _Elsewhere:
    """A kernel whose process is not ours, in the place of its manager."""

    client: Any

    def is_alive(self) -> bool:
        """Whether its heart beats."""
        return bool(self.client.is_alive())

    def interrupt_kernel(self) -> None:
        """Ask it to stop the cell, by a message."""
        message = self.client.session.msg("interrupt_request", content={})
        self.client.control_channel.send(message)


class _Cell:
    """One cell on its way through the kernel.

    Args:
        manager: Owns the kernel's process.
        client: Talks to it.
        code: The cell.
        screen: Where it is followed.
    """

    def __init__(self, manager: Any, client: Any, code: str, screen: Screen) -> None:
        self.manager, self.client, self.screen = manager, client, screen
        self.id = client.execute(code, allow_stdin=screen.typing)
        self.idle = False
        self.reply: Mapping[str, Any] | None = None

    def follow(self) -> int:
        """Follow it to its end; Ctrl-C is handed on, and stops the run."""
        while not (self.idle and self.reply):
            if self.screen.stopped():
                return ENDED
            try:
                self._step()
            except KeyboardInterrupt:
                self.manager.interrupt_kernel()
            if not self.manager.is_alive():
                self._failed("The kernel of this run has died. Nothing that was recorded is lost.")
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
            answer = self._typed(self.screen.said(asked))
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
            self._failed(self.screen.said(ESCAPES.sub("", "\n".join(content["traceback"]))))
        elif kind == "stream" and self.screen.show:
            print(before + self.screen.said(content["text"]), end="", flush=True)
        return kind in ("error", "stream")

    def _failed(self, said: str) -> None:
        print(said, file=sys.stderr)
        self.screen.failed(said)


def _line() -> str:
    """What is typed, up to Enter; at the end of input the sign by which a kernel knows it."""
    line = sys.stdin.readline()
    return line.removesuffix("\n") if line else END
