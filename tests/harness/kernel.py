"""Real kernels of any environment, driven by the protocol: run cells, click, interrupt, and see what came of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Self

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

HANG = 20.0
"""Seconds after which something that should have happened long ago never will."""


@dataclass
class Cell:
    """A cell that was sent, and what has come back for it so far."""

    msg_id: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] | None = None
    idle: bool = False

    @property
    def ended(self) -> bool:
        """Whether the reply and the idle status are there: nothing more will come."""
        return self.reply is not None and self.idle

    @property
    def status(self) -> str:
        """``ok``, ``error`` or ``aborted``."""
        assert self.reply is not None, "the cell has not been answered"
        return str(self.reply["content"]["status"])

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The contents of all iopub messages of a kind."""
        return [message["content"] for message in self.messages if message["msg_type"] == kind]

    def text(self, stream: str = "stdout") -> str:
        """What was printed."""
        return "".join(content["text"] for content in self.of("stream") if content["name"] == stream)

    @property
    def error(self) -> str:
        """The name of the error the cell showed, or empty."""
        return next((str(content["ename"]) for content in self.of("error")), "")


def interpreter(request: pytest.FixtureRequest) -> Path:
    """The Python that a fixture's parameter means: ``now`` is this one, ``six`` that of the one with ipykernel 6."""
    found: Path = Path(sys.executable) if request.param == "now" else request.getfixturevalue("kernel6")
    return found


def shown(cell: Cell, mime: str = "text/plain") -> str:
    """What the cell shows in the end, updates applied, in one text."""
    outputs: dict[str, dict[str, Any]] = {}
    for message in cell.messages:
        content = message["content"]
        if message["msg_type"] in ("display_data", "update_display_data"):
            id = content.get("transient", {}).get("display_id") or f"#{len(outputs)}"
            if message["msg_type"] == "display_data" or id in outputs:
                outputs[id] = content["data"]
    return "\n".join(str(data.get(mime, "")) for data in outputs.values())


def comms(cell: Cell) -> list[str]:
    """The comms of the panels that a cell has opened."""
    return [m["comm_id"] for m in cell.of("comm_open") if "_esm" in str(m["data"]) or "_anywidget_id" in str(m["data"])]


class Kernel:
    """A kernel of the environment that ``python`` belongs to. A context: it is shut down at the end."""

    def __init__(self, python: Path, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        self._manager = KernelManager()
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self._manager._kernel_spec = KernelSpec(argv=argv, display_name="test", language="python")
        # The notebook's own default, which a test run's environment may have replaced.
        backend = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        named = {"JPY_SESSION_NAME": "a notebook"}  # as a Jupyter server does: whoever sends cells is no console
        self._environment = {**os.environ, **backend, **named, **(environment or {})}
        self._folder = folder
        self._cells: dict[str, Cell] = {}
        self.sent: dict[str, list[dict[str, Any]]] = {}
        """What each comm was sent, whoever it is told to belong to."""
        self.client: BlockingKernelClient

    def __enter__(self) -> Self:
        self._manager.start_kernel(env=self._environment, cwd=str(self._folder or Path.cwd()))
        self.client = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    @property
    def alive(self) -> bool:
        """Whether the kernel's process lives."""
        return bool(self._manager.is_alive())

    def send(self, code: str, **more: Any) -> Cell:
        """Send a cell, without waiting for anything."""
        cell = Cell(self.client.execute(code, **{"allow_stdin": False, **more}))
        self._cells[cell.msg_id] = cell
        return cell

    def run(self, code: str, **more: Any) -> Cell:
        """Run a cell to its end."""
        cell = self.send(code, **more)
        self.finish(cell)
        return cell

    def finish(self, *cells: Cell) -> None:
        """Wait for the end of all these cells."""
        self.until(lambda: all(cell.ended for cell in cells), "the end of the cells", cells)

    def printed(self, cell: Cell, text: str) -> None:
        """Wait until the cell has printed this."""
        self.until(lambda: text in cell.text(), f"{text!r} to be printed", [cell])

    def click(self, comm_id: str, content: Mapping[str, Any]) -> str:
        """Send a custom message to a comm, as a panel does. Returns the message's id."""
        data = {"method": "custom", "content": dict(content)}
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def interrupt(self) -> None:
        """Press Stop: SIGINT at the kernel's process."""
        self._manager.interrupt_kernel()

    def wait(self, seconds: float) -> None:
        """Take in what arrives for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._receive()

    def until(self, holds: Callable[[], bool], what: str, cells: Iterable[Cell] = ()) -> None:
        """Take in what arrives until something holds.

        Args:
            holds: Whether it does.
            what: What is waited for, in words.
            cells: Whose outputs are shown when it never does.
        """
        deadline = time.monotonic() + HANG
        while not holds():
            if time.monotonic() > deadline:
                seen = [(cell.reply and cell.status, cell.text(), cell.text("stderr"), cell.error) for cell in cells]
                raise AssertionError(f"waited {HANG:.0f} s for {what}; seen: {seen}; alive: {self.alive}")
            self._receive()

    def _receive(self) -> None:
        try:
            message = self.client.get_iopub_msg(timeout=0.02)
        except Empty:
            pass
        else:
            cell = self._cells.get(message["parent_header"].get("msg_id", ""))
            if message["msg_type"] == "comm_msg":
                self.sent.setdefault(message["content"]["comm_id"], []).append(message["content"]["data"])
            if cell is not None:
                cell.messages.append(message)
                cell.idle = cell.idle or message["content"].get("execution_state") == "idle"
        while self.client.shell_channel.msg_ready():
            message = self.client.get_shell_msg(timeout=1)
            cell = self._cells.get(message["parent_header"].get("msg_id", ""))
            if cell is not None and message["msg_type"] == "execute_reply":
                cell.reply = message
