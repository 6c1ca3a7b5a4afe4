"""A panel whose messages are heard, and a view that does with them what the browser does."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.widgets.panel import Panel
from harness.story import entries, hash_of, proposed

HELLO = {"type": "hello", "seq": -1}


class Heard:
    """A panel whose messages are heard, and what it passed on."""

    def __init__(self, choices: Sequence[str] = ()) -> None:
        self.commands: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.threads: set[str] = set()
        self.panel = Panel("7f3a9c", self.commands.append, choices)
        self.panel.widget.send = self._send

    def _send(self, message: dict[str, Any]) -> None:
        self.messages.append(json.loads(json.dumps(message)))
        self.threads.add(threading.current_thread().name)

    async def settle(self) -> None:
        """Wait until what was gathered has been sent."""
        await asyncio.sleep(0.1)


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
