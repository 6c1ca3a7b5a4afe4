"""What becomes of a panel whose messages fail, and of one that is closed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Usage
from aether_nb.widgets.panel import BREATH
from harness.panel import HELLO, Heard, shown, waiting
from harness.scene import many_cards
from harness.story import WRITE, call, entries, first_half, hash_of


def picture() -> dict[str, str]:
    """What the notebook keeps."""
    return {"text/plain": "done"}


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
    heard.panel.close(picture)
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
    monkeypatch.setattr("aether_nb.widgets.panel.time.sleep", closed.append)  # nobody looks: nothing is waited for
    heard.panel.widget.close = closing
    heard.panel.display("d1")
    heard.panel.close(picture)
    heard.panel.close(picture)
    assert (closed, [record.levelname for record in caplog.records]) == (["widget"], ["ERROR", "ERROR"])


async def test_entries_after_close_are_left_alone(heard: Heard):
    """What still comes when the panel is closed changes nothing, on whatever thread it comes."""
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    heard.panel.close(picture)
    await asyncio.to_thread(heard.panel.feed, entries([k.RunStarted("p", "m"), k.RunEnded("done")])[1])
    assert heard.panel.view.outcome is None


async def test_closed_panel_is_silent(heard: Heard):
    """After close nothing is sent but one last picture, and no click is passed on; closing twice is no mistake."""
    heard.panel.receive(HELLO, "m1")
    heard.panel.feed(entries([k.RunStarted("p", "m")])[0])
    heard.panel.close(picture)
    heard.panel.close(picture)
    heard.panel.feed(entries(first_half())[5])
    heard.panel.receive({"type": "stop"}, "m2")
    await heard.settle()
    assert [(message["type"], message["kept"]) for message in heard.messages] == [("snapshot", True)]
    assert heard.commands == []


async def test_the_end_of_a_long_run_is_told_in_a_line_and_before_its_picture_is_drawn(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
):
    """Nothing that stands is sent anew when a run ends, and the picture leaves the last words a moment."""
    monkeypatch.setattr("IPython.display.display", lambda *_, **more: None)
    waited: list[float] = []
    monkeypatch.setattr("aether_nb.widgets.panel.time.sleep", waited.append)
    heard.panel.display("d1")
    heard.panel.receive(HELLO, "m1")
    for entry in entries(list(many_cards(50))):
        heard.panel.feed(entry)
    await heard.settle()
    heard.messages.clear()
    whole = k.ModelAnswered("m", Message.of("assistant", "the last words"), Usage(), "stop", 1.0)
    for number, event in enumerate((k.TextDelta("the last words"), whole, k.RunEnded("done")), 500):
        heard.panel.feed(k.Entry("7f3a9c", number, 0.0, event))
    told: list[dict[str, Any]] = []

    def drawn() -> dict[str, str]:
        assert waited == [BREATH]
        told.extend(heard.messages)
        return picture()

    heard.panel.close(drawn)
    assert told == heard.messages
    assert told[0]["appends"][0]["text"] == told[-1]["tail"]["text"] == "the last words"
    assert (told[-1]["type"], told[-1]["kept"], told[-1]["header"]["state"]) == ("delta", True, "ENDED")
    assert len(json.dumps(told)) < 3_000


async def test_who_missed_the_end_is_told_it(heard: Heard):
    """A view that says hello when the run is over, because it lost a message or has just come, gets everything."""
    heard.panel.receive({"type": "hello", "mid": "a-1"}, "")
    for entry in entries([k.RunStarted("p", "m"), k.RunEnded("done")]):
        heard.panel.feed(entry)
    heard.panel.close(picture)
    for mid in ("a-2", "b-1"):
        heard.panel.receive({"type": "hello", "mid": mid}, "")
        await asyncio.sleep(0)
    told = [(one["type"], one["kept"], one["header"]["state"]) for one in heard.messages]
    assert told == [("snapshot", True, "ENDED"), ("snapshot", True, "ENDED"), ("snapshot", False, "ENDED")]
