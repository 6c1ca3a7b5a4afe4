"""A scripted run for tests of what people see: the penguins' flippers, with a plan, a failure, a gate and an answer.

The same list of events is drawn by the panel in a real JupyterLab and by the transcript and the console in goldens.
"""

from __future__ import annotations

import asyncio
import base64
import struct
import threading
import time
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, ToolCall, Usage, arguments_hash

if TYPE_CHECKING:
    from aether_nb.widgets.blocks import View

START = 1_795_190_400.0  # 2026-11-20 16:00:00 UTC

CODE = """\
# mean flipper length by species, widest gap first
summary = (
    penguins.dropna(subset=["flipper_length_mm"])
    .groupby("species")["flipper_length_mm"]
    .agg(["count", "mean", "std"])
    .round(1)
    .sort_values("mean", ascending=False)
)
print(f"{len(summary)} species compared")
summary"""

WRONG = CODE.replace("flipper_length_mm", "flipper_length")

TABLE = """\
<div><style scoped>.dataframe tbody tr th {vertical-align: top}</style><table border="1" class="dataframe"><thead>\
<tr style="text-align: right;"><th>species</th><th>count</th><th>mean</th><th>std</th></tr></thead><tbody>\
<tr><th>Gentoo</th><td>123</td><td>217.2</td><td>6.5</td></tr><tr><th>Chinstrap</th><td>68</td><td>195.8</td>\
<td>7.1</td></tr><tr><th>Adelie</th><td>151</td><td>190.0</td><td>6.5</td></tr></tbody></table></div>"""

PLAIN = """\
           count   mean  std
species
Gentoo       123  217.2  6.5
Chinstrap     68  195.8  7.1
Adelie       151  190.0  6.5"""

ANSWER = """\
**Gentoo and Adelie differ most**: Gentoo flippers average 217.2 mm, Adelie's 190.0 mm, a gap of **27.2 mm**.

| species | count | mean (mm) | std (mm) |
|:--------|------:|----------:|---------:|
| Gentoo | 123 | 217.2 | 6.5 |
| Chinstrap | 68 | 195.8 | 7.1 |
| Adelie | 151 | 190.0 | 6.5 |

Two penguins have no flipper length and were left out. The table is in `summary.csv`.
"""

THINKING = (
    "The question is about flipper length by species. The frame `penguins` has both columns; two rows lack the length. "
    "I compare means, then draw them and write the table."
)

ITEMS = (
    k.PlanItem("Look at the penguins frame", "inspect_variable"),
    k.PlanItem("Compare flipper length by species", "run_python"),
    k.PlanItem("Write the summary table to summary.csv", "write_file"),
    k.PlanItem("Answer with the numbers"),
)


def call(id: str, tool: str, /, **arguments: object) -> ToolCall:
    """A call as a model would propose it."""
    return ToolCall(id, tool, arguments)


LOOK = call("call_1", "inspect_variable", name="penguins")
FAIL = call("call_2", "run_python", code=WRONG, purpose="Mean flipper length by species")
WORK = call("call_3", "run_python", code=CODE, purpose="Mean flipper length by species")
WRITE = call("call_4", "write_file", path="summary.csv", variable="summary")


def hash_of(one: ToolCall) -> str:
    """The identity that an approval of this call is bound to."""
    return arguments_hash(one.name, one.arguments)


def proposed(one: ToolCall, **more: object) -> k.CallProposed:
    """A proposal of a low-risk call, unless told otherwise."""
    facts: dict[str, object] = {"risk": "low", "effect": "pure", "purpose": str(one.arguments.get("purpose", ""))}
    return k.CallProposed(one, hash_of(one), **(facts | more))  # type: ignore[arg-type]


def picture() -> str:
    """A small PNG in base64: three bars."""
    width, height = 360, 160
    bars = {0: (30, 120, 20), 1: (140, 96, 70), 2: (250, 84, 82)}
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            inside = any(
                left <= x < left + 80 and y >= height - 10 - tall and y < height - 10 for left, tall, _ in bars.values()
            )
            rows += b"\x1f\x77\xb4" if inside else b"\xff\xff\xff"
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()


