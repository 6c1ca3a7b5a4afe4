"""Clients of scripted models, and small tools for them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aether_nb.client.bus import EVENTS, Lifecycle
from aether_nb.client.face import Aether
from aether_nb.events.messages import ToolCall
from aether_nb.models.scripted import ScriptedModel


def scripted(*lines: Any, delay: float = 0.0, **more: Any) -> tuple[Aether, ScriptedModel]:
    """A client of a model that follows this script, and the model."""
    model = ScriptedModel(lines, delay=delay)
    return Aether(model, **more), model


def heard(client: Aether) -> list[Lifecycle]:
    """All that a client tells, in order, from now on."""
    told: list[Lifecycle] = []
    for event in EVENTS:
        client.on(event, told.append)
    return told


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


ADD = ToolCall("", "add", {"a": 1, "b": 2})


class Meeting:
    """A place where as many calls as are expected have to be at once; fails the test when they never are."""

    def __init__(self, expected: int) -> None:
        self.expected, self.here = expected, 0
        self.barrier = threading.Barrier(expected, timeout=10)
        self.all_here = asyncio.Event()

    def meet(self) -> str:
        """Wait on a thread."""
        self.barrier.wait()
        return "met"

    async def meet_async(self) -> str:
        """Wait on the event loop."""
        self.here += 1
        if self.here == self.expected:
            self.all_here.set()
        await asyncio.wait_for(self.all_here.wait(), 10)
        return "met"
