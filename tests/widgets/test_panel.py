"""The panel's kernel side: what travels to the view, and what it takes from it. The comm is a real one, unheard."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.widgets.commands import read_command
from aether_nb.widgets.panel import Panel
from harness.story import THINKING, WORK, WRITE, call, entries, first_half, hash_of, proposed, second_half

STATIC = Path(__file__).parents[2] / "aether_nb" / "widgets" / "static"
HELLO = {"type": "hello", "seq": -1}


class Heard:
    """A panel whose messages are heard, and what it passed on."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.threads: set[str] = set()
        self.panel = Panel("7f3a9c", self.commands.append)
        self.panel.widget.send = self._send

    def _send(self, message: dict[str, Any]) -> None:
        self.messages.append(json.loads(json.dumps(message)))
        self.threads.add(threading.current_thread().name)

    async def settle(self) -> None:
        """Wait until what was gathered has been sent."""
        await asyncio.sleep(0.1)


@pytest.fixture
def heard() -> Heard:
    """A panel nobody has looked at yet."""
    return Heard()


class View:
    """A view that does what panel.mjs does with messages: keeps blocks, texts and the number of the last one."""

    def __init__(self) -> None:
        self.seq = -1
        self.blocks: dict[str, dict[str, Any]] = {}
        self.parts: dict[str, Any] = {}

    def receive(self, message: dict[str, Any]) -> None:
        """Apply a message; a gap in the numbers is an error of the sender."""
        if message["type"] == "snapshot":
            self.blocks = {}
        else:
            assert message["seq"] == self.seq + 1
        self.seq = message["seq"]
        self.parts |= {name: message[name] for name in ("header", "plan", "tail") if name in message}
        self.blocks |= {block["id"]: block for block in message.get("blocks", ())}
        if "order" in message:
            self.blocks = {id: self.blocks[id] for id in message["order"]}
        for piece in message.get("appends", ()):
            target, field = self.blocks.get(piece["id"]), piece["field"]
            if target is None:
                target, field = self.parts["tail"], {"draft": "rest"}.get(field, field)
            target[field] += piece["text"]
        for piece in message.get("lives", ()):
            self.blocks[piece["id"]] |= piece
        if "settled" in message:
            tail = self.parts["tail"]
            tail["html"], tail["rest"] = tail["html"] + message["settled"]["html"], message["settled"]["rest"]


async def test_nothing_is_sent_before_hello(heard: Heard):
    """Messages before a view has drawn itself would be lost; they are not sent, and the snapshot has it all."""
    for entry in entries(first_half()):
        heard.panel.feed(entry)
    await heard.settle()
    assert (heard.messages, heard.panel.seen) == ([], False)
    heard.panel.receive(HELLO, "m1")
    await heard.settle()
    assert [(message["type"], message["seq"], len(message["blocks"])) for message in heard.messages] == [
        ("snapshot", 1, 6)
    ]
    assert heard.panel.seen


async def test_deltas_add_up_to_the_snapshot(heard: Heard):
    """A view that followed every delta has exactly what a view has that gets a snapshot at the end."""
    heard.panel.receive(HELLO, "m1")
    for number, entry in enumerate(entries([*first_half(), *second_half()])):
        heard.panel.feed(entry)
        if number % 5 == 0:
            await asyncio.sleep(0.045)
    await heard.settle()
    follower = View()
    for message in heard.messages:
        follower.receive(message)
    deltas = len(heard.messages)
    heard.panel.receive(HELLO, "m2")
    await heard.settle()
    latecomer = View()
    latecomer.receive(heard.messages[-1])
    follower.parts["header"]["now"] = latecomer.parts["header"]["now"]
    assert deltas > 5
    assert (follower.blocks, follower.parts) == (latecomer.blocks, latecomer.parts)


async def test_streamed_answer_adds_up(heard: Heard):
    """Text that arrives piece by piece travels as appended text and settled HTML, and ends as one whole answer."""
    heard.panel.receive(HELLO, "m1")
    view = View()
    for entry in entries([*first_half(), *second_half()]):
        heard.panel.feed(entry)
        if isinstance(entry.event, k.TextDelta):
            await asyncio.sleep(0.01)
    await heard.settle()
    for message in heard.messages:
        view.receive(message)
    kinds = {key for message in heard.messages for key in message}
    assert {"settled", "appends", "tail"} <= kinds
    assert view.parts["tail"]["final"]
    assert view.parts["tail"]["html"].count("<table>") == 1