def first_half() -> list[k.Event]:
    """From the prompt to the open gate."""
    table = {"text/html": TABLE, "text/plain": PLAIN}
    told = f"[stdout]\n3 species compared\n[value] DataFrame, 3 rows × 4 columns, as CSV:\n{PLAIN}"
    return [
        k.RunStarted(
            "Which species differ most in flipper length? Write the summary table to summary.csv", "offline:analyst"
        ),
        k.ModelAsked("offline:analyst", 1),
        *[k.ThinkingDelta(word + " ") for word in THINKING.split()],
        k.CallDelta('plan({"items": [{"title": "Look at the penguins frame"'),
        k.ModelAnswered(
            "offline:analyst",
            Message(
                "assistant",
                (Text("I look at the frame first, then compare."),),
                (call("call_0", "plan"), LOOK),
                thinking=THINKING,
            ),
            Usage(812, 96, 0.0),
            "tool_calls",
            1.4,
        ),
        proposed(call("call_0", "plan")),
        k.CallBegun("call_0", "h"),
        k.PlanMade(ITEMS),
        k.CallFinished("call_0", (Text("ok"),), 0.0),
        proposed(LOOK),
        k.ItemStarted(0),
        k.CallBegun("call_1", hash_of(LOOK)),
        k.CallFinished(
            "call_1", (Text("- penguins: pandas.DataFrame, 344 rows × 8 columns\n  - species: str, 3 distinct"),), 0.12
        ),
        k.ItemFinished(0),
        k.ModelAsked("offline:analyst", 2),
        k.ModelAnswered("offline:analyst", Message("assistant", (), (FAIL,)), Usage(1204, 140, 0.0), "tool_calls", 0.8),
        proposed(FAIL, effect="namespace"),
        k.ItemStarted(1),
        k.CallBegun("call_2", hash_of(FAIL)),
        k.CallFailed(
            "call_2",
            "KeyError: 'flipper_length'",
            "  3     penguins.dropna(subset=[\"flipper_length\"])\n    KeyError: ['flipper_length']",
            "The columns are: species, island, bill_length_mm, bill_depth_mm, flipper_length_mm, …",
            0.03,
        ),
        k.ModelAsked("offline:analyst", 3),
        k.ModelAnswered("offline:analyst", Message("assistant", (), (WORK,)), Usage(1490, 150, 0.0), "tool_calls", 0.7),
        proposed(WORK, effect="namespace"),
        k.CallBegun("call_3", hash_of(WORK)),
        k.OutputDelta("call_3", "3 species compared\n"),
        k.NamespaceChanged("call_3", (k.Change("summary", "added", "DataFrame", ("3 rows × 3 columns",)),)),
        k.CallFinished(
            "call_3", (Text(told),), 0.24, (table, {"image/png": picture(), "text/plain": "<Figure size 360x160>"})
        ),
        k.ItemFinished(1),
        k.ModelAsked("offline:analyst", 4),
        k.ModelAnswered("offline:analyst", Message("assistant", (), (WRITE,)), Usage(1722, 60, 0.0), "tool_calls", 0.5),
        proposed(
            WRITE,
            risk="medium",
            effect="external",
            purpose="Write the table",
            reasons=("It creates a file in this notebook's folder.",),
            effect_text="Writes the table `summary` (3 rows, 4 columns) to summary.csv",
            path="/home/ada/penguins/summary.csv",
        ),
        k.ItemStarted(2),
        k.GateOpened("call_4", hash_of(WRITE)),
    ]


def second_half(by: str = "panel") -> list[k.Event]:
    """From the approval to the end."""
    words = ANSWER.split(" ")
    return [
        k.GateAnswered("call_4", hash_of(WRITE), "approve", by),
        k.CallBegun("call_4", hash_of(WRITE)),
        k.CallFinished("call_4", (Text("wrote summary.csv (3 rows, 96 bytes)"),), 0.02),
        k.ItemFinished(2),
        k.ModelAsked("offline:analyst", 5),
        *[k.TextDelta(word + (" " if number < len(words) - 1 else "")) for number, word in enumerate(words)],
        k.ModelAnswered("offline:analyst", Message.of("assistant", ANSWER), Usage(1790, 130, 0.0), "stop", 1.2),
        k.RunEnded("done"),
    ]


