"""The live panel of a run: one widget that follows the log, and the clicks that come back from it.

Entries come in on the agent's event loop, are folded, gathered for a moment and sent as numbered messages. Clicks come
in on any thread, are checked, and go out as commands. The panel decides nothing: it knows neither session nor agent.

Messages to the view, each with the next ``seq``:

    {"type": "snapshot", "seq", "header", "plan", "blocks": [...], "tail"}
    {"type": "delta", "seq", "header"?, "plan"?, "blocks"?: [...], "order"?: [ids], "tail"?,
     "appends"?: [{"id", "field", "text"}], "settled"?: {"html", "rest"}}

A block or the tail replaces the one before it. An append adds text to a field of one (``text`` of a thought, ``live``
of a card, ``draft`` and ``forming`` of the tail). ``settled`` adds HTML to the tail's and replaces its unsettled text.

Messages from it: ``hello`` (a view was drawn or missed something: a snapshot is sent), ``gate``, ``question`` and
``stop``, as ``commands`` reads them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aether_nb.events.kinds import Entry
from aether_nb.widgets import wire
from aether_nb.widgets.blocks import HEADER, PLAN, TAIL, Touch, View
from aether_nb.widgets.commands import read_command
from aether_nb.widgets.markdown import Stream
from aether_nb.widgets.view import fold

GATHER = 0.04
"""Seconds for which changes are gathered: at most 25 messages a second, whatever a model does."""

REMEMBERED = 256

VIEW_MIME = "application/vnd.jupyter.widget-view+json"


class Panel:
    """The live picture of one run.

    Made and closed on the main thread, fed on the agent's loop. Importing this module costs nothing; making a panel
    imports ipywidgets.

    Args:
        run_id: The run that is shown.
        on_command: Takes every checked command that is not ``hello``. Called in whatever thread the click arrived.
    """

    def __init__(self, run_id: str, on_command: Callable[[dict[str, Any]], None]) -> None:
        self.view = View(run=run_id)
        self.widget = _widget_class()(run=run_id)
        self.widget.on_msg(lambda _widget, content, _buffers: self.receive(content, ""))
        self.seen = False
        self._on_command = on_command
        self._display_id = ""
        self._lock = threading.Lock()
        self._received: dict[str, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._someone = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._seq = 0
        self._stream = Stream()
        self._settled = 0
        self._pending = _Pending()

    @property
    def comm_id(self) -> str:
        """The comm on which the view's messages arrive, for whoever takes them off the shell channel early."""
        return str(self.widget.comm.comm_id)

    def display(self, display_id: str) -> None:
        """Show the panel in the cell that is running. Main thread only."""
        from IPython.display import display

        self._display_id = display_id
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        line = f"aether: run {self.view.run} is shown live in a Jupyter notebook; %aether show brings it back"
        display({VIEW_MIME: view, "text/plain": line}, raw=True, display_id=display_id)

    def close(self, bundle: Mapping[str, str]) -> None:
        """Put the static picture in the widget's place and end the widget. Main thread only; works once.

        Args:
            bundle: The MIME bundle that the notebook keeps.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if self._display_id:
            from IPython.display import display

            display(dict(bundle), raw=True, display_id=self._display_id, update=True)
        self.widget.close()

    # ---- in: the log, on the agent's loop

    def feed(self, entry: Entry) -> None:
        """Take in an entry, stored or transient. Agent's loop only."""
        self._loop = asyncio.get_running_loop()
        for touch in fold(self.view, entry):
            self._pending.note(touch)
            if touch.field == "draft":
                self._stream.feed(touch.text)
            elif touch.part == TAIL and not touch.field and not self.view.draft:
                self._stream = Stream()
        self._schedule()

    async def wait_seen(self, timeout: float = 1.5) -> bool:  # noqa: ASYNC109 - no answer is an answer here
        """Whether somebody is looking: waits until a view has said hello, or for ``timeout`` seconds."""
        self._loop = asyncio.get_running_loop()
        self._schedule()
        if not self.seen:
            try:
                await asyncio.wait_for(self._someone.wait(), timeout)
            except TimeoutError:
                pass  # nobody is looking, unless hello came in this very moment
        return self.seen

    # ---- in: the view, on any thread

    def receive(self, content: Mapping[str, Any], msg_id: str) -> None:
        """Take in a message of the view; what cannot be read, or came before, is left alone. Any thread.

        Args:
            content: The custom message. ``mid``, the view's own number for it, tells repetitions apart.
            msg_id: The id of the Jupyter message, where it is known; serves when there is no ``mid``.
        """
        command = read_command(content)
        if command is None or self._repeated(content.get("mid") or msg_id):
            return
        if command["type"] == "hello":
            self._greet()
        elif not self._closed:
            self._on_command(command)

    def _repeated(self, id: object) -> bool:
        if not isinstance(id, str) or not id:
            return False
        with self._lock:
            if id in self._received:
                return True
            self._received[id] = None
            if len(self._received) > REMEMBERED:
                del self._received[next(iter(self._received))]
            return False

    def _greet(self) -> None:
        """Somebody is looking: a snapshot is due. Without a loop yet it goes out with the first entry."""
        with self._lock:
            self._pending.everything = self.seen = True
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._someone.set)
            loop.call_soon_threadsafe(self._schedule)

    # ---- out: numbered messages, on the agent's loop

    def _schedule(self) -> None:
        """Send in a moment. Nothing is sent before a view has said hello: it would be lost."""
        if self._timer is None and self._loop is not None and self.seen and not self._closed and self._pending:
            self._timer = self._loop.call_later(GATHER, self._flush)

    def _flush(self) -> None:
        self._timer = None
        with self._lock:
            if self._closed:
                return
            pending, self._pending = self._pending, _Pending()
            message = self._message(pending)
            self._seq += 1
            self.widget.send(message | {"seq": self._seq})

    def _message(self, pending: _Pending) -> dict[str, Any]:
        """What has changed, or everything."""
        view = self.view
        if pending.everything:
            return {"type": "snapshot"} | self._whole({HEADER, PLAN, TAIL, *view.blocks})
        message = {"type": "delta"} | self._whole(pending.parts)
        if pending.parts - {HEADER, PLAN, TAIL}:
            message["order"] = list(view.blocks)
        appends = pending.pieces()
        if len(self._stream.html) > self._settled:
            message["settled"] = {"html": "".join(self._stream.html[self._settled :]), "rest": self._stream.rest}
            self._settled = len(self._stream.html)
            appends = [piece for piece in appends if piece["field"] != "draft"]
        if appends:
            message["appends"] = appends
        return message

    def _whole(self, parts: set[str]) -> dict[str, Any]:
        """These parts of the view, each as it stands."""
        message: dict[str, Any] = {}
        if HEADER in parts:
            message["header"] = wire.header(self.view, time.time())
        if PLAN in parts:
            message["plan"] = wire.plan(self.view)
        if TAIL in parts:
            message["tail"] = wire.tail(self.view, "".join(self._stream.html), self._stream.rest)
            self._settled = len(self._stream.html)
        if blocks := [wire.block(block) for id, block in self.view.blocks.items() if id in parts]:
            message["blocks"] = blocks
        return message