async def test_a_flood_is_gathered(heard: Heard):
    """Thousands of deltas at once are one message; what travels is little more than the text."""
    heard.panel.receive(HELLO, "m1")
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    await heard.settle()
    heard.messages.clear()
    for _ in range(5_000):
        heard.panel.feed(k.Entry("r", 1, 0.0, k.TextDelta("word ")))
    await heard.settle()
    assert [sorted(message) for message in heard.messages] == [["appends", "header", "seq", "type"]]
    assert len(json.dumps(heard.messages)) < 26_000


async def test_a_long_answer_costs_a_small_multiple_of_its_text(heard: Heard):
    """Settled paragraphs are sent once: an answer of 5,000 tokens travels in far less than 15 times its size."""
    heard.panel.receive(HELLO, "m1")
    text = "".join(
        f"Paragraph **{n}** of an answer that goes on for quite a while and says little.\n\n" for n in range(220)
    )
    heard.panel.feed(k.Entry("r", 1, 0.0, k.RunStarted("p", "m")))
    for start in range(0, len(text), 400):
        heard.panel.feed(k.Entry("r", 1, 0.0, k.TextDelta(text[start : start + 400])))
        await asyncio.sleep(0.042)
    await heard.settle()
    assert len(json.dumps(heard.messages)) < 5 * len(text)


async def test_rate_is_bounded(heard: Heard):
    """However often something happens, there are at most 25 messages a second."""
    heard.panel.receive(HELLO, "m1")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() < begun + 0.5:
        heard.panel.feed(k.Entry("r", 1, 0.0, k.ThinkingDelta("x")))
        await asyncio.sleep(0)
    assert len(heard.messages) <= (loop.time() - begun) * 25 + 1


async def test_whole_block_takes_its_appends_along(heard: Heard):
    """Text that was appended to a block in the same moment in which it is sent whole is not sent twice."""
    heard.panel.receive(HELLO, "m1")
    for entry in entries([k.RunStarted("p", "m"), k.ModelAsked("m", 1), *map(k.ThinkingDelta, THINKING)]):
        heard.panel.feed(entry)
    await heard.settle()
    (message,) = heard.messages
    assert message["type"] == "snapshot"
    assert message["blocks"][0]["text"] == THINKING
    assert "appends" not in message