def entries(events: Iterable[k.Event], run: str = "7f3a9c", start: float = START, pace: float = 0.25) -> list[k.Entry]:
    """These events as log entries, ``pace`` seconds apart."""
    seq, made = 0, []
    for number, event in enumerate(events):
        seq += event.stored
        made.append(k.Entry(run, seq, start + number * pace, event))
    return made


def hostile(text: str) -> View:
    """A run in which every text that comes from outside is ``text``."""
    from aether_nb.widgets.view import view_of

    odd = call("c1", text, code=text, path=text)
    return view_of(
        entries(
            [
                k.RunStarted(text, text),
                k.PlanMade((k.PlanItem(text, text),)),
                k.PlanRevised((k.PlanItem(text, text),), 0, text),
                k.ModelAsked(text, 1),
                k.ModelAnswered(
                    text, Message("assistant", (Text(text),), (odd, WORK), thinking=text), Usage(), "stop", 0.1
                ),
                proposed(odd, risk="high", purpose=text, effect_text=text, path=text, reasons=(text,)),
                k.GateOpened("c1", hash_of(odd)),
                k.GateAnswered("c1", hash_of(odd), "approve", text, reason=text),
                k.NamespaceChanged("c1", (k.Change(text, "added", text, (text,), (k.Flag("dtype", text),)),)),
                k.CallFinished(
                    "c1", (Text(text),), 1.0, ({"text/plain": text, "text/html": text, "text/markdown": text},)
                ),
                proposed(WORK, purpose=text),
                k.CallFailed("call_3", text, text, text),
                k.QuestionAsked("q", text, (text,)),
                k.QuestionAnswered("q", text, text),
                k.LimitReached("steps", 1, 1),
                k.ModelFailed(text, text, text, text),
                k.RunEnded("failed", text, text, text),
            ]
        )
    )


class Stage:
    """A panel in a notebook and a thread with an event loop that plays events on it, as the agent would."""

    def __init__(self, run: str = "7f3a9c") -> None:
        from IPython.core.getipython import get_ipython

        from aether_nb.live.fastlane import FastLane
        from aether_nb.widgets.panel import Panel

        self.commands: list[dict[str, Any]] = []
        self.clicked = threading.Event()
        self.entries: list[k.Entry] = []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.panel = Panel(run, self._command, window=lambda model: 128_000, again=True)
        self.hellos, self.sent = 0, list[int]()
        self._overhear()
        if kernel := getattr(get_ipython(), "kernel", None):  # as for a run: ipykernel 6 has no other way in meanwhile
            FastLane(kernel).watch(self.panel.comm_id, lambda said: self.panel.receive(said, said["msg_id"]))
        self.panel.display("stage-" + run)

    def _overhear(self) -> None:
        """Count the hellos that come and the numbers of the messages that go."""
        receive, send = self.panel.receive, self.panel.widget.send

        def heard(content: Any, msg_id: str) -> None:
            self.hellos += content.get("type") == "hello"
            receive(content, msg_id)

        def said(message: Any) -> None:
            if "seq" in message:
                self.sent.append(message["seq"])
            send(message)

        self.panel.receive, self.panel.widget.send = heard, said  # type: ignore[method-assign]

    def _command(self, command: dict[str, Any]) -> None:
        self.commands.append(command)
        self.clicked.set()

    async def play(self, events: Iterable[k.Event], pace: float) -> None:
        """Feed events from the other thread, ``pace`` seconds apart; awaitable in a cell."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._play(list(events), pace), self.loop))

    async def _play(self, events: list[k.Event], pace: float) -> None:
        await self.panel.wait_seen(20)
        for event in events:
            seq = sum(entry.event.stored for entry in self.entries) + event.stored
            self.entries.append(k.Entry("7f3a9c", seq, time.time(), event))
            self.panel.feed(self.entries[-1])
            await asyncio.sleep(pace)

    async def until_clicked(self, seconds: float = 30) -> dict[str, Any]:
        """The next command of the view; the cell stays at work and the kernel's loop free."""
        await asyncio.to_thread(self.clicked.wait, seconds)
        self.clicked.clear()
        return self.commands[-1]
