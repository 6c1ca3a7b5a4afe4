"""The panel's kernel side: what travels to the view, and what it takes from it. The comm is a real one, unheard."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
import threading
import time
from itertools import pairwise

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Usage
from aether_nb.widgets import scripts
from aether_nb.widgets.panel import GATHER, TOGETHER, Panel
from harness.panel import HELLO, Heard, View, shown
from harness.story import THINKING, WORK, call, entries, first_half, hash_of, proposed, second_half


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


async def test_the_last_words_go_before_the_whole_answer(heard: Heard):
    """However soon a reply is whole, its end has been sent as it came: the work on the whole does not delay it."""
    heard.panel.receive(HELLO, "m1")
    heard.panel.feed(k.Entry("r", 1, 0.0, k.RunStarted("p", "m")))
    heard.panel.feed(k.Entry("r", 2, 0.0, k.TextDelta("Hello ")))
    await heard.settle()
    heard.messages.clear()
    heard.panel.feed(k.Entry("r", 2, 0.0, k.TextDelta("there")))
    whole = Message.of("assistant", "Hello there")
    heard.panel.feed(k.Entry("r", 3, 0.0, k.ModelAnswered("m", whole, Usage(), "stop", 1)))
    assert [message["appends"][0]["text"] for message in heard.messages] == ["there"]
    await heard.settle()
    assert [message.get("tail", {}).get("final") for message in heard.messages] == [None, True]


async def test_what_comes_alone_is_not_kept_waiting(heard: Heard):
    """After a pause a change travels almost at once; what follows it closely keeps the distance of messages."""
    heard.panel.receive(HELLO, "m1")
    heard.panel.feed(k.Entry("r", 1, 0.0, k.RunStarted("p", "m")))
    waits = []
    for _ in range(4):
        await heard.settle()
        sent = []
        heard.panel.widget.send = lambda message, sent=sent: sent.append(time.monotonic())
        begun = time.monotonic()
        for _ in range(7):
            heard.panel.feed(k.Entry("r", 1, 0.0, k.TextDelta("word ")))
            await asyncio.sleep(0.01)
        waits.append([later - sooner for sooner, later in pairwise([begun, *sent])])
    assert TOGETHER * 0.9 <= min(first for first, *_ in waits) < GATHER
    assert min(later for _, *after in waits for later in after) >= GATHER * 0.9


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
    gate = {"type": "gate", "call_id": "call_4", "hash": "h", "decision": "approve", "lasts": "once"}
    gate |= {"scope": "call", "reason": ""}
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


def test_state_holds_no_secret(heard: Heard):
    """A saved notebook may keep the widget's state: it is the panel's own source and the run's id, nothing else."""
    for entry in entries([*first_half(), *second_half()]):
        asyncio.run(_feed(heard.panel, entry))
    state = heard.panel.widget.get_state()
    ours = {
        name: value for name, value in state.items() if value and not name.startswith(("_model", "_view", "_anywidget"))
    }
    assert ours.pop("_esm") == scripts.first_paint()
    assert ours.pop("_css") == (scripts.STATIC / "panel.css").read_text()
    layout = ours.pop("layout", None)
    assert (ours, type(layout)) == ({"run": "7f3a9c"}, str)


async def _feed(panel: Panel, entry: k.Entry) -> None:
    panel.feed(entry)