async def test_clicks_from_any_thread(heard: Heard):
    """A click is passed on once, whichever way and however often it comes; hello stays here."""
    click = {"type": "gate", "call_id": "call_4", "hash": "h", "decision": "approve", "mid": "v-1"}
    ways = [("m1",), ("m1",), ("",)]
    threads = [threading.Thread(target=heard.panel.receive, args=(click, *way)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    heard.panel.receive({"type": "stop"}, "m2")
    heard.panel.receive({"type": "stop"}, "m2")
    heard.panel.receive({"type": "stop"}, "m3")
    heard.panel.receive(HELLO, "m4")
    gate = {"type": "gate", "call_id": "call_4", "hash": "h", "decision": "approve", "lasts": "once", "reason": ""}
    assert heard.commands == [gate, {"type": "stop"}, {"type": "stop"}]


async def test_slow_path_is_registered(heard: Heard):
    """What the widget itself hears arrives too: without a fast lane clicks still count."""
    heard.panel.widget._handle_custom_msg({"type": "stop", "mid": "v-1"}, [])
    assert heard.commands == [{"type": "stop"}]


async def test_messages_leave_from_the_loop(heard: Heard):
    """A hello on another thread makes the agent's loop send; two threads never send at once."""
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    await asyncio.to_thread(heard.panel.receive, HELLO, "m1")
    await heard.settle()
    assert (heard.threads, len(heard.messages)) == ({threading.current_thread().name}, 1)


async def test_wait_seen(heard: Heard):
    """Waiting for somebody to look ends at once when a view says hello, and with no after the time is over."""
    assert not await heard.panel.wait_seen(0.01)
    waiting = asyncio.create_task(heard.panel.wait_seen(30))
    await asyncio.sleep(0.01)
    await asyncio.to_thread(heard.panel.receive, HELLO, "m1")
    assert await waiting
    assert await heard.panel.wait_seen(0)


async def test_closed_panel_is_silent(heard: Heard):
    """After close nothing is sent and no click is passed on; closing twice is no mistake."""
    heard.panel.receive(HELLO, "m1")
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    heard.panel.close({"text/plain": "done"})
    heard.panel.close({"text/plain": "done"})
    heard.panel.feed(entries(first_half())[5])
    heard.panel.receive({"type": "stop"}, "m2")
    await heard.settle()
    assert (heard.messages, heard.commands) == ([], [])


async def test_open_gate_says_what_is_needed(heard: Heard):
    """The gate that travels has the hash, the risk, the effect, the path, the reasons and the whole arguments."""
    heard.panel.receive(HELLO, "m1")
    for entry in entries(first_half()):
        heard.panel.feed(entry)
    await heard.settle()
    gates = [block["gate"] for block in heard.messages[-1]["blocks"] if block.get("gate")]
    assert gates == [
        {
            "hash": hash_of(WRITE),
            "risk": "medium",
            "effect": "external",
            "reasons": ["It creates a file in this notebook's folder."],
            "effect_text": "Writes the table `summary` (3 rows, 4 columns) to summary.csv",
            "path": "/home/ada/penguins/summary.csv",
            "arguments": {"path": "summary.csv", "variable": "summary"},
            "rest": [],
            "lines": 1,
            "large": "",
            "refused": "",
            "refusals": 0,
        }
    ]


def waiting(one: ToolCall, **more: object) -> list[k.Entry]:
    """A run in which this call waits for a yes."""
    return entries([k.RunStarted("p", "m"), proposed(one, risk="high", **more), k.GateOpened(one.id, hash_of(one))])


async def shown(heard: Heard, *told: k.Entry) -> dict[str, Any]:
    """The last block that the view has been told of."""
    heard.panel.receive(HELLO, "m1")
    for entry in told:
        heard.panel.feed(entry)
    await heard.settle()
    card: dict[str, Any] = heard.messages[-1]["blocks"][-1]
    return card


async def test_open_gate_shows_the_whole_call(heard: Heard):
    """Half a megabyte of code, and every other argument, are all there as long as a yes is asked for."""
    code = "\n".join(f"line_{n} = {n}" for n in range(30_000))
    card = await shown(heard, *waiting(call("c1", "run_python", code=code, purpose="", retries=3, label="")))
    assert "".join(text for _, text in card["code"]) == code
    assert "".join(text for _, text in card["gate"]["rest"]) == '{"retries": 3, "label": ""}'
    assert (card["gate"]["lines"], card["gate"]["large"]) == (30_001, "")
    heard.panel.feed(k.Entry("r", 9, 9.0, k.GateAnswered("c1", card["gate"]["hash"], "approve", "panel")))
    await heard.settle()
    assert len(json.dumps(heard.messages[-1])) < 25_000


async def test_empty_arguments_are_seen(heard: Heard):
    """An empty text can be what hurts: a file whose new content is nothing."""
    card = await shown(heard, *waiting(call("c1", "write_file", path="a.csv", content="", variable=None)))
    text = "".join(text for _, text in card["code"])
    assert json.loads(text) == {"path": "a.csv", "content": "", "variable": None}


async def test_call_too_large_to_be_shown(heard: Heard):
    """Of more than a megabyte the gate gives the size, and neither Approve nor Edit can be offered."""
    card = await shown(heard, *waiting(call("c1", "run_python", code="x = 1\n" * 200_000)))
    gate = card["gate"]
    assert (gate["large"], gate["arguments"], gate["rest"]) == ("1.2 MB", None, [])
    assert len(json.dumps(card)) < 30_000


async def test_refused_edit_reaches_the_gate(heard: Heard):
    """Each unusable edit changes the gate that is sent, even when the reason is the same."""
    gates = [(await shown(heard, *waiting(WRITE)))["gate"]]
    for number in range(2):
        heard.panel.feed(k.Entry("r", 3, 3.0 + number, k.Progress("call_4", 0, note="Your edit cannot be used. No.")))
        await heard.settle()
        gates.append(heard.messages[-1]["blocks"][-1]["gate"])
    told = [(gate["refused"], gate["refusals"]) for gate in gates]
    assert told == [("", 0), ("Your edit cannot be used. No.", 1), ("Your edit cannot be used. No.", 2)]


async def test_flood_of_output_is_bounded(heard: Heard):
    """However much a call prints, no message is over 64 kB, little is held, and the view has the right tail of it."""
    heard.panel.receive(HELLO, "m1")
    code = "x = 'ä'\n" * 1_000
    flood = call("c1", "run_python", code=code)
    for entry in entries([k.RunStarted("p", "m"), proposed(flood), k.CallBegun("c1", hash_of(flood))]):
        heard.panel.feed(entry)
    await heard.settle()
    text, before = "\x1b[31mü👩" * 4_000 + "\n", len(heard.messages)
    for number in range(1_500):
        heard.panel.feed(k.Entry("r", 3, 3.0, k.OutputDelta("c1", text)))
        if number % 300 == 0:
            await asyncio.sleep(0.05)
    heard.panel.feed(k.Entry("r", 3, 3.0, k.OutputDelta("c1", "the end")))
    await heard.settle()
    sizes = [len(json.dumps(message, ensure_ascii=False).encode()) for message in heard.messages[before:]]
    assert len(sizes) >= 5
    assert max(sizes) < 64_000
    assert len(pickle.dumps(heard.panel.view)) < 400_000
    view = View()
    for message in heard.messages:
        view.receive(message)
    card = view.blocks["c:c1"]
    gone = int(re.sub(r"\D", "", card["cut"]))
    assert card["live"].endswith("ü👩\nthe end")
    assert gone + len(card["live"]) == 1_500 * 8_001 + len("the end")


async def test_moderate_output_is_appended(heard: Heard):
    """Output that comes no faster than it is sent travels once."""
    begun = entries([k.RunStarted("p", "m"), proposed(WORK), k.CallBegun("call_3", hash_of(WORK))])
    await shown(heard, *begun)
    heard.messages.clear()
    for _ in range(10):
        heard.panel.feed(k.Entry("r", 3, 3.0, k.OutputDelta("call_3", "x" * 1_000)))
    await heard.settle()
    assert [message["appends"] for message in heard.messages] == [
        [{"id": "c:call_3", "field": "live", "text": "x" * 10_000}]
    ]


async def test_failed_message_is_made_good(heard: Heard):
    """When sending fails nothing is lost: the next message has everything, the open gate too."""
    heard.panel.receive(HELLO, "m1")
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    await heard.settle()
    send, faults = heard.panel.widget.send, [OSError("no"), ValueError("no")]

    def failing(message: dict[str, Any]) -> None:
        if faults:
            raise faults.pop()
        send(message)

    heard.panel.widget.send = failing
    for entry in waiting(WRITE)[1:]:
        heard.panel.feed(entry)
    await asyncio.sleep(0.6)
    assert [(message["type"], len(message.get("blocks", ()))) for message in heard.messages] == [
        ("snapshot", 0),
        ("snapshot", 1),
    ]
    assert heard.messages[-1]["blocks"][0]["gate"]["hash"] == hash_of(WRITE)


async def test_fault_of_drawing_is_made_good(heard: Heard, monkeypatch: pytest.MonkeyPatch):
    """What could not even be put into a message is due again as well."""
    heard.panel.receive(HELLO, "m1")
    with monkeypatch.context() as patch:
        patch.setattr("aether_nb.widgets.wire.block", lambda one: 1 / 0)
        for entry in waiting(WRITE):
            heard.panel.feed(entry)
        await heard.settle()
    await asyncio.sleep(0.3)
    assert [message["blocks"][0]["status"] for message in heard.messages] == ["waiting"]


async def test_lasting_fault_is_given_up(heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: Any):
    """After five failures in a row nothing more is tried and an error is logged, until a view says hello again."""
    monkeypatch.setattr("aether_nb.widgets.panel.GATHER", 0.001)
    tried: list[int] = []

    def failing(message: dict[str, Any]) -> None:
        tried.append(message["seq"])
        raise OSError("gone")

    send, heard.panel.widget.send = heard.panel.widget.send, failing
    heard.panel.receive(HELLO, "m1")
    for entry in waiting(WRITE):
        heard.panel.feed(entry)
    await asyncio.sleep(0.3)
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    await asyncio.sleep(0.1)
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert (len(tried), errors) == (5, ["a message of the panel of run 7f3a9c was not sent; no more are tried"])
    heard.panel.widget.send = send
    heard.panel.receive(HELLO, "m2")
    await heard.settle()
    assert [message["type"] for message in heard.messages] == ["snapshot"]


async def test_half_characters_are_sent(heard: Heard):
    """Half a character in what a tool returned, which no message can hold, does not take the gate with it."""
    send = heard.panel.widget.send

    def packing(message: dict[str, Any]) -> None:
        json.dumps(message, ensure_ascii=False).encode()
        send(message)

    heard.panel.widget.send = packing
    odd = call("c1", "write_file", path="a\ud800.csv", content="x")
    card = await shown(heard, *waiting(odd, effect_text="writes a\ud800.csv"))
    assert (card["gate"]["arguments"]["path"], card["gate"]["effect_text"]) == ("a?.csv", "Writes a\\ud800.csv")


async def test_widget_closed_by_the_front_end(heard: Heard):
    """The comm's name is known to the end, and closing what is closed already is no fault."""
    name = heard.panel.comm_id
    heard.panel.widget.close()
    assert heard.panel.widget.comm is None
    heard.panel.close({"text/plain": "done"})
    assert (heard.panel.comm_id, bool(name)) == (name, True)


async def test_close_never_raises(heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: Any):
    """A picture that cannot be published and a widget that cannot be closed are logged; the panel is closed anyway."""
    closed: list[str] = []

    def failing(*_: object, **more: object) -> None:
        if more.get("update"):
            raise OSError("no connection")

    def closing() -> None:
        closed.append("widget")
        raise OSError("no comm")

    monkeypatch.setattr("IPython.display.display", failing)
    heard.panel.widget.close = closing
    heard.panel.display("d1")
    heard.panel.close({"text/plain": "done"})
    heard.panel.close({"text/plain": "done"})
    assert (closed, [record.levelname for record in caplog.records]) == (["widget"], ["ERROR", "ERROR"])


async def test_entries_after_close_are_left_alone(heard: Heard):
    """What still comes when the panel is closed changes nothing, on whatever thread it comes."""
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    heard.panel.close({"text/plain": "done"})
    await asyncio.to_thread(heard.panel.feed, entries([k.RunStarted("p", "m"), k.RunEnded("done")])[1])
    assert heard.panel.view.outcome is None


async def test_hidden_characters_are_shown_before_approval(heard: Heard):
    """Code that would read otherwise than it runs shows its invisible characters in the card."""
    heard.panel.receive(HELLO, "m1")
    trojan = call("c1", "run_python", code="ok = 1 \u202e# harmless")
    for entry in entries([k.RunStarted("p", "m"), proposed(trojan)]):
        heard.panel.feed(entry)
    await heard.settle()
    text = "".join(piece[1] for piece in heard.messages[-1]["blocks"][0]["code"])
    assert "\u202e" not in text
    assert "\\u202e" in text


def test_state_holds_no_secret(heard: Heard):
    """A saved notebook may keep the widget's state: it is the panel's own source and the run's id, nothing else."""
    for entry in entries([*first_half(), *second_half()]):
        asyncio.run(_feed(heard.panel, entry))
    state = heard.panel.widget.get_state()
    ours = {
        name: value for name, value in state.items() if value and not name.startswith(("_model", "_view", "_anywidget"))
    }
    assert ours.pop("_esm") == (STATIC / "panel.mjs").read_text()
    assert ours.pop("_css") == (STATIC / "panel.css").read_text()
    layout = ours.pop("layout", None)
    assert (ours, type(layout)) == ({"run": "7f3a9c"}, str)


async def _feed(panel: Panel, entry: k.Entry) -> None:
    panel.feed(entry)


def test_script_is_small_and_alone():
    """The view is one plain file under 40 kB that imports nothing, loads nothing and never writes HTML."""
    script = (STATIC / "panel.mjs").read_text()
    assert len(script.encode()) < 40_000
    words = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "import ",
        "import(",
        "eval(",
        "fetch(",
        "http://www.",
    )
    assert [word for word in words if word in script.replace("http://www.w3.org/2000/svg", "")] == []


GATE = {"type": "gate", "call_id": "c", "hash": "h", "decision": "deny", "lasts": "run", "reason": "no"}


def test_commands_that_can_be_read():
    """Known commands come out with their known fields and nothing else."""
    assert read_command({"type": "hello", "seq": 3, "x": 1}) == {"type": "hello"}
    assert read_command({"type": "stop", "run": "other"}) == {"type": "stop"}
    assert read_command({"type": "question", "id": "1", "answer": "yes", "by": "me"}) == {
        "type": "question",
        "id": "1",
        "answer": "yes",
    }
    assert read_command(GATE | {"mid": "1", "admin": True}) == GATE
    assert read_command(GATE | {"arguments": {"path": "x"}}) == GATE | {"arguments": {"path": "x"}}


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "stop",
        {},
        {"type": ["stop"]},
        {"type": "run", "code": "1"},
        {"type": "question", "id": "", "answer": "x"},
        {"type": "question", "id": "1", "answer": None},
        {"type": "question", "id": "1", "answer": "x" * 30_000},
        GATE | {"decision": "yes"},
        GATE | {"decision": ["approve"]},
        GATE | {"lasts": "forever"},
        GATE | {"hash": 7},
        GATE | {"hash": ""},
        GATE | {"arguments": "all"},
        GATE | {"arguments": None},
        GATE | {"arguments": {"x": float("nan")}},
        GATE | {"arguments": {"x": "y" * 2_000_000}},
        {"type": "gate", "decision": "approve"},
    ],
)
def test_commands_that_cannot_be_read(content: object):
    """Whatever else a browser sends is nothing: never a yes by accident."""
    assert read_command(content) is None
