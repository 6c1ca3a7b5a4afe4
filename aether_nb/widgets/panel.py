"""The live panel of a run: one widget that follows the log, and the clicks that come back from it.

Entries come in on the agent's event loop, are folded, gathered for a moment and sent as numbered messages. Clicks come
in on any thread, are checked, and go out as commands. The panel decides nothing: it knows neither session nor agent.

Messages to the view, each with the next ``seq``:

    {"type": "snapshot", "seq", "header", "plan", "blocks": [...], "tail"}
    {"type": "delta", "seq", "header"?, "plan"?, "blocks"?: [...], "order"?: [ids], "tail"?,
     "appends"?: [{"id", "field", "text"}], "lives"?: [{"id", "live", "cut"}], "settled"?: {"html", "rest"}}

A block or the tail replaces the one before it; a block that is new stands behind all others. ``order`` comes only when
one is gone or has moved, and says where each stands: with every block it would cost a long run the square of its
length. An append adds text to a field of one (``text`` of a thought, ``live`` of a card, ``draft`` and ``forming`` of
the tail). A live replaces what a call has printed so far by its tail: of output that comes faster than it is sent only
the end travels. ``settled`` adds HTML to the tail's and replaces its unsettled text.

Two more have no number: ``{"type": "part", "name", "source"}``, a script that the view has asked for, and
``{"type": "pong"}``. The last message says ``kept``: the picture that follows takes the view's place.

Messages from it: ``hello`` (a view was drawn, missed something, or is looked at again: unless it has all that was
sent, as its ``seq`` says, a snapshot is sent), ``bye`` (it was taken away), ``ping`` and ``part``, which are answered
here; and commands, as ``commands`` reads them. A view that is left below the picture still asks for parts, and says
what is thought of the answer.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from aether_nb.events.kinds import Entry, ModelAnswered, ModelAsked
from aether_nb.widgets import scripts, wire
from aether_nb.widgets.blocks import HEADER, PLAN, TAIL, Card, Touch, View
from aether_nb.widgets.commands import read_command
from aether_nb.widgets.markdown import Stream
from aether_nb.widgets.pending import Pending, added
from aether_nb.widgets.veil import live_block, veiled_text, veiled_view
from aether_nb.widgets.view import fold

GATHER = 0.04
"""Seconds from one message to the next: at most 25 a second, whatever a model does."""

TOGETHER = 0.008
"""Seconds for which changes are gathered after a pause: what comes alone is not kept waiting."""

BREATH = 0.05
"""Seconds for which the last words have the machine where somebody looks: drawing the picture keeps the thread that
sends them waiting, and a core that paints them."""

REMEMBERED = 256

AFTERWARDS = ("feedback", "again")
"""What can be said when the run is over."""

LOOK = 0.5
"""Seconds between two looks whether somebody is still there."""

FAULTS_BORNE = 5
"""So many messages in a row may fail, with longer and longer pauses; then no more are tried until a view says hello."""

VIEW_MIME = "application/vnd.jupyter.widget-view+json"

_log = logging.getLogger(__name__)


class Panel:
    """The live picture of one run.

    Made and closed on the main thread, fed on the agent's loop. Importing this module costs nothing; making a panel
    imports ipywidgets.

    Args:
        run_id: The run that is shown.
        on_command: Takes every checked command that is not ``hello``. Called in whatever thread the click arrived.
        choices: The models among which one can choose while the run goes.
        window: How many tokens a model's context takes; None when nobody knows.
        again: Whether the same question can be asked again.
        keys: Keys that are known. No message holds one, nor what looks like one, but for a call that a person is asked
            about: a yes is to exactly that.

    Attributes:
        comm_id: The comm on which the view's messages arrive, for whoever takes them off the shell channel early. It
            stays what it was when the front end closes the widget.
        over: Whether the widget has ended: no view of it has anything more to say.
    """

    def __init__(
        self,
        run_id: str,
        on_command: Callable[[dict[str, Any]], None],
        choices: Sequence[str] = (),
        window: Callable[[str], int | None] = lambda model: None,
        again: bool = False,
        keys: Collection[str] = (),
    ) -> None:
        self.view = View(run=run_id)
        self._window, self._again, self._keys = window, again, keys
        self.widget = _widget_class()(run=run_id)
        self.comm_id = str(self.widget.comm.comm_id)
        self.widget.on_msg(lambda _widget, content, _buffers: self.receive(content, ""))
        self.seen = self.over = False
        self._views: set[str] = set()
        self._views_ever: set[str] = set()
        self._on_command = on_command
        self._choices = list(choices)
        self._chosen = ""
        self._display_id = ""
        self._lock = threading.Lock()
        self._received: dict[str, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._someone = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._seq = self._faults = 0
        self._next = 0.0
        self._stream = Stream(math=True)
        self._settled = 0
        self._order: list[str] = []
        self._pending = Pending()
        self._pending.everything = True  # the first message is a snapshot

    def display(self, display_id: str, again: bool = False) -> None:
        """Show the panel in the cell that is running, or ``again`` in the place of a picture. Main thread only."""
        from IPython.display import display

        self._display_id = display_id
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        line = f"aether: run {self.view.run} is shown live in a Jupyter notebook; %aether show brings it back"
        display({VIEW_MIME: view, "text/plain": line}, raw=True, display_id=display_id, update=again)

    def close(self, picture: Callable[[], Mapping[str, str]]) -> None:
        """Put the static picture in the widget's place and end the widget. Main thread only; works once.

        Never raises: a fault of publishing must not hide how the run ended. It is logged, and the widget is ended.

        Args:
            picture: Draws the MIME bundle that the notebook keeps; called when the view has been told how the run
                ended, which does not wait for it.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
        try:
            if self._views:
                self.widget.send(self._last_message())
                time.sleep(BREATH)
            if self._display_id:
                from IPython.display import display

                display(dict(picture()), raw=True, display_id=self._display_id, update=True)
        except Exception:  # noqa: BLE001  # whatever a front end or a broken connection makes of it
            _log.exception("the picture of run %s could not be put into the notebook", self.view.run)
        finally:
            if not self._views:  # else a view stays below the picture, or in its place, until it says bye
                self._end_widget()

    def _last_message(self) -> dict[str, Any]:
        """What has changed until the end. A page that was loaded anew does not hear of the exchange: its view stays."""
        with self._lock:
            self._seq += 1
            return self._message(self._pending) | {"seq": self._seq, "kept": len(self._views_ever) < 2}

    def _end_widget(self) -> None:
        self.over = True
        try:
            layout = self.widget.layout
            self.widget.close()
            layout.close()
        except Exception:  # noqa: BLE001  # the same
            _log.exception("the panel of run %s could not be closed", self.view.run)

    # ---- in: the log, on the agent's loop

    def feed(self, entry: Entry) -> None:
        """Take in an entry, stored or transient; after ``close`` it is left alone. Agent's loop only."""
        if self._closed:
            return
        self._loop = asyncio.get_running_loop()
        if isinstance(entry.event, ModelAsked):
            self._chosen, self.view.gauge.window = "", self._window(entry.event.model)
        if isinstance(entry.event, ModelAnswered) and self.view.draft and self._timer is not None:
            self._flush()  # the last words are on their way before the work begins that a whole answer makes
        for touch in fold(self.view, entry):
            self._pending.note(touch)
            if touch.field == "draft":
                self._stream.feed(touch.text)
            elif touch.part == TAIL and not touch.field and not self.view.draft:
                self._stream = Stream(math=True)
        self._schedule()

    def choose(self, name: str) -> None:
        """Show which model was chosen, until the next step shows who answers. Agent's loop only.

        Args:
            name: The model; empty when it cannot be had, so that the picker goes back to the one that serves.
        """
        self._chosen = name
        self._pending.note(Touch(HEADER))
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

    async def wait_left(self, grace: float) -> None:
        """Wait until nobody has been looking for ``grace`` seconds. One who never looked cannot leave."""
        alone = 0.0
        while alone < grace:
            await asyncio.sleep(LOOK)
            alone = alone + LOOK if self.seen and not self._views else 0.0

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
        view = str(content.get("mid") or "").rpartition("-")[0]
        if command["type"] == "hello":
            self._views.add(view)
            self._views_ever.add(view)
            self._greet(command["seq"])
        elif command["type"] == "bye":
            self._views.discard(view)
            if self._closed and not self._views:
                self._end_widget()
        elif command["type"] == "ping":
            self._reply({"type": "pong"})
        elif command["type"] == "part":
            self._reply({"type": "part", "name": command["name"], "source": scripts.part(command["name"])})
        elif not self._closed or command["type"] in AFTERWARDS:
            self._on_command(command)

    def _reply(self, message: dict[str, Any]) -> None:
        """Answer a view at once, from the loop: two threads never send at the same time."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.widget.send, message)
        else:
            self.widget.send(message)

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

    def _greet(self, seq: int) -> None:
        """Somebody is looking, who has the messages up to this one. A snapshot is due, unless it is the last.

        Without a loop yet it goes out with the first entry.
        """
        with self._lock:
            closed, self.seen, self._faults = self._closed, True, 0
            self._pending.everything |= closed or seq != self._seq
            nothing = not self._pending
        if closed:  # whoever missed something, or came, as the run ended
            self._reply(self._last_message())
            return
        if nothing:
            self._reply({"type": "pong"})
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._someone.set)
            loop.call_soon_threadsafe(self._schedule)

    # ---- out: numbered messages, on the agent's loop

    def _schedule(self) -> None:
        """Send in a moment. Nothing is sent before a view has said hello: it would be lost."""
        due = self.seen and self._pending and not self._closed and self._faults < FAULTS_BORNE
        if due and self._loop is not None and self._timer is None:
            self._timer = self._loop.call_later(max(TOGETHER, self._next - time.monotonic()), self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self._lock:
            if self._closed:
                return
            pending, self._pending = self._pending, Pending()
            try:
                self._send(self._message(pending))
                self._faults = 0
            except Exception:  # noqa: BLE001  # whatever it was, what it held is due again
                self._lost()
        self._next = time.monotonic() + GATHER * 2**self._faults
        self._schedule()

    def _send(self, message: dict[str, Any]) -> None:
        self._seq += 1
        numbered = message | {"seq": self._seq}
        try:
            self.widget.send(numbered)
        except UnicodeEncodeError:  # half a character somewhere, which no message can hold
            self.widget.send(wire.sound(numbered))

    def _lost(self) -> None:
        """A message failed. It may have held an open gate, so everything is due again."""
        self._faults += 1
        self._pending.everything = True
        level, last = (logging.INFO, "") if self._faults < FAULTS_BORNE else (logging.ERROR, "; no more are tried")
        _log.log(level, "a message of the panel of run %s was not sent%s", self.view.run, last, exc_info=True)

    def _message(self, pending: Pending) -> dict[str, Any]:
        """What has changed, or everything."""
        view = self.view
        if pending.everything:
            self._order = list(view.blocks)
            return {"type": "snapshot"} | self._whole({HEADER, PLAN, TAIL, *view.blocks})
        message = {"type": "delta"} | self._whole(pending.parts)
        if pending.parts - {HEADER, PLAN, TAIL}:
            new = added(self._order, view.blocks, pending.parts)
            if new is None:
                self._order, message["order"] = list(view.blocks), list(view.blocks)
            else:
                self._order += new
        appends = pending.pieces()
        cards = [block for id in sorted(pending.anew) if isinstance(block := view.blocks.get(id), Card)]
        if cards:
            message["lives"] = [
                {"id": card.id} | {name: self._hidden(text) for name, text in wire.live(card).items()} for card in cards
            ]
        if len(self._stream.html) > self._settled:
            html = self._hidden("".join(self._stream.html[self._settled :]))
            message["settled"] = {"html": html, "rest": self._hidden(self._stream.rest)}
            self._settled = len(self._stream.html)
            appends = [piece for piece in appends if piece["field"] != "draft"]
        if appends:
            message["appends"] = [piece | {"text": self._hidden(piece["text"])} for piece in appends]
        return message

    def _whole(self, parts: set[str]) -> dict[str, Any]:
        """These parts of the view, each as it stands."""
        message: dict[str, Any] = {}
        view = veiled_view(self.view, self._keys) if parts & {HEADER, PLAN, TAIL} else self.view
        if HEADER in parts:
            choice = {"choices": self._choices, "chosen": self._chosen or self.view.model}
            message["header"] = wire.header(view, time.time()) | choice
        if PLAN in parts:
            message["plan"] = wire.plan(view)
        if TAIL in parts:
            settled, rest = self._hidden("".join(self._stream.html)), self._hidden(self._stream.rest)
            message["tail"] = wire.tail(view, settled, rest) | {"again": self._again}
            self._settled = len(self._stream.html)
        wanted = parts & self.view.blocks.keys()
        found = (block for id, block in reversed(self.view.blocks.items()) if id in wanted)
        due = [*islice(found, len(wanted))]  # from the end, near which what changes stands: few are looked at
        if due:
            message["blocks"] = [wire.block(live_block(block, self._keys)) for block in reversed(due)]
        return message

    def _hidden(self, text: str) -> str:
        return veiled_text(text, self._keys)


@cache
def _widget_class() -> Any:
    """The widget, whose state is its own source and the run's id: nothing that a saved notebook should not hold."""
    import anywidget
    import traitlets

    class RunPanel(anywidget.AnyWidget):
        """One live panel."""

        _esm = scripts.first_paint()
        _css = scripts.STATIC / "panel.css"
        run = traitlets.Unicode().tag(sync=True)

    return RunPanel