class _Pending:
    """What has changed since the last message: parts to be sent whole, and text to be appended to the others."""

    def __init__(self) -> None:
        self.everything = False
        self.parts: set[str] = set()
        self.appends: dict[tuple[str, str], list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self.everything or self.parts or self.appends)

    def note(self, touch: Touch) -> None:
        """Note a change; a part that goes out whole takes its appended text along."""
        if touch.part in self.parts:
            return
        if touch.field:
            self.appends.setdefault((touch.part, touch.field), []).append(touch.text)
            return
        self.parts.add(touch.part)
        self.appends = {key: texts for key, texts in self.appends.items() if key[0] != touch.part}

    def pieces(self) -> list[dict[str, str]]:
        """The appended texts, one piece a field."""
        return [{"id": id, "field": field, "text": "".join(texts)} for (id, field), texts in self.appends.items()]


@cache
def _widget_class() -> Any:
    """The widget, whose state is its own source and the run's id: nothing that a saved notebook should not hold."""
    import anywidget
    import traitlets

    static = Path(__file__).parent / "static"

    class RunPanel(anywidget.AnyWidget):
        """One live panel."""

        _esm = static / "panel.mjs"
        _css = static / "panel.css"
        run = traitlets.Unicode().tag(sync=True)

    return RunPanel
